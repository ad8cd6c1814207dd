//! ListCaseInvoices: the oldest due date first.

use contracts::reminders::{ListCaseInvoicesRequest, ListCaseInvoicesResponse};
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::domain::id::CaseId;
use crate::rpc::error;
use crate::rpc::wire::case::invoice_to_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::case_file::CaseFile;
use crate::store::case_invoice::Place;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListCaseInvoicesRequest,
) -> Result<ListCaseInvoicesResponse, Refusal> {
    let case_id = field::only_id("case_id", &request.case_id, CaseId::new)?;
    let (tenant, settled) = (call.tenant(), request.include_settled);
    let narrows = ListCaseInvoicesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<Place>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let file = CaseFile::read_in_tx(&mut tx, tenant, case_id, app.clock.now()).await?;
    let file = file.ok_or_else(|| error::contact::case_not_found(case_id))?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows =
        store::case_invoice::list_in_tx(&mut tx, tenant, case_id, settled, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |one| {
        let number = one.invoice_number.clone();
        (one.oldest_due_date(), number, one.invoice_id.uuid())
    });
    let invoices = shown.iter().map(|one| invoice_to_wire(&file, one));
    Ok(ListCaseInvoicesResponse {
        invoices: invoices
            .collect::<Result<_, _>>()
            .map_err(Refusal::internal)?,
        next_page_token,
    })
}
