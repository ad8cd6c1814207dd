//! PlaceManualHold: a case, or some of its invoices, is left alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use calendar::Date;
use contracts::reminders::{PlaceManualHoldRequest, PlaceManualHoldResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::domain::hold::{Hold, HoldReason, HoldScope, NewHold};
use crate::domain::id::{CaseId, HoldId, InvoiceId};
use crate::rpc::about::named_in_tx;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::hold::{hold_to_wire, reason_from_wire};
use crate::store::case_file::CaseFile;

/// What is asked for.
struct Asked {
    case_id: CaseId,
    invoice_ids: BTreeSet<InvoiceId>,
    reason: HoldReason,
    end_date: Option<Date>,
    note: String,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. under the lock of the case, which
///    every sender takes, place the hold and take back the tasks it bears on; 4. plan the case anew.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: PlaceManualHoldRequest,
) -> Result<Answer<PlaceManualHoldResponse>, Refusal> {
    let asked = parsed(&request)?;
    let key = call.key(&request)?;
    let (tenant, now) = (call.tenant(), app.clock.now());
    let done = retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let begun = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok((Answer::replayed(stored), None)),
            Begun::First(begun) => begun,
        };
        let file = CaseFile::lock_in_tx(&mut tx, tenant, asked.case_id, now).await?;
        let mut file = file.ok_or_else(|| error::contact::case_not_found(asked.case_id))?;
        let named = named_in_tx(&mut tx, &mut file, &asked.invoice_ids).await?;
        let scope = match named.is_empty() {
            true => HoldScope::Case,
            false => HoldScope::Invoices(named.into_iter().collect()),
        };
        let new = NewHold {
            hold_id: HoldId::new(Uuid::now_v7()),
            scope,
            reason: asked.reason,
            end_date: asked.end_date,
            note: asked.note.clone(),
            by: call.actor().to_owned(),
            at: now,
        };
        let placed = Hold::place_by_person(&file.case, new, file.today());
        let (hold, event) = placed.map_err(error::hold::refused)?;
        let answer = PlaceManualHoldResponse {
            hold: Some(hold_to_wire(&hold)),
        };
        let facts = json!({ "hold_id": hold.hold_id, "reason": hold.reason.name() });
        file.add_hold_in_tx(&mut tx, hold, event).await?;
        let entry = call.audit(format!("case/{}", asked.case_id), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let scheduled = file.save_in_tx(&mut tx, call.traceparent()).await?;
        begun.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok::<_, Refusal>((Answer::new(answer), scheduled))
    })
    .await;
    let (answer, scheduled) = done?;
    app.wakeups.announce(scheduled);
    Ok(answer)
}

fn parsed(request: &PlaceManualHoldRequest) -> Result<Asked, Refusal> {
    let mut violations = Violations::new();
    let case_id = field::id(&mut violations, "case_id", &request.case_id, CaseId::new);
    let invoices = &request.invoice_ids;
    let invoices = field::ids(&mut violations, "invoice_ids", invoices, InvoiceId::new);
    let reason = violations.required("reason", reason_from_wire(request.reason()));
    let end = request.end_date.as_ref();
    let end = field::optional_date(&mut violations, "end_date", end);
    let note = field::required_note(&mut violations, "note", &request.note, 2000);
    let values = (case_id, invoices, reason, end, note);
    let (case_id, invoice_ids, reason, end_date, note) = violations.complete(values)?;
    Ok(Asked {
        case_id,
        invoice_ids,
        reason,
        end_date,
        note,
    })
}
