//! Placements.

use std::collections::BTreeMap;

use contracts::agency as wire;
use contracts::convert::{date_to_wire, instant_from_wire, instant_to_wire, money_to_wire};
use runtime::{Refusal, Violations};

use super::agreement::commission_terms_to_wire;
use super::decision::decision_to_wire;
use super::field;
use super::mirror::{self, Mirror as _, wire_if};
use crate::domain::decision::Decision;
use crate::domain::event::PlacementReference;
use crate::domain::identity::{
    AgencyId, CustomerId, DecisionId, InvoiceId, PlacementBatchId, PlacementId, ProposalRunId,
};
use crate::domain::placement::{MAX_INVOICES, Placement, PlacementInvoice, PlacementState};
use crate::store::placement::Filter;

/// What is asked to be proposed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// The agency.
    pub agency_id: AgencyId,
    /// The customer.
    pub customer_id: CustomerId,
    /// The invoices.
    pub invoice_ids: Vec<InvoiceId>,
    /// What the person notes.
    pub note: Option<String>,
}

/// The proposal of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn proposal_from_wire(request: &wire::ProposePlacementRequest) -> Result<Proposal, Refusal> {
    let mut violations = Violations::new();
    let external_id = &request.external_id;
    let external_id = field::optional_text(&mut violations, "external_id", external_id, 128);
    let agency_id = field::id(&mut violations, "agency_id", &request.agency_id);
    let customer_id = field::id(&mut violations, "customer_id", &request.customer_id);
    violations.check(
        !request.invoice_ids.is_empty(),
        "invoice_ids",
        "is required",
    );
    let ids = &request.invoice_ids;
    let ids = field::ids(&mut violations, "invoice_ids", ids, MAX_INVOICES);
    let note = field::optional_note(&mut violations, "note", &request.note, 2000);
    let values = (external_id, agency_id, customer_id, ids, note);
    let (external_id, agency_id, customer_id, ids, note) = violations.complete(values)?;
    Ok(Proposal {
        external_id: Some(external_id).filter(|id| !id.is_empty()),
        agency_id: AgencyId::new(agency_id),
        customer_id: CustomerId::new(customer_id),
        invoice_ids: ids.into_iter().map(InvoiceId::new).collect(),
        note,
    })
}

/// The placement that a request names, and nothing else to check.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn placement_id(text: &str) -> Result<PlacementId, Refusal> {
    field::only_id("placement_id", text).map(PlacementId::new)
}

/// The placement of a request, and words that must be there.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn with_note(placement_id: &str, note: &str) -> Result<(PlacementId, String), Refusal> {
    let mut violations = Violations::new();
    let placement_id = field::id(&mut violations, "placement_id", placement_id);
    let note = field::note(&mut violations, "note", note, 2000);
    let (placement_id, note) = violations.complete((placement_id, note))?;
    Ok((PlacementId::new(placement_id), note))
}

/// The placement of a request, a value of an enumeration, and words that may be there.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn with_code<T: mirror::Mirror>(
    placement_id: &str,
    (field, number): (&str, i32),
    note: &str,
) -> Result<(PlacementId, T, Option<String>), Refusal> {
    let mut violations = Violations::new();
    let placement_id = field::id(&mut violations, "placement_id", placement_id);
    let code = mirror::required(&mut violations, field, number);
    let note = field::optional_note(&mut violations, "note", note, 2000);
    let (placement_id, code, note) = violations.complete((placement_id, code, note))?;
    Ok((PlacementId::new(placement_id), code, note))
}

/// The placement of a confirmation, and when the agency stopped.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault, also for an instant after `now`.
pub fn confirmation_from_wire(
    request: &wire::ConfirmRecallRequest,
    now: jiff::Timestamp,
) -> Result<(PlacementId, Option<jiff::Timestamp>), Refusal> {
    let mut violations = Violations::new();
    let placement_id = field::id(&mut violations, "placement_id", &request.placement_id);
    let stopped = match &request.stopped_time {
        None => Some(None),
        Some(stopped) => {
            let parsed = violations.parsed("stopped_time", instant_from_wire(stopped));
            let future = parsed.is_some_and(|stopped| stopped > now);
            violations.check(!future, "stopped_time", "lies in the future");
            parsed.map(Some)
        }
    };
    let (placement_id, stopped) = violations.complete((placement_id, stopped))?;
    Ok((PlacementId::new(placement_id), stopped))
}

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListPlacementsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let states: Option<Vec<PlacementState>> =
        mirror::each(&mut violations, "states", &request.states);
    let mut id =
        |name, text: &Option<String>| field::optional_id(&mut violations, name, text.as_deref());
    let agency_id = id("agency_id", &request.agency_id);
    let customer_id = id("customer_id", &request.customer_id);
    let invoice_id = id("invoice_id", &request.invoice_id);
    let run_id = id("proposal_run_id", &request.proposal_run_id);
    let batch_id = id("placement_batch_id", &request.placement_batch_id);
    let close_code = mirror::optional(&mut violations, "close_code", request.close_code);
    let next_action = mirror::optional(&mut violations, "next_action", request.next_action);
    let from = request.placement_from_date.as_ref();
    let from = field::optional_date(&mut violations, "placement_from_date", from);
    let to = request.placement_to_date.as_ref();
    let to = field::optional_date(&mut violations, "placement_to_date", to);
    let values = (
        states,
        agency_id,
        customer_id,
        invoice_id,
        run_id,
        batch_id,
        close_code,
        next_action,
        from,
        to,
    );
    let values = violations.complete(values)?;
    let (states, agency_id, customer_id, invoice_id, run_id, batch_id, code, action, from, to) =
        values;
    Ok(Filter {
        states,
        agency_id: agency_id.map(AgencyId::new),
        customer_id: customer_id.map(CustomerId::new),
        invoice_id: invoice_id.map(InvoiceId::new),
        proposal_run_id: run_id.map(ProposalRunId::new),
        placement_batch_id: batch_id.map(PlacementBatchId::new),
        close_code: code,
        next_action: action,
        from_date: from,
        to_date: to,
    })
}

