//! What happened on which day: the plan of a replay. Days on which nothing happened are not in it;
//! what falls due on them falls due on the way to the next one.

use std::collections::BTreeMap;

use jiff::civil::Date;

use crate::import::rows::Receivable;

/// What happened on a day, in this order: a receivable that was invoiced, disputed and settled on one
/// day is all three.
#[derive(Debug, Default)]
pub struct Day<'a> {
    /// Invoiced.
    pub invoiced: Vec<&'a Receivable>,
    /// Objected to.
    pub disputed: Vec<&'a Receivable>,
    /// Paid in full.
    pub settled: Vec<&'a Receivable>,
}

/// The days on which something happened.
#[must_use]
pub fn days(receivables: &[Receivable]) -> BTreeMap<Date, Day<'_>> {
    let mut days: BTreeMap<Date, Day<'_>> = BTreeMap::new();
    for one in receivables {
        days.entry(one.invoice_date).or_default().invoiced.push(one);
        if let Some(date) = one.disputed_date {
            days.entry(date).or_default().disputed.push(one);
        }
        if let Some(date) = one.settled_date {
            days.entry(date).or_default().settled.push(one);
        }
    }
    days
}

/// The first and the last day on which something happened.
#[must_use]
pub fn period(receivables: &[Receivable]) -> Option<(Date, Date)> {
    let days = days(receivables);
    let (first, last) = (days.keys().next()?, days.keys().next_back()?);
    Some((*first, *last))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::{Currency, Money};

    use super::*;

    #[test]
    fn everything_happens_on_its_own_day() {
        let usd = Currency::try_new("USD").unwrap();
        let receivable = |number: &str, settled_date, disputed_date| Receivable {
            row: 2,
            number: number.to_owned(),
            customer: "C".to_owned(),
            segment: String::new(),
            invoice_date: date(2013, 1, 2),
            due_date: date(2013, 2, 1),
            amount: Money::parse("1.00", usd).unwrap(),
            disputed_date,
            settled_date,
        };
        let late = receivable("late", Some(date(2013, 2, 9)), Some(date(2013, 2, 1)));
        let at_once = receivable("at once", Some(date(2013, 1, 2)), Some(date(2013, 1, 2)));
        let open = receivable("open", None, None);
        let receivables = [late, at_once, open];
        let days = days(&receivables);
        let counts = |day: &Day<'_>| (day.invoiced.len(), day.disputed.len(), day.settled.len());
        let counts: Vec<_> = days
            .iter()
            .map(|(date, day)| (*date, counts(day)))
            .collect();
        let expected = [
            (date(2013, 1, 2), (3, 1, 1)),
            (date(2013, 2, 1), (0, 1, 0)),
            (date(2013, 2, 9), (0, 0, 1)),
        ];
        assert_eq!(counts, expected);
        let whole = (date(2013, 1, 2), date(2013, 2, 9));
        assert_eq!(period(&receivables), Some(whole));
        assert_eq!(period(&[]), None);
    }
}
