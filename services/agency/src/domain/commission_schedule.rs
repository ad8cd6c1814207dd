//! Owns what an agency earns in one currency: tiers by age, amount, country and number of the
//! placement, and which of them a placement falls under (AY-4, AY-5). Must not know payments: a
//! schedule gives rates, [`CommissionTerms`](super::commission_terms::CommissionTerms) keep them.

use std::collections::BTreeSet;

use money::{Currency, Money, Rate};

use super::named::named;

named! {
    /// How the tiers of a schedule apply (AY-5).
    pub enum CommissionMethod {
        /// The first tier that fits, the placed amount included, gives one rate for everything.
        WholeBalance = "WHOLE_BALANCE",
        /// The tiers that fit, their amounts left aside, cut the placed amount into slices.
        Marginal = "MARGINAL",
    }
}

named! {
    /// What the age of a placed debt is counted from, to the day of the placement.
    pub enum AgeBasis {
        /// The oldest due date with an open amount.
        OldestDueDate = "OLDEST_DUE_DATE",
        /// The oldest invoice date.
        OldestInvoiceDate = "OLDEST_INVOICE_DATE",
    }
}

/// One rate and the placements it is for: everything that is set must fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommissionTier {
    /// Least age in days.
    pub min_age_days: Option<i32>,
    /// Greatest age in days, inclusive.
    pub max_age_days: Option<i32>,
    /// Least amount, inclusive.
    pub from_amount: Option<Money>,
    /// Bound of the amount, exclusive.
    pub below_amount: Option<Money>,
    /// Whether the debtor sits in another country than the agency.
    pub foreign: Option<bool>,
    /// Least number of the placement of the debt: 2 for a second placement.
    pub min_placement_number: Option<i32>,
    /// The rate, from 0 to 1.
    pub rate: Rate,
}

/// What of a placement, besides its amount, decides the tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierFacts {
    /// Age on the day of the placement, in days.
    pub age_days: i32,
    /// Whether the debtor sits in another country than the agency.
    pub foreign: bool,
    /// The n-th placement of the debt, from 1 on.
    pub placement_number: i32,
}

/// A stretch of what is collected, and the tier that it falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TierSlice {
    /// Place of the tier in the schedule, from 1 on.
    pub tier_number: usize,
    /// Where it begins, inclusive.
    pub from_amount: Money,
    /// Where it ends, exclusive; none: never.
    pub below_amount: Option<Money>,
    /// The tier's rate.
    pub rate: Rate,
}

/// What an agency earns in one currency. Checked when it is made, so that every placement falls
/// under some tier, and no amount under two or none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommissionSchedule {
    currency: Currency,
    method: CommissionMethod,
    age_basis: AgeBasis,
    tiers: Vec<CommissionTier>,
}

/// Why a schedule is refused (COMMISSION_SCHEDULE_INVALID). Tiers are counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// None, or more than 50.
    #[error("a commission schedule has 1 to 50 tiers")]
    TierCount,
    /// A rate below 0 or above 1.
    #[error("the rate of tier {0} is not from 0 to 1")]
    Rate(usize),
    /// A bound in another currency than the schedule's.
    #[error("an amount of tier {0} is in another currency")]
    Currency(usize),
    /// Bounds that nothing can fit: negative, or the upper one not above the lower.
    #[error("the bounds of tier {0} leave nothing between them")]
    Bounds(usize),
    /// The last tier has a condition.
    #[error("the last tier must fit every placement")]
    LastTier,
    /// Slices of a marginal schedule that overlap for some placement.
    #[error("the slices of tiers {0} and {1} overlap")]
    Overlap(usize, usize),
    /// Slices of a marginal schedule that leave a gap for some placement.
    #[error("the slices leave a gap below tier {0}")]
    Gap(usize),
}

const MAX_TIERS: usize = 50;

impl CommissionSchedule {
    /// A schedule in which every placement finds its rate.
    ///
    /// # Errors
    /// [`ScheduleError`], the first that is found.
    pub fn try_new(
        currency: Currency,
        method: CommissionMethod,
        age_basis: AgeBasis,
        tiers: Vec<CommissionTier>,
    ) -> Result<Self, ScheduleError> {
        if tiers.is_empty() || tiers.len() > MAX_TIERS {
            return Err(ScheduleError::TierCount);
        }
        for (number, tier) in (1..).zip(&tiers) {
            tier.check(number, currency)?;
        }
        if tiers.last().is_some_and(|last| !last.fits_everything()) {
            return Err(ScheduleError::LastTier);
        }
        let schedule = Self {
            currency,
            method,
            age_basis,
            tiers,
        };
        if method == CommissionMethod::Marginal {
            for facts in schedule.kinds_of_placement() {
                schedule.cut(&facts)?;
            }
        }
        Ok(schedule)
    }

