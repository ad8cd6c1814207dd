//! Owns the invoices: who is billed what on which day, to the cent and with the tax that the rules
//! of invoicing come to (RD-3).

use jiff::civil::Date;

use super::chance::Dice;
use super::customer::{Customer, Segment};
use super::reference::creditor_reference;
use super::{Size, is_business_day, later};

/// An invoice, or an order that becomes one unless credit is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invoice {
    /// Its number in the tenant's own system.
    pub external_id: String,
    /// Place of the customer in the book.
    pub customer: usize,
    /// The day on which it is issued.
    pub issued: Date,
    /// The day on which it is due.
    pub due: Date,
    /// How many are sold.
    pub quantity: i64,
    /// Price of one, before tax, in cents.
    pub unit_cents: i64,
    /// What is owed, in cents.
    pub gross_cents: i64,
    /// The discount for paying within 10 days, in cents; 0: none is offered.
    pub discount_cents: i64,
    /// What the customer is asked to quote.
    pub payment_reference: String,
    /// Whether the order is checked for credit first.
    pub checked: bool,
}

/// Net orders of this and more, in cents, are checked for credit.
const CHECKED_FROM_CENTS: i64 = 150_000;

/// The invoices of a book, by day.
#[must_use]
pub fn all(
    size: Size,
    (from, until): (Date, Date),
    customers: &[Customer],
    dice: &mut Dice,
) -> Vec<Invoice> {
    let days: Vec<Date> = from
        .series(jiff::Span::new().days(1))
        .take_while(|day| *day <= until)
        .filter(|day| is_business_day(*day))
        .collect();
    let mut drawn: Vec<(Date, usize, Dice)> = (0..size.invoices())
        .map(|_| {
            let places: Vec<usize> = (0..customers.len()).collect();
            (*dice.one_of(&days), *dice.one_of(&places), dice.apart())
        })
        .collect();
    drawn.sort_by_key(|(day, customer, _)| (*day, *customer));
    let numbered = (1_u64..).zip(drawn);
    numbered
        .map(|(number, (day, customer, mut dice))| {
            invoice(number, day, (customer, &customers[customer]), &mut dice)
        })
        .collect()
}

fn invoice(
    number: u64,
    issued: Date,
    (place, customer): (usize, &Customer),
    dice: &mut Dice,
) -> Invoice {
    let (least, most) = customer.segment.amounts();
    let quantity = i64::from(*dice.one_of(&[1_u32, 1, 2, 3, 5]));
    let net = i64::from(dice.number(least..=most));
    let unit_cents = net / quantity;
    let gross_cents = with_tax(unit_cents * quantity, customer.place.tax_bp);
    let discount_cents = match customer.segment {
        Segment::Trade => share(gross_cents, 200),
        Segment::Small | Segment::Consumer => 0,
    };
    Invoice {
        external_id: format!("O-{number:05}"),
        customer: place,
        issued,
        due: later(issued, customer.segment.net_days()),
        quantity,
        unit_cents,
        gross_cents,
        discount_cents,
        payment_reference: creditor_reference(number),
        checked: customer.segment == Segment::Trade && unit_cents * quantity >= CHECKED_FROM_CENTS,
    }
}

/// A net amount with the tax on it.
#[must_use]
pub fn with_tax(net_cents: i64, tax_bp: i64) -> i64 {
    net_cents + share(net_cents, tax_bp)
}

/// So many hundredths of a percent of an amount of 0 or more, rounded half up.
#[must_use]
pub fn share(cents: i64, basis_points: i64) -> i64 {
    (cents * basis_points + 5_000) / 10_000
}
