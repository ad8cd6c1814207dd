//! Random books that come out the same each time.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};

use crate::ledger::{Ledger, Owed, Written, customer};

/// A stream of numbers that a seed fixes (xorshift).
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `faces`.
    pub fn roll(&mut self, faces: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % faces
    }

    /// A day of half a year.
    pub fn day(&mut self) -> Date {
        let days = i64::try_from(self.roll(180)).unwrap();
        date(2026, 1, 1) + days.days()
    }
}

fn amount(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// Invoices with all that can happen to them, on any days: paid in part or in full, ahead of their
/// date or late, taken back, credited, written off, voided; and customers' credits.
pub async fn random_book(ledger: &Ledger, dice: &mut Dice, invoices: u64) {
    for number in 0..invoices {
        let invoice_date = dice.day();
        let issued_date = if dice.roll(4) == 0 {
            dice.day()
        } else {
            invoice_date
        };
        let whole = 1 + dice.roll(100_000);
        let first = 1 + dice.roll(whole);
        let (first, rest) = (amount(first), amount(whole - first));
        let items = [
            (invoice_date + 30.days(), &*first),
            (invoice_date + 60.days(), &*rest),
        ];
        let items = if rest == "0.00" {
            &items[..1]
        } else {
            &items[..]
        };
        let owed = ledger
            .issue(&Written {
                customer_id: customer(u128::from(dice.roll(9))),
                currency: if dice.roll(5) == 0 { "USD" } else { "EUR" },
                invoice_date,
                issued_date,
                items,
            })
            .await;
        for (item, (_, open)) in items.iter().enumerate() {
            happen(ledger, dice, &owed, item, open).await;
        }
        if number % 7 == 0 {
            let cents = 2 + dice.roll(5_000);
            let used = amount(1 + dice.roll(cents - 1));
            let used = (dice.roll(2) == 0).then_some((&*used, dice.day()));
            let who = customer(u128::from(dice.roll(12)));
            ledger.credit(who, (&amount(cents), dice.day()), used).await;
        }
    }
    ledger.sum_up().await;
}

/// Something happens to an item, or nothing.
async fn happen(ledger: &Ledger, dice: &mut Dice, owed: &Owed, item: usize, open: &str) {
    let (day, all) = (dice.day(), format!("-{open}"));
    match dice.roll(6) {
        0 => {}
        1 => {
            let kind = ["ALLOCATION", "CREDIT", "WRITE_OFF"];
            let kind = kind[usize::try_from(dice.roll(3)).unwrap()];
            ledger.entry(owed, item, kind, &all, day).await;
        }
        2 => {
            let paid = ledger.entry(owed, item, "ALLOCATION", &all, day).await;
            ledger.take_back(owed, item, paid, open, dice.day()).await;
        }
        3 => {
            ledger.entry(owed, item, "WRITE_OFF", &all, day).await;
            let again = dice.day();
            ledger.entry(owed, item, "REINSTATEMENT", open, again).await;
            ledger
                .entry(owed, item, "ALLOCATION", &all, dice.day())
                .await;
        }
        4 => {
            ledger.entry(owed, item, "ALLOCATION", "-0.01", day).await;
        }
        _ => {
            ledger.entry(owed, item, "VOID", &all, day).await;
        }
    }
}
