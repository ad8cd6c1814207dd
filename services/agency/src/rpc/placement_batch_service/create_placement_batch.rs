//! CreatePlacementBatch: approved placements of one agency, each placed by itself from now on.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::agency::{CreatePlacementBatchRequest, CreatePlacementBatchResponse};
use jiff::Timestamp;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use timers::Scheduled;
use uuid::Uuid;

use crate::app::App;
use crate::domain::agreement::in_force;
use crate::domain::identity::{AgencyId, PlacementBatchId, PlacementId};
use crate::domain::placement::Placement;
use crate::domain::placement_batch::{PlacementBatch, Tally, check_batch};
use crate::jobs::drive_placement;
use crate::rpc::wire::field;
use crate::rpc::wire::placement_batch::batch_to_wire;
use crate::rpc::{error, known};
use crate::store;

/// Placements of a batch at most.
const MOST_PLACEMENTS: usize = 500;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the agency, by
///    which batches are numbered without a gap, lock the placements and see whether they make a
///    batch; 4. unless only that was asked, store it, with a timer for each placement, audit entry
///    and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreatePlacementBatchRequest,
) -> Result<Answer<CreatePlacementBatchResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let mut violations = Violations::new();
    let agency_id = field::id(&mut violations, "agency_id", &request.agency_id);
    let ids = &request.placement_ids;
    let ids = field::ids(&mut violations, "placement_ids", ids, MOST_PLACEMENTS);
    let (agency_id, ids) = violations.complete((agency_id, ids))?;
    let agency_id = AgencyId::new(agency_id);
    let ids: Vec<PlacementId> = ids.into_iter().map(PlacementId::new).collect();
    let batch_id = PlacementBatchId::new(Uuid::now_v7());
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let (placements, tally) = fit_in_tx(&mut tx, tenant, agency_id, &ids, now).await?;
        let number = store::placement_batch::next_number_in_tx(&mut tx, tenant, agency_id).await?;
        let count = tally.placement_count;
        let mut batch =
            PlacementBatch::create(batch_id, agency_id, number, count, call.actor(), now);
        let mut scheduled = Vec::new();
        let mut shown = batch_to_wire(&batch);
        if request.validate_only {
            batch.handed_over.amounts = tally.amounts;
            shown = batch_to_wire(&batch);
            shown.placement_batch_id = String::new();
        } else {
            store::placement_batch::insert_in_tx(&mut tx, tenant, &batch).await?;
            scheduled = join_in_tx(&mut tx, tenant, batch_id, placements, now).await?;
            let facts = json!({ "agency_id": agency_id, "placement_count": count });
            let entry = call.audit(format!("placement_batch/{batch_id}"), facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        let answer = CreatePlacementBatchResponse {
            placement_batch: Some(shown),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(scheduled);
        Ok(Answer::new(answer))
    })
    .await
}

/// The placements, locked, that make a batch, and what they come to.
async fn fit_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    named: &[PlacementId],
    now: Timestamp,
) -> Result<(Vec<Placement>, Tally), Refusal> {
    let agency = store::agency::lock_in_tx(tx, tenant, agency_id).await?;
    let agency = agency.ok_or_else(|| error::agency::not_found(agency_id))?;
    let ids = match named.is_empty() {
        true => {
            let most = i64::try_from(MOST_PLACEMENTS).unwrap_or(i64::MAX);
            store::placement_batch::approved_in_tx(tx, tenant, agency_id, most).await?
        }
        false => named.to_vec(),
    };
    let placements = store::placement::lock_all_in_tx(tx, tenant, &ids).await?;
    let missing = |id: &&PlacementId| placements.iter().all(|one| one.placement_id != **id);
    if let Some(id) = named.iter().find(missing) {
        return Err(error::placement::not_found(id));
    }
    let tally = check_batch(&agency, &placements).map_err(|refused| {
        error::placement_batch::refused(&format!("agency/{agency_id}"), &refused)
    })?;
    let agreements = store::agreement::of_agencies_in_tx(tx, tenant, &[agency_id]).await?;
    let today = known::tenant_in_tx(tx, tenant).await?.zone.local_date(now);
    for currency in tally.amounts.keys() {
        in_force(&agreements, today, *currency)
            .map_err(|refused| error::agreement::refused(agency_id, refused))?;
    }
    Ok((placements, tally))
}

/// Each placement joins the batch, and its timer drives it from now on.
async fn join_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    batch_id: PlacementBatchId,
    placements: Vec<Placement>,
    now: Timestamp,
) -> Result<Vec<Scheduled>, Refusal> {
    let mut due = BTreeMap::new();
    for mut placement in placements {
        let joined = placement.join_batch(batch_id);
        joined.map_err(|no| error::placement::refused(&placement, &no))?;
        store::placement::update_in_tx(tx, tenant, &placement).await?;
        due.insert(placement.placement_id.uuid(), now);
    }
    Ok(timers::schedule_all_in_tx(tx, tenant, drive_placement::KIND, &due).await?)
}
