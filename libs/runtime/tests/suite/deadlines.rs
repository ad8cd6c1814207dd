//! Until when a call is waited for, and what happens to its work (P36).

use std::sync::atomic::Ordering;
use std::time::Duration;

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;
use tonic::Status;

use crate::world::*;

fn left_ms(described: &str) -> u64 {
    described.rsplit('|').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn p36_a_call_gets_five_seconds_or_what_it_asks_for_up_to_thirty() {
    let world = World::start().await;
    for (asked, bounds) in [
        (None, 4_000..=5_000),
        (Some(Duration::from_secs(2)), 1_500..=1_980),
        (Some(Duration::from_secs(3600)), 29_000..=30_000),
    ] {
        let mut request = world.list("");
        if let Some(asked) = asked {
            request.set_timeout(asked);
        }
        let answer = world
            .parked()
            .await
            .list_parked_events(request)
            .await
            .unwrap()
            .into_inner();
        let left = left_ms(&answer.next_page_token);
        assert!(bounds.contains(&left), "{asked:?}: {left}");
    }
}

/// A call by a client that leaves the time to the server: tonic's own would end the
/// call itself, with a code of its own.
async fn patient_call<M: prost::Message>(
    world: &World,
    method: &str,
    message: &M,
    timeout: &'static str,
) -> (String, String) {
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/grpc-web+proto"),
    );
    headers.insert("grpc-timeout", HeaderValue::from_static(timeout));
    headers.insert(
        "authorization",
        format!("Bearer {}", world.token()).parse().unwrap(),
    );
    let (headers, _) = post(world, method, headers, framed(message)).await;
    let status = Status::from_header_map(&headers).unwrap();
    (format!("{:?}", status.code()), reason(&status).0)
}

fn late() -> (String, String) {
    ("DeadlineExceeded".into(), "DEADLINE_EXCEEDED".into())
}

#[tokio::test]
async fn p36_a_late_call_is_answered_deadline_exceeded_in_time() {
    let world = World::start().await;
    let waiting = world.list("wait").into_inner();
    for timeout in ["300m", "50m"] {
        let began = Instant::now();
        assert_eq!(
            patient_call(&world, "ListParkedEvents", &waiting, timeout).await,
            late()
        );
        assert!(began.elapsed() < Duration::from_secs(1));
    }
    assert_eq!(
        world.steps.finished.load(Ordering::SeqCst),
        0,
        "a late read is dropped"
    );
}

#[tokio::test]
async fn p36_a_change_that_is_late_is_finished_without_its_caller() {
    let world = World::start().await;
    let waiting = world.replay("wait").into_inner();
    assert_eq!(
        patient_call(&world, "ReplayParkedEvents", &waiting, "200m").await,
        late()
    );
    assert_eq!(world.steps.begun.load(Ordering::SeqCst), 1);
    assert_eq!(world.steps.finished.load(Ordering::SeqCst), 0);
    world.steps.let_finish.open();
    until(|| world.steps.finished.load(Ordering::SeqCst) == 1).await;
}

#[tokio::test]
async fn p36_a_call_without_time_is_not_begun() {
    let world = World::start().await;
    let waiting = world.list("wait").into_inner();
    assert_eq!(
        patient_call(&world, "ListParkedEvents", &waiting, "100u").await,
        late()
    );
    assert_eq!(world.steps.begun.load(Ordering::SeqCst), 0);
}
