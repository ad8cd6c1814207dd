//! GetExchangeRate: the rate that converts on a day.

use contracts::credit::{GetExchangeRateRequest, GetExchangeRateResponse};
use runtime::{Call, Refusal, Violations};

use crate::app::App;
use crate::domain::RateMissing;
use crate::rpc::error;
use crate::rpc::wire::exchange_rate::rate_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// One read transaction: the latest of the rates that may convert. A tenant without profile has
/// recorded none.
pub async fn handle(
    app: &App,
    call: Call,
    request: GetExchangeRateRequest,
) -> Result<GetExchangeRateResponse, Refusal> {
    let mut violations = Violations::new();
    let code = &request.currency_code;
    let currency = field::currency(&mut violations, "currency_code", code);
    let day = field::date(&mut violations, "rate_date", request.rate_date.as_ref());
    let (currency, rate_date) = violations.complete((currency, day))?;
    let missing = RateMissing {
        currency,
        rate_date,
    };
    let tenant = call.tenant();
    let mut tx = app.db.begin_read(&call).await?;
    let profile = store::tenant_profile::find_in_tx(&mut tx, tenant).await?;
    let profile = profile.ok_or_else(|| error::rate_missing(&missing))?;
    let only = Some(currency);
    let rates =
        store::exchange_rate::converting_in_tx(&mut tx, tenant, &profile, only, rate_date).await?;
    tx.commit().await?;
    let latest = rates.iter().max_by_key(|rate| rate.rate_date);
    let rate = latest.ok_or_else(|| error::rate_missing(&missing))?;
    Ok(GetExchangeRateResponse {
        rate: Some(rate_to_wire(rate)),
    })
}