/// A placement for the wire; `decisions` are those it names, as far as they are to be shown.
#[must_use]
pub fn placement_to_wire(
    placement: &Placement,
    decisions: &BTreeMap<DecisionId, Decision>,
) -> wire::Placement {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let decision = |id: DecisionId| decisions.get(&id);
    let terms = placement.commission_terms.as_ref();
    let recall = placement.recall.as_ref();
    let due = recall.filter(|_| placement.state == PlacementState::PendingRecall);
    let activation = placement.activation_decision_id.and_then(decision);
    wire::Placement {
        placement_id: placement.placement_id.to_string(),
        external_id: known(&placement.external_id),
        agency_id: placement.agency_id.to_string(),
        agency_reference: known(&placement.agency_reference),
        customer_id: placement.customer_id.to_string(),
        customer_external_id: known(&placement.customer_external_id),
        case_id: placement
            .case_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        currency_code: placement.currency().to_string(),
        state: placement.state.wire(),
        placement_number: placement.placement_number,
        invoice_count: placement.invoice_count,
        placed_amount: Some(money_to_wire(placement.amounts.placed())),
        recovered_amount: Some(money_to_wire(placement.amounts.recovered())),
        direct_amount: Some(money_to_wire(placement.amounts.direct())),
        adjusted_amount: Some(money_to_wire(placement.amounts.adjusted())),
        open_amount: Some(money_to_wire(placement.amounts.open())),
        commission_amount: Some(money_to_wire(placement.commission_amount)),
        commission_terms: terms
            .map(|terms| commission_terms_to_wire(terms, decision(terms.decision_id))),
        proposal_run_id: placement
            .proposal_run_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        placement_batch_id: placement
            .placement_batch_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        proposal_decision: decision(placement.proposal_decision_id).map(decision_to_wire),
        activation_decision: activation.map(decision_to_wire),
        note: known(&placement.note),
        proposed_by: placement.proposed_by.clone(),
        proposed_time: Some(instant_to_wire(placement.proposed_time)),
        judged_by: known(&placement.judged_by),
        judged_time: placement.judged_time.map(instant_to_wire),
        activated_time: placement.activated_time.map(instant_to_wire),
        placement_date: placement.placement_date.map(date_to_wire),
        recall_reason: wire_if(placement.recall_reason()),
        recall_requested_time: recall.map(|recall| instant_to_wire(recall.requested_time)),
        recall_due_time: due.and_then(|recall| recall.due_time).map(instant_to_wire),
        close_code: wire_if(placement.close_code),
        ended_time: placement.ended_time.map(instant_to_wire),
        next_action: wire_if(placement.next_action()),
        end_note: known(&placement.end_note),
        next_check_time: placement.next_check_time.map(instant_to_wire),
        etag: field::etag(placement.version),
    }
}

/// An invoice of a placement for the wire. Parts of several currencies, which are never stored,
/// have no total.
#[must_use]
pub fn invoice_to_wire(invoice: &PlacementInvoice) -> wire::PlacementInvoice {
    wire::PlacementInvoice {
        invoice_id: invoice.invoice_id.to_string(),
        invoice_number: invoice.invoice_number.clone(),
        invoice_external_id: invoice.invoice_external_id.clone().unwrap_or_default(),
        invoice_date: Some(date_to_wire(invoice.invoice_date)),
        oldest_due_date: Some(date_to_wire(invoice.oldest_due_date)),
        level: invoice.level,
        state: invoice.state.wire(),
        placed_amount: invoice.placed_amount().ok().map(money_to_wire),
        placed_principal_amount: Some(money_to_wire(invoice.placed.principal)),
        placed_fee_amount: Some(money_to_wire(invoice.placed.fees)),
        placed_interest_amount: Some(money_to_wire(invoice.placed.interest)),
        open_amount: Some(money_to_wire(invoice.open)),
        drop_reason: wire_if(invoice.drop_reason),
    }
}

/// Invoices of a placement for the wire, in their order.
#[must_use]
pub fn invoices_to_wire(invoices: &[PlacementInvoice]) -> Vec<wire::PlacementInvoice> {
    invoices.iter().map(invoice_to_wire).collect()
}

/// What an event is about, for the wire.
#[must_use]
pub fn reference_to_wire(reference: &PlacementReference) -> wire::PlacementReference {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    wire::PlacementReference {
        placement_id: reference.placement_id.to_string(),
        external_id: known(&reference.external_id),
        agency_id: reference.agency_id.to_string(),
        agency_external_id: known(&reference.agency_external_id),
        customer_id: reference.customer_id.to_string(),
        customer_external_id: known(&reference.customer_external_id),
        case_id: reference
            .case_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        currency_code: reference.currency.to_string(),
    }
}
