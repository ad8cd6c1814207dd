//! The book of receivables that the demo plays: who buys what, when, and how it will be paid. Made
//! from a seed alone, so that the same seed is always the same book.
//!
//! | module | what it owns |
//! |---|---|
//! | [`chance`] | the dice: whole numbers only |
//! | [`customer`] | customers, where they are, how they behave |
//! | [`invoice`] | invoices and their amounts to the cent |
//! | [`fate`] | what becomes of an invoice: paid, disputed, promised, or never paid |
//! | [`transfer`] | the bank lines, with what the payer wrote and what it really pays |
//! | [`reference`] | payment references, and the ways in which payers garble them |
//!
//! It knows the truth, which no service is ever told: which transfer pays which invoices. Pure: it
//! must not call anything, and must not know identities that services give.

pub mod chance;
pub mod customer;
pub mod fate;
pub mod invoice;
pub mod reference;
#[cfg(test)]
mod tests;
pub mod transfer;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};

use chance::Dice;
use customer::Customer;
use fate::{Objection, Vow};
use invoice::Invoice;
use transfer::Transfer;

/// How large a book is, and which one of that size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Customers, 1 to 2000.
    pub customers: u32,
    /// Months in which invoices are issued, 1 to 60.
    pub months: u32,
    /// Which book.
    pub seed: u64,
}

impl Size {
    /// Invoices of a book of this size: 4 000 for 250 customers in 18 months.
    #[must_use]
    pub fn invoices(self) -> u32 {
        self.customers * self.months * 8 / 9
    }
}

/// Everything that will happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Book {
    /// Its first day.
    pub from: Date,
    /// Its last day.
    pub until: Date,
    /// By number.
    pub customers: Vec<Customer>,
    /// By day, then in the order in which they are issued.
    pub invoices: Vec<Invoice>,
    /// By day: what customers send through the bank.
    pub transfers: Vec<Transfer>,
    /// By day: what customers object to.
    pub objections: Vec<Objection>,
    /// By day: what customers promise.
    pub vows: Vec<Vow>,
}

impl Book {
    /// Makes the book of a size.
    #[must_use]
    pub fn of(size: Size) -> Self {
        let mut dice = Dice::of(size.seed);
        let from = date(2025, 1, 1);
        let until = from.saturating_add(i64::from(size.months).months());
        let until = until.saturating_sub(1.day());
        let customers = customer::all(size, (from, until), &mut dice);
        let invoices = invoice::all(size, (from, until), &customers, &mut dice);
        let mut fates = fate::all(&customers, &invoices, &mut dice);
        let mut transfers = transfer::all(&customers, &invoices, &fates.payments, &mut dice);
        // What the bank books on the last day is told on the day after.
        transfers.retain(|transfer| transfer.day < on_or_before(until));
        fates
            .objections
            .retain(|objection| objection.raised <= until);
        fates.vows.retain(|vow| vow.made <= until);
        Self {
            from,
            until,
            customers,
            invoices,
            transfers,
            objections: fates.objections,
            vows: fates.vows,
        }
    }

    /// The days on which business is done: neither Saturday nor Sunday.
    #[must_use]
    pub fn business_days(&self) -> Vec<Date> {
        let days = self
            .from
            .series(1.day())
            .take_while(|day| *day <= self.until);
        days.filter(|day| is_business_day(*day)).collect()
    }
}

/// Whether banks work.
#[must_use]
pub fn is_business_day(day: Date) -> bool {
    !matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// The day itself, else the next one on which banks work.
#[must_use]
pub fn on_or_after(day: Date) -> Date {
    let days = day.series(1.day());
    days.take(3)
        .find(|day| is_business_day(*day))
        .unwrap_or(day)
}

/// The day itself, else the last one before it on which banks worked.
#[must_use]
pub fn on_or_before(day: Date) -> Date {
    let days = day.series((-1).day());
    days.take(3)
        .find(|day| is_business_day(*day))
        .unwrap_or(day)
}

/// So many days later.
#[must_use]
pub fn later(day: Date, days: u32) -> Date {
    day.saturating_add(i64::from(days).days())
}
