//! What counts towards promises. A fact is counted once; a reversal is noted on it, and the fact stays.

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use rust_decimal::Decimal;
use uuid::Uuid;

use crate::domain::id::InvoiceId;
use crate::domain::promise::{Counted, CountedKind, Promise};
use crate::store::row;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    source_id: Uuid,
    invoice_id: Uuid,
    kind: String,
    amount: Decimal,
    currency: String,
    fact_date: jiff_sqlx::Date,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_counted(self) -> Result<Counted, DbError> {
        Ok(Counted {
            source_id: self.source_id,
            kind: row::named("kind", &self.kind)?,
            invoice_id: InvoiceId::new(self.invoice_id),
            amount: row::money(self.amount, &self.currency)?,
            date: self.fact_date.to_jiff(),
        })
    }
}

/// By what a fact is known within its promise.
type Key = (Uuid, InvoiceId, CountedKind);

const fn key(counted: &Counted) -> Key {
    (counted.source_id, counted.invoice_id, counted.kind)
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
