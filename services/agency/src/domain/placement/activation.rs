//! Owns the second half of the hold protocol: the last look at what is owed, after reminders has
//! fallen quiet, and what it leads to: the agency gets what is left, or nothing happens at all. Must
//! not take the look: it judges one that was taken.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Date, SignedDuration, Timestamp};
use money::Money;

use super::approval::open_amount;
use super::{
    EntryKind, ExclusionReason, HoldProgress, Placement, PlacementAmounts, PlacementEntry,
    PlacementError, PlacementInvoice, PlacementState,
};
use crate::domain::agreement::Agreement;
use crate::domain::commission_terms::{CommissionTerms, PlacedDebt};
use crate::domain::debt::{Balance, HoldReason};
use crate::domain::decision::{Decision, Reasoning, Stamp};
use crate::domain::event::{Event, Fact};
use crate::domain::excluded_fact::{ExcludedFact, Exclusions};
use crate::domain::identity::InvoiceId;

/// How long a look at invoicing counts, in milliseconds of real time from sending the question.
pub const LOOK_VALID_MS: i64 = 1_500;

/// What invoicing answered to the last look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// When the question was sent, an instant of real time.
    pub asked_time: Timestamp,
    /// What each invoice is worth; one that is not here is not known there, and nothing is owed.
    pub balances: BTreeMap<InvoiceId, Balance>,
}

/// What else is known at the last look.
#[derive(Debug, Clone, Copy)]
pub struct Activation<'a> {
    /// The facts under which nothing is placed.
    pub exclusions: &'a Exclusions,
    /// What holds the invoices in reminders, as far as the feed has told.
    pub holds: &'a BTreeMap<InvoiceId, BTreeSet<HoldReason>>,
    /// The customer's money that lowers no invoice.
    pub unapplied: Money,
    /// The agreement chosen when the hold was asked for.
    pub agreement: &'a Agreement,
    /// Whether the debtor sits in another country than the agency.
    pub foreign: bool,
    /// Today in the tenant's zone.
    pub today: Date,
    /// Now, by the business clock.
    pub at: Timestamp,
    /// Now in real time.
    pub real_now: Timestamp,
    /// For the decision on the look.
    pub look_stamp: Stamp,
    /// For the decision on the terms.
    pub terms_stamp: Stamp,
}

/// What the last look led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Activated {
    /// The agency has it.
    Active(Box<Handover>),
    /// Nothing was left: it is to be withdrawn.
    NothingLeft(Decision),
}

/// A placement that became ACTIVE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// What was placed, an entry an invoice.
    pub entries: Vec<PlacementEntry>,
    /// The look; its event carries it too.
    pub look: Decision,
    /// The terms.
    pub terms: Decision,
    /// What is announced.
    pub event: Event,
}

impl Placement {
    /// Judges the last look. What is settled, disputed or excluded meanwhile is dropped; the rest is
    /// placed as it is owed now, under terms that are fixed by it.
    ///
    /// # Errors
    /// [`PlacementError::NotPendingHold`] when it was recalled meanwhile;
    /// [`PlacementError::LookAgain`]; [`PlacementError::Terms`].
    pub fn activate(
        &mut self,
        invoices: &mut [PlacementInvoice],
        look: &Look,
        known: &Activation<'_>,
    ) -> Result<Activated, PlacementError> {
        self.check_pending_hold()?;
        self.check_fresh(look, known.real_now)?;
        let mut reasoning = Reasoning::new();
        reasoning.rule(
            "P19",
            true,
            "reminders was quiet before invoicing was asked",
        );
        drop_what_is_not_left(invoices, look, known, &mut reasoning)?;
        self.count(invoices);
        let amount = open_amount(invoices)?;
        reasoning.fact("amount", amount);
        reasoning.fact("invoices", self.invoice_count);
        let policy = known.exclusions.policy_version();
        if self.invoice_count == 0 {
            let decision = reasoning.conclude(known.look_stamp, &policy, "NOTHING_LEFT");
            self.activation_decision_id = Some(decision.decision_id);
            self.await_release(known.at);
            self.touch();
            return Ok(Activated::NothingLeft(decision));
        }
        let decision = reasoning.conclude(known.look_stamp, &policy, "PLACED");
        self.hand_over(invoices, amount, known, decision)
    }

    /// Asked after it was quiet, and not too long ago.
    fn check_fresh(&self, look: &Look, real_now: Timestamp) -> Result<(), PlacementError> {
        let quiet = match self.hold {
            HoldProgress::Placed { quiet_time } => {
                quiet_time.is_none_or(|quiet| quiet < look.asked_time)
            }
            HoldProgress::Unknown | HoldProgress::Refused => false,
        };
        let age = real_now.duration_since(look.asked_time);
        match quiet && age <= SignedDuration::from_millis(LOOK_VALID_MS) {
            true => Ok(()),
            false => Err(PlacementError::LookAgain),
        }
    }

