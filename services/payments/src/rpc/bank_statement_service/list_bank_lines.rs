//! ListBankLines: oldest booking date first; in the state IN_REVIEW it is the review list.

use contracts::payments::{ListBankLinesRequest, ListBankLinesResponse};
use jiff::civil::Date;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal};
use uuid::Uuid;

use crate::app::App;
use crate::rpc::wire::bank_line::{filter_from_wire, line_to_wire};
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListBankLinesRequest,
) -> Result<ListBankLinesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListBankLinesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Date, Uuid)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after(), page.fetch_limit());
    let rows = store::bank_line::list_in_tx(&mut tx, tenant, &filter, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |line| (line.booking_date, line.bank_line_id.0));
    Ok(ListBankLinesResponse {
        bank_lines: shown.iter().map(line_to_wire).collect(),
        next_page_token,
    })
}
