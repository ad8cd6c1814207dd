//! Owns the amount of money: what is a valid one, its text, and the arithmetic that cannot lose a
//! unit. Must not offer an operator that can panic, nor any order or sum across currencies (RD-5).

use std::cmp::Ordering;
use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{Currency, DecimalError, MoneyError, Rounding, exact, parse_decimal};

/// Digits before the point: every amount is smaller than 10^15, on the wire and in the database.
const INTEGER_DIGITS: u32 = 15;

/// An amount of one currency, always a whole number of its smallest units, between -10^15 and
/// 10^15 (both excluded).
///
/// There are no operators and there is no order: two amounts may differ in currency, and then
/// neither has an answer. Use [`Money::checked_add`], [`Money::try_cmp`] and their like.
///
/// As JSON: `{"currency_code":"EUR","amount":"12.50"}`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "Written", try_from = "Written")]
pub struct Money {
    /// Whole smallest units: cents for EUR, yen for JPY.
    minor: i128,
    currency: Currency,
}

impl Money {
    /// Nothing, in `currency`.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self { minor: 0, currency }
    }

    /// An amount from a decimal, which may carry trailing zeros but no finer value than the
    /// currency has.
    ///
    /// # Errors
    /// [`MoneyError::TooFine`] or [`MoneyError::Overflow`]. To round instead, use
    /// [`Money::from_product`].
    pub fn try_new(amount: Decimal, currency: Currency) -> Result<Self, MoneyError> {
        let exact = Self::from_product(&[amount], Decimal::ONE, currency, Rounding::Down)?;
        if exact.amount() == amount {
            Ok(exact)
        } else {
            Err(MoneyError::TooFine { currency })
        }
    }

    /// Reads the wire's grammar `-?[0-9]{1,15}(\.[0-9]+)?` with at most the currency's digits.
    ///
    /// # Errors
    /// [`MoneyError::Decimal`] says what is wrong with the text; [`MoneyError::TooFine`] if it has
    /// more digits after the point than the currency.
    pub fn parse(amount: &str, currency: Currency) -> Result<Self, MoneyError> {
        match parse_decimal(amount, INTEGER_DIGITS, currency.digits()) {
            Ok(value) => Self::try_new(value, currency),
            Err(DecimalError::TooManyFractionDigits { .. }) => {
                Err(MoneyError::TooFine { currency })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// An amount from whole smallest units: 1250 for EUR 12.50, 1250 for JPY 1250.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`] from 10^15 (in whole currency) on.
    pub fn from_minor(minor: i128, currency: Currency) -> Result<Self, MoneyError> {
        let limit = 10_u128.pow(INTEGER_DIGITS.saturating_add(currency.digits()));
        if minor.unsigned_abs() < limit {
            Ok(Self { minor, currency })
        } else {
            Err(MoneyError::Overflow)
        }
    }

    /// The product of `factors` divided by `divisor`, computed exactly and rounded once to the
    /// currency's digits. Quantity times unit price is `from_product(&[quantity, price], 1, …)`;
    /// simple interest is `from_product(&[principal, rate, days], year, …)`.
    ///
    /// # Errors
    /// [`MoneyError::DivisionByZero`] or [`MoneyError::Overflow`].
    pub fn from_product(
        factors: &[Decimal],
        divisor: Decimal,
        currency: Currency,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        let minor = exact::quotient(factors, divisor, currency.digits(), rounding)?;
        Self::from_minor(minor, currency)
    }

    /// The sum of any number of amounts of `currency`; of none, zero.
    ///
    /// Only the total must fit, so the order of the amounts does not matter.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn sum(
        currency: Currency,
        amounts: impl IntoIterator<Item = Self>,
    ) -> Result<Self, MoneyError> {
        let mut minor = 0_i128;
        for amount in amounts {
            Self::zero(currency).same_currency(&amount)?;
            minor = minor
                .checked_add(amount.minor)
                .ok_or(MoneyError::Overflow)?;
        }
        Self::from_minor(minor, currency)
    }

    /// The currency.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The amount, with exactly the currency's digits: the value for a NUMERIC column.
    #[must_use]
    pub fn amount(&self) -> Decimal {
        // Cannot panic: fewer than 20 digits, of the 28 that a decimal holds.
        Decimal::from_i128_with_scale(self.minor, self.currency.digits())
    }

    /// The amount in whole smallest units.
    #[must_use]
    pub fn to_minor(&self) -> i128 {
        self.minor
    }

    /// The amount as text with exactly the currency's digits: `12.50`, `1250` for JPY. What
    /// [`Money::parse`] reads.
    #[must_use]
    pub fn to_amount_string(&self) -> String {
        self.amount().to_string()
    }

    /// `self + other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.same_currency(&other)?;
        // Two amounts are far from the ends of an i128; the range of money is checked after.
        Self::from_minor(self.minor.saturating_add(other.minor), self.currency)
    }

    /// `self - other`.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.checked_add(other.negated())
    }

    /// `-self`. Cannot fail: the range is the same on both sides of zero.
    #[must_use]
    pub fn negated(self) -> Self {
        Self {
            minor: self.minor.saturating_neg(),
            ..self
        }
    }

    /// The amount without its sign.
    #[must_use]
    pub fn abs(self) -> Self {
        Self {
            minor: self.minor.saturating_abs(),
            ..self
        }
    }

    /// `self` times a factor (a [`crate::Rate`] or a decimal), rounded once.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn checked_mul_rounded(
        self,
        factor: impl Into<Decimal>,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        Self::from_product(
            &[self.amount(), factor.into()],
            Decimal::ONE,
            self.currency,
            rounding,
        )
    }

    /// `self` divided by a divisor (a [`crate::Rate`] or a decimal), rounded once.
    ///
    /// # Errors
    /// [`MoneyError::DivisionByZero`] or [`MoneyError::Overflow`].
    pub fn checked_div_rounded(
        self,
        divisor: impl Into<Decimal>,
        rounding: Rounding,
    ) -> Result<Self, MoneyError> {
        Self::from_product(&[self.amount()], divisor.into(), self.currency, rounding)
    }

    /// Compares two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn try_cmp(&self, other: &Self) -> Result<Ordering, MoneyError> {
        self.same_currency(other)?;
        Ok(self.minor.cmp(&other.minor))
    }

    /// The smaller of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn min_with(self, other: Self) -> Result<Self, MoneyError> {
        Ok(if self.try_cmp(&other)?.is_le() {
            self
        } else {
            other
        })
    }

    /// The larger of two amounts of one currency.
    ///
    /// # Errors
    /// [`MoneyError::CurrencyMismatch`].
    pub fn max_with(self, other: Self) -> Result<Self, MoneyError> {
        Ok(if self.try_cmp(&other)?.is_ge() {
            self
        } else {
            other
        })
    }

    /// Exactly nothing.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.minor == 0
    }

    /// Below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.minor < 0
    }

    /// Above zero.
    #[must_use]
    pub fn is_positive(&self) -> bool {
        self.minor > 0
    }

    pub(crate) fn same_currency(&self, other: &Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            return Ok(());
        }
        Err(MoneyError::CurrencyMismatch {
            left: self.currency,
            right: other.currency,
        })
    }
}

