//! P23: nothing is skipped, whatever order transactions commit in.

use std::time::Duration;

use events::{Feed, Filter, append_in_tx};
use sqlx::{Connection as _, Executor as _, PgConnection};
use tokio_util::sync::CancellationToken;

use crate::fixture::{OURS, SOURCE, THEIRS, database, event, feed, read_all, tell};

/// The one that would be lost by "rows behind my cursor": it draws its position
/// first and commits last.
#[tokio::test]
async fn p23_a_low_position_held_open_is_not_skipped_while_1000_later_ones_commit() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    tell(&db, OURS, "before", 1).await;
    let before = feed.wait_beyond(0).await;

    let mut held = db.begin(OURS).await.unwrap();
    append_in_tx(&mut held, OURS, "", &[event("held", 1)])
        .await
        .unwrap();
    for round in 0..100 {
        let mut tx = db.begin(OURS).await.unwrap();
        let ten: Vec<_> = (1..=10).map(|n| event("later", round * 10 + n)).collect();
        append_in_tx(&mut tx, OURS, "", &ten).await.unwrap();
        tx.commit().await.unwrap();
    }
    // The head stays below the held position however long one waits.
    let early = tokio::time::timeout(Duration::from_millis(700), feed.wait_beyond(before)).await;
    assert!(
        early.is_err(),
        "the head went to {early:?} past an open transaction"
    );
    let now = feed
        .read(0, feed.head(), &Filter::default(), 10_000)
        .await
        .unwrap();
    assert_eq!(now.events.len(), 1);

    held.commit().await.unwrap();
    let all = read_all(&feed, before).await;
    assert_eq!(all.events.len(), 1_001);
    assert_eq!(all.events[0].subject, "held");
    assert!(
        all.events
            .windows(2)
            .all(|pair| pair[0].position < pair[1].position)
    );
    let versions: Vec<i64> = all.events[1..]
        .iter()
        .map(|event| event.subject_version)
        .collect();
    assert_eq!(versions, (1..=1_000).collect::<Vec<i64>>());
}

/// The same with nothing after it: no snapshot knows a transaction that has the highest
/// id and has not ended.
#[tokio::test]
async fn p23_the_newest_transaction_is_waited_for_too() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    let mut held = db.begin(OURS).await.unwrap();
    append_in_tx(&mut held, OURS, "", &[event("held", 1)])
        .await
        .unwrap();
    let early = tokio::time::timeout(Duration::from_millis(300), feed.settled_head()).await;
    assert!(
        early.is_err(),
        "the head went to {early:?} past an open transaction"
    );
    held.commit().await.unwrap();
    assert_eq!(read_all(&feed, 0).await.events.len(), 1);
}

#[tokio::test]
async fn a_long_transaction_that_writes_no_events_delays_nobody() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    let mut long = db.begin(OURS).await.unwrap();
    sqlx::query("SELECT pg_current_xact_id()")
        .execute(&mut *long)
        .await
        .unwrap();
    tell(&db, OURS, "a", 1).await;
    assert_eq!(read_all(&feed, 0).await.events.len(), 1);
    long.rollback().await.unwrap();
}

#[tokio::test]
async fn p23_a_position_that_is_rolled_back_holds_nobody_up() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    let mut given_up = db.begin(OURS).await.unwrap();
    append_in_tx(&mut given_up, OURS, "", &[event("never", 1)])
        .await
        .unwrap();
    given_up.rollback().await.unwrap();
    tell(&db, OURS, "after", 1).await;
    let all = read_all(&feed, 0).await;
    let subjects: Vec<&str> = all
        .events
        .iter()
        .map(|event| event.subject.as_str())
        .collect();
    assert_eq!(subjects, ["after"]);
    assert_eq!(all.scanned_to_position, all.events[0].position);
}

