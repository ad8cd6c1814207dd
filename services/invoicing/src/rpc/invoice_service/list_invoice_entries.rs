//! ListInvoiceEntries: every step in the history of what is open.

use contracts::invoicing::{ListInvoiceEntriesRequest, ListInvoiceEntriesResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::{InvoiceEntry, InvoiceId};
use crate::rpc::error;
use crate::rpc::wire::entry::entry_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One page in one read transaction. A draft has no history.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListInvoiceEntriesRequest,
) -> Result<ListInvoiceEntriesResponse, Refusal> {
    let invoice_id = InvoiceId(field::only_id("invoice_id", &request.invoice_id)?);
    let filter = invoice_id.0.as_bytes();
    let listing = Listing::new(call.tenant(), call.method().path, filter);
    let page = listing.page::<i64>(request.page_size, &request.page_token)?;
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    if !store::invoice::exists_in_tx(&mut tx, tenant, invoice_id).await? {
        return Err(error::invoice_not_found(invoice_id.0));
    }
    let after = page.after().copied().unwrap_or(0);
    let limit = page.fetch_limit();
    let found = store::receivable::entries_in_tx(&mut tx, tenant, invoice_id, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(found, |entry: &InvoiceEntry| entry.entry_number);
    Ok(ListInvoiceEntriesResponse {
        entries: shown.iter().map(entry_to_wire).collect(),
        next_page_token,
    })
}
