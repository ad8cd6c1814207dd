//! P25: a poison event blocks its own subject and nobody else, and can be replayed.

use std::sync::Arc;

use events::{Apply, parking};
use postgres::Database;

use crate::fixture::{
    App, Fault, OURS, SOURCE, apply, consumer, database, effects, feed, read_all, tell,
};

async fn taken(db: &Database, app: &Arc<App>) {
    let mut tx = db.begin_background().await.unwrap();
    sqlx::query("INSERT INTO feed_cursor (source, position) VALUES ($1, 0) ON CONFLICT DO NOTHING")
        .bind(SOURCE)
        .execute(&mut *tx)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    let from = events::cursor::position(db, SOURCE).await.unwrap();
    let batch = read_all(&feed(db), from).await;
    assert!(consumer(db, app).take(&batch, from).await.unwrap());
}

fn pairs(of: &[(&str, i64)]) -> Vec<(String, i64)> {
    of.iter()
        .map(|(subject, version)| ((*subject).to_owned(), *version))
        .collect()
}

#[tokio::test]
async fn p25_a_poison_event_is_parked_with_its_reason_and_others_go_on() {
    let (_test, db) = database().await;
    let app = Arc::new(App::default());
    app.set("bad", Fault::Poison);
    for (subject, version) in [
        ("good", 1),
        ("bad", 1),
        ("good", 2),
        ("bad", 2),
        ("good", 3),
    ] {
        tell(&db, OURS, subject, version).await;
    }
    taken(&db, &app).await;
    assert_eq!(
        effects(&db, OURS).await,
        pairs(&[("good", 1), ("good", 2), ("good", 3)])
    );

    let parked = parking::list(&db, None, Some(SOURCE), None, 10)
        .await
        .unwrap();
    let told: Vec<(&str, i64, i32, &str)> = parked
        .iter()
        .map(|p| {
            (
                &*p.event.subject,
                p.event.subject_version,
                p.tries,
                &*p.reason,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("bad", 1, 3, "bad is bad"),
            (
                "bad",
                2,
                0,
                "an earlier event of the same subject is parked"
            ),
        ]
    );
    // The next batch: the subject stays parked without being tried.
    tell(&db, OURS, "bad", 3).await;
    tell(&db, OURS, "good", 4).await;
    taken(&db, &app).await;
    assert_eq!(parking::count(&db).await.unwrap(), 3);
    assert_eq!(
        effects(&db, OURS).await.last().unwrap(),
        &("good".to_owned(), 4)
    );
}

#[tokio::test]
async fn p25_a_handler_that_panics_is_poison_too() {
    let (_test, db) = database().await;
    let app = Arc::new(App::default());
    app.set("bad", Fault::Panic);
    tell(&db, OURS, "bad", 1).await;
    tell(&db, OURS, "good", 1).await;
    taken(&db, &app).await;
    assert_eq!(effects(&db, OURS).await, pairs(&[("good", 1)]));
    let parked = parking::list(&db, Some(OURS), None, None, 10)
        .await
        .unwrap();
    assert_eq!(parked[0].reason, "the handler panicked");
}

#[tokio::test]
async fn p25_replay_applies_in_order_and_frees_the_subject() {
    let (_test, db) = database().await;
    let app = Arc::new(App::default());
    app.set("bad", Fault::Poison);
    for version in 1..=3 {
        tell(&db, OURS, "bad", version).await;
    }
    taken(&db, &app).await;

    // Still bad: the first fails again and says so, nothing overtakes it.
    let again = parking::replay(&db, &*app, Apply::Each(apply), OURS, SOURCE, "bad")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (again.applied, again.left, again.reason.as_deref()),
        (0, 3, Some("bad is bad"))
    );
    let parked = parking::list(&db, None, None, None, 10).await.unwrap();
    assert_eq!(parked[0].tries, 4);

    app.mend("bad");
    let mended = parking::replay(&db, &*app, Apply::Each(apply), OURS, SOURCE, "bad")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((mended.applied, mended.left, mended.reason), (3, 0, None));
    tell(&db, OURS, "bad", 4).await;
    taken(&db, &app).await;
    assert_eq!(
        effects(&db, OURS).await,
        pairs(&[("bad", 1), ("bad", 2), ("bad", 3), ("bad", 4)])
    );
    assert_eq!(
        parking::replay(&db, &*app, Apply::Each(apply), OURS, SOURCE, "bad")
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn p25_replay_beside_consumption_keeps_the_order() {
    let (_test, db) = database().await;
    let app = Arc::new(App::default());
    app.set("bad", Fault::Poison);
    tell(&db, OURS, "bad", 1).await;
    taken(&db, &app).await;
    app.mend("bad");
    for version in 2..=30 {
        tell(&db, OURS, "bad", version).await;
        let replaying = parking::replay(&db, &*app, Apply::Each(apply), OURS, SOURCE, "bad");
        let (replayed, ()) = tokio::join!(replaying, taken(&db, &app));
        replayed.unwrap();
    }
    parking::replay(&db, &*app, Apply::Each(apply), OURS, SOURCE, "bad")
        .await
        .unwrap();
    let versions: Vec<i64> = effects(&db, OURS)
        .await
        .into_iter()
        .map(|(_, version)| version)
        .collect();
    assert_eq!(versions, (1..=30).collect::<Vec<i64>>());
}
