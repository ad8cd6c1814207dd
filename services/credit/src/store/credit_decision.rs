//! Automatic decisions. Append-only.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::{
    Coded as _, CreditDecision, CreditDecisionKind, CreditHoldId, CustomerId, Decision,
    DecisionEffect, DecisionId, ReservationId,
};

struct Row {
    decision_id: Uuid,
    kind: String,
    customer_id: Uuid,
    order_reference: String,
    outcome: String,
    policy_version: String,
    rules: Value,
    facts: Value,
    decided_time: jiff_sqlx::Timestamp,
    reservation_id: Option<Uuid>,
    credit_hold_id: Option<Uuid>,
}

impl Row {
    fn into_decision(self) -> Result<CreditDecision, DbError> {
        let reservation = self.reservation_id.map(ReservationId);
        let hold = self.credit_hold_id.map(CreditHoldId);
        let effect = reservation.map(DecisionEffect::Reservation);
        Ok(CreditDecision {
            decision: Decision {
                decision_id: DecisionId(self.decision_id),
                outcome: self.outcome,
                rules: row::from_json("rules", self.rules)?,
                policy_version: self.policy_version,
                facts: row::from_json("facts", self.facts)?,
                decided_time: self.decided_time.to_jiff(),
            },
            kind: row::coded::<CreditDecisionKind>("kind", &self.kind)?,
            customer_id: CustomerId(self.customer_id),
            order_reference: self.order_reference,
            effect: effect.or(hold.map(DecisionEffect::Hold)),
        })
    }
}

/// One decision.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision_id: DecisionId,
) -> Result<Option<CreditDecision>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT decision_id, kind, customer_id, order_reference, outcome, policy_version, rules,
                facts, decided_time, reservation_id, credit_hold_id
           FROM credit_decision WHERE tenant_id = $1 AND decision_id = $2",
        tenant.uuid(),
        decision_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_decision)
    .transpose()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only about this customer.
    pub customer_id: Option<CustomerId>,
    /// Only of this kind.
    pub kind: Option<CreditDecisionKind>,
    /// Only taken at this instant or later.
    pub from_time: Option<Timestamp>,
    /// Only taken before this instant.
    pub to_time: Option<Timestamp>,
}

/// Decisions behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<CreditDecision>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT decision_id, kind, customer_id, order_reference, outcome, policy_version, rules,
                facts, decided_time, reservation_id, credit_hold_id
           FROM credit_decision
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::text IS NULL OR kind = $3)
            AND ($4::timestamptz IS NULL OR decided_time >= $4)
            AND ($5::timestamptz IS NULL OR decided_time < $5)
            AND ($6::timestamptz IS NULL OR (decided_time, decision_id) < ($6, $7::uuid))
          ORDER BY decided_time DESC, decision_id DESC LIMIT $8",
        tenant.uuid(),
        filter.customer_id.map(|customer_id| customer_id.0),
        filter.kind.map(|kind| kind.code()),
        filter.from_time.map(|time| time.to_sqlx()) as _,
        filter.to_time.map(|time| time.to_sqlx()) as _,
        after.map(|(decided, _)| decided.to_sqlx()) as _,
        after.map(|(_, decision_id)| *decision_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_decision)
    .collect()
}

/// Stores the decision about an order, and what it granted.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_check_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision: &Decision,
    customer_id: CustomerId,
    order_reference: &str,
    granted: Option<ReservationId>,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO credit_decision (tenant_id, decision_id, kind, customer_id, order_reference,
                                      outcome, policy_version, rules, facts, decided_time,
                                      reservation_id)
         VALUES ($1, $2, 'CHECK', $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        decision.decision_id.0,
        customer_id.0,
        order_reference,
        decision.outcome,
        decision.policy_version,
        row::to_json(&decision.rules)?,
        row::to_json(&decision.facts)?,
        decision.decided_time.to_sqlx() as _,
        granted.map(|reservation_id| reservation_id.0),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores the decision that placed or released a hold. The outcome names which it was.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_hold_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    decision: &Decision,
    (kind, credit_hold_id): (CreditDecisionKind, CreditHoldId),
    customer_id: CustomerId,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO credit_decision (tenant_id, decision_id, kind, customer_id, order_reference,
                                      outcome, policy_version, rules, facts, decided_time,
                                      credit_hold_id)
         VALUES ($1, $2, $3, $4, '', $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        decision.decision_id.0,
        kind.code(),
        customer_id.0,
        decision.outcome,
        decision.policy_version,
        row::to_json(&decision.rules)?,
        row::to_json(&decision.facts)?,
        decision.decided_time.to_sqlx() as _,
        credit_hold_id.0,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
