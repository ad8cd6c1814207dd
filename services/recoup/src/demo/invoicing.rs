//! Invoicing hears of the customers by the feed, and gets a series to number this year's invoices.

use anyhow::{Context as _, ensure};
use contracts::credit::CustomerCreated;
use contracts::events::ListParkedEventsRequest;
use contracts::events::parked_event_service_client::ParkedEventServiceClient;
use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use contracts::invoicing::{
    CreateNumberSeriesRequest, CreateNumberSeriesResponse, ListNumberSeriesRequest, NumberSeries,
    NumberedDocument,
};
use prost::Name as _;

use super::Row;
use super::client::{World, until};

/// What invoicing answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    series: CreateNumberSeriesResponse,
    customers_known: usize,
}

impl Answers {
    /// How many there are.
    pub const fn count(&self) -> usize {
        1
    }

    /// What was done.
    pub fn rows(&self) -> Vec<Row> {
        vec![
            Row {
                what: "customers known to invoicing",
                count: self.customers_known,
                checked: "by the feed alone",
            },
            Row {
                what: "number series created",
                count: 1,
                checked: "listed beside INV and CN",
            },
        ]
    }
}

/// Waits until `customers` have come by the feed, makes the calls of the chapter, and checks them.
///
/// # Errors
/// They do not come, a call is refused, or an answer is not as it must be.
pub async fn tell(world: &World, customers: usize) -> anyhow::Result<Answers> {
    let applied = || {
        world.counter(
            "recoup_invoicing_applied_events",
            &CustomerCreated::full_name(),
        )
    };
    until("invoicing knows the customers", async || {
        Ok(applied()? >= u64::try_from(customers)?)
    })
    .await?;
    let mut parked = ParkedEventServiceClient::new(world.calls());
    let parked = parked
        .list_parked_events(ListParkedEventsRequest::default())
        .await?;
    let parked = parked.into_inner().parked_events;
    ensure!(
        parked.is_empty(),
        "parked: {:?}",
        parked.first().map(|event| &event.reason)
    );

    let mut client = NumberSeriesServiceClient::new(world.calls());
    let series = client
        .create_number_series(series())
        .await
        .context("the series")?
        .into_inner();
    let request = ListNumberSeriesRequest::default();
    let listed = client
        .list_number_series(request)
        .await?
        .into_inner()
        .series;
    let codes: Vec<&str> = listed
        .iter()
        .map(|series| series.series_code.as_str())
        .collect();
    ensure!(codes == ["2026", "CN", "INV"], "the series are {codes:?}");
    Ok(Answers {
        series,
        customers_known: customers,
    })
}

fn series() -> CreateNumberSeriesRequest {
    CreateNumberSeriesRequest {
        request_id: "demo-series".to_owned(),
        series: Some(NumberSeries {
            series_code: "2026".to_owned(),
            document: NumberedDocument::Invoice.into(),
            prefix: "2026-".to_owned(),
            minimum_digits: 5,
            first_number: 1,
            ..NumberSeries::default()
        }),
    }
}
