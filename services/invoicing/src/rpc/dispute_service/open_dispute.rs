//! OpenDispute: what the customer objects to is held back; the rest of the invoice goes on.

use std::sync::Arc;

use contracts::invoicing::{OpenDisputeRequest, OpenDisputeResponse};
use events::append_in_tx;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{Dispute, DisputeId, Invoice, InvoicingEvent, Objection};
use crate::events::outbound::announce;
use crate::rpc::business_day::named_or_today_in_tx;
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::dispute::{BroughtDispute, dispute_from_wire, dispute_to_wire};
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the invoice; 4. open the
///    dispute, of no more than is open and not disputed; 5. tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: OpenDisputeRequest,
) -> Result<Answer<OpenDisputeResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let brought = dispute_from_wire(&request)?;
    let invoice_id = brought.invoice_id;
    let key = call.key(&request)?;
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let invoice = store::invoice::lock_in_tx(&mut tx, tenant, invoice_id).await?;
        let mut invoice = invoice.ok_or_else(|| error::invoice_not_found(invoice_id.0))?;
        let named = ("disputed_date", brought.disputed_date);
        let date = named_or_today_in_tx(&mut tx, tenant, now, named.0, named.1).await?;
        let (dispute, told) =
            open_in_tx(&app, &mut tx, tenant, &mut invoice, &brought, date).await?;
        let told = announce(now, &told).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, tenant, call.traceparent(), &[told]).await?;
        let facts = json!({ "invoice_id": invoice_id, "amount": dispute.amount.to_string() });
        let entry = call.audit(format!("dispute/{}", dispute.dispute_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = OpenDisputeResponse {
            dispute: Some(dispute_to_wire(&dispute)),
            invoice: Some(invoice_to_wire(&invoice).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// Decides and stores; answers what others are to be told.
async fn open_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    invoice: &mut Invoice,
    brought: &BroughtDispute,
    disputed_date: Date,
) -> Result<(Dispute, InvoicingEvent), Refusal> {
    let invoice_id = invoice.invoice_id;
    let debt = invoice.receivable_mut();
    let debt = debt.ok_or_else(|| error::invoice_not_open(invoice_id))?;
    let opened = app.stamped(|stamp| {
        let objection = Objection {
            dispute_id: brought.dispute_id.unwrap_or_else(|| DisputeId(stamp.id())),
            extent: brought.extent,
            reason: brought.reason,
            note: brought.note.clone(),
            disputed_date,
        };
        debt.open_dispute(objection, stamp)
    });
    let refused = |error| error::dispute_refused(format!("invoice/{}", invoice_id.0), &error);
    let dispute = opened.map_err(refused)?;
    if !store::dispute::insert_in_tx(tx, tenant, &dispute).await? {
        return Err(error::dispute_exists(dispute.dispute_id));
    }
    store::receivable::save_in_tx(tx, tenant, &mut [&mut *debt]).await?;
    let told = InvoicingEvent::DisputeOpened {
        dispute: dispute.clone(),
        balance_after: debt.balance().map_err(Refusal::internal)?,
    };
    Ok((dispute, told))
}
