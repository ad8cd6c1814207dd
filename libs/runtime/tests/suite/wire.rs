//! Health, reflection and gRPC-Web, as foreign clients use them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use contracts::events::{ListParkedEventsRequest, ListParkedEventsResponse};
use futures_util::stream;
use http::{HeaderMap, HeaderValue};
use prost::Message as _;
use tonic::{Code, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::{v1, v1alpha};

use crate::world::*;

async fn health(world: &World, service: &str) -> ServingStatus {
    let request = HealthCheckRequest {
        service: service.to_owned(),
    };
    let answer = HealthClient::new(world.channel().await)
        .check(request)
        .await
        .unwrap();
    answer.into_inner().status()
}

#[tokio::test]
async fn health_starts_as_not_serving_and_changes_when_told() {
    let world = World::start().await;
    let services = [
        "",
        "recoup.events.v1.ParkedEventService",
        "recoup.events.v1.EventFeedService",
    ];
    for service in services {
        assert_eq!(
            health(&world, service).await,
            ServingStatus::NotServing,
            "{service}"
        );
    }
    world.health.serving().await;
    for service in services {
        assert_eq!(
            health(&world, service).await,
            ServingStatus::Serving,
            "{service}"
        );
    }
    world.health.not_serving().await;
    assert_eq!(health(&world, "").await, ServingStatus::NotServing);
}

#[tokio::test]
async fn p35_streams_that_need_no_token_are_few_and_do_not_hold_the_drain() {
    let world = World::start().await;
    let mut client = HealthClient::new(world.channel().await);
    let mut watching = Vec::new();
    for _ in 0..16 {
        watching.push(
            client
                .watch(HealthCheckRequest::default())
                .await
                .unwrap()
                .into_inner(),
        );
    }
    let status = client
        .watch(HealthCheckRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    assert_eq!(
        health(&world, "").await,
        ServingStatus::NotServing,
        "a probe is answered"
    );
    world.shutdown.request();
    for stream in &mut watching {
        let ended = async {
            while stream.message().await?.is_some() {}
            Ok::<(), Status>(())
        };
        assert_eq!(within(ended).await.unwrap_err().code(), Code::Unavailable);
    }
    world.stop().await;
}

#[tokio::test]
async fn reflection_tells_what_is_served_in_both_versions_without_a_token() {
    let world = World::start().await;
    let expected = [
        "grpc.health.v1.Health",
        "recoup.events.v1.EventFeedService",
        "recoup.events.v1.ParkedEventService",
    ];
    let mut client =
        v1::server_reflection_client::ServerReflectionClient::new(world.channel().await);
    use v1::server_reflection_request::MessageRequest;
    use v1::server_reflection_response::MessageResponse;
    let ask = |message| v1::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(message),
    };
    let requests = [
        ask(MessageRequest::ListServices(String::new())),
        ask(MessageRequest::FileContainingSymbol(
            "recoup.events.v1.ParkedEventService".into(),
        )),
    ];
    let answers = client.server_reflection_info(stream::iter(requests)).await;
    let mut answers = answers.unwrap().into_inner();
    let Some(MessageResponse::ListServicesResponse(list)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no list")
    };
    let mut names: Vec<String> = list
        .service
        .into_iter()
        .map(|service| service.name)
        .collect();
    names.sort();
    names.retain(|name| !name.starts_with("grpc.reflection."));
    assert_eq!(names, expected);
    let Some(MessageResponse::FileDescriptorResponse(files)) =
        answers.message().await.unwrap().unwrap().message_response
    else {
        panic!("no file")
    };
    assert!(!files.file_descriptor_proto.is_empty());

    let mut client =
        v1alpha::server_reflection_client::ServerReflectionClient::new(world.channel().await);
    let list = v1alpha::server_reflection_request::MessageRequest::ListServices(String::new());
    let request = v1alpha::ServerReflectionRequest {
        host: String::new(),
        message_request: Some(list),
    };
    let answers = client.server_reflection_info(stream::iter([request])).await;
    answers
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap()
        .unwrap();
}

/// The list of the guinea pig, called in binary or in text.
async fn list(world: &World, token: Option<&str>, text: bool) -> (HeaderMap, Vec<u8>) {
    let message = ListParkedEventsRequest::default();
    let (kind, body) = if text {
        (
            "application/grpc-web-text",
            STANDARD.encode(framed(&message)).into_bytes(),
        )
    } else {
        ("application/grpc-web+proto", framed(&message))
    };
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(kind));
    headers.insert("accept", HeaderValue::from_static(kind));
    if let Some(token) = token {
        headers.insert("authorization", format!("Bearer {token}").parse().unwrap());
    }
    let (headers, body) = post(world, "ListParkedEvents", headers, body).await;
    (
        headers,
        if text {
            STANDARD.decode(body).unwrap_or_default()
        } else {
            body
        },
    )
}

#[tokio::test]
async fn a_browser_calls_by_grpc_web_in_binary_and_in_text() {
    let world = World::start().await;
    for text in [false, true] {
        let (_, body) = list(&world, Some(&world.token()), text).await;
        let length = usize::try_from(u32::from_be_bytes(body[1..5].try_into().unwrap())).unwrap();
        let answer = ListParkedEventsResponse::decode(&body[5..5 + length]).unwrap();
        assert!(answer.next_page_token.starts_with(TENANT));
        let trailers = String::from_utf8(body[5 + length + 5..].to_vec()).unwrap();
        assert!(trailers.contains("grpc-status:0"), "{trailers}");
    }
    let (headers, _) = list(&world, None, false).await;
    assert_eq!(
        headers["grpc-status"], "16",
        "refusals are told in the same way"
    );
}
