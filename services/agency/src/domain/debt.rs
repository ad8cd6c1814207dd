//! Owns what this service knows of an invoice: what is owed on it, how far reminding has come, and
//! what holds it. All of it is learnt from the feeds, or asked at the last look. Must not judge it.

use std::collections::{BTreeMap, BTreeSet};

use calendar::Date;
use money::{Currency, Money, MoneyError};

use super::identity::{AgencyId, CustomerId, InvoiceId};
use super::named::named;

named! {
    /// Why reminders asks for nothing at present, as it announces it.
    pub enum HoldReason {
        /// The invoice, or a part of it, is disputed.
        Dispute = "DISPUTE",
        /// A promise to pay runs.
        Promise = "PROMISE",
        /// A payment plan covers it.
        PaymentPlan = "PAYMENT_PLAN",
        /// A placement of ours; says nothing that we do not know better.
        Placement = "PLACEMENT",
        /// Somebody wants it so.
        Manual = "MANUAL",
        /// The debtor cannot pay without hardship.
        Hardship = "HARDSHIP",
        /// A statutory breathing space runs (PP-7).
        BreathingSpace = "BREATHING_SPACE",
        /// The debt is with lawyers or a court.
        Legal = "LEGAL",
        /// The debtor is insolvent.
        Insolvency = "INSOLVENCY",
        /// The debtor has died.
        Deceased = "DECEASED",
        /// The debtor has asked in writing not to be contacted.
        CeaseRequest = "CEASE_REQUEST",
        /// A person must decide first.
        Review = "REVIEW",
    }
}

/// What is open of an invoice, by what it is made of; all in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenParts {
    /// Of the invoiced amount.
    pub principal: Money,
    /// Of fees for being late.
    pub fees: Money,
    /// Of interest for being late.
    pub interest: Money,
}

impl OpenParts {
    /// Nothing open, in `currency`.
    #[must_use]
    pub fn none(currency: Currency) -> Self {
        let nothing = Money::zero(currency);
        Self {
            principal: nothing,
            fees: nothing,
            interest: nothing,
        }
    }

    /// All of it.
    ///
    /// # Errors
    /// [`MoneyError`] if the parts are of several currencies.
    pub fn total(&self) -> Result<Money, MoneyError> {
        let parts = [self.principal, self.fees, self.interest];
        Money::sum(self.principal.currency(), parts)
    }
}

/// What an invoice is worth at one version of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Balance {
    /// The invoice's version; a lower one is older news.
    pub version: i64,
    /// What is open.
    pub open: OpenParts,
    /// The part of it under an open dispute.
    pub disputed: Money,
    /// The oldest due date with an open amount; none when nothing is open.
    pub oldest_due_date: Option<Date>,
}

/// How far reminding has come with an invoice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ladder {
    /// The level it has reached; 0: none.
    pub level: i32,
    /// Whether it has had the last step.
    pub completed: bool,
    /// The day of its latest step; none: none was taken.
    pub last_step_date: Option<Date>,
}

/// An invoice as it is known here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debt {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Who owes it.
    pub customer_id: CustomerId,
    /// Its number.
    pub invoice_number: String,
    /// Its identity in the tenant's own system.
    pub invoice_external_id: Option<String>,
    /// Its date.
    pub invoice_date: Date,
    /// What it is worth.
    pub balance: Balance,
    /// How far reminding has come.
    pub ladder: Ladder,
    /// What holds it in reminders, the holds of its whole case included.
    pub holds: BTreeSet<HoldReason>,
    /// Whether another placement holds it: PENDING_HOLD, ACTIVE, or being taken back.
    pub placed: bool,
    /// How many placements of it have been ACTIVE before.
    pub earlier_placements: i32,
}

impl Debt {
    /// What it is owed in.
    #[must_use]
    pub fn currency(&self) -> Currency {
        self.balance.open.principal.currency()
    }

