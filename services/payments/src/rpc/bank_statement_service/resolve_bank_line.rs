//! ResolveBankLine: a person decides about a line in review.

use std::sync::Arc;

use contracts::payments::{ResolveBankLineRequest, ResolveBankLineResponse};
use jiff::Timestamp;
use postgres::idempotency::Key;
use postgres::operations::{self, Operation, Started};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;
use timers::Scheduled;

use crate::app::App;
use crate::domain::{
    ApplicationOrder, BankLine, BankLineError, Coded as _, CustomerId, Decision, LineMatch,
    Receipt, ReceiptReversalOrder, ReceiptReversalReason, ReceiptState, ResolutionStep, RuleResult,
};
use crate::jobs::booking::Books;
use crate::jobs::operation::{self, Dismiss, Progress, Resolve, Work};
use crate::jobs::settle_bank_lines;
use crate::rpc::error;
use crate::rpc::known::{customer_in_tx, until_known};
use crate::rpc::wire::bank_line::{LineDecision, line_decision};
use crate::rpc::wire::field;
use crate::store;
use crate::store::receipt_application::Driver;

/// What kind of operation a decision is.
const KIND: &str = "resolve_bank_line";

/// 1. Parse; 2. lock receipt and line, compare the etag, ask the rules; 3. set money aside for the
///    match, or mark the receipt as being taken back, or leave the money where it is, together with
///    the operation; 4. drive the operation to its end: invoicing is asked and its answer is booked.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ResolveBankLineRequest,
) -> Result<Answer<ResolveBankLineResponse>, Refusal> {
    let decision = line_decision(&request)?;
    let key = call.key(&request)?;
    let started = until_known(|| start(&app, &call, &key, &decision, &request.etag)).await;
    operation::answered(&app, &call, started?).await
}

/// The receipt and the line that are decided about, locked, and the operation.
struct Desk<'a> {
    books: Books<'a>,
    call: &'a Call,
    now: Timestamp,
    operation: Operation,
    receipt: Receipt,
    line: BankLine,
}

async fn start(
    app: &App,
    call: &Call,
    key: &Key,
    decision: &LineDecision,
    etag: &str,
) -> Result<Started, Refusal> {
    let now = app.clock.now();
    retried(|| async {
        let mut tx = app.db.begin(call).await?;
        let started = operations::start_in_tx(&mut tx, key, KIND, &json!({}), now).await?;
        let operation = match started {
            Started::Existing(operation) => return Ok(Started::Existing(operation)),
            Started::New(operation) => operation,
        };
        let (receipt, line) = locked_in_tx(&mut tx, call, decision).await?;
        error::check_etag(etag, &field::etag(line.version))?;
        let step = line.resolution_step(decision.resolution.clone());
        let step = step.map_err(|refused| error::line_refused(&line, refused))?;
        let books = Books::new(app, call.tenant(), call.traceparent());
        let mut desk = Desk {
            books,
            call,
            now,
            operation,
            receipt,
            line,
        };
        let watched = match step {
            ResolutionStep::Apply(found) => desk.apply_in_tx(&mut tx, found).await?,
            ResolutionStep::Keep(found) => desk.keep_in_tx(&mut tx, found).await?,
            ResolutionStep::Reverse(note) => desk.reverse_in_tx(&mut tx, note).await?,
        };
        desk.audit_in_tx(&mut tx).await?;
        tx.commit().await?;
        app.wakeups.announce(watched);
        Ok(Started::New(desk.operation))
    })
    .await
}

/// The receipt of the line, then the line: in this order they are locked everywhere.
async fn locked_in_tx(
    tx: &mut Tx,
    call: &Call,
    decision: &LineDecision,
) -> Result<(Receipt, BankLine), Refusal> {
    let (tenant, id) = (call.tenant(), decision.bank_line_id);
    let line = store::bank_line::find_in_tx(tx, tenant, id).await?;
    let line = line.ok_or_else(|| error::bank_line_not_found(id))?;
    // What went out has no receipt, and is in no review.
    let Some(receipt_id) = line.receipt_id else {
        return Err(error::line_refused(&line, BankLineError::NotInReview));
    };
    let receipt = store::receipt::lock_in_tx(tx, tenant, receipt_id).await?;
    let receipt = receipt.ok_or_else(|| Refusal::internal("a line without its receipt"))?;
    let line = store::bank_line::lock_in_tx(tx, tenant, id).await?;
    let line = line.ok_or_else(|| error::bank_line_not_found(id))?;
    Ok((receipt, line))
}

