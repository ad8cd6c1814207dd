//! What was outstanding at the end of any day: what is open now less what counts later (AG-4). So
//! the nearer the day, the less is read, and of today only what is open.

use futures_util::{Stream, TryStreamExt as _};
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Decimal};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::{AgedAmount, AgedBook, AgingBasis, CustomerId, Outstanding};

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Selection {
    /// The day at whose end it is told.
    pub as_of_date: Date,
    /// From which day items age.
    pub basis: AgingBasis,
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in this currency.
    pub currency: Option<Currency>,
}

/// A part of what is outstanding, and whose it is where customers are told apart.
#[derive(Debug, Clone, Copy)]
pub struct Part {
    /// The customer; `None`: of all together.
    pub customer_id: Option<CustomerId>,
    /// What is outstanding.
    pub outstanding: Outstanding,
}

struct Row {
    customer_id: Option<Uuid>,
    currency: String,
    aged_date: Option<jiff_sqlx::Date>,
    amount: Decimal,
    item_count: i64,
}

impl Row {
    /// Without a day it is credit.
    fn into_part(self) -> Result<Part, DbError> {
        let amount = row::money(self.amount, row::currency(&self.currency)?)?;
        let item_count = self.item_count;
        let outstanding = match row::date(self.aged_date) {
            None => Outstanding::CustomerCredit(amount),
            Some(date) => Outstanding::Items(AgedAmount {
                date,
                amount,
                item_count,
            }),
        };
        Ok(Part {
            customer_id: self.customer_id.map(CustomerId),
            outstanding,
        })
    }
}

/// What is outstanding, of all selected together.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn book_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    selection: Selection,
) -> Result<AgedBook, DbError> {
    let mut book = AgedBook::default();
    let mut parts = std::pin::pin!(parts_in_tx(tx, tenant, selection, false));
    while let Some(part) = parts.try_next().await? {
        row::read("sum", book.add(part.outstanding))?;
    }
    Ok(book)
}

/// What is outstanding, part by part as it is read: by customer where customers are told apart, then
/// by currency. An item that was worth nothing then is not counted.
pub fn parts_in_tx<'a>(
    tx: &'a mut Tx,
    tenant: TenantId,
    selection: Selection,
    by_customer: bool,
) -> impl Stream<Item = Result<Part, DbError>> + Send + 'a {
    let by_due_date = selection.basis == AgingBasis::DueDate;
    sqlx::query_as!(
        Row,
        r#"WITH moved AS (
             SELECT invoice_id, open_item_id, customer_id, currency, invoice_date, due_date,
                    open_amount AS amount
               FROM open_item
              WHERE tenant_id = $1 AND closed_date IS NULL AND counts_from_date <= $2
                AND ($3::uuid IS NULL OR customer_id = $3)
                AND ($4::text IS NULL OR currency = $4)
             UNION ALL
             SELECT item.invoice_id, item.open_item_id, item.customer_id, item.currency,
                    item.invoice_date, item.due_date, - later.amount
               FROM invoice_entry later
               JOIN open_item item USING (tenant_id, invoice_id, open_item_id)
              WHERE later.tenant_id = $1 AND later.entry_date > $2 AND item.counts_from_date <= $2
                AND ($3::uuid IS NULL OR item.customer_id = $3)
                AND ($4::text IS NULL OR item.currency = $4)
           ), worth AS (
             SELECT customer_id, currency, CASE WHEN $5 THEN due_date ELSE invoice_date END
                    AS aged_date, sum(amount) AS amount
               FROM moved
              GROUP BY invoice_id, open_item_id, customer_id, currency, invoice_date, due_date
             HAVING sum(amount) <> 0
           )
           SELECT CASE WHEN $6 THEN customer_id END AS "customer_id?", currency AS "currency!",
                  aged_date AS "aged_date?", sum(amount) AS "amount!", count(*) AS "item_count!"
             FROM worth
            GROUP BY 1, 2, 3
           UNION ALL
           SELECT CASE WHEN $6 THEN customer_id END, currency, NULL, sum(amount), 0
             FROM customer_credit_entry
            WHERE tenant_id = $1 AND entry_date <= $2
              AND ($3::uuid IS NULL OR customer_id = $3)
              AND ($4::text IS NULL OR currency = $4)
            GROUP BY 1, 2
           HAVING sum(amount) <> 0
            ORDER BY 1, 2"#,
        tenant.uuid(),
        selection.as_of_date.to_sqlx() as _,
        selection.customer_id.map(|customer| customer.0),
        selection.currency.map(Currency::code),
        by_due_date,
        by_customer,
    )
    .fetch(&mut **tx)
    .map_err(DbError::from)
    .and_then(async |row| row.into_part())
}
