//! Owns the answer to "what time is it" for everything that matters to the business. This is the
//! only place that reads the system's time of day; everybody else takes a [`Clock`].
//!
//! Must not serve leases, timeouts or retries: those are real time, and a manual clock that stands
//! still would hang them.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::Zone;

/// The longest sleep before the system's time is looked at again: somebody may have set it forward
/// meanwhile, and a sleep does not notice.
const LONGEST_SLEEP: Duration = Duration::from_secs(30);

/// A clock handle: cheap to clone, given to whoever needs the time.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System,
    Manual(Arc<watch::Sender<Timestamp>>),
}

/// The hand that moves a manual [`Clock`], for tests and the sandbox.
#[derive(Debug, Clone)]
pub struct ManualClock(Arc<watch::Sender<Timestamp>>);

/// Why a manual clock was not moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockError {
    /// Time only goes forward, unless a test of skewed clocks says otherwise by `set_back`.
    #[error("the clock stands at {now} and does not go back to {asked}")]
    Backwards {
        /// Where the clock stands.
        now: Timestamp,
        /// Where it was to go.
        asked: Timestamp,
    },
    /// `set_back` with an instant that is not in the past.
    #[error("the clock stands at {now}, and {asked} is not before that")]
    NotBackwards {
        /// Where the clock stands.
        now: Timestamp,
        /// Where it was to go.
        asked: Timestamp,
    },
    /// Beyond the year 9999.
    #[error("the instant is outside the years that can be represented")]
    OutOfRange,
}

impl Clock {
    /// The system's time of day.
    #[must_use]
    pub fn system() -> Self {
        Self(Source::System)
    }

    /// A clock that stands at `start` until its hand moves it.
    #[must_use]
    pub fn manual(start: Timestamp) -> (Self, ManualClock) {
        let shared = Arc::new(watch::Sender::new(to_microseconds(start)));
        (
            Self(Source::Manual(Arc::clone(&shared))),
            ManualClock(shared),
        )
    }

    /// Now, in whole microseconds: what Postgres stores, so that an instant read back from a table
    /// equals the one that was written.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Source::System => to_microseconds(system_now()),
            Source::Manual(time) => *time.borrow(),
        }
    }

    /// The day it is now in `zone`.
    #[must_use]
    pub fn today_in(&self, zone: &Zone) -> Date {
        zone.local_date(self.now())
    }

    /// Returns once this clock shows `instant` or later; at once if it already does. Never early,
    /// even if the system's time is set back while waiting.
    pub async fn wait_until(&self, instant: Timestamp) {
        match &self.0 {
            Source::System => wait_for_system(self, instant).await,
            Source::Manual(time) => {
                let mut changes = time.subscribe();
                if changes.wait_for(|now| *now >= instant).await.is_err() {
                    // Without a hand the clock stands still for ever. `self` holds one, so this
                    // does not happen; returning would be early.
                    pending::<()>().await;
                }
            }
        }
    }
}

impl ManualClock {
    /// Where the clock stands.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    /// Moves the clock to `instant` and wakes everyone who waited for it.
    ///
    /// # Errors
    /// [`ClockError::Backwards`] if that is in the past; the clock does not move.
    pub fn set(&self, instant: Timestamp) -> Result<(), ClockError> {
        let asked = to_microseconds(instant);
        self.move_to(|now| {
            if asked < now {
                Err(ClockError::Backwards { now, asked })
            } else {
                Ok(asked)
            }
        })
    }

    /// Moves the clock forward by `step` and says where it stands then.
    ///
    /// # Errors
    /// [`ClockError::Backwards`] for a negative step, [`ClockError::OutOfRange`]; the clock does
    /// not move.
    pub fn advance(&self, step: SignedDuration) -> Result<Timestamp, ClockError> {
        self.move_to(|now| {
            let asked = now.checked_add(step).map_err(|_| ClockError::OutOfRange)?;
            if asked < now {
                return Err(ClockError::Backwards { now, asked });
            }
            Ok(to_microseconds(asked))
        })?;
        Ok(self.now())
    }

    /// Moves the clock into the past, for tests of clocks that are set back (P22).
    ///
    /// # Errors
    /// [`ClockError::NotBackwards`] if `instant` is not in the past; the clock does not move.
    pub fn set_back(&self, instant: Timestamp) -> Result<(), ClockError> {
        let asked = to_microseconds(instant);
        self.move_to(|now| {
            if asked < now {
                Ok(asked)
            } else {
                Err(ClockError::NotBackwards { now, asked })
            }
        })
    }

    /// Decides and moves in one step, so that two hands cannot interleave.
    fn move_to(
        &self,
        decide: impl FnOnce(Timestamp) -> Result<Timestamp, ClockError>,
    ) -> Result<(), ClockError> {
        let mut result = Ok(());
        self.0.send_if_modified(|time| match decide(*time) {
            Ok(next) => {
                *time = next;
                true
            }
            Err(error) => {
                result = Err(error);
                false
            }
        });
        result
    }
}

