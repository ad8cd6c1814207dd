//! Pages of applications.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::Row;
use crate::domain::{
    Coded as _, CustomerId, ReceiptApplication, ReceiptApplicationState, ReceiptId,
};

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this receipt.
    pub receipt_id: Option<ReceiptId>,
    /// Only to items of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in one of these states; none: in any.
    pub states: Vec<ReceiptApplicationState>,
}

/// Applications before an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    before: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<ReceiptApplication>, DbError> {
    let states: Vec<String> = filter
        .states
        .iter()
        .map(|state| state.code().to_owned())
        .collect();
    sqlx::query_as!(
        Row,
        "SELECT application_id, receipt_id, customer_id, state, currency_code, amount,
                receipt_date, target, decision, allocations, allocated_amount,
                overpayment_tolerance_amount, rest_amount, refusal, reversal_id, reversal_reason,
                reversal_date, reopened, reversed_time, created_time, booked_time
           FROM receipt_application
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR receipt_id = $2)
            AND ($3::uuid IS NULL OR customer_id = $3)
            AND (cardinality($4::text[]) = 0 OR state = ANY ($4))
            AND ($5::timestamptz IS NULL OR (created_time, application_id) < ($5, $6::uuid))
          ORDER BY created_time DESC, application_id DESC LIMIT $7",
        tenant.uuid(),
        filter.receipt_id.map(|receipt| receipt.0),
        filter.customer_id.map(|customer| customer.0),
        &states,
        before.map(|(created, _)| created.to_sqlx()) as _,
        before.map(|(_, application_id)| *application_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_application)
    .collect()
}
