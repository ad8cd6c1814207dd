//! A call's life when things go wrong around it: panics, callers that leave, streams
//! that fall silent, and the end of the process (P3, P33, P38).

use std::sync::atomic::Ordering;
use std::time::Duration;

use contracts::events::ReadEventsRequest;
use tokio::time::Instant;
use tonic::{Code, Request, Streaming};

use crate::world::*;

fn read(world: &World, source: &str) -> Request<ReadEventsRequest> {
    signed(
        ReadEventsRequest {
            source: source.into(),
            ..Default::default()
        },
        &world.token(),
    )
}

async fn positions(
    stream: &mut Streaming<contracts::events::ReadEventsResponse>,
) -> (Vec<i64>, Code) {
    let mut seen = Vec::new();
    loop {
        match within(stream.message()).await {
            Ok(Some(batch)) => seen.push(batch.scanned_to_position),
            Ok(None) => return (seen, Code::Ok),
            Err(status) => {
                reason(&status);
                return (seen, status.code());
            }
        }
    }
}

#[tokio::test]
async fn p33_a_panic_is_an_internal_error_of_its_own_call_only() {
    let world = World::start().await;
    let mut client = world.parked().await;
    let read = client
        .list_parked_events(world.list("panic"))
        .await
        .unwrap_err();
    let write = client
        .replay_parked_events(world.replay("panic"))
        .await
        .unwrap_err();
    for status in [read, write] {
        assert_eq!(status.code(), Code::Internal, "{status:?}");
        assert_eq!(status.message(), "an internal error; report its error_id");
        assert!(!format!("{status:?}").contains("canary"));
    }
    assert_eq!(world.tasks.panics(), 1, "the read had no task of its own");
    let mut stream = world
        .feed()
        .await
        .read_events(self::read(&world, "panic"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(positions(&mut stream).await, (vec![1], Code::Internal));
    client.list_parked_events(world.list("")).await.unwrap();
}

#[tokio::test]
async fn p3_a_caller_that_leaves_does_not_cut_a_change_in_half() {
    let world = World::start().await;
    let mut client = world.parked().await;
    let request = world.replay("wait");
    let call = Box::pin(async move { client.replay_parked_events(request).await });
    let begun = Box::pin(until(|| world.steps.begun.load(Ordering::SeqCst) == 1));
    // Dropping the call resets the stream; dropping the client closes the connection.
    match futures_util::future::select(call, begun).await {
        futures_util::future::Either::Left(_) => panic!("it cannot be answered yet"),
        futures_util::future::Either::Right(((), call)) => drop(call),
    }
    world.steps.let_finish.open();
    until(|| world.steps.finished.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn a_read_whose_caller_leaves_is_dropped() {
    let world = World::start().await;
    let mut client = world.parked().await;
    let request = world.list("wait");
    let call = Box::pin(async move { client.list_parked_events(request).await });
    let begun = Box::pin(until(|| world.steps.begun.load(Ordering::SeqCst) == 1));
    drop(futures_util::future::select(call, begun).await);
    let calls = "recoup_rpc_in_flight{rpc_method=\"ListParkedEvents\",rpc_service=\"recoup.events.v1.ParkedEventService\"} 0";
    until(|| world.telemetry.metrics_text().unwrap().contains(calls)).await;
    assert_eq!(world.steps.finished.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn p3_a_replayed_answer_says_so() {
    let world = World::start().await;
    let mut client = world.parked().await;
    let first = client.replay_parked_events(world.replay("")).await.unwrap();
    assert!(!first.metadata().contains_key("recoup-replayed"));
    assert_eq!(
        first.get_ref().reason,
        "r1",
        "the handler knows the request id"
    );
    let again = client
        .replay_parked_events(world.replay("stored"))
        .await
        .unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.get_ref().applied_count, 7);
}

#[tokio::test]
async fn streams_end_as_their_handler_says() {
    let world = World::start().await;
    let mut feed = world.feed().await;
    let mut stream = feed
        .read_events(read(&world, "three"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(positions(&mut stream).await, (vec![1, 2, 3], Code::Ok));
    let mut stream = feed
        .read_events(read(&world, "refuse"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(positions(&mut stream).await, (vec![1], Code::Aborted));
    let status = feed.read_events(read(&world, "unknown")).await.unwrap_err();
    assert_eq!(
        (status.code(), &*reason(&status).0),
        (Code::InvalidArgument, "SOURCE_NOT_SERVED")
    );
    let counted = "recoup_rpc_duration_seconds_count{code=\"ABORTED\",rpc_method=\"ReadEvents\"";
    until(|| world.telemetry.metrics_text().unwrap().contains(counted)).await;
}

#[tokio::test]
async fn p35_a_silent_stream_and_a_client_that_takes_nothing_are_let_go() {
    let limits = "[server.limits]\nstream_idle_timeout_ms = 200\nmax_open_streams = 1\n";
    let world = World::with(limits).await;
    let mut feed = world.feed().await;
    let mut stream = feed
        .read_events(read(&world, "silent"))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        positions(&mut stream).await,
        (vec![1], Code::DeadlineExceeded)
    );

    // Its connection stays alive, but it reads nothing: the window fills.
    let _unread = feed.read_events(read(&world, "endless")).await.unwrap();
    let status = feed.read_events(read(&world, "three")).await.unwrap_err();
    assert_eq!(
        status.code(),
        Code::ResourceExhausted,
        "there is room for one"
    );
    until(|| world.tasks.running().is_empty()).await;
    feed.read_events(read(&world, "three"))
        .await
        .expect("its room is free again");
}

#[tokio::test]
async fn p38_the_drain_finishes_what_is_in_flight_and_takes_nothing_new() {
    let world = World::start().await;
    world.health.serving().await;
    let (mut reader, mut writer) = (world.parked().await, world.parked().await);
    let (list, replay) = (world.list("wait"), world.replay("wait"));
    let in_flight = futures_util::future::join(
        async move { reader.list_parked_events(list).await },
        async move { writer.replay_parked_events(replay).await },
    );
    let mut stream = world
        .feed()
        .await
        .read_events(read(&world, "silent"))
        .await
        .unwrap()
        .into_inner();
    let (address, steps, shutdown) = (world.address, world.steps.clone(), world.shutdown.clone());
    let drain = async {
        until(|| steps.begun.load(Ordering::SeqCst) == 2).await;
        shutdown.request();
        // Streams are told to go elsewhere at once.
        let (_, code) = positions(&mut stream).await;
        assert_eq!(code, Code::Unavailable);
        let refused = async {
            while tokio::net::TcpStream::connect(address).await.is_ok() {
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        };
        within(refused).await;
        assert!(!world.serving.is_finished());
        steps.let_finish.open();
    };
    let ((read, written), ()) = within(futures_util::future::join(in_flight, drain)).await;
    read.expect("a call in flight is answered");
    written.expect("a change in flight is answered");
    world.stop().await;
}

#[tokio::test]
async fn p38_the_drain_ends_in_time_whoever_holds_it() {
    let world = World::with("[server]\ndrain_timeout_ms = 500\n").await;
    let mut client = world.parked().await;
    let request = world.replay("wait");
    let call = async move { client.replay_parked_events(request).await };
    let drain = async {
        until(|| world.steps.begun.load(Ordering::SeqCst) == 1).await;
        let began = Instant::now();
        world.stop().await;
        assert!(
            began.elapsed() < Duration::from_millis(1500),
            "{:?}",
            began.elapsed()
        );
    };
    within(futures_util::future::join(call, drain))
        .await
        .0
        .unwrap_err();
}

#[tokio::test]
async fn p38_a_signal_asks_for_the_stop() {
    let tasks = runtime::Tasks::new();
    let shutdown = runtime::Shutdown::on_signals(Duration::from_secs(25), &tasks).unwrap();
    let own = std::process::id().to_string();
    let sent = std::process::Command::new("kill")
        .args(["-TERM", &own])
        .status()
        .unwrap();
    assert!(sent.success());
    within(shutdown.requested()).await;
    within(tasks.drain(Duration::from_secs(5))).await.unwrap();
}
