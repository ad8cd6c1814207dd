//! How often questions may be repeated (P36): ten in a hundred, so that an outage
//! is not made worse by those who wait for its end.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a question brings in.
const DEPOSIT: u32 = 1;

/// What a repeat costs: ten questions.
const PRICE: u32 = 10;

/// What is saved at most: ten repeats.
const MOST: u32 = 100;

#[derive(Debug)]
pub(super) struct Budget {
    saved: AtomicU32,
}

impl Default for Budget {
    /// Enough for one repeat.
    fn default() -> Self {
        Self {
            saved: AtomicU32::new(PRICE),
        }
    }
}

impl Budget {
    /// A question is asked.
    pub(super) fn deposit(&self) {
        let add = |saved: u32| Some((saved + DEPOSIT).min(MOST));
        // Never refused: the closure always gives a value.
        let _ = self
            .saved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add);
    }

    /// Whether one may be repeated; pays for it.
    pub(super) fn withdraw(&self) -> bool {
        let pay = |saved: u32| saved.checked_sub(PRICE);
        self.saved
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, pay)
            .is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p36_repeats_stay_within_a_tenth_of_the_questions() {
        let budget = Budget::default();
        let repeats = (0..1000).filter(|_| {
            budget.deposit();
            budget.withdraw()
        });
        assert_eq!(repeats.count(), 101);

        let calm = Budget::default();
        (0..100_000).for_each(|_| calm.deposit());
        assert_eq!((0..1000).filter(|_| calm.withdraw()).count(), 10);
    }
}
