//! Applications of receipts. They are read and written under the lock of their receipt.

mod list;
mod write;

use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row::{coded, date, from_json, money};
use crate::domain::{
    ApplicationId, ApplicationReversal, BankLineId, CustomerId, ReceiptApplication, ReceiptId,
    ReversalId,
};

pub use list::{Filter, list_in_tx};
pub use write::{Driver, insert_all_in_tx, update_all_in_tx};

struct Row {
    application_id: Uuid,
    receipt_id: Uuid,
    customer_id: Uuid,
    state: String,
    currency_code: String,
    amount: Decimal,
    receipt_date: jiff_sqlx::Date,
    target: Value,
    decision: Value,
    allocations: Value,
    allocated_amount: Decimal,
    overpayment_tolerance_amount: Decimal,
    rest_amount: Decimal,
    refusal: Option<Value>,
    reversal_id: Option<Uuid>,
    reversal_reason: Option<String>,
    reversal_date: Option<jiff_sqlx::Date>,
    reopened: Option<Value>,
    reversed_time: Option<jiff_sqlx::Timestamp>,
    created_time: jiff_sqlx::Timestamp,
    booked_time: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn into_application(mut self) -> Result<ReceiptApplication, DbError> {
        let reversal = self.take_reversal()?;
        let code = &self.currency_code;
        let refusal = self.refusal.map(|refusal| from_json("refusal", refusal));
        Ok(ReceiptApplication {
            application_id: ApplicationId(self.application_id),
            receipt_id: ReceiptId(self.receipt_id),
            customer_id: CustomerId(self.customer_id),
            state: coded("state", &self.state)?,
            amount: money(self.amount, code)?,
            receipt_date: self.receipt_date.to_jiff(),
            target: from_json("target", self.target)?,
            decision: from_json("decision", self.decision)?,
            allocations: from_json("allocations", self.allocations)?,
            allocated_amount: money(self.allocated_amount, code)?,
            overpayment_tolerance_amount: money(self.overpayment_tolerance_amount, code)?,
            rest_amount: money(self.rest_amount, code)?,
            refusal: refusal.transpose()?,
            reversal,
            created_time: self.created_time.to_jiff(),
            booked_time: self.booked_time.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }

    fn take_reversal(&mut self) -> Result<Option<ApplicationReversal>, DbError> {
        let parts = (
            self.reversal_id,
            self.reversal_reason.as_deref(),
            date(self.reversal_date),
        );
        let (Some(reversal_id), Some(reason), Some(reversal_date)) = parts else {
            return Ok(None);
        };
        let reason = coded("reversal_reason", reason)?;
        let reopened = self
            .reopened
            .take()
            .map(|stored| from_json("reopened", stored));
        Ok(Some(ApplicationReversal {
            reversal_id: ReversalId(reversal_id),
            reason,
            reversal_date,
            reopened: reopened.transpose()?.unwrap_or_default(),
            reversed_time: self.reversed_time.map(jiff_sqlx::Timestamp::to_jiff),
        }))
    }
}

/// The applications of receipts, in the order in which they were made.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_receipt_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_id: ReceiptId,
) -> Result<Vec<ReceiptApplication>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT application_id, receipt_id, customer_id, state, currency_code, amount,
                receipt_date, target, decision, allocations, allocated_amount,
                overpayment_tolerance_amount, rest_amount, refusal, reversal_id, reversal_reason,
                reversal_date, reopened, reversed_time, created_time, booked_time
           FROM receipt_application WHERE tenant_id = $1 AND receipt_id = $2
          ORDER BY created_time, application_id",
        tenant.uuid(),
        receipt_id.0,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_application)
    .collect()
}

/// Applications by identity, in the order of their identities, which is that of their making.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    application_ids: &[ApplicationId],
) -> Result<Vec<ReceiptApplication>, DbError> {
    let ids: Vec<Uuid> = application_ids.iter().map(|id| id.0).collect();
    sqlx::query_as!(
        Row,
        "SELECT application_id, receipt_id, customer_id, state, currency_code, amount,
                receipt_date, target, decision, allocations, allocated_amount,
                overpayment_tolerance_amount, rest_amount, refusal, reversal_id, reversal_reason,
                reversal_date, reopened, reversed_time, created_time, booked_time
           FROM receipt_application WHERE tenant_id = $1 AND application_id = ANY ($2)
          ORDER BY application_id",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_application)
    .collect()
}

/// One application.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    application_id: ApplicationId,
) -> Result<Option<ReceiptApplication>, DbError> {
    Ok(find_all_in_tx(tx, tenant, &[application_id]).await?.pop())
}

/// The bank lines that these applications were made to match, each once.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn bank_lines_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    application_ids: &[ApplicationId],
) -> Result<Vec<BankLineId>, DbError> {
    let ids: Vec<Uuid> = application_ids.iter().map(|id| id.0).collect();
    let lines = sqlx::query_scalar!(
        r#"SELECT DISTINCT bank_line_id AS "bank_line_id!" FROM receipt_application
            WHERE tenant_id = $1 AND application_id = ANY ($2) AND bank_line_id IS NOT NULL
            ORDER BY 1"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(lines.into_iter().map(BankLineId).collect())
}

/// The applications of an operation that invoicing has not answered.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn reserved_of_operation_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    operation_id: Uuid,
    limit: i64,
) -> Result<Vec<ReceiptApplication>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT application_id FROM receipt_application
          WHERE tenant_id = $1 AND operation_id = $2 AND state = 'RESERVED'
          ORDER BY application_id LIMIT $3",
        tenant.uuid(),
        operation_id,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids: Vec<ApplicationId> = ids.into_iter().map(ApplicationId).collect();
    find_all_in_tx(tx, tenant, &ids).await
}
