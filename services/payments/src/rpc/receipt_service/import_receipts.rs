//! ImportReceipts: receipts of another system, whole or not at all unless bad rows may be left out.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use contracts::common::ImportOptions;
use contracts::payments::{ImportReceiptsRequest, ImportReceiptsResponse};
use events::append_in_tx;
use jiff::Timestamp;
use postgres::idempotency::Key;
use postgres::operations::{self, Operation, Started};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Errand, FieldViolation, Refusal};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tonic::Streaming;

use super::import_rows::{Judged, Known, NewRow, judge};
use crate::app::App;
use crate::domain::{
    ApplyingRow, Coded as _, CustomerId, DomainEvent, Receipt, ReceiptEntry, ReceiptImport,
    ReceiptImportId, ReceiptImportState, RowReport, lookup_keys,
};
use crate::events::outbound::{announce, announce_cash};
use crate::jobs::apply_imported_receipts;
use crate::rpc::error;
use crate::rpc::known::{caught_up, today_in_tx, until_known};
use crate::rpc::wire::receipt_import::{
    BroughtRow, CustomerKey, RowTarget, import_to_wire, rows_from_wire,
};
use crate::store;
use crate::store::receipt_import::StagedRow;

/// What kind of operation an import is.
const KIND: &str = "import_receipts";

/// Rows in a message.
const ROWS_A_MESSAGE: usize = 500;
/// Rows in an import: they are recorded together, and wait in memory until then.
const MOST_ROWS: usize = 20_000;
/// Rows that one statement writes.
const ROWS_A_STATEMENT: usize = 500;

/// What the operation of an import keeps.
#[derive(Debug, Serialize, Deserialize)]
struct Progress {
    receipt_import_id: ReceiptImportId,
}

/// What the caller brings.
struct Brought {
    options: ImportOptions,
    row_count: usize,
    rows: Vec<BroughtRow>,
    unreadable: Vec<RowReport>,
}

/// 1. Receive all rows and read them; 2. hear all that was told of customers and invoices; 3. start
///    the operation of the request, or find it; 4. of a new one judge all rows against what is there
///    and, unless only checking was asked or a bad row stops it, record all receipts in the same
///    transaction: whole or not at all; 5. apply them as their rows say, some hundreds asked of
///    invoicing at a time.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    stream: Streaming<ImportReceiptsRequest>,
) -> Result<Answer<ImportReceiptsResponse>, Refusal> {
    let request = receive(stream).await?;
    let key = call.key(&request)?;
    let call = call.with_request_id(&request.request_id);
    let (rows, unreadable) = rows_from_wire(&request.rows);
    let brought = Brought {
        options: request.options.unwrap_or_default(),
        row_count: request.rows.len(),
        rows,
        unreadable,
    };
    caught_up(&app, &call).await;
    let started = until_known(|| start(&app, &call, &key, &brought)).await;
    let operation = match started? {
        Started::New(operation) => operation,
        Started::Existing(Operation {
            answer: Some(answer),
            ..
        }) => return Ok(Answer::replayed(answer)),
        Started::Existing(operation) => operation,
    };
    if let Some(answer) = operation.answer {
        let answer = ImportReceiptsResponse::decode(answer.as_slice());
        return Ok(Answer::new(answer.map_err(Refusal::internal)?));
    }
    let progress: Progress =
        serde_json::from_value(operation.progress).map_err(Refusal::internal)?;
    let (import_id, errand) = (progress.receipt_import_id, Errand::from(&call));
    let applied = apply_imported_receipts::to_the_end(&app, call.tenant(), import_id, errand).await;
    Ok(Answer::new(applied?))
}

