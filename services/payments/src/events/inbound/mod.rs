//! What we do with the events of others, one producer a file. Every event carries complete facts and
//! a version; an older version never replaces a newer one (P24). Events that are of no use here are
//! passed over.

pub mod credit;
pub mod invoicing;

use contracts::common::Event;
use events::{Apply, ApplyError};
use prost::{Message, Name};

use crate::app::App;

/// The handler of the feed of `source`, if we consume it.
#[must_use]
pub fn handler(source: &str) -> Option<Apply<App>> {
    match source {
        "credit" => Some(Apply::Each(credit::apply)),
        "invoicing" => Some(Apply::Each(invoicing::apply)),
        _ => None,
    }
}

fn facts<M: Message + Default + Name>(event: &Event) -> Result<M, ApplyError> {
    let data = required(event.data.as_ref(), "data")?;
    M::decode(data.value.as_slice())
        .map_err(|error| ApplyError::Poison(format!("{}: {error}", M::NAME)))
}

fn parsed<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, ApplyError> {
    text.parse()
        .map_err(|_| ApplyError::Poison(format!("{field} is malformed")))
}

fn required<T>(value: Option<T>, field: &str) -> Result<T, ApplyError> {
    value.ok_or_else(|| ApplyError::Poison(format!("{field} is missing")))
}
