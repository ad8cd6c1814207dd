//! Owns what this service knows of one invoice in a case: what is open of it, as invoicing's feed
//! last told, and how far up the ladder each of its items is. Must not know strategies: what the
//! next step is, [`super::ladder`] says.
//!
//! The level stands on the open items, because they age apart (DD-9): when the oldest one is paid,
//! the invoice goes on from where the next one is by its own age, and does not climb higher for the
//! paid one's sake (P21). An item that is paid and opened again is where it was.

use calendar::{Date, Timestamp, is_overdue};
use money::{Currency, Money, MoneyError};

use crate::domain::code::{Code, Level};
use crate::domain::id::{CaseId, InvoiceId, OpenItemId};
use crate::domain::ladder::Climb;
use crate::domain::named::named;
use crate::domain::reason::Reason;

named! {
    /// What an open item is made of.
    pub enum ItemKind {
        /// An instalment of the invoiced amount.
        Principal = "PRINCIPAL",
        /// A fee for being late.
        Fee = "FEE",
        /// Interest for being late.
        Interest = "INTEREST",
    }
}

/// What invoicing says an invoice is worth, in its feed and when it is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// Its date.
    pub invoice_date: Date,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The part of what is open that is under an open dispute.
    pub disputed_amount: Money,
    /// Every item, the settled ones too.
    pub items: Vec<ItemBalance>,
    /// Rises with every change.
    pub version: i64,
}

/// What one open item is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ItemBalance {
    /// The item.
    pub open_item_id: OpenItemId,
    /// What it is made of.
    pub kind: ItemKind,
    /// When it is due.
    pub due_date: Date,
    /// What is owed; 0 when it is settled.
    pub open_amount: Money,
}

/// One invoice in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseInvoice {
    /// The case.
    pub case_id: CaseId,
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// Its date.
    pub invoice_date: Date,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// The part of what is open that is under an open dispute.
    pub disputed_amount: Money,
    /// Its items, each with its level.
    pub items: Vec<CaseItem>,
    /// From this day on its next step does not wait (PR-4).
    pub expedited_from: Option<Date>,
    /// The due step that was last reported as kept out, so that it is reported once.
    pub kept_out: Option<KeptOutMark>,
    /// Version of what invoicing told, rising.
    pub version: i64,
}

/// One open item of an invoice in a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseItem {
    /// The item.
    pub open_item_id: OpenItemId,
    /// What it is made of.
    pub kind: ItemKind,
    /// When it is due.
    pub due_date: Date,
    /// What is owed.
    pub open_amount: Money,
    /// How far up the ladder it is.
    pub level: Level,
    /// The step that brought it there; none where none was taken, or it was skipped.
    pub step: Option<TakenStep>,
}

/// A step that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenStep {
    /// The step.
    pub step_code: Code,
    /// Its level.
    pub level: Level,
    /// The day for which it was due.
    pub date: Date,
    /// When the message left.
    pub time: Timestamp,
}

/// A due step that a rule kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeptOutMark {
    /// The level of the step.
    pub level: Level,
    /// The rule's reason.
    pub reason: Reason,
}

impl CaseInvoice {
    /// An invoice that the feed tells of for the first time.
    #[must_use]
    pub fn new(case_id: CaseId, balance: Balance) -> Self {
        let mut invoice = Self {
            case_id,
            invoice_id: balance.invoice_id,
            invoice_number: String::new(),
            external_id: None,
            invoice_date: balance.invoice_date,
            currency: balance.currency,
            disputed_amount: Money::zero(balance.currency),
            items: Vec::new(),
            expedited_from: None,
            kept_out: None,
            version: balance.version.saturating_sub(1),
        };
        invoice.apply(balance);
        invoice
    }

