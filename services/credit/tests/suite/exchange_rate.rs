//! ExchangeRateService: recorded once, never changed, never guessed (RD-5).

use contracts::common::Decimal;
use contracts::credit::exchange_rate_service_client::ExchangeRateServiceClient;
use contracts::credit::{
    ExchangeRate, GetExchangeRateRequest, ListExchangeRatesRequest, RecordExchangeRatesRequest,
};
use contracts::google::r#type::Date;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, reason};
use crate::samples::{day, events, types, with_profile};

fn client(world: &World) -> ExchangeRateServiceClient<Channel> {
    ExchangeRateServiceClient::new(world.channel())
}

fn rate(currency: &str, rate_date: Date, value: &str) -> ExchangeRate {
    ExchangeRate {
        currency_code: currency.to_owned(),
        rate_date: Some(rate_date),
        rate: Some(Decimal {
            value: value.to_owned(),
        }),
        source: "ECB reference rate".to_owned(),
        created_time: None,
    }
}

async fn record(world: &World, id: &str, rates: Vec<ExchangeRate>) -> Result<usize, Status> {
    let request = RecordExchangeRatesRequest {
        request_id: id.to_owned(),
        rates,
    };
    let asked = world.signed(OURS, request);
    let answer = client(world).record_exchange_rates(asked).await?;
    Ok(answer.into_inner().rates.len())
}

async fn get(world: &World, rate_date: Date) -> Result<String, Status> {
    let request = GetExchangeRateRequest {
        currency_code: "USD".to_owned(),
        rate_date: Some(rate_date),
    };
    let asked = world.signed(OURS, request);
    let answer = client(world).get_exchange_rate(asked).await?.into_inner();
    Ok(answer.rate.unwrap().rate.unwrap().value)
}

#[tokio::test]
async fn rd_5_the_latest_rate_that_is_not_too_old_converts() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let friday = rate("USD", day(2026, 2, 27), "0.92");
    assert_eq!(record(&world, "r1", vec![friday]).await.unwrap(), 1);
    assert_eq!(get(&world, day(2026, 3, 3)).await.unwrap(), "0.92");
    for without in [day(2026, 2, 26), day(2026, 3, 4)] {
        let refused = get(&world, without).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::FailedPrecondition, "RATE_MISSING")
        );
    }
}

#[tokio::test]
async fn rd_5_a_recorded_rate_stays_and_one_bad_rate_refuses_all() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let first = || rate("USD", day(2026, 2, 27), "0.92");
    record(&world, "r1", vec![first()]).await.unwrap();
    let same = rate("USD", day(2026, 2, 27), "0.920");
    let next = rate("GBP", day(2026, 2, 27), "1.15");
    assert_eq!(record(&world, "r2", vec![same, next]).await.unwrap(), 2);
    let other = rate("USD", day(2026, 2, 27), "0.93");
    let new = rate("USD", day(2026, 2, 28), "0.93");
    let refused = record(&world, "r3", vec![new, other]).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "EXCHANGE_RATE_EXISTS")
    );
    let home = rate("EUR", day(2026, 2, 28), "1");
    let refused = record(&world, "r4", vec![home]).await.unwrap_err();
    assert_eq!(reason(&refused), "CURRENCY_IS_HOME");

    let listed = |tenant| {
        let asked = world.signed(tenant, ListExchangeRatesRequest::default());
        let mut client = client(&world);
        async move {
            let page = client
                .list_exchange_rates(asked)
                .await
                .unwrap()
                .into_inner();
            let code = |rate: ExchangeRate| rate.currency_code;
            page.rates.into_iter().map(code).collect::<Vec<_>>()
        }
    };
    assert_eq!(listed(OURS).await, ["GBP", "USD"]);
    assert!(listed(THEIRS).await.is_empty(), "P28");
    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told),
        [
            "TenantProfileChanged",
            "ExchangeRatesRecorded",
            "ExchangeRatesRecorded"
        ]
    );
}
