//! P23, P24: every event acts once, with the cursor in the transaction of the
//! effects.

use std::sync::Arc;

use contracts::common::Event;
use contracts::events::ReadEventsResponse;
use events::{Apply, ApplyError, Applying, Consumer, cursor};
use futures_util::future::BoxFuture;
use postgres::{Database, Tx};

use crate::fixture::{
    App, Fault, OURS, SOURCE, THEIRS, apply, consumer, database, effects, feed, read_all, tell,
};

fn told(subject: &str, versions: std::ops::RangeInclusive<i64>) -> Vec<(String, i64)> {
    versions
        .map(|version| (subject.to_owned(), version))
        .collect()
}

/// The cursor row exists once a consumer has run; the tests start from there.
async fn started(db: &Database) {
    start_at_0(db, SOURCE).await;
}

async fn start_at_0(db: &Database, source: &str) {
    let mut tx = db.begin_background().await.unwrap();
    sqlx::query("INSERT INTO feed_cursor (source, position) VALUES ($1, 0)")
        .bind(source)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn p23_a_batch_delivered_again_acts_once() {
    let (_test, db) = database().await;
    started(&db).await;
    let consumer = consumer(&db, &Arc::new(App::default()));
    for version in 1..=5 {
        tell(&db, OURS, "a", version).await;
    }
    let batch = read_all(&feed(&db), 0).await;
    assert!(consumer.take(&batch, 0).await.unwrap());
    // Again, whole and in part: the cursor is not where those start.
    assert!(!consumer.take(&batch, 0).await.unwrap());
    let part = ReadEventsResponse {
        events: batch.events[2..].to_vec(),
        ..batch.clone()
    };
    assert!(
        !consumer
            .take(&part, batch.events[1].position)
            .await
            .unwrap()
    );
    assert_eq!(effects(&db, OURS).await, told("a", 1..=5));
    assert_eq!(
        cursor::position(&db, SOURCE).await.unwrap(),
        batch.scanned_to_position
    );
}

#[tokio::test]
async fn p23_two_replicas_with_the_same_batch_act_once() {
    let (_test, db) = database().await;
    started(&db).await;
    let app = Arc::new(App::default());
    let (one, two) = (consumer(&db, &app), consumer(&db, &app));
    let feed = feed(&db);
    let mut after = 0;
    for round in 1..=20 {
        tell(&db, OURS, "a", round).await;
        let batch = read_all(&feed, after).await;
        let (first, second) = tokio::join!(one.take(&batch, after), two.take(&batch, after));
        assert_ne!(
            first.unwrap(),
            second.unwrap(),
            "exactly one of them is first"
        );
        after = batch.scanned_to_position;
    }
    assert_eq!(effects(&db, OURS).await, told("a", 1..=20));
}

#[tokio::test]
async fn p28_each_tenant_of_an_interleaved_batch_gets_its_own_effects() {
    let (_test, db) = database().await;
    started(&db).await;
    for version in 1..=3 {
        // The same subject in both: identities are unique in a tenant only.
        tell(&db, OURS, "same", version).await;
        tell(&db, THEIRS, "same", version).await;
    }
    let batch = read_all(&feed(&db), 0).await;
    assert!(
        consumer(&db, &Arc::new(App::default()))
            .take(&batch, 0)
            .await
            .unwrap()
    );
    assert_eq!(effects(&db, OURS).await, told("same", 1..=3));
    assert_eq!(effects(&db, THEIRS).await, told("same", 1..=3));
}

#[tokio::test]
async fn p37_what_passes_by_itself_is_tried_again_and_parks_nothing() {
    let (_test, db) = database().await;
    started(&db).await;
    let app = Arc::new(App::default());
    app.set("a", Fault::Passing(2));
    tell(&db, OURS, "a", 1).await;
    let batch = read_all(&feed(&db), 0).await;
    let consumer = consumer(&db, &app);
    for _ in 0..2 {
        assert!(consumer.take(&batch, 0).await.is_err());
        assert_eq!(effects(&db, OURS).await, []);
        assert_eq!(cursor::position(&db, SOURCE).await.unwrap(), 0);
    }
    assert!(consumer.take(&batch, 0).await.unwrap());
    assert_eq!(effects(&db, OURS).await, told("a", 1..=1));
    assert_eq!(events::parking::count(&db).await.unwrap(), 0);
}

#[tokio::test]
async fn an_empty_batch_moves_the_cursor_and_nothing_else() {
    let (_test, db) = database().await;
    started(&db).await;
    let progress = ReadEventsResponse {
        events: Vec::new(),
        scanned_to_position: 41,
    };
    let consumer = consumer(&db, &Arc::new(App::default()));
    assert!(consumer.take(&progress, 0).await.unwrap());
    assert_eq!(cursor::position(&db, SOURCE).await.unwrap(), 41);
    cursor::wait_until(&db, SOURCE, 41).await.unwrap();
}

/// A handler that is asked once for all events of a run: notes how many there were, and fails like
/// [`apply`].
fn apply_run<'a>(app: &'a App, tx: &'a mut Tx, events: &'a [&'a Event]) -> Applying<'a> {
    Box::pin(async move {
        for event in events {
            apply(app, tx, event).await?;
        }
        app.runs.lock().unwrap().push(events.len());
        Ok(())
    })
}

#[tokio::test]
async fn a_handler_of_runs_is_asked_once_for_what_follows_each_other_of_one_tenant() {
    let (_test, db) = database().await;
    started(&db).await;
    let app = Arc::new(App::default());
    for (tenant, versions) in [(OURS, 1..=3), (THEIRS, 1..=2), (OURS, 4..=4)] {
        for version in versions {
            tell(&db, tenant, "good", version).await;
        }
    }
    app.set("bad", Fault::Poison);
    tell(&db, OURS, "bad", 1).await;
    let consumer = Consumer {
        apply: Apply::Run(apply_run),
        ..consumer(&db, &app)
    };
    let batch = read_all(&feed(&db), 0).await;
    assert!(consumer.take(&batch, 0).await.unwrap());
    assert_eq!(effects(&db, OURS).await, told("good", 1..=4));
    assert_eq!(effects(&db, THEIRS).await, told("good", 1..=2));
    assert_eq!(events::parking::count(&db).await.unwrap(), 1);
    // As a batch, whose last run failed; then event by event.
    assert_eq!(
        std::mem::take(&mut *app.runs.lock().unwrap()),
        [3, 2, 1, 1, 1, 1, 1, 1]
    );

    // What is behind a parked event is set aside; the rest is one run.
    tell(&db, OURS, "good", 5).await;
    tell(&db, OURS, "bad", 2).await;
    tell(&db, OURS, "good", 6).await;
    let after = batch.scanned_to_position;
    let next = read_all(&feed(&db), after).await;
    assert!(consumer.take(&next, after).await.unwrap());
    assert_eq!(effects(&db, OURS).await, told("good", 1..=6));
    assert_eq!(events::parking::count(&db).await.unwrap(), 2);
    assert_eq!(*app.runs.lock().unwrap(), [2]);
}

/// A handler that holds the row of each subject until its batch ends, as the service's do that
/// keep a row for each customer.
fn apply_locking<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    Box::pin(async move {
        sqlx::query("SELECT pg_advisory_xact_lock(hashtext($1))")
            .bind(&event.subject)
            .execute(&mut **tx)
            .await?;
        apply(app, tx, event).await
    })
}

#[tokio::test]
async fn p37_two_feeds_that_tell_of_the_same_customers_crosswise_do_not_lock_each_other_out() {
    let (_test, db) = database().await;
    let feeds = ["invoicing", "payments"];
    for source in feeds {
        start_at_0(&db, source).await;
    }
    let customers: Vec<String> = (0..20).map(|number| format!("customer-{number}")).collect();
    for subject in &customers {
        tell(&db, OURS, subject, 1).await;
    }
    let forth = read_all(&feed(&db), 0).await;
    let mut back = forth.clone();
    back.events.reverse();

    let [one, two] = feeds.map(|source| Consumer {
        source,
        apply: Apply::Each(apply_locking),
        ..consumer(&db, &Arc::new(App::default()))
    });
    for round in 0..10 {
        let from = round * forth.scanned_to_position;
        let [forth, back] = [&forth, &back].map(|batch| ReadEventsResponse {
            scanned_to_position: from + batch.scanned_to_position,
            ..batch.clone()
        });
        let (one, two) = tokio::join!(one.take(&forth, from), two.take(&back, from));
        assert!(one.unwrap() && two.unwrap(), "round {round}");
    }
    let acted = effects(&db, OURS).await;
    assert_eq!(acted.len(), 10 * 2 * customers.len());
}
