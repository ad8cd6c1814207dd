//! Entries: every step in the history of what is open. They are added and never changed (P8).

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{
    CauseKind, Coded as _, EntryCause, EntryId, EntryKind, InvoiceEntry, InvoiceId, OpenItemId,
    Receivable,
};
use crate::store::row;

struct Row {
    invoice_id: Uuid,
    entry_number: i64,
    entry_id: Uuid,
    open_item_id: Uuid,
    kind: String,
    currency: String,
    amount: Decimal,
    entry_date: jiff_sqlx::Date,
    reversed_entry_id: Option<Uuid>,
    cause_kind: Option<String>,
    cause_id: Option<Uuid>,
    created_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_entry(self) -> Result<InvoiceEntry, DbError> {
        let cause = match self.cause_kind.as_deref().zip(self.cause_id) {
            Some((kind, id)) => Some(EntryCause::new(row::coded("cause kind", kind)?, id)),
            None => None,
        };
        Ok(InvoiceEntry {
            entry_id: EntryId(self.entry_id),
            invoice_id: InvoiceId(self.invoice_id),
            entry_number: self.entry_number,
            open_item_id: OpenItemId(self.open_item_id),
            kind: row::coded::<EntryKind>("kind", &self.kind)?,
            amount: row::money(self.amount, row::currency(&self.currency)?)?,
            entry_date: self.entry_date.to_jiff(),
            reversed_entry_id: self.reversed_entry_id.map(EntryId),
            cause,
            create_time: self.created_time.to_jiff(),
        })
    }
}

/// The stored entries of these invoices, each invoice's in their order: what credit notes, reversals
/// and anything as of a day is told from.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn history_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<Vec<InvoiceEntry>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT invoice_id, entry_number, entry_id, open_item_id, kind, currency, amount,
                entry_date, reversed_entry_id, cause_kind, cause_id, created_time
           FROM invoice_entry
          WHERE tenant_id = $1 AND invoice_id = ANY ($2)
          ORDER BY invoice_id, entry_number",
        tenant.uuid(),
        &column(invoices, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_entry)
    .collect()
}

/// Entries of one invoice behind a number, in their order.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn entries_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
    after: i64,
    limit: i64,
) -> Result<Vec<InvoiceEntry>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT invoice_id, entry_number, entry_id, open_item_id, kind, currency, amount,
                entry_date, reversed_entry_id, cause_kind, cause_id, created_time
           FROM invoice_entry
          WHERE tenant_id = $1 AND invoice_id = $2 AND entry_number > $3
          ORDER BY entry_number LIMIT $4",
        tenant.uuid(),
        invoice_id.0,
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_entry)
    .collect()
}

/// Adds the new entries of these receivables, and takes them out of them.
pub(super) async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    debts: &mut [&mut Receivable],
) -> Result<(), DbError> {
    let entries: Vec<InvoiceEntry> = debts
        .iter_mut()
        .flat_map(|debt| debt.take_new_entries())
        .collect();
    if entries.is_empty() {
        return Ok(());
    }
    let cause = |entry: &InvoiceEntry| entry.cause.map(EntryCause::parts);
    let cause_kind = |entry: &InvoiceEntry| {
        let kind = cause(entry).map(|(kind, _): (CauseKind, _)| kind.code());
        kind.map(str::to_owned)
    };
    sqlx::query!(
        "INSERT INTO invoice_entry (tenant_id, invoice_id, entry_number, entry_id, open_item_id,
                                    kind, currency, amount, entry_date, reversed_entry_id,
                                    cause_kind, cause_id, created_time)
         SELECT $1, n.invoice_id, n.entry_number, n.entry_id, n.open_item_id, n.kind, n.currency,
                n.amount, n.entry_date::date, n.reversed_entry_id, n.cause_kind, n.cause_id,
                n.created_time::timestamptz
           FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::text[],
                       $8::numeric[], $9::text[], $10::uuid[], $11::text[], $12::uuid[],
                       $13::text[])
                AS n (invoice_id, entry_number, entry_id, open_item_id, kind, currency, amount,
                      entry_date, reversed_entry_id, cause_kind, cause_id, created_time)",
        tenant.uuid(),
        &column(&entries, |entry| entry.invoice_id.0),
        &column(&entries, |entry| entry.entry_number),
        &column(&entries, |entry| entry.entry_id.0),
        &column(&entries, |entry| entry.open_item_id.0),
        &column(&entries, |entry| entry.kind.code().to_owned()),
        &column(&entries, |entry| entry.amount.currency().code().to_owned()),
        &column(&entries, |entry| entry.amount.amount()),
        &column(&entries, |entry| entry.entry_date.to_string()),
        &column(&entries, |entry| entry.reversed_entry_id.map(|id| id.0)) as _,
        &column(&entries, cause_kind) as _,
        &column(&entries, |entry| cause(entry).map(|(_, id)| id)) as _,
        &column(&entries, |entry| entry.create_time.to_string()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
