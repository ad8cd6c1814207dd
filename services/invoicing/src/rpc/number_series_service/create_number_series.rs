//! CreateNumberSeries: adds a series that later documents draw their numbers from.

use std::sync::Arc;

use contracts::invoicing::{CreateNumberSeriesRequest, CreateNumberSeriesResponse};
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::{NumberSeries, NumberedDocument};
use crate::rpc::error;
use crate::rpc::wire::number_series::{new_series, series_to_wire};
use crate::store;
use crate::store::number_series::Taken;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. refuse a code or
///    prefix that is taken, and numbers that documents have; 4. store series, audit
///    entry and answer together.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: CreateNumberSeriesRequest,
) -> Result<Answer<CreateNumberSeriesResponse>, Refusal> {
    let now = app.clock.now();
    let series = new_series(&request, now)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        store::number_series::add_built_in_in_tx(&mut tx, call.tenant(), now).await?;
        store::number_series::hold_off_imports_in_tx(&mut tx, call.tenant()).await?;
        let inserted = store::number_series::insert_in_tx(&mut tx, call.tenant(), &series).await;
        inserted?.map_err(|taken| refuse(taken, &series))?;
        check_numbers_in_tx(&mut tx, call.tenant(), &series).await?;
        let answer = CreateNumberSeriesResponse {
            series: Some(series_to_wire(&series)),
        };
        let entry = call.audit(subject(&series), json!({ "prefix": series.prefix }), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// Documents from elsewhere must not have numbers that the series would draw. Only invoices come
/// from elsewhere.
async fn check_numbers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series: &NumberSeries,
) -> Result<(), Refusal> {
    if series.document != NumberedDocument::Invoice {
        return Ok(());
    }
    match store::number_series::number_in_use_in_tx(tx, tenant, series).await? {
        Some(number) => Err(error::numbers_in_use(&series.code, &number)),
        None => Ok(()),
    }
}

fn subject(series: &NumberSeries) -> String {
    format!("number_series/{}", series.code)
}

fn refuse(taken: Taken, series: &NumberSeries) -> Refusal {
    match taken {
        Taken::Code => error::series_exists(&series.code),
        Taken::Prefix => error::series_exists(&series.prefix),
    }
}
