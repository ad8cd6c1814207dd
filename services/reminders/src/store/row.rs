//! Values of columns back into values of the domain. What was stored was valid when it was; a value
//! that is not is a fault, told without the value itself.

use std::str::FromStr;

use calendar::{Date, Timestamp};
use money::{Currency, Money};
use postgres::DbError;
use rust_decimal::Decimal;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::postgres::types::Oid;

/// The value, or a fault in the stored data.
pub(super) fn read<T, E>(column: &'static str, value: Result<T, E>) -> Result<T, DbError> {
    value.map_err(|_| fault(column))
}

/// A value that is stored by its name.
pub(super) fn named<T: FromStr>(column: &'static str, name: &str) -> Result<T, DbError> {
    read(column, name.parse())
}

/// A value that is stored by its name, or absent.
pub(super) fn named_if_any<T: FromStr>(
    column: &'static str,
    name: Option<&str>,
) -> Result<Option<T>, DbError> {
    name.map(|name| named(column, name)).transpose()
}

pub(super) fn currency(code: &str) -> Result<Currency, DbError> {
    read("currency", Currency::try_new(code))
}

pub(super) fn money(amount: Decimal, code: &str) -> Result<Money, DbError> {
    read("amount", Money::try_new(amount, currency(code)?))
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

pub(super) fn time(value: Option<jiff_sqlx::Timestamp>) -> Option<Timestamp> {
    value.map(jiff_sqlx::Timestamp::to_jiff)
}

/// Makes a row readable where it stands in an array of another one: `ARRAY(SELECT ROW(…) …)`, the columns
/// in the order of its fields.
macro_rules! nested {
    ($row:ty) => {
        impl sqlx::Type<sqlx::Postgres> for $row {
            fn type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::with_oid($crate::store::row::RECORD)
            }
        }

        impl sqlx::postgres::PgHasArrayType for $row {
            fn array_type_info() -> sqlx::postgres::PgTypeInfo {
                sqlx::postgres::PgTypeInfo::with_oid($crate::store::row::RECORDS)
            }
        }
    };
}
pub(super) use nested;

/// Postgres' own types `record` and `record[]`.
pub(super) const RECORD: Oid = Oid(2249);
pub(super) const RECORDS: Oid = Oid(2287);

fn fault(column: &'static str) -> DbError {
    sqlx::Error::Decode(format!("a stored {column} is not one").into()).into()
}
