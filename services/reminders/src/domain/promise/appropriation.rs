//! Owns which promise a fact counts towards: those that name the invoice and are not fulfilled, the
//! one that falls due first before the others, each no more than it still waits for (PR-3). What was
//! appropriated once stays where it is until its source is reversed.

use calendar::Date;
use money::{Money, MoneyError};
use uuid::Uuid;

use super::{Counted, CountedKind, Promise, PromiseState};
use crate::domain::id::InvoiceId;

/// Something that happened to a named invoice after the promise was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromiseFact {
    /// What it came with: the application, the credit note, the voided invoice.
    pub source_id: Uuid,
    /// Money, or relief.
    pub kind: CountedKind,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much, greater than zero.
    pub amount: Money,
    /// The receipt date, or the day from which the relief counts.
    pub date: Date,
}

/// Appropriates a fact to the promises it counts towards; tells how much counts towards none. A fact
/// that comes twice counts once.
///
/// # Errors
/// [`MoneyError`] when it is in another currency, or amounts are too large.
pub fn appropriate(promises: &mut [Promise], fact: &PromiseFact) -> Result<Money, MoneyError> {
    let mut order: Vec<&mut Promise> = promises
        .iter_mut()
        .filter(|promise| promise.takes(fact))
        .collect();
    order.sort_by_key(|promise| (promise.promised_date, promise.promise_id));
    let mut left = fact.amount;
    for promise in order {
        let amount = left.min_with(promise.outstanding_amount()?)?;
        if amount.is_positive() {
            promise.count(fact, amount);
            left = left.checked_sub(amount)?;
        }
    }
    Ok(left)
}

/// Takes back what counted from one source; tells which promises lost something.
pub fn reverse(promises: &mut [Promise], source_id: Uuid) -> Vec<usize> {
    let mut touched = Vec::new();
    for (place, promise) in promises.iter_mut().enumerate() {
        let before = promise.counted.len();
        promise
            .counted
            .retain(|counted| counted.source_id != source_id);
        if promise.counted.len() < before {
            promise.revision = promise.revision.saturating_add(1);
            touched.push(place);
        }
    }
    touched
}

impl Promise {
    /// Whether a fact may count towards it: it is not kept, not taken back, names the invoice, and
    /// the fact lies in its term. A broken one takes what was booked late (PR-2).
    fn takes(&self, fact: &PromiseFact) -> bool {
        let again = self.counted.iter().any(|counted| {
            counted.source_id == fact.source_id
                && counted.invoice_id == fact.invoice_id
                && counted.kind == fact.kind
        });
        self.state.is_judged_by_facts()
            && self.state != PromiseState::Kept
            && self.invoice_ids.contains(&fact.invoice_id)
            && self.last_day().is_some_and(|last| fact.date <= last)
            && !again
    }

