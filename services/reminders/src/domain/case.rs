//! Owns the collection case of one customer: whether anything is owed, how urgent it is, and the
//! epoch that fences senders off (P19). One case a customer, opened with the first invoice and kept
//! for ever; its row is what every sender locks. Must not hold the invoices: it is told what they
//! came to.

use calendar::{Date, Timestamp, is_overdue};
use money::{Currency, Money, MoneyError};

use crate::domain::code::{Code, Level};
use crate::domain::debtor::Debtor;
use crate::domain::event::DomainEvent;
use crate::domain::hold::{Bearing, Hold, bearing};
use crate::domain::id::{CaseId, CustomerId, InvoiceId};
use crate::domain::invoice::CaseInvoice;
use crate::domain::named::named;

named! {
    /// Whether anything is owed.
    pub enum CaseState {
        /// At least one invoice has an open amount.
        Open = "OPEN",
        /// Nothing is owed; the next invoice opens the case again.
        Clear = "CLEAR",
    }
}

/// Everything about the collection of one customer's debts, but the invoices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Which one.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer's identity in the tenant's own system.
    pub customer_external_id: Option<String>,
    /// Whether anything is owed.
    pub state: CaseState,
    /// The customer's segment.
    pub segment: String,
    /// The highest level that an open invoice has reached.
    pub level: Level,
    /// The step of that level.
    pub step_code: Option<Code>,
    /// The oldest due date with an open amount; none when nothing is owed.
    pub oldest_due_date: Option<Date>,
    /// Urgency in the worklists: rises with every broken promise, 0 when nothing is overdue.
    pub priority: i32,
    /// When the customer last got a message.
    pub last_message_time: Option<Timestamp>,
    /// Rises with every placement hold that is placed or released (P19).
    pub epoch: i64,
    /// When it was opened.
    pub created_time: Timestamp,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// The case that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseReference {
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer's identity in the tenant's own system.
    pub customer_external_id: Option<String>,
}

impl Case {
    /// The case of a customer whose first invoice came.
    #[must_use]
    pub fn open(case_id: CaseId, debtor: &Debtor, at: Timestamp) -> (Self, DomainEvent) {
        let case = Self {
            case_id,
            customer_id: debtor.customer_id,
            customer_external_id: debtor.external_id.clone(),
            state: CaseState::Open,
            segment: debtor.segment.clone(),
            level: Level::NONE,
            step_code: None,
            oldest_due_date: None,
            priority: 0,
            last_message_time: None,
            epoch: 0,
            created_time: at,
            revision: 1,
        };
        let event = DomainEvent::CaseOpened {
            case: case.reference(),
            segment: case.segment.clone(),
        };
        (case, event)
    }

    /// How events name it.
    #[must_use]
    pub fn reference(&self) -> CaseReference {
        CaseReference {
            case_id: self.case_id,
            customer_id: self.customer_id,
            customer_external_id: self.customer_external_id.clone(),
        }
    }

    /// Takes over what the customer's record says by now.
    pub fn follow_customer(&mut self, debtor: &Debtor) {
        self.customer_external_id.clone_from(&debtor.external_id);
        self.segment.clone_from(&debtor.segment);
        self.revision = self.revision.saturating_add(1);
    }

