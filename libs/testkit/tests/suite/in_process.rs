//! A service in process: ready when handed out, drained when stopped.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use testkit::serve;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Channel, Endpoint, Server};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;
use tonic_health::server::health_reporter;

type Outcome = Result<(), tonic::transport::Error>;

async fn status(channel: Channel) -> ServingStatus {
    let answer = HealthClient::new(channel)
        .check(HealthCheckRequest::default())
        .await
        .unwrap();
    answer.into_inner().status()
}

/// A service that says it is serving only after somebody has seen that it does not.
async fn slow_to_start(
    listener: TcpListener,
    shutdown: CancellationToken,
    seen_not_serving: Arc<AtomicBool>,
) -> Outcome {
    let (reporter, health) = health_reporter();
    reporter
        .set_service_status("", tonic_health::ServingStatus::NotServing)
        .await;
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = Server::builder()
        .add_service(health)
        .serve_with_incoming_shutdown(TcpIncoming::from(listener), shutdown.cancelled_owned());
    let start = async {
        let channel = Endpoint::from_shared(endpoint).unwrap().connect_lazy();
        assert_eq!(status(channel).await, ServingStatus::NotServing);
        seen_not_serving.store(true, Ordering::SeqCst);
        reporter
            .set_service_status("", tonic_health::ServingStatus::Serving)
            .await;
        Ok(())
    };
    tokio::try_join!(server, start).map(|_| ())
}

#[tokio::test]
async fn a_service_is_handed_out_when_it_says_it_serves() {
    let seen = Arc::new(AtomicBool::new(false));
    let seen_by_service = Arc::clone(&seen);
    let service = serve(|listener, shutdown| slow_to_start(listener, shutdown, seen_by_service));
    let service = service.await;
    assert!(seen.load(Ordering::SeqCst));
    assert_eq!(
        status(service.channel.clone()).await,
        ServingStatus::Serving
    );
    assert_eq!(service.url(), format!("http://{}", service.addr));
    // An open connection does not keep it from draining.
    service.stop().await;
}

#[tokio::test]
async fn two_services_get_two_ports() {
    let plain = |listener: TcpListener, shutdown: CancellationToken| async {
        // Without a health service an answer is enough.
        Server::builder()
            .add_routes(tonic::service::Routes::default())
            .serve_with_incoming_shutdown(TcpIncoming::from(listener), shutdown.cancelled_owned())
            .await
    };
    let (one, other) = tokio::join!(serve(plain), serve(plain));
    assert_ne!(one.addr, other.addr);
}

#[tokio::test]
#[should_panic(expected = "the service ended before it served")]
async fn a_service_that_cannot_start_fails_the_test_at_once() {
    serve(|_, _| async { Err("no database") }).await;
}

#[tokio::test]
#[should_panic(expected = "the service failed: the drain was cut short")]
async fn a_service_that_fails_while_it_drains_fails_the_test() {
    let service = serve(|listener, shutdown| async {
        let drained = slow_to_start(listener, shutdown, Arc::default()).await;
        drained.map_err(|error| error.to_string())?;
        Err("the drain was cut short".to_owned())
    });
    service.await.stop().await;
}
