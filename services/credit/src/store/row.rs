//! Values of columns back into values of the domain. What was stored was valid when it was; a value
//! that is not is a fault, told without the value itself.

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::{Currency, Decimal, Money};
use postgres::DbError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::domain::{Coded, CustomerId};

/// The identities of customers, as a column takes them.
pub(super) fn ids(customers: impl IntoIterator<Item = CustomerId>) -> Vec<Uuid> {
    customers
        .into_iter()
        .map(|customer_id| customer_id.0)
        .collect()
}

/// Of each subject the telling with the highest version, the first of equal ones.
pub(super) fn newest<K: Ord, T>(
    told: &[T],
    subject: impl Fn(&T) -> K,
    version: impl Fn(&T) -> i64,
) -> BTreeMap<K, &T> {
    let mut newest: BTreeMap<K, &T> = BTreeMap::new();
    for one in told {
        let kept = newest.entry(subject(one)).or_insert(one);
        if version(kept) < version(one) {
            *kept = one;
        }
    }
    newest
}

/// The value, or a fault in the stored data.
pub(super) fn read<T, E>(column: &'static str, value: Result<T, E>) -> Result<T, DbError> {
    value.map_err(|_| fault(column))
}

pub(super) fn currency(code: &str) -> Result<Currency, DbError> {
    read("currency", Currency::try_new(code))
}

pub(super) fn money(amount: Decimal, code: &str) -> Result<Money, DbError> {
    read("amount", Money::try_new(amount, currency(code)?))
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

fn fault(column: &'static str) -> DbError {
    sqlx::Error::Decode(format!("a stored {column} is not one").into()).into()
}
