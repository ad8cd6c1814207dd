//! What the feed of invoicing tells of invoices, and what is counted from it. Who writes here holds
//! the customer's exposure.

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
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

/// Keeps what was told, unless something newer is known; `false`: it is.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn keep_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &KnownInvoice,
) -> Result<bool, DbError> {
    let last_due_date = known.items.iter().map(|item| item.due_date).max();
    let kept = sqlx::query!(
        "INSERT INTO known_invoice AS known
                (tenant_id, invoice_id, customer_id, invoice_date, last_due_date, currency,
                 gross_amount, open_amount, disputed_amount, settled_date, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
         ON CONFLICT (tenant_id, invoice_id) DO UPDATE
            SET last_due_date = excluded.last_due_date, gross_amount = excluded.gross_amount,
                open_amount = excluded.open_amount, disputed_amount = excluded.disputed_amount,
                settled_date = excluded.settled_date, version = excluded.version
          WHERE known.version < excluded.version",
        tenant.uuid(),
        known.invoice_id.0,
        known.customer_id.0,
        known.invoice_date.to_sqlx() as _,
        last_due_date.unwrap_or(known.invoice_date).to_sqlx() as _,
        known.gross_amount.currency().code(),
        known.gross_amount.amount(),
        known.open_amount.amount(),
        known.disputed_amount.amount(),
        known.settled_date.map(|day| day.to_sqlx()) as _,
        known.version,
    )
    .execute(&mut **tx)
    .await?;
    if kept.rows_affected() == 0 {
        return Ok(false);
    }
    keep_items_in_tx(tx, tenant, known).await?;
    recount_in_tx(tx, tenant, known.customer_id, known.open_amount.currency()).await?;
    Ok(true)
}

async fn keep_items_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &KnownInvoice,
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = known.items.iter().map(|item| item.open_item_id).collect();
    let due: Vec<_> = known
        .items
        .iter()
        .map(|item| item.due_date.to_sqlx())
        .collect();
    let closed = known.items.iter().map(|item| item.closed_date);
    let closed: Vec<_> = closed.map(|day| day.map(|day| day.to_sqlx())).collect();
    sqlx::query!(
        "INSERT INTO known_open_item
                (tenant_id, invoice_id, customer_id, open_item_id, due_date, closed_date)
         SELECT $1, $2, $3, item, due, closed
           FROM UNNEST($4::uuid[], $5::date[], $6::date[]) AS told (item, due, closed)
         ON CONFLICT (tenant_id, invoice_id, open_item_id) DO UPDATE
            SET due_date = excluded.due_date, closed_date = excluded.closed_date",
        tenant.uuid(),
        known.invoice_id.0,
        known.customer_id.0,
        &ids,
        &due as _,
        &closed as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts anew what a customer has open in a currency, and since when anything is due that they do
/// not dispute as a whole.
async fn recount_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    currency: Currency,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO currency_position (tenant_id, customer_id, currency, open_invoice_amount)
         SELECT $1, $2, $3, coalesce(sum(open_amount), 0) FROM known_invoice
          WHERE tenant_id = $1 AND customer_id = $2 AND currency = $3 AND open_amount > 0
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET open_invoice_amount = excluded.open_invoice_amount",
        tenant.uuid(),
        customer_id.0,
        currency.code(),
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "UPDATE exposure
            SET version = version + 1,
                oldest_due_date = (
                    SELECT min(item.due_date)
                      FROM known_invoice AS known
                      JOIN known_open_item AS item USING (tenant_id, invoice_id)
                     WHERE known.tenant_id = $1 AND known.customer_id = $2
                       AND known.open_amount > 0 AND known.open_amount > known.disputed_amount
                       AND item.closed_date IS NULL)
          WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
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