/// All messages as one, so that its content is what a repeat is compared with.
async fn receive(
    mut stream: Streaming<ImportReceiptsRequest>,
) -> Result<ImportReceiptsRequest, Refusal> {
    let invalid = |field: &str, text: &str| {
        Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, text)])
    };
    let broken =
        |status| Refusal::unavailable("STREAM_BROKEN", Duration::from_secs(1)).caused_by(status);
    let mut whole: Option<ImportReceiptsRequest> = None;
    while let Some(message) = stream.message().await.map_err(broken)? {
        if message.rows.len() > ROWS_A_MESSAGE {
            return Err(invalid("rows", "has more than 500 entries in a message"));
        }
        let whole = match &mut whole {
            None => whole.insert(message),
            Some(_) if !message.request_id.is_empty() || message.options.is_some() => {
                return Err(invalid("request_id", "stands in the first message only"));
            }
            Some(whole) => {
                whole.rows.extend(message.rows);
                whole
            }
        };
        if whole.rows.len() > MOST_ROWS {
            let text = "has more than 20000 entries: import them in parts";
            return Err(invalid("rows", text));
        }
    }
    let text = "is required: a name of your choice for this request";
    whole.ok_or_else(|| invalid("request_id", text))
}

async fn start(app: &App, call: &Call, key: &Key, brought: &Brought) -> Result<Started, Refusal> {
    let (now, tenant) = (app.clock.now(), call.tenant());
    let import_id = app.stamped(|stamp| ReceiptImportId(stamp.id()));
    let progress = Progress {
        receipt_import_id: import_id,
    };
    let progress = serde_json::to_value(progress).map_err(Refusal::internal)?;
    retried(|| async {
        let mut tx = app.db.begin(call).await?;
        let mut operation =
            match operations::start_in_tx(&mut tx, key, KIND, &progress, now).await? {
                Started::Existing(operation) => return Ok(Started::Existing(operation)),
                Started::New(operation) => operation,
            };
        let known = known_in_tx(app, &mut tx, tenant, &brought.rows).await?;
        let judged = judge(&brought.rows, brought.unreadable.clone(), &known);
        let import = import_of(import_id, brought, &judged, now);
        let id = operation.operation_id;
        store::receipt_import::insert_in_tx(&mut tx, tenant, &import, id).await?;
        let mut watched = None;
        if import.state == ReceiptImportState::Applying {
            record_in_tx(app, &mut tx, call, import_id, judged.new, &known).await?;
            let due = apply_imported_receipts::watch_in_tx(&mut tx, tenant, import_id, now);
            watched = Some(due.await?);
        } else {
            let answer = import_to_wire(&import).encode_to_vec();
            operations::finish_in_tx(&mut tx, &operation, &answer, now).await?;
            operation.answer = Some(answer);
        }
        let facts = json!({ "state": import.state.code(), "row_count": import.row_count });
        let subject = format!("receipt_import/{}", import_id.0);
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        tx.commit().await?;
        app.wakeups.announce(watched);
        Ok(Started::New(operation))
    })
    .await
}

fn import_of(
    receipt_import_id: ReceiptImportId,
    brought: &Brought,
    judged: &Judged,
    now: Timestamp,
) -> ReceiptImport {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let state = if judged.rejected_count > 0 && !brought.options.skip_bad {
        ReceiptImportState::Refused
    } else if brought.options.validate_only {
        ReceiptImportState::Validated
    } else {
        ReceiptImportState::Applying
    };
    ReceiptImport {
        receipt_import_id,
        state,
        row_count: count(brought.row_count),
        imported_count: count(judged.new.len()),
        unchanged_count: count(judged.unchanged_count),
        rejected_count: count(judged.rejected_count),
        applied_count: 0,
        rejected_rows: judged.rejected.clone(),
        refused_applications: Vec::new(),
        created_time: now,
        ended_time: (state != ReceiptImportState::Applying).then_some(now),
    }
}

