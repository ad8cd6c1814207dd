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

use crate::services::Part;

/// What one look saw.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Look {
    /// The head of each feed, in the order of the parts.
    pub heads: Vec<i64>,
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
    let calls = tasks.running().get("rpc").copied().unwrap_or(0);
    let jobs: usize = parts.iter().map(running_jobs).sum();
    let told = try_join_all(parts.iter().map(|part| async move {
        let told = told(part).await;
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
    let next_due = told.iter().filter_map(|(_, due)| *due).min();
    Ok(Look {
        heads: told.iter().map(|(own, _)| own.head).collect(),
        next_due,
        idle: calls == 0 && jobs == 0 && consumed && next_due.is_none_or(|due| due > now),
    })
}

fn running_jobs(part: &Part) -> usize {
    part.timers
        .as_ref()
        .map_or(0, |(_, running)| running.count())
}

async fn told(part: &Part) -> anyhow::Result<(Standing, Option<Timestamp>)> {
    let standing = cursor::standing(&part.db).await?;
    let next_due = match part.timers {
        Some(_) => timers::quiet::next_due(&part.db).await?,
        None => None,
    };
    Ok((standing, next_due))
}
