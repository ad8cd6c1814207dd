//! Owns how often a debtor may be contacted: the caps of a policy, counted over days in the debtor's
//! zone and over all channels they name (CC-1, CC-10, P17). Must not reserve anything: the database
//! does, with the same rule in one statement.

use std::collections::BTreeSet;

use calendar::{Date, add_days};
use serde::{Deserialize, Serialize};

use crate::domain::debtor::Channel;
use crate::domain::id::InvoiceId;
use crate::domain::named::named;

named! {
    /// What a cap counts.
    pub enum FrequencyMeasure {
        /// Every attempt: messages, letters, calls answered or not, voicemails.
        Attempts = "ATTEMPTS",
        /// Conversations alone.
        Conversations = "CONVERSATIONS",
    }
}

named! {
    /// What a cap counts together.
    pub enum FrequencyScope {
        /// All contacts with the customer, whatever they are about.
        Customer = "CUSTOMER",
        /// The contacts about one invoice; of several each must be under the cap.
        Invoice = "INVOICE",
    }
}

/// At most so many contacts in so many days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FrequencyCap {
    /// What is counted.
    pub measure: FrequencyMeasure,
    /// Contacts through these channels, added up; none: through all. A contact through another
    /// channel neither counts nor is held back.
    pub channels: BTreeSet<Channel>,
    /// How many are permitted.
    pub max_count: i32,
    /// In so many days, the day of the contact included.
    pub window_days: i32,
    /// What is counted together.
    pub scope: FrequencyScope,
}

/// A contact from us that was made, or that is reserved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactMade {
    /// The day, in the debtor's zone.
    pub local_date: Date,
    /// Through what.
    pub channel: Channel,
    /// Whether it came to a conversation.
    pub is_conversation: bool,
    /// The invoices it was about; a contact about several counts for each (CC-1).
    pub invoice_ids: Vec<InvoiceId>,
}

impl FrequencyCap {
    /// The first day from `day` on at which one more contact through a channel about some invoices
    /// stays within the cap; none if no day ever does. `contacts` are those made and reserved.
    #[must_use]
    pub fn first_free_day(
        &self,
        contacts: &[ContactMade],
        channel: Channel,
        invoice_ids: &[InvoiceId],
        day: Date,
    ) -> Option<Date> {
        if !self.covers(channel) {
            return Some(day);
        }
        match self.scope {
            FrequencyScope::Customer => self.free_day(contacts, None, day),
            FrequencyScope::Invoice => invoice_ids.iter().try_fold(day, |latest, invoice_id| {
                Some(latest.max(self.free_day(contacts, Some(*invoice_id), day)?))
            }),
        }
    }

    fn covers(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }

    fn counts(&self, contact: &ContactMade, invoice_id: Option<InvoiceId>) -> bool {
        let measured = match self.measure {
            FrequencyMeasure::Attempts => true,
            FrequencyMeasure::Conversations => contact.is_conversation,
        };
        measured
            && self.covers(contact.channel)
            && invoice_id.is_none_or(|invoice_id| contact.invoice_ids.contains(&invoice_id))
    }

