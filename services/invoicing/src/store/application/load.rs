//! Stored applications, whole: with where the money went, why, and what took them back.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use serde_json::Value;
use uuid::Uuid;

use super::reversal;
use crate::domain::{
    Allocation, Application, ApplicationId, ApplicationReversal, CauseKind, CustomerId, InvoiceId,
    ReceiptId,
};
use crate::store::{allocation, row};

pub(super) struct Row {
    pub application_id: Uuid,
    pub customer_id: Uuid,
    pub receipt_id: Uuid,
    pub currency: String,
    pub amount: Decimal,
    pub receipt_date: jiff_sqlx::Date,
    pub allocated_amount: Decimal,
    pub overpayment_tolerance_amount: Decimal,
    pub rest_amount: Decimal,
    pub decision: Value,
    pub applied_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_application(
        self,
        allocations: Vec<Allocation>,
        reversal: Option<ApplicationReversal>,
    ) -> Result<Application, DbError> {
        let currency = row::currency(&self.currency)?;
        let overpayment = row::money(self.overpayment_tolerance_amount, currency)?;
        Ok(Application {
            application_id: ApplicationId(self.application_id),
            customer_id: CustomerId(self.customer_id),
            receipt_id: ReceiptId(self.receipt_id),
            amount: row::money(self.amount, currency)?,
            receipt_date: self.receipt_date.to_jiff(),
            allocations,
            allocated_amount: row::money(self.allocated_amount, currency)?,
            overpayment_tolerance_amount: overpayment,
            rest_amount: row::money(self.rest_amount, currency)?,
            decision: row::from_json("decision", self.decision)?,
            applied_time: self.applied_time.to_jiff(),
            reversal,
        })
    }
}

/// The applications of these rows, in their order.
pub(super) async fn complete_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<Application>, DbError> {
    let ids = column(&rows, |row| row.application_id);
    let kind = CauseKind::Application;
    let mut allocations = allocation::of_documents_in_tx(tx, tenant, kind, &ids).await?;
    let mut reversals = reversal::of_applications_in_tx(tx, tenant, &ids).await?;
    let whole = |row: Row| {
        let id = row.application_id;
        let allocations = allocations.remove(&id).unwrap_or_default();
        row.into_application(allocations, reversals.remove(&id))
    };
    rows.into_iter().map(whole).collect()
}

/// One application; an id that was refused is none.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    application_id: ApplicationId,
) -> Result<Option<Application>, DbError> {
    let row = sqlx::query_as!(
        Row,
        r#"SELECT application_id, customer_id, receipt_id, currency, amount, receipt_date,
                allocated_amount, overpayment_tolerance_amount, rest_amount,
                decision AS "decision!", applied_time
           FROM application
          WHERE tenant_id = $1 AND application_id = $2 AND state <> 'REFUSED'"#,
        tenant.uuid(),
        application_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let rows = row.into_iter().collect();
    Ok(complete_in_tx(tx, tenant, rows).await?.pop())
}

/// The invoices that these applications settled anything of: what to lock before they are taken
/// back. It never changes.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn invoices_of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    applications: &[ApplicationId],
) -> Result<Vec<InvoiceId>, DbError> {
    let ids = sqlx::query_scalar!(
        "SELECT DISTINCT invoice_id FROM allocation
          WHERE tenant_id = $1 AND cause_kind = 'APPLICATION' AND cause_id = ANY ($2)",
        tenant.uuid(),
        &column(applications, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(ids.into_iter().map(InvoiceId).collect())
}

/// Locks these applications in the order of their ids, so that one is taken back once at most (P6),
/// and answers them by id; unknown and refused ones are left out. To be called once the receivables
/// they touch are locked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    applications: &[ApplicationId],
) -> Result<BTreeMap<ApplicationId, Application>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT application_id, customer_id, receipt_id, currency, amount, receipt_date,
                allocated_amount, overpayment_tolerance_amount, rest_amount,
                decision AS "decision!", applied_time
           FROM application
          WHERE tenant_id = $1 AND application_id = ANY ($2) AND state <> 'REFUSED'
          ORDER BY application_id
            FOR UPDATE"#,
        tenant.uuid(),
        &column(applications, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let found = complete_in_tx(tx, tenant, rows).await?;
    let by_id = found.into_iter().map(|one| (one.application_id, one));
    Ok(by_id.collect())
}