    /// The oldest debts first: due date, then invoice date, then number (CA-3); one of which
    /// nothing is open comes last.
    #[must_use]
    pub fn oldest_first(&self) -> impl Ord + use<> {
        let due = self.balance.oldest_due_date;
        (
            due.is_none(),
            due,
            self.invoice_date,
            self.invoice_number.clone(),
        )
    }
}

named! {
    /// What the law takes a debtor for.
    pub enum DebtorKind {
        /// A company, a trader, a public body.
        Business = "BUSINESS",
        /// A private person.
        Consumer = "CONSUMER",
    }
}

/// A customer as a policy sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debtor {
    /// The customer.
    pub customer_id: CustomerId,
    /// Their identity in the tenant's own system.
    pub external_id: Option<String>,
    /// What the law takes them for.
    pub kind: DebtorKind,
    /// The country whose rules protect them.
    pub country: super::country::Country,
    /// The group they are treated in; empty: the one for all others.
    pub segment: String,
    /// Their money that lowers no invoice, by currency; none in those that are not here.
    pub unapplied: BTreeMap<Currency, Money>,
    /// The agency of a placement of theirs that runs, the newest first.
    pub running_agency: Option<AgencyId>,
}

impl Debtor {
    /// Their money in `currency` that lowers no invoice.
    #[must_use]
    pub fn unapplied_in(&self, currency: Currency) -> Money {
        let known = self.unapplied.get(&currency).copied();
        known.unwrap_or(Money::zero(currency))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::euro;
    use crate::domain::country::Country;

    pub(crate) const CUSTOMER: CustomerId = CustomerId::new(Uuid::from_u128(0xC));

    pub(crate) fn invoice_id(number: u128) -> InvoiceId {
        InvoiceId::new(Uuid::from_u128(0x1_0000 + number))
    }

    pub(crate) fn balance(version: i64, open: &str) -> Balance {
        let open = OpenParts {
            principal: euro(open),
            ..OpenParts::none(Currency::EUR)
        };
        Balance {
            version,
            open,
            disputed: euro("0.00"),
            oldest_due_date: (!open.principal.is_zero()).then_some(date(2026, 1, 31)),
        }
    }

    /// Due on 2026-01-31, invoiced 30 days before, nothing said about it.
    pub(crate) fn debt(number: u128, open: &str) -> Debt {
        Debt {
            invoice_id: invoice_id(number),
            customer_id: CUSTOMER,
            invoice_number: format!("INV-{number:04}"),
            invoice_external_id: None,
            invoice_date: date(2026, 1, 1),
            balance: balance(1, open),
            ladder: Ladder::default(),
            holds: BTreeSet::new(),
            placed: false,
            earlier_placements: 0,
        }
    }

    pub(crate) fn debtor() -> Debtor {
        Debtor {
            customer_id: CUSTOMER,
            external_id: Some("K-17".to_owned()),
            kind: DebtorKind::Business,
            country: Country::try_new("DE").unwrap(),
            segment: "smb".to_owned(),
            unapplied: BTreeMap::new(),
            running_agency: None,
        }
    }

    #[test]
    fn ca_3_the_oldest_debt_comes_first_and_a_settled_one_last() {
        let mut younger = debt(1, "10.00");
        younger.balance.oldest_due_date = Some(date(2026, 2, 1));
        let settled = debt(2, "0.00");
        let (twin, oldest) = (debt(4, "10.00"), debt(3, "10.00"));
        let mut debts = [settled, younger, twin, oldest];
        debts.sort_by_key(Debt::oldest_first);
        let numbers = debts.map(|debt| debt.invoice_number);
        assert_eq!(numbers, ["INV-0003", "INV-0004", "INV-0001", "INV-0002"]);
    }

    #[test]
    fn parts_of_several_currencies_have_no_total() {
        let mut parts = OpenParts::none(Currency::EUR);
        parts.fees = euro("5.00");
        parts.interest = euro("0.50");
        assert_eq!(parts.total(), Ok(euro("5.50")));
        parts.interest = Money::zero(Currency::JPY);
        assert!(parts.total().is_err());
    }
}
