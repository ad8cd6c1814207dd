//! The naive model of a receipt: what happened to each application, added up anew each time it is
//! asked. Must not share a line with the rules it checks.

/// What is known of an application without any arithmetic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Reserved,
    Applied { allocated: i128, tolerance: i128 },
    Reversing { allocated: i128, tolerance: i128 },
    Over,
}

#[derive(Debug, Default)]
pub(super) struct Model {
    pub(super) received: i128,
    /// What each application took, and its fate.
    pub(super) applications: Vec<(i128, Fate)>,
    pub(super) refunds: Vec<i128>,
    pub(super) reversing: bool,
    pub(super) reversed: bool,
}

impl Model {
    pub(super) fn sum(&self, part: impl Fn(i128, Fate) -> i128) -> i128 {
        self.applications
            .iter()
            .map(|(amount, fate)| part(*amount, *fate))
            .sum()
    }

    pub(super) fn reserved(&self) -> i128 {
        self.sum(|amount, fate| if fate == Fate::Reserved { amount } else { 0 })
    }

    pub(super) fn allocated(&self) -> i128 {
        self.sum(|_, fate| match fate {
            Fate::Applied { allocated, .. } | Fate::Reversing { allocated, .. } => allocated,
            Fate::Reserved | Fate::Over => 0,
        })
    }

    pub(super) fn tolerance(&self) -> i128 {
        self.sum(|_, fate| match fate {
            Fate::Applied { tolerance, .. } | Fate::Reversing { tolerance, .. } => tolerance,
            Fate::Reserved | Fate::Over => 0,
        })
    }

    pub(super) fn refunded(&self) -> i128 {
        self.refunds.iter().sum()
    }

    pub(super) fn returned(&self) -> i128 {
        if self.reversed { self.received } else { 0 }
    }

    pub(super) fn unapplied(&self) -> i128 {
        let elsewhere = [
            self.reserved(),
            self.allocated(),
            self.tolerance(),
            self.refunded(),
            self.returned(),
        ];
        self.received - elsewhere.iter().sum::<i128>()
    }

    pub(super) fn stands(&self) -> bool {
        !self.reversing && !self.reversed
    }

    pub(super) fn quiet(&self) -> bool {
        let moving = |fate| matches!(fate, Fate::Reserved | Fate::Reversing { .. });
        !self.applications.iter().any(|(_, fate)| moving(*fate))
    }

    pub(super) fn may_take(&self, cents: i128) -> bool {
        self.stands() && cents > 0 && cents <= self.unapplied()
    }
}