    /// Takes over what invoicing says, unless it is older than what is known; tells whether it was
    /// newer (P24). Levels stay with their items.
    pub fn apply(&mut self, balance: Balance) -> bool {
        if balance.version <= self.version {
            return false;
        }
        let anchor = self.oldest_due_date();
        let climbed = |id: OpenItemId| {
            let known = self.items.iter().find(|item| item.open_item_id == id);
            known.map_or((Level::NONE, None), |item| (item.level, item.step.clone()))
        };
        let item = |told: &ItemBalance| {
            let (level, step) = climbed(told.open_item_id);
            CaseItem {
                open_item_id: told.open_item_id,
                kind: told.kind,
                due_date: told.due_date,
                open_amount: told.open_amount,
                level,
                step,
            }
        };
        self.items = balance.items.iter().map(item).collect();
        self.items
            .sort_by_key(|item| (item.due_date, item.open_item_id));
        self.invoice_number = balance.invoice_number;
        self.external_id = balance.external_id;
        self.invoice_date = balance.invoice_date;
        self.disputed_amount = balance.disputed_amount;
        self.version = balance.version;
        if self.oldest_due_date() != anchor {
            // The steps count from another date now; what was noted of the old ones is past.
            self.expedited_from = None;
            self.kept_out = None;
        }
        true
    }

    /// The items on which something is owed, the oldest due date first.
    pub fn open_items(&self) -> impl Iterator<Item = &CaseItem> {
        self.items
            .iter()
            .filter(|item| item.open_amount.is_positive())
    }

    /// The oldest due date with an open amount: none when nothing is owed.
    #[must_use]
    pub fn oldest_due_date(&self) -> Option<Date> {
        self.open_items().map(|item| item.due_date).next()
    }

    /// How far up the invoice is: none when nothing is owed.
    #[must_use]
    pub fn climb(&self) -> Option<Climb> {
        Some(Climb {
            due_date: self.oldest_due_date()?,
            level: self.level(),
            expedited_from: self.expedited_from,
        })
    }

    /// The level it has reached; of a settled invoice the one at which it was settled.
    #[must_use]
    pub fn level(&self) -> Level {
        self.furthest().map(|item| item.level).unwrap_or_default()
    }

    /// The step by which it reached that level.
    #[must_use]
    pub fn step(&self) -> Option<&TakenStep> {
        self.furthest()?.step.as_ref()
    }

    /// Of the items that the steps count from the one that is furthest up; of a settled invoice of
    /// all.
    fn furthest(&self) -> Option<&CaseItem> {
        let due_date = self.oldest_due_date();
        let oldest = self.items.iter().filter(|item| match due_date {
            Some(due_date) => item.open_amount.is_positive() && item.due_date == due_date,
            None => true,
        });
        oldest.max_by_key(|item| item.level)
    }