/// Writers at random, a reader that goes on from where it was: the union of its
/// batches is everything, once, in order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p23_a_reader_beside_concurrent_writers_misses_nothing() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let db = db.clone();
            #[expect(clippy::disallowed_methods, reason = "joined below")]
            tokio::spawn(async move {
                for version in 1..=40 {
                    let mut tx = db.begin(OURS).await.unwrap();
                    let told = event(&format!("writer-{writer}"), version);
                    append_in_tx(&mut tx, OURS, "", &[told]).await.unwrap();
                    // Some give up after they drew a position.
                    if (writer + version) % 7 == 0 {
                        tx.rollback().await.unwrap();
                    } else {
                        tx.commit().await.unwrap();
                    }
                }
            })
        })
        .collect();
    let expected = (0..8)
        .flat_map(|w| (1..=40).map(move |v| w + v))
        .filter(|s| s % 7 != 0)
        .count();

    let mut seen = Vec::new();
    let mut after = 0;
    while seen.len() < expected {
        let head = feed.wait_beyond(after).await;
        let batch = feed.read(after, head, &Filter::default(), 7).await.unwrap();
        seen.extend(batch.events.iter().map(|event| event.position));
        after = batch.scanned_to;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(seen.is_sorted_by(|one, next| one < next));
    let all: Vec<i64> = read_all(&feed, 0)
        .await
        .events
        .iter()
        .map(|e| e.position)
        .collect();
    assert_eq!(seen, all);
}

#[tokio::test]
async fn a_reader_gets_what_it_filters_for_and_moves_past_the_rest() {
    let (_test, db) = database().await;
    let feed = feed(&db);
    tell(&db, OURS, "ours", 1).await;
    tell(&db, THEIRS, "theirs", 1).await;
    let head = feed.settled_head().await.unwrap();
    let ours = Filter {
        tenant: Some(OURS),
        types: Vec::new(),
    };
    let batch = feed.read(0, head, &ours, 10).await.unwrap();
    assert_eq!(batch.events.len(), 1);
    assert_eq!(batch.events[0].tenant_id, OURS.to_string());
    assert_eq!(batch.scanned_to, head);

    let other_type = Filter {
        tenant: None,
        types: vec!["recoup.nothing.v1.Nothing".to_owned()],
    };
    let batch = feed.read(0, head, &other_type, 10).await.unwrap();
    assert!(batch.events.is_empty());
    assert_eq!(batch.scanned_to, head);
}

/// The newest events are told from memory, older ones from the database. A feed that nobody keeps up
/// to date knows none by heart.
#[tokio::test]
async fn p23_what_is_told_from_memory_is_what_the_database_has() {
    let (test, db) = database().await;
    let followed = feed(&db);
    let (unfollowed, _) = Feed::new(SOURCE, db.clone(), None, CancellationToken::new());
    tell(&db, OURS, "first", 1).await;
    let mut head = followed.wait_beyond(0).await;
    // More than is kept, and at last more at once than is taken in.
    for (round, told) in (0..).zip([1, 300, 2, 600, 400, 3, 1_200, 5]) {
        for tenant in [OURS, THEIRS] {
            let mut tx = db.begin(tenant).await.unwrap();
            let some: Vec<_> = (1..=told)
                .map(|n| event("some", round * 10_000 + n))
                .collect();
            append_in_tx(&mut tx, tenant, "", &some).await.unwrap();
            tx.commit().await.unwrap();
        }
        let settled = followed.settled_head().await.unwrap();
        head = followed.wait_beyond(settled - 1).await;
        let afters = [
            0,
            1,
            head - 1_100,
            head - 1_000,
            head - 999,
            head - 7,
            head - 1,
            head,
        ];
        for after in afters
            .into_iter()
            .filter(|after| (0..=head).contains(after))
        {
            for (until, limit) in [(head, 2_500), (head, 5), (head - 1, 2_500), (after, 1)] {
                for tenant in [None, Some(THEIRS)] {
                    let filter = Filter {
                        tenant,
                        types: Vec::new(),
                    };
                    let until = until.max(after);
                    let kept = followed.read(after, until, &filter, limit).await.unwrap();
                    let stored = unfollowed.read(after, until, &filter, limit).await.unwrap();
                    assert_eq!(kept, stored, "{after} to {until}, {filter:?}, {limit}");
                }
            }
        }
    }
    assert_eq!(head, 1 + 2 * 2_511);

    let mut admin = PgConnection::connect(&test.superuser_url()).await.unwrap();
    admin.execute("TRUNCATE event").await.unwrap();
    let all = Filter::default();
    // What came after the last 1,200 at once.
    let kept = followed.read(head - 10, head, &all, 100).await.unwrap();
    assert_eq!(kept.events.len(), 10, "nobody asked the database");
    let stored = unfollowed.read(head - 10, head, &all, 100).await.unwrap();
    assert!(stored.events.is_empty());
}
