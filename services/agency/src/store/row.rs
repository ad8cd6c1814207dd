//! Values of columns back into values of the domain. What was stored was valid when it was; a value
//! that is not is a fault, told without the value itself.

use calendar::{Date, Timestamp};
use money::{Currency, Decimal, Money, Rate};
use postgres::DbError;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::domain::country::Country;

/// The value, or a fault in the stored data.
pub(super) fn read<T, E>(column: &'static str, value: Result<T, E>) -> Result<T, DbError> {
    value.map_err(|_| fault(column))
}

/// The value of a stored name.
pub(super) fn named<T>(column: &'static str, value: Option<T>) -> Result<T, DbError> {
    value.ok_or_else(|| fault(column))
}

/// The value of a stored name that may be absent.
pub(super) fn named_if<T>(
    column: &'static str,
    name: Option<&str>,
    value: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, DbError> {
    name.map(|name| named(column, value(name))).transpose()
}

pub(super) fn country(code: &str) -> Result<Country, DbError> {
    read("country", Country::try_new(code))
}

pub(super) fn currency(code: &str) -> Result<Currency, DbError> {
    read("currency", Currency::try_new(code))
}

pub(super) fn money(amount: Decimal, currency: Currency) -> Result<Money, DbError> {
    read("amount", Money::try_new(amount, currency))
}

pub(super) fn rate(ratio: Decimal) -> Result<Rate, DbError> {
    read("rate", Rate::try_new(ratio))
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

pub(super) fn instant(value: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    value.map(jiff_sqlx::Timestamp::to_jiff)
}

/// A fault in the stored data.
pub(super) fn fault(column: &'static str) -> DbError {
    sqlx::Error::Decode(format!("a stored {column} is not one").into()).into()
}