    /// What is owed.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn open_amount(&self) -> Result<Money, MoneyError> {
        Money::sum(
            self.currency,
            self.items.iter().map(|item| item.open_amount),
        )
    }

    /// What is past due on a day.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn overdue_amount(&self, on: Date) -> Result<Money, MoneyError> {
        let overdue = self
            .items
            .iter()
            .filter(|item| is_overdue(item.due_date, on));
        Money::sum(self.currency, overdue.map(|item| item.open_amount))
    }

    /// Its next step need not wait for its day: a promise was broken (PR-4).
    pub fn expedite(&mut self, from: Date) {
        self.expedited_from = Some(from);
    }

    /// Notes that the step due is kept out; tells whether that is news (P14).
    pub fn keep_out(&mut self, level: Level, reason: Reason) -> bool {
        let mark = KeptOutMark { level, reason };
        self.kept_out.replace(mark) != Some(mark)
    }

    /// Moves items up, each as far as `levels` says and never down, by a step that was taken, or
    /// by one that was skipped where there is none.
    pub(crate) fn climb_to(&mut self, levels: &[(OpenItemId, Level)], step: Option<&TakenStep>) {
        for item in &mut self.items {
            let to = levels.iter().find(|(id, _)| *id == item.open_item_id);
            if let Some((_, level)) = to
                && *level > item.level
            {
                item.level = *level;
                item.step = step.cloned();
            }
        }
        self.expedited_from = None;
        self.kept_out = None;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::samples::{balance, case_id, eur, invoice, item_id};

    const MARCH: Date = Date::constant(2026, 3, 1);
    const APRIL: Date = Date::constant(2026, 4, 1);

    fn two_halves() -> CaseInvoice {
        let items = [(2, APRIL, eur("50.00")), (1, MARCH, eur("50.00"))];
        CaseInvoice::new(case_id(), balance(1, 1, &items))
    }

    #[test]
    fn dd_9_instalments_age_apart() {
        let halves = two_halves();
        assert_eq!(halves.oldest_due_date(), Some(MARCH));
        assert_eq!(halves.overdue_amount(MARCH), Ok(eur("0.00")));
        assert_eq!(halves.overdue_amount(APRIL), Ok(eur("50.00")));
        assert_eq!(halves.open_amount(), Ok(eur("100.00")));
    }

    #[test]
    fn p21_when_the_oldest_is_paid_the_next_one_counts_from_its_own_date_and_level() {
        let mut halves = two_halves();
        halves.climb_to(
            &[(item_id(1), Level::new(3)), (item_id(2), Level::new(1))],
            None,
        );
        assert_eq!(halves.level(), Level::new(3));
        let paid = [(1, MARCH, eur("0.00")), (2, APRIL, eur("50.00"))];
        assert!(halves.apply(balance(1, 2, &paid)));
        let climb = halves.climb().unwrap();
        assert_eq!((climb.due_date, climb.level), (APRIL, Level::new(1)));
        // The payment bounces: the first half is where it was, at its original due date.
        let reopened = [(1, MARCH, eur("50.00")), (2, APRIL, eur("50.00"))];
        assert!(halves.apply(balance(1, 3, &reopened)));
        let climb = halves.climb().unwrap();
        assert_eq!((climb.due_date, climb.level), (MARCH, Level::new(3)));
    }

    #[test]
    fn a_settled_invoice_keeps_the_level_at_which_it_was_settled() {
        let mut one = invoice(1, MARCH, eur("10.00"));
        one.climb_to(&[(item_id(1), Level::new(2))], None);
        one.expedite(APRIL);
        one.apply(balance(1, 2, &[(1, MARCH, eur("0.00"))]));
        assert_eq!((one.climb(), one.level()), (None, Level::new(2)));
        assert_eq!(one.expedited_from, None);
    }

    #[test]
    fn p14_a_step_that_is_kept_out_is_news_once() {
        let mut one = invoice(1, MARCH, eur("10.00"));
        assert!(one.keep_out(Level::new(1), Reason::Dispute));
        assert!(!one.keep_out(Level::new(1), Reason::Dispute));
        assert!(one.keep_out(Level::new(1), Reason::Legal));
        assert!(one.keep_out(Level::new(2), Reason::Legal));
    }

    proptest! {
        #[test]
        fn p24_in_whatever_order_it_comes_the_newest_counts(
            amounts in prop::collection::vec(0u32..100, 1..12),
            order in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
        ) {
            let told = |place: usize| {
                let amount = eur(&format!("{}.00", amounts[place]));
                balance(1, i64::try_from(place).unwrap() + 1, &[(1, MARCH, amount)])
            };
            let places: Vec<usize> = order.iter().map(|index| index.index(amounts.len())).collect();
            let mut one = CaseInvoice::new(case_id(), told(places[0]));
            let mut newest = places[0];
            for place in &places[1..] {
                prop_assert_eq!(one.apply(told(*place)), *place > newest);
                newest = newest.max(*place);
            }
            prop_assert_eq!(one.items[0].open_amount, eur(&format!("{}.00", amounts[newest])));
        }
    }
}
