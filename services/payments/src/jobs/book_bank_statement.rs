//! Books the lines of a statement that was received: what came in as a receipt too, each line
//! exactly once (P7), whatever other import brings it at this moment.
//!
//! 1. The import's row is locked: one at a time drives it on, the request or the timer.
//! 2. The next lines are taken out of those that wait, and stored unless they are there already.
//! 3. What is new and came in is recorded as a receipt of nobody yet, in the same transaction.
//! 4. With the last of them the statement is booked: until when the account is known is told, the
//!    request gets its answer, and matching is set going.
//!
//! Must not match: that asks invoicing, which may be away.

use std::sync::Arc;

use calendar::SignedDuration;
use contracts::payments::ImportBankStatementResponse;
use events::{NewEvent, append_in_tx};
use jiff::Timestamp;
use postgres::operations::{self, Operation};
use postgres::{DbError, TenantId, Tx, retried};
use prost::Message as _;
use runtime::Refusal;
use timers::{Claim, JobError, Scheduled, Settled};

use super::hand_over::hand_over;
use super::{match_bank_lines, unfinished};
use crate::app::App;
use crate::domain::{
    BankLine, BankStatementImport, BankStatementImportId, BankStatementImportState, DomainEvent,
    Receipt, ReceiptEntry,
};
use crate::events::outbound::announce;
use crate::rpc::wire::bank_statement::import_to_wire;
use crate::store;

/// The kind of timer; its subject is the import.
pub const KIND: &str = "book_bank_statement";

/// Lines that are booked in one transaction.
const LINES_A_TRANSACTION: usize = 500;

/// After how long the timer looks after an import: by then its request has ended, or is long. A
/// request that fails hands the import over at once.
const WATCHED_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// Transactions of one run of the timer, which has to end before its lease does.
const TRANSACTIONS_A_RUN: u32 = 10;

/// How far one transaction got.
enum Step {
    /// There may be more to book.
    More,
    /// All is booked; the encoded answer of the request.
    Done(Vec<u8>),
}

/// Books what an import whose request was cut short has left.
///
/// # Errors
/// [`JobError`]; what was booked stays booked.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let import_id = BankStatementImportId(claim.subject_id);
    let done = some(&app, claim.tenant, import_id).await;
    if done.map_err(unfinished)? {
        return Ok(Settled::elsewhere());
    }
    let mut tx = app.db.begin(claim.tenant).await?;
    let settled = timers::reschedule_in_tx(&mut tx, &claim, app.clock.now()).await?;
    tx.commit().await?;
    Ok(settled)
}

