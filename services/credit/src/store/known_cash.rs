//! What the feeds tell of a customer's money: what came in, what of it was applied to invoices, what
//! they have in credit. Who writes here holds the customer's exposure.

use std::collections::BTreeMap;

use money::{Currency, Decimal, Money, MoneyError};
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::row::{self, newest};
use crate::domain::CustomerId;

/// What of a receipt is still with us, as payments told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownReceipt {
    /// The receipt.
    pub receipt_id: Uuid,
    /// Whose money it is; `None` while nobody knows.
    pub customer_id: Option<CustomerId>,
    /// What came in less what was refunded or returned.
    pub kept_amount: Money,
    /// Rises with every change.
    pub version: i64,
}

/// Who receipts were known to be of, to lock their exposures too.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn owners_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipts: &[Uuid],
) -> Result<Vec<CustomerId>, DbError> {
    let owners = sqlx::query_scalar!(
        r#"SELECT customer_id AS "customer_id!" FROM known_receipt
            WHERE tenant_id = $1 AND receipt_id = ANY ($2) AND customer_id IS NOT NULL"#,
        tenant.uuid(),
        receipts,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(owners.into_iter().map(CustomerId).collect())
}

/// Keeps what was told of receipts, of each the newest, and moves the money in the positions, unless
/// something newer is known. Afterwards [`super::exposure::recount_in_tx`].
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn keep_receipts_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    told: &[KnownReceipt],
) -> Result<(), DbError> {
    let mut newest = newest(told, |known| known.receipt_id, |known| known.version);
    let ids: Vec<Uuid> = newest.keys().copied().collect();
    let before = sqlx::query!(
        "SELECT receipt_id, customer_id, kept_amount, currency, version FROM known_receipt
          WHERE tenant_id = $1 AND receipt_id = ANY ($2) ORDER BY receipt_id FOR UPDATE",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut moved = Moved::new();
    for before in before {
        let told = newest.get(&before.receipt_id);
        if told.is_some_and(|told| told.version <= before.version) {
            newest.remove(&before.receipt_id);
        } else if let Some(customer_id) = before.customer_id {
            let amount = row::money(before.kept_amount, &before.currency)?;
            add(&mut moved, CustomerId(customer_id), amount.negated())?;
        }
    }
    let news: Vec<&KnownReceipt> = newest.into_values().collect();
    if news.is_empty() {
        return Ok(());
    }
    for known in &news {
        if let Some(customer_id) = known.customer_id {
            add(&mut moved, customer_id, known.kept_amount)?;
        }
    }
    receive_in_tx(tx, tenant, &moved).await?;
    sqlx::query!(
        "INSERT INTO known_receipt
                (tenant_id, receipt_id, customer_id, currency, kept_amount, version)
         SELECT $1, * FROM UNNEST($2::uuid[], $3::uuid[], $4::text[], $5::numeric[], $6::bigint[])
         ON CONFLICT (tenant_id, receipt_id) DO UPDATE
            SET customer_id = excluded.customer_id, kept_amount = excluded.kept_amount,
                version = excluded.version",
        tenant.uuid(),
        &column(&news, |known| known.receipt_id),
        &column(&news, |known| known
            .customer_id
            .map(|customer_id| customer_id.0)) as _,
        &column(&news, |known| known
            .kept_amount
            .currency()
            .code()
            .to_owned()),
        &column(&news, |known| known.kept_amount.amount()),
        &column(&news, |known| known.version),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Money that moves in positions, by customer and currency.
pub type Moved = BTreeMap<(CustomerId, Currency), Money>;

/// Adds to what moves in a position.
///
/// # Errors
/// [`DbError`]: a sum beyond what money holds, a fault of the stored data.
pub fn add(moved: &mut Moved, customer_id: CustomerId, amount: Money) -> Result<(), DbError> {
    let currency = amount.currency();
    let sum = moved
        .entry((customer_id, currency))
        .or_insert_with(|| Money::zero(currency));
    let beyond = |error: MoneyError| sqlx::Error::Decode(error.to_string().into());
    *sum = sum.checked_add(amount).map_err(beyond)?;
    Ok(())
}

async fn receive_in_tx(tx: &mut Tx, tenant: TenantId, moved: &Moved) -> Result<(), DbError> {
    if moved.is_empty() {
        return Ok(());
    }
    let (customers, currencies, amounts) = columns(moved);
    sqlx::query!(
        "INSERT INTO currency_position AS own (tenant_id, customer_id, currency, received_amount)
         SELECT $1, * FROM UNNEST($2::uuid[], $3::text[], $4::numeric[])
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET received_amount = own.received_amount + excluded.received_amount",
        tenant.uuid(),
        &customers,
        &currencies,
        &amounts,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Adds to what of customers' money was applied to invoices; negative: it was taken back. Afterwards
/// [`super::exposure::recount_in_tx`].
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn apply_in_tx(tx: &mut Tx, tenant: TenantId, moved: &Moved) -> Result<(), DbError> {
    if moved.is_empty() {
        return Ok(());
    }
    let (customers, currencies, amounts) = columns(moved);
    sqlx::query!(
        "INSERT INTO currency_position AS own (tenant_id, customer_id, currency, applied_amount)
         SELECT $1, * FROM UNNEST($2::uuid[], $3::text[], $4::numeric[])
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET applied_amount = own.applied_amount + excluded.applied_amount",
        tenant.uuid(),
        &customers,
        &currencies,
        &amounts,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn columns(moved: &Moved) -> (Vec<Uuid>, Vec<String>, Vec<Decimal>) {
    let rows = moved.iter().map(|((customer_id, currency), amount)| {
        (customer_id.0, currency.code().to_owned(), amount.amount())
    });
    rows.collect()
}

/// Keeps what a customer has in credit in a currency, unless something newer is known. Afterwards
/// [`super::exposure::recount_in_tx`].
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn keep_credit_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    open_amount: Money,
    version: i64,
) -> Result<(), DbError> {
    let currency: Currency = open_amount.currency();
    sqlx::query!(
        "INSERT INTO currency_position AS own
                (tenant_id, customer_id, currency, customer_credit_amount, customer_credit_version)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET customer_credit_amount = excluded.customer_credit_amount,
                customer_credit_version = excluded.customer_credit_version
          WHERE own.customer_credit_version < excluded.customer_credit_version",
        tenant.uuid(),
        customer_id.0,
        currency.code(),
        open_amount.amount(),
        version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
