//! Owns what settles an open item on a given day: its amount, less the early-payment discount that
//! money of that day earns (ED-1 … ED-4, ED-8, TL-3). Must not know how much money there is.
//!
//! An offer is earned until its last day and the customer's days of grace after it. Where payments
//! of a part earn their share, cash settles cash / (1 - d), and the next payment is judged for
//! itself (ED-2). Otherwise the discount is earned as a whole by whoever completes the full net
//! amount, all of it in time; a part paid earlier is taken off what is still to pay (ED-3). What
//! credit notes took off the item earns no discount (ED-4).

use jiff::civil::Date;
use money::{Money, MoneyError, Rate, Rounding};

use super::{DiscountOffer, OpenItem, Tolerance};

/// What settles an item, or the part of it that may be settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Price {
    /// What of the item may be settled.
    pub payable: Money,
    /// The discount that settling all of that earns.
    pub discount: Money,
    /// The discount ratio that a payment of a part earns on its share; `None`: a part earns none.
    part_ratio: Option<Rate>,
    /// How the offer of the item was judged.
    pub verdict: Verdict,
}

/// How the early-payment offer of an item was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verdict {
    /// There is none.
    NoOffer,
    /// On or before the last day.
    InTime(DiscountOffer),
    /// After the last day, within the days of grace (TL-3).
    InGrace(DiscountOffer),
    /// After all last days and their grace.
    Lapsed,
    /// A part of the item may not be settled, and the offer is for the full net amount (ED-3).
    NotInFull,
    /// Part of the full net amount came too late (ED-3).
    EarlierMoneyLate,
}

impl Price {
    /// What settles `payable` of `item` by money of `date` from a customer with this tolerance.
    ///
    /// # Errors
    /// [`MoneyError`], which amounts of one item never give.
    pub fn by_money(
        item: &OpenItem,
        payable: Money,
        date: Date,
        tolerance: &Tolerance,
    ) -> Result<Self, MoneyError> {
        let Some((offer, verdict)) = standing_offer(item, date, tolerance.discount_grace_days)
        else {
            let none = item.discounts.offers.is_empty();
            return Ok(Self::plain(
                payable,
                if none {
                    Verdict::NoOffer
                } else {
                    Verdict::Lapsed
                },
            ));
        };
        if item.discounts.partial_payments_earn {
            return Self::by_parts(payable, offer, verdict);
        }
        Self::in_full(item, payable, offer, verdict, tolerance)
    }

    /// What settles `payable` without any discount: by customer credit.
    pub fn plain(payable: Money, verdict: Verdict) -> Self {
        Self {
            payable,
            discount: Money::zero(payable.currency()),
            part_ratio: None,
            verdict,
        }
    }

    /// ED-2: every payment earns its share. Nothing is settled by no money at all, however high the
    /// discount.
    fn by_parts(
        payable: Money,
        offer: DiscountOffer,
        verdict: Verdict,
    ) -> Result<Self, MoneyError> {
        let unit = Money::from_minor(1, payable.currency())?;
        let discount = payable.checked_mul_rounded(offer.ratio, Rounding::HalfAwayFromZero)?;
        Ok(Self {
            payable,
            discount: discount.min_with(payable.checked_sub(unit)?)?,
            part_ratio: Some(offer.ratio),
            verdict,
        })
    }

    /// ED-3: only the full net amount earns, whatever earlier money is a part of it.
    fn in_full(
        item: &OpenItem,
        payable: Money,
        offer: DiscountOffer,
        verdict: Verdict,
        tolerance: &Tolerance,
    ) -> Result<Self, MoneyError> {
        if payable != item.open_amount {
            return Ok(Self::plain(payable, Verdict::NotInFull));
        }
        let last_date = offer.with_grace(tolerance.discount_grace_days);
        if item.money_date.is_some_and(|date| date > last_date) {
            return Ok(Self::plain(payable, Verdict::EarlierMoneyLate));
        }
        let charged = item.original_amount.checked_sub(item.credited_amount)?;
        let discount = charged.checked_mul_rounded(offer.ratio, Rounding::HalfAwayFromZero)?;
        // What is left to pay is no more than the discount: credit has paid the net amount, and
        // credit earns none.
        if discount.try_cmp(&payable)?.is_ge() {
            return Ok(Self::plain(payable, Verdict::NotInFull));
        }
        Ok(Self {
            payable,
            discount,
            part_ratio: None,
            verdict,
        })
    }

