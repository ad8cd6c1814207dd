//! VoidInvoice: taken back as a whole, with the disputes of it.

use std::sync::Arc;

use contracts::invoicing::{VoidInvoiceRequest, VoidInvoiceResponse};
use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::{Invoice, InvoiceId, InvoiceState, InvoicingEvent};
use crate::events::outbound::announce_all;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the invoice, compare the
///    etag; 4. void it if nothing stands against it, and end its disputes; 5. tell it, unless it was
///    a draft: nothing was owed.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: VoidInvoiceRequest,
) -> Result<Answer<VoidInvoiceResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (invoice_id, note) = checked(&request)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let invoice = store::invoice::lock_in_tx(&mut tx, tenant, invoice_id).await?;
        let mut invoice = invoice.ok_or_else(|| error::invoice_not_found(invoice_id.0))?;
        if invoice.state() != InvoiceState::Void {
            error::check_etag(&request.etag, &field::etag(invoice.version()))?;
        }
        let today = today_in_tx(&mut tx, tenant, now).await?;
        let void = app.stamped(|stamp| invoice.void(today, stamp));
        void.map_err(|error| error::invoice_refused(invoice_id, &error))?;
        let told = store_in_tx(&app, &mut tx, tenant, &mut invoice, today).await?;
        store::invoice::note_void_in_tx(&mut tx, tenant, invoice_id, &note).await?;
        let told = announce_all(now, &told).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, tenant, call.traceparent(), &told).await?;
        let entry = call.audit(format!("invoice/{}", invoice_id.0), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = VoidInvoiceResponse {
            invoice: Some(invoice_to_wire(&invoice).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

fn checked(request: &VoidInvoiceRequest) -> Result<(InvoiceId, String), Refusal> {
    let mut violations = Violations::new();
    let invoice_id = field::id(&mut violations, "invoice_id", &request.invoice_id);
    let note = field::text(&mut violations, "note", &request.note, 500);
    violations.complete((invoice_id.map(InvoiceId), note))
}

/// The day it is for the tenant. Only a draft can be there before the tenant is known, and that is
/// owed on no day.
async fn today_in_tx(tx: &mut Tx, tenant: TenantId, now: Timestamp) -> Result<Date, Refusal> {
    let known = store::tenant::find_in_tx(tx, tenant).await?;
    Ok(known.map_or(Date::ZERO, |known| known.day_of(now)))
}

/// Stores what is void, and the disputes that end with it; answers what others are to be told.
async fn store_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    invoice: &mut Invoice,
    today: Date,
) -> Result<Vec<InvoicingEvent>, Refusal> {
    let reservation_id = invoice.content.reservation_id;
    let Some(debt) = invoice.receivable_mut() else {
        store::invoice::update_in_tx(tx, tenant, invoice).await?;
        return Ok(Vec::new());
    };
    let balance = debt.balance().map_err(Refusal::internal)?;
    let voided = debt.items.iter().map(|item| item.original_amount);
    let voided_amount = Money::sum(debt.currency, voided).map_err(Refusal::internal)?;
    store::receivable::save_in_tx(tx, tenant, &mut [debt]).await?;
    let mut told = vec![InvoicingEvent::InvoiceVoided {
        voided_amount,
        void_date: today,
        balance_after: balance.clone(),
        reservation_id,
    }];
    let invoice_id = invoice.invoice_id;
    for mut dispute in store::dispute::open_of_invoice_in_tx(tx, tenant, invoice_id).await? {
        app.stamped(|stamp| dispute.end_by_void(today, stamp));
        store::dispute::update_in_tx(tx, tenant, &dispute).await?;
        told.push(InvoicingEvent::DisputeResolved {
            dispute,
            balance_after: balance.clone(),
        });
    }
    Ok(told)
}
