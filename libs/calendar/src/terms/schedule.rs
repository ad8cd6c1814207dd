//! Owns what terms make of one invoice: its instalments and the last days of its discounts
//! (DD-6, DD-7, ED-1). The instalments always add up to the total, to the cent and with its sign.

use jiff::civil::Date;
use money::{Money, MoneyError, Rate, Rounding};

use super::{Part, PaymentTerms, Share, TermsError};
use crate::add_days;

/// One part of an invoice with its own due date; it ages by itself (DD-9).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instalment {
    /// The day it is due, not yet adjusted to business days. Overdue from the day after (DD-10).
    pub due_date: Date,
    /// How much, with the sign of the invoice.
    pub amount: Money,
    /// The offers for paying it early, the largest first.
    pub discounts: Vec<DiscountDeadline>,
}

/// An offer for paying early, in dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiscountDeadline {
    /// The share of the amount that need not be paid.
    pub rate: Rate,
    /// The last day on which money that arrives earns it (DD-6).
    pub through: Date,
}

impl PaymentTerms {
    /// The instalments of an invoice over `total`, in the order of the terms.
    ///
    /// Shares are rounded half away from zero, none takes more than what is left, parts that get
    /// nothing are left out, and the last takes the rest (DD-7). A total of zero is one row on the
    /// invoice date.
    ///
    /// # Errors
    /// [`TermsError::Money`] if a fixed share is of another currency; [`TermsError::Date`].
    pub fn schedule(
        &self,
        total: Money,
        invoice_date: Date,
    ) -> Result<Vec<Instalment>, TermsError> {
        if total.is_zero() {
            let discounts = Vec::new();
            return Ok(vec![Instalment {
                due_date: invoice_date,
                amount: total,
                discounts,
            }]);
        }
        let mut left = total;
        let mut instalments = Vec::with_capacity(self.parts().len());
        for part in self.parts() {
            let amount = part.share.amount(total, left)?;
            left = left.checked_sub(amount)?;
            if !amount.is_zero() {
                instalments.push(self.instalment(part, amount, invoice_date)?);
            }
        }
        Ok(instalments)
    }

    fn instalment(
        &self,
        part: &Part,
        amount: Money,
        invoice_date: Date,
    ) -> Result<Instalment, TermsError> {
        let due_date = part.due.due_date(invoice_date)?;
        let mut discounts = Vec::with_capacity(self.discounts().len());
        for tier in self.discounts() {
            // Month-end rules can be short: an offer does not outlive the due date.
            let through = add_days(invoice_date, i32::from(tier.days))?.min(due_date);
            discounts.push(DiscountDeadline {
                rate: tier.rate,
                through,
            });
        }
        Ok(Instalment {
            due_date,
            amount,
            discounts,
        })
    }
}

