//! How much work one process takes on (P35): a call beyond it is refused at once,
//! with pushback, instead of waiting in a queue that only makes everybody late.
//! tonic's own limit is per connection (promises.md, trap 2), this one is not.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Refusal;
use crate::config::Limits;

/// After how long a shed call may come back.
const COME_BACK: Duration = Duration::from_millis(500);

/// Room for one call, given back when the last clone of it is dropped: by the
/// server, or by the task that finishes the work for a caller who has left.
#[derive(Debug, Clone, Default)]
pub(crate) struct Permit {
    _room: Option<Arc<OwnedSemaphorePermit>>,
}

/// The room there is. Streams have their own: they stay for long and cost little.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
}

impl Load {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            calls: Arc::new(Semaphore::new(
                limits.max_in_flight_calls.min(Semaphore::MAX_PERMITS),
            )),
            streams: Arc::new(Semaphore::new(
                limits.max_open_streams.min(Semaphore::MAX_PERMITS),
            )),
        }
    }

    /// Room for one more, or a refusal.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED, OVERLOADED.
    pub(crate) fn admit(&self, streaming: bool) -> Result<Permit, Refusal> {
        let room = if streaming {
            &self.streams
        } else {
            &self.calls
        };
        match Arc::clone(room).try_acquire_owned() {
            Ok(permit) => Ok(Permit {
                _room: Some(Arc::new(permit)),
            }),
            Err(_) => Err(Refusal::exhausted("OVERLOADED", COME_BACK)),
        }
    }
}
