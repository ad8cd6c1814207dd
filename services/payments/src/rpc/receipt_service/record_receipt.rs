//! RecordReceipt: money came in; all of it is unapplied at first.

use std::sync::Arc;

use contracts::payments::{RecordReceiptRequest, RecordReceiptResponse};
use events::append_in_tx;
use postgres::idempotency::{self, Begun};
use postgres::{Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{
    DomainEvent, NewReceipt, Receipt, ReceiptEntry, ReceiptId, ReceiptMethod, ReceiptOrigin,
};
use crate::events::outbound::{announce, announce_cash};
use crate::rpc::error;
use crate::rpc::known::{customer_in_tx, today_in_tx, until_known};
use crate::rpc::wire::receipt::receipt_to_wire;
use crate::rpc::wire::receipt_request::{BroughtReceipt, brought_receipt};
use crate::store;

/// The only service that records what was paid to agencies (AY-6).
const AGENCY: &str = "agency";

/// 1. Parse, and refuse agency money from anyone but the agency service; 2. take the request id, or
///    answer as the first time; 3. decide by the tenant's day, the customer and the account; 4. store
///    the receipt unless an identity of it is taken, and tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: RecordReceiptRequest,
) -> Result<Answer<RecordReceiptResponse>, Refusal> {
    let brought = brought_receipt(&request)?;
    if brought.receipt.method == ReceiptMethod::Agency && call.peer() != Some(AGENCY) {
        return Err(error::agency_only());
    }
    let key = call.key(&request)?;
    let record = || async {
        let now = app.clock.now();
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let recorded = recorded_in_tx(&app, &call, &mut tx, brought.clone()).await?;
        let written = store::ledger::record_in_tx(&mut tx, call.tenant(), &recorded).await?;
        let ([(receipt, _)], (stored, cash)) = (&recorded, written);
        if !stored.contains(&receipt.receipt_id) {
            return Err(error::receipt_exists(taken(receipt)));
        }
        let mut told = vec![announce(now, &DomainEvent::ReceiptRecorded { receipt })];
        told.extend(announce_cash(now, &cash));
        append_in_tx(&mut tx, call.tenant(), call.traceparent(), &told).await?;
        let subject = format!("receipt/{}", receipt.receipt_id.0);
        let facts = json!({ "amount": receipt.balances.received });
        audit::record_in_tx(&mut tx, &call.audit(subject, facts, now)).await?;
        let answer = RecordReceiptResponse {
            receipt: Some(receipt_to_wire(receipt)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    };
    until_known(|| retried(record)).await
}

/// The receipt as it would be recorded now.
async fn recorded_in_tx(
    app: &App,
    call: &Call,
    tx: &mut Tx,
    brought: BroughtReceipt,
) -> Result<[(Receipt, ReceiptEntry); 1], Refusal> {
    let tenant = call.tenant();
    let today = today_in_tx(app, tx, tenant).await?;
    if let Some(customer_id) = brought.receipt.customer_id {
        customer_in_tx(tx, tenant, customer_id).await?;
    }
    let account = match brought.bank_account_id {
        Some(id) => {
            let account = store::bank_account::find_in_tx(tx, tenant, id).await?;
            Some(account.ok_or_else(|| error::bank_account_not_found(id))?)
        }
        None => None,
    };
    let new = NewReceipt {
        account: account.map(|account| (account.bank_account_id, account.currency)),
        ..brought.receipt
    };
    let id = new
        .receipt_id
        .unwrap_or_else(|| app.stamped(|stamp| ReceiptId(stamp.id())));
    let new = NewReceipt {
        receipt_id: Some(id),
        ..new
    };
    let recorded = app.stamped(|stamp| Receipt::record(new, today, stamp));
    recorded
        .map(|recorded| [recorded])
        .map_err(|refused| error::receipt_refused(id, &refused, "receipt_date"))
}

/// The identity that a caller knows the receipt by.
fn taken(receipt: &Receipt) -> String {
    match (&receipt.external_id, receipt.origin) {
        (Some(external_id), _) => external_id.clone(),
        (None, ReceiptOrigin::Agency(line)) => {
            format!("{}/{}", line.remittance_id.0, line.line_number)
        }
        (None, _) => receipt.receipt_id.0.to_string(),
    }
}
