//! ListExchangeRates: newest day first, then by currency.

use contracts::credit::{ListExchangeRatesRequest, ListExchangeRatesResponse};
use jiff::civil::Date;
use postgres::pages::Listing;
use prost::Message as _;
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::rpc::wire::exchange_rate::rate_to_wire;
use crate::rpc::wire::field;
use crate::store;
use crate::store::exchange_rate::Filter;

/// One page in one read transaction.
pub async fn handle(
    app: &App,
    call: Call,
    request: ListExchangeRatesRequest,
) -> Result<ListExchangeRatesResponse, Refusal> {
    let filter = filter_from_wire(&request)?;
    let narrows = ListExchangeRatesRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let listing = Listing::new(call.tenant(), call.method().path, &narrows.encode_to_vec());
    let page = listing.page::<(Date, String)>(request.page_size, &request.page_token)?;
    let mut tx = app.db.begin_read(&call).await?;
    let rows = store::exchange_rate::list_in_tx(
        &mut tx,
        call.tenant(),
        &filter,
        page.after(),
        page.fetch_limit(),
    )
    .await?;
    tx.commit().await?;
    let (shown, next_page_token) =
        page.cut(rows, |rate| (rate.rate_date, rate.currency.to_string()));
    Ok(ListExchangeRatesResponse {
        rates: shown.iter().map(rate_to_wire).collect(),
        next_page_token,
    })
}

fn filter_from_wire(request: &ListExchangeRatesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let currency = request.currency_code.as_deref();
    let currency =
        currency.and_then(|code| field::currency(&mut violations, "currency_code", code));
    let from = request.from_date.as_ref();
    let from_date = field::optional_date(&mut violations, "from_date", from);
    let to_date = field::optional_date(&mut violations, "to_date", request.to_date.as_ref());
    violations.finish()?;
    Ok(Filter {
        currency,
        from_date: from_date.flatten(),
        to_date: to_date.flatten(),
    })
}