    /// Takes over what its invoices came to after one of them changed, on a day in the debtor's
    /// zone; tells whether it was cleared or opened again. `invoices` are all those on which
    /// something is open, `cause` the one that changed.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn follow_invoices(
        &mut self,
        invoices: &[CaseInvoice],
        cause: &CaseInvoice,
        today: Date,
    ) -> Result<Option<DomainEvent>, MoneyError> {
        let open = invoices
            .iter()
            .filter_map(|invoice| Some((invoice, invoice.climb()?)));
        let gravest = open.clone().max_by_key(|(_, climb)| climb.level);
        let overdue = open
            .clone()
            .any(|(_, climb)| is_overdue(climb.due_date, today));
        if !overdue {
            self.priority = 0;
        }
        self.revision = self.revision.saturating_add(1);
        let event = match (self.state, gravest.is_some()) {
            (CaseState::Open, false) => Some(self.cleared(cause)),
            (CaseState::Clear, true) => Some(DomainEvent::CaseReopened {
                case: self.reference(),
                invoice_id: cause.invoice_id,
                open_amount: cause.open_amount()?,
            }),
            _ => None,
        };
        self.oldest_due_date = open.map(|(_, climb)| climb.due_date).min();
        self.state = gravest.map_or(CaseState::Clear, |_| CaseState::Open);
        self.level = gravest.map_or(Level::NONE, |(_, climb)| climb.level);
        let step = gravest.and_then(|(invoice, _)| invoice.step());
        self.step_code = step.map(|step| step.step_code.clone());
        Ok(event)
    }

    /// Tells at which step the debtor paid: that of the case, or of the invoice that cleared it where
    /// that one had got further.
    fn cleared(&self, cause: &CaseInvoice) -> DomainEvent {
        let further = cause.level() > self.level;
        let step = cause.step().map(|step| step.step_code.clone());
        DomainEvent::CaseCleared {
            case: self.reference(),
            level: self.level.max(cause.level()),
            step_code: if further {
                step
            } else {
                self.step_code.clone()
            },
        }
    }

    /// A promise was broken: more urgent by one.
    pub fn promise_broken(&mut self) {
        self.priority = self.priority.saturating_add(1);
        self.revision = self.revision.saturating_add(1);
    }

    /// A message left.
    pub fn message_sent(&mut self, at: Timestamp) {
        self.last_message_time = self.last_message_time.max(Some(at));
        self.revision = self.revision.saturating_add(1);
    }

    /// From now on no message that was claimed before is handed off (P19).
    pub fn raise_epoch(&mut self) {
        self.epoch = self.epoch.saturating_add(1);
        self.revision = self.revision.saturating_add(1);
    }
}

/// What a customer owes in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaseBalance {
    /// Sum of the open amounts.
    pub open_amount: Money,
    /// The part that is past due.
    pub overdue_amount: Money,
    /// The part of the overdue amount for which a hold forbids asking.
    pub held_amount: Money,
    /// Number of invoices with an open amount.
    pub open_count: u32,
    /// Number of invoices with an overdue amount.
    pub overdue_count: u32,
    /// Oldest due date with an open amount.
    pub oldest_due_date: Option<Date>,
}

/// What is owed on a case on a day in the debtor's zone, one entry a currency, by code.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn balances(
    invoices: &[CaseInvoice],
    holds: &[Hold],
    today: Date,
) -> Result<Vec<CaseBalance>, MoneyError> {
    let mut currencies: Vec<Currency> = invoices.iter().map(|invoice| invoice.currency).collect();
    currencies.sort_unstable();
    currencies.dedup();
    let mut found = Vec::with_capacity(currencies.len());
    for currency in currencies {
        let mut balance = CaseBalance::nothing(currency);
        for invoice in invoices
            .iter()
            .filter(|invoice| invoice.currency == currency)
        {
            balance.add(invoice, holds, today)?;
        }
        found.push(balance);
    }
    Ok(found)
}

impl CaseBalance {
    fn nothing(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            open_amount: zero,
            overdue_amount: zero,
            held_amount: zero,
            open_count: 0,
            overdue_count: 0,
            oldest_due_date: None,
        }
    }

    fn add(
        &mut self,
        invoice: &CaseInvoice,
        holds: &[Hold],
        today: Date,
    ) -> Result<(), MoneyError> {
        let Some(due_date) = invoice.oldest_due_date() else {
            return Ok(());
        };
        let overdue = invoice.overdue_amount(today)?;
        let held = held_part(invoice, overdue, holds, today)?;
        self.open_amount = self.open_amount.checked_add(invoice.open_amount()?)?;
        self.overdue_amount = self.overdue_amount.checked_add(overdue)?;
        self.held_amount = self.held_amount.checked_add(held)?;
        self.open_count = self.open_count.saturating_add(1);
        self.overdue_count = self
            .overdue_count
            .saturating_add(u32::from(overdue.is_positive()));
        let oldest = self
            .oldest_due_date
            .map_or(due_date, |oldest| oldest.min(due_date));
        self.oldest_due_date = Some(oldest);
        Ok(())
    }
}

