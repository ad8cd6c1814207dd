//! Owns receivables by age: buckets by due date or by invoice date, that always sum to what is
//! outstanding, customer credit included (AG-1 … AG-3). Must not find out what was open when: the
//! store sums the entries that count by then, see [`super::history`] (AG-4).

use jiff::civil::Date;
use money::{Currency, Money, MoneyError};

use super::Coded;

/// From which day an open item ages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AgingBasis {
    /// From its due date: not due, 1-30 days past due, 31-60, …
    DueDate,
    /// From the date of its invoice: dated later, 0-30 days old, 31-60, …
    InvoiceDate,
}

impl Coded for AgingBasis {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::DueDate, "DUE_DATE"),
        (Self::InvoiceDate, "INVOICE_DATE"),
    ];
}

/// Why an aging cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AgingError {
    /// The limits break their form.
    #[error("bucket limits are 1 to 12 numbers of days above 0, rising")]
    BucketLimits,
}

/// How ages are told: from which day items age, and where the buckets end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgingScale {
    basis: AgingBasis,
    limits_days: Vec<i32>,
}

/// What is open of items that age from one day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgedAmount {
    /// The due date or the invoice date, by the basis asked for.
    pub date: Date,
    /// Sum of what is open.
    pub amount: Money,
    /// Items that something is open of.
    pub item_count: i64,
}

/// Receivables in one currency by age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgingTable {
    /// The currency.
    pub currency: Currency,
    /// What is open by age, the youngest first, empty ones too.
    pub buckets: Vec<AgingBucket>,
    /// What we owe the customers from credit notes: 0 or negative.
    pub customer_credit_amount: Money,
    /// Sum of the buckets and the credit.
    pub outstanding_amount: Money,
    /// Items that are open.
    pub item_count: i64,
}

/// What is open within a range of age.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgingBucket {
    /// The range for people: `not due`, `1-30`, `>90`.
    pub label: String,
    /// Lowest age in days that falls in.
    pub from_days: Option<i32>,
    /// Highest age in days that falls in.
    pub to_days: Option<i32>,
    /// Sum of the open amounts.
    pub amount: Money,
    /// Items that fall in.
    pub item_count: i64,
}

impl AgingScale {
    /// A scale; `limits_days` are the highest ages of each bucket but the last, none means 30, 60,
    /// 90.
    ///
    /// # Errors
    /// [`AgingError::BucketLimits`].
    pub fn try_new(basis: AgingBasis, limits_days: Vec<i32>) -> Result<Self, AgingError> {
        let limits_days = match limits_days {
            none if none.is_empty() => vec![30, 60, 90],
            some => some,
        };
        let rising = limits_days
            .array_windows()
            .all(|[left, right]| left < right);
        if limits_days.len() > 12 || !rising || limits_days.first().is_some_and(|days| *days < 1) {
            return Err(AgingError::BucketLimits);
        }
        Ok(Self { basis, limits_days })
    }

    /// From which day items age.
    #[must_use]
    pub fn basis(&self) -> AgingBasis {
        self.basis
    }

    /// The table of one currency at the end of `as_of_date`. `customer_credit` is what is left of
    /// the customers' credits then, 0 or more.
    ///
    /// # Errors
    /// [`MoneyError`] for other currencies or amounts that are too large together.
    pub fn table(
        &self,
        as_of_date: Date,
        currency: Currency,
        amounts: impl IntoIterator<Item = AgedAmount>,
        customer_credit: Money,
    ) -> Result<AgingTable, MoneyError> {
        let mut buckets = self.empty_buckets(currency);
        for aged in amounts {
            let age = days_between(aged.date, as_of_date);
            if let Some(bucket) = buckets.iter_mut().find(|bucket| bucket.holds(age)) {
                bucket.amount = bucket.amount.checked_add(aged.amount)?;
                bucket.item_count = bucket.item_count.saturating_add(aged.item_count);
            }
        }
        let open_amount = Money::sum(currency, buckets.iter().map(|bucket| bucket.amount))?;
        Ok(AgingTable {
            currency,
            item_count: buckets.iter().map(|bucket| bucket.item_count).sum(),
            buckets,
            customer_credit_amount: customer_credit.negated(),
            outstanding_amount: open_amount.checked_sub(customer_credit)?,
        })
    }

    /// Ranges of age that hold every age exactly once.
    fn empty_buckets(&self, currency: Currency) -> Vec<AgingBucket> {
        // By due date, the due date itself is in time: age 0 is not due (DD-10, AG-1).
        let (first, first_age) = match self.basis {
            AgingBasis::DueDate => ("not due", 1_i32),
            AgingBasis::InvoiceDate => ("dated later", 0),
        };
        let bucket = |label: String, from_days, to_days| AgingBucket {
            label,
            from_days,
            to_days,
            amount: Money::zero(currency),
            item_count: 0,
        };
        let mut from = first_age;
        let mut buckets = vec![bucket(first.to_owned(), None, Some(from.saturating_sub(1)))];
        for limit in &self.limits_days {
            buckets.push(bucket(format!("{from}-{limit}"), Some(from), Some(*limit)));
            from = limit.saturating_add(1);
        }
        let last = from.saturating_sub(1);
        buckets.push(bucket(format!(">{last}"), Some(from), None));
        buckets
    }
}

