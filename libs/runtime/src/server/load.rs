//! How much work one process takes on (P35): a call beyond it is refused at once,
//! with pushback, instead of waiting in a queue that only makes everybody late.
//! tonic's own limit is per connection, this one is not.

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

/// Streams of health and reflection. Few, and apart from all others: they need no
/// token, so anybody can hold one.
const OPEN_STREAMS: usize = 16;

/// What room is asked for. Streams have their own: they stay for long and cost
/// little.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    /// A unary call.
    Call,
    /// A stream.
    Stream,
    /// A stream that needs no token.
    OpenStream,
}

/// The room there is.
#[derive(Debug)]
pub(crate) struct Load {
    calls: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    open_streams: Arc<Semaphore>,
}

impl Load {
    pub(crate) fn new(limits: &Limits) -> Self {
        let room = |most: usize| Arc::new(Semaphore::new(most.min(Semaphore::MAX_PERMITS)));
        Self {
            calls: room(limits.max_in_flight_calls),
            streams: room(limits.max_open_streams),
            open_streams: room(OPEN_STREAMS),
        }
    }

    /// Room for one more, or a refusal.
    ///
    /// # Errors
    /// RESOURCE_EXHAUSTED, OVERLOADED.
    pub(crate) fn admit(&self, room: Room) -> Result<Permit, Refusal> {
        let room = match room {
            Room::Call => &self.calls,
            Room::Stream => &self.streams,
            Room::OpenStream => &self.open_streams,
        };
        match Arc::clone(room).try_acquire_owned() {
            Ok(permit) => Ok(Permit {
                _room: Some(Arc::new(permit)),
            }),
            Err(_) => Err(Refusal::exhausted("OVERLOADED", COME_BACK)),
        }
    }
}
