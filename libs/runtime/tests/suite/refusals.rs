//! What a client sees of a refusal, and of the faults that the transport finds.

use contracts::events::{
    ListParkedEventsRequest, ListParkedEventsResponse, ReplayParkedEventsRequest,
};
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::*;

#[tokio::test]
async fn a_rule_is_told_with_its_reason_and_its_facts() {
    let world = World::start().await;
    let status = world
        .parked()
        .await
        .replay_parked_events(world.replay("rule"))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::FailedPrecondition, "it is busy")
    );
    let details = status.get_error_details();
    let info = details.error_info().unwrap();
    assert_eq!(
        (&*info.reason, &*info.domain),
        ("SUBJECT_BUSY", "credit.recoup")
    );
    assert_eq!(info.metadata["since"], "now");
    assert_eq!(
        details.precondition_failure().unwrap().violations[0].subject,
        "subject/1"
    );
}

#[tokio::test]
async fn p4_a_change_without_a_request_id_is_refused_by_the_field() {
    let world = World::start().await;
    let request = signed(ReplayParkedEventsRequest::default(), &world.token());
    let status = world
        .parked()
        .await
        .replay_parked_events(request)
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    let violations = status.get_details_bad_request().unwrap().field_violations;
    assert_eq!(violations[0].field, "request_id");
}

#[tokio::test]
async fn p33_a_message_that_cannot_be_decoded_is_the_clients_fault() {
    let world = World::start().await;
    let mut client = tonic::client::Grpc::new(world.channel().await);
    client.ready().await.unwrap();
    // Field 1 of the message is a string; this sends it as a number.
    let codec = tonic_prost::ProstCodec::<u64, ListParkedEventsResponse>::default();
    let path = http::uri::PathAndQuery::from_static(
        "/recoup.events.v1.ParkedEventService/ListParkedEvents",
    );
    let status = client
        .unary(signed(7_u64, &world.token()), path, codec)
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status).0),
        (Code::InvalidArgument, "REQUEST_MALFORMED")
    );
}

#[tokio::test]
async fn p33_a_message_that_is_too_large_is_the_clients_fault() {
    let world = World::start().await;
    let message = ListParkedEventsRequest {
        source: "x".repeat(5 << 20),
        ..Default::default()
    };
    let status = world
        .parked()
        .await
        .list_parked_events(signed(message, &world.token()))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status).0),
        (Code::InvalidArgument, "REQUEST_TOO_LARGE")
    );
}

#[tokio::test]
async fn a_compressed_message_is_refused_with_what_is_wrong_about_it() {
    let world = World::start().await;
    let mut headers = http::HeaderMap::new();
    headers.insert(
        "content-type",
        "application/grpc-web+proto".parse().unwrap(),
    );
    headers.insert("grpc-encoding", "gzip".parse().unwrap());
    headers.insert(
        "authorization",
        format!("Bearer {}", world.token()).parse().unwrap(),
    );
    let mut body = framed(&ListParkedEventsRequest::default());
    body[0] = 1;
    let (headers, _) = post(&world, "ListParkedEvents", headers, body).await;
    let status = tonic::Status::from_header_map(&headers).unwrap();
    assert_eq!(
        (status.code(), &*reason(&status).0),
        (Code::InvalidArgument, "REQUEST_COMPRESSED")
    );
}
