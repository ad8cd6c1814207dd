//! Owns what customers said about being contacted through a channel: a record that is only added to,
//! and which of its entries counts (CC-5, CC-6). Must not decide whether a contact is permitted.

use calendar::Timestamp;

use crate::domain::debtor::Channel;
use crate::domain::event::DomainEvent;
use crate::domain::id::{ConsentId, CustomerId};
use crate::domain::named::named;

named! {
    /// What a customer has said about a channel.
    pub enum ConsentState {
        /// Agreed to be contacted.
        Given = "GIVEN",
        /// Opted out, until consent is given again.
        OptedOut = "OPTED_OUT",
        /// The entries before do not count any more.
        Cleared = "CLEARED",
    }
}

/// An entry of what a customer said about a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// Which one.
    pub consent_id: ConsentId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The channel.
    pub channel: Channel,
    /// What was said.
    pub state: ConsentState,
    /// From when it counts.
    pub effective_time: Timestamp,
    /// How it reached us; personal data.
    pub evidence: String,
    /// Who recorded it.
    pub recorded_by: String,
    /// When it was recorded.
    pub recorded_time: Timestamp,
}

/// TIME_IN_THE_FUTURE: it would count from a later instant than now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("what a customer said counts from now at the latest")]
pub struct EffectiveInTheFuture;

impl Consent {
    /// A new entry, if it does not count from the future.
    ///
    /// # Errors
    /// [`EffectiveInTheFuture`].
    pub fn record(self) -> Result<(Self, DomainEvent), EffectiveInTheFuture> {
        if self.effective_time > self.recorded_time {
            return Err(EffectiveInTheFuture);
        }
        let event = DomainEvent::ConsentRecorded(Box::new(self.clone()));
        Ok((self, event))
    }
}

/// The entry that counts at an instant: the latest, of two at the same instant the one recorded
/// later. `entries` are of one customer and channel.
#[must_use]
pub fn in_force(entries: &[Consent], at: Timestamp) -> Option<&Consent> {
    let begun = entries.iter().filter(|entry| entry.effective_time <= at);
    begun.max_by_key(|entry| (entry.effective_time, entry.recorded_time, entry.consent_id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, instant};

    fn entry(number: u128, state: ConsentState, effective: &str, recorded: &str) -> Consent {
        Consent {
            consent_id: ConsentId::new(samples::uuid(number)),
            effective_time: instant(effective),
            recorded_time: instant(recorded),
            ..samples::consent(state)
        }
    }

    #[test]
    fn cc_5_the_latest_word_counts_whenever_it_was_recorded() {
        let entries = [
            entry(
                1,
                ConsentState::OptedOut,
                "2026-03-02T10:00Z",
                "2026-03-02T10:00Z",
            ),
            entry(
                2,
                ConsentState::Given,
                "2026-03-01T10:00Z",
                "2026-03-05T10:00Z",
            ),
        ];
        let at = |time| in_force(&entries, instant(time)).map(|entry| entry.state);
        assert_eq!(at("2026-03-10T10:00Z"), Some(ConsentState::OptedOut));
        assert_eq!(at("2026-03-01T12:00Z"), Some(ConsentState::Given));
        assert_eq!(at("2026-02-01T12:00Z"), None);
    }

    #[test]
    fn of_two_at_the_same_instant_the_one_recorded_later_counts() {
        let entries = [
            entry(
                1,
                ConsentState::Cleared,
                "2026-03-01T10:00Z",
                "2026-03-03T10:00Z",
            ),
            entry(
                2,
                ConsentState::OptedOut,
                "2026-03-01T10:00Z",
                "2026-03-02T10:00Z",
            ),
        ];
        let counts = in_force(&entries, instant("2026-03-04T10:00Z"));
        assert_eq!(counts.map(|entry| entry.state), Some(ConsentState::Cleared));
    }

    #[test]
    fn nothing_counts_from_the_future() {
        let early = entry(
            1,
            ConsentState::Given,
            "2026-03-02T10:00Z",
            "2026-03-01T10:00Z",
        );
        assert_eq!(early.record().unwrap_err(), EffectiveInTheFuture);
        let now = entry(
            1,
            ConsentState::Given,
            "2026-03-02T10:00Z",
            "2026-03-02T10:00Z",
        );
        assert!(now.record().is_ok());
    }
}
