//! ImportInvoices: what another system issued, whole or not at all unless bad rows may be left out.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::common::{ImportOptions, ImportReport, ImportState};
use contracts::invoicing::{ImportInvoicesRequest, ImportInvoicesResponse};
use jiff::Timestamp;
use opentelemetry::KeyValue;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use tonic::Streaming;

use super::import_customers::{await_customers, customers_in_tx};
use super::import_issue::issue_in_tx;
use super::import_judge::{Judged, Known, judge};
use super::import_receive::receive;
use super::import_rows::{Row, read};
use crate::app::App;
use crate::domain::{Invoice, InvoiceId};
use crate::rpc::business_day::today_in_tx;
use crate::rpc::heard::until_heard;
use crate::store;

/// Faults that are told.
const MOST_TOLD: usize = 10_000;

/// 1. Receive all rows and read them; 2. unless it was done before, wait for the customers they name,
///    as long as any come; 3. take the request id, or answer as the first time; 4. while nobody adds
///    a series, judge all rows against what is there; 5. unless only checking was asked or a bad row
///    stops it, issue them and tell them; 6. store the report as the answer. One transaction: whole
///    or not at all.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    stream: Streaming<ImportInvoicesRequest>,
) -> Result<Answer<ImportInvoicesResponse>, Refusal> {
    let request = receive(stream).await?;
    let key = call.key(&request)?;
    let call = call.with_request_id(&request.request_id);
    let options = request.options.unwrap_or_default();
    let (rows, unreadable) = read(&request.rows);
    let now = app.clock.now();
    let tenant = call.tenant();
    let import_id = app.stamped(|stamp| stamp.id());
    if idempotency::stored(&app.db, &key).await?.is_none() {
        await_customers(&app, &call, &rows).await?;
    }
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let known = known_in_tx(&mut tx, tenant, &rows, now).await?;
        let mut judged = app.stamped(|stamp| judge(&rows, unreadable.clone(), &known, stamp));
        let state = state_of(options, &judged);
        let report = report(state, request.rows.len(), &mut judged);
        let mut issued = 0;
        if state == ImportState::Completed {
            issued = u64::try_from(judged.accepted.len()).unwrap_or_default();
            issue_in_tx(&app, &mut tx, &call, judged.accepted, now).await?;
            let facts = json!({ "imported_count": report.imported_count });
            let entry = call.audit(format!("invoice_import/{import_id}"), facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        let answer = ImportInvoicesResponse {
            report: Some(ImportReport {
                import_id: import_id.to_string(),
                ..report
            }),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        let imported = KeyValue::new("imported", true);
        app.metrics.issued_invoices.add(issued, &[imported]);
        Ok(Answer::new(answer))
    })
    .await
}

async fn known_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: &[Row],
    now: Timestamp,
) -> Result<Known, Refusal> {
    let numbers = rows.iter().filter_map(|row| row.invoice_number.clone());
    let numbers: Vec<String> = numbers.collect();
    Ok(Known {
        today: today_in_tx(tx, tenant, now).await?,
        // Before the numbers are looked at: no series comes to be after they were compared.
        series: store::number_series::all_held_in_tx(tx, tenant, now).await?,
        customers: customers_in_tx(tx, tenant, rows).await?,
        numbers: store::invoice::numbers_taken_in_tx(tx, tenant, &numbers).await?,
        invoices: invoices_in_tx(tx, tenant, rows).await?,
    })
}

async fn invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: &[Row],
) -> Result<BTreeMap<String, Invoice>, Refusal> {
    let external_ids: Vec<String> = rows.iter().map(|row| row.external_id.clone()).collect();
    let found = store::invoice::external_ids_in_tx(tx, tenant, &external_ids).await?;
    let ids: Vec<InvoiceId> = found.into_values().collect();
    let found = store::invoice::load_in_tx(tx, tenant, &ids).await?;
    let by_external_id = |one: Invoice| one.external_id.clone().map(|id| (id, one));
    Ok(found.into_iter().filter_map(by_external_id).collect())
}

fn state_of(options: ImportOptions, judged: &Judged) -> ImportState {
    if !judged.rejected.is_empty() && !options.skip_bad {
        ImportState::Refused
    } else if options.validate_only {
        ImportState::Validated
    } else {
        ImportState::Completed
    }
}

fn report(state: ImportState, row_count: usize, judged: &mut Judged) -> ImportReport {
    // At most as many as rows were received.
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let imported = match state {
        ImportState::Refused | ImportState::Unspecified => 0,
        ImportState::Validated | ImportState::Completed => judged.accepted.len(),
    };
    let good = judged.accepted.len().saturating_add(judged.unchanged_count);
    let mut rejected_rows = std::mem::take(&mut judged.rejected);
    rejected_rows.truncate(MOST_TOLD);
    ImportReport {
        import_id: String::new(),
        state: state.into(),
        row_count: count(row_count),
        imported_count: count(imported),
        unchanged_count: count(judged.unchanged_count),
        rejected_count: count(row_count.saturating_sub(good)),
        rejected_rows,
    }
}
