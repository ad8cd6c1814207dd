//! Applies imported receipts as their rows say, some hundreds a round:
//!
//! 1. What an earlier round set aside and has no answer for is asked again first, by the same ids.
//! 2. Otherwise the import's row is locked and the next rows are looked at: what is planned next for
//!    a receipt with money left is set aside; a row with nothing more to ask is counted and
//!    forgotten. With the last of them the import is complete, and the request gets its answer.
//! 3. Invoicing is asked about all that was set aside in one call, and its answers are booked.
//!
//! The request and the timer drive alike; two at once ask about the same ids and get the same
//! answers. What invoicing refuses leaves the receipt recorded and unapplied, and is reported.

use std::sync::Arc;

use calendar::SignedDuration;
use contracts::payments::ImportReceiptsResponse;
use jiff::Timestamp;
use postgres::operations::{self, Operation};
use postgres::{DbError, TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Errand, Refusal};
use serde_json::json;
use timers::{Claim, JobError, Scheduled, Settled};

use super::booking::Receipts;
use super::hand_over::hand_over;
use super::set_aside::{self, SetAside};
use super::{audit_entry, unfinished};
use crate::app::App;
use crate::clients;
use crate::domain::{
    ApplyingRow, ReceiptApplication, ReceiptId, ReceiptImport, ReceiptImportId, ReceiptImportState,
    RowOutcome,
};
use crate::rpc::error;
use crate::rpc::wire::receipt_import::import_to_wire;
use crate::store;
use crate::store::receipt_application::Driver;
use crate::store::receipt_import::StagedRow;

/// The kind of timer; its subject is the import.
pub const KIND: &str = "apply_imported_receipts";

/// Rows that are looked at in one round: their applications are asked in one call.
const ROWS_A_ROUND: i64 = 200;

/// Rounds of one run of the timer, which has to end before its lease does.
const ROUNDS_A_RUN: u32 = 5;

/// After how long the timer looks after an import: by then its request has ended, or is long. A
/// request that fails hands the import over at once.
const WATCHED_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Where an import is after a round.
enum Round {
    /// There may be more to do.
    More,
    /// Every row is done; the encoded answer of the request.
    Done(Vec<u8>),
}

/// Applies what an import whose request was cut short has left.
///
/// # Errors
/// [`JobError`]; what was set aside is asked again by the next run.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let import_id = ReceiptImportId(claim.subject_id);
    for _ in 0..ROUNDS_A_RUN {
        let errand = Errand::of_job(claim.tenant, "");
        let round = round(&app, claim.tenant, import_id, errand).await;
        if let Round::Done(_) = round.map_err(unfinished)? {
            return Ok(Settled::elsewhere());
        }
    }
    let mut tx = app.db.begin(claim.tenant).await?;
    let settled = timers::reschedule_in_tx(&mut tx, &claim, app.clock.now()).await?;
    tx.commit().await?;
    Ok(settled)
}

/// Sets the timer that looks after an import; to be announced after the commit.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn watch_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: ReceiptImportId,
    now: Timestamp,
) -> Result<Scheduled, DbError> {
    timers::schedule_in_tx(tx, tenant, KIND, import_id.0, now + WATCHED_AFTER).await
}

/// Applies all rows of an import and answers its request. What cannot be applied now is handed over
/// to the timer.
///
/// # Errors
/// UNAVAILABLE, ABORTED or DEADLINE_EXCEEDED while invoicing has not answered; the database's.
pub async fn to_the_end(
    app: &App,
    tenant: TenantId,
    import_id: ReceiptImportId,
    errand: Errand,
) -> Result<ImportReceiptsResponse, Refusal> {
    loop {
        match round(app, tenant, import_id, errand.clone()).await {
            Ok(Round::More) => {}
            Ok(Round::Done(answer)) => {
                return ImportReceiptsResponse::decode(answer.as_slice())
                    .map_err(Refusal::internal);
            }
            Err(refusal) => {
                hand_over(app, tenant, KIND, import_id.0).await;
                return Err(refusal);
            }
        }
    }
}

async fn round(
    app: &App,
    tenant: TenantId,
    import_id: ReceiptImportId,
    errand: Errand,
) -> Result<Round, Refusal> {
    let (round, asked) = next(app, tenant, import_id).await?;
    if !asked.is_empty() {
        set_aside::ask(app, tenant, errand, &asked).await?;
    }
    Ok(round)
}