/// How much of an overdue amount may not be asked for.
fn held_part(
    invoice: &CaseInvoice,
    overdue: Money,
    holds: &[Hold],
    today: Date,
) -> Result<Money, MoneyError> {
    match bearing(holds, invoice.invoice_id, invoice.currency, today)? {
        Bearing::Whole(_) => Ok(overdue),
        Bearing::Part(part) => part.max_with(invoice.disputed_amount)?.min_with(overdue),
        Bearing::Free => invoice.disputed_amount.min_with(overdue),
    }
}

/// The invoices of a case that are not among `known`: what a caller named and the case has not.
#[must_use]
pub fn not_in_case(named: &[InvoiceId], known: &[InvoiceId]) -> Vec<InvoiceId> {
    let missing = named
        .iter()
        .filter(|invoice_id| !known.contains(invoice_id));
    missing.copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{self, at_level, eur, invoice, usd};

    const DUE: Date = Date::constant(2026, 3, 1);
    const TODAY: Date = Date::constant(2026, 3, 10);

    fn settled(number: u128) -> CaseInvoice {
        at_level(invoice(number, DUE, eur("0.00")), 2)
    }

    #[test]
    fn a_case_is_cleared_and_opened_again() {
        let mut case = samples::case();
        let open = at_level(invoice(1, DUE, eur("10.00")), 2);
        let owed = std::slice::from_ref(&open);
        assert_eq!(case.follow_invoices(owed, &open, TODAY), Ok(None));
        assert_eq!((case.state, case.level), (CaseState::Open, Level::new(2)));
        let cleared = case.follow_invoices(&[], &settled(1), TODAY).unwrap();
        let Some(DomainEvent::CaseCleared { level, .. }) = cleared else {
            panic!("{cleared:?}");
        };
        assert_eq!(
            (level, case.state, case.level),
            (Level::new(2), CaseState::Clear, Level::NONE)
        );
        assert_eq!(case.follow_invoices(&[], &settled(1), TODAY), Ok(None));
        let reopened = case.follow_invoices(owed, &open, TODAY).unwrap();
        assert!(matches!(reopened, Some(DomainEvent::CaseReopened { .. })));
        assert_eq!(case.state, CaseState::Open);
    }

    #[test]
    fn pr_4_broken_promises_raise_the_priority_until_nothing_is_overdue() {
        let mut case = samples::case();
        case.promise_broken();
        case.promise_broken();
        let overdue = invoice(1, DUE, eur("10.00"));
        case.follow_invoices(std::slice::from_ref(&overdue), &overdue, TODAY)
            .unwrap();
        assert_eq!(case.priority, 2);
        let not_due = invoice(2, TODAY, eur("10.00"));
        case.follow_invoices(std::slice::from_ref(&not_due), &overdue, TODAY)
            .unwrap();
        assert_eq!(case.priority, 0);
    }

    #[test]
    fn rd_5_what_is_owed_stands_by_currency() {
        let mut disputed = invoice(3, DUE, eur("30.00"));
        disputed.disputed_amount = eur("10.00");
        let invoices = [
            invoice(1, DUE, usd("5.00")),
            invoice(2, TODAY, eur("7.00")),
            disputed,
            settled(4),
        ];
        let found = balances(&invoices, &[], TODAY).unwrap();
        assert_eq!(found.len(), 2);
        assert_eq!(found[0].open_amount, eur("37.00"));
        assert_eq!(found[0].overdue_amount, eur("30.00"));
        assert_eq!(found[0].held_amount, eur("10.00"));
        assert_eq!((found[0].open_count, found[0].overdue_count), (2, 1));
        assert_eq!(found[0].oldest_due_date, Some(DUE));
        assert_eq!(found[1].open_amount, usd("5.00"));
    }
}
