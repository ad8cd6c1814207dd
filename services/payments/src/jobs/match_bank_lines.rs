//! Matches the lines of a booked statement with invoices, some hundreds a run:
//!
//! 1. What an earlier run set aside and has no answer for is asked again first, by the same ids.
//! 2. Otherwise the next lines are judged by what is known at this moment, outside of any
//!    transaction that writes. A certain match sets the money of its receipt aside; every doubt goes
//!    to a person, with what speaks for what.
//! 3. Invoicing is asked about all that was set aside in one call, and its answers are booked: a
//!    match stands, or its line goes to a person.
//! 4. The import is told; while lines wait, the timer runs again at once.
//!
//! While invoicing is away the lines wait, and so does the timer. Must not decide about money:
//! invoicing may refuse what was certain here.

use std::collections::BTreeMap;
use std::sync::Arc;

use events::{NewEvent, append_in_tx};
use jiff::Timestamp;
use postgres::{TenantId, Tx, audit, retried};
use runtime::{Errand, Refusal};
use serde_json::json;
use timers::{Claim, JobError, Settled};

use super::booking::Books;
use super::{audit_entry, unfinished};
use crate::app::App;
use crate::clients;
use crate::domain::{
    ApplicationOrder, Assigned, BankLine, BankLineId, BankLineState, BankStatementImportId,
    BankStatementImportState, DomainEvent, Judgement, LineMatch, Match, Receipt,
    ReceiptApplication, ReceiptEntry, ReceiptError, ReceiptId, Share, Stamp, judge,
};
use crate::events::outbound::{announce, announce_cash};
use crate::store;
use crate::store::ledger::Change;
use crate::store::receipt_application::Driver;

/// The kind of timer; its subject is the import.
pub const KIND: &str = "match_bank_lines";

/// Lines that are judged in one run: their applications are asked in one call.
const LINES_A_RUN: i64 = 200;

/// Matches the next lines of an import.
///
/// # Errors
/// [`JobError`]; what was set aside is asked again by the next run.
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let import_id = BankStatementImportId(claim.subject_id);
    let done = some(&app, claim.tenant, import_id).await;
    app.feed.announce();
    done.map_err(unfinished)?;
    close(&app, &claim, import_id).await
}

