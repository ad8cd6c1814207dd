//! A database that comes later than the services: they wait for it (P37).

use std::time::Duration;

use faults::shop::{Shop, TENANT};
use faults::{Installation, Plan, SERVICES, Tally, check};
use stores::StopMode;
use testkit::eventually;

/// A process says within this that it waits.
const SAYS_WITHIN: Duration = Duration::from_secs(20);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p37_a_service_that_starts_before_its_database_waits_for_it() {
    let tally = Tally::of("late");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    for service in SERVICES {
        world.kill(service).await;
    }
    let stopped = world.stores.stop_postgres(StopMode::Immediate).await;
    stopped.unwrap();
    for service in SERVICES {
        tally.begun(1);
        world.start_unarmed(service);
    }
    for service in SERVICES {
        eventually(SAYS_WITHIN, "it waits", async || {
            world.said(service).contains("waiting for the database")
        })
        .await;
        assert_eq!(world.has_ended(service), None, "{service}");
        tally.fired("postgres-late", 1);
    }
    world.stores.start_postgres().await.unwrap();
    for service in SERVICES {
        world.serving(service).await;
        tally.acknowledged(1);
    }
    let customer_id = shop.customer("C-1").await;
    shop.bill(&customer_id, "100.00").await;
    let findings = check::everything(&world).await;
    tally.end(&["postgres-late"], &findings);
}
