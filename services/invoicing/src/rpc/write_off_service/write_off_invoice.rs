//! WriteOffInvoice: closed for accounting, and not forgiven (IS-6).

use std::sync::Arc;

use contracts::invoicing::{WriteOffInvoiceRequest, WriteOffInvoiceResponse};
use events::append_in_tx;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{Invoice, InvoicingEvent, WriteOff, WriteOffOrder};
use crate::events::outbound::announce;
use crate::rpc::business_day::named_or_today_in_tx;
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::rpc::wire::write_off::{BroughtWriteOff, order_from_wire, write_off_to_wire};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the invoice, compare the
///    etag: a payment may have come in since; 4. write off what is open, or the part; 5. tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: WriteOffInvoiceRequest,
) -> Result<Answer<WriteOffInvoiceResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let order = order_from_wire(&request)?;
    let invoice_id = order.invoice_id;
    let key = call.key(&request)?;
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let invoice = store::invoice::lock_in_tx(&mut tx, tenant, invoice_id).await?;
        let mut invoice = invoice.ok_or_else(|| error::invoice_not_found(invoice_id.0))?;
        error::check_etag(&request.etag, &field::etag(invoice.version()))?;
        let named = ("write_off_date", order.write_off_date);
        let date = named_or_today_in_tx(&mut tx, tenant, now, named.0, named.1).await?;
        let (write_off, told) =
            write_off_in_tx(&app, &mut tx, tenant, &mut invoice, &order, date).await?;
        let told = announce(now, &told).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, tenant, call.traceparent(), &[told]).await?;
        let facts = json!({ "invoice_id": invoice_id, "amount": write_off.amount.to_string() });
        let entry = call.audit(
            format!("write_off/{}", write_off.write_off_id.0),
            facts,
            now,
        );
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = WriteOffInvoiceResponse {
            write_off: Some(write_off_to_wire(&write_off).map_err(Refusal::internal)?),
            invoice: Some(invoice_to_wire(&invoice).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// Decides and stores; answers what others are to be told.
async fn write_off_in_tx(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    invoice: &mut Invoice,
    brought: &BroughtWriteOff,
    write_off_date: Date,
) -> Result<(WriteOff, InvoicingEvent), Refusal> {
    let invoice_id = invoice.invoice_id;
    let debt = invoice.receivable_mut();
    let debt = debt.ok_or_else(|| error::invoice_not_open(invoice_id))?;
    let order = WriteOffOrder {
        amount: brought.amount,
        reason: brought.reason,
        note: brought.note.clone(),
        write_off_date,
    };
    let write_off = app.stamped(|stamp| debt.write_off(order, stamp));
    let refused = |error| error::write_off_refused(format!("invoice/{}", invoice_id.0), &error);
    let write_off = write_off.map_err(refused)?;
    store::write_off::insert_in_tx(tx, tenant, &write_off).await?;
    store::receivable::save_in_tx(tx, tenant, &mut [&mut *debt]).await?;
    let told = InvoicingEvent::InvoiceWrittenOff {
        write_off: write_off.clone(),
        balance_after: debt.balance().map_err(Refusal::internal)?,
    };
    Ok((write_off, told))
}
