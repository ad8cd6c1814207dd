//! Matches the lines of a booked statement with invoices, some hundreds a run:
//!
//! 1. All that invoicing has told by now is heard: who issued an invoice in the morning may expect
//!    that the statement of noon finds it.
//! 2. What an earlier run set aside and has no answer for is asked again first, by the same ids.
//! 3. Otherwise the next lines are judged by what is known at this moment, outside of any
//!    transaction that writes. A certain match sets the money of its receipt aside; every doubt goes
//!    to a person, with what speaks for what.
//! 4. Invoicing is asked about all that was set aside in one call, and its answers are booked: a
//!    match stands, or its line goes to a person.
//! 5. The import is told; while lines wait, the timer runs again at once.
//!
//! While invoicing is away the lines wait, and so does the timer. Must not decide about money:
//! invoicing may refuse what was certain here.

use std::collections::BTreeMap;
use std::sync::Arc;

use postgres::{TenantId, audit, retried};
use runtime::{Errand, Refusal};
use serde_json::json;
use timers::{Claim, JobError, Settled};

use super::set_aside::{self, SetAside};
use super::{audit_entry, unfinished};
use crate::app::App;
use crate::domain::{
    ApplicationOrder, BankLine, BankLineId, BankLineState, BankStatementImportId,
    BankStatementImportState, Decision, Judgement, LineMatch, Match, Receipt, ReceiptApplication,
    ReceiptId, Stamp, judge,
};
use crate::store;
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
    let heard = events::caught_up(&app.db, &app.invoicing, Errand::of_job(claim.tenant, ""));
    heard
        .await
        .map_err(|behind| behind.or_db().map_or_else(JobError::later, JobError::Db))?;
    let done = some(&app, claim.tenant, import_id).await;
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
    set_aside::ask(app, tenant, Errand::of_job(tenant, ""), &asked).await
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
    // Some hundred lines of a customer with some hundred debts are work that keeps nobody waiting.
    let judging = tokio::task::spawn_blocking(move || {
        let judged = lines.iter().zip(&known).map(|(line, known)| {
            let judgement = judge(known.of(line));
            judgement.map(|one| Some((line.bank_line_id, (line.receipt_id?, one))))
        });
        judged.collect::<Result<Vec<_>, _>>()
    });
    let judged = judging.await.map_err(Refusal::internal)?;
    let judged = judged.map_err(Refusal::internal)?;
    Ok(judged.into_iter().flatten().collect())
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
        let mut matched = Vec::new();
        for line in &mut lines {
            let Some((receipt_id, judgement)) = judged.get(&line.bank_line_id) else {
                continue;
            };
            let receipt = receipts.get_mut(receipt_id);
            let receipt = receipt.ok_or_else(|| Refusal::internal("a line without a receipt"))?;
            let decided = app.stamped(|stamp| decide(line, receipt, judgement.clone(), stamp));
            matched.extend(decided?);
        }
        set_aside::store_in_tx(&mut tx, tenant, &receipts, &matched, now).await?;
        store::bank_line::update_all_in_tx(&mut tx, tenant, &lines).await?;
        let facts = json!({ "looked_at": lines.len(), "matched": matched.len() });
        let subject = format!("bank_statement_import/{}", import_id.0);
        let entry = audit_entry(tenant, KIND, subject, facts, ("", now));
        audit::record_in_tx(&mut tx, &entry).await?;
        tx.commit().await?;
        Ok(matched.into_iter().map(|one| one.application).collect())
    })
    .await
}

/// What becomes of a line. A certain match whose money is not there any more, because a person was
/// faster, is theirs to look at.
fn decide(
    line: &mut BankLine,
    receipt: &mut Receipt,
    mut judgement: Judgement,
    stamp: &mut Stamp<'_>,
) -> Result<Option<SetAside>, Refusal> {
    if let Some(found) = judgement.matched.clone() {
        let decision = judgement.decision(stamp);
        match reserve(line, receipt, &found, &decision, stamp) {
            Ok(reserved) => {
                let carried_out = LineMatch::of(&found, reserved.application.application_id);
                let started = line.start_match(carried_out, decision);
                return started.map(|()| Some(reserved)).map_err(Refusal::internal);
            }
            Err(why) => judgement.leave_to_a_person(&why),
        }
    }
    let decision = judgement.decision(stamp);
    let sent = line.send_to_review(decision, judgement.suggestions, stamp);
    sent.map(|()| None).map_err(Refusal::internal)
}

/// Sets all that is left of the receipt aside for the match, or says why that cannot be.
fn reserve(
    line: &BankLine,
    receipt: &mut Receipt,
    found: &Match,
    decision: &Decision,
    stamp: &mut Stamp<'_>,
) -> Result<SetAside, String> {
    let said = receipt.customer_id;
    if said.is_some_and(|customer| customer != found.customer_id) {
        return Err("a person said that it is another customer's".to_owned());
    }
    let order = ApplicationOrder {
        amount: None,
        customer_id: Some(found.customer_id),
        target: found.target(),
        decision: decision.clone(),
    };
    let driver = Driver {
        operation_id: None,
        bank_line_id: Some(line.bank_line_id),
    };
    SetAside::reserve(receipt, order, driver, stamp).map_err(|error| error.to_string())
}
