//! CreateInvoice: a draft, on which nothing is owed.

use std::sync::Arc;

use contracts::invoicing::{CreateInvoiceRequest, CreateInvoiceResponse};
use postgres::audit;
use postgres::idempotency::{self, Begun};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use super::known::customer_in_tx;
use crate::app::App;
use crate::domain::{Invoice, InvoiceId};
use crate::rpc::error;
use crate::rpc::heard::until_heard;
use crate::rpc::wire::content::new_draft;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. find the customer; 4. store the
///    draft unless its identity is taken.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateInvoiceRequest,
) -> Result<Answer<CreateInvoiceResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let new = new_draft(&request)?;
    let fresh = || app.stamped(|stamp| InvoiceId(stamp.id()));
    let invoice_id = new.invoice_id.unwrap_or_else(fresh);
    let key = call.key(&request)?;
    until_heard(&app, || async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let customer = customer_in_tx(&mut tx, tenant, &new.brought.customer).await?;
        let content = new.brought.owed_by(customer.customer_id);
        let draft = Invoice::draft(invoice_id, new.external_id.clone(), content, now);
        let draft = draft.map_err(Refusal::internal)?;
        if !store::invoice::insert_in_tx(&mut tx, tenant, &[&draft], false).await? {
            return Err(error::invoice_exists(
                invoice_id,
                new.external_id.as_deref(),
            ));
        }
        let entry = call.audit(format!("invoice/{}", invoice_id.0), json!({}), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = CreateInvoiceResponse {
            invoice: Some(invoice_to_wire(&draft).map_err(Refusal::internal)?),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
