//! Until when a call is waited for (P36).
//!
//! tonic ends a late call with CANCELLED and never sends a deadline by itself,
//! so both directions are done here by hand: the wish of
//! the caller is read from `grpc-timeout` and bounded, what is left of it goes to
//! the next hop. Must not judge business time.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

/// Header with the time a caller waits.
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What a unary call gets that names no deadline.
const DEFAULT: Duration = Duration::from_secs(5);

/// The most that a unary call gets.
const LONGEST: Duration = Duration::from_secs(30);

/// What is kept back at each hop, so that the callee gives up before we do.
const HOP: Duration = Duration::from_millis(50);

/// We answer this much before the caller stops listening, at most; and tonic's
/// own timer, which would answer CANCELLED, must not be first.
const ANSWER: Duration = Duration::from_millis(20);

/// The least of it: the resolution of timers.
const TICK: Duration = Duration::from_millis(2);

/// The instant after which nobody waits for the answer to a unary call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// So much from now on.
    #[must_use]
    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left)
    }

    /// The deadline of a call that came in now with these headers: 5 s without a
    /// wish, 30 s at most, and a little earlier than the caller's own.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let wished = headers.get(&GRPC_TIMEOUT).and_then(parse);
        let ours = wished.map(|wish| wish.saturating_sub((wish / 10).clamp(TICK, ANSWER)));
        Self::after(ours.unwrap_or(DEFAULT).min(LONGEST))
    }

    /// What is left; zero when it has passed.
    #[must_use]
    pub fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// What the next hop may take: 50 ms less than is left. `None`: not worth
    /// asking any more.
    #[must_use]
    pub fn left_for_next_hop(self) -> Option<Duration> {
        self.left().checked_sub(HOP).filter(|left| !left.is_zero())
    }

    pub(crate) fn instant(self) -> Instant {
        self.0
    }
}

/// `grpc-timeout`: up to eight digits and a unit. `None` for anything else.
fn parse(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let count: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(count * 3600)),
        "M" => Some(Duration::from_secs(count * 60)),
        "S" => Some(Duration::from_secs(count)),
        "m" => Some(Duration::from_millis(count)),
        "u" => Some(Duration::from_micros(count)),
        "n" => Some(Duration::from_nanos(count)),
        _ => None,
    }
}

/// The header for the next hop.
pub(crate) fn header(left: Duration) -> Option<HeaderValue> {
    let ms = left.as_millis().clamp(1, 99_999_999);
    HeaderValue::try_from(format!("{ms}m")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(timeout: &str) -> Duration {
        let mut headers = HeaderMap::new();
        headers.insert(
            GRPC_TIMEOUT,
            HeaderValue::from_bytes(timeout.as_bytes()).unwrap(),
        );
        Deadline::of(&headers).left()
    }

    /// Some time has passed since the deadline was set, but not much.
    fn is_about(left: Duration, expected: Duration) -> bool {
        left <= expected && left + Duration::from_secs(1) > expected
    }

    #[test]
    fn p36_a_call_gets_what_it_asks_for_within_bounds() {
        assert!(is_about(Deadline::of(&HeaderMap::new()).left(), DEFAULT));
        assert!(is_about(left("3S"), Duration::from_millis(2_980)));
        assert!(is_about(left("3000m"), Duration::from_millis(2_980)));
        assert!(is_about(left("99999999H"), LONGEST));
        assert!(left("100m") <= Duration::from_millis(90));
        assert_eq!(left("1n"), Duration::ZERO);
        for malformed in ["", "S", "1", "1s", "-1S", "+1S", "123456789S", "1.5S", "ä"] {
            assert!(is_about(left(malformed), DEFAULT), "{malformed:?}");
        }
    }

    #[test]
    fn p36_each_hop_keeps_fifty_milliseconds_back() {
        let next = Deadline::after(Duration::from_secs(3))
            .left_for_next_hop()
            .unwrap();
        assert!(is_about(next, Duration::from_millis(2_950)));
        assert_eq!(Deadline::after(HOP).left_for_next_hop(), None);
        assert_eq!(header(Duration::from_millis(150)).unwrap(), "150m");
        let least = parse(&header(Duration::from_micros(7)).unwrap());
        assert_eq!(least, Some(Duration::from_millis(1)));
    }
}