    fn hand_over(
        &mut self,
        invoices: &[PlacementInvoice],
        amount: Money,
        known: &Activation<'_>,
        look: Decision,
    ) -> Result<Activated, PlacementError> {
        let debt = self.placed_debt(invoices, amount, known)?;
        let (terms, terms_decision) =
            CommissionTerms::fix(known.agreement, &debt, known.terms_stamp)?;
        self.state = PlacementState::Active;
        self.amounts = PlacementAmounts::placing(amount);
        self.agreement_id = Some(known.agreement.agreement_id);
        self.commission_terms = Some(terms.clone());
        self.activation_decision_id = Some(look.decision_id);
        self.activated_time = Some(known.at);
        self.placement_date = Some(known.today);
        // What was dropped is still to be given back.
        let dropped = invoices.iter().any(|one| one.held && !one.is_included());
        self.next_check_time = dropped.then_some(known.at);
        let mut entries = Vec::with_capacity(invoices.len());
        for invoice in invoices.iter().filter(|one| one.is_included()) {
            entries.push(self.entry(
                EntryKind::Placed,
                invoice.invoice_id,
                invoice.open,
                known.today,
                None,
                known.at,
            ));
        }
        let activated = Fact::PlacementActivated {
            placement: self.reference(),
            invoices: invoices.to_vec(),
            amounts: self.amounts,
            commission_amount: self.commission_amount,
            placement_number: self.placement_number,
            placement_batch_id: self.placement_batch_id,
            placement_date: known.today,
            commission_terms: Box::new(terms),
            terms_decision: Box::new(terms_decision.clone()),
            decision: Box::new(look.clone()),
        };
        Ok(Activated::Active(Box::new(Handover {
            entries,
            look,
            terms: terms_decision,
            event: self.announce(activated),
        })))
    }

    fn placed_debt(
        &self,
        invoices: &[PlacementInvoice],
        amount: Money,
        known: &Activation<'_>,
    ) -> Result<PlacedDebt, PlacementError> {
        let included = || invoices.iter().filter(|one| one.is_included());
        let oldest_due_date = included().map(|one| one.oldest_due_date).min();
        let oldest_invoice_date = included().map(|one| one.invoice_date).min();
        Ok(PlacedDebt {
            amount,
            oldest_due_date: oldest_due_date.ok_or(PlacementError::NoInvoices)?,
            oldest_invoice_date: oldest_invoice_date.ok_or(PlacementError::NoInvoices)?,
            placement_date: known.today,
            foreign: known.foreign,
            placement_number: self.placement_number,
        })
    }
}

/// Every invoice takes over what the look found, and those with nothing to collect are dropped; then
/// all of them, if the customer's own money covers what is left.
fn drop_what_is_not_left(
    invoices: &mut [PlacementInvoice],
    look: &Look,
    known: &Activation<'_>,
    reasoning: &mut Reasoning,
) -> Result<(), PlacementError> {
    for invoice in invoices.iter_mut().filter(|one| one.is_included()) {
        let facts = match look.balances.get(&invoice.invoice_id) {
            Some(balance) => {
                invoice.place(balance)?;
                let holds = known.holds.get(&invoice.invoice_id);
                known.exclusions.bearing_on(balance, holds, false)
            }
            None => BTreeSet::from([ExcludedFact::NothingOpen]),
        };
        if let Some(reason) = drop_reason(&facts) {
            explain_drop(invoice, &facts, reasoning);
            invoice.drop_for(reason);
        }
    }
    let left = open_amount(invoices)?;
    if known.exclusions.cash_covers(known.unapplied, left) {
        let covers = ExcludedFact::UnappliedCashCovers;
        reasoning.fact("unapplied", known.unapplied);
        for invoice in invoices.iter_mut().filter(|one| one.is_included()) {
            explain_drop(invoice, &BTreeSet::from([covers]), reasoning);
            invoice.drop_for(ExclusionReason::ExcludedFact);
        }
    }
    Ok(())
}

fn drop_reason(facts: &BTreeSet<ExcludedFact>) -> Option<ExclusionReason> {
    if facts.contains(&ExcludedFact::NothingOpen) {
        return Some(ExclusionReason::Settled);
    }
    if facts.contains(&ExcludedFact::Dispute) {
        return Some(ExclusionReason::Disputed);
    }
    (!facts.is_empty()).then_some(ExclusionReason::ExcludedFact)
}

fn explain_drop(
    invoice: &PlacementInvoice,
    facts: &BTreeSet<ExcludedFact>,
    reasoning: &mut Reasoning,
) {
    for fact in facts {
        let why = format!("invoice {} is left out", invoice.invoice_number);
        reasoning.rule(fact.name(), false, why);
    }
}
