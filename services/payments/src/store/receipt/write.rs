//! Receipts written in batches. Only [`super::super::ledger`] writes them, with their entries and
//! the cash of their customers.

use std::collections::BTreeSet;

use money::{Decimal, Money};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{Coded as _, Receipt, ReceiptAmounts, ReceiptId, ReceiptOrigin};

/// Stores new receipts, except those of which an identity is taken; tells which are stored.
pub(in crate::store) async fn insert_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipts: &[&Receipt],
) -> Result<BTreeSet<ReceiptId>, DbError> {
    let origins: Vec<Origin> = column(receipts, |one| Origin::of(one.origin));
    // In an order that two batches share, so that they do not lock each other out.
    let inserted = sqlx::query_scalar!(
        "INSERT INTO receipt (
                tenant_id, receipt_id, external_id, customer_id, method, state, currency_code,
                received_amount, allocated_amount, reserved_amount, overpayment_tolerance_amount,
                refunded_amount, returned_amount, unapplied_amount, receipt_date,
                payment_reference, remittance_text, payer_name, payer_account,
                instrument_reference, bank_account_id, bank_line_id, agency_id,
                agency_remittance_id, agency_line_number, entry_count, created_time, version)
         SELECT $1, n.receipt_id, n.external_id, n.customer_id, n.method, n.state,
                n.currency_code, n.received, 0, 0, 0, 0, 0, n.received, n.receipt_date::date,
                n.payment_reference, n.remittance_text, n.payer_name, n.payer_account,
                n.instrument_reference, n.bank_account_id, n.bank_line_id, n.agency_id,
                n.agency_remittance_id, n.agency_line_number, n.entry_count,
                n.created_time::timestamptz, n.version
           FROM unnest($2::uuid[], $3::text[], $4::uuid[], $5::text[], $6::text[], $7::text[],
                       $8::numeric[], $9::text[], $10::text[], $11::text[], $12::text[],
                       $13::text[], $14::text[], $15::uuid[], $16::uuid[], $17::uuid[],
                       $18::uuid[], $19::integer[], $20::integer[], $21::text[], $22::bigint[])
                  AS n (receipt_id, external_id, customer_id, method, state, currency_code,
                        received, receipt_date, payment_reference, remittance_text, payer_name,
                        payer_account, instrument_reference, bank_account_id, bank_line_id,
                        agency_id, agency_remittance_id, agency_line_number, entry_count,
                        created_time, version)
          ORDER BY n.external_id, n.bank_line_id, n.receipt_id
         ON CONFLICT DO NOTHING
         RETURNING receipt_id",
        tenant.uuid(),
        &column(receipts, |one| one.receipt_id.0),
        &column(receipts, |one| one.external_id.clone()) as _,
        &column(receipts, |one| one.customer_id.map(|id| id.0)) as _,
        &column(receipts, |one| one.method.code().to_owned()),
        &column(receipts, |one| one.state.code().to_owned()),
        &column(receipts, |one| one.currency().code().to_owned()),
        &column::<_, Decimal>(receipts, |one| one.balances.received.amount()),
        &column(receipts, |one| one.receipt_date.to_string()),
        &column(receipts, |one| one.remittance.payment_reference.clone()),
        &column(receipts, |one| one.remittance.text.clone()),
        &column(receipts, |one| one.remittance.payer_name.clone()),
        &column(receipts, |one| one.remittance.payer_account.clone()),
        &column(receipts, |one| one.remittance.instrument_reference.clone()),
        &column(receipts, |one| one.bank_account_id.map(|id| id.0)) as _,
        &column(&origins, |origin| origin.bank_line_id) as _,
        &column(&origins, |origin| origin.agency_id) as _,
        &column(&origins, |origin| origin.remittance_id) as _,
        &column(&origins, |origin| origin.line_number) as _,
        &column(receipts, |one| one.entry_count),
        &column(receipts, |one| one.created_time.to_string()),
        &column(receipts, |one| one.version),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(inserted.into_iter().map(ReceiptId).collect())
}

/// Stores what became of locked receipts.
pub(in crate::store) async fn update_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipts: &[&Receipt],
) -> Result<(), DbError> {
    let amounts = |amount: fn(&ReceiptAmounts) -> Money| -> Vec<Decimal> {
        column(receipts, |one| amount(&one.balances).amount())
    };
    let customers: Vec<Option<Uuid>> = column(receipts, |one| one.customer_id.map(|id| id.0));
    sqlx::query!(
        "UPDATE receipt AS r
            SET customer_id = n.customer_id, state = n.state, allocated_amount = n.allocated,
                reserved_amount = n.reserved, overpayment_tolerance_amount = n.tolerance,
                refunded_amount = n.refunded, returned_amount = n.returned,
                unapplied_amount = n.unapplied, reversing_count = n.reversing_count,
                entry_count = n.entry_count, version = n.version
           FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::numeric[],
                       $7::numeric[], $8::numeric[], $9::numeric[], $10::numeric[],
                       $11::integer[], $12::integer[], $13::bigint[])
                  AS n (receipt_id, customer_id, state, allocated, reserved, tolerance, refunded,
                        returned, unapplied, reversing_count, entry_count, version)
          WHERE r.tenant_id = $1 AND r.receipt_id = n.receipt_id",
        tenant.uuid(),
        &column(receipts, |one| one.receipt_id.0),
        &customers as _,
        &column(receipts, |one| one.state.code().to_owned()),
        &amounts(|sums| sums.allocated),
        &amounts(|sums| sums.reserved),
        &amounts(|sums| sums.overpayment_tolerance),
        &amounts(|sums| sums.refunded),
        &amounts(|sums| sums.returned),
        &amounts(|sums| sums.unapplied),
        &column(receipts, |one| one.reversing_count),
        &column(receipts, |one| one.entry_count),
        &column(receipts, |one| one.version),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The columns of where a receipt came from.
#[derive(Default)]
struct Origin {
    bank_line_id: Option<Uuid>,
    agency_id: Option<Uuid>,
    remittance_id: Option<Uuid>,
    line_number: Option<i32>,
}

impl Origin {
    fn of(origin: ReceiptOrigin) -> Self {
        match origin {
            ReceiptOrigin::Recorded => Self::default(),
            ReceiptOrigin::BankLine(line) => Self {
                bank_line_id: Some(line.0),
                ..Self::default()
            },
            ReceiptOrigin::Agency(line) => Self {
                bank_line_id: None,
                agency_id: Some(line.agency_id.0),
                remittance_id: Some(line.remittance_id.0),
                line_number: Some(line.line_number),
            },
        }
    }
}
