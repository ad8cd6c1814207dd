//! Decisions. Append-only.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::decision::Decision;
use crate::domain::identity::DecisionId;

struct Row {
    decision_id: Uuid,
    outcome: String,
    policy_version: String,
    rules: Value,
    facts: Value,
    decided_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_decision(self) -> Result<Decision, DbError> {
        Ok(Decision {
            decision_id: DecisionId::new(self.decision_id),
            outcome: self.outcome,
            rules: row::from_json("rules", self.rules)?,
            policy_version: self.policy_version,
            facts: row::from_json("facts", self.facts)?,
            decided_time: self.decided_time.to_jiff(),
        })
    }
}

/// Stores a decision.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision: &Decision,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO decision (tenant_id, decision_id, outcome, policy_version, rules, facts,
                               decided_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        tenant.uuid(),
        decision.decision_id.uuid(),
        decision.outcome,
        decision.policy_version,
        row::to_json(&decision.rules)?,
        row::to_json(&decision.facts)?,
        decision.decided_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Those decisions that there are.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision_ids: &[DecisionId],
) -> Result<Vec<Decision>, DbError> {
    let ids: Vec<Uuid> = decision_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT decision_id, outcome, policy_version, rules, facts, decided_time
           FROM decision WHERE tenant_id = $1 AND decision_id = ANY ($2)",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_decision)
    .collect()
}

/// One decision, where one is named.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision_id: Option<DecisionId>,
) -> Result<Option<Decision>, DbError> {
    let Some(decision_id) = decision_id else {
        return Ok(None);
    };
    let found = find_all_in_tx(tx, tenant, &[decision_id]).await?;
    Ok(found.into_iter().next())
}
