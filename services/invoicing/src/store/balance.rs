//! What invoices are worth, for a last look at many of them. One statement: all of them as of one
//! moment, and nothing but primary keys.

use std::collections::BTreeMap;

use money::{Decimal, Money};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::row;
use crate::domain::{
    ClosingKind, CustomerId, DisputedPart, InvoiceBalance, InvoiceId, InvoiceState,
    OpenItemBalance, OpenItemId, OpenItemKind,
};

struct Row {
    invoice_id: Uuid,
    invoice_number: String,
    external_id: Option<String>,
    customer_id: Uuid,
    currency: String,
    state: String,
    invoice_date: jiff_sqlx::Date,
    gross_amount: Decimal,
    disputed_whole: bool,
    disputed_parts_amount: Decimal,
    closed_date: Option<jiff_sqlx::Date>,
    closing_kind: Option<String>,
    version: i64,
    open_item_id: Uuid,
    kind: String,
    due_date: jiff_sqlx::Date,
    open_amount: Decimal,
    item_closed_date: Option<jiff_sqlx::Date>,
}

/// What these invoices are worth, each with all its items. Those that were never issued are not
/// among them: nothing was ever owed on them.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<BTreeMap<InvoiceId, InvoiceBalance>, DbError> {
    let mut keys = column(invoices, |id| id.0);
    keys.sort_unstable();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT invoice.invoice_id, invoice.invoice_number AS "invoice_number!",
                  invoice.external_id, invoice.customer_id, invoice.currency, invoice.state,
                  invoice.invoice_date AS "invoice_date!", invoice.gross_amount,
                  invoice.disputed_whole, invoice.disputed_parts_amount, invoice.closed_date,
                  invoice.closing_kind, invoice.version, item.open_item_id, item.kind,
                  item.due_date, item.open_amount, item.closed_date AS item_closed_date
             FROM unnest($2::uuid[]) AS wanted (invoice_id)
             JOIN invoice ON invoice.tenant_id = $1 AND invoice.invoice_id = wanted.invoice_id
             JOIN open_item item ON item.tenant_id = $1 AND item.invoice_id = wanted.invoice_id"#,
        tenant.uuid(),
        &keys,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<InvoiceId, Vec<Row>> = BTreeMap::new();
    for row in rows {
        let of_invoice = found.entry(InvoiceId(row.invoice_id)).or_default();
        of_invoice.push(row);
    }
    found
        .into_iter()
        .map(|(invoice_id, rows)| Ok((invoice_id, balance(rows)?)))
        .collect()
}

/// The balance that the rows of one invoice tell, one for each item.
fn balance(rows: Vec<Row>) -> Result<InvoiceBalance, DbError> {
    let items = rows.iter().map(Row::item);
    let mut open_items = items.collect::<Result<Vec<_>, DbError>>()?;
    open_items.sort_by_key(|item| (item.due_date, item.kind.settling_rank(), item.open_item_id));
    let row = rows.into_iter().next();
    let row = row.ok_or_else(|| row::fault("invoice"))?;
    let currency = row::currency(&row.currency)?;
    let open_amounts = open_items.iter().map(|item| item.open_amount);
    let open_amount = row::read("open amount", Money::sum(currency, open_amounts))?;
    let disputed = DisputedPart {
        whole: row.disputed_whole,
        parts_amount: row::money(row.disputed_parts_amount, currency)?,
    };
    let closing_kind = row.closing_kind.as_deref();
    let closing_kind = closing_kind.map(|code| row::coded::<ClosingKind>("closing kind", code));
    Ok(InvoiceBalance {
        invoice_id: InvoiceId(row.invoice_id),
        invoice_number: row.invoice_number,
        external_id: row.external_id,
        customer_id: CustomerId(row.customer_id),
        state: row::coded::<InvoiceState>("state", &row.state)?,
        invoice_date: row.invoice_date.to_jiff(),
        gross_amount: row::money(row.gross_amount, currency)?,
        open_amount,
        disputed_amount: row::read("dispute", disputed.of(open_amount))?,
        open_items,
        closed_date: row::date(row.closed_date),
        closing_kind: closing_kind.transpose()?,
        version: row.version,
    })
}

impl Row {
    fn item(&self) -> Result<OpenItemBalance, DbError> {
        Ok(OpenItemBalance {
            open_item_id: OpenItemId(self.open_item_id),
            kind: row::coded::<OpenItemKind>("kind", &self.kind)?,
            due_date: self.due_date.to_jiff(),
            open_amount: row::money(self.open_amount, row::currency(&self.currency)?)?,
            closed_date: row::date(self.item_closed_date),
        })
    }
}
