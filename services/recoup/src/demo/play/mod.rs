//! The play: the book, day by day, through the public gRPC APIs on the clock of the sandbox.
//!
//! | module | what it owns |
//! |---|---|
//! | [`opening`] | the tenant, how it sells, its customers |
//! | [`words`] | rules of contact, words, ladders |
//! | [`orders`] | rates, credit checks, the invoices of a day |
//! | [`bank`] | the statements of each morning |
//! | [`clerk`] | the review list |
//! | [`desk`] | objections, promises, letters |
//! | [`agencies`] | agreements, and what is handed over |
//! | [`returns`] | what comes back from agencies |
//!
//! A day begins before the offices open anywhere: statements, letters, orders, the review list, the
//! desk, the agencies.
//! Then the clock goes on to the next business day, and on its way the reminders leave.
//!
//! Must not look into a database or a service: what a caller cannot see, it does not know.

pub mod agencies;
pub mod bank;
mod clerk;
mod desk;
pub mod opening;
mod orders;
mod returns;
pub mod tally;
mod words;

use std::collections::BTreeMap;

use anyhow::{Context as _, ensure};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use indicatif::ProgressBar;
use jiff::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

use crate::demo::book::fate::Vow;
use crate::demo::book::{Book, on_or_after};
use crate::demo::client::World;
use agencies::{Agency, Placed};
use bank::{AgencyTransfer, Bank};

/// What invoicing made of an order.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The identity of the invoice.
    pub invoice_id: String,
    /// Its number.
    pub number: String,
}

/// What was counted on the way, because no list tells it afterwards.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Orders that got no credit.
    pub refused_orders: usize,
    /// Lines in review where a suggestion was right.
    pub accepted_suggestions: usize,
}

/// The play as far as it has come.
#[derive(Debug)]
pub struct Play<'a> {
    world: &'a World,
    /// What happens.
    pub book: &'a Book,
    /// By place in the book.
    pub customer_ids: Vec<String>,
    /// By place in the book; none while it is not issued.
    pub issued: Vec<Option<Issued>>,
    bank: Bank,
    /// Transfers that statements have told so far.
    told: usize,
    agency_transfers: Vec<AgencyTransfer>,
    disputes: BTreeMap<usize, String>,
    /// Promises taken, by identity.
    pub promises: BTreeMap<String, Vow>,
    /// Who collects.
    pub agencies: Vec<Agency>,
    placements: Vec<Placed>,
    /// What was counted.
    pub tally: Tally,
}

/// Plays the whole book.
///
/// # Errors
/// A call that is refused, or an answer that is not as it must be, with the day.
pub async fn whole<'a>(
    world: &'a World,
    book: &'a Book,
    bar: &ProgressBar,
) -> anyhow::Result<Play<'a>> {
    let mut play = opened(world, book).await?;
    let days = book.business_days();
    bar.set_length(u64::try_from(days.len())?);
    let mut month = 0;
    for today in days {
        bar.set_message(today.to_string());
        let first_of_month = today.month() != month;
        month = today.month();
        let played = play.day(today, first_of_month).await;
        played.with_context(|| format!("on {today}"))?;
        bar.inc(1);
    }
    let night = in_the_evening(book.until)?;
    let result = world.go_to(night).await?;
    ensure!(
        result.unsettled_count == 0,
        "something waits for a person: {:?}",
        result.unsettled.first()
    );
    Ok(play)
}

async fn opened<'a>(world: &'a World, book: &'a Book) -> anyhow::Result<Play<'a>> {
    opening::tenant(world).await.context("the tenant")?;
    let customer_ids = opening::customers(world, book)
        .await
        .context("the customers")?;
    words::in_force(world, book.from)
        .await
        .context("how to remind")?;
    let bank = bank::open(world).await.context("the bank")?;
    let agencies = agencies::agreed(world, book.from)
        .await
        .context("the agencies")?;
    world.settle().await?;
    Ok(Play {
        world,
        book,
        customer_ids,
        issued: vec![None; book.invoices.len()],
        bank,
        told: 0,
        agency_transfers: Vec::new(),
        disputes: BTreeMap::new(),
        promises: BTreeMap::new(),
        agencies,
        placements: Vec::new(),
        tally: Tally::default(),
    })
}

impl Play<'_> {
    async fn day(&mut self, today: Date, first_of_month: bool) -> anyhow::Result<()> {
        self.world
            .go_to(at_opening(today)?)
            .await
            .context("the night before")?;
        if first_of_month || today.weekday() == Weekday::Monday {
            self.record_rates(today).await.context("the rates")?;
        }
        let statements = self.import_statements(today).await;
        if statements.context("the statements")? {
            self.world.settle().await?;
        }
        // What depends on what every service knows comes first, or after everything has come to rest:
        // facts spread while the day goes on, and two runs are to print the same.
        self.post_letters().await.context("the letters")?;
        self.bill(today).await.context("the orders")?;
        self.review().await.context("the review list")?;
        self.hear_objections(today).await?;
        self.take_promises(today).await?;
        self.with_agencies(today, first_of_month).await
    }

    async fn with_agencies(&mut self, today: Date, first_of_month: bool) -> anyhow::Result<()> {
        let remits = is_first_after(today, 15);
        let looks = is_first_after(today, 22);
        if first_of_month || remits || looks {
            self.world.settle().await?;
        }
        if first_of_month {
            self.place_ripe(today).await.context("handing over")?;
        }
        if remits {
            self.remit(today).await.context("the remittances")?;
        }
        if looks {
            let looked = self.look_at_placements(today).await;
            looked.context("the placements")?;
        }
        Ok(())
    }
}

impl Play<'_> {
    /// The place of the customer of an invoice.
    fn customer_of(&self, invoice: usize) -> usize {
        self.book.invoices[invoice].customer
    }

    /// The currency of an invoice.
    fn currency_of(&self, invoice: usize) -> &'static str {
        self.book.customers[self.customer_of(invoice)]
            .place
            .currency_code
    }
}

/// How many people work side by side.
const HANDS: usize = 4;

/// Does what does not wait for each other, some at a time; the results in the order of the work.
async fn at_once<T>(
    work: impl Iterator<Item = impl Future<Output = anyhow::Result<T>>>,
) -> anyhow::Result<Vec<T>> {
    stream::iter(work).buffered(HANDS).try_collect().await
}

/// Whether it is the first business day of its month from this day of the month on.
fn is_first_after(today: Date, day_of_month: i8) -> bool {
    let day = today.first_of_month().with().day(day_of_month).build();
    day.is_ok_and(|day| on_or_after(day) == today)
}

/// When a day begins: before anybody may be reminded.
///
/// # Errors
/// A date beyond all time.
pub fn at_opening(today: Date) -> anyhow::Result<Timestamp> {
    Ok(today.at(4, 30, 0, 0).to_zoned(TimeZone::UTC)?.timestamp())
}

fn in_the_evening(today: Date) -> anyhow::Result<Timestamp> {
    Ok(today.at(21, 0, 0, 0).to_zoned(TimeZone::UTC)?.timestamp())
}
