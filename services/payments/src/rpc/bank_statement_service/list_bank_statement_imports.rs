//! ListBankStatementImports: newest first, without their bad rows.

use contracts::payments::{ListBankStatementImportsRequest, ListBankStatementImportsResponse};
use jiff::Timestamp;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::bank_statement::{filter_from_wire, import_to_wire};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListBankStatementImportsRequest,
) -> Result<ListBankStatementImportsResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListBankStatementImportsRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Timestamp, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows =
        store::bank_statement_import::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |import| {
        (import.created_time, import.bank_statement_import_id.0)
    });
    Ok(ListBankStatementImportsResponse {
        bank_statement_imports: shown.iter().map(import_to_wire).collect(),
        next_page_token,
    })
}
