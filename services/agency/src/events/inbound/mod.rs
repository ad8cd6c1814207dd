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
        "credit" => Some(credit::apply),
        "invoicing" => Some(invoicing::apply),
        "payments" => Some(payments::apply),
        "reminders" => Some(reminders::apply),
        _ => None,
    }
}
