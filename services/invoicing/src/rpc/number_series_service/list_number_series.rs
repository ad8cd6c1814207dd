//! ListNumberSeries: by code, the built-in ones included.

use contracts::invoicing::{ListNumberSeriesRequest, ListNumberSeriesResponse};
use postgres::pages::Listing;
use runtime::{Call, Refusal};

use crate::app::App;
use crate::rpc::wire::number_series::series_to_wire;
use crate::store;

/// One page in one read transaction. A tenant that has drawn no number yet has its
/// built-in series all the same: they are shown as they will be stored, but for the time.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListNumberSeriesRequest,
) -> Result<ListNumberSeriesResponse, Refusal> {
    let listing = Listing::new(call.tenant(), call.method().path, b"");
    let page = listing.page::<String>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let rows = store::number_series::list_in_tx(
        &mut tx,
        call.tenant(),
        page.after().map(String::as_str),
        page.fetch_limit(),
    )
    .await?;
    tx.commit().await?;
    let (shown, next_page_token) = page.cut(rows, |series| series.code.clone());
    let series = shown.iter().map(series_to_wire).collect();
    Ok(ListNumberSeriesResponse {
        series,
        next_page_token,
    })
}
