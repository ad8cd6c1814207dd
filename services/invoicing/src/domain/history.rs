//! Owns the past: what was open of an invoice at the end of any day, and when it was closed as seen
//! from then. Told from entries by the day from which they count, so that a payment made later
//! shrinks nothing and one taken back later still counts (AG-4, CA-7).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use money::{Currency, Money, MoneyError};

use super::{ClosingKind, EntryCause, EntryId, EntryKind, InvoiceEntry, OpenItemId, Receivable};

/// What was open of each item at the end of `as_of`: the sum of its entries that count by then.
/// Nothing of an invoice counts before `counts_from`, payments made ahead included.
///
/// # Errors
/// [`MoneyError`] for entries of other currencies.
pub fn open_as_of(
    entries: &[InvoiceEntry],
    currency: Currency,
    counts_from: Date,
    as_of: Date,
) -> Result<BTreeMap<OpenItemId, Money>, MoneyError> {
    let mut open: BTreeMap<OpenItemId, Money> = BTreeMap::new();
    if as_of < counts_from {
        return Ok(open);
    }
    for entry in entries.iter().filter(|entry| entry.entry_date <= as_of) {
        let sum = open
            .entry(entry.open_item_id)
            .or_insert(Money::zero(currency));
        *sum = sum.checked_add(entry.amount)?;
    }
    Ok(open)
}

/// The day on which the entries of an invoice closed it and by which route, as seen at the end of
/// `as_of`; `None` where it was open then. What was applied and taken back by then leaves no trace.
/// Days are looked at by their ends: what comes and goes within one closes and opens nothing.
///
/// # Errors
/// [`MoneyError`] for entries of other currencies.
pub fn closing_as_of(
    entries: &[InvoiceEntry],
    currency: Currency,
    as_of: Date,
) -> Result<Option<(Date, ClosingKind)>, MoneyError> {
    let mut days: BTreeMap<Date, Vec<&InvoiceEntry>> = BTreeMap::new();
    let by_then = entries.iter().filter(|entry| entry.entry_date <= as_of);
    for entry in lasting(by_then.collect()) {
        days.entry(entry.entry_date).or_default().push(entry);
    }
    let mut open = Money::zero(currency);
    let mut last: Option<&InvoiceEntry> = None;
    let mut closing = None;
    for (day, entries) in days {
        for entry in entries {
            open = open.checked_add(entry.amount)?;
            let later = last.is_none_or(|last| last.entry_number < entry.entry_number);
            last = if later { Some(entry) } else { last };
        }
        if !open.is_zero() {
            closing = None;
        } else if closing.is_none() {
            closing = last.map(|entry| (day, route(entry)));
        }
    }
    Ok(closing)
}

/// The entries without those that the reversal of an application took back in full, and without what
/// took them back: they sum to the same.
pub(super) fn lasting(entries: Vec<&InvoiceEntry>) -> Vec<&InvoiceEntry> {
    let amounts: BTreeMap<EntryId, Money> = entries
        .iter()
        .map(|entry| (entry.entry_id, entry.amount))
        .collect();
    let mut cancelled = BTreeSet::new();
    for entry in &entries {
        let (Some(EntryCause::Reversal(_)), Some(id)) = (entry.cause, entry.reversed_entry_id)
        else {
            continue;
        };
        if amounts.get(&id) == Some(&entry.amount.negated()) {
            cancelled.insert(id);
            cancelled.insert(entry.entry_id);
        }
    }
    let lasts = |entry: &&InvoiceEntry| !cancelled.contains(&entry.entry_id);
    entries.into_iter().filter(lasts).collect()
}

/// The entries of a receivable, or of one item of it: the stored ones from `history`, which may hold
/// others too, and those not stored yet.
pub(super) fn entries_of<'a>(
    debt: &'a Receivable,
    history: &'a [InvoiceEntry],
    item: Option<OpenItemId>,
) -> Vec<&'a InvoiceEntry> {
    let wanted = |entry: &&InvoiceEntry| {
        let of_item = item.is_none_or(|item| entry.open_item_id == item);
        entry.invoice_id == debt.invoice_id && of_item
    };
    history
        .iter()
        .chain(&debt.new_entries)
        .filter(wanted)
        .collect()
}

/// The route of which an entry is the last step.
fn route(entry: &InvoiceEntry) -> ClosingKind {
    match (entry.kind, entry.cause) {
        (_, Some(EntryCause::CreditNote(_) | EntryCause::CustomerCredit(_))) => ClosingKind::Credit,
        (EntryKind::WriteOff | EntryKind::Reinstatement, _) => ClosingKind::WriteOff,
        (EntryKind::Void, _) => ClosingKind::Void,
        (EntryKind::Issue, _) => ClosingKind::ZeroTotal,
        _ => ClosingKind::Payment,
    }
}

/// An entry with what stands of it after later entries have taken some or all of it back.
pub(super) struct StandingEntry {
    pub entry: InvoiceEntry,
    pub amount: Money,
}

