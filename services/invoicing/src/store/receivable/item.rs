//! Open items: what is owed, part by part.

use money::{Currency, Decimal};
use postgres::{DbError, TenantId, Tx, column};
use serde_json::Value;
use uuid::Uuid;

use super::entry;
use crate::domain::{Coded as _, InvoiceId, OpenItem, OpenItemId, OpenItemKind, Receivable};
use crate::store::row;

struct Row {
    invoice_id: Uuid,
    open_item_id: Uuid,
    kind: String,
    instalment_number: i32,
    currency: String,
    due_date: jiff_sqlx::Date,
    calendar_code: Option<String>,
    discounts: Value,
    original_amount: Decimal,
    open_amount: Decimal,
    credited_amount: Decimal,
    written_off_amount: Decimal,
    money_date: Option<jiff_sqlx::Date>,
    effective_date: jiff_sqlx::Date,
    closed_date: Option<jiff_sqlx::Date>,
}

impl Row {
    fn into_item(self) -> Result<(InvoiceId, OpenItem), DbError> {
        let currency: Currency = row::currency(&self.currency)?;
        let item = OpenItem {
            open_item_id: OpenItemId(self.open_item_id),
            kind: row::coded::<OpenItemKind>("kind", &self.kind)?,
            instalment_number: self.instalment_number,
            original_amount: row::money(self.original_amount, currency)?,
            open_amount: row::money(self.open_amount, currency)?,
            credited_amount: row::money(self.credited_amount, currency)?,
            written_off_amount: row::money(self.written_off_amount, currency)?,
            due_date: self.due_date.to_jiff(),
            calendar_code: self.calendar_code,
            discounts: row::from_json("discounts", self.discounts)?,
            money_date: row::date(self.money_date),
            effective_date: self.effective_date.to_jiff(),
            closed_date: row::date(self.closed_date),
        };
        Ok((InvoiceId(self.invoice_id), item))
    }
}

/// Every item of these invoices, the settled ones too.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoices: &[InvoiceId],
) -> Result<Vec<(InvoiceId, OpenItem)>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT invoice_id, open_item_id, kind, instalment_number, currency, due_date,
                calendar_code, discounts, original_amount, open_amount, credited_amount,
                written_off_amount, money_date, effective_date, closed_date
           FROM open_item
          WHERE tenant_id = $1 AND invoice_id = ANY ($2)
          ORDER BY invoice_id, open_item_id",
        tenant.uuid(),
        &column(invoices, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_item)
    .collect()
}

/// Stores the items and entries of receivables that have just come to be; their invoices are stored
/// as issued before, in the same transaction. The entries are taken out of them.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_items_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    issued: &mut [&mut Receivable],
) -> Result<(), DbError> {
    let whole: Vec<(&Receivable, &OpenItem)> = issued
        .iter()
        .flat_map(|debt| debt.items.iter().map(|item| (&**debt, item)))
        .collect();
    let discounts = whole.iter().map(|(_, item)| row::to_json(&item.discounts));
    let discounts = discounts.collect::<Result<Vec<_>, _>>()?;
    // The amounts that change start where the columns' defaults are.
    sqlx::query!(
        "INSERT INTO open_item (tenant_id, invoice_id, open_item_id, kind, instalment_number,
                                customer_id, currency, invoice_date, counts_from_date, due_date,
                                calendar_code, discounts, original_amount, open_amount,
                                effective_date, closed_date)
         SELECT $1, n.invoice_id, n.open_item_id, n.kind, n.instalment_number, n.customer_id,
                n.currency, n.invoice_date::date, n.counts_from_date::date, n.due_date::date,
                n.calendar_code, n.discounts, n.original_amount, n.open_amount,
                n.effective_date::date, n.closed_date::date
           FROM unnest($2::uuid[], $3::uuid[], $4::text[], $5::int[], $6::uuid[], $7::text[],
                       $8::text[], $9::text[], $10::text[], $11::text[], $12::jsonb[],
                       $13::numeric[], $14::numeric[], $15::text[], $16::text[])
                AS n (invoice_id, open_item_id, kind, instalment_number, customer_id, currency,
                      invoice_date, counts_from_date, due_date, calendar_code, discounts,
                      original_amount, open_amount, effective_date, closed_date)",
        tenant.uuid(),
        &column(&whole, |(debt, _)| debt.invoice_id.0),
        &column(&whole, |(_, item)| item.open_item_id.0),
        &column(&whole, |(_, item)| item.kind.code().to_owned()),
        &column(&whole, |(_, item)| item.instalment_number),
        &column(&whole, |(debt, _)| debt.customer_id.0),
        &column(&whole, |(debt, _)| debt.currency.code().to_owned()),
        &column(&whole, |(debt, _)| debt.invoice_date.to_string()),
        &column(&whole, |(debt, _)| debt.counts_from_date.to_string()),
        &column(&whole, |(_, item)| item.due_date.to_string()),
        &column(&whole, |(_, item)| item.calendar_code.clone()) as _,
        &discounts,
        &column(&whole, |(_, item)| item.original_amount.amount()),
        &column(&whole, |(_, item)| item.open_amount.amount()),
        &column(&whole, |(_, item)| item.effective_date.to_string()),
        &column(&whole, |(_, item)| item
            .closed_date
            .map(|day| day.to_string())) as _,
    )
    .execute(&mut **tx)
    .await?;
    entry::insert_in_tx(tx, tenant, issued).await
}
