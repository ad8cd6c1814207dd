//! One address for everything: services, feeds, reflection, health, gRPC-Web, admin.

use std::time::Duration;

use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::events::parked_event_service_client::ParkedEventServiceClient;
use contracts::events::{GetFeedHeadRequest, ListParkedEventsRequest};
use contracts::invoicing::ListNumberSeriesRequest;
use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use stores::ScratchDir;
use testkit::eventually;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tonic::{Code, Request};
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use crate::child::Up;

pub fn with_token<T>(message: T, token: &str) -> Request<T> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}").parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    request
}

/// The head and body of an HTTP/1 answer.
async fn http(address: &str, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

async fn get(address: &str, path: &str) -> String {
    http(
        address,
        &format!("GET {path} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"),
    )
    .await
}

async fn reflected(up: &Up) -> Vec<String> {
    let question = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..ServerReflectionRequest::default()
    };
    let mut client = ServerReflectionClient::new(up.channel().await);
    let answers = client
        .server_reflection_info(tokio_stream::once(question))
        .await
        .unwrap();
    let answer: ServerReflectionResponse = answers.into_inner().message().await.unwrap().unwrap();
    match answer.message_response.unwrap() {
        MessageResponse::ListServicesResponse(list) => list
            .service
            .into_iter()
            .map(|service| service.name)
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_service_is_behind_one_address() {
    let folder = ScratchDir::create().unwrap();
    let up = Up::start(folder.path());
    let names = reflected(&up).await;
    for name in [
        "grpc.health.v1.Health",
        "recoup.events.v1.EventFeedService",
        "recoup.events.v1.ParkedEventService",
        "recoup.credit.v1.CustomerService",
        "recoup.invoicing.v1.NumberSeriesService",
    ] {
        assert!(
            names.iter().any(|found| found == name),
            "{name} in {names:?}"
        );
    }

    // Every service's feed is there, by its name; what is parked, of all of them.
    for source in recoup::services::names() {
        let request = GetFeedHeadRequest {
            source: source.to_owned(),
        };
        let mut client = EventFeedServiceClient::new(up.channel().await);
        client
            .get_feed_head(with_token(request, &up.token))
            .await
            .unwrap();
    }
    let mut client = ParkedEventServiceClient::new(up.channel().await);
    let request = with_token(ListParkedEventsRequest::default(), &up.token);
    let parked = client
        .list_parked_events(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(parked.parked_events, []);

    // gRPC-Web: an empty request over HTTP/1.
    let web = http(
        &up.address,
        &format!(
            "POST /recoup.invoicing.v1.NumberSeriesService/ListNumberSeries HTTP/1.1\r\n\
             Host: here\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/grpc-web+proto\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0",
            up.token
        ),
    )
    .await;
    assert!(
        web.starts_with("HTTP/1.1 200") && web.contains("grpc-status:0"),
        "{web}"
    );
}

#[tokio::test]
async fn p29_a_token_of_nobody_we_trust_is_refused() {
    let (folder, other) = (ScratchDir::create().unwrap(), ScratchDir::create().unwrap());
    let up = Up::start(folder.path());
    let mut client = NumberSeriesServiceClient::new(up.channel().await);
    let request = ListNumberSeriesRequest::default;
    client
        .list_number_series(with_token(request(), &up.token))
        .await
        .unwrap();

    // Of another installation: the same words, another key.
    let keys = recoup::keys::Keys::create(other.path(), &[]).unwrap();
    let foreign = recoup::token::signed(&keys, &recoup::token::Wish::default()).unwrap();
    for token in [foreign.as_str(), "", "x"] {
        let refused = client
            .list_number_series(with_token(request(), token))
            .await
            .unwrap_err();
        assert_eq!(refused.code(), Code::Unauthenticated, "{refused:?}");
    }
    let refused = client.list_number_series(request()).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
}

#[tokio::test]
async fn the_admin_endpoint_asks_every_database() {
    let folder = ScratchDir::create().unwrap();
    let up = Up::start(folder.path());
    assert!(get(&up.admin_address, "/livez").await.contains("alive"));
    eventually(Duration::from_secs(5), "it is ready", async || {
        get(&up.admin_address, "/readyz")
            .await
            .starts_with("HTTP/1.1 200")
    })
    .await;
    assert!(get(&up.admin_address, "/metrics").await.contains("recoup_"));
}
