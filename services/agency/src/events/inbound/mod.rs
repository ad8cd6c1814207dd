//! What we do with the events of others, one producer a file.

mod booking;
pub mod credit;
mod facts;
mod follow;
pub mod invoicing;
pub mod payments;
pub mod reminders;

use events::Apply;

use crate::app::App;

/// The producers whose feeds are read.
pub const SOURCES: [&str; 4] = ["credit", "invoicing", "payments", "reminders"];

/// The handler of the feed of `source`, if we consume it.
#[must_use]
pub fn handler(source: &str) -> Option<Apply<App>> {
    match source {
        "credit" => Some(Apply::Each(credit::apply)),
        "invoicing" => Some(Apply::Each(invoicing::apply)),
        "payments" => Some(Apply::Each(payments::apply)),
        "reminders" => Some(Apply::Each(reminders::apply)),
        _ => None,
    }
}
