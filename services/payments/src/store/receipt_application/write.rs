//! Applications written in batches.

use jiff_sqlx::ToSqlx as _;
use money::{Decimal, Money};
use postgres::{DbError, TenantId, Tx, column};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::{BankLineId, Coded as _, ReceiptApplication};
use crate::store::row::to_json;

/// Who drives an application on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Driver {
    /// The operation that was asked for it.
    pub operation_id: Option<Uuid>,
    /// The bank line that it was made to match.
    pub bank_line_id: Option<BankLineId>,
}

/// Stores reserved applications of locked receipts.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reserved: &[(&ReceiptApplication, Driver)],
) -> Result<(), DbError> {
    let mut targets = Vec::with_capacity(reserved.len());
    let mut decisions = Vec::with_capacity(reserved.len());
    for (one, _) in reserved {
        targets.push(to_json(&one.target)?);
        decisions.push(to_json(&one.decision)?);
    }
    let operations = column(reserved, |(_, driver)| driver.operation_id);
    let lines = column(reserved, |(_, driver)| {
        driver.bank_line_id.map(|line| line.0)
    });
    sqlx::query!(
        "INSERT INTO receipt_application (
                tenant_id, application_id, receipt_id, customer_id, state, currency_code, amount,
                receipt_date, target, decision, allocated_amount, overpayment_tolerance_amount,
                rest_amount, operation_id, bank_line_id, created_time)
         SELECT $1, n.application_id, n.receipt_id, n.customer_id, n.state, n.currency_code,
                n.amount, n.receipt_date::date, n.target, n.decision, 0, 0, 0, n.operation_id,
                n.bank_line_id, n.created_time::timestamptz
           FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::numeric[],
                       $8::text[], $9::jsonb[], $10::jsonb[], $11::uuid[], $12::uuid[],
                       $13::text[])
                  AS n (application_id, receipt_id, customer_id, state, currency_code, amount,
                        receipt_date, target, decision, operation_id, bank_line_id,
                        created_time)",
        tenant.uuid(),
        &column(reserved, |(one, _)| one.application_id.0),
        &column(reserved, |(one, _)| one.receipt_id.0),
        &column(reserved, |(one, _)| one.customer_id.0),
        &column(reserved, |(one, _)| one.state.code().to_owned()),
        &column(reserved, |(one, _)| one.amount.currency().code().to_owned()),
        &column::<_, Decimal>(reserved, |(one, _)| one.amount.amount()),
        &column(reserved, |(one, _)| one.receipt_date.to_string()),
        &targets,
        &decisions,
        &operations as _,
        &lines as _,
        &column(reserved, |(one, _)| one.created_time.to_string()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores what became of applications of locked receipts.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    applications: &[&ReceiptApplication],
) -> Result<(), DbError> {
    let parts = applications
        .iter()
        .map(|one| Parts::of(one))
        .collect::<Result<Vec<_>, _>>()?;
    let amounts = |amount: fn(&ReceiptApplication) -> Money| -> Vec<Decimal> {
        column(applications, |one| amount(one).amount())
    };
    let booked = column(applications, |one| {
        one.booked_time.map(|time| time.to_sqlx())
    });
    sqlx::query!(
        "UPDATE receipt_application AS a
            SET state = n.state, allocations = n.allocations, allocated_amount = n.allocated,
                overpayment_tolerance_amount = n.tolerance, rest_amount = n.rest,
                refusal = n.refusal, reversal_id = n.reversal_id,
                reversal_reason = n.reversal_reason, reversal_date = n.reversal_date::date,
                reopened = n.reopened, reversed_time = n.reversed_time::timestamptz,
                booked_time = n.booked_time
           FROM unnest($2::uuid[], $3::text[], $4::jsonb[], $5::numeric[], $6::numeric[],
                       $7::numeric[], $8::jsonb[], $9::uuid[], $10::text[], $11::text[],
                       $12::jsonb[], $13::text[], $14::timestamptz[])
                  AS n (application_id, state, allocations, allocated, tolerance, rest, refusal,
                        reversal_id, reversal_reason, reversal_date, reopened, reversed_time,
                        booked_time)
          WHERE a.tenant_id = $1 AND a.application_id = n.application_id",
        tenant.uuid(),
        &column(applications, |one| one.application_id.0),
        &column(applications, |one| one.state.code().to_owned()),
        &column(&parts, |part| part.allocations.clone()),
        &amounts(|one| one.allocated_amount),
        &amounts(|one| one.overpayment_tolerance_amount),
        &amounts(|one| one.rest_amount),
        &column(&parts, |part| part.refusal.clone()) as _,
        &column(&parts, |part| part.reversal_id) as _,
        &column(&parts, |part| part.reversal_reason) as _,
        &column(&parts, |part| part.reversal_date.clone()) as _,
        &column(&parts, |part| part.reopened.clone()) as _,
        &column(&parts, |part| part.reversed_time.clone()) as _,
        &booked as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The columns that are not plain fields.
struct Parts {
    allocations: Value,
    refusal: Option<Value>,
    reversal_id: Option<Uuid>,
    reversal_reason: Option<&'static str>,
    reversal_date: Option<String>,
    reopened: Option<Value>,
    reversed_time: Option<String>,
}

impl Parts {
    fn of(application: &ReceiptApplication) -> Result<Self, DbError> {
        let reversal = application.reversal.as_ref();
        let reversed = reversal.filter(|reversal| reversal.reversed_time.is_some());
        let reopened = reversed.map(|reversal| to_json(&reversal.reopened));
        Ok(Self {
            allocations: to_json(&application.allocations)?,
            refusal: application.refusal.as_ref().map(to_json).transpose()?,
            reversal_id: reversal.map(|reversal| reversal.reversal_id.0),
            reversal_reason: reversal.map(|reversal| reversal.reason.code()),
            reversal_date: reversal.map(|reversal| reversal.reversal_date.to_string()),
            reopened: reopened.transpose()?,
            reversed_time: reversed
                .and_then(|reversal| reversal.reversed_time)
                .map(|time| time.to_string()),
        })
    }
}
