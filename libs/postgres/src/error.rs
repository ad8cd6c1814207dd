//! What can go wrong with a database, by what the caller should do about it.

/// A failure of the database or of the way to it.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// Nobody answers, or the answer broke off: try again with the same request.
    #[error("the database cannot be reached: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// All connections are taken: the service is over its load.
    #[error("no database connection became free in time")]
    PoolTimeout,
    /// Anything else; what it means is in the error itself.
    #[error(transparent)]
    Database(sqlx::Error),
    /// The database is not one this program may run on.
    #[error("{0}")]
    Unfit(String),
}

/// Codes after which the whole transaction is done again: it was cut for the
/// sake of another one and nothing of it stands. Serialization failure, deadlock,
/// lock not available.
const RETRIED: [&str; 3] = ["40001", "40P01", "55P03"];

/// Codes and classes of a server that goes away or is not there yet: connection
/// exceptions, shutdown, crash, start-up, too many connections.
const UNAVAILABLE: [&str; 6] = ["08", "57P01", "57P02", "57P03", "57P05", "53300"];

impl DbError {
    /// Whether the whole transaction may simply be done again.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.code()
            .is_some_and(|code| RETRIED.contains(&code.as_str()))
    }

    /// Whether the database is out of reach, so that waiting helps and nothing
    /// else does.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_) | Self::PoolTimeout)
    }

    /// Whether a statement ran longer than it may.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        self.code().is_some_and(|code| code == "57014")
    }

    /// Whether a lock was waited for longer than one may: whoever has it still works.
    #[must_use]
    pub fn is_lock_timeout(&self) -> bool {
        self.code().is_some_and(|code| code == "55P03")
    }

    /// The constraint that refused a row, where one did.
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        match self {
            Self::Database(error) => error.as_database_error()?.constraint(),
            _ => None,
        }
    }

    fn code(&self) -> Option<String> {
        match self {
            Self::Database(error) | Self::Unavailable(error) => code(error),
            Self::PoolTimeout | Self::Unfit(_) => None,
        }
    }
}

fn code(error: &sqlx::Error) -> Option<String> {
    Some(error.as_database_error()?.code()?.into_owned())
}

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut => Self::PoolTimeout,
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(_) => match code(&error) {
                Some(code) if UNAVAILABLE.iter().any(|away| code.starts_with(away)) => {
                    Self::Unavailable(error)
                }
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}
