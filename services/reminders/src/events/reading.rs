//! Reading an event: its facts, its fields, and what it means when one of them is missing.

use calendar::Date;
use contracts::common::{Event, Money as WireMoney};
use contracts::convert::{date_from_wire, money_from_wire};
use contracts::google;
use events::ApplyError;
use money::Money;
use prost::{Message, Name};

/// The facts of an event of this type.
pub(in crate::events) fn facts<M: Message + Default + Name>(
    event: &Event,
) -> Result<M, ApplyError> {
    let data = event.data.as_ref().ok_or_else(|| missing("data"))?;
    M::decode(data.value.as_slice())
        .map_err(|error| ApplyError::Poison(format!("{}: {error}", M::NAME)))
}

/// A text with a form.
pub(in crate::events) fn parsed<T: std::str::FromStr>(
    text: &str,
    field: &str,
) -> Result<T, ApplyError> {
    text.parse().map_err(|_| malformed(field))
}

/// A part that must be there.
pub(in crate::events) fn required<T>(part: Option<T>, field: &str) -> Result<T, ApplyError> {
    part.ok_or_else(|| missing(field))
}

/// An amount that must be there.
pub(in crate::events) fn amount(
    amount: Option<&WireMoney>,
    field: &str,
) -> Result<Money, ApplyError> {
    money_from_wire(required(amount, field)?).map_err(|_| malformed(field))
}

/// A day that must be there.
pub(in crate::events) fn day(
    day: Option<&google::r#type::Date>,
    field: &str,
) -> Result<Date, ApplyError> {
    date_from_wire(required(day, field)?).map_err(|_| malformed(field))
}

/// A text that may be empty.
pub(in crate::events) fn optional(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

pub(in crate::events) fn missing(field: &str) -> ApplyError {
    ApplyError::Poison(format!("{field} is missing"))
}

pub(in crate::events) fn malformed(field: &str) -> ApplyError {
    ApplyError::Poison(format!("{field} is malformed"))
}
