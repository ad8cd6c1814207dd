//! ResolveDispute: what is still open of the disputed part is collected again.

use std::sync::Arc;

use contracts::invoicing::{ResolveDisputeRequest, ResolveDisputeResponse};
use events::append_in_tx;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{
    Coded as _, CreditNoteId, Dispute, DisputeId, DisputeState, Invoice, InvoiceId, InvoicingEvent,
};
use crate::events::outbound::announce;
use crate::rpc::business_day::today_in_tx;
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::dispute::{BroughtEnding, dispute_to_wire, ending_from_wire};
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;
use crate::store::credit_note::CreditNoteKey;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock the invoice, then read the
///    dispute as the holder of the lock before has left it; 4. end it, with the credit note that
///    settles it if one does; 5. tell it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ResolveDisputeRequest,
) -> Result<Answer<ResolveDisputeResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let brought = ending_from_wire(&request)?;
    let key = call.key(&request)?;
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut locked = Locked::lock_in_tx(&mut tx, tenant, brought.dispute_id).await?;
        if locked.dispute.state() == DisputeState::Open {
            error::check_etag(&request.etag, &field::etag(locked.dispute.version))?;
        }
        let today = today_in_tx(&mut tx, tenant, now).await?;
        let told = locked
            .resolve_in_tx(&app, &mut tx, tenant, &brought, today)
            .await?;
        let told = announce(now, &told).map_err(Refusal::internal)?;
        append_in_tx(&mut tx, tenant, call.traceparent(), &[told]).await?;
        let facts = json!({ "resolution": brought.resolution.code() });
        let entry = call.audit(format!("dispute/{}", brought.dispute_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ResolveDisputeResponse {
            dispute: Some(dispute_to_wire(&locked.dispute)),
            invoice: Some(invoice_to_wire(&locked.invoice).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// A dispute under the lock of its invoice.
struct Locked {
    invoice: Invoice,
    dispute: Dispute,
}

impl Locked {
    /// Which invoice it is of never changes, so that is read first.
    async fn lock_in_tx(tx: &mut Tx, tenant: TenantId, id: DisputeId) -> Result<Self, Refusal> {
        let not_found = || error::dispute_not_found(id);
        let seen = store::dispute::find_in_tx(tx, tenant, id).await?;
        let invoice_id = seen.ok_or_else(not_found)?.invoice_id;
        let invoice = store::invoice::lock_in_tx(tx, tenant, invoice_id).await?;
        let dispute = store::dispute::find_in_tx(tx, tenant, id).await?;
        Ok(Self {
            invoice: invoice.ok_or_else(not_found)?,
            dispute: dispute.ok_or_else(not_found)?,
        })
    }

    /// Decides and stores; answers what others are to be told.
    async fn resolve_in_tx(
        &mut self,
        app: &App,
        tx: &mut Tx,
        tenant: TenantId,
        brought: &BroughtEnding,
        today: Date,
    ) -> Result<InvoicingEvent, Refusal> {
        let note = settled_by_in_tx(tx, tenant, brought.credit_note_id).await?;
        let debt = self.invoice.receivable_mut();
        let debt = debt.ok_or_else(|| Refusal::internal("a dispute of what was never owed"))?;
        let dispute = &mut self.dispute;
        let (resolution, words) = (brought.resolution, brought.note.clone());
        let resolved =
            app.stamped(|stamp| dispute.resolve(resolution, words, note, debt, today, stamp));
        let subject = format!("dispute/{}", dispute.dispute_id.0);
        resolved.map_err(|error| error::dispute_refused(subject, &error))?;
        store::dispute::update_in_tx(tx, tenant, dispute).await?;
        store::receivable::save_in_tx(tx, tenant, &mut [&mut *debt]).await?;
        Ok(InvoicingEvent::DisputeResolved {
            dispute: dispute.clone(),
            balance_after: debt.balance().map_err(Refusal::internal)?,
        })
    }
}

/// The credit note that is named, with the invoice it corrects.
async fn settled_by_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    named: Option<CreditNoteId>,
) -> Result<Option<(CreditNoteId, Option<InvoiceId>)>, Refusal> {
    let Some(id) = named else { return Ok(None) };
    let found = store::credit_note::find_in_tx(tx, tenant, &CreditNoteKey::Id(id)).await?;
    let found = found.ok_or_else(|| error::credit_note_not_found(id.0))?;
    Ok(Some((id, found.credit_note.invoice_id)))
}
