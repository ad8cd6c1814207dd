//! ImportRemittance: an agency's account of what it passes on, whole or not at all unless bad rows may
//! be left out. The same remittance may come again, whole or longer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::agency::{ImportRemittanceRequest, ImportRemittanceResponse};
use contracts::common::{ImportOptions, ImportState, RejectedRow};
use events::append_in_tx;
use jiff::Timestamp;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, FieldViolation, Refusal};
use serde_json::json;
use timers::Scheduled;
use tonic::Streaming;
use uuid::Uuid;

use super::import_rows::{looked_up_in_tx, report_of};
use crate::app::App;
use crate::domain::identity::{ReceiptId, RemittanceId, RemittanceLineId};
use crate::domain::remittance::{Remittance, RemittanceHeader};
use crate::domain::remittance_line::{LineIdentity, RemittanceLine};
use crate::domain::remittance_row::{KnownPlacement, RemittanceRow, RowVerdict, judge_rows};
use crate::events::outbound::announce_all;
use crate::jobs::book_line;
use crate::rpc::wire::remittance::{ReadRow, header_from_wire, remittance_to_wire, row_from_wire};
use crate::rpc::{error, known};
use crate::store;

/// Rows in a message, and in a remittance: they go in together, and wait in memory until then.
const ROWS_A_MESSAGE: usize = 500;
const MOST_ROWS: usize = 20_000;

/// 1. Receive all rows and read them; 2. take the request id, or answer as the first time; 3. under the
///    lock of the agency, by which its remittances are written one after the other, check the head
///    and judge the rows; 4. unless only checking was asked or a bad row stops it, store the lines
///    with a timer each, which books them; 5. store the report as the answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    stream: Streaming<ImportRemittanceRequest>,
) -> Result<Answer<ImportRemittanceResponse>, Refusal> {
    let request = receive(stream).await?;
    let key = call.key(&request)?;
    let call = call.with_request_id(&request.request_id);
    let header = header_from_wire(request.header.as_ref())?;
    let (rows, unreadable) = read(&request);
    let skip_bad = request.options.is_some_and(|options| options.skip_bad);
    // Rows that cannot be read have no sum. Where they stop the import, its report tells of them.
    let comparable = match unreadable.is_empty() || skip_bad {
        true => header.clone(),
        false => header.without_stated_totals(),
    };
    let (now, tenant) = (app.clock.now(), call.tenant());
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let judged = judge_in_tx(&mut tx, tenant, &comparable, &rows, now).await?;
        let bad = judged.rejected.len() + unreadable.len();
        let state = state_of(request.options.unwrap_or_default(), bad > 0);
        let mut scheduled = Vec::new();
        let mut stored = None;
        if state == ImportState::Completed {
            let (head, timers) = keep_in_tx(&mut tx, &call, &header, &judged, now).await?;
            scheduled = timers;
            stored = head;
        }
        let answer = ImportRemittanceResponse {
            report: Some(report_of(
                state,
                request.rows.len(),
                judged.counts(),
                [unreadable.clone(), judged.rejected],
            )),
            remittance: stored.as_ref().map(remittance_to_wire),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        app.wakeups.announce(scheduled);
        Ok(Answer::new(answer))
    })
    .await
}

/// All messages as one, so that its content is what a repeat is compared with.
async fn receive(
    mut stream: Streaming<ImportRemittanceRequest>,
) -> Result<ImportRemittanceRequest, Refusal> {
    let invalid = |field: &str, text: &str| {
        Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, text)])
    };
    let broken =
        |status| Refusal::unavailable("STREAM_BROKEN", Duration::from_secs(1)).caused_by(status);
    let mut whole: Option<ImportRemittanceRequest> = None;
    while let Some(message) = stream.message().await.map_err(broken)? {
        if message.rows.len() > ROWS_A_MESSAGE {
            return Err(invalid("rows", "has more than 500 entries in a message"));
        }
        let is_later =
            !message.request_id.is_empty() || message.options.is_some() || message.header.is_some();
        match &mut whole {
            None => whole = Some(message),
            Some(_) if is_later => {
                return Err(invalid("request_id", "stands in the first message only"));
            }
            Some(whole) => whole.rows.extend(message.rows),
        }
        if whole
            .as_ref()
            .is_some_and(|whole| whole.rows.len() > MOST_ROWS)
        {
            return Err(invalid(
                "rows",
                "has more than 20000 entries: import them in parts",
            ));
        }
    }
    let missing = "is required: a name of your choice for this request";
    whole.ok_or_else(|| invalid("request_id", missing))
}