/// One transaction: what is to be asked, or the end.
async fn next(
    app: &App,
    tenant: TenantId,
    import_id: ReceiptImportId,
) -> Result<(Round, Vec<ReceiptApplication>), Refusal> {
    let now = app.clock.now();
    retried(|| async {
        let mut tx = app.db.begin(tenant).await?;
        let locked = store::receipt_import::lock_in_tx(&mut tx, tenant, import_id).await?;
        let Some((mut import, Some(operation_id))) = locked else {
            return Err(Refusal::internal("an import without a row or an operation"));
        };
        let operation = operations::lock_in_tx(&mut tx, tenant, operation_id).await?;
        let operation = operation.ok_or_else(|| Refusal::internal("an operation is gone"))?;
        if let Some(answer) = operation.answer {
            return Ok((Round::Done(answer), Vec::new()));
        }
        let most = i64::try_from(clients::MOST_ITEMS).unwrap_or(i64::MAX);
        let waiting = store::receipt_application::reserved_of_operation_in_tx(
            &mut tx,
            tenant,
            operation_id,
            most,
        );
        let waiting = waiting.await?;
        if !waiting.is_empty() {
            return Ok((Round::More, waiting));
        }
        let looked = look_in_tx(app, &mut tx, tenant, &mut import, &operation).await?;
        let round = match looked {
            None => Round::Done(end_in_tx(&mut tx, &mut import, &operation, now).await?),
            Some(_) => Round::More,
        };
        store::receipt_import::update_in_tx(&mut tx, tenant, &import).await?;
        tx.commit().await?;
        Ok((round, looked.unwrap_or_default()))
    })
    .await
}

/// Looks at the next rows: what was set aside for them; `None` where no row is left.
async fn look_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    import: &mut ReceiptImport,
    operation: &Operation,
) -> Result<Option<Vec<ReceiptApplication>>, Refusal> {
    let import_id = import.receipt_import_id;
    let rows = store::receipt_import::next_rows_in_tx(tx, tenant, import_id, ROWS_A_ROUND).await?;
    if rows.is_empty() {
        return Ok(None);
    }
    let receipt_ids: Vec<ReceiptId> = rows.iter().map(|row| row.receipt_id).collect();
    let mut receipts = store::receipt::lock_all_in_tx(tx, tenant, &receipt_ids).await?;
    let (mut aside, mut going_on, mut done) = (Vec::new(), Vec::new(), Vec::new());
    for mut row in rows {
        let ids = &row.applying.application_ids;
        let made = match ids.as_slice() {
            [] => Vec::new(),
            ids => store::receipt_application::find_all_in_tx(tx, tenant, ids).await?,
        };
        match step(app, &mut row, &made, &mut receipts, operation)? {
            Ok(reserved) => {
                let made = reserved.application.application_id;
                row.applying.application_ids.push(made);
                aside.push(reserved);
                going_on.push(row);
            }
            Err(outcome) => {
                import.count(
                    row.row_number,
                    &row.external_id,
                    &row.applying.field,
                    outcome,
                );
                done.push(row.row_number);
            }
        }
    }
    set_aside::store_in_tx(tx, tenant, &receipts, &aside, app.clock.now()).await?;
    store::receipt_import::update_rows_in_tx(tx, tenant, import_id, &going_on).await?;
    store::receipt_import::forget_rows_in_tx(tx, tenant, import_id, &done).await?;
    Ok(Some(aside.into_iter().map(|one| one.application).collect()))
}

/// Sets aside what is asked next for a row, or tells what came of it. Money that a person moved
/// meanwhile is left as they left it.
fn step(
    app: &App,
    row: &mut StagedRow,
    made: &[ReceiptApplication],
    receipts: &mut Receipts,
    operation: &Operation,
) -> Result<Result<SetAside, RowOutcome>, Refusal> {
    let receipt = receipts.get_mut(&row.receipt_id);
    let receipt = receipt.ok_or_else(|| Refusal::internal("a row without its receipt"))?;
    let Some(next) = row.applying.next(made) else {
        return Ok(Err(ApplyingRow::outcome(made)));
    };
    let driver = Driver {
        operation_id: Some(operation.operation_id),
        bank_line_id: None,
    };
    let customer_id = row.applying.customer_id;
    let reserved = app.stamped(|stamp| {
        let order = next.order(None, customer_id, stamp);
        SetAside::reserve(receipt, order, driver, stamp)
    });
    Ok(
        reserved.map_err(|refused| match ApplyingRow::outcome(made) {
            RowOutcome::Applied => RowOutcome::Applied,
            RowOutcome::Refused(..) => {
                let refusal = error::receipt_refused(receipt.receipt_id, &refused, "receipt_date");
                RowOutcome::Refused(refusal.reason().to_owned(), refused.to_string())
            }
        }),
    )
}

/// Completes the import and answers its request.
async fn end_in_tx(
    tx: &mut Tx,
    import: &mut ReceiptImport,
    operation: &Operation,
    now: Timestamp,
) -> Result<Vec<u8>, Refusal> {
    let (tenant, import_id) = (operation.tenant, import.receipt_import_id);
    if import.state == ReceiptImportState::Applying {
        import.complete(now);
    }
    let answer = import_to_wire(import).encode_to_vec();
    operations::finish_in_tx(tx, operation, &answer, now).await?;
    timers::cancel_in_tx(tx, tenant, KIND, import_id.0).await?;
    let facts = json!({ "applied_count": import.applied_count });
    let subject = format!("receipt_import/{}", import_id.0);
    let entry = audit_entry(tenant, KIND, subject, facts, ("", now));
    audit::record_in_tx(tx, &entry).await?;
    Ok(answer)
}
