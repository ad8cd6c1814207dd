//! Reading what events carry; what is malformed poisons the event, without its content in the text.

use std::fmt::Display;

use calendar::{Date, Timestamp};
use contracts::common::{Event, Money as WireMoney};
use contracts::convert::{date_from_wire, instant_from_wire, money_from_wire};
use contracts::google;
use events::ApplyError;
use money::Money;
use opentelemetry::KeyValue;
use prost::{Message, Name};

use crate::app::App;

/// Whether the event is of this type.
pub(super) fn is<M: Name>(event: &Event) -> bool {
    event.r#type == M::full_name()
}

/// The facts of the event.
pub(super) fn read<M: Message + Default + Name>(event: &Event) -> Result<M, ApplyError> {
    let data = event.data.as_ref().ok_or_else(|| missing("data"))?;
    M::decode(data.value.as_slice())
        .map_err(|error| ApplyError::Poison(format!("{}: {error}", M::NAME)))
}

/// A message or value that must be there.
pub(super) fn needed<T>(value: Option<T>, field: &str) -> Result<T, ApplyError> {
    value.ok_or_else(|| missing(field))
}

/// A text with a form.
pub(super) fn parsed<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse().map_err(|_| malformed(field))
}

/// Several texts with a form.
pub(super) fn parsed_all<T: std::str::FromStr>(
    texts: &[String],
    field: &str,
) -> Result<Vec<T>, ApplyError> {
    texts.iter().map(|text| parsed(text, field)).collect()
}

/// An amount that must be there.
pub(super) fn money(amount: Option<&WireMoney>, field: &str) -> Result<Money, ApplyError> {
    money_from_wire(needed(amount, field)?).map_err(|_| malformed(field))
}

/// A day that must be there.
pub(super) fn date(date: Option<&google::r#type::Date>, field: &str) -> Result<Date, ApplyError> {
    date_from_wire(needed(date, field)?).map_err(|_| malformed(field))
}

/// An instant that must be there.
pub(super) fn instant(
    instant: Option<&prost_types::Timestamp>,
    field: &str,
) -> Result<Timestamp, ApplyError> {
    instant_from_wire(needed(instant, field)?).map_err(|_| malformed(field))
}

/// A text; none where it is empty.
pub(super) fn known(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The field is not what it should be.
pub(super) fn malformed(field: &str) -> ApplyError {
    ApplyError::Poison(format!("{field} is malformed"))
}

/// What our own rules make of the event is wrong.
pub(super) fn poison(error: impl Display) -> ApplyError {
    ApplyError::Poison(error.to_string())
}

/// Counts an event that was applied.
pub(super) fn count(app: &App, event: &Event) {
    let kind = KeyValue::new("type", event.r#type.clone());
    app.metrics.applied_events.add(1, &[kind]);
}

fn missing(field: &str) -> ApplyError {
    ApplyError::Poison(format!("{field} is missing"))
}
