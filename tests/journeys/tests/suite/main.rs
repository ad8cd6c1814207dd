//! Stories that cross services, each on an installation of its own: every service, Postgres, Redis and
//! a mail server, on a clock that the story moves.
//!
//! | module | stories |
//! |---|---|
//! | `order_to_cash` | from the order to the money: discounts, parts, returns |
//! | `credit_hold` | credit that ends and comes back by what is paid |
//! | `placing` | debts that go to an agency and come back |
//! | `reminding` | reminders, and what stops them |
//! | `tenants` | two tenants that know nothing of each other |
//!
//! `world` starts the installation; `shop` and `desk` make the calls that most stories begin with.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod credit_hold;
mod desk;
mod order_to_cash;
mod placing;
mod reminding;
mod shop;
mod tenants;
mod world;