/// For logs and tests: `12.50 EUR`. What people read is formatted for their language elsewhere.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount(), self.currency)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The stored and announced form; reading it goes through the strict grammar.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    currency_code: Currency,
    amount: String,
}

impl From<Money> for Written {
    fn from(money: Money) -> Self {
        Self {
            currency_code: money.currency,
            amount: money.to_amount_string(),
        }
    }
}

impl TryFrom<Written> for Money {
    type Error = MoneyError;

    fn try_from(written: Written) -> Result<Self, MoneyError> {
        Self::parse(&written.amount, written.currency_code)
    }
}

/// What the property tests of this crate draw from.
#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
pub(crate) mod strategies {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    /// 2 000 cases, or as many as `PROPTEST_CASES` asks for if that is more (P10: a million).
    pub(crate) fn config() -> ProptestConfig {
        ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000))
    }

    pub(crate) fn currency() -> impl Strategy<Value = Currency> {
        select(vec!["EUR", "USD", "JPY", "KWD", "CLF"]).prop_map(|code| code.parse().unwrap())
    }

    pub(crate) fn rounding() -> impl Strategy<Value = Rounding> {
        use Rounding::*;
        select(vec![HalfAwayFromZero, HalfEven, Down, Up, Floor, Ceiling])
    }

    /// Every decimal there is: any mantissa, scale and sign, and the ends of the range.
    pub(crate) fn any_decimal() -> impl Strategy<Value = Decimal> {
        let parts = (
            any::<u32>(),
            any::<u32>(),
            any::<u32>(),
            any::<bool>(),
            0u32..=28,
        );
        prop_oneof![
            8 => parts.prop_map(|(lo, mid, hi, negative, scale)| {
                Decimal::from_parts(lo, mid, hi, negative, scale)
            }),
            4 => (any::<i32>(), 0u32..=6).prop_map(|(n, scale)| Decimal::new(n.into(), scale)),
            1 => select(vec![Decimal::MAX, Decimal::MIN, Decimal::ZERO, -Decimal::ZERO, Decimal::ONE]),
        ]
    }

    pub(crate) fn money_of(currency: Currency) -> impl Strategy<Value = Money> {
        let limit = 10_i128.pow(INTEGER_DIGITS + currency.digits());
        prop_oneof![
            (1 - limit)..limit,
            -100_000i128..100_000,
            select(vec![0, limit - 1, 1 - limit]),
        ]
        .prop_map(move |minor| Money::from_minor(minor, currency).unwrap())
    }

    pub(crate) fn money() -> impl Strategy<Value = Money> {
        currency().prop_flat_map(money_of)
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::strategies::*;
    use super::*;

    fn eur(amount: &str) -> Money {
        Money::parse(amount, Currency::EUR).unwrap()
    }

    fn kwd() -> Currency {
        "KWD".parse().unwrap()
    }

    #[test]
    fn rd_1_text_has_exactly_the_digits_of_the_currency() {
        let text = |amount, currency| Money::parse(amount, currency).unwrap().to_amount_string();
        assert_eq!(text("12.5", Currency::EUR), "12.50");
        assert_eq!(text("-0.00", Currency::EUR), "0.00");
        assert_eq!(text("1250", Currency::JPY), "1250");
        assert_eq!(text("1.5", kwd()), "1.500");
        assert_eq!(text("000000000000001", Currency::JPY), "1");
    }

    #[test]
    fn the_wire_grammar_is_strict() {
        for text in [
            "1e5",
            "1_000.50",
            "+1",
            " 1",
            "",
            ".5",
            "5.",
            "1,50",
            "0x10",
            "１",
            "1000000000000000",
        ] {
            let error = Money::parse(text, Currency::EUR).unwrap_err();
            assert!(matches!(error, MoneyError::Decimal(_)), "{text:?}: {error}");
        }
        let too_fine = MoneyError::TooFine {
            currency: Currency::EUR,
        };
        assert_eq!(Money::parse("1.000", Currency::EUR), Err(too_fine));
        assert_eq!(
            too_fine.to_string(),
            "EUR has at most 2 digits after the point"
        );
        assert!(Money::parse("1.0", Currency::JPY).is_err());
        assert_eq!(eur("999999999999999.99").to_minor(), 99_999_999_999_999_999);
    }

    #[test]
    fn a_decimal_from_the_database_may_carry_trailing_zeros() {
        let stored = Money::try_new(dec!(250.7500), Currency::EUR).unwrap();
        assert_eq!(stored.to_amount_string(), "250.75");
        let finer = Money::try_new(dec!(250.7501), Currency::EUR);
        assert_eq!(
            finer,
            Err(MoneyError::TooFine {
                currency: Currency::EUR
            })
        );
    }

    #[test]
    fn rd_4_tax_per_line_or_per_document() {
        let line = |net: Money| {
            net.checked_mul_rounded(dec!(0.20), Rounding::HalfAwayFromZero)
                .unwrap()
        };
        let lines = Money::sum(Currency::EUR, [line(eur("10.12")); 3]).unwrap();
        let document = line(Money::sum(Currency::EUR, [eur("10.12"); 3]).unwrap());
        assert_eq!((lines, document), (eur("6.06"), eur("6.07")));
        let lines = Money::sum(Currency::EUR, [line(eur("0.14")); 10]).unwrap();
        let document = line(Money::sum(Currency::EUR, [eur("0.14"); 10]).unwrap());
        assert_eq!((lines, document), (eur("0.30"), eur("0.28")));
    }

    #[test]
    fn rd_5_currencies_never_meet() {
        let euro = eur("1.00");
        let dollar = Money::parse("1.00", Currency::USD).unwrap();
        let mismatch = MoneyError::CurrencyMismatch {
            left: Currency::EUR,
            right: Currency::USD,
        };
        assert_eq!(euro.checked_add(dollar), Err(mismatch));
        assert_eq!(euro.checked_sub(dollar), Err(mismatch));
        assert_eq!(euro.try_cmp(&dollar), Err(mismatch));
        assert_eq!(euro.min_with(dollar), Err(mismatch));
        assert_eq!(euro.max_with(dollar), Err(mismatch));
        assert_eq!(Money::sum(Currency::EUR, [euro, dollar]), Err(mismatch));
        assert_ne!(euro, dollar);
    }

    #[test]
    fn ed_2_cash_on_time_settles_more_than_itself() {
        let settled = eur("297.00").checked_div_rounded(dec!(0.99), Rounding::HalfAwayFromZero);
        assert_eq!(settled, Ok(eur("300.00")));
    }

    #[test]
    fn it_5_and_it_7_interest_is_rounded_once() {
        let interest = |factors: &[Decimal], year| {
            Money::from_product(factors, year, Currency::GBP, Rounding::HalfAwayFromZero)
                .unwrap()
                .to_amount_string()
        };
        assert_eq!(
            interest(&[dec!(1000), dec!(0.085), dec!(50)], dec!(365)),
            "11.64"
        );
        assert_eq!(
            interest(&[dec!(5000), dec!(0.1225), dec!(101)], dec!(365)),
            "169.49"
        );
        assert_eq!(
            interest(&[dec!(7781.50), dec!(0.23), dec!(486)], dec!(360)),
            "2416.16"
        );
    }

    #[test]
    fn a_sum_fits_if_its_total_does() {
        let largest = eur("999999999999999.99");
        let all = [largest, largest, largest.negated(), eur("-0.01")];
        assert_eq!(
            Money::sum(Currency::EUR, all),
            Ok(eur("999999999999999.98"))
        );
        assert_eq!(
            Money::sum(Currency::EUR, [largest, eur("0.01")]),
            Err(MoneyError::Overflow)
        );
        assert_eq!(
            Money::sum(Currency::JPY, []),
            Ok(Money::zero(Currency::JPY))
        );
    }

    #[test]
    fn json_is_strict_too() {
        let json = r#"{"currency_code":"EUR","amount":"12.50"}"#;
        assert_eq!(serde_json::to_string(&eur("12.5")).unwrap(), json);
        assert_eq!(serde_json::from_str::<Money>(json).unwrap(), eur("12.50"));
        for bad in [
            r#"{"currency_code":"EUR","amount":12.5}"#,
            r#"{"currency_code":"EUR","amount":"1e2"}"#,
            r#"{"currency_code":"XAU","amount":"1"}"#,
            r#"{"currency_code":"EUR","amount":"1","scale":2}"#,
        ] {
            assert!(serde_json::from_str::<Money>(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(config())]

        #[test]
        fn p10_parse_reads_what_is_printed(money in money()) {
            prop_assert_eq!(Money::parse(&money.to_amount_string(), money.currency()), Ok(money));
            prop_assert_eq!(Money::try_new(money.amount(), money.currency()), Ok(money));
            prop_assert_eq!(Money::from_minor(money.to_minor(), money.currency()), Ok(money));
        }

        #[test]
        fn p10_add_and_subtract_are_inverse((a, b) in currency().prop_flat_map(|c| (money_of(c), money_of(c)))) {
            match a.checked_add(b) {
                Ok(sum) => {
                    prop_assert_eq!(sum.checked_sub(b), Ok(a));
                    prop_assert_eq!(b.checked_add(a), Ok(sum));
                    prop_assert_eq!(sum.amount(), a.amount() + b.amount());
                }
                Err(error) => prop_assert_eq!(error, MoneyError::Overflow),
            }
            prop_assert_eq!(a.negated().negated(), a);
            prop_assert!(!a.abs().is_negative());
            prop_assert_eq!(a.try_cmp(&b), Ok(a.amount().cmp(&b.amount())));
        }

        #[test]
        fn p10_no_decimal_panics(a in any_decimal(), b in any_decimal(), money in money(), rule in rounding()) {
            let currency = money.currency();
            if let Ok(accepted) = Money::try_new(a, currency) {
                prop_assert_eq!(accepted.amount(), a);
            }
            let _ = Money::from_product(&[a, b, a, b], b, currency, rule);
            let _ = money.checked_mul_rounded(a, rule);
            let _ = money.checked_div_rounded(a, rule);
        }

        #[test]
        fn p10_rounding_is_within_one_unit(money in money(), factor in -100_000i64..100_000, scale in 0u32..9, rule in rounding()) {
            let factor = Decimal::new(factor, scale);
            if let Ok(product) = money.checked_mul_rounded(factor, rule) {
                let unit = Decimal::new(1, money.currency().digits());
                // Up to 19 + 6 digits: the decimal library is exact here.
                let exact = money.amount() * factor;
                prop_assert!((product.amount() - exact).abs() < unit);
            }
        }
    }
}
