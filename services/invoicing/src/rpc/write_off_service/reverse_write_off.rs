//! ReverseWriteOff: what was not recovered is owed again, due as it was.

use std::sync::Arc;

use contracts::invoicing::{ReverseWriteOffRequest, ReverseWriteOffResponse};
use events::append_in_tx;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, Violations};
use serde_json::json;

use crate::app::App;
use crate::domain::{
    Invoice, InvoicingEvent, WriteOff, WriteOffId, WriteOffReversal, WriteOffState,
};
use crate::events::outbound::announce;
use crate::rpc::business_day::named_or_today_in_tx;
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::rpc::wire::write_off::write_off_to_wire;
use crate::store;

/// What is asked for.
struct Brought {
    write_off_id: WriteOffId,
    note: String,
    reversal_date: Option<Date>,
}

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the invoice, then read the
///    write-off as the holder of the lock before has left it; 4. take it back, once at most (P6);
///    5. tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReverseWriteOffRequest,
) -> Result<Answer<ReverseWriteOffResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let brought = brought(&request)?;
    let key = call.key(&request)?;
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut locked = Locked::lock_in_tx(&mut tx, tenant, brought.write_off_id).await?;
        if locked.write_off.state == WriteOffState::WrittenOff {
            error::check_etag(&request.etag, &field::etag(locked.write_off.version))?;
        }
        let named = ("reversal_date", brought.reversal_date);
        let date = named_or_today_in_tx(&mut tx, tenant, now, named.0, named.1).await?;
        let reversal = WriteOffReversal {
            reversal_date: date,
            note: brought.note.clone(),
        };
        let told = locked
            .reverse_in_tx(&app, &mut tx, tenant, reversal)
            .await?;
        let told = announce(now, &told).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, tenant, call.traceparent(), &[told]).await?;
        let subject = format!("write_off/{}", brought.write_off_id.0);
        audit::record_in_tx(&mut tx, &call.audit(subject, json!({}), now)).await?;
        let answer = ReverseWriteOffResponse {
            write_off: Some(write_off_to_wire(&locked.write_off).map_err(Refusal::internal)?),
            invoice: Some(invoice_to_wire(&locked.invoice).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

fn brought(request: &ReverseWriteOffRequest) -> Result<Brought, Refusal> {
    let mut violations = Violations::new();
    let write_off_id = field::id(&mut violations, "write_off_id", &request.write_off_id);
    let note = field::explanation(&mut violations, "note", &request.note, true);
    let date = request.reversal_date.as_ref();
    let date = field::optional_date(&mut violations, "reversal_date", date);
    let (write_off_id, note, reversal_date) = violations.complete((write_off_id, note, date))?;
    Ok(Brought {
        write_off_id: WriteOffId(write_off_id),
        note,
        reversal_date,
    })
}

/// A write-off under the lock of its invoice.
struct Locked {
    invoice: Invoice,
    write_off: WriteOff,
}

impl Locked {
    /// Which invoice it is of never changes, so that is read first.
    async fn lock_in_tx(tx: &mut Tx, tenant: TenantId, id: WriteOffId) -> Result<Self, Refusal> {
        let not_found = || error::write_off_not_found(id);
        let seen = store::write_off::find_in_tx(tx, tenant, id).await?;
        let invoice_id = seen.ok_or_else(not_found)?.invoice_id;
        let invoice = store::invoice::lock_in_tx(tx, tenant, invoice_id).await?;
        let write_off = store::write_off::find_in_tx(tx, tenant, id).await?;
        Ok(Self {
            invoice: invoice.ok_or_else(not_found)?,
            write_off: write_off.ok_or_else(not_found)?,
        })
    }

    /// Decides and stores; answers what others are to be told.
    async fn reverse_in_tx(
        &mut self,
        app: &App,
        tx: &mut Tx,
        tenant: TenantId,
        reversal: WriteOffReversal,
    ) -> Result<InvoicingEvent, Refusal> {
        let id = self.write_off.write_off_id;
        let debt = self.invoice.receivable_mut();
        let debt = debt.ok_or_else(|| Refusal::internal("a write-off of what was never owed"))?;
        // Only those of which something stands come with the receivable; the rules judge any.
        if debt.write_offs.iter().all(|one| one.write_off_id != id) {
            debt.write_offs.push(self.write_off.clone());
        }
        let reversed = app.stamped(|stamp| debt.reverse_write_off(id, reversal, stamp));
        let refused = |error| error::write_off_refused(format!("write_off/{}", id.0), &error);
        self.write_off = reversed.map_err(refused)?;
        store::receivable::save_in_tx(tx, tenant, &mut [&mut *debt]).await?;
        let recovered = self.write_off.reinstated_amount();
        let reinstated = recovered.and_then(|amount| self.write_off.amount.checked_sub(amount));
        Ok(InvoicingEvent::WriteOffReversed {
            write_off: self.write_off.clone(),
            reinstated_amount: reinstated.map_err(Refusal::internal)?,
            balance_after: debt.balance().map_err(Refusal::internal)?,
        })
    }
}
