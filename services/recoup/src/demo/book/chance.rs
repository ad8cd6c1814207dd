//! Owns the dice. Whole numbers only, so that every machine throws the same.

use std::ops::RangeInclusive;

use fastrand::Rng;

/// Dice that always fall in the same way for the same seed.
#[derive(Debug, Clone)]
pub struct Dice(Rng);

impl Dice {
    /// The dice of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        Self(Rng::with_seed(seed))
    }

    /// Dice of its own for a part of the book, so that one part does not change the others.
    pub fn apart(&mut self) -> Self {
        Self(self.0.fork())
    }

    /// A number of the range, each as likely.
    pub fn number(&mut self, range: RangeInclusive<u32>) -> u32 {
        self.0.u32(range)
    }

    /// True so many times of a hundred.
    pub fn percent(&mut self, percent: u32) -> bool {
        self.0.u32(0..100) < percent
    }

    /// One of several, each as likely.
    pub fn one_of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.0.usize(0..all.len())]
    }

    /// One of several by weight; the last where weights are short.
    pub fn weighed<T: Copy>(&mut self, all: &[(T, u32)]) -> T {
        let sum: u32 = all.iter().map(|(_, weight)| weight).sum();
        let mut left = self.0.u32(0..sum);
        for (one, weight) in all {
            if left < *weight {
                return *one;
            }
            left -= weight;
        }
        all[all.len() - 1].0
    }
}
