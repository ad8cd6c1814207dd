//! Disputes, as invoicing's feed tells of them. Each open one has its hold.

use money::Money;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::id::{CustomerId, InvoiceId};

/// A dispute, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dispute {
    /// Which one.
    pub dispute_id: Uuid,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// The customer.
    pub customer_id: CustomerId,
    /// Whether it is undecided.
    pub is_open: bool,
    /// Whether all of the invoice is disputed.
    pub whole_invoice: bool,
    /// What is disputed.
    pub amount: Money,
    /// Of two the higher counts.
    pub version: i64,
}

/// Takes over what the feed tells, unless it is older than what is known (P24); tells whether it was
/// newer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dispute: &Dispute,
) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "INSERT INTO dispute (tenant_id, dispute_id, invoice_id, customer_id, state, whole_invoice,
                              amount, currency, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (tenant_id, dispute_id) DO UPDATE
            SET state = EXCLUDED.state, amount = EXCLUDED.amount, version = EXCLUDED.version
          WHERE dispute.version < EXCLUDED.version",
        tenant.uuid(),
        dispute.dispute_id,
        dispute.invoice_id.uuid(),
        dispute.customer_id.uuid(),
        if dispute.is_open { "OPEN" } else { "RESOLVED" },
        dispute.whole_invoice,
        dispute.amount.amount(),
        dispute.amount.currency().code(),
        dispute.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}
