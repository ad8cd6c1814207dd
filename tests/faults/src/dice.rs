//! Chance that falls the same way for the same seed.

/// A die (`SplitMix64`).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// One that falls by `seed`.
    #[must_use]
    pub const fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// The next throw.
    pub const fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to below `limit`, which is not 0.
    pub const fn below(&mut self, limit: u64) -> u64 {
        self.throw() % limit
    }

    /// Whether something happens that happens so often in a hundred times.
    pub const fn happens(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these, each as likely as any other; none of none.
    pub fn one_of<'a, T>(&mut self, these: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(these.len()).ok().filter(|count| *count > 0)?;
        these.get(usize::try_from(self.below(count)).ok()?)
    }

    /// One of these, by its weight.
    pub fn weighed<T: Copy>(&mut self, these: &[(u64, T)]) -> T {
        let mut left = self.below(these.iter().map(|(weight, _)| weight).sum());
        for (weight, one) in these {
            match left.checked_sub(*weight) {
                Some(rest) => left = rest,
                None => return *one,
            }
        }
        unreachable!("less than the sum of the weights")
    }
}
