//! NumberSeriesService: created once, listed in order, closed to other tenants.

use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use contracts::invoicing::{
    CreateNumberSeriesRequest, ListNumberSeriesRequest, NumberSeries, NumberedDocument,
};
use tonic::Code;
use tonic::transport::Channel;

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::shop::Shop;

fn client(world: &World) -> NumberSeriesServiceClient<Channel> {
    NumberSeriesServiceClient::new(world.channel())
}

fn request(request_id: &str, code: &str, prefix: &str) -> CreateNumberSeriesRequest {
    CreateNumberSeriesRequest {
        request_id: request_id.to_owned(),
        series: Some(NumberSeries {
            series_code: code.to_owned(),
            document: NumberedDocument::Invoice.into(),
            prefix: prefix.to_owned(),
            minimum_digits: 5,
            first_number: 100,
            ..NumberSeries::default()
        }),
    }
}

/// The codes on one page after another.
async fn codes(world: &World, tenant: postgres::TenantId, page_size: i32) -> Vec<String> {
    let mut codes = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListNumberSeriesRequest {
            page_size,
            page_token,
        };
        let answer = client(world)
            .list_number_series(world.signed(tenant, asked))
            .await
            .unwrap();
        let page = answer.into_inner();
        codes.extend(page.series.into_iter().map(|series| series.series_code));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return codes;
        }
    }
}

#[tokio::test]
async fn a_series_is_added_and_listed_beside_the_built_in_ones() {
    let world = World::start().await;
    assert_eq!(codes(&world, OURS, 1).await, ["CN", "INV"]);
    let asked = world.signed(OURS, request("r1", "2026", "2026-"));
    let added = client(&world)
        .create_number_series(asked)
        .await
        .unwrap()
        .into_inner();
    let series = added.series.unwrap();
    assert_eq!(
        (series.series_code.as_str(), series.next_number),
        ("2026", 100)
    );
    assert!(series.created_time.is_some());
    for page_size in [1, 2, 50] {
        assert_eq!(codes(&world, OURS, page_size).await, ["2026", "CN", "INV"]);
    }
    assert_eq!(codes(&world, THEIRS, 50).await, ["CN", "INV"]);
    world.server.stop().await;
}

#[tokio::test]
async fn p3_a_repeat_answers_as_the_first_time_and_adds_nothing() {
    let world = World::start().await;
    let ask = || world.signed(OURS, request("r1", "A", "A-"));
    let first = client(&world).create_number_series(ask()).await.unwrap();
    assert!(first.metadata().get("recoup-replayed").is_none());
    let again = client(&world).create_number_series(ask()).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first.into_inner());
    assert_eq!(codes(&world, OURS, 50).await, ["A", "CN", "INV"]);
}

#[tokio::test]
async fn p4_the_same_id_with_other_content_is_refused_and_writes_nothing() {
    let world = World::start().await;
    let first = world.signed(OURS, request("r1", "A", "A-"));
    client(&world).create_number_series(first).await.unwrap();
    let other = world.signed(OURS, request("r1", "B", "B-"));
    let refused = client(&world)
        .create_number_series(other)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    assert_eq!(codes(&world, OURS, 50).await, ["A", "CN", "INV"]);
}

#[tokio::test]
async fn p12_a_code_or_prefix_that_is_taken_is_refused() {
    let world = World::start().await;
    let first = world.signed(OURS, request("r1", "A", "A-"));
    client(&world).create_number_series(first).await.unwrap();
    for (id, code, prefix) in [
        ("r2", "A", "X-"),
        ("r3", "X", "A-"),
        ("r4", "INV", "X-"),
        ("r5", "X", "INV-"),
    ] {
        let taken = world.signed(OURS, request(id, code, prefix));
        let refused = client(&world)
            .create_number_series(taken)
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::AlreadyExists, "NUMBER_SERIES_EXISTS"),
            "{code} {prefix}"
        );
    }
    // What is taken in one tenant is free in another.
    let theirs = world.signed(THEIRS, request("r2", "A", "A-"));
    client(&world).create_number_series(theirs).await.unwrap();
}

#[tokio::test]
async fn bad_input_names_its_fields_and_writes_nothing() {
    let world = World::start().await;
    let mut nothing = request("r1", "A", "A-");
    nothing.series = None;
    let mut unspecified = request("r1", "A", "A-");
    unspecified.series.as_mut().unwrap().document = 0;
    let mut many_digits = request("r1", "A", "A-");
    many_digits.series.as_mut().unwrap().minimum_digits = 13;
    for (field, request) in [
        ("request_id", request("", "A", "A-")),
        ("series", nothing),
        ("series.series_code", request("r1", "a b", "A-")),
        ("series.prefix", request("r1", "A", "A1")),
        ("series.document", unspecified),
        ("series.minimum_digits", many_digits),
    ] {
        let bad = world.signed(OURS, request);
        let refused = client(&world).create_number_series(bad).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{field}");
        assert_eq!(fields(&refused), [field]);
    }
    assert_eq!(codes(&world, OURS, 50).await, ["CN", "INV"]);
}

#[tokio::test]
async fn twins_at_the_same_moment_add_one_series() {
    let world = World::start().await;
    let ask = || {
        let (mut client, twin) = (client(&world), world.signed(OURS, request("r1", "A", "A-")));
        async move { client.create_number_series(twin).await }
    };
    let (one, two) = tokio::join!(ask(), ask());
    for outcome in [&one, &two] {
        if let Err(refused) = outcome {
            assert_eq!(reason(refused), "REQUEST_IN_PROGRESS");
        }
    }
    assert!(one.is_ok() || two.is_ok());
    assert_eq!(codes(&world, OURS, 50).await, ["A", "CN", "INV"]);
}

/// A built-in series is stored with the first number that is drawn from it.
#[tokio::test]
async fn a_built_in_series_has_a_time_once_a_number_was_drawn() {
    let shop = Shop::open().await;
    let times = async || {
        let asked = shop.world.signed(OURS, ListNumberSeriesRequest::default());
        let page = client(&shop.world).list_number_series(asked).await.unwrap();
        let series = page.into_inner().series.into_iter();
        series
            .map(|one| (one.series_code, one.next_number, one.created_time))
            .collect::<Vec<_>>()
    };
    let drawn = |code: &str, next, time| (code.to_owned(), next, time);
    assert_eq!(times().await, [drawn("CN", 1, None), drawn("INV", 1, None)]);
    let issued = shop.issued("1.00").await;
    let then = issued.issued_time;
    assert_eq!(times().await, [drawn("CN", 1, then), drawn("INV", 2, then)]);
    shop.world
        .clock
        .set("2026-03-02T00:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(times().await, [drawn("CN", 1, then), drawn("INV", 2, then)]);
}
