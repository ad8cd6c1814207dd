//! GetCreditNote: one credit note.

use contracts::invoicing::get_credit_note_request::Key;
use contracts::invoicing::{GetCreditNoteRequest, GetCreditNoteResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::CreditNoteId;
use crate::rpc::error;
use crate::rpc::wire::credit_note::credit_note_to_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::credit_note::CreditNoteKey;

/// One read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCreditNoteRequest,
) -> Result<GetCreditNoteResponse, Refusal> {
    let key = key_from_wire(request.key.as_ref())?;
    let mut tx = app.db.begin_read(&call).await?;
    let found = store::credit_note::find_in_tx(&mut tx, call.tenant(), &key).await?;
    tx.commit().await?;
    let found = found.ok_or_else(|| error::credit_note_not_found(name(&key)))?;
    Ok(GetCreditNoteResponse {
        credit_note: Some(credit_note_to_wire(
            &found.credit_note,
            found.customer_credit_id,
        )),
    })
}

fn key_from_wire(key: Option<&Key>) -> Result<CreditNoteKey, Refusal> {
    let mut violations = Violations::new();
    let read = match key {
        Some(Key::CreditNoteId(id)) => {
            let id = field::id(&mut violations, "credit_note_id", id);
            id.map(|id| CreditNoteKey::Id(CreditNoteId(id)))
        }
        Some(Key::ExternalId(id)) => {
            field::text(&mut violations, "external_id", id, 128).map(CreditNoteKey::External)
        }
        Some(Key::CreditNoteNumber(number)) => {
            let number = field::text(&mut violations, "credit_note_number", number, 64);
            number.map(CreditNoteKey::Number)
        }
        None => {
            let text = "is required, or external_id, or credit_note_number";
            violations.add("credit_note_id", text);
            None
        }
    };
    violations.complete((read,)).map(|(key,)| key)
}

fn name(key: &CreditNoteKey) -> String {
    match key {
        CreditNoteKey::Id(id) => id.0.to_string(),
        CreditNoteKey::External(name) | CreditNoteKey::Number(name) => name.clone(),
    }
}
