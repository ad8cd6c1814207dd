//! Values of columns back into values of the domain, and lists of values into columns. What was
//! stored was valid when it was; a value that is not is a fault, told without the value itself.

use jiff::civil::Date;
use money::{Currency, Decimal, Money};
use postgres::DbError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::Coded;

/// The value, or a fault in the stored data.
pub(super) fn read<T, E>(column: &'static str, value: Result<T, E>) -> Result<T, DbError> {
    value.map_err(|_| fault(column))
}

pub(super) fn currency(code: &str) -> Result<Currency, DbError> {
    read("currency", Currency::try_new(code))
}

pub(super) fn money(amount: Decimal, currency: Currency) -> Result<Money, DbError> {
    read("amount", Money::try_new(amount, currency))
}

pub(super) fn coded<T: Coded>(column: &'static str, code: &str) -> Result<T, DbError> {
    T::from_code(code).ok_or_else(|| fault(column))
}

pub(super) fn from_json<T: DeserializeOwned>(
    column: &'static str,
    value: serde_json::Value,
) -> Result<T, DbError> {
    read(column, serde_json::from_value(value))
}

/// # Errors
/// A value that JSON cannot hold, which none of ours is.
pub(super) fn to_json<T: Serialize>(value: &T) -> Result<serde_json::Value, DbError> {
    serde_json::to_value(value).map_err(|error| sqlx::Error::Encode(error.into()).into())
}

pub(super) fn date(value: Option<jiff_sqlx::Date>) -> Option<Date> {
    value.map(jiff_sqlx::Date::to_jiff)
}

/// A column that should have a value has none, or one that is not of its kind.
pub(super) fn fault(column: &'static str) -> DbError {
    sqlx::Error::Decode(format!("a stored {column} is not one").into()).into()
}
