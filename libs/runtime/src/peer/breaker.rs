//! Not asking a peer that is down (P36, P37): after some failures in a row, nobody
//! asks for a second; then one call tries, and its outcome decides.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// So many failures in a row open it.
const FAILURES: u32 = 5;

/// For how long nobody asks. Short: recovery is noticed soon after it.
const OPEN_FOR: Duration = Duration::from_secs(1);

#[derive(Debug, Default)]
pub(super) struct Breaker {
    state: Mutex<State>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    /// Everybody asks; so many failures in a row.
    Closed(u32),
    /// Nobody asks until then.
    Open(Instant),
    /// One asks.
    Trying,
}

impl Default for State {
    fn default() -> Self {
        Self::Closed(0)
    }
}

/// The permission to ask once. Dropped without a report (the asker has left), it
/// says nothing about the peer.
#[must_use]
pub(super) struct Pass<'a> {
    breaker: &'a Breaker,
    trying: bool,
}

impl Breaker {
    /// Whether to ask at this moment.
    pub(super) fn admit(&self, now: Instant) -> Option<Pass<'_>> {
        let mut state = self.state();
        let trying = match *state {
            State::Closed(_) => false,
            State::Open(until) if now >= until => true,
            State::Open(_) | State::Trying => return None,
        };
        if trying {
            *state = State::Trying;
        }
        Some(Pass {
            breaker: self,
            trying,
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass<'_> {
    /// Tells whether the peer was there, and when that was known.
    pub(super) fn report(mut self, there: bool, now: Instant) {
        let trying = std::mem::take(&mut self.trying);
        let mut state = self.breaker.state();
        *state = match (*state, there) {
            (State::Closed(_), true) => State::Closed(0),
            (State::Closed(failures), false) if failures + 1 < FAILURES => {
                State::Closed(failures + 1)
            }
            (State::Trying, true) if trying => State::Closed(0),
            (State::Closed(_), false) => State::Open(now + OPEN_FOR),
            (State::Trying, false) if trying => State::Open(now + OPEN_FOR),
            // One that was asked before it opened.
            (state, _) => state,
        };
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.trying {
            *self.breaker.state() = State::Open(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fail(breaker: &Breaker, times: u32, now: Instant) {
        for _ in 0..times {
            breaker.admit(now).unwrap().report(false, now);
        }
    }

    #[test]
    fn p37_a_peer_that_is_down_is_left_alone_and_tried_by_one() {
        let breaker = Breaker::default();
        let down = Instant::now();
        fail(&breaker, FAILURES, down);
        assert!(breaker.admit(down).is_none());

        let later = down + OPEN_FOR;
        let first = breaker.admit(later).unwrap();
        assert!(breaker.admit(later).is_none(), "one at a time");
        first.report(false, later);
        assert!(breaker.admit(later).is_none(), "still down");

        let back = later + OPEN_FOR;
        breaker.admit(back).unwrap().report(true, back);
        assert!(
            breaker.admit(back).is_some() && breaker.admit(back).is_some(),
            "for all"
        );
    }

    #[test]
    fn a_success_forgives_and_a_caller_that_left_says_nothing() {
        let breaker = Breaker::default();
        let now = Instant::now();
        fail(&breaker, FAILURES - 1, now);
        breaker.admit(now).unwrap().report(true, now);
        fail(&breaker, FAILURES - 1, now);
        drop(breaker.admit(now));
        assert!(breaker.admit(now).is_some());

        fail(&breaker, 1, now);
        let later = now + OPEN_FOR;
        drop(breaker.admit(later).unwrap());
        assert!(
            breaker.admit(Instant::now().max(later)).is_some(),
            "the next one tries"
        );
    }
}
