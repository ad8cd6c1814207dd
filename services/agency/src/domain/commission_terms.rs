//! Owns what an agency earns on one placement: fixed when the debt is placed, from the schedule of
//! the agreement, and never again (AY-5). Must not know payments one by one: it turns a sum that was
//! collected into a commission; [`commission`](super::commission) books the entries.

use calendar::{Date, DateOutOfRange, add_days, days_past_due};
use money::{Decimal, Money, MoneyError, Rate, Rounding};

use super::agreement::{Agreement, AgreementError};
use super::commission_schedule::{
    AgeBasis, CommissionMethod, CommissionSchedule, ScheduleError, TierFacts, TierSlice,
};
use super::decision::{Decision, Reasoning, Stamp};
use super::identity::{AgreementId, DecisionId};

/// A slice of what is collected and its rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CommissionSlice {
    /// Where it begins, inclusive.
    pub from_amount: Money,
    /// Where it ends, exclusive; none: never.
    pub below_amount: Option<Money>,
    /// Its rate, from 0 to 1.
    pub rate: Rate,
}

/// What an agency earns on one placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommissionTerms {
    /// The agreement.
    pub agreement_id: AgreementId,
    /// How its tiers applied.
    pub method: CommissionMethod,
    /// Age of the debt on the day of the placement, in days.
    pub age_days: i32,
    /// Whether the debtor was foreign to the agency.
    pub foreign: bool,
    /// The rates, from the lowest slice up, side by side from zero; the last never ends.
    pub slices: Vec<CommissionSlice>,
    /// Last day of the final demand, free of commission (AY-3); none: none was agreed.
    pub final_demand_date: Option<Date>,
    /// Whether direct payments earn commission (AY-6).
    pub counts_direct_payments: bool,
    /// Days after a recall within which late money earns commission (AY-7).
    pub tail_days: i32,
    /// Why these rates.
    pub decision_id: DecisionId,
}

/// What of a placement decides its terms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedDebt {
    /// What is placed.
    pub amount: Money,
    /// The oldest due date with an open amount.
    pub oldest_due_date: Date,
    /// The oldest invoice date.
    pub oldest_invoice_date: Date,
    /// The day of the placement, in the tenant's zone.
    pub placement_date: Date,
    /// Whether the debtor sits in another country than the agency.
    pub foreign: bool,
    /// The n-th placement of the debt, from 1 on.
    pub placement_number: i32,
}

/// Why terms cannot be fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermsError {
    /// The agreement has no schedule for the currency (NO_AGREEMENT).
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// Never for a schedule that was checked when it was made.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// A final demand beyond the calendar.
    #[error(transparent)]
    Date(#[from] DateOutOfRange),
}

impl CommissionTerms {
    /// Fixes the terms of a debt on the day on which it is placed.
    ///
    /// # Errors
    /// [`TermsError`].
    pub fn fix(
        agreement: &Agreement,
        debt: &PlacedDebt,
        stamp: Stamp,
    ) -> Result<(Self, Decision), TermsError> {
        let schedule = agreement.terms.schedule(debt.amount.currency());
        let schedule = schedule.ok_or(AgreementError::None)?;
        let facts = TierFacts {
            age_days: age_days(schedule, debt),
            foreign: debt.foreign,
            placement_number: debt.placement_number,
        };
        let slices = schedule.slices(&facts, debt.amount)?;
        let decision = explain(agreement, schedule, debt, &facts, &slices, stamp);
        let free_days = agreement.terms.final_demand_days;
        let final_demand_date = match free_days {
            0 => None,
            days => Some(add_days(debt.placement_date, days)?),
        };
        let terms = Self {
            agreement_id: agreement.agreement_id,
            method: schedule.method(),
            age_days: facts.age_days,
            foreign: facts.foreign,
            slices: slices.iter().map(CommissionSlice::from).collect(),
            final_demand_date,
            counts_direct_payments: agreement.terms.commission_on_direct_payments,
            tail_days: agreement.terms.commission_tail_days,
            decision_id: decision.decision_id,
        };
        Ok((terms, decision))
    }

