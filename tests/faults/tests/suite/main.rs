//! Scenarios on real processes, each on an installation of its own. A scenario ends with one line:
//! what was done, which faults fired, what was acknowledged, and what of it is missing or there twice.
//!
//! | module | scenarios |
//! |---|---|
//! | `points` | that the processes have fault points, and a release has none |
//! | `money` | the money protocol and its mirror, cut at each point |
//! | `numbers` | gapless numbers, with many invoices under way |
//! | `twins` | the same request several times at once, to two processes; limits and open amounts under a race |
//! | `reminding` | the message protocol, cut at each point; debtors who paid meanwhile |
//! | `placing` | the placement protocol, cut at each point |
//! | `feeds` | readers of feeds, cut within a batch |
//! | `hints` | Redis flushed, killed, empty, away |
//! | `storm` | callers who leave at every moment of a call |
//! | `denied` | callers without the right to call |
//! | `late` | a database that comes later than the services |
//! | `nemesis` | minutes of business and harm, by a seed: `make nemesis` |
//! | `peers` | a peer that is down, silent, or answers into the void |
//!
//! `faults::shop` and `faults::desk` make the calls.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::as_conversions,
    reason = "a test fails by panicking, and counts in tests are small"
)]

mod denied;
mod feeds;
mod hints;
mod late;
mod money;
mod nemesis;
mod numbers;
mod peers;
mod placing;
mod points;
mod reminding;
mod storm;
mod twins;
