//! Owns the bank lines: which payments travel together, from which account, and how they are
//! quoted. A line keeps what it really pays, which is the truth that matching is measured by.

use jiff::civil::Date;

use super::chance::Dice;
use super::customer::Customer;
use super::fate::Payment;
use super::invoice::Invoice;
use super::reference::Quote;

/// Payments of one customer so many days apart, at most, may be sent as one.
const TOGETHER_DAYS: i32 = 10;

/// What of a transfer is for which invoice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Place of the invoice in the book.
    pub invoice: usize,
    /// How much, in cents.
    pub cents: i64,
}

/// Money that a customer sends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// The bank's own identity of the line.
    pub bank_reference: String,
    /// The day on which the bank books it.
    pub day: Date,
    /// Place of the customer in the book.
    pub customer: usize,
    /// What it really pays.
    pub parts: Vec<Part>,
    /// How it is quoted.
    pub quote: Quote,
    /// Decides where there are several ways to quote so.
    pub turn: u32,
    /// Whether the reference stands in the field for it, not in the text.
    pub in_field: bool,
    /// Whether it comes from the customer's own account, not from one never seen before.
    pub from_own_account: bool,
}

/// The transfers that carry all payments, by day.
#[must_use]
pub fn all(
    customers: &[Customer],
    invoices: &[Invoice],
    payments: &[Payment],
    dice: &mut Dice,
) -> Vec<Transfer> {
    let mut of_customers: Vec<Vec<Payment>> = vec![Vec::new(); customers.len()];
    for payment in payments {
        of_customers[invoices[payment.invoice].customer].push(payment.clone());
    }
    let mut transfers = Vec::new();
    for (customer, mut payments) in of_customers.into_iter().enumerate() {
        payments.sort_by_key(|payment| (payment.day, payment.invoice));
        transfers.extend(sent(customer, &payments, &mut dice.apart()));
    }
    transfers.sort_by_key(|transfer| (transfer.day, transfer.customer));
    for (number, transfer) in (1_u32..).zip(&mut transfers) {
        transfer.bank_reference = format!("B{number:06}");
    }
    transfers
}

/// What one customer sends: now and then two debts at once, on the day of the later.
fn sent(customer: usize, payments: &[Payment], dice: &mut Dice) -> Vec<Transfer> {
    let mut transfers = Vec::new();
    let mut left = payments.iter().peekable();
    while let Some(payment) = left.next() {
        let mut parts = vec![part(payment)];
        let mut day = payment.day;
        let goes_with = left.next_if(|next| go_together(payment, next) && dice.percent(70));
        if let Some(next) = goes_with {
            parts.push(part(next));
            day = next.day;
        }
        let quote = if parts.len() > 1 {
            Quote::Several
        } else {
            Quote::thrown(dice)
        };
        transfers.push(Transfer {
            bank_reference: String::new(),
            day,
            customer,
            parts,
            quote,
            turn: dice.number(0..=5),
            in_field: dice.percent(50),
            from_own_account: dice.percent(92),
        });
    }
    transfers
}

fn part(payment: &Payment) -> Part {
    Part {
        invoice: payment.invoice,
        cents: payment.cents,
    }
}

fn go_together(one: &Payment, next: &Payment) -> bool {
    let apart = one
        .day
        .until(next.day)
        .map_or(i32::MAX, |span| span.get_days());
    one.may_wait && next.may_wait && apart <= TOGETHER_DAYS
}
