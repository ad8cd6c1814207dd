//! One look at all services: is anything going on, and when does the next thing fall due.
//!
//! Quiet is: no call and no job is running, every feed is consumed up to its head, nothing is due.
//! One look reads the databases one after the other, so what went on between two of them may have
//! been missed: it says so alone where this process changed nothing from its begin to its end, else
//! only together with a second one that saw the same.

use anyhow::Context as _;
use events::cursor::{self, Standing};
use futures_util::future::try_join_all;
use jiff::Timestamp;
use postgres::Activity;
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
    /// Whether this process changed nothing while it looked, and nothing was at work at its end.
    pub undisturbed: bool,
}

/// Looks at every service once.
///
/// # Errors
/// A database does not answer.
pub(super) async fn once(parts: &[Part], tasks: &Tasks, now: Timestamp) -> anyhow::Result<Look> {
    let at_work = is_at_work(parts, tasks);
    let before = activities(parts);
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
    let undisturbed = !is_at_work(parts, tasks) && before == activities(parts);
    let next_due = told.iter().filter_map(|(_, ahead)| ahead.next_due).min();
    Ok(Look {
        heads: told.iter().map(|(own, _)| own.head).collect(),
        next_due,
        undisturbed,
        idle: !at_work && consumed && next_due.is_none_or(|due| due > now),
        due: told.into_iter().map(|(_, ahead)| ahead.due).collect(),
    })
}

/// Whether a call, a job or a change is under way: what can be told without asking a database.
pub(super) fn is_at_work(parts: &[Part], tasks: &Tasks) -> bool {
    let jobs = |part: &Part| part.timers.as_ref().map_or(0, |(_, jobs)| jobs.count());
    let changes = |part: &Part| part.db.activity().open > 0;
    tasks.running().contains_key("rpc") || parts.iter().any(|part| jobs(part) > 0 || changes(part))
}

fn activities(parts: &[Part]) -> Vec<Activity> {
    parts.iter().map(|part| part.db.activity()).collect()
}

/// The feeds first: what a batch scheduled is seen to be due wherever its cursor is seen to have
/// moved.
async fn told(part: &Part, now: Timestamp) -> anyhow::Result<(Standing, Ahead)> {
    let mut observer = part.observer.lock().await;
    let standing = cursor::standing(&mut observer).await?;
    let ahead = match part.timers {
        Some(_) => quiet::ahead(&mut observer, now, DUE_LIMIT).await?,
        None => Ahead::default(),
    };
    Ok((standing, ahead))
}