/// Days from one day to another; negative where the other is earlier.
#[expect(
    clippy::arithmetic_side_effects,
    reason = "any two dates are fewer than 8 million days apart"
)]
pub(super) fn days_between(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

impl AgingBucket {
    fn holds(&self, age: i32) -> bool {
        self.from_days.is_none_or(|from| from <= age) && self.to_days.is_none_or(|to| age <= to)
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::eur;

    const AS_OF: Date = date(2026, 3, 31);

    fn scale(basis: AgingBasis) -> AgingScale {
        AgingScale::try_new(basis, Vec::new()).unwrap()
    }

    fn label_of(basis: AgingBasis, as_of: Date, date: Date) -> String {
        let aged = AgedAmount {
            date,
            amount: eur("1.00"),
            item_count: 1,
        };
        let table = scale(basis).table(as_of, Currency::EUR, [aged], eur("0.00"));
        let table = table.unwrap();
        let filled: Vec<_> = table
            .buckets
            .iter()
            .filter(|one| one.item_count == 1)
            .collect();
        assert_eq!((filled.len(), table.outstanding_amount), (1, eur("1.00")));
        filled[0].label.clone()
    }

    #[test]
    fn ag_1_buckets_by_due_date_and_by_invoice_date() {
        let labels = |basis| {
            let table = scale(basis).table(AS_OF, Currency::EUR, [], eur("0.00"));
            table
                .unwrap()
                .buckets
                .into_iter()
                .map(|one| one.label)
                .collect::<Vec<_>>()
        };
        let by_due_date = ["not due", "1-30", "31-60", "61-90", ">90"];
        assert_eq!(labels(AgingBasis::DueDate), by_due_date);
        let by_invoice_date = ["dated later", "0-30", "31-60", "61-90", ">90"];
        assert_eq!(labels(AgingBasis::InvoiceDate), by_invoice_date);
    }

    #[test]
    fn ag_3_boundaries() {
        let due = date(2026, 3, 1);
        let on = |as_of| label_of(AgingBasis::DueDate, as_of, due);
        assert_eq!(on(date(2026, 2, 1)), "not due");
        assert_eq!(on(date(2026, 3, 1)), "not due");
        assert_eq!(on(date(2026, 3, 2)), "1-30");
        assert_eq!(on(date(2026, 3, 31)), "1-30");
        assert_eq!(on(date(2026, 4, 1)), "31-60");
        assert_eq!(on(date(2026, 5, 30)), "61-90");
        assert_eq!(on(date(2026, 5, 31)), ">90");
        let by_invoice = |as_of| label_of(AgingBasis::InvoiceDate, as_of, due);
        assert_eq!(by_invoice(date(2026, 2, 28)), "dated later");
        assert_eq!(by_invoice(date(2026, 3, 1)), "0-30");
        assert_eq!(by_invoice(date(2026, 4, 1)), "31-60");
    }

    #[test]
    fn ag_2_credit_is_shown_apart_and_taken_off() {
        let scale = scale(AgingBasis::DueDate);
        let rows = [("70.00", date(2026, 3, 1)), ("30.00", date(2026, 6, 1))];
        let rows = rows.map(|(amount, date)| AgedAmount {
            date,
            amount: eur(amount),
            item_count: 2,
        });
        let table = scale.table(AS_OF, Currency::EUR, rows, eur("120.00"));
        let table = table.unwrap();
        assert_eq!(table.customer_credit_amount, eur("-120.00"));
        assert_eq!(table.outstanding_amount, eur("-20.00"));
        assert_eq!(table.item_count, 4);
    }

    #[test]
    fn limits_are_checked() {
        let with = |limits| AgingScale::try_new(AgingBasis::DueDate, limits).map(|_| ());
        assert_eq!(with((1..=12).collect()), Ok(()));
        for limits in [vec![0], vec![30, 30], vec![60, 30], (1..=13).collect()] {
            assert_eq!(with(limits), Err(AgingError::BucketLimits));
        }
        assert_complete::<AgingBasis>(2);
    }

    proptest! {
        #[test]
        fn ag_2_every_age_falls_in_one_bucket_and_all_sum_to_what_is_outstanding(
            rows in prop::collection::vec((-500i64..500, -1_000i128..100_000), 0..40),
            credit in 0i128..100_000,
            limits in prop::collection::btree_set(1i32..400, 0..=12),
            by_due_date in any::<bool>(),
        ) {
            let basis = if by_due_date { AgingBasis::DueDate } else { AgingBasis::InvoiceDate };
            let scale = AgingScale::try_new(basis, limits.into_iter().collect()).unwrap();
            let cents = |minor| Money::from_minor(minor, Currency::EUR).unwrap();
            let aged = rows.iter().map(|(age, minor)| AgedAmount {
                date: AS_OF - jiff::Span::new().days(*age),
                amount: cents(*minor),
                item_count: 1,
            });
            let table = scale.table(AS_OF, Currency::EUR, aged, cents(credit)).unwrap();
            let open: i128 = rows.iter().map(|(_, minor)| minor).sum();
            prop_assert_eq!(table.outstanding_amount, cents(open - credit));
            prop_assert_eq!(usize::try_from(table.item_count).unwrap(), rows.len());
            for age in [i32::MIN, -1, 0, 1, 30, 31, 365, i32::MAX] {
                prop_assert_eq!(table.buckets.iter().filter(|one| one.holds(age)).count(), 1);
            }
        }
    }
}
