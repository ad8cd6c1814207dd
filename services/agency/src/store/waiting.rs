//! The remittance lines that wait for a person, of all tenants: for whoever looks at a whole
//! installation. Must not be used for a caller, who sees those of their own tenant.

use calendar::Timestamp;
use jiff_sqlx::Timestamp as Stored;
use postgres::{DbError, TenantId, Tx};

use crate::domain::identity::RemittanceLineId;

/// A line that is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingLine {
    /// Whose it is.
    pub tenant: TenantId,
    /// The line.
    pub remittance_line_id: RemittanceLineId,
    /// Why, UPPER_SNAKE.
    pub reason: String,
    /// Since when it is there, by the business clock.
    pub since_time: Timestamp,
}

/// Every line that waits; in a background transaction.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lines_in_tx(tx: &mut Tx) -> Result<Vec<WaitingLine>, DbError> {
    let found = sqlx::query!(
        r#"SELECT tenant_id, remittance_line_id, parked_reason AS "reason!",
                  imported_time AS "since_time: Stored"
             FROM remittance_line WHERE state = 'PARKED'
            ORDER BY imported_time, tenant_id, remittance_line_id"#,
    )
    .fetch_all(&mut **tx)
    .await?;
    let waiting = found.into_iter().map(|found| WaitingLine {
        tenant: TenantId::new(found.tenant_id),
        remittance_line_id: RemittanceLineId::new(found.remittance_line_id),
        reason: found.reason,
        since_time: found.since_time.to_jiff(),
    });
    Ok(waiting.collect())
}
