//! IssueCreditNote: a correction in the customer's favour, numbered and never changed.

use std::sync::Arc;

use contracts::invoicing::{IssueCreditNoteRequest, IssueCreditNoteResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::planned::Planned;
use crate::app::App;
use crate::domain::{
    CreditNoteHeader, CreditNoteId, CustomerCreditBalance, InvoicingEvent, IssuedCreditNote,
};
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::credit_note::{BroughtNote, credit_note_to_wire, note_from_wire};
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the invoice and find out
///    whether the note is fit; 4. draw its number; 5. issue it: it lowers the invoice, and what
///    exceeds that becomes the customer's credit; 6. store all of it, and tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: IssueCreditNoteRequest,
) -> Result<Answer<IssueCreditNoteResponse>, Refusal> {
    let now = app.clock.now();
    let brought = note_from_wire(&request)?;
    let key = call.key(&request)?;
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut planned = Planned::plan_in_tx(&mut tx, call.tenant(), &brought, now).await?;
        let mut issued = issue(&app, &mut planned, &brought)?;
        let credit_after = store_in_tx(&mut tx, &call, &mut planned, &mut issued).await?;
        let answer = IssueCreditNoteResponse {
            credit_note: Some(credit_note_to_wire(&issued.credit_note, credit_of(&issued))),
            invoice: match &planned.invoice {
                Some(invoice) => Some(invoice_to_wire(invoice).map_err(Refusal::internal)?),
                None => None,
            },
        };
        let header = &issued.credit_note.header;
        let facts = json!({ "credit_note_number": header.credit_note_number });
        let entry = call.audit(
            format!("credit_note/{}", header.credit_note_id.0),
            facts,
            now,
        );
        audit::record_in_tx(&mut tx, &entry).await?;
        let told = InvoicingEvent::CreditNoteIssued {
            customer_credit_id: credit_of(&issued),
            credit_note: Box::new(issued.credit_note),
            balance_after: issued.balance_after,
            customer_credit_after: credit_after,
        };
        let told = announce(now, &told).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, call.tenant(), call.traceparent(), &[told]).await?;
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// The credit that came of a note, if any did.
fn credit_of(issued: &IssuedCreditNote) -> Option<crate::domain::CustomerCreditId> {
    let credit = issued.customer_credit.as_ref();
    credit.map(|credit| credit.customer_credit_id)
}

fn issue(
    app: &App,
    planned: &mut Planned,
    brought: &BroughtNote,
) -> Result<IssuedCreditNote, Refusal> {
    let issued = app.stamped(|stamp| {
        let fresh = || CreditNoteId(stamp.id());
        let header = CreditNoteHeader {
            credit_note_id: brought.credit_note_id.unwrap_or_else(fresh),
            external_id: brought.external_id.clone(),
            credit_note_number: planned.number.clone(),
            reason: brought.reason,
            note: brought.note.clone(),
            credit_note_date: planned.date,
        };
        let debt = planned.invoice.as_mut();
        let debt = debt.and_then(|invoice| invoice.receivable_mut());
        let debt = debt.map(|debt| (debt, planned.history.as_slice()));
        planned.plan.clone().issue(header, debt, stamp)
    });
    issued.map_err(Refusal::internal)
}

/// Stores the note and everything that it changed; answers what the customer has in credit then.
async fn store_in_tx(
    tx: &mut Tx,
    call: &Call,
    planned: &mut Planned,
    issued: &mut IssuedCreditNote,
) -> Result<CustomerCreditBalance, Refusal> {
    let tenant = call.tenant();
    if !store::credit_note::insert_in_tx(tx, tenant, issued).await? {
        let header = &issued.credit_note.header;
        let external_id = header.external_id.as_deref();
        return Err(error::credit_note_exists(
            header.credit_note_id,
            external_id,
        ));
    }
    let debt = planned.invoice.as_mut();
    if let Some(debt) = debt.and_then(|invoice| invoice.receivable_mut()) {
        store::receivable::save_in_tx(tx, tenant, &mut [debt]).await?;
    }
    let note = &issued.credit_note;
    let amount = note.customer_credit_amount;
    let (whose, currency) = (note.customer_id, amount.currency());
    let balance = store::customer_credit_balance::lock_in_tx(tx, tenant, whose, currency).await;
    let mut balance = balance?;
    if amount.is_positive() {
        balance.move_by(amount).map_err(Refusal::internal)?;
        store::customer_credit_balance::save_in_tx(tx, tenant, &balance).await?;
    }
    Ok(balance)
}
