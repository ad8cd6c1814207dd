//! The write-offs of which something stands: money that comes in after all reinstates them, so they
//! are loaded and saved with the receivable (IS-6). A new one is stored by its own service.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use crate::domain::{
    Coded as _, CustomerId, EntryId, InvoiceId, OpenItemId, Receivable, WriteOff, WriteOffId,
    WriteOffReason, WriteOffReversal, WriteOffState, WrittenOffItem,
};
use crate::store::row;

pub(in crate::store) struct Row {
    pub write_off_id: Uuid,
    pub invoice_id: Uuid,
    pub invoice_number: String,
    pub customer_id: Uuid,
    pub state: String,
    pub reason: String,
    pub note: String,
    pub currency: String,
    pub amount: Decimal,
    pub write_off_date: jiff_sqlx::Date,
    pub reversal_date: Option<jiff_sqlx::Date>,
    pub reversal_note: Option<String>,
    pub created_time: jiff_sqlx::Timestamp,
    pub version: i64,
}

impl Row {
    fn into_write_off(self) -> Result<WriteOff, DbError> {
        let currency = row::currency(&self.currency)?;
        let reversal = row::date(self.reversal_date).zip(self.reversal_note);
        Ok(WriteOff {
            write_off_id: WriteOffId(self.write_off_id),
            invoice_id: InvoiceId(self.invoice_id),
            invoice_number: self.invoice_number,
            customer_id: CustomerId(self.customer_id),
            state: row::coded::<WriteOffState>("state", &self.state)?,
            reason: row::coded::<WriteOffReason>("reason", &self.reason)?,
            note: self.note,
            amount: row::money(self.amount, currency)?,
            items: Vec::new(),
            write_off_date: self.write_off_date.to_jiff(),
            reversal: reversal.map(|(reversal_date, note)| WriteOffReversal {
                reversal_date,
                note,
            }),
            create_time: self.created_time.to_jiff(),
            version: self.version,
        })
    }
}

/// The standing write-offs of these invoices, with their parts.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn of_invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<Vec<WriteOff>, DbError> {
    if invoices.is_empty() {
        return Ok(Vec::new());
    }
    let rows = sqlx::query_as!(
        Row,
        "SELECT write_off_id, invoice_id, invoice_number, customer_id, state, reason, note,
                currency, amount, write_off_date, reversal_date, reversal_note, created_time,
                version
           FROM write_off
          WHERE tenant_id = $1 AND invoice_id = ANY ($2) AND state = 'WRITTEN_OFF'
          ORDER BY created_time, write_off_id",
        tenant.uuid(),
        &column(invoices, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    with_items_in_tx(tx, tenant, rows).await
}

/// The write-offs of these rows, with their parts.
pub(in crate::store) async fn with_items_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<WriteOff>, DbError> {
    let found = rows.into_iter().map(Row::into_write_off);
    let mut found = found.collect::<Result<Vec<_>, _>>()?;
    let places: BTreeMap<WriteOffId, usize> = found
        .iter()
        .enumerate()
        .map(|(place, one)| (one.write_off_id, place))
        .collect();
    let parts = sqlx::query!(
        "SELECT write_off_id, open_item_id, entry_id, amount, reinstated_amount
           FROM write_off_item
          WHERE tenant_id = $1 AND write_off_id = ANY ($2)
          ORDER BY write_off_id, open_item_id",
        tenant.uuid(),
        &column(&found, |one| one.write_off_id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    for part in parts {
        let place = places.get(&WriteOffId(part.write_off_id));
        let Some(write_off) = place.and_then(|place| found.get_mut(*place)) else {
            continue;
        };
        let currency = write_off.amount.currency();
        write_off.items.push(WrittenOffItem {
            open_item_id: OpenItemId(part.open_item_id),
            entry_id: EntryId(part.entry_id),
            amount: row::money(part.amount, currency)?,
            reinstated_amount: row::money(part.reinstated_amount, currency)?,
        });
    }
    Ok(found)
}

/// Stores how far the write-offs of these receivables are reinstated, and whether they were taken
/// back. Those whose version has not risen are as they were stored.
pub(super) async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    debts: &[&mut Receivable],
) -> Result<(), DbError> {
    let all: Vec<&WriteOff> = debts.iter().flat_map(|debt| &debt.write_offs).collect();
    if all.is_empty() {
        return Ok(());
    }
    let reversal_date = |one: &&WriteOff| {
        let reversal = one.reversal.as_ref();
        reversal.map(|reversal| reversal.reversal_date.to_string())
    };
    let reversal_note =
        |one: &&WriteOff| one.reversal.as_ref().map(|reversal| reversal.note.clone());
    sqlx::query!(
        "UPDATE write_off
            SET state = n.state, reversal_date = n.reversal_date::date,
                reversal_note = n.reversal_note, version = n.version
           FROM unnest($2::uuid[], $3::text[], $4::text[], $5::text[], $6::bigint[])
                AS n (write_off_id, state, reversal_date, reversal_note, version)
          WHERE write_off.tenant_id = $1 AND write_off.write_off_id = n.write_off_id
            AND write_off.version < n.version",
        tenant.uuid(),
        &column(&all, |one| one.write_off_id.0),
        &column(&all, |one| one.state.code().to_owned()),
        &column(&all, reversal_date) as _,
        &column(&all, reversal_note) as _,
        &column(&all, |one| one.version),
    )
    .execute(&mut **tx)
    .await?;
    update_parts_in_tx(tx, tenant, &all).await
}

async fn update_parts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    all: &[&WriteOff],
) -> Result<(), DbError> {
    let parts: Vec<(WriteOffId, &WrittenOffItem)> = all
        .iter()
        .flat_map(|one| one.items.iter().map(|item| (one.write_off_id, item)))
        .collect();
    sqlx::query!(
        "UPDATE write_off_item
            SET reinstated_amount = n.reinstated_amount
           FROM unnest($2::uuid[], $3::uuid[], $4::numeric[])
                AS n (write_off_id, open_item_id, reinstated_amount)
          WHERE write_off_item.tenant_id = $1 AND write_off_item.write_off_id = n.write_off_id
            AND write_off_item.open_item_id = n.open_item_id
            AND write_off_item.reinstated_amount <> n.reinstated_amount",
        tenant.uuid(),
        &column(&parts, |(id, _)| id.0),
        &column(&parts, |(_, part)| part.open_item_id.0),
        &column(&parts, |(_, part)| part.reinstated_amount.amount()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
