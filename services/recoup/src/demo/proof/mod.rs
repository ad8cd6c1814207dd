//! The proof: what the five databases say once everything has come to rest, read by plain SQL as the
//! superuser and added up again by a way of its own.
//!
//! | module | what it shows |
//! |---|---|
//! | [`check`] | what a check is, and how checks are told |
//! | [`books`] | one database by itself: conservation, allocations, balances (P1, P5, P8) |
//! | [`both_sides`] | what two databases must say alike: applications, open amounts, agencies' money |
//! | [`commission`] | what agencies earn, from the rates |
//! | [`ledger`] | the facts of invoicing, row by row |
//! | [`aging`], [`figures`], [`history`] | the same figures as the service's, found by walking those rows |
//! | [`mails`], [`eml`] | the mails that went out, against what was known at that moment (P16, P17) |
//!
//! It must not use a line of the services: of our own it knows money and dates alone. A query of theirs
//! would be wrong here in the same way as there. It changes nothing.

pub mod aging;
mod books;
mod both_sides;
pub mod check;
mod commission;
mod databases;
pub mod eml;
pub mod figures;
pub mod history;
mod ledger;
pub mod mails;

use jiff::civil::Date;
use stores::Stores;
use uuid::Uuid;

pub use aging::Aging;
pub use check::Check;
pub use figures::Figures;
pub use history::History;

use databases::Databases;
use ledger::Ledger;

/// First and last day of the figures, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// First day.
    pub from_date: Date,
    /// Last day.
    pub to_date: Date,
}

/// What was found.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Every check, those that hold too.
    pub checks: Vec<Check>,
    /// The figures of the tenant, by currency code.
    pub figures: Vec<Figures>,
    /// How they came about, for charts.
    pub history: History,
}

impl Proof {
    /// Every fault of every check, a line each; none: the proof holds.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        self.checks.iter().flat_map(Check::failures).collect()
    }
}

/// Checks the money of all tenants and computes the figures of one. Nothing may be under way: money on
/// its way between two databases is a fault here.
///
/// # Errors
/// A database does not answer, or holds what cannot be read. What is wrong with the money is no error:
/// it stands in the proof.
pub async fn check(stores: &Stores, tenant: Uuid, period: Period) -> anyhow::Result<Proof> {
    let mut databases = Databases::open(stores).await?;
    let mut checks = books::check(&mut databases).await?;
    checks.extend(both_sides::check(&mut databases).await?);
    let ledger = Ledger::read(&mut databases.invoicing, tenant).await?;
    Ok(Proof {
        checks,
        figures: figures::of(&ledger, period)?,
        history: history::read(&mut databases, &ledger, (tenant, period)).await?,
    })
}