fn read(request: &ImportRemittanceRequest) -> (Vec<ReadRow>, Vec<RejectedRow>) {
    let (mut rows, mut unreadable) = (Vec::new(), Vec::new());
    for row in &request.rows {
        match row_from_wire(row) {
            Ok(row) => rows.push(row),
            Err(faults) => unreadable.extend(faults),
        }
    }
    (rows, unreadable)
}

fn state_of(options: ImportOptions, bad: bool) -> ImportState {
    match options {
        ImportOptions {
            validate_only: true,
            ..
        } => ImportState::Validated,
        ImportOptions {
            skip_bad: false, ..
        } if bad => ImportState::Refused,
        _ => ImportState::Completed,
    }
}

/// What became of the rows that could be read.
struct Judged {
    before: Option<Remittance>,
    accepted: Vec<(RemittanceRow, KnownPlacement)>,
    unchanged: usize,
    rejected: Vec<RejectedRow>,
}

impl Judged {
    fn counts(&self) -> (usize, usize) {
        (self.accepted.len(), self.unchanged)
    }
}

async fn judge_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    header: &RemittanceHeader,
    read: &[ReadRow],
    now: Timestamp,
) -> Result<Judged, Refusal> {
    let agency_id = header.agency_id;
    let agency = store::agency::lock_in_tx(tx, tenant, agency_id).await?;
    agency.ok_or_else(|| error::agency::not_found(agency_id))?;
    let reference = &header.remittance_reference;
    let id = store::remittance::id_of_reference_in_tx(tx, tenant, agency_id, reference).await?;
    let (mut before, mut lines) = (None, BTreeMap::new());
    if let Some(id) = id {
        before = store::remittance::lock_in_tx(tx, tenant, id).await?;
        lines = store::remittance_line::of_remittance_in_tx(tx, tenant, id).await?;
    }
    let rows = looked_up_in_tx(tx, tenant, agency_id, read).await?;
    let agreements = store::agreement::of_agencies_in_tx(tx, tenant, &[agency_id]).await?;
    header
        .check(&agreements, before.as_ref(), &rows)
        .map_err(|refused| error::remittance::refused(header, &refused))?;
    let today = known::tenant_in_tx(tx, tenant).await?.zone.local_date(now);
    let verdicts = judge_rows(header, &rows, &lines, today);
    let mut judged = Judged {
        before,
        accepted: Vec::new(),
        unchanged: 0,
        rejected: Vec::new(),
    };
    for (row, verdict) in rows.into_iter().zip(verdicts) {
        match verdict {
            RowVerdict::Accepted { placement } => judged.accepted.push((row, placement)),
            RowVerdict::Unchanged => judged.unchanged = judged.unchanged.saturating_add(1),
            RowVerdict::Rejected(faults) => {
                let fault = |fault| error::remittance::row_fault(&row, fault);
                judged.rejected.extend(faults.into_iter().map(fault));
            }
        }
    }
    Ok(judged)
}

/// Stores the lines that are new, and what they add to the remittance.
async fn keep_in_tx(
    tx: &mut Tx,
    call: &Call,
    header: &RemittanceHeader,
    judged: &Judged,
    now: Timestamp,
) -> Result<(Option<Remittance>, Vec<Scheduled>), Refusal> {
    let tenant = call.tenant();
    let fresh = || {
        let id = RemittanceId::new(Uuid::now_v7());
        Remittance::create(id, header, call.actor(), now)
    };
    let mut remittance = judged.before.clone().unwrap_or_else(fresh);
    let (mut lines, mut due) = (Vec::new(), BTreeMap::new());
    for (line_number, (row, placement)) in (remittance.next_line_number()..).zip(&judged.accepted) {
        let identity = LineIdentity {
            remittance_line_id: RemittanceLineId::new(Uuid::now_v7()),
            receipt_id: ReceiptId::new(Uuid::now_v7()),
            line_number,
        };
        due.insert(identity.remittance_line_id.uuid(), now);
        lines.push(RemittanceLine::of_row(
            identity,
            &remittance,
            *placement,
            row,
            now,
        ));
    }
    let told = remittance.add(&lines).map_err(Refusal::internal)?;
    if remittance.line_count == 0 {
        return Ok((None, Vec::new()));
    }
    store::remittance::save_in_tx(tx, tenant, &remittance).await?;
    for line in &lines {
        store::remittance_line::insert_in_tx(tx, tenant, line, now).await?;
    }
    let told = announce_all(tenant, now, &told);
    append_in_tx(tx, tenant, call.traceparent(), &told).await?;
    let facts = json!({ "line_count": lines.len() });
    let subject = format!("remittance/{}", remittance.remittance_id);
    audit::record_in_tx(tx, &call.audit(subject, facts, now)).await?;
    let scheduled = timers::schedule_all_in_tx(tx, tenant, book_line::KIND, &due).await?;
    Ok((Some(remittance), scheduled))
}