    fn count(&mut self, fact: &PromiseFact, amount: Money) {
        self.counted.push(Counted {
            source_id: fact.source_id,
            kind: fact.kind,
            invoice_id: fact.invoice_id,
            amount,
            date: fact.date,
        });
        self.revision = self.revision.saturating_add(1);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples::{self, eur, invoice_id};

    fn day(day: i8) -> Date {
        Date::constant(2026, 5, day)
    }

    fn cash(source: u128, invoice: u128, amount: &str, on: Date) -> PromiseFact {
        PromiseFact {
            source_id: samples::uuid(source),
            kind: CountedKind::Cash,
            invoice_id: invoice_id(invoice),
            amount: eur(amount),
            date: on,
        }
    }

    fn received(promises: &[Promise]) -> Vec<String> {
        let amounts = promises
            .iter()
            .map(|promise| promise.received_amount().unwrap());
        amounts.map(|amount| amount.to_amount_string()).collect()
    }

    #[test]
    fn pr_3_the_promise_that_falls_due_first_is_served_first() {
        let mut promises = [
            samples::promise(1, &[1], eur("100.00"), day(20)),
            samples::promise(2, &[1, 2], eur("60.00"), day(10)),
        ];
        let left = appropriate(&mut promises, &cash(1, 1, "80.00", day(8))).unwrap();
        assert_eq!(left, eur("0.00"));
        assert_eq!(received(&promises), ["20.00", "60.00"]);
        let left = appropriate(&mut promises, &cash(2, 1, "100.00", day(9))).unwrap();
        assert_eq!(
            (received(&promises), left),
            (vec!["100.00".into(), "60.00".into()], eur("20.00"))
        );
    }

    #[test]
    fn pr_3_money_after_the_term_serves_the_next_promise() {
        let mut promises = [
            samples::promise(1, &[1], eur("50.00"), day(10)),
            samples::promise(2, &[1], eur("50.00"), day(20)),
        ];
        // The grace of the first ends on the 12th.
        appropriate(&mut promises, &cash(1, 1, "30.00", day(12))).unwrap();
        appropriate(&mut promises, &cash(2, 1, "30.00", day(13))).unwrap();
        assert_eq!(received(&promises), ["30.00", "30.00"]);
    }

    #[test]
    fn a_fact_that_comes_twice_counts_once() {
        let mut promises = [samples::promise(1, &[1], eur("50.00"), day(10))];
        for _ in 0..2 {
            appropriate(&mut promises, &cash(1, 1, "20.00", day(9))).unwrap();
        }
        assert_eq!(received(&promises), ["20.00"]);
    }

    #[test]
    fn what_is_reversed_is_taken_back_where_it_counted_and_nowhere_else() {
        let mut promises = [
            samples::promise(1, &[1], eur("50.00"), day(10)),
            samples::promise(2, &[1], eur("50.00"), day(20)),
        ];
        appropriate(&mut promises, &cash(1, 1, "50.00", day(8))).unwrap();
        appropriate(&mut promises, &cash(2, 1, "40.00", day(8))).unwrap();
        assert_eq!(reverse(&mut promises, samples::uuid(1)), [0]);
        assert_eq!(received(&promises), ["0.00", "40.00"]);
        assert_eq!(reverse(&mut promises, samples::uuid(1)), [0; 0]);
    }

    #[test]
    fn other_invoices_and_ended_promises_take_nothing() {
        let mut promises = [samples::promise(1, &[1], eur("50.00"), day(10))];
        let left = appropriate(&mut promises, &cash(1, 2, "50.00", day(8))).unwrap();
        assert_eq!(left, eur("50.00"));
        for state in [
            PromiseState::Cancelled,
            PromiseState::Superseded,
            PromiseState::Kept,
        ] {
            promises[0].state = state;
            let left = appropriate(&mut promises, &cash(1, 1, "50.00", day(8))).unwrap();
            assert_eq!(left, eur("50.00"), "{state}");
        }
    }

    proptest! {
        #![proptest_config(samples::config())]

        #[test]
        fn pr_3_nothing_counts_twice_and_no_promise_gets_more_than_it_waits_for(
            promised in prop::collection::vec((1u32..200, 1i8..28, 1u128..4), 1..5),
            facts in prop::collection::vec((1u32..100, 1i8..28, 1u128..4, any::<bool>()), 0..12),
        ) {
            let mut promises: Vec<Promise> = (1u128..)
                .zip(promised)
                .map(|(id, (amount, on, invoice))| {
                    let amount = eur(&format!("{amount}.00"));
                    samples::promise(id, &[invoice, invoice + 1], amount, day(on))
                })
                .collect();
            for (source, (amount, on, invoice, relief)) in (1u128..).zip(facts) {
                let kind = if relief { CountedKind::Relief } else { CountedKind::Cash };
                let fact = PromiseFact {
                    kind,
                    ..cash(source, invoice, &format!("{amount}.00"), day(on))
                };
                let before: Vec<Promise> = promises.clone();
                let left = appropriate(&mut promises, &fact).unwrap();
                let counted = promises.iter().flat_map(|promise| &promise.counted);
                let here = counted.filter(|counted| counted.source_id == fact.source_id);
                let sum = Money::sum(fact.amount.currency(), here.map(|counted| counted.amount));
                prop_assert_eq!(sum.unwrap().checked_add(left), Ok(fact.amount));
                for (now, then) in promises.iter().zip(&before) {
                    let over = now.received_amount().unwrap().try_cmp(&now.required_amount().unwrap());
                    prop_assert!(over.unwrap().is_le());
                    // Whoever falls due later got something only if the earlier ones are full.
                    let got = now.counted.len() > then.counted.len();
                    for earlier in promises.iter().filter(|other| got && other.takes_first(now, &fact)) {
                        prop_assert!(earlier.outstanding_amount().unwrap().is_zero());
                    }
                }
            }
        }
    }

    impl Promise {
        fn takes_first(&self, other: &Self, fact: &PromiseFact) -> bool {
            let key = |promise: &Self| (promise.promised_date, promise.promise_id);
            key(self) < key(other)
                && self.invoice_ids.contains(&fact.invoice_id)
                && self.last_day().unwrap() >= fact.date
        }
    }
}
