//! Stories that cross services, each on an installation of its own: every service, Postgres, Redis and
//! a mail server, on a clock that the story moves.
//!
//! | module | stories |
//! |---|---|
//! | `order_to_cash` | from the order to the money: discounts, parts, returns |
//! | `money_protocol` | money on its way, there and back, while the way is cut |
//! | `credit_hold` | credit that ends and comes back by what is paid |
//! | `reminding` | reminders, and what stops them |
//! | `promising` | promises: kept, broken, judged late, corrected |
//! | `placing` | debts that go to an agency and come back |
//! | `remitting` | what an agency collects and passes on |
//! | `tenants` | two tenants that know nothing of each other |
//!
//! `world` starts the installation and ends it, `books` shows at each end that no money is lost;
//! `shop`, `desk`, `collector` and `bank` make the calls that stories are told in.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bank;
mod books;
mod collector;
mod credit_hold;
mod desk;
mod money_protocol;
mod order_to_cash;
mod placing;
mod promising;
mod reminding;
mod remitting;
mod shop;
mod tenants;
mod world;
