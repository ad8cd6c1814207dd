//! Receipts with what belongs to them. A receipt is locked before its applications, its customer's
//! cash and its bank line; several in the order of their identities.

mod list;
mod write;

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row::{coded, money, read};
use super::{receipt_reversal, refund};
use crate::domain::{
    AgencyId, AgencyRemittanceId, AgencyRemittanceLine, BankAccountId, BankLineId, CustomerId,
    Receipt, ReceiptAmounts, ReceiptBalances, ReceiptId, ReceiptOrigin, ReceiptState, Remittance,
};

pub use list::{Filter, list_in_tx};
pub(super) use write::{insert_all_in_tx, update_all_in_tx};

struct Row {
    receipt_id: Uuid,
    external_id: Option<String>,
    customer_id: Option<Uuid>,
    method: String,
    state: String,
    currency_code: String,
    received_amount: Decimal,
    allocated_amount: Decimal,
    reserved_amount: Decimal,
    overpayment_tolerance_amount: Decimal,
    refunded_amount: Decimal,
    returned_amount: Decimal,
    unapplied_amount: Decimal,
    receipt_date: jiff_sqlx::Date,
    payment_reference: String,
    remittance_text: String,
    payer_name: String,
    payer_account: String,
    instrument_reference: String,
    bank_account_id: Option<Uuid>,
    bank_line_id: Option<Uuid>,
    agency_id: Option<Uuid>,
    agency_remittance_id: Option<Uuid>,
    agency_line_number: Option<i32>,
    reversing_count: i32,
    entry_count: i32,
    created_time: jiff_sqlx::Timestamp,
    version: i64,
}

impl Row {
    /// The receipt, without what stands in other tables.
    fn into_receipt(self) -> Result<Receipt, DbError> {
        Ok(Receipt {
            receipt_id: ReceiptId(self.receipt_id),
            customer_id: self.customer_id.map(CustomerId),
            method: coded("method", &self.method)?,
            state: coded("state", &self.state)?,
            balances: self.balances()?,
            receipt_date: self.receipt_date.to_jiff(),
            origin: self.origin(),
            external_id: self.external_id,
            remittance: Remittance {
                payment_reference: self.payment_reference,
                text: self.remittance_text,
                payer_name: self.payer_name,
                payer_account: self.payer_account,
                instrument_reference: self.instrument_reference,
            },
            bank_account_id: self.bank_account_id.map(BankAccountId),
            refunds: Vec::new(),
            reversal: None,
            reversing_count: self.reversing_count,
            entry_count: self.entry_count,
            created_time: self.created_time.to_jiff(),
            version: self.version,
        })
    }

    fn balances(&self) -> Result<ReceiptBalances, DbError> {
        let amount = |amount| money(amount, &self.currency_code);
        let amounts = ReceiptAmounts {
            received: amount(self.received_amount)?,
            allocated: amount(self.allocated_amount)?,
            reserved: amount(self.reserved_amount)?,
            overpayment_tolerance: amount(self.overpayment_tolerance_amount)?,
            refunded: amount(self.refunded_amount)?,
            returned: amount(self.returned_amount)?,
            unapplied: amount(self.unapplied_amount)?,
        };
        read("balances", ReceiptBalances::try_new(amounts))
    }

    fn origin(&self) -> ReceiptOrigin {
        let agency = (
            self.agency_id,
            self.agency_remittance_id,
            self.agency_line_number,
        );
        match (self.bank_line_id, agency) {
            (Some(line), _) => ReceiptOrigin::BankLine(BankLineId(line)),
            (None, (Some(agency), Some(remittance), Some(line_number))) => {
                ReceiptOrigin::Agency(AgencyRemittanceLine {
                    agency_id: AgencyId(agency),
                    remittance_id: AgencyRemittanceId(remittance),
                    line_number,
                })
            }
            (None, _) => ReceiptOrigin::Recorded,
        }
    }
}

