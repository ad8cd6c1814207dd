//! How promises were judged, each judgement with its decision. Only added to.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use money::Rate;
use postgres::{DbError, TenantId, Tx};
use rust_decimal::Decimal;
use serde_json::Value;
use uuid::Uuid;

use crate::domain::decision::Decision;
use crate::domain::id::PromiseId;
use crate::domain::promise::{Promise, PromiseJudgement};
use crate::store::{decision, row};

#[derive(sqlx::Decode)]
pub(super) struct Row {
    state: String,
    effective_date: Option<jiff_sqlx::Date>,
    received_amount: Decimal,
    currency: String,
    kept_ratio: Decimal,
    outcome: String,
    rules: Value,
    policy_version: String,
    facts: Value,
    decided_time: jiff_sqlx::Timestamp,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_judgement(self) -> Result<PromiseJudgement, DbError> {
        Ok(PromiseJudgement {
            state: row::named("state", &self.state)?,
            effective_date: row::date(self.effective_date),
            received_amount: row::money(self.received_amount, &self.currency)?,
            kept_ratio: row::read("kept_ratio", Rate::try_new(self.kept_ratio))?,
            decision: Decision {
                outcome: self.outcome,
                rules: row::from_json("rules", self.rules)?,
                policy_version: self.policy_version,
                facts: row::from_json("facts", self.facts)?,
                decided_time: self.decided_time.to_jiff(),
            },
        })
    }
}

/// The identities of the decisions behind the judgements of some promises, oldest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn decision_ids_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    promises: &[Promise],
) -> Result<BTreeMap<PromiseId, Vec<Uuid>>, DbError> {
    let ids: Vec<Uuid> = promises.iter().map(|one| one.promise_id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT promise_id, decision_id FROM promise_judgement
          WHERE tenant_id = $1 AND promise_id = ANY ($2) ORDER BY promise_id, number",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_promise: BTreeMap<PromiseId, Vec<Uuid>> = BTreeMap::new();
    for found in rows {
        let promise_id = PromiseId::new(found.promise_id);
        by_promise
            .entry(promise_id)
            .or_default()
            .push(found.decision_id);
    }
    Ok(by_promise)
}

/// Adds the judgements behind the first `stored` ones.
///
/// # Errors
/// [`DbError`] of the statements.
pub(super) async fn append_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    stored: usize,
    promise: &Promise,
) -> Result<(), DbError> {
    let subject = promise.promise_id.uuid();
    for (place, judgement) in promise.judgements.iter().enumerate().skip(stored) {
        let number = i32::try_from(place.saturating_add(1)).unwrap_or(i32::MAX);
        let decision_id = decision::insert_in_tx(tx, tenant, subject, &judgement.decision).await?;
        sqlx::query!(
            "INSERT INTO promise_judgement (tenant_id, promise_id, number, state, effective_date,
                                            received_amount, currency, kept_ratio, decision_id)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            tenant.uuid(),
            subject,
            number,
            judgement.state.name(),
            judgement.effective_date.map(|day| day.to_sqlx()) as _,
            judgement.received_amount.amount(),
            judgement.received_amount.currency().code(),
            judgement.kept_ratio.ratio(),
            decision_id,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}
