//! Owns every way in which money can be refused, worded for the person who sent it. Must not echo
//! unbounded input: these texts reach callers and logs.

use crate::Currency;

/// Why a currency code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CurrencyError {
    /// Not three capital letters.
    #[error("a currency code is three capital letters, such as EUR")]
    Malformed,
    /// Three capital letters that ISO 4217 does not list.
    #[error("{} is not a currency code of ISO 4217", code(.0))]
    Unknown([u8; 3]),
    /// Listed by ISO 4217, but nothing that can be owed: gold, test codes, units of account.
    #[error("{} is not money: it is a metal, a test code or a unit of account", code(.0))]
    NotMoney([u8; 3]),
}

/// The variants that carry a code are made from three ASCII capitals only.
fn code(letters: &[u8; 3]) -> &str {
    std::str::from_utf8(letters).unwrap_or("???")
}

/// Why a decimal text was refused. The grammar is `-?[0-9]+(\.[0-9]+)?` with limits on both sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecimalError {
    /// Nothing was sent.
    #[error("empty: a decimal number was expected, such as 12.50")]
    Empty,
    /// A character outside the grammar: a plus sign, an exponent, a separator, a blank.
    #[error(
        "unexpected {character:?} at position {position}: only digits, one point and a leading minus are allowed"
    )]
    UnexpectedCharacter {
        /// The first character outside the grammar.
        character: char,
        /// Its place in the text, counted in characters from 1.
        position: usize,
    },
    /// `.5`, `-` or `-.5`.
    #[error("at least one digit is needed before the point")]
    NoIntegerDigits,
    /// `5.`
    #[error("at least one digit is needed after the point")]
    NoFractionDigits,
    /// More digits before the point than allowed; leading zeros count.
    #[error("at most {allowed} digits are allowed before the point")]
    TooManyIntegerDigits {
        /// The limit.
        allowed: u32,
    },
    /// More digits after the point than allowed; trailing zeros count.
    #[error("at most {allowed} digits are allowed after the point")]
    TooManyFractionDigits {
        /// The limit.
        allowed: u32,
    },
    /// Within both limits, yet more than the 28 digits that any decimal can hold.
    #[error("more digits than a decimal number can hold")]
    TooLong,
}

/// Why an operation on money was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The currency is not one.
    #[error(transparent)]
    Currency(#[from] CurrencyError),
    /// The text of a number is not one.
    #[error(transparent)]
    Decimal(#[from] DecimalError),
    /// The amount is finer than the currency's smallest unit (RD-1).
    #[error("{currency} has at most {} digits after the point", .currency.digits())]
    TooFine {
        /// The currency of the amount.
        currency: Currency,
    },
    /// Two currencies met where one was needed (RD-5).
    #[error("currencies differ: {left} and {right}")]
    CurrencyMismatch {
        /// The currency of the amount operated on, or the one asked for.
        left: Currency,
        /// The currency that does not fit it.
        right: Currency,
    },
    /// The result is outside ±10^15 (exclusive), or a rate is outside its own range.
    #[error("the result is too large")]
    Overflow,
    /// A divisor of zero.
    #[error("division by zero")]
    DivisionByZero,
    /// A split over no weights, weights that are all zero, or a negative weight.
    #[error("a split needs weights that are not negative and not all zero")]
    Weights,
    /// An exchange rate that is zero or negative.
    #[error("an exchange rate is greater than zero")]
    ExchangeRateNotPositive,
    /// An exchange rate from a currency to itself other than 1.
    #[error("the exchange rate of {0} to itself is 1")]
    ExchangeRateToSelf(Currency),
}
