//! The projections of payments: money that lowers no invoice, and receipts.

use std::collections::BTreeMap;

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::identity::{CustomerId, ReceiptId};

/// Stores what is left of a customer's money, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_unapplied_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    unapplied: Money,
    version: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_unapplied_cash (tenant_id, customer_id, currency_code,
                                           unapplied_amount, entry_version)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, customer_id, currency_code) DO UPDATE
            SET unapplied_amount = excluded.unapplied_amount,
                entry_version = excluded.entry_version
          WHERE known_unapplied_cash.entry_version < excluded.entry_version",
        tenant.uuid(),
        customer_id.uuid(),
        unapplied.currency().code(),
        unapplied.amount(),
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A customer's money that lowers no invoice, by currency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn unapplied_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<BTreeMap<Currency, Money>, DbError> {
    let rows = sqlx::query!(
        "SELECT currency_code, unapplied_amount FROM known_unapplied_cash
          WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut unapplied = BTreeMap::new();
    for row in rows {
        let currency = row::currency(&row.currency_code)?;
        unapplied.insert(currency, row::money(row.unapplied_amount, currency)?);
    }
    Ok(unapplied)
}

/// A receipt as payments announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownReceipt {
    /// The receipt.
    pub receipt_id: ReceiptId,
    /// Whose money it is; none: nobody knows.
    pub customer_id: Option<CustomerId>,
    /// What came in.
    pub amount: Money,
    /// The day it counts from.
    pub receipt_date: Date,
    /// Whether it was taken back.
    pub reversed: bool,
}

/// Stores what was announced of a receipt, unless something newer is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_receipt_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    known: &KnownReceipt,
    version: i64,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_receipt (tenant_id, receipt_id, customer_id, currency_code, amount,
                                    receipt_date, reversed, feed_version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id, receipt_id) DO UPDATE
            SET customer_id = excluded.customer_id, amount = excluded.amount,
                receipt_date = excluded.receipt_date, reversed = excluded.reversed,
                feed_version = excluded.feed_version
          WHERE known_receipt.feed_version < excluded.feed_version",
        tenant.uuid(),
        known.receipt_id.uuid(),
        known.customer_id.map(CustomerId::uuid),
        known.amount.currency().code(),
        known.amount.amount(),
        known.receipt_date.to_sqlx() as _,
        known.reversed,
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The last payment of each customer that stands: its day and amount.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn last_payments_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, (Date, Money)>, DbError> {
    let ids: Vec<uuid::Uuid> = customer_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (customer_id) customer_id AS "customer_id!", currency_code, amount,
                  receipt_date
             FROM known_receipt
            WHERE tenant_id = $1 AND customer_id = ANY ($2) AND NOT reversed
            ORDER BY customer_id, receipt_date DESC, receipt_id DESC"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut last = BTreeMap::new();
    for row in rows {
        let amount = row::money(row.amount, row::currency(&row.currency_code)?)?;
        let customer_id = CustomerId::new(row.customer_id);
        last.insert(customer_id, (row.receipt_date.to_jiff(), amount));
    }
    Ok(last)
}
