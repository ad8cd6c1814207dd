//! PlaceHold: debts are taken out of our hands for an agency (P19).

use std::collections::BTreeSet;
use std::sync::Arc;

use contracts::convert::instant_to_wire;
use contracts::reminders::place_hold_request::Key;
use contracts::reminders::{PlaceHoldRequest, PlaceHoldResponse};
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations, fault};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::hold::{Hold, HoldReason};
use crate::domain::id::{CaseId, CustomerId, HoldId, InvoiceId, PlacementId};
use crate::domain::placement_hold::{HoldPlacement, PlaceHold, Quiet, place, quiet};
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::hold::hold_to_wire;
use crate::store;
use crate::store::case_file::CaseFile;

/// The case, by its identity or the customer's.
enum Which {
    Case(CaseId),
    Customer(CustomerId),
}

/// What is asked for.
struct Asked {
    which: Which,
    placement_id: PlacementId,
    invoice_ids: BTreeSet<InvoiceId>,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the case's row, as every
///    sender does, place the hold and raise the epoch; 4. tell the latest end of a lease under which a
///    message may still be on its way.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: PlaceHoldRequest,
) -> Result<Answer<PlaceHoldResponse>, Refusal> {
    let asked = parsed(&request)?;
    let key = call.key(&request)?;
    let now = app.clock.now();
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let mut file = opened_in_tx(&mut tx, &app, &call, &asked.which).await?;
        let placed = place_in_tx(&mut tx, &mut file, &asked, call.caller()).await?;
        let quiet = quiet_in_tx(&mut tx, &file).await?;
        let answer = answer(&placed.hold, &file, quiet);
        let facts = json!({ "placement_id": asked.placement_id, "hold_id": placed.hold.hold_id });
        if let Some(event) = placed.event {
            file.add_hold_in_tx(&mut tx, placed.hold, event).await?;
        }
        let entry = call.audit(format!("case/{}", file.case.case_id), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        fault::point("reminders.place_hold.before_commit");
        tx.commit().await?;
        fault::point("reminders.place_hold.committed");
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

async fn opened_in_tx(
    tx: &mut Tx,
    app: &App,
    call: &Call,
    which: &Which,
) -> Result<CaseFile, Refusal> {
    let (tenant, now) = (call.tenant(), app.clock.now());
    match which {
        Which::Case(case_id) => {
            let file = CaseFile::lock_in_tx(tx, tenant, *case_id, now).await?;
            file.ok_or_else(|| error::contact::case_not_found(*case_id))
        }
        Which::Customer(customer_id) => {
            let file = CaseFile::lock_of_customer_in_tx(tx, tenant, *customer_id, now).await?;
            file.ok_or_else(|| error::contact::case_of_customer_not_found(*customer_id))
        }
    }
}

async fn place_in_tx(
    tx: &mut Tx,
    file: &mut CaseFile,
    asked: &Asked,
    by: &str,
) -> Result<HoldPlacement, Refusal> {
    let (tenant, subject) = (file.tenant, asked.placement_id.uuid());
    let own = store::hold::of_subject_in_tx(tx, tenant, HoldReason::Placement, subject).await?;
    let original = match own.first() {
        Some(hold) => store::hold::original_invoices_in_tx(tx, tenant, hold.hold_id).await?,
        None => BTreeSet::new(),
    };
    let ended = own.into_iter().filter(|hold| hold.ended.is_some());
    let holds: Vec<Hold> = file.holds.iter().cloned().chain(ended).collect();
    let named: Vec<InvoiceId> = asked.invoice_ids.iter().copied().collect();
    file.look_up_in_tx(tx, &named).await?;
    let known: BTreeSet<InvoiceId> = file.invoices.iter().map(|one| one.invoice_id).collect();
    let asked = PlaceHold {
        hold_id: HoldId::new(Uuid::now_v7()),
        placement_id: asked.placement_id,
        invoice_ids: asked.invoice_ids.clone(),
        by: by.to_owned(),
        at: file.now,
    };
    let placed = place(&mut file.case, asked, &holds, &original, &known);
    placed.map_err(error::placement_hold::refused)
}

/// Real time, by the clock of the leases.
async fn quiet_in_tx(tx: &mut Tx, file: &CaseFile) -> Result<Quiet, Refusal> {
    let case_id = file.case.case_id;
    let live = store::message::live_of_case_in_tx(tx, file.tenant, case_id).await?;
    let now_real = store::message::real_time_in_tx(tx).await?;
    Ok(quiet(&live, now_real))
}

fn answer(hold: &Hold, file: &CaseFile, quiet: Quiet) -> PlaceHoldResponse {
    PlaceHoldResponse {
        hold: Some(hold_to_wire(hold)),
        case_epoch: file.case.epoch,
        quiet_time: quiet.quiet_time.map(instant_to_wire),
        in_flight_count: i32::try_from(quiet.in_flight_count).unwrap_or(i32::MAX),
    }
}

fn parsed(request: &PlaceHoldRequest) -> Result<Asked, Refusal> {
    let mut violations = Violations::new();
    let noted = &mut violations;
    let which = match &request.key {
        Some(Key::CaseId(id)) => field::id(noted, "case_id", id, CaseId::new).map(Which::Case),
        Some(Key::CustomerId(id)) => {
            field::id(noted, "customer_id", id, CustomerId::new).map(Which::Customer)
        }
        None => noted.required("case_id", None),
    };
    let placement = &request.placement_id;
    let placement_id = field::id(noted, "placement_id", placement, PlacementId::new);
    let named = &request.invoice_ids;
    noted.check(!named.is_empty(), "invoice_ids", "is required");
    let invoice_ids = field::ids(noted, "invoice_ids", named, InvoiceId::new);
    let (which, placement_id, invoice_ids) =
        violations.complete((which, placement_id, invoice_ids))?;
    Ok(Asked {
        which,
        placement_id,
        invoice_ids,
    })
}
