//! Hints over Redis wake the other replicas at once; without Redis the poll does.

use std::time::Duration;

use events::{Feed, Hints};
use postgres::Database;
use testkit::{TestCluster, eventually};
use tokio_util::sync::CancellationToken;

use crate::fixture::{OURS, SOURCE, connect, database, migrator, tell};

/// A replica's feed over the same database.
fn replica(db: &Database, redis_url: &str, prefix: &str) -> Feed {
    let hints = Hints::try_new(redis_url, prefix, SOURCE).unwrap();
    let (feed, work) = Feed::new(SOURCE, db.clone(), Some(hints), CancellationToken::new());
    #[expect(clippy::disallowed_methods, reason = "ends with the test's runtime")]
    tokio::spawn(work);
    feed
}

async fn reaches(feed: &Feed, head: i64) {
    let reached = tokio::time::timeout(Duration::from_secs(10), feed.wait_beyond(head - 1)).await;
    assert!(reached.is_ok(), "the head stayed at {}", feed.head());
}

#[tokio::test]
async fn what_one_replica_commits_another_tells() {
    let (test, db) = database().await;
    // Of a commit over the same pools it would know without a hint.
    let other = connect(&test).await;
    let prefix = testkit::redis_prefix();
    let writer = replica(&db, test.cluster().redis_url(), &prefix);
    let reader = replica(&other, test.cluster().redis_url(), &prefix);
    for version in 1..=5 {
        tell(&db, OURS, "a", version).await;
        reaches(&reader, writer.settled_head().await.unwrap()).await;
    }
}

#[tokio::test]
async fn p37_without_redis_events_come_later_not_never() {
    let cluster = TestCluster::own().await;
    let test = cluster.database("feeds", &migrator()).await;
    let db = connect(&test).await;
    // Of a commit over the same pools it would know without a poll.
    let other = connect(&test).await;
    let feed = replica(&db, cluster.redis_url(), "");
    cluster.stores().stop_redis().await.unwrap();
    tell(&other, OURS, "a", 1).await;
    reaches(&feed, 1).await;

    cluster.stores().start_redis().await.unwrap();
    tell(&other, OURS, "a", 2).await;
    let head = feed.settled_head().await.unwrap();
    eventually(
        Duration::from_secs(10),
        "the head moves again",
        async || feed.head() >= head,
    )
    .await;
}