/// Locks receipts for the rest of the transaction, in the order of their identities, and reads them
/// as they are then; those that exist, by identity.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_ids: &[ReceiptId],
) -> Result<BTreeMap<ReceiptId, Receipt>, DbError> {
    let ids: Vec<Uuid> = receipt_ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT receipt_id, external_id, customer_id, method, state, currency_code,
                received_amount, allocated_amount, reserved_amount, overpayment_tolerance_amount,
                refunded_amount, returned_amount, unapplied_amount, receipt_date,
                payment_reference, remittance_text, payer_name, payer_account,
                instrument_reference, bank_account_id, bank_line_id, agency_id,
                agency_remittance_id, agency_line_number, reversing_count, entry_count,
                created_time, version
           FROM receipt WHERE tenant_id = $1 AND receipt_id = ANY ($2)
          ORDER BY receipt_id FOR UPDATE",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let receipts = completed_in_tx(tx, tenant, rows).await?;
    let by_id = receipts.into_iter().map(|one| (one.receipt_id, one));
    Ok(by_id.collect())
}

/// Locks one receipt; see [`lock_all_in_tx`].
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_id: ReceiptId,
) -> Result<Option<Receipt>, DbError> {
    let mut found = lock_all_in_tx(tx, tenant, &[receipt_id]).await?;
    Ok(found.remove(&receipt_id))
}

/// By what a receipt is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptKey {
    /// Identity.
    Id(ReceiptId),
    /// The foreign system's own identity.
    External(String),
}

/// A receipt, not locked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &ReceiptKey,
) -> Result<Option<Receipt>, DbError> {
    let (id, external_id) = match key {
        ReceiptKey::Id(id) => (Some(id.0), None),
        ReceiptKey::External(external_id) => (None, Some(external_id.as_str())),
    };
    let rows = sqlx::query_as!(
        Row,
        "SELECT receipt_id, external_id, customer_id, method, state, currency_code,
                received_amount, allocated_amount, reserved_amount, overpayment_tolerance_amount,
                refunded_amount, returned_amount, unapplied_amount, receipt_date,
                payment_reference, remittance_text, payer_name, payer_account,
                instrument_reference, bank_account_id, bank_line_id, agency_id,
                agency_remittance_id, agency_line_number, reversing_count, entry_count,
                created_time, version
           FROM receipt WHERE tenant_id = $1 AND (receipt_id = $2 OR external_id = $3)",
        tenant.uuid(),
        id,
        external_id,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(completed_in_tx(tx, tenant, rows).await?.pop())
}

/// Adds refunds and reversals. Statements of their own, after the lock: one that joined them would
/// read them as they were before it waited.
async fn completed_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<Receipt>, DbError> {
    let mut receipts = rows
        .into_iter()
        .map(Row::into_receipt)
        .collect::<Result<Vec<_>, _>>()?;
    let of = |wanted: fn(&Receipt) -> bool| -> Vec<Uuid> {
        let wanted = receipts.iter().filter(|one| wanted(one));
        wanted.map(|one| one.receipt_id.0).collect()
    };
    let refunded = of(|one| one.balances.refunded.is_positive());
    let reversed = of(|one| one.state != ReceiptState::Recorded);
    let mut refunds = refund::of_receipts_in_tx(tx, tenant, &refunded).await?;
    let mut reversals = receipt_reversal::of_receipts_in_tx(tx, tenant, &reversed).await?;
    for receipt in &mut receipts {
        receipt.refunds = refunds.remove(&receipt.receipt_id).unwrap_or_default();
        receipt.reversal = reversals.remove(&receipt.receipt_id);
    }
    Ok(receipts)
}

/// Receipts by what a foreign system calls them, not locked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn by_external_ids_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_ids: &[String],
) -> Result<BTreeMap<String, Receipt>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT receipt_id, external_id, customer_id, method, state, currency_code,
                received_amount, allocated_amount, reserved_amount, overpayment_tolerance_amount,
                refunded_amount, returned_amount, unapplied_amount, receipt_date,
                payment_reference, remittance_text, payer_name, payer_account,
                instrument_reference, bank_account_id, bank_line_id, agency_id,
                agency_remittance_id, agency_line_number, reversing_count, entry_count,
                created_time, version
           FROM receipt WHERE tenant_id = $1 AND external_id = ANY ($2)",
        tenant.uuid(),
        external_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let receipts = completed_in_tx(tx, tenant, rows).await?.into_iter();
    let named = receipts.filter_map(|one| Some((one.external_id.clone()?, one)));
    Ok(named.collect())
}
