//! Requests whose work takes several transactions, with invoicing asked in between: apply, unapply,
//! reverse, resolve.
//!
//! 1. The request's first transaction sets money aside, or marks what is to be taken back, and
//!    stores the operation under the request's key together with a timer ([`watch_in_tx`]).
//! 2. [`drive`] asks invoicing about whatever of the operation is on its way, outside any
//!    transaction, and books the answer; the operation goes on to its next step or ends with the
//!    answer that every repeat gets.
//! 3. Whoever comes next drives the same operation on: the repeat of the request, or the timer.
//!    Nobody starts another. Two that drive at once ask about the same ids and get the same
//!    answers; the second finds them booked.
//!
//! Money is released on a stored answer alone. A timeout, ABORTED or UNAVAILABLE says nothing: the
//! operation stays as it is, and invoicing is asked again by the same ids (P9).

mod apply;
mod resolve;
mod reverse;
mod unapply;

use std::collections::BTreeMap;

use calendar::SignedDuration;
use jiff::Timestamp;
use postgres::operations::{self, Operation, Started};
use postgres::{DbError, TenantId, Tx, audit, retried};
use prost::Message;
use runtime::{Answer, Call, Errand, Refusal, fault};
use serde::{Deserialize, Serialize};
use serde_json::json;
use timers::Scheduled;

pub use apply::Apply;
pub use resolve::{Dismiss, Resolve, answer_in_tx as resolved_in_tx};
pub use reverse::Reverse;
pub use unapply::Unapply;

use super::booking::{Books, Receipts};
use super::drive_operation;
use super::hand_over::hand_over;
use crate::app::App;
use crate::clients;
use crate::domain::{
    ApplicationAnswer, ApplicationId, Coded as _, ReceiptApplication, ReceiptApplicationState,
    ReceiptId, ReversalAnswer,
};
use crate::store;

/// The kind of an operation that applies money of a receipt.
pub const APPLY: &str = "apply_receipt";
/// The kind of one that takes an application back.
pub const UNAPPLY: &str = "unapply_receipt";
/// The kind of one that takes a receipt back.
pub const REVERSE: &str = "reverse_receipt";

/// After how long the timer looks after an operation: by then its request has ended, whatever
/// became of it. A request that fails hands the operation over at once.
const WATCHED_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// An operation as far as it has come.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Trace context of the request.
    pub traceparent: String,
    /// What it does.
    #[serde(flatten)]
    pub work: Work,
}

/// What an operation does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "snake_case")]
pub enum Work {
    /// Applies money of a receipt.
    Apply(Apply),
    /// Takes one application back.
    Unapply(Unapply),
    /// Takes a receipt back as a whole.
    Reverse(Reverse),
    /// Settles invoices with a bank line, as a person decided.
    Resolve(Resolve),
    /// Takes the receipt of a bank line back that is none, as a person decided.
    Dismiss(Dismiss),
}

/// What invoicing answered.
enum Answers {
    Applied(BTreeMap<ApplicationId, ApplicationAnswer>),
    TakenBack(BTreeMap<ApplicationId, ReversalAnswer>),
}

/// Where an operation is after a step.
enum Next {
    /// There is more to ask.
    More(Work),
    /// It has ended with this answer.
    Ended(Vec<u8>),
}

impl Work {
    /// Its name, as the operation and the audit log have it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Apply(_) => APPLY,
            Self::Unapply(_) => UNAPPLY,
            Self::Reverse(_) => REVERSE,
            Self::Resolve(_) | Self::Dismiss(_) => "resolve_bank_line",
        }
    }

    const fn receipt_id(&self) -> ReceiptId {
        match self {
            Self::Apply(apply) => apply.receipt_id,
            Self::Unapply(unapply) => unapply.receipt_id,
            Self::Reverse(reverse) => reverse.receipt_id,
            Self::Resolve(resolve) => resolve.receipt_id,
            Self::Dismiss(dismiss) => dismiss.receipt_id,
        }
    }

    /// Its applications, whatever became of them.
    async fn applications_in_tx(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
    ) -> Result<Vec<ReceiptApplication>, DbError> {
        use store::receipt_application::{find_all_in_tx, of_receipt_in_tx};
        match self {
            Self::Apply(apply) => find_all_in_tx(tx, tenant, &apply.application_ids).await,
            Self::Unapply(unapply) => find_all_in_tx(tx, tenant, &[unapply.application_id]).await,
            Self::Reverse(reverse) => of_receipt_in_tx(tx, tenant, reverse.receipt_id).await,
            Self::Resolve(resolve) => find_all_in_tx(tx, tenant, &[resolve.application_id]).await,
            Self::Dismiss(dismiss) => of_receipt_in_tx(tx, tenant, dismiss.receipt_id).await,
        }
    }
}

