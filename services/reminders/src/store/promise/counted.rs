//! What counts towards promises. A fact is counted once; a reversal is noted on it, and the fact stays.

use std::collections::BTreeMap;

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::domain::id::InvoiceId;
use crate::domain::promise::{Counted, CountedKind, Promise};
use crate::store::row;

/// By what a fact is known within its promise.
type Key = (Uuid, InvoiceId, CountedKind);

const fn key(counted: &Counted) -> Key {
    (counted.source_id, counted.invoice_id, counted.kind)
}

/// Fills in what counts by now, in the order in which it came.
///
/// # Errors
/// [`DbError`] of the statement.
pub(super) async fn load_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    promises: &mut [Promise],
) -> Result<(), DbError> {
    let ids: Vec<Uuid> = promises.iter().map(|one| one.promise_id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT promise_id, source_id, invoice_id, kind, amount, currency, fact_date
           FROM promise_counted
          WHERE tenant_id = $1 AND promise_id = ANY ($2) AND reversed_time IS NULL
          ORDER BY counted_time, source_id, invoice_id, kind",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut by_promise: BTreeMap<Uuid, Vec<Counted>> = BTreeMap::new();
    for found in rows {
        let counted = Counted {
            source_id: found.source_id,
            kind: row::named("kind", &found.kind)?,
            invoice_id: InvoiceId::new(found.invoice_id),
            amount: row::money(found.amount, &found.currency)?,
            date: found.fact_date.to_jiff(),
        };
        by_promise
            .entry(found.promise_id)
            .or_default()
            .push(counted);
    }
    for promise in promises {
        promise.counted = by_promise
            .remove(&promise.promise_id.uuid())
            .unwrap_or_default();
    }
    Ok(())
}

/// Stores what counts more, or no longer, than `before`.
///
/// # Errors
/// [`DbError`] of the statements.
pub(super) async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    before: &Promise,
    promise: &Promise,
    now: Timestamp,
) -> Result<(), DbError> {
    let known = |facts: &[Counted], one: &Counted| facts.iter().any(|fact| key(fact) == key(one));
    for added in &promise.counted {
        if !known(&before.counted, added) {
            insert_in_tx(tx, tenant, promise, added, now).await?;
        }
    }
    for gone in &before.counted {
        if !known(&promise.counted, gone) {
            reverse_in_tx(tx, tenant, promise, gone, now).await?;
        }
    }
    Ok(())
}

async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    promise: &Promise,
    counted: &Counted,
    now: Timestamp,
) -> Result<(), DbError> {
    let amount: Decimal = counted.amount.amount();
    sqlx::query!(
        "INSERT INTO promise_counted (tenant_id, promise_id, source_id, invoice_id, kind, amount,
                                      currency, fact_date, counted_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        promise.promise_id.uuid(),
        counted.source_id,
        counted.invoice_id.uuid(),
        counted.kind.name(),
        amount,
        counted.amount.currency().code(),
        counted.date.to_sqlx() as _,
        now.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

async fn reverse_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    promise: &Promise,
    gone: &Counted,
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE promise_counted SET reversed_time = $6
          WHERE tenant_id = $1 AND promise_id = $2 AND source_id = $3 AND invoice_id = $4
            AND kind = $5",
        tenant.uuid(),
        promise.promise_id.uuid(),
        gone.source_id,
        gone.invoice_id.uuid(),
        gone.kind.name(),
        now.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
