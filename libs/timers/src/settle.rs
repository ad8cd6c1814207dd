//! The end of a claim. The handler settles it in its own tenant transaction; what came to
//! nothing is put off or parked by the worker. All of it checks the token, so only the last
//! holder of a timer ever decides about it.

use std::time::Duration;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{Database, DbError, Retryable, Tx};

use crate::claim::Query;
use crate::{Claim, Scheduled};

/// Why a claim could not be settled.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The lease ended and another worker took the timer up, or it was moved or cancelled
    /// meanwhile. The transaction is spoiled: its commit fails, nothing of the work stands.
    #[error("the lease of the timer was lost: somebody else took it up, moved or cancelled it")]
    LeaseLost,
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<sqlx::Error> for LeaseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Db(error.into())
    }
}

impl Retryable for LeaseError {
    fn is_retryable(&self) -> bool {
        matches!(self, Self::Db(error) if error.is_retryable())
    }
}

/// Proof that the handler settled its claim, which it returns once its transaction has
/// committed.
#[derive(Debug)]
#[must_use = "a handler returns it after the commit"]
pub struct Settled {
    /// When the timer runs next, to be announced.
    pub(crate) next: Option<Scheduled>,
}

impl Settled {
    /// For work shared with an RPC, whose own transaction cancels or moves the timer by its
    /// key. The claim is not checked then: the lock on the aggregate must keep two from doing
    /// the work. If the timer is still there, it runs again when the lease ends.
    pub const fn elsewhere() -> Self {
        Self { next: None }
    }
}

/// Ends the timer, with the effects of the work in the same transaction.
///
/// # Errors
/// [`LeaseError::LeaseLost`] for a claim that no longer holds; the transaction cannot commit
/// then.
pub async fn finish_in_tx(tx: &mut Tx, claim: &Claim) -> Result<Settled, LeaseError> {
    let query = sqlx::query(
        "DELETE FROM timer
          WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND lease_token = $4",
    );
    let ended = bind_claim(query, claim)
        .execute(&mut **tx)
        .await?
        .rows_affected();
    if ended == 0 {
        return Err(lost_in_tx(tx).await);
    }
    Ok(Settled { next: None })
}

/// Runs the timer again at `due_time`, with the effects of this run in the same transaction.
/// Its tries start afresh.
///
/// # Errors
/// As [`finish_in_tx`].
pub async fn reschedule_in_tx(
    tx: &mut Tx,
    claim: &Claim,
    due_time: Timestamp,
) -> Result<Settled, LeaseError> {
    let query = sqlx::query(
        "UPDATE timer
            SET due_time = $5, lease_until = '-infinity', lease_token = nextval('timer_token'),
                attempt = 0, postponed = 0
          WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND lease_token = $4",
    );
    let query = bind_claim(query, claim).bind(due_time.to_sqlx());
    if query.execute(&mut **tx).await?.rows_affected() == 0 {
        return Err(lost_in_tx(tx).await);
    }
    Ok(Settled {
        next: Some(Scheduled {
            due_time,
            ..claim.scheduled()
        }),
    })
}

/// Fails the transaction by a statement that raises, so that a handler which overlooks the
/// error cannot commit work that is another's by now.
async fn lost_in_tx(tx: &mut Tx) -> LeaseError {
    let spoil = "DO $$ BEGIN RAISE EXCEPTION 'the lease of the timer was lost'; END $$";
    match sqlx::raw_sql(spoil)
        .execute(&mut **tx)
        .await
        .map_err(DbError::from)
    {
        Err(error) if error.is_unavailable() => LeaseError::Db(error),
        Ok(_) | Err(_) => LeaseError::LeaseLost,
    }
}

/// Gives the timer up for `pause` of real time. Counted as a try, unless it was put off for
/// somebody else's sake. The token is raised, so that whatever the handler left running
/// cannot settle any more. Tells whether the claim still held.
pub(crate) async fn put_off(
    db: &Database,
    claim: &Claim,
    pause: Duration,
    counted: bool,
) -> Result<bool, DbError> {
    let query = sqlx::query(
        "UPDATE timer
            SET lease_until = now() + $5 * interval '1 millisecond',
                lease_token = nextval('timer_token'),
                attempt = attempt - $6, postponed = postponed + $6
          WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND lease_token = $4",
    );
    let pause_ms = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    let query = bind_claim(query, claim)
        .bind(pause_ms)
        .bind(i32::from(!counted));
    execute(db, query).await
}

/// Sets the timer aside with its reason until somebody releases it. Tells whether the claim
/// still held.
pub(crate) async fn park(
    db: &Database,
    claim: &Claim,
    reason: &str,
    now: Timestamp,
) -> Result<bool, DbError> {
    let query = sqlx::query(
        "UPDATE timer
            SET parked_time = $5, parked_reason = $6, lease_until = '-infinity',
                lease_token = nextval('timer_token')
          WHERE tenant_id = $1 AND kind = $2 AND subject_id = $3 AND lease_token = $4",
    );
    let query = bind_claim(query, claim)
        .bind(now.to_sqlx())
        .bind(reason.to_owned());
    execute(db, query).await
}

fn bind_claim<'q>(query: Query<'q>, claim: &'q Claim) -> Query<'q> {
    query
        .bind(claim.tenant.uuid())
        .bind(&claim.kind)
        .bind(claim.subject_id)
        .bind(claim.token)
}

async fn execute(db: &Database, query: Query<'_>) -> Result<bool, DbError> {
    let mut tx = db.begin_background().await?;
    let changed = query.execute(&mut *tx).await?.rows_affected();
    tx.commit().await?;
    Ok(changed == 1)
}