    /// The money that settles it all.
    ///
    /// # Errors
    /// [`MoneyError`], which amounts of one item never give.
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.payable.checked_sub(self.discount)
    }

    /// The discount that `cash`, at most the net amount, earns.
    ///
    /// # Errors
    /// [`MoneyError`], which amounts of one item never give.
    pub fn discount_for(&self, cash: Money) -> Result<Money, MoneyError> {
        if cash == self.net()? {
            return Ok(self.discount);
        }
        let Some(ratio) = self.part_ratio else {
            return Ok(Money::zero(cash.currency()));
        };
        let settled = cash.checked_div_rounded(ratio.complement(), Rounding::HalfAwayFromZero)?;
        // Less cash than the net amount never rounds to more discount than that of all.
        settled.checked_sub(cash)
    }
}

impl DiscountOffer {
    /// The last day on which it is granted (ED-8).
    #[must_use]
    pub fn with_grace(&self, grace_days: u16) -> Date {
        calendar::add_days(self.last_date, i32::from(grace_days)).unwrap_or(Date::MAX)
    }
}

/// The offer that money of `date` can earn: the first whose last day and grace are not over (ED-8).
fn standing_offer(
    item: &OpenItem,
    date: Date,
    grace_days: u16,
) -> Option<(DiscountOffer, Verdict)> {
    let stands = |offer: &&DiscountOffer| date <= offer.with_grace(grace_days);
    let offer = *item.discounts.offers.iter().find(stands)?;
    let verdict = if date <= offer.last_date {
        Verdict::InTime(offer)
    } else {
        Verdict::InGrace(offer)
    };
    Some((offer, verdict))
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples::{Desk, discounted, eur, owed_with, tolerance};

    fn price(item: &OpenItem, day: Date, grace_days: u16) -> Price {
        let granted = tolerance("0", "0", grace_days);
        Price::by_money(item, item.open_amount, day, &granted).unwrap()
    }

    #[test]
    fn ed_1_each_tier_until_its_day() {
        let mut desk = Desk::default();
        let debt = owed_with(&mut desk, "1000.00", "2/5 1/14", false, date(2026, 6, 25));
        let net_on = |day| price(&debt.items[0], day, 0).net().unwrap();
        assert_eq!(net_on(date(2026, 6, 30)), eur("980.00"));
        assert_eq!(net_on(date(2026, 7, 1)), eur("990.00"));
        assert_eq!(net_on(date(2026, 7, 9)), eur("990.00"));
        assert_eq!(net_on(date(2026, 7, 10)), eur("1000.00"));
        assert_eq!(net_on(date(2026, 7, 25)), eur("1000.00"));
    }

    #[test]
    fn dd_6_through_the_last_day_inclusive() {
        let mut desk = Desk::default();
        let debt = owed_with(&mut desk, "100.00", "2/7", false, date(2026, 1, 1));
        let net_on = |day| price(&debt.items[0], day, 0).net().unwrap();
        assert_eq!(net_on(date(2026, 1, 8)), eur("98.00"));
        assert_eq!(net_on(date(2026, 1, 9)), eur("100.00"));
    }

    #[test]
    fn ed_8_grace_days_of_the_customer() {
        let mut desk = Desk::default();
        let debt = owed_with(&mut desk, "1000.00", "2/14", false, date(2026, 1, 1));
        let verdict = |day| price(&debt.items[0], day, 5).verdict;
        assert!(matches!(verdict(date(2026, 1, 15)), Verdict::InTime(_)));
        assert!(matches!(verdict(date(2026, 1, 16)), Verdict::InGrace(_)));
        assert!(matches!(verdict(date(2026, 1, 20)), Verdict::InGrace(_)));
        assert_eq!(verdict(date(2026, 1, 21)), Verdict::Lapsed);
    }

    #[test]
    fn ed_2_a_part_earns_its_share() {
        let item = discounted("1000.00", "0.01", true);
        let price = price(&item, item.discounts.offers[0].last_date, 0);
        assert_eq!(price.discount_for(eur("297.00")), Ok(eur("3.00")));
        assert_eq!(price.discount_for(eur("990.00")), Ok(eur("10.00")));
        assert_eq!(price.discount_for(eur("0.00")), Ok(eur("0.00")));
    }

    #[test]
    fn ed_2_nothing_is_settled_by_no_money_at_all() {
        let item = discounted("0.02", "0.99", true);
        let price = price(&item, item.discounts.offers[0].last_date, 0);
        assert_eq!(
            (price.discount, price.net()),
            (eur("0.01"), Ok(eur("0.01")))
        );
    }

    #[test]
    fn ed_3_a_part_earns_nothing_and_is_taken_off_the_full_net_amount() {
        let mut item = discounted("1000.00", "0.02", false);
        let last_date = item.discounts.offers[0].last_date;
        assert_eq!(
            price(&item, last_date, 0).discount_for(eur("300.00")),
            Ok(eur("0.00"))
        );
        item.open_amount = eur("700.00");
        item.money_date = Some(last_date);
        assert_eq!(price(&item, last_date, 0).net(), Ok(eur("680.00")));
        item.money_date = Some(last_date.tomorrow().unwrap());
        let late = price(&item, last_date, 0);
        assert_eq!(
            (late.net(), late.verdict),
            (Ok(eur("700.00")), Verdict::EarlierMoneyLate)
        );
        let lapsed = price(&item, last_date.tomorrow().unwrap(), 0);
        assert_eq!(
            (lapsed.net(), lapsed.verdict),
            (Ok(eur("700.00")), Verdict::Lapsed)
        );
    }

    #[test]
    fn ed_4_a_credit_note_carries_its_share_of_the_discount() {
        let mut item = discounted("1000.00", "0.01", false);
        let last_date = item.discounts.offers[0].last_date;
        assert_eq!(price(&item, last_date, 0).net(), Ok(eur("990.00")));
        item.open_amount = eur("800.00");
        item.credited_amount = eur("200.00");
        let after = price(&item, last_date, 0);
        assert_eq!(
            (after.discount, after.net()),
            (eur("8.00"), Ok(eur("792.00")))
        );
    }

    #[test]
    fn ed_3_a_disputed_part_leaves_the_net_amount_incomplete() {
        let item = discounted("1000.00", "0.02", false);
        let last_date = item.discounts.offers[0].last_date;
        let granted = tolerance("0", "0", 0);
        let part = Price::by_money(&item, eur("800.00"), last_date, &granted).unwrap();
        assert_eq!(
            (part.net(), part.verdict),
            (Ok(eur("800.00")), Verdict::NotInFull)
        );
        let parts_earn = discounted("1000.00", "0.02", true);
        let part = Price::by_money(&parts_earn, eur("800.00"), last_date, &granted).unwrap();
        assert_eq!(part.net(), Ok(eur("784.00")));
    }

    #[test]
    fn credit_that_paid_the_net_amount_leaves_no_discount() {
        let mut item = discounted("1000.00", "0.02", false);
        item.open_amount = eur("20.00");
        let last_date = item.discounts.offers[0].last_date;
        assert_eq!(price(&item, last_date, 0).net(), Ok(eur("20.00")));
    }

    proptest! {
        #[test]
        fn ed_2_discount_never_exceeds_the_offer_nor_the_item(
            open in 1i128..1_000_000,
            ratio in 1i64..100,
            share in 0i128..=100,
        ) {
            let currency = money::Currency::EUR;
            let open = Money::from_minor(open, currency).unwrap();
            let ratio = format!("0.{ratio:02}");
            let item = discounted(&open.to_amount_string(), &ratio, true);
            let price = price(&item, item.discounts.offers.first().map_or(Date::MIN, |one| one.last_date), 0);
            let net = price.net().unwrap();
            let cash = Money::from_minor(net.to_minor() * share / 100, currency).unwrap();
            let discount = price.discount_for(cash).unwrap();
            prop_assert!(!discount.is_negative());
            prop_assert!(discount.to_minor() <= price.discount.to_minor());
            prop_assert!(cash.checked_add(discount).unwrap().to_minor() <= open.to_minor());
        }
    }
}