    /// The commission on all that was collected: each slice at its own rate, added up exactly and
    /// rounded once, half away from zero. Never more than was collected; on nothing, nothing.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn on_collected(&self, collected: Money) -> Result<Money, MoneyError> {
        let currency = collected.currency();
        // In 10^-12 of the currency's smallest unit: exact, and far from the ends of an i128, as
        // an amount has at most 19 digits and a rate at most 13.
        let mut exact = 0_i128;
        for slice in &self.slices {
            let share = slice.share_of(collected)?.to_minor();
            let part = share.checked_mul(parts_per_unit(slice.rate));
            exact = part
                .and_then(|part| exact.checked_add(part))
                .ok_or(MoneyError::Overflow)?;
        }
        let rest_scale = RATE_DIGITS.saturating_add(currency.digits());
        let rest = Decimal::from_i128_with_scale(exact % UNIT, rest_scale);
        let rest =
            Money::from_product(&[rest], Decimal::ONE, currency, Rounding::HalfAwayFromZero)?;
        Money::from_minor(exact / UNIT, currency)?.checked_add(rest)
    }

    /// The commission on one payment after `collected_before`; negative for one that is taken back,
    /// which is a negative payment.
    ///
    /// One rate is applied to each payment by itself. With slices it is what the commission on the
    /// whole grows by, so that the entries of a placement always add up to the commission on its
    /// whole (AY-5).
    ///
    /// # Errors
    /// [`MoneyError`] for amounts that do not fit each other.
    pub fn on_payment(&self, collected_before: Money, payment: Money) -> Result<Money, MoneyError> {
        match self.method {
            CommissionMethod::WholeBalance => {
                let rate = self.slices.first().map_or(Rate::ZERO, |only| only.rate);
                payment.checked_mul_rounded(rate, Rounding::HalfAwayFromZero)
            }
            CommissionMethod::Marginal => {
                let collected = collected_before.checked_add(payment)?;
                let before = self.on_collected(collected_before)?;
                self.on_collected(collected)?.checked_sub(before)
            }
        }
    }
}

/// Digits of a [`Rate`] after the point.
const RATE_DIGITS: u32 = 12;
/// One, in 10^-12.
const UNIT: i128 = 1_000_000_000_000;

/// A rate in 10^-12: exact, since a rate has no finer digits.
fn parts_per_unit(rate: Rate) -> i128 {
    let mut ratio = rate.ratio();
    ratio.rescale(RATE_DIGITS);
    ratio.mantissa()
}

impl CommissionSlice {
    /// The part of what was collected that fills this slice; nothing below zero.
    fn share_of(&self, collected: Money) -> Result<Money, MoneyError> {
        let top = match self.below_amount {
            Some(below) => collected.min_with(below)?,
            None => collected,
        };
        let nothing = Money::zero(collected.currency());
        top.checked_sub(self.from_amount)?.max_with(nothing)
    }
}

impl From<&TierSlice> for CommissionSlice {
    fn from(slice: &TierSlice) -> Self {
        Self {
            from_amount: slice.from_amount,
            below_amount: slice.below_amount,
            rate: slice.rate,
        }
    }
}

fn age_days(schedule: &CommissionSchedule, debt: &PlacedDebt) -> i32 {
    let since = match schedule.age_basis() {
        AgeBasis::OldestDueDate => debt.oldest_due_date,
        AgeBasis::OldestInvoiceDate => debt.oldest_invoice_date,
    };
    days_past_due(since, debt.placement_date)
}

