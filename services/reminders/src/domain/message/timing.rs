//! Owns how long a sender may take: the age of a look, the lease, the send timeout, and that the
//! last check leaves no room for a message after the lease (P16, P19).

use std::time::Duration;

/// How long a look at invoicing is worth anything, from when it was asked.
pub const LOOK_VALID: Duration = Duration::from_millis(1_500);

/// How long a claim holds and how long handing over may take, in real time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendTiming {
    lease: Duration,
    send_timeout: Duration,
}

/// A send timeout that does not fit into the lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the lease holds for the send timeout and the 1.5 s of a look, and some time to begin with"
)]
pub struct TimingError;

impl SendTiming {
    /// The timing with this lease and send timeout.
    ///
    /// # Errors
    /// [`TimingError`] when a message sent on a valid look could outlast the lease.
    pub fn try_new(lease: Duration, send_timeout: Duration) -> Result<Self, TimingError> {
        if send_timeout.saturating_add(LOOK_VALID) < lease {
            Ok(Self {
                lease,
                send_timeout,
            })
        } else {
            Err(TimingError)
        }
    }

    /// How long a claim holds.
    #[must_use]
    pub fn lease(&self) -> Duration {
        self.lease
    }

    /// How long handing over may take.
    #[must_use]
    pub fn send_timeout(&self) -> Duration {
        self.send_timeout
    }

    /// The check immediately before the data is sent: the look is fresh, and even the slowest
    /// hand-over ends inside the lease. Both ages by a clock that goes on while the process is
    /// stopped (P19).
    #[must_use]
    pub fn may_send(&self, since_look: Duration, since_claim: Duration) -> bool {
        since_look < LOOK_VALID && since_claim.saturating_add(self.send_timeout) <= self.lease
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn p16_a_look_is_valid_for_a_second_and_a_half() {
        let timing = SendTiming::try_new(ms(30_000), ms(10_000)).unwrap();
        assert!(timing.may_send(ms(1_499), ms(2_000)));
        assert!(!timing.may_send(ms(1_500), ms(2_000)));
    }

    #[test]
    fn p19_nothing_is_sent_that_could_outlast_the_lease() {
        let timing = SendTiming::try_new(ms(30_000), ms(10_000)).unwrap();
        assert!(timing.may_send(ms(0), ms(20_000)));
        assert!(!timing.may_send(ms(0), ms(20_001)));
        assert!(!timing.may_send(ms(0), Duration::MAX));
    }

    #[test]
    fn the_send_timeout_is_shorter_than_the_lease() {
        assert_eq!(
            SendTiming::try_new(ms(10_000), ms(10_000)),
            Err(TimingError)
        );
        assert_eq!(
            SendTiming::try_new(ms(11_500), ms(10_000)),
            Err(TimingError)
        );
        assert!(SendTiming::try_new(ms(11_501), ms(10_000)).is_ok());
    }
}
