//! Owns how a placement begins: proposed by a run or a person, approved or turned down by a person.
//! Must not judge whether a debt should be placed: [`proposal`](crate::domain::proposal) does.

use calendar::Timestamp;
use money::Money;

use super::{
    HoldProgress, Placement, PlacementAmounts, PlacementError, PlacementInvoice, PlacementState,
};
use crate::domain::debt::{Debt, Debtor};
use crate::domain::decision::Decision;
use crate::domain::event::{Event, Fact};
use crate::domain::identity::{AgencyId, CaseId, PlacementBatchId, PlacementId, ProposalRunId};

/// Invoices of one placement at most.
pub const MAX_INVOICES: usize = 500;

/// What is needed to propose a placement, besides the debts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPlacement {
    /// Its identity.
    pub placement_id: PlacementId,
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's identity in the tenant's own system.
    pub agency_external_id: Option<String>,
    /// The customer's case, where it is known.
    pub case_id: Option<CaseId>,
    /// The run it comes from; none: a person.
    pub proposal_run_id: Option<ProposalRunId>,
    /// What the person noted.
    pub note: Option<String>,
    /// Who proposes it: a person, or the service in a run.
    pub proposed_by: String,
    /// When.
    pub proposed_time: Timestamp,
}

impl Placement {
    /// Proposes debts of one customer in one currency, which the decision found fit. Answers the
    /// placement's invoices too, the oldest due date first.
    ///
    /// # Errors
    /// [`PlacementError::NoInvoices`]; [`PlacementError::Money`] for several currencies.
    pub fn propose(
        new: NewPlacement,
        debtor: &Debtor,
        debts: &[Debt],
        decision: Decision,
    ) -> Result<(Self, Vec<PlacementInvoice>, Event), PlacementError> {
        let proposed: Result<Vec<_>, _> = debts.iter().map(PlacementInvoice::proposed).collect();
        let mut invoices = proposed?;
        invoices.sort_by_key(PlacementInvoice::oldest_first);
        let open = open_amount(&invoices)?;
        let mut placement = Self::new(new, debtor, open, &decision);
        placement.count(&invoices);
        let proposed = Fact::PlacementProposed {
            placement: placement.reference(),
            invoices: invoices.clone(),
            open_amount: open,
            proposal_run_id: placement.proposal_run_id,
            proposed_by: placement.proposed_by.clone(),
            decision,
        };
        let event = placement.announce(proposed);
        Ok((placement, invoices, event))
    }

    fn new(new: NewPlacement, debtor: &Debtor, open: Money, decision: &Decision) -> Self {
        let nothing = Money::zero(open.currency());
        Self {
            placement_id: new.placement_id,
            external_id: new.external_id,
            agency_id: new.agency_id,
            agency_external_id: new.agency_external_id,
            agency_reference: None,
            customer_id: debtor.customer_id,
            customer_external_id: debtor.external_id.clone(),
            case_id: new.case_id,
            state: PlacementState::Proposed,
            placement_number: 1,
            invoice_count: 0,
            amounts: PlacementAmounts::placing(open),
            commission_amount: nothing,
            commissioned_amount: nothing,
            agreement_id: None,
            commission_terms: None,
            proposal_run_id: new.proposal_run_id,
            placement_batch_id: None,
            proposal_decision_id: decision.decision_id,
            activation_decision_id: None,
            note: new.note,
            proposed_by: new.proposed_by,
            proposed_time: new.proposed_time,
            judged_by: None,
            judged_time: None,
            hold: HoldProgress::Unknown,
            activated_time: None,
            placement_date: None,
            recall: None,
            close_code: None,
            ended_time: None,
            end_note: None,
            next_check_time: None,
            entry_count: 0,
            version: 0,
        }
    }

    /// Approves it; it is then placed by itself or with a batch.
    ///
    /// # Errors
    /// [`PlacementError::NotProposed`].
    pub fn approve(&mut self, approved_by: &str, at: Timestamp) -> Result<Event, PlacementError> {
        if self.state != PlacementState::Proposed {
            return Err(PlacementError::NotProposed(self.state));
        }
        self.state = PlacementState::Approved;
        self.judged_by = Some(approved_by.to_owned());
        self.judged_time = Some(at);
        Ok(self.announce(Fact::PlacementApproved {
            placement: self.reference(),
            approved_by: approved_by.to_owned(),
        }))
    }

    /// Turns it down, before or after approval.
    ///
    /// # Errors
    /// [`PlacementError::NotRejectable`], [`PlacementError::InBatch`].
    pub fn reject(
        &mut self,
        note: String,
        rejected_by: &str,
        at: Timestamp,
    ) -> Result<Event, PlacementError> {
        let rejectable = [PlacementState::Proposed, PlacementState::Approved];
        if !rejectable.contains(&self.state) {
            return Err(PlacementError::NotRejectable(self.state));
        }
        self.check_not_in_batch()?;
        self.state = PlacementState::Rejected;
        self.judged_by = Some(rejected_by.to_owned());
        self.judged_time = Some(at);
        self.ended_time = Some(at);
        self.end_note = Some(note);
        Ok(self.announce(Fact::PlacementRejected {
            placement: self.reference(),
            rejected_by: rejected_by.to_owned(),
        }))
    }

    /// Joins a batch, which then places it; nobody else may.
    ///
    /// # Errors
    /// [`PlacementError::NotApproved`], [`PlacementError::InBatch`].
    pub fn join_batch(&mut self, batch: PlacementBatchId) -> Result<(), PlacementError> {
        self.check_approved()?;
        self.check_not_in_batch()?;
        self.placement_batch_id = Some(batch);
        self.touch();
        Ok(())
    }

    pub(super) fn check_approved(&self) -> Result<(), PlacementError> {
        match self.state {
            PlacementState::Approved => Ok(()),
            other => Err(PlacementError::NotApproved(other)),
        }
    }

    pub(super) fn check_not_in_batch(&self) -> Result<(), PlacementError> {
        match self.placement_batch_id {
            None => Ok(()),
            Some(_) => Err(PlacementError::InBatch),
        }
    }

    /// How many invoices are part of it, and the how-manieth placement of them it is.
    pub(super) fn count(&mut self, invoices: &[PlacementInvoice]) {
        let included = || invoices.iter().filter(|one| one.is_included());
        self.invoice_count = i32::try_from(included().count()).unwrap_or(i32::MAX);
        let most = included().map(|one| one.earlier_placements).max();
        self.placement_number = most.unwrap_or(0).saturating_add(1);
    }
}

/// What is owed on the invoices that are part of a placement.
pub(super) fn open_amount(invoices: &[PlacementInvoice]) -> Result<Money, PlacementError> {
    let first = invoices.first().ok_or(PlacementError::NoInvoices)?;
    let included = invoices.iter().filter(|one| one.is_included());
    let open = included.map(|one| one.open);
    Ok(Money::sum(first.open.currency(), open)?)
}