fn explain(
    agreement: &Agreement,
    schedule: &CommissionSchedule,
    debt: &PlacedDebt,
    facts: &TierFacts,
    slices: &[TierSlice],
    stamp: Stamp,
) -> Decision {
    let mut reasoning = Reasoning::new();
    for (number, tier) in (1..).zip(schedule.tiers()) {
        let slice = slices.iter().find(|slice| slice.tier_number == number);
        let why = match slice {
            Some(slice) => format!("from {} on at {}", slice.from_amount, tier.rate),
            None => format!("the rate {} is for other placements", tier.rate),
        };
        reasoning.rule(format!("tier-{number}"), slice.is_some(), why);
    }
    reasoning.fact("amount", debt.amount);
    reasoning.fact("method", schedule.method());
    reasoning.fact("age_basis", schedule.age_basis());
    reasoning.fact("age_days", facts.age_days);
    reasoning.fact("foreign", facts.foreign);
    reasoning.fact("placement_number", facts.placement_number);
    reasoning.fact("placement_date", debt.placement_date);
    reasoning.conclude(stamp, &agreement.policy_version(), "RATES_FIXED")
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::agreement::tests::agreement;
    use crate::domain::cases;
    use crate::domain::commission_schedule::tests::{
        abroad, below, between, euro, from_days, schedule, tier, up_to_days,
    };

    pub(crate) fn stamp(number: u128) -> Stamp {
        Stamp {
            decision_id: DecisionId::new(Uuid::from_u128(0xD0_0000 + number)),
            decided_time: "2026-03-01T09:00:00Z".parse().unwrap(),
        }
    }

    pub(crate) fn placed(amount: &str) -> PlacedDebt {
        PlacedDebt {
            amount: euro(amount),
            oldest_due_date: date(2026, 1, 31),
            oldest_invoice_date: date(2026, 1, 1),
            placement_date: date(2026, 3, 1),
            foreign: false,
            placement_number: 1,
        }
    }

    fn terms(method: CommissionMethod, amount: &str) -> CommissionTerms {
        let tiers = [
            below("300.00", "0.50"),
            between("300.00", "2000.00", "0.28"),
            tier("0.20"),
        ];
        let schedule = schedule(method, &tiers).unwrap();
        let agreement = agreement(date(2026, 1, 1), vec![schedule]);
        CommissionTerms::fix(&agreement, &placed(amount), stamp(1))
            .unwrap()
            .0
    }

    #[test]
    fn ay_5_whole_balance_or_each_slice_at_its_own_rate() {
        let whole = terms(CommissionMethod::WholeBalance, "2500.00");
        assert_eq!(
            whole.on_payment(euro("0.00"), euro("2500.00")),
            Ok(euro("500.00"))
        );
        let marginal = terms(CommissionMethod::Marginal, "2500.00");
        // 300 x 50% + 1700 x 28% + 500 x 20%
        assert_eq!(marginal.on_collected(euro("2500.00")), Ok(euro("726.00")));
        // The first 200, the 400 that cross into the second slice, the rest.
        let entries = [
            ("0.00", "200.00", "100.00"),
            ("200.00", "400.00", "134.00"),
            ("600.00", "1900.00", "492.00"),
        ];
        for (before, payment, commission) in entries {
            assert_eq!(
                marginal.on_payment(euro(before), euro(payment)),
                Ok(euro(commission))
            );
        }
        // What exceeds the placed amount is at the last rate that it reached.
        let small = terms(CommissionMethod::Marginal, "1000.00");
        assert_eq!(small.slices.len(), 2);
        assert_eq!(
            small.on_payment(euro("2000.00"), euro("100.00")),
            Ok(euro("28.00"))
        );
    }

    #[test]
    fn ay_5_the_rate_is_fixed_by_the_age_on_the_day_of_the_placement() {
        let tiers = [
            up_to_days(58, "0.10"),
            up_to_days(59, "0.20"),
            abroad("0.3"),
            tier("0.40"),
        ];
        let schedule = schedule(CommissionMethod::WholeBalance, &tiers).unwrap();
        let agreement = agreement(date(2026, 1, 1), vec![schedule]);
        let (fixed, decision) =
            CommissionTerms::fix(&agreement, &placed("10.00"), stamp(1)).unwrap();
        // From the invoice date, 2026-01-01, to 2026-03-01.
        assert_eq!(fixed.age_days, 59);
        assert_eq!(fixed.slices[0].rate.to_string(), "0.2");
        assert_eq!(decision.policy_version, "agreement/A-1");
        let asked: Vec<_> = decision.rules.iter().map(|rule| rule.passed).collect();
        assert_eq!(asked, [false, true, false, false]);
        assert_eq!(decision.facts["age_days"], "59");
        assert_eq!(decision.facts["amount"], "10.00 EUR");
    }

    #[test]
    fn ay_3_the_final_demand_ends_so_many_days_after_the_placement() {
        let schedule = schedule(CommissionMethod::WholeBalance, &[tier("0.2")]).unwrap();
        let mut agreement = agreement(date(2026, 1, 1), vec![schedule]);
        agreement.terms.final_demand_days = 10;
        let (fixed, _) = CommissionTerms::fix(&agreement, &placed("10.00"), stamp(1)).unwrap();
        assert_eq!(fixed.final_demand_date, Some(date(2026, 3, 11)));
    }

    #[test]
    fn the_sum_of_slices_is_rounded_once() {
        // Half a cent in each of two slices is a cent together, not two.
        let tiers = [below("0.05", "0.10"), tier("0.10")];
        let schedule = schedule(CommissionMethod::Marginal, &tiers).unwrap();
        let agreement = agreement(date(2026, 1, 1), vec![schedule]);
        let (fixed, _) = CommissionTerms::fix(&agreement, &placed("0.10"), stamp(1)).unwrap();
        assert_eq!(fixed.on_collected(euro("0.10")), Ok(euro("0.01")));
        assert_eq!(fixed.on_collected(euro("0.05")), Ok(euro("0.01")));
        assert_eq!(
            fixed.on_payment(euro("0.05"), euro("0.05")),
            Ok(euro("0.00"))
        );
        assert_eq!(
            fixed.on_payment(euro("0.10"), euro("-0.10")),
            Ok(euro("-0.01"))
        );
    }

    #[test]
    fn the_largest_amounts_have_a_commission() {
        let most = euro("999999999999999.99");
        let tiers = [below("1.00", "0.999999999999"), tier("1")];
        let schedule = schedule(CommissionMethod::Marginal, &tiers).unwrap();
        let agreement = agreement(date(2026, 1, 1), vec![schedule]);
        let debt = PlacedDebt {
            amount: most,
            ..placed("1.00")
        };
        let (fixed, _) = CommissionTerms::fix(&agreement, &debt, stamp(1)).unwrap();
        assert_eq!(fixed.on_collected(most), Ok(most));
    }

    /// Marginal tiers with any bounds and rates; the last for everything.
    fn any_schedule() -> impl Strategy<Value = CommissionSchedule> {
        let steps = prop::collection::vec((1_i128..200_000, 0_i64..=1_000_000), 0..6);
        (steps, 0_i64..=1_000_000, any::<bool>()).prop_map(|(steps, last, aged)| {
            let mut tiers = vec![];
            // One that never fits, in front of those that do.
            tiers.extend(aged.then(|| from_days(1_000, "0.99")));
            let mut from = 0;
            for (width, rate) in steps {
                let text = |minor| Money::from_minor(minor, money::Currency::EUR).unwrap();
                let bounds = (
                    text(from).to_amount_string(),
                    text(from + width).to_amount_string(),
                );
                let rate = Decimal::new(rate, 6).to_string();
                tiers.push(between(&bounds.0, &bounds.1, &rate));
                from += width;
            }
            tiers.push(tier(&Decimal::new(last, 6).to_string()));
            schedule(CommissionMethod::Marginal, &tiers).unwrap()
        })
    }

    /// What a person with a pocket calculator would do: a cent at a time.
    fn naive(slices: &[CommissionSlice], collected: i128) -> Decimal {
        let mut sum = Decimal::ZERO;
        for slice in slices {
            let from = slice.from_amount.to_minor();
            let below = slice
                .below_amount
                .map_or(i128::MAX, |below| below.to_minor());
            let cents = (collected.min(below) - from).max(0);
            sum += Decimal::from_i128_with_scale(cents, 2) * slice.rate.ratio();
        }
        money::round(sum, 2, Rounding::HalfAwayFromZero)
    }

    proptest! {
        #![proptest_config(cases())]

        /// AY-5: however the money comes and goes, the entries add up to the commission on what is
        /// there, each is at most its payment, and the sum is that of the slices.
        #[test]
        fn ay_5_marginal_entries_add_up_to_the_slices(
            schedule in any_schedule(),
            placed_cents in 1_i128..500_000,
            payments in prop::collection::vec(1_i128..100_000, 1..20),
            taken_back in prop::collection::vec(any::<bool>(), 20),
        ) {
            let cents = |minor: i128| Money::from_minor(minor, money::Currency::EUR).unwrap();
            let agreement = agreement(date(2026, 1, 1), vec![schedule]);
            let debt = PlacedDebt { amount: cents(placed_cents), ..placed("1.00") };
            let (terms, _) = CommissionTerms::fix(&agreement, &debt, stamp(1)).unwrap();
            let mut collected = cents(0);
            let mut booked = cents(0);
            let back = payments.iter().zip(&taken_back).filter(|(_, back)| **back);
            let all = payments.iter().copied().chain(back.map(|(payment, _)| -payment));
            for payment in all.map(cents) {
                let entry = terms.on_payment(collected, payment).unwrap();
                prop_assert!(entry.abs().to_minor() <= payment.abs().to_minor());
                prop_assert!(entry.is_zero() || entry.is_negative() == payment.is_negative());
                collected = collected.checked_add(payment).unwrap();
                booked = booked.checked_add(entry).unwrap();
                prop_assert_eq!(booked.amount(), naive(&terms.slices, collected.to_minor()));
            }
        }
    }
}
