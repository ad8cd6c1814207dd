//! What we do with the events of others, one producer a file.
//!
//! Every event carries complete facts and a version; an older version never replaces a newer one
//! (P24). Events that are of no use here are passed over. A fact that bears on a case is applied
//! under the lock of its row, and the case is planned anew in the same transaction.

pub mod agency;
pub mod credit;

pub mod invoicing;

pub mod payments;

use events::Apply;

pub use invoicing::balance_of;

use crate::app::App;

/// The producers whose feeds are read.
pub const SOURCES: [&str; 4] = ["credit", "invoicing", "payments", "agency"];

/// The handler of the feed of `source`, if we consume it.
#[must_use]
pub fn handler(source: &str) -> Option<Apply<App>> {
    match source {
        "credit" => Some(Apply::Each(credit::apply)),
        "invoicing" => Some(Apply::Run(invoicing::apply)),
        "payments" => Some(Apply::Run(payments::apply)),
        "agency" => Some(Apply::Each(agency::apply)),
        _ => None,
    }
}