    /// A contact leaves the window `window_days` after its day. Those after `day`, as when the clock
    /// was set back, count too: no window may hold more than the cap.
    fn free_day(
        &self,
        contacts: &[ContactMade],
        invoice_id: Option<InvoiceId>,
        day: Date,
    ) -> Option<Date> {
        let room = usize::try_from(self.max_count)
            .ok()
            .filter(|most| *most > 0)?;
        let counted = contacts
            .iter()
            .filter(|contact| self.counts(contact, invoice_id));
        let mut leaves: Vec<Date> = counted
            .filter_map(|contact| add_days(contact.local_date, self.window_days).ok())
            .filter(|leaves| *leaves > day)
            .collect();
        leaves.sort_unstable();
        match leaves.len().checked_sub(room) {
            // So many too many: when this one has left, there is room for one more.
            Some(place) => leaves.get(place).copied(),
            None => Some(day),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples::{self, invoice_id};

    const MONDAY: Date = Date::constant(2026, 6, 1);

    fn day(offset: i32) -> Date {
        add_days(MONDAY, offset).unwrap()
    }

    fn contact(offset: i32, channel: Channel) -> ContactMade {
        ContactMade {
            local_date: day(offset),
            channel,
            is_conversation: false,
            invoice_ids: vec![invoice_id(1)],
        }
    }

    fn cap(max_count: i32, window_days: i32) -> FrequencyCap {
        FrequencyCap {
            measure: FrequencyMeasure::Attempts,
            channels: BTreeSet::new(),
            max_count,
            window_days,
            scope: FrequencyScope::Customer,
        }
    }

    fn free(cap: &FrequencyCap, contacts: &[ContactMade], offset: i32) -> Option<Date> {
        cap.first_free_day(contacts, Channel::Call, &[invoice_id(1)], day(offset))
    }

    #[test]
    fn cc_1_seven_calls_in_seven_days_and_no_eighth() {
        let calls: Vec<ContactMade> = (0..7)
            .map(|offset| contact(offset, Channel::Call))
            .collect();
        assert_eq!(free(&cap(7, 7), &calls[..6], 6), Some(day(6)));
        // The first call leaves the window of seven days on the eighth.
        assert_eq!(free(&cap(7, 7), &calls, 6), Some(day(7)));
        assert_eq!(free(&cap(7, 7), &calls, 7), Some(day(7)));
    }

    #[test]
    fn cc_1_a_talk_on_monday_and_the_next_call_on_monday() {
        let talk = ContactMade {
            is_conversation: true,
            ..contact(0, Channel::Call)
        };
        let quiet = FrequencyCap {
            measure: FrequencyMeasure::Conversations,
            ..cap(1, 7)
        };
        let attempts = [contact(1, Channel::Call), talk];
        assert_eq!(free(&quiet, &attempts, 0), Some(day(7)));
        assert_eq!(free(&quiet, &attempts, 6), Some(day(7)));
        assert_eq!(free(&quiet, &attempts[..1], 1), Some(day(1)));
    }

    #[test]
    fn p17_a_cap_counts_all_channels_unless_it_names_some() {
        let made = [contact(0, Channel::Email), contact(0, Channel::Letter)];
        assert_eq!(free(&cap(2, 1), &made, 0), Some(day(1)));
        let calls = FrequencyCap {
            channels: BTreeSet::from([Channel::Call]),
            ..cap(1, 1)
        };
        assert_eq!(free(&calls, &made, 0), Some(day(0)));
        let mails = FrequencyCap {
            channels: BTreeSet::from([Channel::Email]),
            ..cap(1, 30)
        };
        // A call is not held back by a cap on e-mail.
        assert_eq!(free(&mails, &made, 0), Some(day(0)));
    }

    #[test]
    fn cc_1_of_several_invoices_each_must_be_under_the_cap() {
        let per_invoice = FrequencyCap {
            scope: FrequencyScope::Invoice,
            ..cap(1, 7)
        };
        let made = [contact(0, Channel::Call)];
        let about =
            |invoices: &[_]| per_invoice.first_free_day(&made, Channel::Call, invoices, day(2));
        assert_eq!(about(&[invoice_id(2)]), Some(day(2)));
        assert_eq!(about(&[invoice_id(2), invoice_id(1)]), Some(day(7)));
        assert_eq!(about(&[]), Some(day(2)));
    }

    #[test]
    fn a_cap_of_zero_never_lets_go() {
        assert_eq!(free(&cap(0, 7), &[], 0), None);
    }

    proptest! {
        #![proptest_config(samples::config())]

        #[test]
        fn p17_whoever_waits_for_the_free_day_never_exceeds_a_cap(
            caps in prop::collection::vec((1i32..5, 1i32..10), 1..4),
            wishes in prop::collection::vec(0i32..40, 0..40),
        ) {
            let caps: Vec<FrequencyCap> =
                caps.into_iter().map(|(most, window)| cap(most, window)).collect();
            let mut made: Vec<ContactMade> = Vec::new();
            for wish in wishes {
                // Wait until every cap agrees, as the verdict does.
                let mut on = day(wish);
                loop {
                    let latest = caps
                        .iter()
                        .map(|cap| cap.first_free_day(&made, Channel::Call, &[], on).unwrap())
                        .max()
                        .unwrap();
                    if latest == on {
                        break;
                    }
                    on = latest;
                }
                made.push(ContactMade { local_date: on, ..contact(0, Channel::Email) });
            }
            for cap in &caps {
                for start in 0..80 {
                    let inside = made.iter().filter(|contact| {
                        contact.local_date >= day(start)
                            && contact.local_date < day(start + cap.window_days)
                    });
                    prop_assert!(inside.count() <= usize::try_from(cap.max_count).unwrap());
                }
            }
        }

        #[test]
        fn p17_the_free_day_is_the_first_one(
            most in 1i32..5,
            window in 1i32..10,
            offsets in prop::collection::vec(0i32..20, 0..12),
            from in 0i32..25,
        ) {
            let cap = cap(most, window);
            let made: Vec<ContactMade> =
                offsets.iter().map(|offset| contact(*offset, Channel::Call)).collect();
            let naive = (from..).map(day).find(|on| {
                let first = add_days(*on, 1 - window).unwrap();
                let counted = made.iter().filter(|contact| contact.local_date >= first);
                counted.count() < usize::try_from(most).unwrap()
            });
            prop_assert_eq!(free(&cap, &made, from), naive);
        }
    }
}
