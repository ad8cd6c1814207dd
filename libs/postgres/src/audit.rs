//! The audit log: who changed what, one entry a write, in the transaction of the
//! write. Append-only: the runtime roles have no right to change or delete.

use jiff_sqlx::ToSqlx as _;

use crate::{DbError, TenantId, Tx};

/// One entry. Holds identities and facts, no personal data.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The tenant whose data was changed.
    pub tenant: TenantId,
    /// The person or program that caused it, as its token says; for jobs and
    /// feed handlers `system`.
    pub actor: String,
    /// The application that called; for jobs and feed handlers the service.
    pub caller: String,
    /// The RPC, job or feed handler.
    pub method: String,
    /// The caller's name for the request; empty for jobs and feed handlers.
    pub request_id: String,
    /// The aggregate that was changed, for example `invoice/0190…`.
    pub subject: String,
    /// What changed.
    pub facts: serde_json::Value,
    /// W3C trace context of the call; empty where there was none.
    pub traceparent: String,
    /// When, by the business clock.
    pub recorded_time: jiff::Timestamp,
}

/// Appends the entry to the log of its tenant.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn record_in_tx(tx: &mut Tx, entry: &Entry) -> Result<(), DbError> {
    sqlx::query(
        "INSERT INTO audit_entry
             (tenant_id, actor, caller, method, request_id, subject, facts, traceparent, recorded_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(entry.tenant.uuid())
    .bind(&entry.actor)
    .bind(&entry.caller)
    .bind(&entry.method)
    .bind(&entry.request_id)
    .bind(&entry.subject)
    .bind(&entry.facts)
    .bind(&entry.traceparent)
    .bind(entry.recorded_time.to_sqlx())
    .execute(&mut **tx)
    .await?;
    Ok(())
}
