//! Listings of applications.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::load::{Row, complete_in_tx};
use crate::domain::{Application, CustomerId, InvoiceId, ReceiptId};

/// What narrows a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only with an allocation to this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only of money from this receipt.
    pub receipt_id: Option<ReceiptId>,
}

/// Applications behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Application>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT application_id, customer_id, receipt_id, currency, amount, receipt_date,
                allocated_amount, overpayment_tolerance_amount, rest_amount,
                decision AS "decision!", applied_time
           FROM application
          WHERE tenant_id = $1 AND state <> 'REFUSED'
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::uuid IS NULL OR receipt_id = $3)
            AND ($4::uuid IS NULL OR EXISTS (
                SELECT FROM allocation a
                 WHERE a.tenant_id = $1 AND a.invoice_id = $4 AND a.cause_kind = 'APPLICATION'
                   AND a.cause_id = application.application_id))
            AND ($5::timestamptz IS NULL OR (applied_time, application_id) < ($5, $6::uuid))
          ORDER BY applied_time DESC, application_id DESC LIMIT $7"#,
        tenant.uuid(),
        filter.customer_id.map(|id| id.0),
        filter.receipt_id.map(|id| id.0),
        filter.invoice_id.map(|id| id.0),
        after.map(|(applied, _)| applied.to_sqlx()) as _,
        after.map(|(_, application_id)| *application_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    complete_in_tx(tx, tenant, rows).await
}
