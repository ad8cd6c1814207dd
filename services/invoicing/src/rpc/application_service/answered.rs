//! What came of the items of a batch: answered before, or decided now.

use opentelemetry::KeyValue;
use opentelemetry::metrics::Counter;
use prost::Message;
use runtime::Refusal;

use crate::store::application::StoredAnswer;

/// What came of one item. `R` is its result in the answer, `D` what was done.
#[derive(Debug)]
pub(super) enum Answered<R, D> {
    /// The id was answered before: with this, or, for other content, with a refusal that is not
    /// stored. Nothing was done.
    Before(R),
    /// Decided now; the result is stored under the id.
    Now {
        /// The result.
        result: R,
        /// What was done; `None`: it was refused.
        done: Option<D>,
    },
}

impl<R, D> Answered<R, D> {
    /// Its result in the answer.
    pub const fn result(&self) -> &R {
        match self {
            Self::Before(result) | Self::Now { result, .. } => result,
        }
    }

    /// What was done, if it was done now.
    pub const fn done(&self) -> Option<&D> {
        match self {
            Self::Now { done, .. } => done.as_ref(),
            Self::Before(_) => None,
        }
    }

    /// Whether the id was answered before.
    pub const fn is_before(&self) -> bool {
        matches!(self, Self::Before(_))
    }

    /// The name of what came of it, for the figures of operation.
    pub const fn outcome(&self) -> &'static str {
        match self {
            Self::Before(_) => "repeated",
            Self::Now { done: Some(_), .. } => "done",
            Self::Now { done: None, .. } => "refused",
        }
    }
}

/// The stored answer, if it is one to the same content.
///
/// # Errors
/// A stored answer that cannot be read is a fault of ours.
pub(super) fn again<R: Message + Default>(
    stored: &StoredAnswer,
    fingerprint: &[u8; 32],
) -> Result<Option<R>, Refusal> {
    if stored.fingerprint != fingerprint {
        return Ok(None);
    }
    let answer = R::decode(stored.answer.as_slice());
    answer.map(Some).map_err(Refusal::internal)
}

/// Counts what came of the items of a batch.
pub(super) fn count<R, D>(counter: &Counter<u64>, answered: &[Answered<R, D>]) {
    for one in answered {
        counter.add(1, &[KeyValue::new("outcome", one.outcome())]);
    }
}
