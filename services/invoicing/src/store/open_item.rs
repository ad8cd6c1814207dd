//! Pages of open items.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Decimal, Money};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::{receivable, row};
use crate::domain::{
    Coded as _, CustomerId, DisputedPart, InvoiceId, OpenItem, OpenItemId, OpenItemKind,
};

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in this currency.
    pub currency: Option<Currency>,
    /// Only due before this day.
    pub due_before_date: Option<Date>,
    /// Only of this kind.
    pub kind: Option<OpenItemKind>,
}

/// An open item with what one needs to know of its invoice.
#[derive(Debug, Clone)]
pub struct ListedItem {
    /// The item.
    pub item: OpenItem,
    /// Its invoice.
    pub invoice_id: InvoiceId,
    /// The number of its invoice.
    pub invoice_number: String,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// The date of its invoice.
    pub invoice_date: Date,
    /// The part of its invoice that is disputed.
    pub invoice_disputed_amount: Money,
}

struct Row {
    invoice_id: Uuid,
    open_item_id: Uuid,
    invoice_number: String,
    customer_id: Uuid,
    currency: String,
    invoice_date: jiff_sqlx::Date,
    disputed_whole: bool,
    disputed_parts_amount: Decimal,
}

/// Open items behind a due date and identity, the earliest due first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Date, Uuid)>,
    limit: i64,
) -> Result<Vec<ListedItem>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT item.invoice_id, item.open_item_id, invoice.invoice_number AS "invoice_number!",
                  item.customer_id, item.currency, item.invoice_date, invoice.disputed_whole,
                  invoice.disputed_parts_amount
             FROM open_item item
             JOIN invoice USING (tenant_id, invoice_id)
            WHERE item.tenant_id = $1 AND item.closed_date IS NULL
              AND ($2::uuid IS NULL OR item.customer_id = $2)
              AND ($3::text IS NULL OR item.currency = $3)
              AND ($4::date IS NULL OR item.due_date < $4)
              AND ($5::text IS NULL OR item.kind = $5)
              AND ($6::date IS NULL OR (item.due_date, item.open_item_id) > ($6, $7::uuid))
            ORDER BY item.due_date, item.open_item_id LIMIT $8"#,
        tenant.uuid(),
        filter.customer_id.map(|customer| customer.0),
        filter.currency.map(Currency::code),
        filter.due_before_date.map(|day| day.to_sqlx()) as _,
        filter.kind.map(|kind| kind.code()),
        after.map(|(due_date, _)| due_date.to_sqlx()) as _,
        after.map(|(_, open_item_id)| *open_item_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let invoices = column(&rows, |row| InvoiceId(row.invoice_id));
    let items = receivable::of_invoices_in_tx(tx, tenant, &invoices).await?;
    let mut open_amounts: BTreeMap<InvoiceId, Money> = BTreeMap::new();
    let mut by_id: BTreeMap<OpenItemId, OpenItem> = BTreeMap::new();
    for (invoice_id, item) in items {
        let zero = Money::zero(item.open_amount.currency());
        let sum = open_amounts.entry(invoice_id).or_insert(zero);
        *sum = row::read("open amount", sum.checked_add(item.open_amount))?;
        by_id.insert(item.open_item_id, item);
    }
    rows.into_iter()
        .map(|row| {
            let item = by_id.remove(&OpenItemId(row.open_item_id));
            let open_amount = open_amounts.get(&InvoiceId(row.invoice_id));
            let (item, open_amount) = item.zip(open_amount).ok_or_else(|| row::fault("item"))?;
            row.listed(item, *open_amount)
        })
        .collect()
}

impl Row {
    fn listed(self, item: OpenItem, invoice_open_amount: Money) -> Result<ListedItem, DbError> {
        let disputed = DisputedPart {
            whole: self.disputed_whole,
            parts_amount: row::money(self.disputed_parts_amount, row::currency(&self.currency)?)?,
        };
        Ok(ListedItem {
            item,
            invoice_id: InvoiceId(self.invoice_id),
            invoice_number: self.invoice_number,
            customer_id: CustomerId(self.customer_id),
            invoice_date: self.invoice_date.to_jiff(),
            invoice_disputed_amount: row::read("dispute", disputed.of(invoice_open_amount))?,
        })
    }
}
