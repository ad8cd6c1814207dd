//! Owns conversion at a stated rate (RD-5) and what settling a foreign invoice gains or loses
//! (RD-6). Must not know dates or sources: whoever holds the dated rate passes it in, and stores
//! its date beside the result.

use rust_decimal::Decimal;

use crate::{Currency, Money, MoneyError, Rounding};

/// How much of `to` one unit of `from` is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExchangeRate {
    from: Currency,
    to: Currency,
    rate: Decimal,
}

impl ExchangeRate {
    /// One unit of `from` is `rate` units of `to`.
    ///
    /// # Errors
    /// [`MoneyError::ExchangeRateNotPositive`], or [`MoneyError::ExchangeRateToSelf`] for a rate
    /// of a currency to itself that is not 1.
    pub fn try_new(from: Currency, to: Currency, rate: Decimal) -> Result<Self, MoneyError> {
        if rate <= Decimal::ZERO {
            return Err(MoneyError::ExchangeRateNotPositive);
        }
        if from == to && rate != Decimal::ONE {
            return Err(MoneyError::ExchangeRateToSelf(from));
        }
        Ok(Self { from, to, rate })
    }

    /// The rate of a currency to itself, for books where some invoices are in the home currency.
    #[must_use]
    pub fn identity(currency: Currency) -> Self {
        Self {
            from: currency,
            to: currency,
            rate: Decimal::ONE,
        }
    }

    /// The currency that is converted.
    #[must_use]
    pub fn from(&self) -> Currency {
        self.from
    }

    /// The currency that it is converted to.
    #[must_use]
    pub fn to(&self) -> Currency {
        self.to
    }

    /// Units of [`ExchangeRate::to`] for one of [`ExchangeRate::from`].
    #[must_use]
    pub fn rate(&self) -> Decimal {
        self.rate
    }

    /// `amount` in the other currency, rounded once to that currency's digits.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] if `amount` is not in [`ExchangeRate::from`];
    /// [`MoneyError::Overflow`].
    pub fn convert(&self, amount: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        Money::zero(self.from).same_currency(&amount)?;
        Money::from_product(
            &[amount.amount(), self.rate],
            Decimal::ONE,
            self.to,
            rounding,
        )
    }
}

/// The gain (positive) or loss (negative) in the home currency when `allocated`, in the invoice's
/// currency, settles an invoice (RD-6): allocated × (rate at receipt - rate at invoice), rounded
/// once.
///
/// # Errors
/// [`MoneyError::CurrencyMismatch`] if the two rates or the amount are not of one pair;
/// [`MoneyError::Overflow`].
pub fn realised_gain(
    allocated: Money,
    at_invoice: &ExchangeRate,
    at_receipt: &ExchangeRate,
    rounding: Rounding,
) -> Result<Money, MoneyError> {
    Money::zero(at_invoice.from).same_currency(&Money::zero(at_receipt.from))?;
    Money::zero(at_invoice.to).same_currency(&Money::zero(at_receipt.to))?;
    Money::zero(at_invoice.from).same_currency(&allocated)?;
    let change = at_receipt
        .rate
        .checked_sub(at_invoice.rate)
        .ok_or(MoneyError::Overflow)?;
    Money::from_product(
        &[allocated.amount(), change],
        Decimal::ONE,
        at_invoice.to,
        rounding,
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;
    use crate::amount::strategies::{any_decimal, config, currency, money, rounding};

    fn usd(amount: &str) -> Money {
        Money::parse(amount, Currency::USD).unwrap()
    }

    fn eur(amount: &str) -> Money {
        Money::parse(amount, Currency::EUR).unwrap()
    }

    fn usd_in_eur(rate: Decimal) -> ExchangeRate {
        ExchangeRate::try_new(Currency::USD, Currency::EUR, rate).unwrap()
    }

    #[test]
    fn rd_5_conversion_names_its_rounding() {
        let rate = usd_in_eur(dec!(0.91235));
        assert_eq!(
            rate.convert(usd("100.00"), Rounding::HalfAwayFromZero),
            Ok(eur("91.24"))
        );
        assert_eq!(
            rate.convert(usd("100.00"), Rounding::HalfEven),
            Ok(eur("91.24"))
        );
        assert_eq!(
            rate.convert(usd("100.00"), Rounding::Down),
            Ok(eur("91.23"))
        );
        let yen = ExchangeRate::try_new(Currency::EUR, Currency::JPY, dec!(161.5)).unwrap();
        let converted = yen.convert(eur("1.00"), Rounding::HalfEven).unwrap();
        assert_eq!(converted.to_amount_string(), "162");
    }

    #[test]
    fn rd_5_only_the_stated_currency_converts() {
        let mismatch = MoneyError::CurrencyMismatch {
            left: Currency::USD,
            right: Currency::EUR,
        };
        assert_eq!(
            usd_in_eur(dec!(0.9)).convert(eur("1.00"), Rounding::Down),
            Err(mismatch)
        );
    }

    #[test]
    fn rd_6_realised_gain_and_loss() {
        let gain = |then, now, amount| {
            let (then, now) = (usd_in_eur(then), usd_in_eur(now));
            realised_gain(usd(amount), &then, &now, Rounding::HalfAwayFromZero)
        };
        assert_eq!(gain(dec!(0.90), dec!(0.95), "1000.00"), Ok(eur("50.00")));
        assert_eq!(gain(dec!(0.95), dec!(0.90), "1000.00"), Ok(eur("-50.00")));
        assert_eq!(gain(dec!(0.90), dec!(0.90), "1000.00"), Ok(eur("0.00")));
        // A part payment books its part.
        assert_eq!(gain(dec!(0.90), dec!(0.95), "250.00"), Ok(eur("12.50")));
    }

    #[test]
    fn rd_6_rates_of_different_pairs_are_refused() {
        let other = ExchangeRate::try_new(Currency::GBP, Currency::EUR, dec!(1.1)).unwrap();
        assert_eq!(
            realised_gain(usd("1.00"), &usd_in_eur(dec!(0.9)), &other, Rounding::Down),
            Err(MoneyError::CurrencyMismatch {
                left: Currency::USD,
                right: Currency::GBP
            })
        );
    }

    #[test]
    fn a_rate_is_above_zero_and_one_to_itself() {
        let rate = |value| ExchangeRate::try_new(Currency::EUR, Currency::USD, value);
        assert_eq!(rate(dec!(0)), Err(MoneyError::ExchangeRateNotPositive));
        assert_eq!(rate(dec!(-1)), Err(MoneyError::ExchangeRateNotPositive));
        let to_self = ExchangeRate::try_new(Currency::EUR, Currency::EUR, dec!(1.1));
        assert_eq!(to_self, Err(MoneyError::ExchangeRateToSelf(Currency::EUR)));
        let same = ExchangeRate::identity(Currency::EUR);
        assert_eq!(same.convert(eur("12.34"), Rounding::Down), Ok(eur("12.34")));
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn p10_conversion_never_panics(amount in money(), to in currency(), a in any_decimal(), b in any_decimal(), rule in rounding()) {
            let rate = |value| ExchangeRate::try_new(amount.currency(), to, value);
            if let (Ok(then), Ok(now)) = (rate(a), rate(b)) {
                let _ = then.convert(amount, rule);
                let _ = realised_gain(amount, &then, &now, rule);
            }
        }
    }
}
