//! Owns the search for the one set of open invoices that sums to an amount (CA-1, fourth key). Any
//! amount is the sum of something if there are enough invoices, so a sum counts only while hitting
//! it by chance is improbable. Whole smallest units only.

use std::collections::BTreeSet;

/// What one invoice may contribute, in smallest units: what is open, and what settles it with the
/// discount of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Payable {
    /// What is open; above 0.
    pub(super) open: i128,
    /// What settles it with the discount; above 0.
    pub(super) discounted: Option<i128>,
}

/// What the search found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ExactSum {
    /// No set of two or more sums to the amount.
    None,
    /// Exactly one does, by places in the list, and not by chance.
    One(Vec<usize>),
    /// Exactly one does, but among so many sums that it may be by chance.
    Doubtful(Vec<usize>),
    /// Several do.
    Several,
    /// There are too many sets to look at.
    TooMany,
}

/// Sets that are looked at, at most.
const MOST_SETS: i128 = 1 << 20;

/// Sums must be this many times rarer than amounts: with fewer than one set in a thousand smallest
/// units of the total, less than one payment in a thousand that pays for something else hits one.
const RARITY: i128 = 1_000;

/// Looks for the set of two or more that sums to `target`.
pub(super) fn exact_sum(payables: &[Payable], target: i128) -> ExactSum {
    let choices = |payable: &Payable| 2 + i128::from(payable.discounted.is_some());
    let sets = payables
        .iter()
        .try_fold(1_i128, |sets, payable| sets.checked_mul(choices(payable)));
    let Some(sets) = sets.filter(|sets| *sets <= MOST_SETS) else {
        return ExactSum::TooMany;
    };
    let mut search = Search {
        payables,
        reachable: reachable(payables),
        chosen: Vec::new(),
        found: BTreeSet::new(),
    };
    search.from(0, target);
    let total = search.reachable.first().copied().unwrap_or(0);
    let mut found = search.found.into_iter();
    match (found.next(), found.next()) {
        (None, _) => ExactSum::None,
        (Some(_), Some(_)) => ExactSum::Several,
        (Some(only), None) if sets * RARITY <= total => ExactSum::One(only),
        (Some(only), None) => ExactSum::Doubtful(only),
    }
}

struct Search<'a> {
    payables: &'a [Payable],
    /// The most that can still come from each place on.
    reachable: Vec<i128>,
    chosen: Vec<usize>,
    found: BTreeSet<Vec<usize>>,
}

impl Search<'_> {
    fn from(&mut self, place: usize, left: i128) {
        if left == 0 {
            if self.chosen.len() >= 2 {
                self.found.insert(self.chosen.clone());
            }
            return;
        }
        let Some(payable) = self.payables.get(place).copied() else {
            return;
        };
        let reachable = self.reachable.get(place).copied().unwrap_or(0);
        if left < 0 || left > reachable || self.found.len() > 1 {
            return;
        }
        self.chosen.push(place);
        self.from(place + 1, left - payable.open);
        if let Some(discounted) = payable.discounted {
            self.from(place + 1, left - discounted);
        }
        self.chosen.pop();
        self.from(place + 1, left);
    }
}

fn reachable(payables: &[Payable]) -> Vec<i128> {
    let mut sum = 0_i128;
    let from_the_end = payables.iter().rev().map(|payable| {
        sum += payable.open;
        sum
    });
    let mut reachable: Vec<i128> = from_the_end.collect();
    reachable.reverse();
    reachable
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn open(amounts: &[i128]) -> Vec<Payable> {
        let payable = |open: &i128| Payable {
            open: *open,
            discounted: None,
        };
        amounts.iter().map(payable).collect()
    }

    #[test]
    fn ca_1_the_only_set_that_sums() {
        let invoices = open(&[10_000, 25_050, 40_000]);
        assert_eq!(exact_sum(&invoices, 35_050), ExactSum::One(vec![0, 1]));
        assert_eq!(exact_sum(&invoices, 75_050), ExactSum::One(vec![0, 1, 2]));
        assert_eq!(exact_sum(&invoices, 35_051), ExactSum::None);
        assert_eq!(
            exact_sum(&invoices, 10_000),
            ExactSum::None,
            "one invoice is no sum"
        );
        assert_eq!(exact_sum(&[], 1), ExactSum::None);
    }

    #[test]
    fn ca_1_several_sets_say_nothing() {
        let invoices = open(&[10_000, 20_000, 30_000, 40_000]);
        assert_eq!(exact_sum(&invoices, 50_000), ExactSum::Several);
        assert_eq!(
            exact_sum(&open(&[5_000, 5_000, 5_000]), 10_000),
            ExactSum::Several
        );
    }

    #[test]
    fn ed_1_discounts_of_the_day_count_and_make_no_second_set() {
        let mut invoices = open(&[10_000, 25_000, 41_000]);
        invoices[0].discounted = Some(9_800);
        assert_eq!(exact_sum(&invoices, 34_800), ExactSum::One(vec![0, 1]));
        assert_eq!(exact_sum(&invoices, 35_000), ExactSum::One(vec![0, 1]));
    }

    #[test]
    fn a_sum_that_may_be_chance_is_doubtful() {
        let few = open(&[100, 205, 410, 820]);
        assert_eq!(exact_sum(&few, 305), ExactSum::Doubtful(vec![0, 1]));
        let many: Vec<i128> = (0..21).map(|place| 1_000_000 + place).collect();
        assert_eq!(exact_sum(&open(&many), 2_000_001), ExactSum::TooMany);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(
            ProptestConfig::default().cases.max(2_000)
        ))]

        #[test]
        fn ca_1_equal_to_trying_every_set(
            amounts in proptest::collection::vec((1_i128..60, any::<bool>()), 0..8),
            target in 1_i128..200,
        ) {
            let payables: Vec<Payable> = amounts
                .iter()
                .map(|(open, earns)| Payable {
                    open: *open,
                    discounted: (*earns && *open > 1).then_some(open - 1),
                })
                .collect();
            let mut sets = BTreeSet::new();
            for mask in 0_u32..(1 << payables.len()) {
                let chosen: Vec<usize> =
                    (0..payables.len()).filter(|place| mask & (1 << place) != 0).collect();
                let most: i128 = chosen.iter().map(|place| payables[*place].open).sum();
                let earned = chosen.iter().filter(|place| payables[**place].discounted.is_some());
                let least = most - i128::try_from(earned.count()).unwrap();
                if chosen.len() >= 2 && (least..=most).contains(&target) {
                    sets.insert(chosen);
                }
            }
            match exact_sum(&payables, target) {
                ExactSum::None => prop_assert!(sets.is_empty()),
                ExactSum::Several => prop_assert!(sets.len() > 1),
                ExactSum::One(set) | ExactSum::Doubtful(set) => {
                    prop_assert_eq!(sets.into_iter().collect::<Vec<_>>(), vec![set]);
                }
                ExactSum::TooMany => prop_assert!(false, "8 invoices are not too many"),
            }
        }
    }
}
