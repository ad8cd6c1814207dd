//! Why automatic decisions came out as they did. Only added to.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::decision::Decision;

struct Row {
    decision_id: Uuid,
    subject_id: Uuid,
    outcome: String,
    rules: Value,
    policy_version: String,
    facts: Value,
    decided_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_decision(self) -> Result<(Uuid, Decision), DbError> {
        let decision = Decision {
            outcome: self.outcome,
            rules: row::from_json("rules", self.rules)?,
            policy_version: self.policy_version,
            facts: row::from_json("facts", self.facts)?,
            decided_time: self.decided_time.to_jiff(),
        };
        Ok((self.decision_id, decision))
    }
}

/// Adds a decision about a message, promise or dunning run; tells its identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    subject_id: Uuid,
    decision: &Decision,
) -> Result<Uuid, DbError> {
    let decision_id = Uuid::now_v7();
    sqlx::query!(
        "INSERT INTO decision (tenant_id, decision_id, subject_id, outcome, rules, policy_version,
                               facts, decided_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        decision_id,
        subject_id,
        decision.outcome,
        row::to_json(&decision.rules)?,
        decision.policy_version,
        row::to_json(&decision.facts)?,
        decision.decided_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(decision_id)
}

/// The decisions about a subject with their identities, in the order in which they were made.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_subject_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    subject_id: Uuid,
) -> Result<Vec<(Uuid, Decision)>, DbError> {
    let found = of_subjects_in_tx(tx, tenant, &[subject_id]).await?;
    Ok(found.into_values().next().unwrap_or_default())
}

/// As [`of_subject_in_tx`], about several subjects, those about which any were made.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_subjects_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    subjects: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<(Uuid, Decision)>>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT decision_id, subject_id, outcome, rules, policy_version, facts, decided_time
           FROM decision WHERE tenant_id = $1 AND subject_id = ANY ($2)
          ORDER BY decided_time, decision_id",
        tenant.uuid(),
        subjects,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<Uuid, Vec<(Uuid, Decision)>> = BTreeMap::new();
    for row in rows {
        let of_subject = found.entry(row.subject_id).or_default();
        of_subject.push(row.into_decision()?);
    }
    Ok(found)
}

/// Decisions by their identities, with these.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision_ids: &[Uuid],
) -> Result<Vec<(Uuid, Decision)>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT decision_id, subject_id, outcome, rules, policy_version, facts, decided_time
           FROM decision WHERE tenant_id = $1 AND decision_id = ANY ($2)",
        tenant.uuid(),
        decision_ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_decision)
    .collect()
}
