//! The sums that figures of a period are computed from, each currency on its own, as of the end of
//! the period: what came later changes nothing.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::CustomerId;

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Period {
    /// Its first day.
    pub from_date: Date,
    /// Its last day.
    pub to_date: Date,
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only in this currency.
    pub currency: Option<Currency>,
}

impl Period {
    /// Its days, both ends included.
    #[must_use]
    pub fn day_count(&self) -> i32 {
        (self.to_date - self.from_date).get_days() + 1
    }
}

/// Sums over the invoices with an invoice date in the period, those left out that were void at its
/// end.
#[derive(Debug, Clone, Copy)]
pub struct Invoiced {
    /// Sum of their gross amounts.
    pub amount: Money,
    /// How many.
    pub count: i64,
    /// Those that have or had a dispute at the end of the period.
    pub disputed_count: i64,
}

/// What was invoiced.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn invoiced_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    period: Period,
) -> Result<BTreeMap<Currency, Invoiced>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT currency, sum(gross_amount) AS "amount!", count(*) AS "count!",
                  count(*) FILTER (WHERE EXISTS (
                      SELECT FROM dispute
                       WHERE dispute.tenant_id = $1 AND dispute.invoice_id = invoice.invoice_id
                         AND dispute.disputed_date <= $3)) AS "disputed_count!"
             FROM invoice
            WHERE tenant_id = $1 AND issued_time IS NOT NULL
              AND invoice_date BETWEEN $2 AND $3
              AND NOT (state = 'VOID' AND closed_date <= $3)
              AND ($4::uuid IS NULL OR customer_id = $4)
              AND ($5::text IS NULL OR currency = $5)
            GROUP BY currency"#,
        tenant.uuid(),
        period.from_date.to_sqlx() as _,
        period.to_date.to_sqlx() as _,
        period.customer_id.map(|customer| customer.0),
        period.currency.map(Currency::code),
    )
    .fetch_all(&mut **tx)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let currency = row::currency(&row.currency)?;
        let invoiced = Invoiced {
            amount: row::money(row.amount, currency)?,
            count: row.count,
            disputed_count: row.disputed_count,
        };
        Ok((currency, invoiced))
    });
    sums.collect()
}

/// Gross amounts of the credit notes of the period.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn credited_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    period: Period,
) -> Result<BTreeMap<Currency, Money>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT currency, sum(gross_amount) AS "amount!"
             FROM credit_note
            WHERE tenant_id = $1 AND credit_note_date BETWEEN $2 AND $3
              AND ($4::uuid IS NULL OR customer_id = $4)
              AND ($5::text IS NULL OR currency = $5)
            GROUP BY currency"#,
        tenant.uuid(),
        period.from_date.to_sqlx() as _,
        period.to_date.to_sqlx() as _,
        period.customer_id.map(|customer| customer.0),
        period.currency.map(Currency::code),
    )
    .fetch_all(&mut **tx)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let currency = row::currency(&row.currency)?;
        Ok((currency, row::money(row.amount, currency)?))
    });
    sums.collect()
}

/// What was written off in the period less what was reinstated in it, whatever reinstated it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn written_off_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    period: Period,
) -> Result<BTreeMap<Currency, Money>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT entry.currency, - sum(entry.amount) AS "amount!"
             FROM invoice_entry entry
             JOIN invoice USING (tenant_id, invoice_id)
            WHERE entry.tenant_id = $1 AND entry.entry_date BETWEEN $2 AND $3
              AND entry.kind IN ('WRITE_OFF', 'REINSTATEMENT')
              AND ($4::uuid IS NULL OR invoice.customer_id = $4)
              AND ($5::text IS NULL OR entry.currency = $5)
            GROUP BY entry.currency"#,
        tenant.uuid(),
        period.from_date.to_sqlx() as _,
        period.to_date.to_sqlx() as _,
        period.customer_id.map(|customer| customer.0),
        period.currency.map(Currency::code),
    )
    .fetch_all(&mut **tx)
    .await?;
    let sums = rows.into_iter().map(|row| {
        let currency = row::currency(&row.currency)?;
        Ok((currency, row::money(row.amount, currency)?))
    });
    sums.collect()
}
