//! Requests whose work takes several transactions, with a peer asked in between
//! (apply, place, reverse, collect).
//!
//! The first transaction stores the operation under the request's key, together
//! with a timer of the service. Whoever comes next, the repeat of the request or
//! the timer, loads this operation and drives it on; nobody starts another. The
//! answer is stored at the end and given to every repeat.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use sqlx::Row as _;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use crate::idempotency::{IdempotencyError, Key};
use crate::{DbError, TenantId, Tx};

/// An operation as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its tenant.
    pub tenant: TenantId,
    /// Its identity, the subject of the timer that drives it.
    pub operation_id: Uuid,
    /// What it does, in the service's words.
    pub kind: String,
    /// How far it has come, in the service's words.
    pub progress: serde_json::Value,
    /// The encoded answer, once it has ended.
    pub answer: Option<Vec<u8>>,
}

/// Whether a request started its operation or found it.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Started {
    /// It is new; the caller's transaction stored it.
    New(Operation),
    /// An earlier request with the same key started it.
    Existing(Operation),
}

/// Stores a new operation under the key, or finds the one that is there: locked
/// for the rest of the transaction, or ended.
///
/// # Errors
/// [`IdempotencyError::Reused`] for other content,
/// [`IdempotencyError::InProgress`] while another transaction drives it, or the
/// database's.
pub async fn start_in_tx(
    tx: &mut Tx,
    key: &Key,
    kind: &str,
    progress: &serde_json::Value,
    now: Timestamp,
) -> Result<Started, IdempotencyError> {
    let operation_id = Uuid::now_v7();
    let inserted = sqlx::query(
        "INSERT INTO operation (tenant_id, operation_id, kind, caller, method, request_id,
                                fingerprint, progress, created_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (tenant_id, caller, method, request_id) DO NOTHING",
    )
    .bind(key.tenant.uuid())
    .bind(operation_id)
    .bind(kind)
    .bind(&key.caller)
    .bind(&key.method)
    .bind(&key.request_id)
    .bind(key.fingerprint.as_slice())
    .bind(progress)
    .bind(now.to_sqlx())
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if inserted == 1 {
        let tenant = key.tenant;
        let (kind, progress) = (kind.to_owned(), progress.clone());
        return Ok(Started::New(Operation {
            tenant,
            operation_id,
            kind,
            progress,
            answer: None,
        }));
    }
    match by_key_in_tx(tx, key).await? {
        Some(operation) => Ok(Started::Existing(operation)),
        None => Err(IdempotencyError::InProgress),
    }
}

/// The operation of a key, locked, if one was started and nobody else holds it.
/// One that has ended is found without its lock too: a timer that looks once more
/// must not keep its answer from a repeat.
async fn by_key_in_tx(tx: &mut Tx, key: &Key) -> Result<Option<Operation>, IdempotencyError> {
    macro_rules! of_key {
        ($which:literal) => {
            concat!(
                "SELECT tenant_id, operation_id, kind, progress, answer, fingerprint FROM operation
                  WHERE tenant_id = $1 AND caller = $2 AND method = $3 AND request_id = $4 ",
                $which
            )
        };
    }
    for query in [
        of_key!("FOR UPDATE SKIP LOCKED"),
        of_key!("AND answer IS NOT NULL"),
    ] {
        let row = sqlx::query(query)
            .bind(key.tenant.uuid())
            .bind(&key.caller)
            .bind(&key.method)
            .bind(&key.request_id)
            .fetch_optional(&mut **tx)
            .await?;
        let Some(row) = row else { continue };
        key.check_content(&row)?;
        return Ok(Some(from_row(&row)?));
    }
    Ok(None)
}

/// Loads an operation and locks it for the rest of the transaction.
///
/// # Errors
/// [`DbError`] of the statement, retryable where the lock is not to be had.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    operation_id: Uuid,
) -> Result<Option<Operation>, DbError> {
    let row = sqlx::query(
        "SELECT tenant_id, operation_id, kind, progress, answer FROM operation
          WHERE tenant_id = $1 AND operation_id = $2 FOR UPDATE",
    )
    .bind(tenant.uuid())
    .bind(operation_id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.as_ref().map(from_row).transpose()?)
}

/// Stores how far a locked operation has come.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn advance_in_tx(
    tx: &mut Tx,
    operation: &Operation,
    progress: &serde_json::Value,
) -> Result<(), DbError> {
    sqlx::query("UPDATE operation SET progress = $3 WHERE tenant_id = $1 AND operation_id = $2")
        .bind(operation.tenant.uuid())
        .bind(operation.operation_id)
        .bind(progress)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends a locked operation with the answer that every repeat gets.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn finish_in_tx(
    tx: &mut Tx,
    operation: &Operation,
    answer: &[u8],
    now: Timestamp,
) -> Result<(), DbError> {
    sqlx::query(
        "UPDATE operation SET answer = $3, finished_time = $4
          WHERE tenant_id = $1 AND operation_id = $2 AND answer IS NULL",
    )
    .bind(operation.tenant.uuid())
    .bind(operation.operation_id)
    .bind(answer)
    .bind(now.to_sqlx())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn from_row(row: &PgRow) -> Result<Operation, sqlx::Error> {
    Ok(Operation {
        tenant: TenantId::new(row.try_get("tenant_id")?),
        operation_id: row.try_get("operation_id")?,
        kind: row.try_get("kind")?,
        progress: row.try_get("progress")?,
        answer: row.try_get("answer")?,
    })
}