    /// The currency of the debts and of the bounds.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// How the tiers apply.
    #[must_use]
    pub fn method(&self) -> CommissionMethod {
        self.method
    }

    /// What the age is counted from.
    #[must_use]
    pub fn age_basis(&self) -> AgeBasis {
        self.age_basis
    }

    /// The tiers, in the order in which they are asked.
    #[must_use]
    pub fn tiers(&self) -> &[CommissionTier] {
        &self.tiers
    }

    /// The rates of a placement, from the lowest slice up: one for the whole balance, or those of
    /// the slices that the placed amount reaches, the last without an end.
    ///
    /// # Errors
    /// [`ScheduleError`] never for a schedule that was made: its making tried every kind of
    /// placement.
    pub fn slices(
        &self,
        facts: &TierFacts,
        placed: Money,
    ) -> Result<Vec<TierSlice>, ScheduleError> {
        match self.method {
            CommissionMethod::WholeBalance => self.one_rate(facts, placed),
            CommissionMethod::Marginal => {
                let mut slices = self.cut(facts)?;
                let reached = |slice: &TierSlice| {
                    slice.from_amount.is_zero() || less(slice.from_amount, placed)
                };
                slices.retain(reached);
                if let Some(last) = slices.last_mut() {
                    last.below_amount = None;
                }
                Ok(slices)
            }
        }
    }

    fn one_rate(&self, facts: &TierFacts, placed: Money) -> Result<Vec<TierSlice>, ScheduleError> {
        let mut fitting = self.fitting(facts);
        let (tier_number, tier) = fitting
            .find(|(_, tier)| tier.fits_amount(placed))
            .ok_or(ScheduleError::LastTier)?;
        Ok(vec![TierSlice {
            tier_number,
            from_amount: Money::zero(self.currency),
            below_amount: None,
            rate: tier.rate,
        }])
    }

    /// The tiers that a placement falls under, its amount left aside.
    fn fitting(&self, facts: &TierFacts) -> impl Iterator<Item = (usize, &CommissionTier)> {
        let facts = *facts;
        let numbered = (1..).zip(&self.tiers);
        numbered.filter(move |(_, tier)| tier.fits(&facts))
    }

    /// The slices of a marginal schedule for one kind of placement: the tiers with amounts lie side
    /// by side from zero up, and the first one without amounts takes what lies above them. Those
    /// behind it are never reached.
    fn cut(&self, facts: &TierFacts) -> Result<Vec<TierSlice>, ScheduleError> {
        let mut slices = Vec::new();
        let mut rest = None;
        for (tier_number, tier) in self.fitting(facts) {
            let slice = TierSlice {
                tier_number,
                from_amount: tier.from_amount.unwrap_or(Money::zero(self.currency)),
                below_amount: tier.below_amount,
                rate: tier.rate,
            };
            if tier.has_amounts() {
                slices.push(slice);
            } else {
                rest = Some(slice);
                break;
            }
        }
        slices.sort_by_key(|slice| slice.from_amount.to_minor());
        let top = self.side_by_side(&slices)?;
        if let (Some(rest), Some(from_amount)) = (rest, top) {
            slices.push(TierSlice {
                from_amount,
                ..rest
            });
        }
        Ok(slices)
    }

    /// Where sorted slices end; none: never.
    fn side_by_side(&self, slices: &[TierSlice]) -> Result<Option<Money>, ScheduleError> {
        let mut top = Some(Money::zero(self.currency));
        let mut below = 0;
        for slice in slices {
            match top {
                Some(top) if top == slice.from_amount => {}
                Some(top) if less(top, slice.from_amount) => {
                    return Err(ScheduleError::Gap(slice.tier_number));
                }
                _ => return Err(ScheduleError::Overlap(below, slice.tier_number)),
            }
            top = slice.below_amount;
            below = slice.tier_number;
        }
        Ok(top)
    }

