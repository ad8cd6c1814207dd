//! ListColumnMappings: by name.

use contracts::payments::{ListColumnMappingsRequest, ListColumnMappingsResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::wire::column_mapping::mapping_to_wire;
use crate::store;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListColumnMappingsRequest,
) -> Result<ListColumnMappingsResponse, Refusal> {
    let tenant = call.tenant();
    let listing = Listing::new(tenant, call.method().path, b"");
    let page = listing.page::<String>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let (after, limit) = (page.after().map(String::as_str), page.fetch_limit());
    let rows = store::column_mapping::list_in_tx(&mut tx, tenant, after, limit).await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |mapping| mapping.display_name.clone());
    Ok(ListColumnMappingsResponse {
        column_mappings: shown.iter().map(mapping_to_wire).collect(),
        next_page_token,
    })
}