/// The entries of a receivable, or of one item of it, of which something stands.
pub(super) fn standing_entries(
    debt: &Receivable,
    history: &[InvoiceEntry],
    item: Option<OpenItemId>,
) -> Result<Vec<StandingEntry>, MoneyError> {
    let all = entries_of(debt, history, item);
    let mut taken_back: BTreeMap<EntryId, Money> = BTreeMap::new();
    for entry in &all {
        if let Some(reversed) = entry.reversed_entry_id {
            let sum = taken_back
                .entry(reversed)
                .or_insert(Money::zero(debt.currency));
            *sum = sum.checked_add(entry.amount)?;
        }
    }
    let mut standing = Vec::new();
    for entry in all {
        let amount = match taken_back.get(&entry.entry_id) {
            Some(back) => entry.amount.checked_add(*back)?,
            None => entry.amount,
        };
        if !amount.is_zero() && entry.reversed_entry_id.is_none() {
            let entry = entry.clone();
            standing.push(StandingEntry { entry, amount });
        }
    }
    Ok(standing)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::samples::{Desk, eur, issued, owed, pay_named, take_back};

    fn open_on(debt: &Receivable, as_of: Date) -> Money {
        let open = open_as_of(
            &debt.new_entries,
            debt.currency,
            debt.counts_from_date,
            as_of,
        );
        Money::sum(debt.currency, open.unwrap().into_values()).unwrap()
    }

    fn closed_on(debt: &Receivable, as_of: Date) -> Option<(Date, ClosingKind)> {
        closing_as_of(&debt.new_entries, debt.currency, as_of).unwrap()
    }

    #[test]
    fn ag_4_a_later_payment_shrinks_nothing_and_a_reversal_shows_from_its_day() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let mut paid = pay_named(&mut desk, &mut debt, "100.00", date(2026, 2, 10)).unwrap();
        take_back(&mut desk, &mut paid, &mut debt, date(2026, 2, 20)).unwrap();
        assert_eq!(open_on(&debt, date(2025, 12, 31)), eur("0.00"));
        assert_eq!(open_on(&debt, date(2026, 1, 1)), eur("100.00"));
        assert_eq!(open_on(&debt, date(2026, 2, 9)), eur("100.00"));
        assert_eq!(open_on(&debt, date(2026, 2, 10)), eur("0.00"));
        assert_eq!(open_on(&debt, date(2026, 2, 19)), eur("0.00"));
        assert_eq!(open_on(&debt, date(2026, 2, 20)), eur("100.00"));
    }

    #[test]
    fn ca_7_the_closing_is_seen_as_it_was_then() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let mut paid = pay_named(&mut desk, &mut debt, "100.00", date(2026, 2, 10)).unwrap();
        let paid_on = Some((date(2026, 2, 10), ClosingKind::Payment));
        assert_eq!(debt.closed_date, Some(date(2026, 2, 10)));
        take_back(&mut desk, &mut paid, &mut debt, date(2026, 2, 20)).unwrap();
        assert_eq!(closed_on(&debt, date(2026, 2, 9)), None);
        assert_eq!(closed_on(&debt, date(2026, 2, 19)), paid_on);
        assert_eq!(closed_on(&debt, date(2026, 2, 20)), None);
        pay_named(&mut desk, &mut debt, "100.00", date(2026, 3, 1)).unwrap();
        let again = Some((date(2026, 3, 1), ClosingKind::Payment));
        assert_eq!(closed_on(&debt, date(2026, 3, 1)), again);
        assert_eq!(debt.closed_date, Some(date(2026, 3, 1)));
    }

    #[test]
    fn ca_7_money_that_was_for_another_leaves_no_trace_in_the_closing() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        let mut wrong = pay_named(&mut desk, &mut debt, "100.00", date(2026, 1, 31)).unwrap();
        take_back(&mut desk, &mut wrong, &mut debt, date(2026, 2, 3)).unwrap();
        pay_named(&mut desk, &mut debt, "100.00", date(2026, 1, 30)).unwrap();
        let closing = Some((date(2026, 1, 30), ClosingKind::Payment));
        assert_eq!(debt.closed_date, Some(date(2026, 1, 30)));
        assert_eq!(closed_on(&debt, date(2026, 2, 3)), closing);
    }

    #[test]
    fn ag_4_money_booked_late_counts_from_its_receipt_date() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 1));
        pay_named(&mut desk, &mut debt, "50.00", date(2026, 2, 20)).unwrap();
        pay_named(&mut desk, &mut debt, "50.00", date(2026, 2, 10)).unwrap();
        assert_eq!(open_on(&debt, date(2026, 2, 15)), eur("50.00"));
        // Only with the later of the two is it closed, on whichever day they were booked.
        assert_eq!(debt.closed_date, Some(date(2026, 2, 20)));
        assert_eq!(closed_on(&debt, date(2026, 2, 15)), None);
    }

    #[test]
    fn money_ahead_of_the_invoice_counts_with_it() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", date(2026, 1, 10));
        pay_named(&mut desk, &mut debt, "100.00", date(2026, 1, 5)).unwrap();
        assert_eq!(open_on(&debt, date(2026, 1, 5)), eur("0.00"));
        assert_eq!(open_on(&debt, date(2026, 1, 10)), eur("0.00"));
        assert_eq!(debt.closed_date, Some(date(2026, 1, 10)));
        let closing = Some((date(2026, 1, 10), ClosingKind::Payment));
        assert_eq!(closed_on(&debt, date(2026, 1, 10)), closing);
    }

    #[test]
    fn a_zero_total_was_closed_from_the_start() {
        let mut desk = Desk::default();
        let invoice = issued(&mut desk, "0.00", "net 30", date(2026, 1, 10));
        let debt = invoice.receivable().unwrap();
        let closing = Some((date(2026, 1, 10), ClosingKind::ZeroTotal));
        assert_eq!(closed_on(debt, date(2026, 1, 10)), closing);
    }
}
