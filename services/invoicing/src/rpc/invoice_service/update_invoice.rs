//! UpdateInvoice: what a draft says.

use std::sync::Arc;

use contracts::invoicing::{UpdateInvoiceRequest, UpdateInvoiceResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{Invoice, InvoiceError, InvoiceId, InvoiceState};
use crate::rpc::error;
use crate::rpc::wire::content::{CHANGEABLE, revised_content};
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;

/// 1. Check identity, mask and etag; 2. take the request id, or answer as the first time; 3. lock the
///    draft, compare the etag, put the masked fields in; 4. store it.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: UpdateInvoiceRequest,
) -> Result<Answer<UpdateInvoiceResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let invoice_id = InvoiceId(field::only_id("invoice_id", &request.invoice_id)?);
    let paths = field::mask(request.update_mask.as_ref(), CHANGEABLE)?;
    field::required_etag(&request.etag)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let draft = store::invoice::lock_in_tx(&mut tx, tenant, invoice_id).await?;
        let mut draft = draft.ok_or_else(|| error::invoice_not_found(invoice_id.0))?;
        check_draft(&draft)?;
        error::check_etag(&request.etag, &field::etag(draft.version()))?;
        let content = revised_content(&draft, request.content.as_ref(), &paths)?;
        let revised = draft.revise(content);
        revised.map_err(|error| error::invoice_refused(invoice_id, &error))?;
        store::invoice::revise_in_tx(&mut tx, tenant, &draft).await?;
        let facts = json!({ "fields": &paths });
        let entry = call.audit(format!("invoice/{}", invoice_id.0), facts, now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = UpdateInvoiceResponse {
            invoice: Some(invoice_to_wire(&draft).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// Before the etag: what is issued is never changed, however new the caller's reading is (IS-3).
fn check_draft(invoice: &Invoice) -> Result<(), Refusal> {
    match invoice.state() {
        InvoiceState::Draft => Ok(()),
        _ => Err(error::invoice_refused(
            invoice.invoice_id,
            &InvoiceError::NotDraft,
        )),
    }
}
