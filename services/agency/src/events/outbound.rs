//! What agency announces: each fact of the domain becomes one event of the contract, in one
//! exhaustive match. Full facts, so that no consumer calls back; notes and etags are left out.

mod commission;
mod direct_payment;
mod part;
mod remittance;
mod told;

use contracts::agency as wire;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use events::NewEvent;
use jiff::Timestamp;
use postgres::TenantId;

use self::part::{after, all, tally_to_wire, texts};
use self::told::{Told, subject_id};
use crate::domain::event::{Event, Fact};
use crate::rpc::wire::agreement::{commission_terms_to_wire, terms_to_wire};
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::mirror::{Mirror as _, wire_if};
use crate::rpc::wire::placement::{invoices_to_wire, reference_to_wire};
use crate::rpc::wire::placement_policy::definition_to_wire;

/// Several events in order.
#[must_use]
pub fn announce_all<'a>(
    tenant: TenantId,
    time: Timestamp,
    events: impl IntoIterator<Item = &'a Event>,
) -> Vec<NewEvent> {
    let events = events.into_iter();
    events.map(|event| announce(tenant, time, event)).collect()
}

/// The announcement of what happened to `tenant` at `time`. A table in the form of a match: a fact
/// that is not in it does not compile.
#[must_use]
pub fn announce(tenant: TenantId, time: Timestamp, event: &Event) -> NewEvent {
    use Fact as F;
    let told = Told {
        tenant,
        time,
        event,
    };
    let id = subject_id(tenant, event.subject);
    match event.fact.clone() {
        F::AgencyCreated {
            external_id,
            display_name,
            country,
        } => told.by(&wire::AgencyCreated {
            agency_id: id,
            external_id: external_id.unwrap_or_default(),
            display_name,
            country_code: country.to_string(),
        }),
        F::AgencySuspended { suspended_by } => told.by(&wire::AgencySuspended {
            agency_id: id,
            suspended_by,
        }),
        F::AgencyReinstated { reinstated_by } => told.by(&wire::AgencyReinstated {
            agency_id: id,
            reinstated_by,
        }),
        F::AgreementCreated {
            agency_id,
            agreement_number,
            terms,
            validity,
        } => told.by(&wire::AgreementCreated {
            agreement_id: id,
            agency_id: agency_id.to_string(),
            agreement_number,
            terms: Some(terms_to_wire(&terms)),
            valid_from_date: Some(date_to_wire(validity.from)),
            valid_to_date: validity.to.map(date_to_wire),
        }),
        F::AgreementTerminated {
            agency_id,
            last_day,
        } => told.by(&wire::AgreementTerminated {
            agreement_id: id,
            agency_id: agency_id.to_string(),
            valid_to_date: Some(date_to_wire(last_day)),
        }),
        F::PlacementPolicyVersionActivated {
            version,
            previous_version,
            definition,
            activated_by,
        } => told.by(&wire::PlacementPolicyVersionActivated {
            version,
            previous_version,
            definition: Some(definition_to_wire(&definition)),
            activated_by,
        }),
        F::ProposalRunCompleted {
            run_date,
            policy_version,
            customer_count,
            proposed_count,
            excluded_count,
            proposed_amounts,
        } => told.by(&wire::ProposalRunCompleted {
            proposal_run_id: id,
            run_date: Some(date_to_wire(run_date)),
            policy_version,
            customer_count,
            proposed_count,
            excluded_count,
            proposed_amounts: all(proposed_amounts),
        }),
        F::PlacementProposed {
            placement,
            invoices,
            open_amount,
            proposal_run_id,
            proposed_by,
            decision,
        } => told.by(&wire::PlacementProposed {
            placement: Some(reference_to_wire(&placement)),
            invoices: invoices_to_wire(&invoices),
            open_amount: Some(money_to_wire(open_amount)),
            proposal_run_id: proposal_run_id.map(|id| id.to_string()).unwrap_or_default(),
            proposed_by,
            decision: Some(decision_to_wire(&decision)),
        }),
        F::PlacementApproved {
            placement,
            approved_by,
        } => told.by(&wire::PlacementApproved {
            placement: Some(reference_to_wire(&placement)),
            approved_by,
        }),
        F::PlacementRejected {
            placement,
            rejected_by,
        } => told.by(&wire::PlacementRejected {
            placement: Some(reference_to_wire(&placement)),
            rejected_by,
        }),
        F::PlacementActivated {
            placement,
            invoices,
            amounts,
            commission_amount,
            placement_number,
            placement_batch_id,
            placement_date,
            commission_terms,
            terms_decision,
            decision,
        } => told.by(&wire::PlacementActivated {
            placement: Some(reference_to_wire(&placement)),
            invoices: invoices_to_wire(&invoices),
            amounts: Some(after(amounts, commission_amount)),
            placement_number,
            placement_batch_id: placement_batch_id
                .map(|id| id.to_string())
                .unwrap_or_default(),
            placement_date: Some(date_to_wire(placement_date)),
            commission_terms: Some(commission_terms_to_wire(
                &commission_terms,
                Some(&terms_decision),
            )),
            decision: Some(decision_to_wire(&decision)),
        }),
        F::PlacementWithdrawn {
            placement,
            invoices,
            recall_reason,
            decision,
        } => told.by(&wire::PlacementWithdrawn {
            placement: Some(reference_to_wire(&placement)),
            invoices: invoices_to_wire(&invoices),
            recall_reason: wire_if(recall_reason),
            decision: decision.as_ref().map(decision_to_wire),
        }),
        F::PlacementRecallRequested {
            placement,
            reason,
            recall_due_time,
            requested_by,
        } => told.by(&wire::PlacementRecallRequested {
            placement: Some(reference_to_wire(&placement)),
            reason: reason.wire(),
            recall_due_time: Some(instant_to_wire(recall_due_time)),
            requested_by,
        }),
        F::PlacementRecalled {
            placement,
            invoice_ids,
            amounts,
            commission_amount,
            reason,
            next_action,
        } => told.by(&wire::PlacementRecalled {
            placement: Some(reference_to_wire(&placement)),
            invoice_ids: texts(&invoice_ids),
            amounts: Some(after(amounts, commission_amount)),
            reason: reason.wire(),
            next_action: next_action.wire(),
        }),
        F::PlacementClosed {
            placement,
            invoice_ids,
            amounts,
            commission_amount,
            close_code,
            next_action,
        } => told.by(&wire::PlacementClosed {
            placement: Some(reference_to_wire(&placement)),
            invoice_ids: texts(&invoice_ids),
            amounts: Some(after(amounts, commission_amount)),
            close_code: close_code.wire(),
            next_action: next_action.wire(),
        }),
        F::PlacementAdjusted {
            placement,
            invoice_id,
            adjustment_amount,
            amounts,
            commission_amount,
        } => told.by(&wire::PlacementAdjusted {
            placement: Some(reference_to_wire(&placement)),
            invoice_id: invoice_id.to_string(),
            adjustment_amount: Some(money_to_wire(adjustment_amount)),
            amounts: Some(after(amounts, commission_amount)),
        }),
        F::DirectPaymentReceived {
            placement,
            payment,
            amounts,
            commission_amount,
        } => told.by(&direct_payment::received(
            &placement,
            &payment,
            after(amounts, commission_amount),
        )),
        F::DirectPaymentReversed {
            placement,
            payment,
            amounts,
            commission_amount,
        } => told.by(&direct_payment::reversed(
            &placement,
            &payment,
            after(amounts, commission_amount),
        )),
        F::AgencyPaymentReported {
            placement,
            agency_report_id,
            report_reference,
            amount,
            paid_date,
        } => told.by(&wire::AgencyPaymentReported {
            placement: Some(reference_to_wire(&placement)),
            agency_report_id: agency_report_id.to_string(),
            report_reference,
            amount: Some(money_to_wire(amount)),
            paid_date: Some(date_to_wire(paid_date)),
        }),
        F::RemittanceImported {
            agency_id,
            remittance_reference,
            remittance_date,
            mode,
            line_count,
            gross,
            commission,
            net,
        } => told.by(&wire::RemittanceImported {
            remittance_id: id,
            agency_id: agency_id.to_string(),
            remittance_reference,
            remittance_date: Some(date_to_wire(remittance_date)),
            mode: mode.wire(),
            line_count,
            gross_amount: Some(money_to_wire(gross)),
            commission_amount: Some(money_to_wire(commission)),
            net_amount: Some(money_to_wire(net)),
        }),
        F::RemittanceLineBooked {
            placement,
            line,
            net,
            commission_difference,
            amounts,
            commission_amount,
        } => told.by(&remittance::line_booked(
            &placement,
            &line,
            (net, commission_difference),
            after(amounts, commission_amount),
        )),
        F::RemittanceLineParked {
            placement,
            remittance_line_id,
            remittance_id,
            line_reference,
            gross,
            reason,
        } => told.by(&wire::RemittanceLineParked {
            placement: Some(reference_to_wire(&placement)),
            remittance_line_id: remittance_line_id.to_string(),
            remittance_id: remittance_id.to_string(),
            line_reference,
            gross_amount: Some(money_to_wire(gross)),
            reason,
        }),
        F::RemittanceLineReversed {
            placement,
            remittance_line_id,
            remittance_id,
            line_reference,
            receipt_id,
            gross,
            amounts,
            commission_amount,
        } => told.by(&wire::RemittanceLineReversed {
            placement: Some(reference_to_wire(&placement)),
            remittance_line_id: remittance_line_id.to_string(),
            remittance_id: remittance_id.to_string(),
            line_reference,
            receipt_id: receipt_id.to_string(),
            gross_amount: Some(money_to_wire(gross)),
            amounts: Some(after(amounts, commission_amount)),
        }),
        F::RemittanceBooked {
            agency_id,
            remittance_reference,
            line_count,
            gross,
            commission,
            net,
        } => told.by(&wire::RemittanceBooked {
            remittance_id: id,
            agency_id: agency_id.to_string(),
            remittance_reference,
            line_count,
            gross_amount: Some(money_to_wire(gross)),
            commission_amount: Some(money_to_wire(commission)),
            net_amount: Some(money_to_wire(net)),
        }),
        F::CommissionBooked {
            placement,
            commission,
            decision,
        } => told.by(&commission::booked(&placement, &commission, &decision)),
        F::PlacementBatchPlaced {
            agency_id,
            batch_number,
            active_count,
            withdrawn_count,
            invoice_count,
            placed_amounts,
            sha256_hex,
        } => told.by(&wire::PlacementBatchPlaced {
            placement_batch_id: id,
            agency_id: agency_id.to_string(),
            batch_number,
            active_count,
            withdrawn_count,
            invoice_count,
            placed_amounts: all(placed_amounts),
            sha256_hex,
        }),
        F::PlacementBatchAcknowledged {
            agency_id,
            state,
            acknowledgement,
            handed_over,
        } => told.by(&wire::PlacementBatchAcknowledged {
            placement_batch_id: id,
            agency_id: agency_id.to_string(),
            state: state.wire(),
            acknowledgement: Some(tally_to_wire(&acknowledgement)),
            handed_over: Some(tally_to_wire(&handed_over)),
        }),
    }
}
