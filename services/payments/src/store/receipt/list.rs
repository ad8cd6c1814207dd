//! Pages of receipts.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::Currency;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{Row, completed_in_tx};
use crate::domain::{Coded as _, CustomerId, Receipt, ReceiptMethod, ReceiptState};

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only of customers that are known, or only of those that are not.
    pub identified: Option<bool>,
    /// Only in this state.
    pub state: Option<ReceiptState>,
    /// Only with this method.
    pub method: Option<ReceiptMethod>,
    /// Only in this currency.
    pub currency: Option<Currency>,
    /// Only with something left to apply, or only without.
    pub unapplied: Option<bool>,
    /// Only with a receipt date on or after this day.
    pub from_receipt_date: Option<Date>,
    /// Only with a receipt date on or before this day.
    pub to_receipt_date: Option<Date>,
}

/// Receipts before an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    before: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Receipt>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT receipt_id, external_id, customer_id, method, state, currency_code,
                received_amount, allocated_amount, reserved_amount, overpayment_tolerance_amount,
                refunded_amount, returned_amount, unapplied_amount, receipt_date,
                payment_reference, remittance_text, payer_name, payer_account,
                instrument_reference, bank_account_id, bank_line_id, agency_id,
                agency_remittance_id, agency_line_number, reversing_count, entry_count,
                created_time, version
           FROM receipt
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::boolean IS NULL OR (customer_id IS NOT NULL) = $3)
            AND ($4::text IS NULL OR state = $4)
            AND ($5::text IS NULL OR method = $5)
            AND ($6::text IS NULL OR currency_code = $6)
            AND ($7::boolean IS NULL OR (unapplied_amount > 0) = $7)
            AND ($8::date IS NULL OR receipt_date >= $8)
            AND ($9::date IS NULL OR receipt_date <= $9)
            AND ($10::timestamptz IS NULL OR (created_time, receipt_id) < ($10, $11::uuid))
          ORDER BY created_time DESC, receipt_id DESC LIMIT $12",
        tenant.uuid(),
        filter.customer_id.map(|customer| customer.0),
        filter.identified,
        filter.state.map(|state| state.code()),
        filter.method.map(|method| method.code()),
        filter.currency.map(Currency::code),
        filter.unapplied,
        filter.from_receipt_date.map(|day| day.to_sqlx()) as _,
        filter.to_receipt_date.map(|day| day.to_sqlx()) as _,
        before.map(|(created, _)| created.to_sqlx()) as _,
        before.map(|(_, receipt_id)| *receipt_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    completed_in_tx(tx, tenant, rows).await
}