impl Share {
    /// What this share takes; `left` has the sign of `total` or is zero, and so has the result.
    fn amount(self, total: Money, left: Money) -> Result<Money, MoneyError> {
        let wanted = match self {
            Self::OfTotal(rate) => total.checked_mul_rounded(rate, Rounding::HalfAwayFromZero)?,
            Self::OfRest(rate) => left.checked_mul_rounded(rate, Rounding::HalfAwayFromZero)?,
            Self::Fixed(amount) if total.is_negative() => amount.negated(),
            Self::Fixed(amount) => amount,
            Self::Rest => left,
        };
        if total.is_negative() {
            wanted.max_with(left)
        } else {
            wanted.min_with(left)
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::Currency;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::is_overdue;

    const DD_7: &str = "25% of rest: net 30; 25%: + 1 month; \
        fixed 396.84 EUR: + 1 month + 30; rest: + 2 months on 15 + 30";

    fn eur(amount: &str) -> Money {
        Money::parse(amount, Currency::EUR).unwrap()
    }

    fn schedule(terms: &str, total: &str, invoice_date: Date) -> Vec<(Date, String)> {
        let terms: PaymentTerms = terms.parse().unwrap();
        let instalments = terms.schedule(eur(total), invoice_date).unwrap();
        instalments
            .into_iter()
            .map(|row| (row.due_date, row.amount.to_amount_string()))
            .collect()
    }

    fn rows<const N: usize>(rows: [(Date, &str); N]) -> Vec<(Date, String)> {
        rows.map(|(due_date, amount)| (due_date, amount.to_owned()))
            .to_vec()
    }

    #[test]
    fn dd_7_split_with_remainder() {
        let expected = rows([
            (date(2011, 10, 31), "396.84"),
            (date(2011, 11, 1), "396.84"),
            (date(2011, 12, 1), "396.84"),
            (date(2012, 1, 14), "396.83"),
        ]);
        assert_eq!(schedule(DD_7, "1587.35", date(2011, 10, 1)), expected);
    }

    #[test]
    fn dd_7_a_credit_note_keeps_its_sign() {
        let expected = rows([
            (date(2011, 10, 31), "-396.84"),
            (date(2011, 11, 1), "-396.84"),
            (date(2011, 12, 1), "-396.84"),
            (date(2012, 1, 14), "-396.83"),
        ]);
        assert_eq!(schedule(DD_7, "-1587.35", date(2011, 10, 1)), expected);
    }

    #[test]
    fn dd_7_zero_is_one_row_on_the_invoice_date() {
        let expected = rows([(date(2011, 10, 1), "0.00")]);
        assert_eq!(schedule(DD_7, "0.00", date(2011, 10, 1)), expected);
    }

    #[test]
    fn dd_7_a_fixed_share_takes_no_more_than_there_is() {
        let expected = rows([(date(2026, 1, 6), "100.00")]);
        let terms = "fixed 396.84 EUR: net 5; 50% of rest: net 10; rest: net 15";
        assert_eq!(schedule(terms, "100.00", date(2026, 1, 1)), expected);
        let dollars = Money::parse("100.00", Currency::USD).unwrap();
        let terms: PaymentTerms = terms.parse().unwrap();
        assert!(matches!(
            terms.schedule(dollars, date(2026, 1, 1)),
            Err(TermsError::Money(_))
        ));
    }

    #[test]
    fn dd_9_halves_age_separately() {
        let halves = schedule("50%: net 5; rest: net 10", "99.99", date(2026, 3, 1));
        assert_eq!(
            halves,
            rows([(date(2026, 3, 6), "50.00"), (date(2026, 3, 11), "49.99")])
        );
        let overdue: Vec<_> = halves
            .iter()
            .map(|(due, _)| is_overdue(*due, date(2026, 3, 7)))
            .collect();
        assert_eq!(overdue, [true, false]);
    }

    fn offers(terms: &str, invoice_date: Date) -> Vec<(Date, String)> {
        let terms: PaymentTerms = terms.parse().unwrap();
        let [instalment] = &terms.schedule(eur("1000.00"), invoice_date).unwrap()[..] else {
            panic!("one instalment")
        };
        let mut offers: Vec<_> = instalment
            .discounts
            .iter()
            .map(|offer| {
                let left = offer.rate.complement();
                let pay = instalment
                    .amount
                    .checked_mul_rounded(left, Rounding::HalfAwayFromZero);
                (offer.through, pay.unwrap().to_amount_string())
            })
            .collect();
        offers.push((instalment.due_date, instalment.amount.to_amount_string()));
        offers
    }

    #[test]
    fn dd_6_discount_and_due_date() {
        let expected = rows([
            (date(2026, 3, 11), "980.00"),
            (date(2026, 3, 31), "1000.00"),
        ]);
        assert_eq!(offers("2/10 net 30", date(2026, 3, 1)), expected);
        assert_eq!(
            offers("2/7 net 30", date(2026, 1, 1))[0],
            (date(2026, 1, 8), "980.00".into())
        );
        assert_eq!(
            offers("2/10 net 30", date(2019, 1, 1))[0].0,
            date(2019, 1, 11)
        );
    }

    #[test]
    fn ed_1_chained_discounts() {
        let expected = rows([
            (date(2026, 6, 30), "980.00"),
            (date(2026, 7, 9), "990.00"),
            (date(2026, 7, 25), "1000.00"),
        ]);
        assert_eq!(offers("2/5 1/14 net 30", date(2026, 6, 25)), expected);
    }

    #[test]
    fn dd_6_an_offer_does_not_outlive_the_due_date() {
        let end_of_month = date(2026, 1, 31);
        assert_eq!(offers("2/10 eom", date(2026, 1, 30))[0].0, end_of_month);
        assert_eq!(offers("2/10 eom", date(2026, 1, 2))[0].0, date(2026, 1, 12));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

        #[test]
        fn p10_instalments_are_the_whole(
            minor in prop_oneof![-2_000i64..2_000, any::<i32>().prop_map(i64::from)],
            terms in select(vec![
                DD_7,
                "net 30",
                "33.333%: net 30; 33.333%: net 60; rest: net 90",
                "100%: net 1; rest: net 2",
                "50%: net 1; 50%: net 2; fixed 0.01 EUR: net 3; 10% of rest: net 4; rest: net 5",
            ]),
        ) {
            let total = Money::from_minor(minor.into(), Currency::EUR).unwrap();
            let terms: PaymentTerms = terms.parse().unwrap();
            let rows = terms.schedule(total, date(2026, 1, 31)).unwrap();
            prop_assert!(!rows.is_empty());
            prop_assert_eq!(Money::sum(Currency::EUR, rows.iter().map(|row| row.amount)), Ok(total));
            for row in &rows {
                prop_assert_eq!(row.amount.is_negative(), total.is_negative());
                prop_assert_eq!(row.amount.is_zero(), total.is_zero());
            }
        }
    }
}
