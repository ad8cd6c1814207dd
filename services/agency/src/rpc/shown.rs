//! Placements as they are shown: with the decisions that they name.

use std::collections::BTreeMap;

use contracts::agency as wire;
use postgres::{DbError, TenantId, Tx};

use crate::domain::decision::Decision;
use crate::domain::identity::DecisionId;
use crate::domain::placement::Placement;
use crate::rpc::wire::placement::placement_to_wire;
use crate::store;

/// Placements for an answer, in their order.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn placements_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placements: &[Placement],
) -> Result<Vec<wire::Placement>, DbError> {
    let ids: Vec<DecisionId> = placements.iter().flat_map(decisions_of).collect();
    let decisions = store::decision::find_all_in_tx(tx, tenant, &ids).await?;
    let by_id = |decision: Decision| (decision.decision_id, decision);
    let decisions: BTreeMap<_, _> = decisions.into_iter().map(by_id).collect();
    let shown = placements.iter();
    Ok(shown
        .map(|one| placement_to_wire(one, &decisions))
        .collect())
}

/// One placement for an answer.
///
/// # Errors
/// As [`placements_in_tx`].
pub async fn placement_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement: &Placement,
) -> Result<Option<wire::Placement>, DbError> {
    let shown = placements_in_tx(tx, tenant, std::slice::from_ref(placement)).await?;
    Ok(shown.into_iter().next())
}

fn decisions_of(placement: &Placement) -> impl Iterator<Item = DecisionId> {
    let terms = placement.commission_terms.as_ref();
    let named = [
        Some(placement.proposal_decision_id),
        placement.activation_decision_id,
        terms.map(|terms| terms.decision_id),
    ];
    named.into_iter().flatten()
}