impl Desk<'_> {
    /// Sets all that is left of the receipt aside for the match.
    async fn apply_in_tx(
        &mut self,
        tx: &mut Tx,
        mut found: LineMatch,
    ) -> Result<Option<Scheduled>, Refusal> {
        self.assign_in_tx(tx, found.customer_id).await?;
        let order = ApplicationOrder {
            amount: None,
            customer_id: Some(found.customer_id),
            target: found.target(),
            decision: self.said(&found),
        };
        let driver = Driver {
            operation_id: Some(self.operation.operation_id),
            bank_line_id: Some(self.line.bank_line_id),
        };
        let reserved = self
            .books
            .reserve_in_tx(tx, &mut self.receipt, order, driver)
            .await?;
        found.application_ids = vec![reserved.application_id];
        let started = self.line.start_resolution(found, self.call.actor());
        started.map_err(|refused| error::line_refused(&self.line, refused))?;
        self.store_line_in_tx(tx).await?;
        let work = Work::Resolve(Resolve {
            bank_line_id: self.line.bank_line_id,
            receipt_id: self.receipt.receipt_id,
            application_id: reserved.application_id,
        });
        self.watch_in_tx(tx, work).await.map(Some)
    }

    /// Leaves the money unapplied: nothing is to be asked, and the operation ends at once.
    async fn keep_in_tx(
        &mut self,
        tx: &mut Tx,
        found: Option<LineMatch>,
    ) -> Result<Option<Scheduled>, Refusal> {
        if let Some(found) = &found {
            self.assign_in_tx(tx, found.customer_id).await?;
        }
        let (before, who) = (self.line.clone(), self.call.actor());
        let resolved = self.line.resolve_unapplied(found, who, self.now);
        resolved.map_err(|refused| error::line_refused(&before, refused))?;
        let tenant = self.call.tenant();
        settle_bank_lines::resolved_in_tx(tx, tenant, &before, &self.line, self.now).await?;
        self.end_in_tx(tx).await?;
        Ok(None)
    }

    /// Begins to take the receipt back; where that was done before, the line is over.
    async fn reverse_in_tx(
        &mut self,
        tx: &mut Tx,
        note: String,
    ) -> Result<Option<Scheduled>, Refusal> {
        let (before, who) = (self.line.clone(), self.call.actor());
        if self.receipt.state == ReceiptState::Reversed {
            let resolved = self.line.resolve_not_a_receipt(who, self.now);
            resolved.map_err(|refused| error::line_refused(&before, refused))?;
            self.store_line_in_tx(tx).await?;
            self.end_in_tx(tx).await?;
            return Ok(None);
        }
        let started = self.line.start_not_a_receipt(who);
        started.map_err(|refused| error::line_refused(&before, refused))?;
        self.store_line_in_tx(tx).await?;
        // As if the money had never come: from its own day on, which is not in the future to itself.
        let day = self.receipt.receipt_date;
        let order = ReceiptReversalOrder {
            reason: ReceiptReversalReason::NotAReceipt,
            note,
            reversal_date: day,
        };
        let (books, operation_id) = (self.books, self.operation.operation_id);
        let begun = books.start_reversal_in_tx(tx, &mut self.receipt, order, day, operation_id);
        begun.await?;
        let work = Work::Dismiss(Dismiss {
            bank_line_id: self.line.bank_line_id,
            receipt_id: self.receipt.receipt_id,
        });
        self.watch_in_tx(tx, work).await.map(Some)
    }

    /// Says whose money it is, of somebody whom credit has announced.
    async fn assign_in_tx(&mut self, tx: &mut Tx, customer_id: CustomerId) -> Result<(), Refusal> {
        customer_in_tx(tx, self.call.tenant(), customer_id).await?;
        self.books
            .assign_in_tx(tx, &mut self.receipt, customer_id)
            .await
    }

    /// Why invoicing is asked: a person said so, and by what the match was found.
    fn said(&self, found: &LineMatch) -> Decision {
        let rule = RuleResult::new("CA-1", true, "a person decided about the bank line");
        let facts = [
            (
                "bank_line_id".to_owned(),
                self.line.bank_line_id.0.to_string(),
            ),
            ("basis".to_owned(), found.basis.code().to_owned()),
        ];
        let (rules, facts) = (vec![rule], facts.into_iter().collect());
        self.books
            .stamped(|stamp| Decision::new("PERSON", rules, facts, stamp))
    }

    async fn store_line_in_tx(&self, tx: &mut Tx) -> Result<(), Refusal> {
        let lines = std::slice::from_ref(&self.line);
        Ok(store::bank_line::update_all_in_tx(tx, self.call.tenant(), lines).await?)
    }

    async fn watch_in_tx(&mut self, tx: &mut Tx, work: Work) -> Result<Scheduled, Refusal> {
        let progress = Progress {
            traceparent: self.call.traceparent().to_owned(),
            work,
        };
        operation::watch_in_tx(tx, &mut self.operation, &progress, self.now).await
    }

    /// Ends the operation with the line as it is now.
    async fn end_in_tx(&mut self, tx: &mut Tx) -> Result<(), Refusal> {
        let (tenant, id) = (self.call.tenant(), self.line.bank_line_id);
        let answer = operation::resolved_in_tx(tx, tenant, id, &self.receipt, &[]).await?;
        let answer = answer.encode_to_vec();
        operations::finish_in_tx(tx, &self.operation, &answer, self.now).await?;
        self.operation.answer = Some(answer);
        Ok(())
    }

    async fn audit_in_tx(&self, tx: &mut Tx) -> Result<(), Refusal> {
        let facts = json!({
            "receipt_id": self.receipt.receipt_id.0,
            "state": self.line.state.code(),
            "operation_id": self.operation.operation_id,
        });
        let subject = format!("bank_line/{}", self.line.bank_line_id.0);
        Ok(audit::record_in_tx(tx, &self.call.audit(subject, facts, self.now)).await?)
    }
}
