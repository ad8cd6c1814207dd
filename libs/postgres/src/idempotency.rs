//! What makes a request act once (P3, P4).
//!
//! The key is tenant, caller, method and the caller's request id; the fingerprint
//! is a hash of the request's content. The first request inserts the row, does its
//! work and stores its answer in one transaction. A repeat finds the row: same
//! fingerprint, the stored answer; another, a refusal. Two at the same moment are
//! told apart by a lock on the key that is only tried, never waited for: the
//! second is told that the first is still running. A refused request leaves no
//! row, as nothing commits.

use sha2::{Digest as _, Sha256};
use sqlx::Row as _;
use sqlx::postgres::PgRow;

use crate::{Database, DbError, Retryable, TenantId, Tx};

/// What a request is known by, and a hash of what it asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The tenant of the caller's token.
    pub tenant: TenantId,
    /// The calling application.
    pub caller: String,
    /// The RPC.
    pub method: String,
    /// The caller's name for the request.
    pub request_id: String,
    /// SHA-256 of the request's canonical encoding without the request id.
    pub fingerprint: [u8; 32],
}

impl Key {
    /// Refuses a stored row of this key, by its column `fingerprint`, that is of a request with other
    /// content.
    pub(crate) fn check_content(&self, row: &PgRow) -> Result<(), IdempotencyError> {
        let same = row.try_get::<&[u8], _>("fingerprint")? == self.fingerprint;
        same.then_some(()).ok_or(IdempotencyError::Reused)
    }

    /// The lock that stands for this key: 64 bits of a hash. Two keys with the
    /// same one only make each other wait for a moment.
    fn lock(&self) -> i64 {
        let mut hash = Sha256::new();
        hash.update(self.tenant.uuid().as_bytes());
        for part in [&self.caller, &self.method, &self.request_id] {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        let [a, b, c, d, e, f, g, h, ..]: [u8; 32] = hash.finalize().into();
        i64::from_be_bytes([a, b, c, d, e, f, g, h])
    }
}

/// Why a request with an id is neither done nor answered from store.
#[derive(Debug, thiserror::Error)]
pub enum IdempotencyError {
    /// The id was used before, for a request with other content.
    #[error("the request id was used before for a request with other content")]
    Reused,
    /// The request with this id is being worked on at this moment.
    #[error("the request with this id is still running")]
    InProgress,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl Retryable for IdempotencyError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

impl From<sqlx::Error> for IdempotencyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

/// Where a request stands when its transaction begins.
#[derive(Debug)]
#[must_use]
pub enum Begun {
    /// It is the first: do the work, then [`First::finish_in_tx`].
    First(First),
    /// It was done before: this is the encoded answer.
    Replay(Vec<u8>),
}

/// The open row of a request that is being done.
#[derive(Debug)]
#[must_use = "without its answer stored, a repeat of the request could not be answered"]
pub struct First {
    key: Key,
}

/// The stored answer of an earlier request with this key, if there is one. Asked
/// before peers are, so that a repeat is answered also while they are down.
///
/// # Errors
/// [`IdempotencyError::Reused`] for other content, or the database's.
pub async fn stored(db: &Database, key: &Key) -> Result<Option<Vec<u8>>, IdempotencyError> {
    let mut tx = db.begin_read(key.tenant).await?;
    let found = look_up(&mut tx, key).await?;
    tx.commit().await?;
    Ok(found)
}

/// Takes the key for the rest of the transaction, or tells what became of it.
///
/// # Errors
/// [`IdempotencyError::InProgress`] while another transaction has it,
/// [`IdempotencyError::Reused`] for other content, or the database's.
pub async fn begin_in_tx(tx: &mut Tx, key: &Key) -> Result<Begun, IdempotencyError> {
    // Lock and insert in one statement. No row comes back where the lock is taken
    // and where the key exists; the look-up tells the two apart.
    let inserted = sqlx::query(
        "INSERT INTO idempotency (tenant_id, caller, method, request_id, fingerprint)
         SELECT $1, $2, $3, $4, $5 WHERE pg_try_advisory_xact_lock($6)
         ON CONFLICT DO NOTHING",
    )
    .bind(key.tenant.uuid())
    .bind(&key.caller)
    .bind(&key.method)
    .bind(&key.request_id)
    .bind(key.fingerprint.as_slice())
    .bind(key.lock())
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if inserted == 1 {
        return Ok(Begun::First(First { key: key.clone() }));
    }
    match look_up(tx, key).await? {
        Some(answer) => Ok(Begun::Replay(answer)),
        None => Err(IdempotencyError::InProgress),
    }
}

async fn look_up(tx: &mut Tx, key: &Key) -> Result<Option<Vec<u8>>, IdempotencyError> {
    let row = sqlx::query(
        "SELECT fingerprint, answer FROM idempotency
          WHERE tenant_id = $1 AND caller = $2 AND method = $3 AND request_id = $4",
    )
    .bind(key.tenant.uuid())
    .bind(&key.caller)
    .bind(&key.method)
    .bind(&key.request_id)
    .fetch_optional(&mut **tx)
    .await?;
    let Some(row) = row else { return Ok(None) };
    key.check_content(&row)?;
    Ok(Some(row.try_get("answer")?))
}

impl First {
    /// Stores the encoded answer, to be given to every repeat.
    ///
    /// # Errors
    /// [`DbError`] of the statement.
    pub async fn finish_in_tx(self, tx: &mut Tx, answer: &[u8]) -> Result<(), DbError> {
        sqlx::query(
            "UPDATE idempotency SET answer = $5
              WHERE tenant_id = $1 AND caller = $2 AND method = $3 AND request_id = $4",
        )
        .bind(self.key.tenant.uuid())
        .bind(&self.key.caller)
        .bind(&self.key.method)
        .bind(&self.key.request_id)
        .bind(answer)
        .execute(&mut **tx)
        .await?;
        Ok(())
    }
}

/// Deletes up to `limit` rows that are older than the 30 days for which answers
/// are kept, and tells how many it deleted. Natural keys stay unique for ever in
/// tables of their own.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn forget_old(db: &Database, limit: i64) -> Result<u64, DbError> {
    let mut tx = db.begin_background().await?;
    let deleted = sqlx::query(
        "DELETE FROM idempotency WHERE ctid = ANY (ARRAY(
             SELECT ctid FROM idempotency
              WHERE created_time < now() - interval '30 days'
              ORDER BY created_time LIMIT $1))",
    )
    .bind(limit)
    .execute(&mut *tx)
    .await?
    .rows_affected();
    tx.commit().await?;
    Ok(deleted)
}