/// Sleeps in pieces and asks the clock after each: a sleep counts running time, and the system's
/// time may be set meanwhile, in either direction.
async fn wait_for_system(clock: &Clock, instant: Timestamp) {
    loop {
        let left = instant.duration_since(clock.now());
        // A negative rest is not an unsigned duration: the instant has come.
        let Ok(left) = Duration::try_from(left) else {
            return;
        };
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LONGEST_SLEEP)).await;
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place where the time of day is read"
)]
fn system_now() -> Timestamp {
    Timestamp::now()
}

/// Cut off, not rounded: an instant never comes early. Instants that microseconds cannot express
/// do not exist, so the fallback is unreachable.
fn to_microseconds(instant: Timestamp) -> Timestamp {
    let cut = instant.as_nanosecond().div_euclid(1_000);
    i64::try_from(cut)
        .ok()
        .and_then(|microseconds| Timestamp::from_microsecond(microseconds).ok())
        .unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn start() -> Timestamp {
        at("2026-03-01T09:00:00Z")
    }

    async fn in_time(wait: impl Future<Output = ()>) {
        tokio::time::timeout(Duration::from_secs(10), wait)
            .await
            .expect("woken in time");
    }

    #[test]
    fn a_manual_clock_goes_forward_only() {
        let (clock, hand) = Clock::manual(start());
        assert_eq!(clock.now(), start());
        assert_eq!(
            hand.advance(SignedDuration::from_hours(2)),
            Ok(at("2026-03-01T11:00:00Z"))
        );
        assert_eq!(clock.clone().now(), at("2026-03-01T11:00:00Z"));
        let (now, asked) = (at("2026-03-01T11:00:00Z"), start());
        assert_eq!(hand.set(asked), Err(ClockError::Backwards { now, asked }));
        let step = SignedDuration::from_secs(-1);
        assert!(matches!(
            hand.advance(step),
            Err(ClockError::Backwards { .. })
        ));
        assert_eq!(
            hand.advance(SignedDuration::MAX),
            Err(ClockError::OutOfRange)
        );
        assert_eq!(clock.now(), now);
    }

    #[test]
    fn p22_setting_back_has_its_own_name() {
        let (clock, hand) = Clock::manual(start());
        assert_eq!(hand.set_back(at("2026-03-01T08:55:00Z")), Ok(()));
        assert_eq!(clock.now(), at("2026-03-01T08:55:00Z"));
        assert!(matches!(
            hand.set_back(start()),
            Err(ClockError::NotBackwards { .. })
        ));
    }

    #[test]
    fn today_depends_on_the_zone() {
        let (clock, _hand) = Clock::manual(at("2026-03-01T23:30:00Z"));
        let today = |zone| clock.today_in(&Zone::parse(zone).unwrap()).to_string();
        assert_eq!(today("Europe/London"), "2026-03-01");
        assert_eq!(today("Europe/Berlin"), "2026-03-02");
        assert_eq!(today("Pacific/Honolulu"), "2026-03-01");
    }

    #[test]
    fn now_is_in_whole_microseconds() {
        let (clock, _hand) = Clock::manual(at("2026-03-01T09:00:00.123456789Z"));
        assert_eq!(clock.now(), at("2026-03-01T09:00:00.123456Z"));
        let (clock, _hand) = Clock::manual(at("1969-12-31T23:59:59.9999999Z"));
        assert_eq!(clock.now(), at("1969-12-31T23:59:59.999999Z"));
        let now = Clock::system().now();
        assert_eq!(to_microseconds(now), now);
    }

    #[tokio::test]
    async fn waiting_on_a_manual_clock_ends_when_the_hand_gets_there() {
        let (clock, hand) = Clock::manual(start());
        in_time(clock.wait_until(start())).await;

        let mut wait = pin!(clock.wait_until(at("2026-03-01T10:00:00Z")));
        let mut poll = || wait.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        assert_eq!(poll(), Poll::Pending);
        hand.set(at("2026-03-01T09:59:59.999999Z")).unwrap();
        assert_eq!(poll(), Poll::Pending);
        hand.set(at("2026-03-01T10:00:00Z")).unwrap();
        in_time(wait).await;
    }

    #[tokio::test]
    async fn waiting_is_woken_from_another_thread() {
        let (clock, hand) = Clock::manual(start());
        let waiting = clock.wait_until(at("2026-03-02T00:00:00Z"));
        let moving = std::thread::spawn(move || hand.advance(SignedDuration::from_hours(24)));
        in_time(waiting).await;
        moving.join().unwrap().unwrap();
        assert_eq!(clock.now(), at("2026-03-02T09:00:00Z"));
    }

    #[tokio::test]
    async fn p22_waiting_on_the_system_clock_is_never_early() {
        let clock = Clock::system();
        let instant = clock.now() + SignedDuration::from_millis(20);
        in_time(clock.wait_until(instant)).await;
        assert!(clock.now() >= instant);
        in_time(clock.wait_until(Timestamp::MIN)).await;
    }
}
