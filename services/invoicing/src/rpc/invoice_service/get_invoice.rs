//! GetInvoice: one invoice, and what of it is owed.

use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::{GetInvoiceRequest, GetInvoiceResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::InvoiceId;
use crate::rpc::error;
use crate::rpc::wire::field;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::store;
use crate::store::invoice::InvoiceKey;

/// One read transaction, the same queries whoever asks (P28).
pub async fn handle(
    app: &App,
    call: Call,
    request: GetInvoiceRequest,
) -> Result<GetInvoiceResponse, Refusal> {
    let key = key_from_wire(request.key.as_ref())?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::invoice::find_in_tx(&mut tx, call.tenant(), &key).await?;
    tx.commit().await?;
    let invoice = found.ok_or_else(|| error::invoice_not_found(name(&key)))?;
    Ok(GetInvoiceResponse {
        invoice: Some(invoice_to_wire(&invoice).map_err(Refusal::internal)?),
    })
}

fn key_from_wire(key: Option<&Key>) -> Result<InvoiceKey, Refusal> {
    let mut violations = Violations::new();
    let read = match key {
        Some(Key::InvoiceId(id)) => {
            let id = field::id(&mut violations, "invoice_id", id);
            id.map(|id| InvoiceKey::Id(InvoiceId(id)))
        }
        Some(Key::ExternalId(id)) => {
            field::text(&mut violations, "external_id", id, 128).map(InvoiceKey::External)
        }
        Some(Key::InvoiceNumber(number)) => {
            field::text(&mut violations, "invoice_number", number, 64).map(InvoiceKey::Number)
        }
        None => {
            let text = "is required, or external_id, or invoice_number";
            violations.add("invoice_id", text);
            None
        }
    };
    violations.complete((read,)).map(|(key,)| key)
}

fn name(key: &InvoiceKey) -> String {
    match key {
        InvoiceKey::Id(invoice_id) => invoice_id.0.to_string(),
        InvoiceKey::External(name) | InvoiceKey::Number(name) => name.clone(),
    }
}
