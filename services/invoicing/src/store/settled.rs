//! The invoices that payment closed in a period, as it looked at its end: nearly all as they stand,
//! summed by the database, and those that changed since from their entries.

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx, column};

use super::figure::Period;
use super::{receivable, row};
use crate::domain::{ClosingKind, InvoiceEntry, InvoiceId, SettledInvoice, SettledSums, history};

/// Sums over the invoices that payment closed in the period.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn settled_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    period: Period,
) -> Result<BTreeMap<Currency, SettledSums>, DbError> {
    let mut sums = unchanged_in_tx(tx, tenant, period).await?;
    let changed = changed_in_tx(tx, tenant, period).await?;
    let invoices = column(&changed, |one| one.invoice_id);
    let mut entries: BTreeMap<InvoiceId, Vec<InvoiceEntry>> = BTreeMap::new();
    for entry in receivable::history_in_tx(tx, tenant, &invoices).await? {
        entries.entry(entry.invoice_id).or_default().push(entry);
    }
    for one in changed {
        let own = entries.remove(&one.invoice_id).unwrap_or_default();
        let currency = one.gross_amount.currency();
        let closing = history::closing_as_of(&own, currency, period.to_date);
        let Some((closed_date, ClosingKind::Payment)) = row::read("entry", closing)? else {
            continue;
        };
        if closed_date < period.from_date {
            continue;
        }
        let settled = SettledInvoice {
            invoice_date: one.invoice_date,
            last_due_date: one.last_due_date,
            closed_date,
            gross_amount: one.gross_amount,
        };
        let of_currency = sums.entry(currency);
        let sum = of_currency.or_insert_with(|| SettledSums::none(currency));
        row::read("sum", sum.add(&settled))?;
    }
    Ok(sums)
}

/// Sums over the invoices that payment closed in the period and that nothing changed since.
async fn unchanged_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    period: Period,
) -> Result<BTreeMap<Currency, SettledSums>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT settled.currency, count(*) AS "count!", sum(gross_amount) AS "amount!",
                  count(*) FILTER (WHERE days_late > 0) AS "late_count!",
                  sum(days_to_pay)::bigint AS "days_to_pay!",
                  sum(gross_amount * days_to_pay) AS "weighted_days!",
                  sum(greatest(days_late, 0))::bigint AS "days_late_early_as_zero!",
                  sum(days_late)::bigint AS "days_late_signed!"
             FROM (SELECT currency, gross_amount, closed_date - invoice_date AS days_to_pay,
                          closed_date - item.last_due_date AS days_late
                     FROM invoice
                    CROSS JOIN LATERAL (
                          SELECT max(due_date) AS last_due_date FROM open_item
                           WHERE tenant_id = $1
                             AND open_item.invoice_id = invoice.invoice_id) item
                    WHERE tenant_id = $1 AND closing_kind = 'PAYMENT'
                      AND closed_date BETWEEN $2 AND $3
                      AND ($4::uuid IS NULL OR customer_id = $4)
                      AND ($5::text IS NULL OR currency = $5)
                      AND NOT EXISTS (
                          SELECT FROM invoice_entry later
                           WHERE later.tenant_id = $1 AND later.invoice_id = invoice.invoice_id
                             AND later.entry_date > $3)) settled
            GROUP BY settled.currency"#,
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
        let sums = SettledSums {
            count: row.count,
            late_count: row.late_count,
            amount: row::money(row.amount, currency)?,
            days_to_pay: row.days_to_pay,
            weighted_days: row.weighted_days,
            days_late_early_as_zero: row.days_late_early_as_zero,
            days_late_signed: row.days_late_signed,
        };
        Ok((currency, sums))
    });
    sums.collect()
}

/// An invoice that was worth nothing at the end of the period and changed since.
struct Changed {
    invoice_id: InvoiceId,
    invoice_date: Date,
    last_due_date: Date,
    gross_amount: Money,
}

/// What was worth nothing can only have changed by owing something again, so invoices that were just
/// paid since need no look.
async fn changed_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    period: Period,
) -> Result<Vec<Changed>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT invoice.invoice_id, invoice.currency, invoice.gross_amount,
                  invoice.invoice_date AS "invoice_date!", item.last_due_date AS "last_due_date!"
             FROM (SELECT invoice_id, sum(amount) AS amount
                     FROM invoice_entry
                    WHERE tenant_id = $1 AND entry_date > $2 AND kind <> 'ISSUE'
                    GROUP BY invoice_id HAVING max(amount) > 0) later
             JOIN invoice ON invoice.tenant_id = $1 AND invoice.invoice_id = later.invoice_id
            CROSS JOIN LATERAL (
                  SELECT sum(open_amount) AS open_amount, max(due_date) AS last_due_date
                    FROM open_item
                   WHERE tenant_id = $1 AND open_item.invoice_id = later.invoice_id) item
            WHERE invoice.counts_from_date <= $2 AND item.open_amount = later.amount
              AND ($3::uuid IS NULL OR invoice.customer_id = $3)
              AND ($4::text IS NULL OR invoice.currency = $4)"#,
        tenant.uuid(),
        period.to_date.to_sqlx() as _,
        period.customer_id.map(|customer| customer.0),
        period.currency.map(Currency::code),
    )
    .fetch_all(&mut **tx)
    .await?;
    let changed = rows.into_iter().map(|row| {
        Ok(Changed {
            invoice_id: InvoiceId(row.invoice_id),
            invoice_date: row.invoice_date.to_jiff(),
            last_due_date: row.last_due_date.to_jiff(),
            gross_amount: row::money(row.gross_amount, row::currency(&row.currency)?)?,
        })
    });
    changed.collect()
}
