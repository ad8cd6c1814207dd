//! What one process takes on, and what it refuses (P35).

use std::sync::atomic::Ordering;
use std::time::Duration;

use tonic::Code;
use tonic_types::StatusExt as _;

use crate::world::*;

#[tokio::test]
async fn p35_calls_beyond_the_room_of_the_process_are_shed_with_pushback() {
    let world =
        World::with("[server.limits]\nmax_in_flight_calls = 3\nmax_open_streams = 1\n").await;
    let mut waiting = Vec::new();
    for _ in 0..3 {
        // Each on a connection of its own: the limit is the process's.
        let (mut client, request) = (world.parked().await, world.list("wait"));
        waiting.push(Box::pin(
            async move { client.list_parked_events(request).await },
        ));
    }
    let mut client = world.parked().await;
    let all = futures_util::future::join_all(waiting);
    let shed = async {
        until(|| world.steps.begun.load(Ordering::SeqCst) == 3).await;
        let status = client.list_parked_events(world.list("")).await.unwrap_err();
        world.steps.let_finish.open();
        status
    };
    let (answers, status) = within(futures_util::future::join(all, shed)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!(
        (status.code(), &*reason(&status).0),
        (Code::ResourceExhausted, "OVERLOADED")
    );
    let retry = status
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert_eq!(retry, Duration::from_millis(500));
    assert_eq!(
        status.metadata().get("grpc-retry-pushback-ms").unwrap(),
        "500"
    );
    client
        .list_parked_events(world.list(""))
        .await
        .expect("there is room again");
    let metrics = world.telemetry.metrics_text().unwrap();
    assert!(metrics.contains("recoup_rpc_shed_total{"), "{metrics}");
}

#[tokio::test]
async fn p35_work_whose_caller_has_left_still_takes_its_room() {
    let world = World::with("[server.limits]\nmax_in_flight_calls = 1\n").await;
    let mut client = world.parked().await;
    let mut request = world.replay("wait");
    request.set_timeout(Duration::from_millis(200));
    client.replay_parked_events(request).await.unwrap_err();
    let status = client.list_parked_events(world.list("")).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    world.steps.let_finish.open();
    until(|| world.tasks.running().is_empty()).await;
    client.list_parked_events(world.list("")).await.unwrap();
}

#[tokio::test]
async fn p35_a_tenant_has_a_rate() {
    let limits = "[server.limits]\ntenant_calls_per_second = 1\ntenant_burst = 5\n";
    let world = World::with(limits).await;
    let mut client = world.parked().await;
    let mut refused = None;
    for _ in 0..20 {
        refused = refused.or(client.list_parked_events(world.list("")).await.err());
    }
    let status = refused.expect("twenty calls in a moment are more than five");
    assert_eq!(
        (status.code(), &*reason(&status).0),
        (Code::ResourceExhausted, "RATE_EXCEEDED")
    );
    let retry = status
        .get_details_retry_info()
        .unwrap()
        .retry_delay
        .unwrap();
    assert!(
        retry > Duration::ZERO && retry <= Duration::from_secs(1),
        "{retry:?}"
    );

    let other = runtime::tokens::Grant {
        tenant: Some("0190a000-0000-7000-8000-000000000002".parse().unwrap()),
        ..grant()
    };
    let request = signed(Default::default(), &world.platform.sign(&other).unwrap());
    client
        .list_parked_events(request)
        .await
        .expect("another tenant is not held up");
}
