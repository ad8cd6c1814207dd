//! Receivables by age, item by item: each open item is looked at by itself and put into its bucket
//! (AG-1 … AG-4).

use anyhow::Context as _;
use jiff::civil::Date;
use money::{Currency, Decimal};

use super::ledger::Ledger;

/// The names of the buckets, by days past due.
pub const BUCKETS: [&str; 5] = ["not due", "1-30", "31-60", "61-90", ">90"];

/// Receivables of one currency by age, at the end of a day, by due date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Aging {
    /// What is open in each of [`BUCKETS`].
    pub buckets: [Decimal; BUCKETS.len()],
    /// How many items are open in each.
    pub item_counts: [i64; BUCKETS.len()],
    /// What customers are owed from credit notes: 0 or negative.
    pub customer_credit: Decimal,
    /// The buckets and the credit.
    pub outstanding: Decimal,
}

/// Puts every open item into its bucket.
///
/// # Errors
/// A sum too large to be written.
pub(super) fn of(ledger: &Ledger, currency: Currency, as_of: Date) -> anyhow::Result<Aging> {
    let mut aging = Aging::default();
    for (item, worth) in ledger
        .of(currency)
        .flat_map(|invoice| invoice.open_items(as_of))
    {
        let place = bucket(days(item.due_date, as_of));
        let (amount, count) = (&mut aging.buckets[place], &mut aging.item_counts[place]);
        *amount = amount.checked_add(worth).context("a sum of open items")?;
        *count = count.saturating_add(1);
        aging.outstanding = aging
            .outstanding
            .checked_add(worth)
            .context("what is open")?;
    }
    let steps = ledger
        .credits
        .iter()
        .filter(|step| step.currency == currency);
    for step in steps.filter(|step| step.date <= as_of) {
        let credit = aging.customer_credit.checked_sub(step.amount);
        aging.customer_credit = credit.context("a sum of credit")?;
    }
    let outstanding = aging.outstanding.checked_add(aging.customer_credit);
    aging.outstanding = outstanding.context("what is outstanding")?;
    Ok(aging)
}

impl Aging {
    /// What is open, credit not taken off.
    #[must_use]
    pub fn open(&self) -> Decimal {
        self.buckets.iter().sum()
    }

    /// What of it is not due.
    #[must_use]
    pub fn not_due(&self) -> Decimal {
        self.buckets[0]
    }
}

/// Days from one day to another; negative where the other is earlier.
pub(super) fn days(from: Date, to: Date) -> i64 {
    from.duration_until(to).as_hours().div_euclid(24)
}

/// The day on which something is due is not past it (AG-1, AG-3).
fn bucket(days_past_due: i64) -> usize {
    match days_past_due {
        ..=0 => 0,
        1..=30 => 1,
        31..=60 => 2,
        61..=90 => 3,
        91.. => 4,
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::demo::proof::ledger::CreditStep;
    use crate::demo::proof::ledger::tests::invoice;

    #[test]
    fn ag_3_boundaries() {
        let due = date(2026, 3, 1);
        for (as_of, label) in [
            (date(2026, 2, 1), "not due"),
            (due, "not due"),
            (date(2026, 3, 2), "1-30"),
            (date(2026, 3, 31), "1-30"),
            (date(2026, 4, 1), "31-60"),
            (date(2026, 5, 30), "61-90"),
            (date(2026, 5, 31), ">90"),
        ] {
            assert_eq!(BUCKETS[bucket(days(due, as_of))], label, "{as_of}");
        }
    }

    #[test]
    fn ag_2_the_buckets_and_the_credit_sum_to_what_is_outstanding() {
        let mut paid = invoice(date(2026, 1, 10), date(2026, 2, 9), 70);
        paid.step("ALLOCATION", "APPLICATION", -70, date(2026, 2, 1));
        let credit = CreditStep {
            currency: Currency::EUR,
            amount: Decimal::from(25),
            date: date(2026, 3, 1),
        };
        let ledger = Ledger {
            invoices: vec![
                invoice(date(2026, 1, 10), date(2026, 2, 9), 100),
                invoice(date(2026, 3, 1), date(2026, 3, 31), 30),
                paid,
            ],
            credits: vec![credit],
        };
        let aging = of(&ledger, Currency::EUR, date(2026, 3, 15)).unwrap();
        let expected = [30, 0, 100, 0, 0].map(Decimal::from);
        assert_eq!(
            (aging.buckets, aging.item_counts),
            (expected, [1, 0, 1, 0, 0])
        );
        assert_eq!(aging.customer_credit, Decimal::from(-25));
        assert_eq!(aging.outstanding, Decimal::from(105));
        assert_eq!(
            (aging.open(), aging.not_due()),
            (Decimal::from(130), Decimal::from(30))
        );
    }
}
