//! Proposal runs and what customers came to.

use std::collections::BTreeMap;

use contracts::agency as wire;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};

use super::decision::decision_to_wire;
use super::mirror::Mirror as _;
use crate::domain::decision::Decision;
use crate::domain::identity::{DecisionId, InvoiceId};
use crate::domain::proposal_run::ProposalRun;
use crate::store::proposal_run::Item;

/// A run for the wire.
#[must_use]
pub fn run_to_wire(run: &ProposalRun) -> wire::ProposalRun {
    wire::ProposalRun {
        proposal_run_id: run.proposal_run_id.to_string(),
        run_date: Some(date_to_wire(run.run_date)),
        policy_version: run.policy_version,
        validate_only: run.validate_only,
        state: run.state.wire(),
        customer_count: run.customer_count,
        judged_count: run.judged_count,
        proposed_count: run.proposed_count,
        excluded_count: run.excluded_count,
        proposed_amounts: run
            .proposed_amounts
            .values()
            .copied()
            .map(money_to_wire)
            .collect(),
        created_time: Some(instant_to_wire(run.created_time)),
        created_by: run.created_by.clone(),
        completed_time: run.completed_time.map(instant_to_wire),
    }
}

/// What a customer came to, for the wire; `decisions` has the one that it names.
#[must_use]
pub fn item_to_wire(item: &Item, decisions: &BTreeMap<DecisionId, Decision>) -> wire::ProposalItem {
    let placement = item.placement_id;
    wire::ProposalItem {
        customer_id: item.customer_id.to_string(),
        currency_code: item.amount.currency().to_string(),
        outcome: item.outcome.wire(),
        placement_id: placement.map(|id| id.to_string()).unwrap_or_default(),
        agency_id: item.agency_id.map(|id| id.to_string()).unwrap_or_default(),
        invoice_ids: item.invoice_ids.iter().map(InvoiceId::to_string).collect(),
        amount: Some(money_to_wire(item.amount)),
        decision: decisions.get(&item.decision_id).map(decision_to_wire),
    }
}
