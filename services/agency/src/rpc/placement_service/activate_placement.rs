//! ActivatePlacement: places an approved debt with its agency (P19).
//!
//! An operation of several transactions: the first one stores it under the request's key, with the
//! timer that drives the placement on if nobody else does. Then this call drives it, and answers
//! with what is stored when the placement becomes ACTIVE or WITHDRAWN. A repeat finds the operation
//! and waits for the same outcome.

use std::sync::Arc;
use std::time::Duration;

use contracts::agency::{ActivatePlacementRequest, ActivatePlacementResponse};
use postgres::idempotency::Key;
use postgres::operations::{self, Operation, Started};
use postgres::{Tx, audit, retried};
use runtime::{Answer, Call, Deadline, Errand, Refusal, fault};
use serde_json::json;
use timers::Scheduled;

use super::locked::{cause, lock_in_tx};
use crate::app::App;
use crate::domain::identity::PlacementId;
use crate::domain::placement::PlacementState;
use crate::jobs::drive_placement::start::{StartFacts, is_held_elsewhere};
use crate::jobs::drive_placement::{self, CHECK_AFTER, Driven, until};
use crate::rpc::wire::placement::placement_id;
use crate::rpc::{error, known};
use crate::store;

/// What the operation is called in its row.
const OPERATION: &str = "activate_placement";

/// How often a call that nobody bounds looks for the outcome that somebody else drives to.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// 1. Parse; 2. start the operation and the placement, or find them; 3. drive the placement, outside
///    of any transaction; 4. answer with what was stored at its outcome.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ActivatePlacementRequest,
) -> Result<Answer<ActivatePlacementResponse>, Refusal> {
    let placement_id = placement_id(&request.placement_id)?;
    let key = call.key(&request)?;
    let begun = retried(|| begin(&app, &call, &key, placement_id, &request.etag)).await?;
    let operation = match begun {
        Begun::Answered(answer) => return Ok(Answer::replayed(answer)),
        Begun::Underway(operation) => operation,
    };
    let outcome = drive_to_outcome(&app, &call, &operation, placement_id).await;
    if outcome.is_err() {
        hand_over(&app, &call, placement_id).await?;
    }
    let answer = outcome?;
    prost::Message::decode(answer.as_slice())
        .map(Answer::new)
        .map_err(Refusal::internal)
}

enum Begun {
    /// It was done before: this is the stored answer.
    Answered(Vec<u8>),
    /// It is under way, since now or since an earlier request.
    Underway(Operation),
}

async fn begin(
    app: &App,
    call: &Call,
    key: &Key,
    placement_id: PlacementId,
    etag: &str,
) -> Result<Begun, Refusal> {
    let (now, tenant) = (app.clock.now(), call.tenant());
    let mut tx = app.db.begin(call).await?;
    let progress = json!({ "placement_id": placement_id });
    let started = operations::start_in_tx(&mut tx, key, OPERATION, &progress, now).await?;
    let operation = match started {
        Started::New(operation) => operation,
        Started::Existing(operation) => {
            return Ok(match operation.answer {
                Some(answer) => Begun::Answered(answer),
                None => Begun::Underway(operation),
            });
        }
    };
    let scheduled = start_in_tx(app, &mut tx, call, placement_id, etag).await?;
    let id = operation.operation_id;
    store::placement_operation::insert_in_tx(&mut tx, tenant, placement_id, id).await?;
    let facts = json!({ "state": "PENDING_HOLD" });
    let entry = call.audit(format!("placement/{placement_id}"), facts, now);
    audit::record_in_tx(&mut tx, &entry).await?;
    fault::point("agency.place.before_commit");
    tx.commit().await?;
    fault::point("agency.place.pending_hold");
    app.wakeups.announce(scheduled);
    Ok(Begun::Underway(operation))
}

/// Locks the placement and starts it; of two that want the same invoice the second is refused, by
/// what it reads or by the database (P19).
async fn start_in_tx(
    app: &App,
    tx: &mut Tx,
    call: &Call,
    placement_id: PlacementId,
    etag: &str,
) -> Result<Option<Scheduled>, Refusal> {
    let (now, tenant) = (app.clock.now(), call.tenant());
    let mut locked = lock_in_tx(tx, tenant, placement_id, etag).await?;
    if locked.placement.state != PlacementState::Approved {
        let no = crate::domain::placement::PlacementError::NotApproved(locked.placement.state);
        return Err(error::placement::refused(&locked.placement, &no));
    }
    let today = known::tenant_in_tx(tx, tenant).await?.zone.local_date(now);
    let facts = StartFacts::read_in_tx(tx, tenant, &locked, today).await?;
    let next_check_time = now.saturating_add(CHECK_AFTER).unwrap_or(now);
    let (placement, invoices) = (&mut locked.placement, &mut locked.invoices);
    let started =
        facts.and_then(|facts| placement.start_hold(invoices, &facts.hold_start(next_check_time)));
    started.map_err(|no| error::placement::refused(&locked.placement, &no))?;
    let saved = locked.save_in_tx(tx, tenant, cause(call, now), &[]).await;
    saved.map_err(|failed| match is_held_elsewhere(&failed) {
        true => error::placement::invoice_placed(placement_id),
        false => failed.into(),
    })
}

/// Drives the placement until its outcome is stored, or the caller waits no more.
async fn drive_to_outcome(
    app: &App,
    call: &Call,
    operation: &Operation,
    placement_id: PlacementId,
) -> Result<Vec<u8>, Refusal> {
    let errand = Errand::from(call);
    loop {
        let driven = drive_placement::drive(app, &errand, call.tenant(), placement_id).await?;
        let mut tx = app.db.begin(call).await?;
        let id = operation.operation_id;
        let found = operations::lock_in_tx(&mut tx, call.tenant(), id).await?;
        tx.commit().await?;
        if let Some(answer) = found.and_then(|operation| operation.answer) {
            return Ok(answer);
        }
        let wait = match driven {
            Driven::NotQuiet(quiet) => until(quiet, app.real_clock.now()),
            Driven::Done => BETWEEN_LOOKS,
        };
        let left = call.deadline().map(Deadline::left);
        if left.is_some_and(|left| left <= wait) {
            return Err(Refusal::deadline());
        }
        tokio::time::sleep(wait).await;
    }
}

/// The caller is not answered: the timer drives the placement on from now.
async fn hand_over(app: &App, call: &Call, placement_id: PlacementId) -> Result<(), Refusal> {
    let (tenant, now) = (call.tenant(), app.clock.now());
    let mut tx = app.db.begin(tenant).await?;
    let placement = store::placement::find_in_tx(&mut tx, tenant, placement_id).await?;
    if placement.is_none_or(|placement| placement.next_check_time.is_none()) {
        return Ok(());
    }
    let (kind, subject) = (drive_placement::KIND, placement_id.uuid());
    let scheduled = timers::schedule_in_tx(&mut tx, tenant, kind, subject, now).await?;
    tx.commit().await?;
    app.wakeups.announce([scheduled]);
    Ok(())
}
