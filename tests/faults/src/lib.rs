//! The five services as real processes on loopback, and the means to do them harm.
//!
//! | module | what it owns |
//! |---|---|
//! | [`installation`] | stores, keys, processes, the network between them, the mail sink; start, kill, start again |
//! | [`binaries`], [`process`], [`ports`] | the built programs; one of them running; where it listens |
//! | [`settings`], [`keys`] | what each process is told; whose tokens count |
//! | [`callers`] | who calls: a token shown with every call, and calls that are repeated until they are answered |
//! | [`shop`], [`desk`], [`collection`] | the calls of a shop, of its desk that reminds, and for its agency |
//! | [`points`] | where in their code the services can be made to die |
//! | [`dice`] | chance by a seed |
//! | [`check`] | the independent check: plain SQL over the five databases and the sink's log |
//! | [`tally`] | what was done, harmed, acknowledged, lost and doubled, in one line |
//!
//! The scenarios are in `tests/suite`. Nothing here knows a rule of the business: the check counts
//! rows and sums that must be equal, and uses no code of a service.
//!
//! Everything panics with a reason: a fixture that cannot be had is a failed test.

#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "a fixture that cannot be had is a failed test, and a test fails by panicking"
)]

pub mod binaries;
pub mod callers;
pub mod check;
pub mod collection;
pub mod desk;
pub mod dice;
pub mod installation;
pub mod keys;
pub mod points;
pub mod ports;
pub mod process;
pub mod settings;
pub mod shop;
pub mod tally;

pub use callers::{Calls, insist};
pub use dice::Dice;
pub use installation::{Installation, Plan};
pub use tally::Tally;

/// The services, in the order in which they are started.
pub const SERVICES: [&str; 5] = ["credit", "invoicing", "payments", "reminders", "agency"];

/// Who calls whom or reads whose feed: each is a connection of its own that can be harmed.
pub const EDGES: [(&str, &str); 14] = [
    ("credit", "invoicing"),
    ("credit", "payments"),
    ("invoicing", "credit"),
    ("payments", "credit"),
    ("payments", "invoicing"),
    ("reminders", "credit"),
    ("reminders", "invoicing"),
    ("reminders", "payments"),
    ("reminders", "agency"),
    ("agency", "credit"),
    ("agency", "invoicing"),
    ("agency", "payments"),
    ("agency", "reminders"),
    // The mail server, as any other peer.
    ("reminders", "mail"),
];
