//! What those who run the process can ask it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use runtime::{Tasks, admin};
use tokio::net::TcpListener;

use crate::world::*;

async fn get(address: std::net::SocketAddr, path: &str) -> (u16, String) {
    let answer = reqwest::get(format!("http://{address}{path}"))
        .await
        .unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn probes_ask_the_own_database_alone_and_metrics_have_help_and_no_scope() {
    let world = World::start().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let database = Arc::new(AtomicBool::new(false));
    let asked = database.clone();
    let is_ready = move || std::future::ready(asked.load(Ordering::SeqCst));
    let (telemetry, shutdown) = (world.telemetry.clone(), world.shutdown.clone());
    Tasks::new().spawn(
        "admin",
        admin::serve(listener, telemetry, shutdown, is_ready),
    );

    assert_eq!(
        get(address, "/livez").await.0,
        200,
        "alive without a database"
    );
    assert_eq!(get(address, "/readyz").await.0, 503);
    database.store(true, Ordering::SeqCst);
    assert_eq!(get(address, "/readyz").await.0, 200);

    world
        .parked()
        .await
        .list_parked_events(world.list(""))
        .await
        .unwrap();
    let (status, metrics) = get(address, "/metrics").await;
    assert_eq!(status, 200);
    assert!(
        metrics.contains("rpc_method=\"ListParkedEvents\""),
        "{metrics}"
    );
    assert!(!metrics.contains("otel_scope"), "{metrics}");
    for line in metrics.lines().filter(|line| line.starts_with("# TYPE")) {
        let name = line.split(' ').nth(2).unwrap();
        let help = format!("# HELP {name} ");
        let described = metrics
            .lines()
            .any(|line| line.len() > help.len() && line.starts_with(&help));
        assert!(described, "{name} has no help text");
    }

    world.shutdown.request();
    assert_eq!(
        get(address, "/readyz").await,
        (503, "draining\n".to_owned())
    );
    assert_eq!(get(address, "/livez").await.0, 200);
}