async fn some(
    app: &App,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<(), Refusal> {
    let mut tx = app.db.begin_read(tenant).await?;
    let ids = store::bank_line::under_way_in_tx(&mut tx, tenant, import_id).await?;
    let mut asked = store::receipt_application::find_all_in_tx(&mut tx, tenant, &ids).await?;
    tx.commit().await?;
    if asked.is_empty() {
        let judged = judge_next(app, tenant, import_id).await?;
        asked = set_aside(app, tenant, import_id, &judged).await?;
    }
    if asked.is_empty() {
        return Ok(());
    }
    ask(app, tenant, &asked).await
}

/// Asks invoicing about what was set aside and books its answers; the lines are settled with them.
async fn ask(app: &App, tenant: TenantId, asked: &[ReceiptApplication]) -> Result<(), Refusal> {
    let errand = Errand::of_job(tenant, "");
    let answers = clients::apply_credits(&app.invoicing, errand, asked).await?;
    let receipt_ids: Vec<ReceiptId> = asked.iter().map(|one| one.receipt_id).collect();
    retried(|| async {
        let mut tx = app.db.begin(tenant).await?;
        let mut receipts = store::receipt::lock_all_in_tx(&mut tx, tenant, &receipt_ids).await?;
        let books = Books::new(app, tenant, "");
        books.book_in_tx(&mut tx, &mut receipts, &answers).await?;
        tx.commit().await?;
        Ok(())
    })
    .await
}

/// Runs again while lines wait; otherwise the import is complete.
async fn close(
    app: &App,
    claim: &Claim,
    import_id: BankStatementImportId,
) -> Result<Settled, JobError> {
    let (tenant, now) = (claim.tenant, app.clock.now());
    let mut tx = app.db.begin(tenant).await?;
    let import = store::bank_statement_import::lock_in_tx(&mut tx, tenant, import_id).await?;
    let mut import = import.ok_or_else(|| JobError::failed("an import without a row"))?;
    import.go_on(true, now);
    store::bank_statement_import::update_in_tx(&mut tx, tenant, &import).await?;
    let settled = if import.state == BankStatementImportState::Completed {
        timers::finish_in_tx(&mut tx, claim).await?
    } else {
        timers::reschedule_in_tx(&mut tx, claim, now).await?
    };
    tx.commit().await?;
    Ok(settled)
}

/// The next lines that nobody has looked at, each with what is thought of it.
async fn judge_next(
    app: &App,
    tenant: TenantId,
    import_id: BankStatementImportId,
) -> Result<BTreeMap<BankLineId, (ReceiptId, Judgement)>, Refusal> {
    let mut tx = app.db.begin_read(tenant).await?;
    let lines = store::bank_line::waiting_in_tx(&mut tx, tenant, import_id, LINES_A_RUN).await?;
    let known = store::match_evidence::gather_in_tx(&mut tx, tenant, &lines).await?;
    tx.commit().await?;
    let mut judged = BTreeMap::new();
    for (line, known) in lines.iter().zip(&known) {
        let judgement = judge(known.of(line)).map_err(Refusal::internal)?;
        if let Some(receipt_id) = line.receipt_id {
            judged.insert(line.bank_line_id, (receipt_id, judgement));
        }
    }
    Ok(judged)
}

/// Money that was set aside for a match.
struct Reserved {
    application: ReceiptApplication,
    bank_line_id: BankLineId,
    entry: ReceiptEntry,
    before: Share,
    assigned: Option<Assigned>,
}

/// Sets the money of certain matches aside and leaves the other lines to people. What is to be asked
/// of invoicing.
async fn set_aside(
    app: &App,
    tenant: TenantId,
    import_id: BankStatementImportId,
    judged: &BTreeMap<BankLineId, (ReceiptId, Judgement)>,
) -> Result<Vec<ReceiptApplication>, Refusal> {
    let receipt_ids: Vec<ReceiptId> = judged.values().map(|(receipt, _)| *receipt).collect();
    let line_ids: Vec<BankLineId> = judged.keys().copied().collect();
    let now = app.clock.now();
    retried(|| async {
        let mut tx = app.db.begin(tenant).await?;
        let mut receipts = store::receipt::lock_all_in_tx(&mut tx, tenant, &receipt_ids).await?;
        let mut lines = store::bank_line::lock_all_in_tx(&mut tx, tenant, &line_ids).await?;
        lines.retain(|line| line.state == BankLineState::Waiting && !line.is_under_way());
        let mut reserved = Vec::new();
        for line in &mut lines {
            let Some((receipt_id, judgement)) = judged.get(&line.bank_line_id) else {
                continue;
            };
            let receipt = receipts.get_mut(receipt_id);
            let receipt = receipt.ok_or_else(|| Refusal::internal("a line without a receipt"))?;
            let decided = app.stamped(|stamp| decide(line, receipt, judgement.clone(), stamp));
            reserved.extend(decided?);
        }
        let told = write_in_tx(&mut tx, tenant, &receipts, &reserved, now).await?;
        store::bank_line::update_all_in_tx(&mut tx, tenant, &lines).await?;
        append_in_tx(&mut tx, tenant, "", &told).await?;
        let facts = json!({ "looked_at": lines.len(), "matched": reserved.len() });
        let subject = format!("bank_statement_import/{}", import_id.0);
        let entry = audit_entry(tenant, KIND, subject, facts, ("", now));
        audit::record_in_tx(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(reserved.into_iter().map(|one| one.application).collect())
    })
    .await
}

/// Stores what was set aside; what there is to tell of it.
async fn write_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipts: &BTreeMap<ReceiptId, Receipt>,
    reserved: &[Reserved],
    now: Timestamp,
) -> Result<Vec<NewEvent>, Refusal> {
    let (mut changes, mut drivers, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for one in reserved {
        let Some(receipt) = receipts.get(&one.application.receipt_id) else {
            continue;
        };
        changes.push(Change {
            receipt,
            before: one.before,
            entries: std::slice::from_ref(&one.entry),
        });
        let driver = Driver {
            operation_id: None,
            bank_line_id: Some(one.bank_line_id),
        };
        drivers.push((&one.application, driver));
        if let Some(assigned) = one.assigned {
            let previous_customer_id = assigned.previous_customer_id;
            told.push(announce(
                now,
                &DomainEvent::ReceiptAssigned {
                    receipt,
                    previous_customer_id,
                },
            ));
        }
    }
    let cash = store::ledger::change_in_tx(tx, tenant, &changes).await?;
    store::receipt_application::insert_all_in_tx(tx, tenant, &drivers).await?;
    told.extend(announce_cash(now, &cash));
    Ok(told)
}

/// What becomes of a line. A certain match whose money is not there any more, because a person was
/// faster, is theirs to look at.
fn decide(
    line: &mut BankLine,
    receipt: &mut Receipt,
    mut judgement: Judgement,
    stamp: &mut Stamp<'_>,
) -> Result<Option<Reserved>, Refusal> {
    if let Some(found) = judgement.matched.clone() {
        match reserve(line, receipt, &found, &judgement, stamp) {
            Ok(reserved) => return Ok(Some(reserved)),
            Err(why) => judgement.leave_to_a_person(&why),
        }
    }
    let decision = judgement.decision(stamp);
    let sent = line.send_to_review(decision, judgement.suggestions, stamp);
    sent.map(|()| None).map_err(Refusal::internal)
}

/// Assigns the receipt to the customer and sets all that is left of it aside. On an error nothing has
/// changed.
fn reserve(
    line: &mut BankLine,
    receipt: &mut Receipt,
    found: &Match,
    judgement: &Judgement,
    stamp: &mut Stamp<'_>,
) -> Result<Reserved, String> {
    let (before, mut after) = (receipt.share(), receipt.clone());
    let said = receipt.customer_id;
    if said.is_some_and(|customer| customer != found.customer_id) {
        return Err("a person said that it is another customer's".to_owned());
    }
    let told = |error: ReceiptError| error.to_string();
    let assigned = after.assign(found.customer_id).map_err(told)?;
    let decision = judgement.decision(stamp);
    let order = ApplicationOrder {
        amount: None,
        customer_id: Some(found.customer_id),
        target: found.target(),
        decision: decision.clone(),
    };
    let (application, entry) =
        ReceiptApplication::reserve(&mut after, order, stamp).map_err(told)?;
    let carried_out = LineMatch::of(found, application.application_id);
    let started = line.start_match(carried_out, decision);
    started.map_err(|error| error.to_string())?;
    *receipt = after;
    Ok(Reserved {
        application,
        bank_line_id: line.bank_line_id,
        entry,
        before,
        assigned,
    })
}
