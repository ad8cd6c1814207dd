//! The book of receipts: what a transaction changes of them is written here, as a whole. A receipt,
//! the entries that explain it (P8) and the cash of its customer (CA-6) are never written apart.

use std::collections::BTreeSet;

use postgres::{DbError, TenantId, Tx};

use super::{receipt, receipt_entry, unapplied_cash};
use crate::domain::{CashShifts, Receipt, ReceiptEntry, ReceiptId, Share, UnappliedCash};

/// A locked receipt that changed.
#[derive(Debug, Clone, Copy)]
pub struct Change<'a> {
    /// The receipt as it is now.
    pub receipt: &'a Receipt,
    /// What it was worth to its customer before.
    pub before: Share,
    /// The entries in between.
    pub entries: &'a [ReceiptEntry],
}

/// Records new receipts, except those of which an identity is taken. Tells which are recorded, and
/// what their customers have now.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn record_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    recorded: &[(Receipt, ReceiptEntry)],
) -> Result<(BTreeSet<ReceiptId>, Vec<UnappliedCash>), DbError> {
    let receipts: Vec<&Receipt> = recorded.iter().map(|(receipt, _)| receipt).collect();
    let stored = receipt::insert_all_in_tx(tx, tenant, &receipts).await?;
    let kept = recorded
        .iter()
        .filter(|(receipt, _)| stored.contains(&receipt.receipt_id));
    let (mut entries, mut shifts) = (Vec::new(), CashShifts::default());
    for (receipt, entry) in kept {
        entries.push(entry);
        add(&mut shifts, None, receipt)?;
    }
    receipt_entry::append_all_in_tx(tx, tenant, &entries).await?;
    let cash = unapplied_cash::shift_in_tx(tx, tenant, &shifts).await?;
    Ok((stored, cash))
}

/// Writes what became of receipts, and tells what their customers have now.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn change_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    changes: &[Change<'_>],
) -> Result<Vec<UnappliedCash>, DbError> {
    let receipts: Vec<&Receipt> = changes.iter().map(|change| change.receipt).collect();
    receipt::update_all_in_tx(tx, tenant, &receipts).await?;
    let entries: Vec<&ReceiptEntry> = changes.iter().flat_map(|change| change.entries).collect();
    if !entries.is_empty() {
        receipt_entry::append_all_in_tx(tx, tenant, &entries).await?;
    }
    let mut shifts = CashShifts::default();
    for change in changes {
        add(&mut shifts, change.before, change.receipt)?;
    }
    unapplied_cash::shift_in_tx(tx, tenant, &shifts).await
}

fn add(shifts: &mut CashShifts, before: Share, receipt: &Receipt) -> Result<(), DbError> {
    let added = shifts.add(before, receipt.share());
    added.map_err(|error| sqlx::Error::Encode(error.into()).into())
}
