//! Exact money: currencies with their exponents, checked arithmetic, rounding by name, splitting
//! without loss, rates and exchange.
//!
//! Owns what an amount is and how it may change: a [`Money`] always holds a whole number of its
//! currency's smallest units, sums never cross currencies (RD-5), every rounding is named at the
//! call (RD-2), and every failure is a [`MoneyError`], never a panic.
//!
//! Must not know invoices, taxes, interest periods or dates: those crates call this one. Must not
//! use floats, and must not round twice: products and quotients are taken in whole numbers of any
//! size and rounded once, at the end.
//!
//! | module | owns |
//! |---|---|
//! | [`Currency`] | which codes are money, and their digits (RD-1) |
//! | [`Money`] | the amount: grammar, arithmetic, comparison |
//! | [`Rounding`] | the rounding rules by name (RD-2, RD-3) |
//! | [`split_largest_remainder`], [`split_remainder_last`] | parts that add up to the whole (PP-1) |
//! | [`Rate`], [`ExchangeRate`] | ratios, conversion, realised gain (RD-6) |
//! | [`parse_decimal`] | the strict grammar of quantities and rates on the wire |

// P10: unchecked arithmetic stands only where a comment says why it cannot fail.
#![deny(clippy::arithmetic_side_effects)]

mod amount;
mod currency;
mod decimal;
mod error;
mod exact;
mod exchange;
mod rate;
mod rounding;
mod split;

pub use amount::Money;
pub use currency::Currency;
pub use decimal::{decimal_string, parse_decimal};
pub use error::{CurrencyError, DecimalError, MoneyError};
pub use exchange::{ExchangeRate, realised_gain};
pub use rate::Rate;
pub use rounding::{Rounding, round};
pub use rust_decimal::Decimal;
pub use split::{split_largest_remainder, split_remainder_last};
