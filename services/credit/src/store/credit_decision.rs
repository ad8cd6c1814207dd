//! Automatic decisions. Append-only.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{CustomerId, Decision, ReservationId};

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