/// Stores how far a new operation has come, and the timer that looks after it; both with the
/// transaction that set its money aside. The timer is announced after the commit.
///
/// # Errors
/// The database's.
pub async fn watch_in_tx(
    tx: &mut Tx,
    operation: &mut Operation,
    progress: &Progress,
    now: Timestamp,
) -> Result<Scheduled, Refusal> {
    operation.progress = stored(progress)?;
    operations::advance_in_tx(tx, operation, &operation.progress).await?;
    let (tenant, due) = (operation.tenant, now + WATCHED_AFTER);
    let (kind, operation_id) = (drive_operation::KIND, operation.operation_id);
    Ok(timers::schedule_in_tx(tx, tenant, kind, operation_id, due).await?)
}

/// Drives the operation of a request to its end and answers with its answer. One that cannot be
/// driven now is handed over to the timer and goes on by itself.
///
/// # Errors
/// UNAVAILABLE, ABORTED or DEADLINE_EXCEEDED while invoicing has not answered; INTERNAL for an
/// answer that cannot be booked; the database's.
pub async fn answered<R: Message + Default>(
    app: &App,
    call: &Call,
    started: Started,
) -> Result<Answer<R>, Refusal> {
    let (operation, is_new) = match started {
        Started::New(operation) => (operation, true),
        Started::Existing(operation) => (operation, false),
    };
    let operation_id = operation.operation_id;
    match drive(app, operation, call).await {
        Ok(answer) if is_new => {
            let answer = R::decode(answer.as_slice()).map_err(Refusal::internal)?;
            Ok(Answer::new(answer))
        }
        Ok(answer) => Ok(Answer::replayed(answer)),
        Err(refusal) => {
            hand_over(app, call.tenant(), drive_operation::KIND, operation_id).await;
            Err(refusal)
        }
    }
}

/// Drives an operation to its end and returns its encoded answer.
///
/// # Errors
/// As [`answered`].
pub async fn drive(
    app: &App,
    mut operation: Operation,
    errand: impl Into<Errand>,
) -> Result<Vec<u8>, Refusal> {
    let errand = errand.into();
    loop {
        if let Some(answer) = operation.answer {
            return Ok(answer);
        }
        let work = progress(&operation)?.work;
        let mut tx = app.db.begin_read(operation.tenant).await?;
        let applications = work.applications_in_tx(&mut tx, operation.tenant).await?;
        tx.commit().await?;
        let answers = ask(app, &errand, applications).await?;
        fault::point("payments.operation.answered");
        operation = step(app, &operation, &answers).await?;
    }
}

/// Asks invoicing about what is on its way. An operation does either: it applies or takes back.
async fn ask(
    app: &App,
    errand: &Errand,
    mut applications: Vec<ReceiptApplication>,
) -> Result<Answers, Refusal> {
    applications.retain(ReceiptApplication::is_on_its_way);
    applications.truncate(clients::MOST_ITEMS);
    let is_reserved = |one: &ReceiptApplication| one.state == ReceiptApplicationState::Reserved;
    if applications.is_empty() {
        return Ok(Answers::Applied(BTreeMap::new()));
    }
    let (invoicing, errand) = (&app.invoicing, errand.clone());
    Ok(if applications.iter().all(is_reserved) {
        Answers::Applied(clients::apply_credits(invoicing, errand, &applications).await?)
    } else {
        Answers::TakenBack(clients::reverse_applications(invoicing, errand, &applications).await?)
    })
}

