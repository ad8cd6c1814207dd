//! Storing what the rules have decided about receivables that are locked.

use std::collections::BTreeSet;

use postgres::{DbError, TenantId, Tx, column};

use super::{entry, written_off};
use crate::domain::{Coded as _, OpenItem, OpenItemId, Receivable};
use crate::store::row;

/// The receivables of a book that something was posted to since they were locked.
pub fn unsaved(book: &mut [Receivable]) -> Vec<&mut Receivable> {
    let is_touched = |debt: &&mut Receivable| !debt.new_entries.is_empty();
    book.iter_mut().filter(is_touched).collect()
}

/// Stores receivables that were changed under their lock: the new entries, which are taken out of
/// them, the items those touch, where the invoice stands, and what was reinstated of write-offs. One
/// statement a table, however many there are.
///
/// Every one of `changed` has a higher version than the stored one, or nothing may be committed: an
/// equal one means that it was not changed, or not under its lock.
///
/// # Errors
/// [`DbError`] of the statements, also when a version has not risen.
pub async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    changed: &mut [&mut Receivable],
) -> Result<(), DbError> {
    if changed.is_empty() {
        return Ok(());
    }
    update_invoices_in_tx(tx, tenant, changed).await?;
    update_items_in_tx(tx, tenant, changed).await?;
    entry::insert_in_tx(tx, tenant, changed).await?;
    written_off::update_in_tx(tx, tenant, changed).await
}

async fn update_invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    changed: &[&mut Receivable],
) -> Result<(), DbError> {
    let updated = sqlx::query!(
        "UPDATE invoice
            SET state = n.state, disputed_whole = n.disputed_whole,
                disputed_parts_amount = n.disputed_parts_amount,
                closed_date = n.closed_date::date, closing_kind = n.closing_kind,
                last_entry_number = n.last_entry_number, version = n.version
           FROM unnest($2::uuid[], $3::text[], $4::bool[], $5::numeric[], $6::text[], $7::text[],
                       $8::bigint[], $9::bigint[])
                AS n (invoice_id, state, disputed_whole, disputed_parts_amount, closed_date,
                      closing_kind, last_entry_number, version)
          WHERE invoice.tenant_id = $1 AND invoice.invoice_id = n.invoice_id
            AND invoice.version < n.version",
        tenant.uuid(),
        &column(changed, |debt| debt.invoice_id.0),
        &column(changed, |debt| debt.state.code().to_owned()),
        &column(changed, |debt| debt.disputed.whole),
        &column(changed, |debt| debt.disputed.parts_amount.amount()),
        &column(changed, |debt| debt.closed_date.map(|day| day.to_string())) as _,
        &column(changed, |debt| debt
            .closing_kind
            .map(|kind| kind.code().to_owned())) as _,
        &column(changed, |debt| debt.last_entry_number),
        &column(changed, |debt| debt.version),
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if u64::try_from(changed.len()) == Ok(updated) {
        Ok(())
    } else {
        Err(row::fault("version below the one to be saved"))
    }
}

async fn update_items_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    changed: &[&mut Receivable],
) -> Result<(), DbError> {
    let entries = changed.iter().flat_map(|debt| &debt.new_entries);
    let touched: BTreeSet<OpenItemId> = entries.map(|entry| entry.open_item_id).collect();
    let items: Vec<(&Receivable, &OpenItem)> = changed
        .iter()
        .flat_map(|debt| debt.items.iter().map(|item| (&**debt, item)))
        .filter(|(_, item)| touched.contains(&item.open_item_id))
        .collect();
    sqlx::query!(
        "UPDATE open_item
            SET open_amount = n.open_amount, credited_amount = n.credited_amount,
                written_off_amount = n.written_off_amount, money_date = n.money_date::date,
                effective_date = n.effective_date::date, closed_date = n.closed_date::date
           FROM unnest($2::uuid[], $3::uuid[], $4::numeric[], $5::numeric[], $6::numeric[],
                       $7::text[], $8::text[], $9::text[])
                AS n (invoice_id, open_item_id, open_amount, credited_amount, written_off_amount,
                      money_date, effective_date, closed_date)
          WHERE open_item.tenant_id = $1 AND open_item.invoice_id = n.invoice_id
            AND open_item.open_item_id = n.open_item_id",
        tenant.uuid(),
        &column(&items, |(debt, _)| debt.invoice_id.0),
        &column(&items, |(_, item)| item.open_item_id.0),
        &column(&items, |(_, item)| item.open_amount.amount()),
        &column(&items, |(_, item)| item.credited_amount.amount()),
        &column(&items, |(_, item)| item.written_off_amount.amount()),
        &column(&items, |(_, item)| item
            .money_date
            .map(|day| day.to_string())) as _,
        &column(&items, |(_, item)| item.effective_date.to_string()),
        &column(&items, |(_, item)| item
            .closed_date
            .map(|day| day.to_string())) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
