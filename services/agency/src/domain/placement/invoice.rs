//! Owns one invoice of a placement: what was owed on it, whether it is part of the placement, and
//! whether reminders may still hold it for us. Must not know money one by one.

use calendar::Date;
use money::{Money, MoneyError};

use crate::domain::debt::{Balance, Debt, OpenParts};
use crate::domain::identity::InvoiceId;
use crate::domain::named::named;

named! {
    /// Whether an invoice is part of its placement.
    pub enum PlacementInvoiceState {
        /// It is.
        Included = "INCLUDED",
        /// It was proposed, and left out before the placement became ACTIVE.
        Dropped = "DROPPED",
    }
}

named! {
    /// Why an invoice was left out.
    pub enum ExclusionReason {
        /// Nothing is owed on it any more.
        Settled = "SETTLED",
        /// It is disputed.
        Disputed = "DISPUTED",
        /// Another fact that the policy excludes.
        ExcludedFact = "EXCLUDED_FACT",
    }
}

/// One invoice of a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementInvoice {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// Its identity in the tenant's own system.
    pub invoice_external_id: Option<String>,
    /// Its date.
    pub invoice_date: Date,
    /// Its oldest due date with an open amount when it was placed or proposed.
    pub oldest_due_date: Date,
    /// The reminder level it had reached; 0: none.
    pub level: i32,
    /// How many placements of it were ACTIVE before this one.
    pub earlier_placements: i32,
    /// Whether it is part of the placement.
    pub state: PlacementInvoiceState,
    /// Why it was dropped.
    pub drop_reason: Option<ExclusionReason>,
    /// What was owed when the placement became ACTIVE; before that, what is owed now.
    pub placed: OpenParts,
    /// The version of the invoice of which `placed` is known: what happened up to it is in there.
    pub placed_version: i64,
    /// What is owed now.
    pub open: Money,
    /// The version of the invoice of which `open` is known.
    pub open_version: i64,
    /// Whether reminders may hold it for this placement. True for one placement at most (P19), from
    /// before the hold is asked for until its release is answered.
    pub held: bool,
}

impl PlacementInvoice {
    /// An invoice to be placed.
    pub(super) fn proposed(debt: &Debt) -> Result<Self, MoneyError> {
        Ok(Self {
            invoice_id: debt.invoice_id,
            invoice_number: debt.invoice_number.clone(),
            invoice_external_id: debt.invoice_external_id.clone(),
            invoice_date: debt.invoice_date,
            // Without anything open no placement is proposed; the date then means nothing.
            oldest_due_date: debt.balance.oldest_due_date.unwrap_or(debt.invoice_date),
            level: debt.ladder.level,
            earlier_placements: debt.earlier_placements,
            state: PlacementInvoiceState::Included,
            drop_reason: None,
            placed: debt.balance.open,
            placed_version: debt.balance.version,
            open: debt.balance.open.total()?,
            open_version: debt.balance.version,
            held: false,
        })
    }

    /// Whether it is part of the placement.
    #[must_use]
    pub fn is_included(&self) -> bool {
        self.state == PlacementInvoiceState::Included
    }

    /// What was owed on it when the placement became ACTIVE.
    ///
    /// # Errors
    /// [`MoneyError`] for parts of several currencies, which are never stored.
    pub fn placed_amount(&self) -> Result<Money, MoneyError> {
        self.placed.total()
    }

    /// The oldest first: due date, invoice date, number (CA-3).
    #[must_use]
    pub fn oldest_first(&self) -> impl Ord + use<> {
        (
            self.oldest_due_date,
            self.invoice_date,
            self.invoice_number.clone(),
        )
    }

    pub(super) fn drop_for(&mut self, reason: ExclusionReason) {
        self.state = PlacementInvoiceState::Dropped;
        self.drop_reason = Some(reason);
    }

    /// What the last look found is what is placed.
    pub(super) fn place(&mut self, balance: &Balance) -> Result<(), MoneyError> {
        self.placed = balance.open;
        self.placed_version = balance.version;
        self.open = balance.open.total()?;
        self.open_version = balance.version;
        if let Some(due) = balance.oldest_due_date {
            self.oldest_due_date = due;
        }
        Ok(())
    }
}