/// Books the answers and goes on, in one transaction. Returns the operation as it is then.
async fn step(app: &App, operation: &Operation, answers: &Answers) -> Result<Operation, Refusal> {
    let (tenant, operation_id) = (operation.tenant, operation.operation_id);
    retried(|| async {
        let now = app.clock.now();
        let mut tx = app.db.begin(tenant).await?;
        let locked = operations::lock_in_tx(&mut tx, tenant, operation_id).await?;
        let mut operation = locked.ok_or_else(|| Refusal::internal("an operation is gone"))?;
        if operation.answer.is_some() {
            return Ok(operation);
        }
        let Progress { traceparent, work } = progress(&operation)?;
        let books = Books::new(app, tenant, &traceparent);
        let receipt_ids = [work.receipt_id()];
        let mut receipts = store::receipt::lock_all_in_tx(&mut tx, tenant, &receipt_ids).await?;
        let booked = book_in_tx(&books, &mut tx, &mut receipts, answers).await?;
        let entry = audited(&operation, &work, &booked, &traceparent, now);
        let next = next_in_tx(&books, &mut tx, &mut receipts, &operation, work).await?;
        audit::record_in_tx(&mut tx, &entry).await?;
        match next {
            Next::More(work) => {
                let progress = Progress {
                    traceparent: traceparent.clone(),
                    work,
                };
                operation.progress = stored(&progress)?;
                operations::advance_in_tx(&mut tx, &operation, &operation.progress).await?;
            }
            Next::Ended(answer) => {
                operations::finish_in_tx(&mut tx, &operation, &answer, now).await?;
                let kind = drive_operation::KIND;
                timers::cancel_in_tx(&mut tx, tenant, kind, operation_id).await?;
                operation.answer = Some(answer);
            }
        }
        fault::point("payments.operation.before_commit");
        tx.commit().await?;
        fault::point("payments.operation.booked");
        books.count(&booked);
        Ok(operation)
    })
    .await
}

async fn book_in_tx(
    books: &Books<'_>,
    tx: &mut Tx,
    receipts: &mut Receipts,
    answers: &Answers,
) -> Result<Vec<ReceiptApplication>, Refusal> {
    match answers {
        Answers::Applied(answers) => books.book_in_tx(tx, receipts, answers).await,
        Answers::TakenBack(answers) => books.take_back_in_tx(tx, receipts, answers).await,
    }
}

/// What comes after the answers are booked. While something is on its way still, because another
/// driver was faster, the operation is left as that one left it.
async fn next_in_tx(
    books: &Books<'_>,
    tx: &mut Tx,
    receipts: &mut Receipts,
    operation: &Operation,
    work: Work,
) -> Result<Next, Refusal> {
    let tenant = operation.tenant;
    let applications = work.applications_in_tx(tx, tenant).await?;
    if applications.iter().any(ReceiptApplication::is_on_its_way) {
        return Ok(Next::More(work));
    }
    let receipt = receipts.get_mut(&work.receipt_id());
    let receipt = receipt.ok_or_else(|| Refusal::internal("an operation without a receipt"))?;
    match work {
        Work::Apply(apply) => {
            let operation_id = operation.operation_id;
            apply
                .go_on_in_tx(books, tx, receipt, applications, operation_id)
                .await
        }
        Work::Unapply(_) => unapply::end(receipt, &applications),
        Work::Reverse(_) => reverse::end_in_tx(books, tx, receipt, &applications).await,
        Work::Resolve(resolve) => resolve.end_in_tx(tx, tenant, receipt, &applications).await,
        Work::Dismiss(dismiss) => dismiss.end_in_tx(books, tx, tenant, receipt).await,
    }
}

/// The end of an operation.
fn ended(answer: &impl Message) -> Next {
    Next::Ended(answer.encode_to_vec())
}

fn stored(progress: &Progress) -> Result<serde_json::Value, Refusal> {
    serde_json::to_value(progress).map_err(Refusal::internal)
}

/// How far a stored operation has come.
fn progress(operation: &Operation) -> Result<Progress, Refusal> {
    Progress::deserialize(&operation.progress).map_err(Refusal::internal)
}

fn audited(
    operation: &Operation,
    work: &Work,
    booked: &[ReceiptApplication],
    traceparent: &str,
    now: Timestamp,
) -> audit::Entry {
    let states: BTreeMap<String, &str> = booked
        .iter()
        .map(|one| (one.application_id.0.to_string(), one.state.code()))
        .collect();
    let facts = json!({ "operation_id": operation.operation_id, "booked": states });
    super::audit_entry(
        operation.tenant,
        work.kind(),
        format!("receipt/{}", work.receipt_id().0),
        facts,
        (traceparent, now),
    )
}
