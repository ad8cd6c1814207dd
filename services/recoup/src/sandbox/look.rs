//! One look at all services: is anything going on, and when does the next thing fall due.
//!
//! Quiet is: no call and no job is running, every feed is consumed up to its head, nothing is due.
//! One look reads the databases one after the other, so what went on between two of them may have
//! been missed: only two looks in a row that saw the same heads say it.

use anyhow::Context as _;
use events::cursor::{self, Standing};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use runtime::Tasks;
use timers::quiet::{self, Ahead, Due};

use crate::services::Part;

/// Due timers of a service that one look takes in.
const DUE_LIMIT: i64 = 1_000;

/// What one look saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The head of each feed, in the order of the parts.
    pub heads: Vec<i64>,
    /// What is due in each service, in the order of the parts.
    pub due: Vec<Vec<Due>>,
    /// The earliest due time of all services, past or to come.
    pub next_due: Option<Timestamp>,
    /// Whether it saw nothing going on.
    pub idle: bool,
}

/// Looks at every service once.
///
/// # Errors
/// A database does not answer.
pub(super) async fn once(parts: &[Part], tasks: &Tasks, now: Timestamp) -> anyhow::Result<Look> {
    let at_work = is_at_work(parts, tasks);
    let told = try_join_all(parts.iter().map(|part| async move {
        let told = told(part, now).await;
        told.with_context(|| format!("looking at {}", part.service))
    }))
    .await?;
    let head_of = |source: &str| {
        let mut named = parts.iter().zip(&told);
        named.find_map(|(part, (own, _))| (part.service == source).then_some(own.head))
    };
    let consumed = told.iter().all(|(own, _)| {
        let mut cursors = own.cursors.iter();
        cursors.all(|(source, at)| head_of(source).is_none_or(|head| *at >= head))
    });
    let next_due = told.iter().filter_map(|(_, ahead)| ahead.next_due).min();
    Ok(Look {
        heads: told.iter().map(|(own, _)| own.head).collect(),
        next_due,
        idle: !at_work && consumed && next_due.is_none_or(|due| due > now),
        due: told.into_iter().map(|(_, ahead)| ahead.due).collect(),
    })
}

/// Whether a call or a job is running: what can be told without asking a database.
pub(super) fn is_at_work(parts: &[Part], tasks: &Tasks) -> bool {
    let jobs = |part: &Part| part.timers.as_ref().map_or(0, |(_, jobs)| jobs.count());
    tasks.running().contains_key("rpc") || parts.iter().any(|part| jobs(part) > 0)
}

async fn told(part: &Part, now: Timestamp) -> anyhow::Result<(Standing, Ahead)> {
    let mut tx = part.db.begin_background().await?;
    let standing = cursor::standing_in_tx(&mut tx).await?;
    let ahead = match part.timers {
        Some(_) => quiet::ahead_in_tx(&mut tx, now, DUE_LIMIT).await?,
        None => Ahead::default(),
    };
    tx.commit().await?;
    Ok((standing, ahead))
}
