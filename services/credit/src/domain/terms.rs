//! Owns what a policy grants besides a limit: when a debt is due, what paying early earns, how far a
//! payment may miss, what being late costs. Rules only: invoicing turns them into dates and amounts.
//! Must not compute any.

use std::collections::BTreeMap;

use calendar::{Convention, DayCount, PaymentTerms};
use money::{Currency, Money, Rate};
use serde::{Deserialize, Serialize};

use super::tenant_profile::{UnknownCalendar, check_calendar};

/// When a debt is due, as agreed: the rule, not yet dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// The name that people know them by, `net30`. Printed, never interpreted.
    pub code: String,
    /// Parts and date steps, without discounts: those are an offer of their own.
    pub schedule: PaymentTerms,
    /// What happens to a due date that is not a business day (DD-10).
    pub convention: Convention,
    /// The calendar that decides it, with any convention that moves dates.
    pub calendar_code: Option<String>,
}

/// A discount for paying early (ED-1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EarlyPaymentOffer {
    /// Earliest first: days rise and discounts fall. None: there is no discount.
    pub tiers: Vec<DiscountTier>,
    /// Whether a payment of a part earns its share (ED-2), or only the full net amount in time
    /// (ED-3).
    pub partial_payments_earn: bool,
}

/// One tier of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountTier {
    /// Paid at most this many days after the invoice date, that day included (DD-6): 0 to 365.
    pub within_days: u16,
    /// The share of the gross amount that need not be paid, above 0 and below 1.
    pub ratio: Rate,
}

/// How far a payment may miss and still settle (TL-1 … TL-6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tolerance {
    /// Largest difference as a share of the amount due, 0 to 1.
    pub ratio: Rate,
    /// Largest difference in each currency; one that is not named has no tolerance.
    pub maximum_amounts: BTreeMap<Currency, Money>,
    /// Days after the last discount date during which the discount is still granted, 0 to 60 (ED-8).
    pub discount_grace_days: u16,
}

/// What being late costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateFeeRule {
    /// Days after the due date that cost nothing, 0 to 365.
    pub grace_days: u16,
    /// A fee once for each overdue invoice; a currency that is not named costs none.
    pub fixed_fees: BTreeMap<Currency, Money>,
    /// Interest, where there is any.
    pub interest: Option<LateInterest>,
}

/// Interest on what is late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateInterest {
    /// A year's interest as a ratio, above 0 and at most 1.
    pub yearly_ratio: Rate,
    /// How days and years are counted (IT-1).
    pub day_count: DayCount,
}

/// Why an offer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OfferError {
    /// More than 8 tiers.
    #[error("has more than 8 tiers")]
    TooManyTiers,
    /// A tier of more than a year.
    #[error("has a tier that is not within 0 to 365 days")]
    Days,
    /// A discount of nothing, or of everything.
    #[error("has a discount ratio that is not above 0 and below 1")]
    Ratio,
    /// A later tier that is not smaller, or not later.
    #[error("has tiers out of order: each later one has more days and a smaller discount")]
    Order,
}

impl Terms {
    pub(super) fn check_calendar(&self) -> Result<(), UnknownCalendar> {
        self.calendar_code.as_deref().map_or(Ok(()), check_calendar)
    }
}

impl EarlyPaymentOffer {
    /// An offer of these tiers.
    ///
    /// # Errors
    /// [`OfferError`] names the first rule that is broken.
    pub fn try_new(
        tiers: Vec<DiscountTier>,
        partial_payments_earn: bool,
    ) -> Result<Self, OfferError> {
        if tiers.len() > 8 {
            return Err(OfferError::TooManyTiers);
        }
        if tiers.iter().any(|tier| tier.within_days > 365) {
            return Err(OfferError::Days);
        }
        let is_share = |tier: &DiscountTier| Rate::ZERO < tier.ratio && tier.ratio < Rate::ONE;
        if !tiers.iter().all(is_share) {
            return Err(OfferError::Ratio);
        }
        let in_order = |pair: &[DiscountTier; 2]| {
            pair[0].within_days < pair[1].within_days && pair[0].ratio > pair[1].ratio
        };
        if !tiers.array_windows().all(in_order) {
            return Err(OfferError::Order);
        }
        Ok(Self {
            tiers,
            partial_payments_earn,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offer(tiers: &[(u16, &str)]) -> Result<EarlyPaymentOffer, OfferError> {
        let tier = |(within_days, ratio): &(u16, &str)| DiscountTier {
            within_days: *within_days,
            ratio: ratio.parse().unwrap(),
        };
        EarlyPaymentOffer::try_new(tiers.iter().map(tier).collect(), false)
    }

    #[test]
    fn ed_1_tiers_rise_in_days_and_fall_in_discount() {
        // 2 % within 5 days, 1 % within 14.
        assert!(offer(&[(5, "0.02"), (14, "0.01")]).is_ok());
        assert!(offer(&[]).is_ok(), "an offer of nothing");
        for wrong in [
            [(5, "0.02"), (5, "0.01")],
            [(14, "0.02"), (5, "0.01")],
            [(5, "0.01"), (14, "0.01")],
        ] {
            assert_eq!(offer(&wrong), Err(OfferError::Order), "{wrong:?}");
        }
        assert_eq!(offer(&[(366, "0.02")]), Err(OfferError::Days));
        assert_eq!(offer(&[(5, "0")]), Err(OfferError::Ratio));
        assert_eq!(offer(&[(5, "1")]), Err(OfferError::Ratio));
        let nine: Vec<(u16, &str)> = (1..10).map(|days| (days, "0.01")).collect();
        assert_eq!(offer(&nine), Err(OfferError::TooManyTiers));
    }
}
