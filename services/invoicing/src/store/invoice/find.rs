//! Finding invoices by what they are known by, and locking one.

use std::collections::{BTreeMap, BTreeSet};

use postgres::{DbError, TenantId, Tx};

use super::{InvoiceKey, load_in_tx};
use crate::domain::{Invoice, InvoiceId};

/// An invoice as it is now, to read.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &InvoiceKey,
) -> Result<Option<Invoice>, DbError> {
    let invoice_id = match key {
        InvoiceKey::Id(invoice_id) => Some(*invoice_id),
        InvoiceKey::External(external_id) => sqlx::query_scalar!(
            "SELECT invoice_id FROM invoice WHERE tenant_id = $1 AND external_id = $2",
            tenant.uuid(),
            external_id,
        )
        .fetch_optional(&mut **tx)
        .await?
        .map(InvoiceId),
        InvoiceKey::Number(number) => sqlx::query_scalar!(
            "SELECT invoice_id FROM invoice WHERE tenant_id = $1 AND invoice_number = $2",
            tenant.uuid(),
            number,
        )
        .fetch_optional(&mut **tx)
        .await?
        .map(InvoiceId),
    };
    match invoice_id {
        Some(invoice_id) => Ok(load_in_tx(tx, tenant, &[invoice_id]).await?.pop()),
        None => Ok(None),
    }
}

/// Whether there is such an invoice.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn exists_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM invoice WHERE tenant_id = $1 AND invoice_id = $2)
               AS "exists!""#,
        tenant.uuid(),
        invoice_id.0,
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Locks an invoice in whatever state, then reads it as the holder of the lock before has left it.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
) -> Result<Option<Invoice>, DbError> {
    let locked = sqlx::query_scalar!(
        "SELECT invoice_id FROM invoice WHERE tenant_id = $1 AND invoice_id = $2 FOR UPDATE",
        tenant.uuid(),
        invoice_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    match locked {
        Some(_) => Ok(load_in_tx(tx, tenant, &[invoice_id]).await?.pop()),
        None => Ok(None),
    }
}

/// The invoices that have these external identities.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn external_ids_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_ids: &[String],
) -> Result<BTreeMap<String, InvoiceId>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT external_id AS "external_id!", invoice_id FROM invoice
            WHERE tenant_id = $1 AND external_id = ANY ($2)"#,
        tenant.uuid(),
        external_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let found = rows
        .into_iter()
        .map(|row| (row.external_id, InvoiceId(row.invoice_id)));
    Ok(found.collect())
}

/// Which of these numbers invoices have.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn numbers_taken_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    numbers: &[String],
) -> Result<BTreeSet<String>, DbError> {
    let taken = sqlx::query_scalar!(
        r#"SELECT invoice_number AS "invoice_number!" FROM invoice
            WHERE tenant_id = $1 AND invoice_number = ANY ($2)"#,
        tenant.uuid(),
        numbers,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(taken.into_iter().collect())
}
