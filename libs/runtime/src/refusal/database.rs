//! What the caller is told when the database is the reason. Must not show the
//! database's own words: they stay in the log.

use postgres::idempotency::IdempotencyError;
use postgres::pages::PageError;
use postgres::{DbError, Retryable};
use tonic_types::FieldViolation;

use super::{Refusal, SOON};

impl From<DbError> for Refusal {
    /// Out of reach: UNAVAILABLE. Cut for another transaction, after our own
    /// retries: ABORTED. Longer than it may take: the deadline. Else a bug.
    fn from(error: DbError) -> Self {
        let mut refusal = match &error {
            DbError::PoolTimeout => Self::exhausted("DATABASE_BUSY", SOON),
            DbError::Unavailable(_) => Self::unavailable("DATABASE_UNAVAILABLE", SOON),
            error if error.is_retryable() => Self::stale("LOST_RACE"),
            error if error.is_timeout() => Self::deadline(),
            _ => return Self::internal(error),
        };
        refusal.0.retryable = error.is_retryable();
        refusal.caused_by(error)
    }
}

impl From<IdempotencyError> for Refusal {
    fn from(error: IdempotencyError) -> Self {
        match error {
            IdempotencyError::Reused => {
                let text = "was used before for a request with other content";
                let violation = FieldViolation::new("request_id", text);
                Self::invalid("REQUEST_ID_REUSED", vec![violation])
            }
            IdempotencyError::InProgress => Self::stale("REQUEST_IN_PROGRESS")
                .with_message("the request with this id is still running: ask again"),
            IdempotencyError::Db(error) => error.into(),
        }
    }
}

impl From<PageError> for Refusal {
    fn from(error: PageError) -> Self {
        let field = match error {
            PageError::Size => "page_size",
            PageError::Token => "page_token",
        };
        Self::invalid(
            "PAGE_INVALID",
            vec![FieldViolation::new(field, error.to_string())],
        )
    }
}

impl Retryable for Refusal {
    fn is_retryable(&self) -> bool {
        self.0.retryable
    }
}
