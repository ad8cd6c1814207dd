//! ListCreditNotes: newest first.

use contracts::invoicing::{ListCreditNotesRequest, ListCreditNotesResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};
use uuid::Uuid;

use crate::app::App;
use crate::domain::{CustomerId, InvoiceId};
use crate::rpc::wire::credit_note::{credit_note_to_wire, reason_from_wire};
use crate::rpc::wire::field;
use crate::store;
use crate::store::credit_note::{Filter, StoredNote};

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCreditNotesRequest,
) -> Result<ListCreditNotesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrowed = ListCreditNotesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let narrowed = narrowed.encode_to_vec();
    let listing = Listing::new(call.tenant(), call.method().path, &narrowed);
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let found = store::credit_note::list_in_tx(&mut tx, call.tenant(), &filter, after, limit);
    let found = found.await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(found, |stored| {
        let note = &stored.credit_note;
        (note.issued_time, note.header.credit_note_id.0)
    });
    let note =
        |stored: &StoredNote| credit_note_to_wire(&stored.credit_note, stored.customer_credit_id);
    Ok(ListCreditNotesResponse {
        credit_notes: shown.iter().map(note).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListCreditNotesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer);
    let invoice = request.invoice_id.as_deref();
    let invoice_id = field::filter_id(&mut violations, "invoice_id", invoice);
    let reason = match request.reason {
        Some(_) => violations.required("reason", reason_from_wire(request.reason())),
        None => None,
    };
    violations.finish()?;
    Ok(Filter {
        customer_id: customer_id.map(CustomerId),
        invoice_id: invoice_id.map(InvoiceId),
        reason,
    })
}