/// What the database knows of what the rows name.
async fn known_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    rows: &[BroughtRow],
) -> Result<Known, Refusal> {
    let (mut ids, mut names) = (BTreeSet::new(), Vec::new());
    let (mut external_ids, mut numbers, mut quotes) = (Vec::new(), Vec::new(), BTreeSet::new());
    for row in rows {
        match &row.customer {
            Some(CustomerKey::Id(id)) => drop(ids.insert(*id)),
            Some(CustomerKey::External(id)) => names.push(id.clone()),
            None => {}
        }
        match &row.target {
            Some(RowTarget::ExternalIds(names)) => external_ids.extend(names.iter().cloned()),
            Some(RowTarget::Numbers(names)) => numbers.extend(names.iter().cloned()),
            Some(RowTarget::Rule(rule)) if rule.asks_for_references() => {
                quotes.extend(lookup_keys(&row.remittance));
            }
            Some(RowTarget::Rule(_)) | None => {}
        }
    }
    let of_rows: Vec<String> = rows.iter().map(|row| row.external_id.clone()).collect();
    let receipts = store::receipt::by_external_ids_in_tx(tx, tenant, &of_rows).await?;
    let customers = store::customer::find_all_in_tx(tx, tenant, &ids).await?;
    let customers: BTreeSet<CustomerId> = customers.iter().map(|one| one.customer_id).collect();
    let named_customers = store::customer::by_external_ids_in_tx(tx, tenant, &names).await?;
    let mut invoices = store::invoice::named_in_tx(tx, tenant, &external_ids, &numbers).await?;
    invoices.extend(store::invoice::by_references_in_tx(tx, tenant, &quotes).await?);
    invoices.sort_by_key(|invoice| invoice.invoice_id);
    invoices.dedup_by_key(|invoice| invoice.invoice_id);
    let today = today_in_tx(app, tx, tenant).await?;
    Ok(Known {
        today,
        receipts,
        customers,
        named_customers,
        invoices,
    })
}

/// Records the receipts, and stages what is to be applied of them.
async fn record_in_tx(
    app: &App,
    tx: &mut Tx,
    call: &Call,
    import_id: ReceiptImportId,
    rows: Vec<NewRow>,
    known: &Known,
) -> Result<(), Refusal> {
    let (mut recorded, mut staged) = (Vec::new(), Vec::new());
    for row in rows {
        let made = app.stamped(|stamp| Receipt::record(row.receipt, known.today, stamp));
        let (receipt, entry) = made.map_err(Refusal::internal)?;
        if !row.planned.is_empty() {
            staged.push(StagedRow {
                row_number: row.row_number,
                external_id: row.external_id,
                receipt_id: receipt.receipt_id,
                applying: ApplyingRow {
                    field: row.field.to_owned(),
                    customer_id: receipt.customer_id,
                    application_ids: Vec::new(),
                    planned: row.planned,
                },
            });
        }
        recorded.push((receipt, entry));
    }
    for recorded in recorded.chunks(ROWS_A_STATEMENT) {
        store_in_tx(app, tx, call, recorded).await?;
    }
    for staged in staged.chunks(ROWS_A_STATEMENT) {
        store::receipt_import::stage_in_tx(tx, call.tenant(), import_id, staged).await?;
    }
    Ok(())
}

async fn store_in_tx(
    app: &App,
    tx: &mut Tx,
    call: &Call,
    recorded: &[(Receipt, ReceiptEntry)],
) -> Result<(), Refusal> {
    let (tenant, now) = (call.tenant(), app.clock.now());
    let (stored, cash) = store::ledger::record_in_tx(tx, tenant, recorded).await?;
    if stored.len() != recorded.len() {
        // Somebody recorded one of them since it was judged; the next try judges anew.
        return Err(error::lost_race());
    }
    let told = recorded
        .iter()
        .map(|(receipt, _)| announce(now, &DomainEvent::ReceiptRecorded { receipt }));
    let mut told: Vec<_> = told.collect();
    told.extend(announce_cash(now, &cash));
    Ok(append_in_tx(tx, tenant, call.traceparent(), &told).await?)
}
