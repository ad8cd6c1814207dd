//! What the feed of invoicing tells of invoices, and what is counted from it. Who writes here holds
//! the customer's exposure.

use std::collections::BTreeSet;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::row::{self, newest};
use crate::domain::{CustomerId, InvoiceId, SettledInvoice};

/// What an invoice is worth, as invoicing told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// Its date.
    pub invoice_date: Date,
    /// What it came to.
    pub gross_amount: Money,
    /// What is open of it.
    pub open_amount: Money,
    /// What of that is disputed.
    pub disputed_amount: Money,
    /// Its items, at least one.
    pub items: Vec<KnownItem>,
    /// The day of the payment that closed it.
    pub settled_date: Option<Date>,
    /// Rises with every change.
    pub version: i64,
}

/// When an item is due and when it was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownItem {
    /// The item.
    pub open_item_id: Uuid,
    /// When it is due.
    pub due_date: Date,
    /// When it was closed; `None` while anything of it is open.
    pub closed_date: Option<Date>,
}

/// Keeps what was told of invoices, of each the newest, unless something newer is known, and counts
/// anew what their customers have open. Afterwards [`super::exposure::recount_in_tx`].
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn keep_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    told: &[KnownInvoice],
) -> Result<(), DbError> {
    if told.is_empty() {
        return Ok(());
    }
    let newest = newest(told, |known| known.invoice_id, |known| known.version);
    let changed = keep_invoices_in_tx(tx, tenant, newest.into_values().collect()).await?;
    if changed.is_empty() {
        return Ok(());
    }
    keep_items_in_tx(tx, tenant, &changed).await?;
    count_open_in_tx(tx, tenant, &changed).await
}

/// Answers those that were news.
async fn keep_invoices_in_tx<'a>(
    tx: &mut Tx,
    tenant: TenantId,
    told: Vec<&'a KnownInvoice>,
) -> Result<Vec<&'a KnownInvoice>, DbError> {
    let last_due = |known: &KnownInvoice| known.items.iter().map(|item| item.due_date).max();
    let kept = sqlx::query_scalar!(
        "INSERT INTO known_invoice AS known
                (tenant_id, invoice_id, customer_id, invoice_date, last_due_date, currency,
                 gross_amount, open_amount, disputed_amount, settled_date, version)
         SELECT $1, * FROM UNNEST($2::uuid[], $3::uuid[], $4::date[], $5::date[], $6::text[],
                                  $7::numeric[], $8::numeric[], $9::numeric[], $10::date[],
                                  $11::bigint[])
         ON CONFLICT (tenant_id, invoice_id) DO UPDATE
            SET last_due_date = excluded.last_due_date, gross_amount = excluded.gross_amount,
                open_amount = excluded.open_amount, disputed_amount = excluded.disputed_amount,
                settled_date = excluded.settled_date, version = excluded.version
          WHERE known.version < excluded.version
         RETURNING invoice_id",
        tenant.uuid(),
        &column(&told, |known| known.invoice_id.0),
        &column(&told, |known| known.customer_id.0),
        &column(&told, |known| known.invoice_date.to_sqlx()) as _,
        &column(&told, |known| last_due(known)
            .unwrap_or(known.invoice_date)
            .to_sqlx()) as _,
        &column(&told, |known| known
            .gross_amount
            .currency()
            .code()
            .to_owned()),
        &column(&told, |known| known.gross_amount.amount()),
        &column(&told, |known| known.open_amount.amount()),
        &column(&told, |known| known.disputed_amount.amount()),
        &column(&told, |known| known.settled_date.map(|day| day.to_sqlx())) as _,
        &column(&told, |known| known.version),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut news = told;
    news.retain(|known| kept.contains(&known.invoice_id.0));
    Ok(news)
}

async fn keep_items_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    told: &[&KnownInvoice],
) -> Result<(), DbError> {
    let told = told.iter().copied();
    let items = told.flat_map(|known| known.items.iter().map(move |item| (known, item)));
    let items: Vec<(&KnownInvoice, &KnownItem)> = items.collect();
    sqlx::query!(
        "INSERT INTO known_open_item
                (tenant_id, invoice_id, customer_id, open_item_id, due_date, closed_date)
         SELECT $1, * FROM UNNEST($2::uuid[], $3::uuid[], $4::uuid[], $5::date[], $6::date[])
         ON CONFLICT (tenant_id, invoice_id, open_item_id) DO UPDATE
            SET due_date = excluded.due_date, closed_date = excluded.closed_date",
        tenant.uuid(),
        &column(&items, |(known, _)| known.invoice_id.0),
        &column(&items, |(known, _)| known.customer_id.0),
        &column(&items, |(_, item)| item.open_item_id),
        &column(&items, |(_, item)| item.due_date.to_sqlx()) as _,
        &column(&items, |(_, item)| item
            .closed_date
            .map(|day| day.to_sqlx())) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts anew what the customers of invoices have open in the currencies of these.
async fn count_open_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    told: &[&KnownInvoice],
) -> Result<(), DbError> {
    let positions = told.iter().map(|known| {
        let currency = known.open_amount.currency();
        (known.customer_id, currency)
    });
    let positions: BTreeSet<(CustomerId, Currency)> = positions.collect();
    let positions: Vec<_> = positions.into_iter().collect();
    sqlx::query!(
        "INSERT INTO currency_position (tenant_id, customer_id, currency, open_invoice_amount)
         SELECT $1, changed.customer_id, changed.currency, coalesce((
                    SELECT sum(known.open_amount) FROM known_invoice AS known
                     WHERE known.tenant_id = $1 AND known.customer_id = changed.customer_id
                       AND known.currency = changed.currency AND known.open_amount > 0), 0)
           FROM UNNEST($2::uuid[], $3::text[]) AS changed (customer_id, currency)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET open_invoice_amount = excluded.open_invoice_amount",
        tenant.uuid(),
        &column(&positions, |(customer_id, _)| customer_id.0),
        &column(&positions, |(_, currency)| currency.code().to_owned()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The invoices of a customer that payments closed up to a day.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn settled_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    to_date: Date,
) -> Result<Vec<SettledInvoice>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT invoice_date, last_due_date, settled_date AS "settled_date!", gross_amount,
                  currency
             FROM known_invoice
            WHERE tenant_id = $1 AND customer_id = $2 AND settled_date <= $3"#,
        tenant.uuid(),
        customer_id.0,
        to_date.to_sqlx() as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SettledInvoice {
                invoice_date: row.invoice_date.to_jiff(),
                due_date: row.last_due_date.to_jiff(),
                settled_date: row.settled_date.to_jiff(),
                gross_amount: row::money(row.gross_amount, &row.currency)?,
            })
        })
        .collect()
}

/// The earliest due date of anything that was open and overdue at the end of a day.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn oldest_overdue_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    on: Date,
) -> Result<Option<Date>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT min(item.due_date)
           FROM known_open_item AS item
           JOIN known_invoice AS known USING (tenant_id, invoice_id)
          WHERE item.tenant_id = $1 AND item.customer_id = $2
            AND known.invoice_date <= $3 AND item.due_date < $3
            AND (item.closed_date IS NULL OR item.closed_date > $3)",
        tenant.uuid(),
        customer_id.0,
        on.to_sqlx() as _,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(row::date(found))
}