    /// One example of every kind of placement that the tiers can tell apart: just at and just
    /// beyond each bound.
    fn kinds_of_placement(&self) -> Vec<TierFacts> {
        let tiers = || self.tiers.iter();
        let mut ages: BTreeSet<i32> = tiers().filter_map(|tier| tier.min_age_days).collect();
        ages.extend(tiers().filter_map(|tier| tier.max_age_days?.checked_add(1)));
        ages.insert(0);
        let mut numbers: BTreeSet<i32> = tiers()
            .filter_map(|tier| tier.min_placement_number)
            .collect();
        numbers.insert(1);
        let mut kinds = Vec::new();
        for &age_days in &ages {
            for &placement_number in &numbers {
                kinds.extend([false, true].map(|foreign| TierFacts {
                    age_days,
                    foreign,
                    placement_number,
                }));
            }
        }
        kinds
    }
}

/// Amounts of one schedule are of one currency; two that are not have no order.
fn less(left: Money, right: Money) -> bool {
    left.try_cmp(&right).is_ok_and(|order| order.is_lt())
}

impl CommissionTier {
    fn check(&self, number: usize, currency: Currency) -> Result<(), ScheduleError> {
        if self.rate < Rate::ZERO || self.rate > Rate::ONE {
            return Err(ScheduleError::Rate(number));
        }
        let bounds = [self.from_amount, self.below_amount];
        if bounds
            .iter()
            .flatten()
            .any(|bound| bound.currency() != currency)
        {
            return Err(ScheduleError::Currency(number));
        }
        let lower = self.from_amount.unwrap_or(Money::zero(currency));
        let amounts_fit =
            !lower.is_negative() && self.below_amount.is_none_or(|below| less(lower, below));
        let youngest = self.min_age_days.unwrap_or(0);
        let ages_fit = youngest >= 0 && self.max_age_days.is_none_or(|oldest| youngest <= oldest);
        let number_fits = self.min_placement_number.is_none_or(|least| least >= 1);
        match amounts_fit && ages_fit && number_fits {
            true => Ok(()),
            false => Err(ScheduleError::Bounds(number)),
        }
    }

    fn has_amounts(&self) -> bool {
        self.from_amount.is_some() || self.below_amount.is_some()
    }

    fn fits_everything(&self) -> bool {
        let conditions = [
            self.min_age_days,
            self.max_age_days,
            self.min_placement_number,
        ];
        !self.has_amounts() && self.foreign.is_none() && conditions.iter().all(Option::is_none)
    }

    fn fits(&self, facts: &TierFacts) -> bool {
        self.min_age_days
            .is_none_or(|least| least <= facts.age_days)
            && self.max_age_days.is_none_or(|most| facts.age_days <= most)
            && self.foreign.is_none_or(|foreign| foreign == facts.foreign)
            && self
                .min_placement_number
                .is_none_or(|least| least <= facts.placement_number)
    }

