//! A transaction on a pooled connection, with the guard against cancelled ones.
//!
//! A connection that goes back into the pool while BEGIN is on the wire is inside an
//! open transaction, and the next borrower writes into it. So
//! [`Tx`] owns the connection from before BEGIN is sent; dropped at any moment, also while a
//! statement or the COMMIT is under way, it hands the connection to a task that
//! rolls back and only then returns it, or closes it if that takes too long.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

use sqlx::{AssertSqlSafe, Executor as _, PgConnection};
use tokio::runtime::Handle;

use crate::activity::Open;
use crate::pool::{self, Pooled};
use crate::retry::roll_back_apart;
use crate::{DbError, TenantId};

/// How long a roll back may take before the connection is closed instead. Also
/// the longest time a session can be left idle in a transaction.
const ROLLBACK_TIMEOUT: Duration = Duration::from_secs(1);

/// An open transaction. Committed by [`Tx::commit`]; dropped, it is rolled back.
///
/// Statements run on the connection it dereferences to: `.execute(&mut *tx)`.
#[derive(Debug)]
#[must_use = "a transaction that is not committed is rolled back"]
pub struct Tx {
    /// Present until the transaction has ended.
    connection: Option<Pooled>,
    /// Whose rows it sees now; none: the background role's, of all.
    tenant: Option<TenantId>,
    /// Counts it as open while it may change something.
    counted: Option<Open>,
    /// Whether its commit is told to who waits for news.
    has_news: bool,
}

impl Tx {
    /// Takes the connection and opens the transaction with `opening`, one simple
    /// query that starts with BEGIN and puts it under `tenant`.
    pub(crate) async fn open(
        connection: Pooled,
        opening: String,
        tenant: Option<TenantId>,
        counted: Option<Open>,
    ) -> Result<Self, DbError> {
        let mut tx = Self {
            connection: Some(connection),
            tenant,
            counted,
            has_news: false,
        };
        tx.execute(sqlx::raw_sql(AssertSqlSafe(opening))).await?;
        Ok(tx)
    }

    /// Makes everything done in this transaction durable.
    ///
    /// # Errors
    /// [`DbError`] when a statement of the transaction had failed (nothing is
    /// committed then), when a deferred constraint refuses, or when the
    /// connection broke: only in that last case the outcome is unknown.
    pub async fn commit(mut self) -> Result<(), DbError> {
        // A bare COMMIT of a failed transaction answers ROLLBACK without an error.
        // The command before it, which does nothing, fails there, and the COMMIT is not reached.
        self.execute(sqlx::raw_sql("CLOSE ALL; COMMIT")).await?;
        self.connection = None;
        if let Some(counted) = self.counted.as_ref().filter(|_| self.has_news) {
            counted.tell_news();
        }
        Ok(())
    }

    /// Gives the transaction up now, rather than at drop, and waits for it.
    ///
    /// # Errors
    /// [`DbError`] when the connection broke; nothing is committed then either.
    pub async fn rollback(mut self) -> Result<(), DbError> {
        self.execute(sqlx::raw_sql("ROLLBACK")).await?;
        self.connection = None;
        Ok(())
    }

    /// Says that it writes something that others wait for: its commit wakes whoever watches
    /// [`crate::Database::news`]. Without effect where it only reads.
    pub const fn note_news(&mut self) {
        self.has_news = true;
    }

    /// Puts the rest of the transaction under this tenant, unless it is there already. For batches
    /// of events, which go from tenant to tenant.
    ///
    /// # Errors
    /// [`DbError`] when the connection broke.
    pub async fn set_tenant(&mut self, tenant: TenantId) -> Result<(), DbError> {
        if self.tenant == Some(tenant) {
            return Ok(());
        }
        sqlx::query("SELECT set_config('recoup.tenant_id', $1, true)")
            .bind(tenant.to_string())
            .execute(&mut **self)
            .await?;
        self.tenant = Some(tenant);
        Ok(())
    }
}

#[expect(
    clippy::expect_used,
    reason = "the connection leaves only where self is consumed"
)]
impl Deref for Tx {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.connection
            .as_ref()
            .expect("a transaction has its connection until it ends")
    }
}

#[expect(
    clippy::expect_used,
    reason = "the connection leaves only where self is consumed"
)]
impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.connection
            .as_mut()
            .expect("a transaction has its connection until it ends")
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(connection) = self.connection.take() else {
            return;
        };
        match Handle::try_current() {
            Ok(runtime) => drop(roll_back_apart(
                &runtime,
                roll_back(connection, self.counted.take()),
            )),
            Err(_) => pool::close(connection),
        }
    }
}

/// Brings a connection of unknown state back to idle. Whatever was on the wire is
/// read to its end first; a ROLLBACK outside a transaction is only a warning.
async fn roll_back(mut connection: Pooled, _counted: Option<Open>) {
    let rolled_back = connection.execute(sqlx::raw_sql("ROLLBACK"));
    if !matches!(
        tokio::time::timeout(ROLLBACK_TIMEOUT, rolled_back).await,
        Ok(Ok(_))
    ) {
        tracing::debug!("connection closed: its transaction could not be rolled back in time");
        pool::close(connection);
    }
}
