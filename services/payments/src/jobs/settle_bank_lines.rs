//! Carries over to bank lines what became of the applications that match them, in the transaction
//! that books it: a match stands, is refused and goes to a person, or is taken back and comes to a
//! person again. What a match that stands tells of the payer's account is learnt with it, and
//! forgotten with it (CA-1).
//!
//! Called with the receipts locked, since a line is locked after its receipt. Must not ask invoicing.

use jiff::Timestamp;
use money::MoneyError;
use postgres::{DbError, TenantId, Tx};

use crate::app::App;
use crate::domain::{
    ApplicationId, BankLine, BankLineState, CustomerId, Receipt, ReceiptApplication,
    ReceiptApplicationState, ReceiptOrigin, ReceiptReversalReason, ReceiptState, Suggestion,
    account_key, judge,
};
use crate::store;
use crate::store::payer_account::Lessons;

/// Settles the lines whose matches these applications carry out; they are as they are stored now.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn settle_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    applications: &[ReceiptApplication],
) -> Result<(), DbError> {
    let ids: Vec<ApplicationId> = applications.iter().map(|one| one.application_id).collect();
    let lines = store::receipt_application::bank_lines_in_tx(tx, tenant, &ids).await?;
    if lines.is_empty() {
        return Ok(());
    }
    let lines = store::bank_line::lock_all_in_tx(tx, tenant, &lines).await?;
    let (mut changed, mut lessons) = (Vec::new(), Lessons::new());
    for mut line in lines {
        let before = line.clone();
        carry_over_in_tx(app, tx, tenant, &mut line, applications).await?;
        if line != before {
            teach(&mut lessons, &before, &line);
            changed.push(line);
        }
    }
    store_in_tx(tx, tenant, &changed, &lessons, app.clock.now()).await
}

async fn carry_over_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    line: &mut BankLine,
    applications: &[ReceiptApplication],
) -> Result<(), DbError> {
    let Some(found) = &line.line_match else {
        return Ok(());
    };
    let carries = |one: &&ReceiptApplication| found.application_ids.contains(&one.application_id);
    let its: Vec<ReceiptApplication> = applications.iter().filter(carries).cloned().collect();
    let reversed = |one: &ReceiptApplication| one.state == ReceiptApplicationState::Reversed;
    if its.is_empty() {
        return Ok(());
    }
    if line.is_under_way() {
        app.stamped(|stamp| line.settle(&its, stamp));
    } else if its.iter().any(reversed) {
        let suggestions = suggestions_in_tx(tx, tenant, line).await?;
        // It is matched or resolved, as it has a match that is not under way.
        let reopened = app.stamped(|stamp| line.reopen(suggestions, stamp));
        reopened.map_err(unfit)?;
    }
    Ok(())
}

/// What is left to offer for a line whose match was taken back.
async fn suggestions_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    line: &BankLine,
) -> Result<Vec<Suggestion>, DbError> {
    let lines = std::slice::from_ref(line);
    let known = store::match_evidence::gather_in_tx(tx, tenant, lines).await?;
    let judged = known.iter().map(|known| judge(known.of(line)));
    let judged: Result<Vec<_>, MoneyError> = judged.collect();
    let offered = judged.map_err(unfit)?.into_iter();
    Ok(offered
        .flat_map(|judgement| judgement.suggestions)
        .collect())
}

/// Ends a line whose receipt was taken back because it is none.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn not_a_receipt_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    receipt: &Receipt,
) -> Result<(), DbError> {
    let reason = receipt.reversal.as_ref().map(|reversal| reversal.reason);
    let is_none = reason == Some(ReceiptReversalReason::NotAReceipt);
    let (ReceiptOrigin::BankLine(line), ReceiptState::Reversed, true) =
        (receipt.origin, receipt.state, is_none)
    else {
        return Ok(());
    };
    let Some(mut line) = store::bank_line::lock_in_tx(tx, tenant, line).await? else {
        return Ok(());
    };
    if line.state != BankLineState::InReview {
        return Ok(());
    }
    let (who, now) = (
        line.resolved_by.clone().unwrap_or_default(),
        app.clock.now(),
    );
    line.resolve_not_a_receipt(&who, now).map_err(unfit)?;
    store_in_tx(tx, tenant, &[line], &Lessons::new(), now).await
}

/// Stores lines that a person resolved without invoicing, with what is learnt from them.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn resolved_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    before: &BankLine,
    after: &BankLine,
    now: Timestamp,
) -> Result<(), DbError> {
    let mut lessons = Lessons::new();
    teach(&mut lessons, before, after);
    store_in_tx(tx, tenant, std::slice::from_ref(after), &lessons, now).await
}

async fn store_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lines: &[BankLine],
    lessons: &Lessons,
    now: Timestamp,
) -> Result<(), DbError> {
    if lines.is_empty() {
        return Ok(());
    }
    store::bank_line::update_all_in_tx(tx, tenant, lines).await?;
    store::payer_account::learn_in_tx(tx, tenant, lessons, now).await
}

/// What a line tells of its payer's account counts while it tells it.
fn teach(lessons: &mut Lessons, before: &BankLine, after: &BankLine) {
    let Some(account) = account_key(&after.remittance.payer_account) else {
        return;
    };
    let mut count = |customer: Option<CustomerId>, change: i32| {
        if let Some(customer) = customer {
            *lessons.entry((account.clone(), customer)).or_default() += change;
        }
    };
    count(before.learnt_customer(), -1);
    count(after.learnt_customer(), 1);
}

/// A stored line or invoice that the rules cannot work with.
fn unfit(error: impl std::error::Error + Send + Sync + 'static) -> DbError {
    sqlx::Error::Decode(error.into()).into()
}
