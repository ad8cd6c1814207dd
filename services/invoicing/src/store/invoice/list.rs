//! Listing invoices, newest first.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::Currency;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::load_in_tx;
use crate::domain::{Coded as _, CustomerId, Invoice, InvoiceId, InvoiceState};

/// What narrows a listing; all that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in one of these states; none: in any.
    pub states: Vec<InvoiceState>,
    /// Only in this currency.
    pub currency: Option<Currency>,
    /// Only with an invoice date on or after this day.
    pub from_invoice_date: Option<Date>,
    /// Only with an invoice date on or before this day.
    pub to_invoice_date: Option<Date>,
    /// Only with an item that is open and due before this day.
    pub due_before_date: Option<Date>,
    /// Only with an open dispute, or only without.
    pub disputed: Option<bool>,
}

/// Invoices behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Invoice>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT invoice_id FROM invoice
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
            AND ($4::text IS NULL OR currency = $4::char(3))
            AND ($5::date IS NULL OR invoice_date >= $5)
            AND ($6::date IS NULL OR invoice_date <= $6)
            AND ($7::date IS NULL OR state = 'ISSUED' AND EXISTS (
                SELECT FROM open_item o
                 WHERE o.tenant_id = $1 AND o.invoice_id = invoice.invoice_id
                   AND o.closed_date IS NULL AND o.due_date < $7))
            AND ($8::bool IS NULL OR (disputed_whole OR disputed_parts_amount > 0) = $8)
            AND ($9::timestamptz IS NULL OR (created_time, invoice_id) < ($9, $10::uuid))
          ORDER BY created_time DESC, invoice_id DESC LIMIT $11",
        tenant.uuid(),
        filter.customer_id.map(|id| id.0),
        &column(&filter.states, |state| state.code().to_owned()),
        filter.currency.map(Currency::code),
        filter.from_invoice_date.map(|day| day.to_sqlx()) as _,
        filter.to_invoice_date.map(|day| day.to_sqlx()) as _,
        filter.due_before_date.map(|day| day.to_sqlx()) as _,
        filter.disputed,
        after.map(|(created, _)| created.to_sqlx()) as _,
        after.map(|(_, invoice_id)| *invoice_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let found: Vec<InvoiceId> = found.into_iter().map(InvoiceId).collect();
    load_in_tx(tx, tenant, &found).await
}
