//! Rows into receivables.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::{item, written_off};
use crate::domain::{
    ClosingKind, CustomerId, DisputedPart, InvoiceId, InvoiceState, OpenItem, Receivable, WriteOff,
};
use crate::store::row;

/// What the invoice's row says of what is owed on it.
pub(super) struct InvoiceRow {
    pub invoice_id: Uuid,
    pub external_id: Option<String>,
    pub invoice_number: String,
    pub customer_id: Uuid,
    pub currency: String,
    pub invoice_date: jiff_sqlx::Date,
    pub counts_from_date: jiff_sqlx::Date,
    pub gross_amount: Decimal,
    pub state: String,
    pub disputed_whole: bool,
    pub disputed_parts_amount: Decimal,
    pub closed_date: Option<jiff_sqlx::Date>,
    pub closing_kind: Option<String>,
    pub last_entry_number: i64,
    pub version: i64,
}

impl InvoiceRow {
    fn into_receivable(
        self,
        items: Vec<OpenItem>,
        write_offs: Vec<WriteOff>,
    ) -> Result<Receivable, DbError> {
        let currency = row::currency(&self.currency)?;
        let closing_kind = self.closing_kind.as_deref();
        Ok(Receivable {
            invoice_id: InvoiceId(self.invoice_id),
            external_id: self.external_id,
            invoice_number: self.invoice_number,
            customer_id: CustomerId(self.customer_id),
            currency,
            invoice_date: self.invoice_date.to_jiff(),
            counts_from_date: self.counts_from_date.to_jiff(),
            gross_amount: row::money(self.gross_amount, currency)?,
            state: row::coded::<InvoiceState>("state", &self.state)?,
            items,
            disputed: DisputedPart {
                whole: self.disputed_whole,
                parts_amount: row::money(self.disputed_parts_amount, currency)?,
            },
            write_offs,
            closed_date: row::date(self.closed_date),
            closing_kind: closing_kind
                .map(|code| row::coded::<ClosingKind>("closing kind", code))
                .transpose()?,
            last_entry_number: self.last_entry_number,
            version: self.version,
            new_entries: Vec::new(),
        })
    }
}

/// What is owed on these invoices as it is now, in the order of their ids; those on which nothing
/// ever was are left out. To read only: a change goes through [`super::lock_in_tx`].
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn load_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<Vec<Receivable>, DbError> {
    let rows = sqlx::query_as!(
        InvoiceRow,
        r#"SELECT invoice_id, external_id, invoice_number AS "invoice_number!", customer_id, currency,
                invoice_date AS "invoice_date!", counts_from_date AS "counts_from_date!",
                gross_amount, state, disputed_whole, disputed_parts_amount, closed_date,
                closing_kind, last_entry_number, version
           FROM invoice
          WHERE tenant_id = $1 AND issued_time IS NOT NULL AND invoice_id = ANY ($2)
          ORDER BY invoice_id"#,
        tenant.uuid(),
        &column(invoices, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    complete_in_tx(tx, tenant, rows).await
}

/// The receivables of these rows. Where the rows are locked this must be a later statement than the
/// one that locked them: only then it sees the items as the holder of the lock before has left them.
pub(super) async fn complete_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<InvoiceRow>,
) -> Result<Vec<Receivable>, DbError> {
    let ids = column(&rows, |row| InvoiceId(row.invoice_id));
    let mut items: BTreeMap<InvoiceId, Vec<OpenItem>> = BTreeMap::new();
    for (invoice_id, item) in item::of_invoices_in_tx(tx, tenant, &ids).await? {
        items.entry(invoice_id).or_default().push(item);
    }
    let is_written_off = |item: &OpenItem| item.written_off_amount.is_positive();
    let of_written_off = items
        .iter()
        .filter(|(_, items)| items.iter().any(is_written_off));
    let with_write_offs: Vec<InvoiceId> = of_written_off.map(|(id, _)| *id).collect();
    let mut write_offs: BTreeMap<InvoiceId, Vec<WriteOff>> = BTreeMap::new();
    for one in written_off::of_invoices_in_tx(tx, tenant, &with_write_offs).await? {
        write_offs.entry(one.invoice_id).or_default().push(one);
    }
    let whole = |row: InvoiceRow| {
        let id = InvoiceId(row.invoice_id);
        let write_offs = write_offs.remove(&id).unwrap_or_default();
        row.into_receivable(items.remove(&id).unwrap_or_default(), write_offs)
    };
    rows.into_iter().map(whole).collect()
}
