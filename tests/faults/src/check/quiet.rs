//! Whether anything is still under way: events not yet heard, requests not yet answered, timers that
//! are due, money, messages and placements between two states. Parked things are not: they are
//! findings.

use std::time::Duration;

use sqlx::PgPool;
use tokio::time::{Instant, sleep};

use crate::settings::MAIL;
use crate::{EDGES, Installation};

/// Everything comes to rest within this after the last fault (P13).
const WITHIN: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// What is between two states, by service; none once all is quiet.
const UNDER_WAY: [(&str, &str); 12] = [
    (
        "credit",
        "SELECT count(*) FROM operation WHERE answer IS NULL",
    ),
    (
        "payments",
        "SELECT count(*) FROM operation WHERE answer IS NULL",
    ),
    (
        "agency",
        "SELECT count(*) FROM operation WHERE answer IS NULL",
    ),
    ("credit", DUE),
    ("payments", DUE),
    ("reminders", DUE),
    ("agency", DUE),
    (
        "payments",
        "SELECT count(*) FROM receipt_application WHERE state IN ('RESERVED', 'REVERSING')",
    ),
    (
        "payments",
        "SELECT count(*) FROM receipt WHERE state = 'REVERSING'",
    ),
    (
        "payments",
        "SELECT count(*) FROM bank_statement_import WHERE state = 'BOOKING'",
    ),
    (
        "reminders",
        "SELECT count(*) FROM message WHERE state IN ('CLAIMED', 'HANDING_OFF')",
    ),
    (
        "agency",
        "SELECT count(*) FROM placement WHERE state IN ('PENDING_HOLD', 'PENDING_RELEASE')",
    ),
];

const DUE: &str = "SELECT count(*) FROM timer WHERE parked_time IS NULL AND due_time <= now()";

/// Waits until nothing is under way. What still is when the time is over, each as text.
pub async fn settled(installation: &Installation) -> Vec<String> {
    let end = Instant::now() + WITHIN;
    loop {
        let left = under_way(installation).await;
        if left.is_empty() || Instant::now() >= end {
            return left;
        }
        sleep(PAUSE).await;
    }
}

/// What is under way, each as text.
pub async fn under_way(installation: &Installation) -> Vec<String> {
    let mut found = Vec::new();
    for (service, sql) in UNDER_WAY {
        let count = number(installation.database(service), sql).await;
        if count > 0 {
            found.push(format!("{service}: {count} of {sql}"));
        }
    }
    for (reader, source) in EDGES.into_iter().filter(|(_, to)| *to != MAIL) {
        let head = "SELECT coalesce(max(position), 0) FROM event";
        let head = number(installation.database(source), head).await;
        let cursor = cursor(installation.database(reader), source).await;
        if cursor < head {
            found.push(format!("{reader} has heard {cursor} of {head} of {source}"));
        }
    }
    found
}

async fn number(database: &PgPool, sql: &'static str) -> i64 {
    let found = sqlx::query_scalar(sql).fetch_one(database).await;
    found.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

async fn cursor(database: &PgPool, source: &str) -> i64 {
    let sql = "SELECT coalesce(max(position), 0) FROM feed_cursor WHERE source = $1";
    let found = sqlx::query_scalar(sql)
        .bind(source)
        .fetch_one(database)
        .await;
    found.unwrap_or_else(|error| panic!("{source}: {error}"))
}
