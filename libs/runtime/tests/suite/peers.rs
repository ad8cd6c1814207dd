//! Calls from one service to another (P36, P37).

use std::sync::atomic::Ordering;
use std::time::Duration;

use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::events::parked_event_service_client::ParkedEventServiceClient;
use contracts::events::{GetFeedHeadRequest, ListParkedEventsRequest};
use runtime::config::{PeerConfig, TlsConfig};
use runtime::{Deadline, Errand, Peer, PeerError, Refusal, Signer};
use tokio::net::TcpListener;
use tokio::time::Instant;
use tonic::Code;

use crate::world::*;

fn config(url: String) -> PeerConfig {
    PeerConfig {
        url,
        ca_file: None,
        tls_name: None,
        connect_timeout_ms: 500,
    }
}

fn peer(world: &World, url: String) -> Peer {
    let signer = Signer::new(world.invoicing.clone(), "invoicing", "recoup");
    let meter = world.telemetry.meter("peers");
    Peer::try_new(
        "credit",
        &config(url),
        &TlsConfig::default(),
        signer,
        &meter,
    )
    .unwrap()
}

fn errand() -> Errand {
    Errand::of_job(
        TENANT.parse().unwrap(),
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
}

async fn ask(peer: &Peer, errand: Errand, source: &str) -> Result<String, PeerError> {
    let request = ListParkedEventsRequest {
        source: source.into(),
        ..Default::default()
    };
    let answer = peer.ask(errand, |channel| {
        let request = request.clone();
        async move {
            ParkedEventServiceClient::new(channel)
                .list_parked_events(request)
                .await
        }
    });
    answer.await.map(|answer| answer.next_page_token)
}

#[tokio::test]
async fn p36_tenant_actor_trace_and_what_is_left_of_the_deadline_go_along() {
    let world = World::start().await;
    let peer = peer(&world, format!("http://{}", world.address));
    let errand = errand().until(Deadline::after(Duration::from_secs(3)));
    let described = ask(&peer, errand, "").await.unwrap();
    let parts: Vec<&str> = described.split('|').collect();
    assert_eq!(parts[..4], [TENANT, "system", "invoicing", "invoicing"]);
    assert!(
        parts[4].starts_with("00-0af7651916cd43dd8448eb211c80319c-"),
        "{}",
        parts[4]
    );
    let left: u64 = parts[5].parse().unwrap();
    assert!((2_000..=2_950).contains(&left), "{left}");
}

#[tokio::test]
async fn a_job_across_tenants_reads_the_feed_of_all() {
    let world = World::start().await;
    let peer = peer(&world, format!("http://{}", world.address));
    let mut client = EventFeedServiceClient::new(peer.channel(Errand::across_tenants("")));
    let head = client
        .get_feed_head(GetFeedHeadRequest::default())
        .await
        .unwrap();
    assert_eq!(head.into_inner().head_position, 42);
}

#[tokio::test]
async fn a_peers_refusal_is_told_and_not_asked_again() {
    let world = World::start().await;
    let peer = peer(&world, format!("http://{}", world.address));
    let error = ask(&peer, errand(), "internal").await.unwrap_err();
    assert_eq!((error.code, &*error.reason), (Code::Internal, "INTERNAL"));
    assert!(!error.is_unavailable() && !error.is_refusal());
    assert_eq!(Refusal::from(error).code(), Code::Internal);
    let metrics = world.telemetry.metrics_text().unwrap();
    assert!(!metrics.contains("recoup_peer_retries_total{"), "{metrics}");
}

#[tokio::test]
async fn p36_a_peer_that_does_not_answer_costs_no_more_than_the_deadline() {
    let world = World::start().await;
    let peer = peer(&world, format!("http://{}", world.address));
    let began = Instant::now();
    let errand = errand().until(Deadline::after(Duration::from_millis(300)));
    let error = ask(&peer, errand, "wait").await.unwrap_err();
    assert_eq!(error.code, Code::DeadlineExceeded);
    assert!(
        began.elapsed() < Duration::from_millis(800),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(Refusal::from(error).code(), Code::DeadlineExceeded);
    // A socket that takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let blackhole = self::peer(&world, format!("http://{}", silent.local_addr().unwrap()));
    let errand = self::errand().until(Deadline::after(Duration::from_millis(300)));
    let error = ask(&blackhole, errand, "").await.unwrap_err();
    assert_eq!(error.code, Code::DeadlineExceeded);
}

#[tokio::test]
async fn p36_in_an_outage_a_question_is_asked_little_more_than_once() {
    let world = World::start().await;
    let peer = peer(&world, format!("http://{}", world.address));
    for _ in 0..100 {
        let error = ask(&peer, errand(), "down").await.unwrap_err();
        assert!(error.is_unavailable());
        assert_eq!(Refusal::from(error).reason(), "PEER_UNAVAILABLE");
    }
    let attempts = world.steps.begun.load(Ordering::SeqCst);
    assert!(attempts <= 111, "{attempts}");
}

#[tokio::test]
async fn p37_a_peer_that_is_gone_is_noticed_and_so_is_its_return() {
    let world = World::start().await;
    let place = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = place.local_addr().unwrap();
    drop(place);
    let peer = peer(&world, format!("http://{address}"));
    for _ in 0..20 {
        let began = Instant::now();
        let error = ask(&peer, errand(), "").await.unwrap_err();
        assert_eq!(
            (error.code, &*error.reason),
            (Code::Unavailable, "PEER_UNAVAILABLE")
        );
        assert!(began.elapsed() < Duration::from_secs(2));
    }
    // It comes back, at the same address.
    let back = TcpListener::bind(address).await.unwrap();
    let to = world.address;
    runtime::Tasks::new().spawn("forward", async move {
        while let Ok((mut from, _)) = back.accept().await {
            let mut onward = tokio::net::TcpStream::connect(to).await.unwrap();
            let forward =
                async move { tokio::io::copy_bidirectional(&mut from, &mut onward).await };
            runtime::Tasks::new().spawn("connection", forward);
        }
    });
    let began = Instant::now();
    within(async {
        while ask(&peer, errand(), "").await.is_err() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(
        began.elapsed() < Duration::from_secs(10),
        "{:?}",
        began.elapsed()
    );
}

#[tokio::test]
async fn settings_of_a_peer_that_cannot_work_are_refused_at_the_start() {
    let world = World::start().await;
    let signer = || Signer::new(world.invoicing.clone(), "invoicing", "recoup");
    let meter = world.telemetry.meter("peers");
    for (url, expected) in [
        ("", "peer credit: the url"),
        ("credit:50051", "peer credit: the url"),
        ("ftp://credit", "peer credit: the url"),
        ("https://credit", "peer credit: https needs ca_file"),
    ] {
        let config = config(url.to_owned());
        let made = Peer::try_new("credit", &config, &TlsConfig::default(), signer(), &meter);
        let error = made.err().unwrap().to_string();
        assert!(error.starts_with(expected), "{url:?}: {error}");
    }
}