    fn fits_amount(&self, placed: Money) -> bool {
        self.from_amount.is_none_or(|from| !less(placed, from))
            && self.below_amount.is_none_or(|below| less(placed, below))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(crate) fn amount(amount: &str, currency: &str) -> Money {
        Money::parse(amount, currency.parse().unwrap()).unwrap()
    }

    pub(crate) fn euro(text: &str) -> Money {
        amount(text, "EUR")
    }

    /// A tier for everything.
    pub(crate) fn tier(rate: &str) -> CommissionTier {
        CommissionTier {
            min_age_days: None,
            max_age_days: None,
            from_amount: None,
            below_amount: None,
            foreign: None,
            min_placement_number: None,
            rate: rate.parse().unwrap(),
        }
    }

    pub(crate) fn up_to_days(days: i32, rate: &str) -> CommissionTier {
        CommissionTier {
            max_age_days: Some(days),
            ..tier(rate)
        }
    }

    pub(crate) fn from_days(days: i32, rate: &str) -> CommissionTier {
        CommissionTier {
            min_age_days: Some(days),
            ..tier(rate)
        }
    }

    pub(crate) fn below(bound: &str, rate: &str) -> CommissionTier {
        CommissionTier {
            below_amount: Some(euro(bound)),
            ..tier(rate)
        }
    }

    pub(crate) fn between(from: &str, bound: &str, rate: &str) -> CommissionTier {
        CommissionTier {
            from_amount: Some(euro(from)),
            ..below(bound, rate)
        }
    }

    pub(crate) fn abroad(rate: &str) -> CommissionTier {
        CommissionTier {
            foreign: Some(true),
            ..tier(rate)
        }
    }

    pub(crate) fn flat(currency: &str, rate: &str) -> CommissionSchedule {
        let currency = currency.parse().unwrap();
        let method = CommissionMethod::WholeBalance;
        CommissionSchedule::try_new(currency, method, AgeBasis::OldestDueDate, vec![tier(rate)])
            .unwrap()
    }

    pub(crate) fn schedule(
        method: CommissionMethod,
        tiers: &[CommissionTier],
    ) -> Result<CommissionSchedule, ScheduleError> {
        CommissionSchedule::try_new(
            Currency::EUR,
            method,
            AgeBasis::OldestInvoiceDate,
            tiers.to_vec(),
        )
    }

    fn whole(tiers: &[CommissionTier]) -> CommissionSchedule {
        schedule(CommissionMethod::WholeBalance, tiers).unwrap()
    }

    fn rate(schedule: &CommissionSchedule, facts: TierFacts, placed: &str) -> String {
        let slices = schedule.slices(&facts, euro(placed)).unwrap();
        assert_eq!(slices.len(), 1);
        slices[0].rate.to_string()
    }

    fn home(age_days: i32) -> TierFacts {
        TierFacts {
            age_days,
            foreign: false,
            placement_number: 1,
        }
    }

    fn foreign(age_days: i32) -> TierFacts {
        TierFacts {
            foreign: true,
            ..home(age_days)
        }
    }

    #[test]
    fn ay_4_a_by_age_from_the_oldest_invoice_small_and_foreign_apart() {
        let a = whole(&[
            below("1000.00", "0.35"),
            abroad("0.35"),
            up_to_days(120, "0.20"),
            up_to_days(180, "0.25"),
            up_to_days(730, "0.30"),
            tier("0.35"),
        ]);
        let cases = [
            (0, "0.2"),
            (120, "0.2"),
            (121, "0.25"),
            (180, "0.25"),
            (181, "0.3"),
            (730, "0.3"),
            (731, "0.35"),
        ];
        for (age, expected) in cases {
            assert_eq!(rate(&a, home(age), "1000.00"), expected, "{age} days");
            assert_eq!(rate(&a, home(age), "999.99"), "0.35", "{age} days, small");
            assert_eq!(rate(&a, foreign(age), "1000.00"), "0.35", "{age} days");
        }
    }

    #[test]
    fn ay_4_b_by_amount_and_half_of_what_is_older_than_a_year() {
        let b = whole(&[
            from_days(366, "0.50"),
            below("300.00", "0.50"),
            below("2000.01", "0.28"),
            tier("0.20"),
        ]);
        assert_eq!(rate(&b, home(30), "299.99"), "0.5");
        assert_eq!(rate(&b, home(30), "300.00"), "0.28");
        assert_eq!(rate(&b, home(30), "2000.00"), "0.28");
        assert_eq!(rate(&b, home(30), "2000.01"), "0.2");
        assert_eq!(rate(&b, home(365), "5000.00"), "0.2");
        assert_eq!(rate(&b, home(366), "5000.00"), "0.5");
    }

    /// The printed schedule does not say how small "small" is: 250.00 here. Judgments and the suit
    /// fee belong to legal cases.
    #[test]
    fn ay_4_c_by_days_past_due_with_second_placements_apart() {
        let second = CommissionTier {
            min_placement_number: Some(2),
            ..tier("0.50")
        };
        let young = CommissionTier {
            from_amount: Some(euro("2000.00")),
            ..up_to_days(59, "0.25")
        };
        let c = whole(&[
            second,
            abroad("0.50"),
            below("250.00", "0.50"),
            young,
            up_to_days(365, "0.35"),
            tier("0.50"),
        ]);
        assert_eq!(rate(&c, home(59), "2000.00"), "0.25");
        assert_eq!(rate(&c, home(59), "1999.99"), "0.35");
        assert_eq!(rate(&c, home(60), "2000.00"), "0.35");
        assert_eq!(rate(&c, home(365), "2000.00"), "0.35");
        assert_eq!(rate(&c, home(366), "2000.00"), "0.5");
        assert_eq!(rate(&c, home(59), "249.99"), "0.5");
        assert_eq!(rate(&c, foreign(59), "2000.00"), "0.5");
        let again = TierFacts {
            placement_number: 2,
            ..home(59)
        };
        assert_eq!(rate(&c, again, "2000.00"), "0.5");
    }

    /// What was paid before the placement is no tier: it earns nothing at all here, see
    /// `commission`.
    #[test]
    fn ay_4_d_flat_and_more_abroad() {
        let d = whole(&[abroad("0.40"), tier("0.35")]);
        assert_eq!(rate(&d, home(400), "10.00"), "0.35");
        assert_eq!(rate(&d, foreign(1), "90000.00"), "0.4");
    }

    fn cut(tiers: &[CommissionTier], facts: TierFacts, placed: &str) -> Vec<(usize, String)> {
        let marginal = schedule(CommissionMethod::Marginal, tiers).unwrap();
        let slices = marginal.slices(&facts, euro(placed)).unwrap();
        assert_eq!(slices.last().unwrap().below_amount, None);
        let shown = slices.iter();
        shown
            .map(|slice| (slice.tier_number, slice.from_amount.to_amount_string()))
            .collect()
    }

    #[test]
    fn ay_5_marginal_tiers_cut_the_placed_amount_into_slices() {
        let tiers = [
            from_days(366, "0.50"),
            below("300.00", "0.50"),
            between("300.00", "2000.00", "0.28"),
            tier("0.20"),
        ];
        let shown = |list: &[(usize, &str)]| -> Vec<(usize, String)> {
            let owned = list.iter();
            owned
                .map(|(tier, from)| (*tier, (*from).to_owned()))
                .collect()
        };
        assert_eq!(
            cut(&tiers, home(10), "5000.00"),
            shown(&[(2, "0.00"), (3, "300.00"), (4, "2000.00")])
        );
        assert_eq!(
            cut(&tiers, home(10), "2000.00"),
            shown(&[(2, "0.00"), (3, "300.00")])
        );
        assert_eq!(cut(&tiers, home(10), "300.00"), shown(&[(2, "0.00")]));
        // A tier without amounts takes everything when it comes first.
        assert_eq!(cut(&tiers, home(366), "5000.00"), shown(&[(1, "0.00")]));
    }

    #[test]
    fn marginal_slices_lie_side_by_side_for_every_placement() {
        let marginal =
            |tiers: &[CommissionTier]| schedule(CommissionMethod::Marginal, tiers).map(|_| ());
        let gap = [
            below("300.00", "0.5"),
            between("400.00", "500.00", "0.3"),
            tier("0.2"),
        ];
        assert_eq!(marginal(&gap), Err(ScheduleError::Gap(2)));
        let overlap = [
            below("300.00", "0.5"),
            between("200.00", "500.00", "0.3"),
            tier("0.2"),
        ];
        assert_eq!(marginal(&overlap), Err(ScheduleError::Overlap(1, 2)));
        // Side by side at home, a gap abroad.
        let only_home = CommissionTier {
            foreign: Some(false),
            ..below("300.00", "0.5")
        };
        let abroad = [only_home, between("300.00", "500.00", "0.3"), tier("0.2")];
        assert_eq!(marginal(&abroad), Err(ScheduleError::Gap(2)));
        // Side by side for the young; the old have two tiers for the same amounts.
        let old = CommissionTier {
            min_age_days: Some(91),
            ..below("300.00", "0.6")
        };
        let older = [below("300.00", "0.5"), old, tier("0.2")];
        assert_eq!(marginal(&older), Err(ScheduleError::Overlap(1, 2)));
        assert!(schedule(CommissionMethod::WholeBalance, &older).is_ok());
    }

    #[test]
    fn a_schedule_has_a_rate_for_everything() {
        let whole =
            |tiers: &[CommissionTier]| schedule(CommissionMethod::WholeBalance, tiers).map(|_| ());
        assert_eq!(whole(&[]), Err(ScheduleError::TierCount));
        assert_eq!(whole(&[tier("0.2"); 51]), Err(ScheduleError::TierCount));
        assert_eq!(whole(&[abroad("0.2")]), Err(ScheduleError::LastTier));
        assert_eq!(whole(&[tier("1.01")]), Err(ScheduleError::Rate(1)));
        assert_eq!(whole(&[tier("-0.01")]), Err(ScheduleError::Rate(1)));
        let backwards = [between("500.00", "500.00", "0.2"), tier("0.2")];
        assert_eq!(whole(&backwards), Err(ScheduleError::Bounds(1)));
        let aged = CommissionTier {
            max_age_days: Some(9),
            ..from_days(10, "0.2")
        };
        assert_eq!(whole(&[aged, tier("0.2")]), Err(ScheduleError::Bounds(1)));
        let yen = CommissionTier {
            below_amount: Some(amount("500", "JPY")),
            ..tier("0.2")
        };
        assert_eq!(whole(&[yen, tier("0.2")]), Err(ScheduleError::Currency(1)));
    }
}
