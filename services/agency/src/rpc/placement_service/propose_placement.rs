//! ProposePlacement: a person proposes debts; not bound by what the rules ask for, but by the facts that
//! forbid a placement.

use std::sync::Arc;

use contracts::agency::{ProposePlacementRequest, ProposePlacementResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::decision::{Decision, Stamp};
use crate::domain::event::Event;
use crate::domain::identity::PlacementId;
use crate::domain::placement::{NewPlacement, Placement, PlacementError, PlacementInvoice};
use crate::domain::placement_policy::PolicyInForce;
use crate::domain::proposal::judge_by_hand;
use crate::events::outbound::announce;
use crate::rpc::wire::placement::{
    Proposal, invoices_to_wire, placement_to_wire, proposal_from_wire,
};
use crate::rpc::{error, known};
use crate::store;

/// 1. Parse; 2. wait a moment for what the feeds have not brought; 3. take the request id, or answer as the
///    first time; 4. judge what is known; 5. unless only that was asked, store the placement with its
///    decision, event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ProposePlacementRequest,
) -> Result<Answer<ProposePlacementResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let proposal = proposal_from_wire(&request)?;
    known::wait_for_feeds(&app, &call, proposal.customer_id, &proposal.invoice_ids).await?;
    let placement_id = PlacementId::new(Uuid::now_v7());
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let new = NewPlacement {
            placement_id,
            external_id: proposal.external_id.clone(),
            agency_id: proposal.agency_id,
            agency_external_id: None,
            case_id: None,
            proposal_run_id: None,
            note: proposal.note.clone(),
            proposed_by: call.actor().to_owned(),
            proposed_time: now,
        };
        let stamp = app.stamp(now);
        let (placement, invoices, told, decision) =
            propose_in_tx(&mut tx, tenant, &proposal, new, stamp).await?;
        let decisions = [(decision.decision_id, decision.clone())].into();
        let mut shown = placement_to_wire(&placement, &decisions);
        if request.validate_only {
            shown.placement_id = String::new();
        } else {
            store::decision::insert_in_tx(&mut tx, tenant, &decision).await?;
            if !store::placement::insert_in_tx(&mut tx, tenant, &placement).await? {
                let external_id = proposal.external_id.clone().unwrap_or_default();
                return Err(error::placement::exists(&external_id));
            }
            store::placement_invoice::save_all_in_tx(&mut tx, tenant, placement_id, &invoices)
                .await?;
            let told = [announce(tenant, now, &told)];
            append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
            let facts = json!({ "decision_id": decision.decision_id });
            let entry = call.audit(format!("placement/{placement_id}"), facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        let answer = ProposePlacementResponse {
            placement: Some(shown),
            invoices: invoices_to_wire(&invoices),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// Judges the debts as they are known now, and makes the placement.
async fn propose_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    proposal: &Proposal,
    new: NewPlacement,
    stamp: Stamp,
) -> Result<(Placement, Vec<PlacementInvoice>, Event, Decision), Refusal> {
    let (agency_id, customer_id) = (proposal.agency_id, proposal.customer_id);
    let agency = store::agency::find_in_tx(tx, tenant, agency_id).await?;
    let agency = agency.ok_or_else(|| error::agency::not_found(agency_id))?;
    let debtor = known::debtor_in_tx(tx, tenant, customer_id).await?;
    let debtor = debtor.ok_or_else(error::customer_not_yet_known)?;
    let debts = known::debts_in_tx(tx, tenant, &proposal.invoice_ids).await?;
    let zone = known::tenant_in_tx(tx, tenant).await?.zone;
    let policy = store::placement_policy::active_version_in_tx(tx, tenant).await?;
    let policy = policy.as_ref().map(|policy| PolicyInForce {
        version: policy.version,
        definition: &policy.definition,
    });
    let today = zone.local_date(stamp.decided_time);
    let decision = judge_by_hand(policy, &debtor, &debts, today, stamp)
        .map_err(|refused| error::placement::proposal_refused(&refused))?;
    let new = NewPlacement {
        agency_external_id: agency.external_id,
        case_id: store::known_case::find_in_tx(tx, tenant, customer_id).await?,
        ..new
    };
    let proposed = Placement::propose(new, &debtor, &debts, decision.clone());
    // Debts of one currency were found fit.
    let (placement, invoices, told) =
        proposed.map_err(|error: PlacementError| Refusal::internal(error))?;
    Ok((placement, invoices, told, decision))
}
