//! What we do with the events of others, one producer a file.

use events::Apply;

use crate::app::App;

/// The producers whose feeds are read.
pub const SOURCES: [&str; 0] = [];

/// The handler of the feed of `source`, if we consume it.
#[must_use]
pub fn handler(_source: &str) -> Option<Apply<App>> {
    None
}