/// Whether all is booked after some transactions.
async fn some(
    app: &App,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<bool, Refusal> {
    for _ in 0..TRANSACTIONS_A_RUN {
        if let Step::Done(_) = next(app, tenant, import_id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Sets the timer that looks after an import; to be announced after the commit.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn watch_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
    now: Timestamp,
) -> Result<Scheduled, DbError> {
    timers::schedule_in_tx(tx, tenant, KIND, import_id.0, now + WATCHED_AFTER).await
}

/// Books all lines of an import and answers its request. What cannot be booked now is handed over to
/// the timer.
///
/// # Errors
/// The database's.
pub async fn to_the_end(
    app: &App,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<ImportBankStatementResponse, Refusal> {
    loop {
        match next(app, tenant, import_id).await {
            Ok(Step::More) => {}
            Ok(Step::Done(answer)) => {
                let answer = ImportBankStatementResponse::decode(answer.as_slice());
                return answer.map_err(Refusal::internal);
            }
            Err(refusal) => {
                hand_over(app, tenant, KIND, import_id.0).await;
                return Err(refusal);
            }
        }
    }
}

/// One transaction.
async fn next(
    app: &App,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Step, Refusal> {
    let now = app.clock.now();
    retried(|| async {
        let mut tx = app.db.begin(tenant).await?;
        let import = store::bank_statement_import::lock_in_tx(&mut tx, tenant, import_id).await?;
        let mut import = import.ok_or_else(|| Refusal::internal("an import without a row"))?;
        if import.state != BankStatementImportState::Booking {
            return answered_in_tx(&mut tx, tenant, import_id)
                .await
                .map(Step::Done);
        }
        let (mut told, all_booked) = book_in_tx(app, &mut tx, tenant, &mut import).await?;
        if !import.go_on(all_booked, now) {
            store::bank_statement_import::update_in_tx(&mut tx, tenant, &import).await?;
            append_in_tx(&mut tx, tenant, "", &told).await?;
            tx.commit().await?;
            return Ok(Step::More);
        }
        store::bank_statement_import::update_in_tx(&mut tx, tenant, &import).await?;
        told.extend(known_until_in_tx(&mut tx, tenant, &import, now).await?);
        append_in_tx(&mut tx, tenant, "", &told).await?;
        let answer = answer_in_tx(&mut tx, tenant, &import, now).await?;
        let matching = hand_over_in_tx(&mut tx, tenant, &import, now).await?;
        tx.commit().await?;
        app.wakeups.announce(matching);
        Ok(Step::Done(answer))
    })
    .await
}

/// Books the next lines. What there is to tell, and whether none is left.
async fn book_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    import: &mut BankStatementImport,
) -> Result<(Vec<NewEvent>, bool), Refusal> {
    let import_id = import.bank_statement_import_id;
    let account = import.bank_account_id;
    let account = store::bank_account::find_in_tx(tx, tenant, account).await?;
    let account = account.ok_or_else(|| Refusal::internal("an import of no account"))?;
    let limit = LINES_A_TRANSACTION;
    let taken = store::import_row::take_lines_in_tx(tx, tenant, import_id, limit).await?;
    let (taken_count, mut lines, mut receipts) = (taken.len(), Vec::new(), Vec::new());
    for (line, key) in taken {
        let booked = app.stamped(|stamp| BankLine::book(line, key, import_id, &account, stamp));
        lines.push(booked.0);
        receipts.push(booked.1);
    }
    let new = store::bank_line::insert_all_in_tx(tx, tenant, &lines).await?;
    let mut recorded: Vec<(Receipt, ReceiptEntry)> = Vec::new();
    for (line, receipt) in lines.iter().zip(receipts) {
        if !new.contains(&line.bank_line_id) {
            import.duplicate_count += 1;
            continue;
        }
        import.count_new(line).map_err(Refusal::internal)?;
        if let Some(receipt) = receipt {
            // What day it is does not matter: a bank may value money later than it books it.
            let today = receipt.receipt_date;
            let kept = app.stamped(|stamp| Receipt::record(receipt, today, stamp));
            recorded.push(kept.map_err(Refusal::internal)?);
        }
    }
    let (stored, _) = store::ledger::record_in_tx(tx, tenant, &recorded).await?;
    if stored.len() != recorded.len() {
        return Err(Refusal::internal(
            "a receipt of a new line is there already",
        ));
    }
    let now = app.clock.now();
    let told = recorded
        .iter()
        .map(|(receipt, _)| announce(now, &DomainEvent::ReceiptRecorded { receipt }));
    Ok((told.collect(), taken_count < limit))
}

/// Until when the account is known now, and what there is to tell of it; nothing of a file without a
/// good row.
async fn known_until_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import: &BankStatementImport,
    now: Timestamp,
) -> Result<Option<NewEvent>, Refusal> {
    let Some((_, until)) = import.booking_dates else {
        return Ok(None);
    };
    let account = import.bank_account_id;
    let account = store::bank_account::lock_in_tx(tx, tenant, account).await?;
    let mut account = account.ok_or_else(|| Refusal::internal("an import of no account"))?;
    account.statement_booked(until);
    store::bank_account::update_in_tx(tx, tenant, &account).await?;
    let event = DomainEvent::BankStatementBooked {
        account: &account,
        bank_statement_import_id: import.bank_statement_import_id,
        statements_until_date: account.statements_until_date.unwrap_or(until),
        new_count: import.lines.new_count(),
        credit_amount: import.credit_amount,
    };
    Ok(Some(announce(now, &event)))
}

/// Answers the request that brought the import.
async fn answer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import: &BankStatementImport,
    now: Timestamp,
) -> Result<Vec<u8>, Refusal> {
    let operation = operation_in_tx(tx, tenant, import.bank_statement_import_id).await?;
    let answer = ImportBankStatementResponse {
        bank_statement_import: Some(import_to_wire(import)),
    };
    let answer = answer.encode_to_vec();
    operations::finish_in_tx(tx, &operation, &answer, now).await?;
    Ok(answer)
}

/// The answer that the request of an import got.
async fn answered_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Vec<u8>, Refusal> {
    let operation = operation_in_tx(tx, tenant, import_id).await?;
    let answer = operation.answer;
    answer.ok_or_else(|| Refusal::internal("a booked import without an answer"))
}

async fn operation_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<Operation, Refusal> {
    let id = store::bank_statement_import::operation_of_in_tx(tx, tenant, import_id).await?;
    let operation = match id {
        Some(id) => operations::lock_in_tx(tx, tenant, id).await?,
        None => None,
    };
    operation.ok_or_else(|| Refusal::internal("an import without an operation"))
}

/// Ends the timer of booking and sets matching going, where something is to be matched.
async fn hand_over_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    import: &BankStatementImport,
    now: Timestamp,
) -> Result<Option<Scheduled>, Refusal> {
    let subject = import.bank_statement_import_id.0;
    timers::cancel_in_tx(tx, tenant, KIND, subject).await?;
    if import.state == BankStatementImportState::Completed {
        return Ok(None);
    }
    let kind = match_bank_lines::KIND;
    let scheduled = timers::schedule_in_tx(tx, tenant, kind, subject, now).await?;
    Ok(Some(scheduled))
}
