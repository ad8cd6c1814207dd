//! What we do with the events of others, one producer a file.

pub mod credit;

use events::Apply;

use crate::app::App;

/// The handler of the feed of `source`, if we consume it.
#[must_use]
pub fn handler(source: &str) -> Option<Apply<App>> {
    match source {
        "credit" => Some(Apply::Each(credit::apply)),
        _ => None,
    }
}
