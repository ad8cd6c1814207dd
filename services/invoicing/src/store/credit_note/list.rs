//! Listing credit notes, newest first.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{StoredNote, load_in_tx};
use crate::domain::{Coded as _, CreditNoteReason, CustomerId, InvoiceId};

/// What narrows a listing; all that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only for this customer.
    pub customer_id: Option<CustomerId>,
    /// Only for this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only with this reason.
    pub reason: Option<CreditNoteReason>,
}

/// Credit notes behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<StoredNote>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT credit_note_id FROM credit_note
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::uuid IS NULL OR invoice_id = $3)
            AND ($4::text IS NULL OR reason = $4)
            AND ($5::timestamptz IS NULL OR (issued_time, credit_note_id) < ($5, $6::uuid))
          ORDER BY issued_time DESC, credit_note_id DESC LIMIT $7",
        tenant.uuid(),
        filter.customer_id.map(|id| id.0),
        filter.invoice_id.map(|id| id.0),
        filter.reason.map(|reason| reason.code()),
        after.map(|(issued, _)| issued.to_sqlx()) as _,
        after.map(|(_, credit_note_id)| *credit_note_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    load_in_tx(tx, tenant, &found).await
}
