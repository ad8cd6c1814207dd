//! One look at all services: is anything going on, and when does the next thing fall due.
//!
//! Quiet is: no call and no job is running, every feed is consumed up to its head, nothing is due.
//! One look reads the databases one after the other, so what went on between two of them may have
//! been missed: it says so alone where this process changed nothing from its begin to its end, else
//! only together with a second one that saw the same. Of a service in which this process has changed
//! nothing since an earlier look, that one still holds: at most stops of the clock only one works.

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

/// What was last seen of each service, in the order of the parts. For one advance: what others write
/// to the databases, with a tool for instance, is found when the next one begins.
#[derive(Debug, Default)]
pub(super) struct Memory(Vec<Told>);

/// What a service told of itself.
#[derive(Debug)]
struct Told {
    /// What it had been at before it was asked.
    before: Activity,
    own: Standing,
    ahead: Ahead,
}

impl Memory {
    /// Looks at every service once, as far as what is remembered of it does not hold any more.
    ///
    /// # Errors
    /// A database does not answer.
    pub(super) async fn look(
        &mut self,
        parts: &[Part],
        tasks: &Tasks,
        now: Timestamp,
    ) -> anyhow::Result<Look> {
        let at_work = is_at_work(parts, tasks);
        let before = activities(parts);
        let mut known = std::mem::take(&mut self.0).into_iter();
        let asking = parts.iter().map(|part| {
            let known = known.next().filter(|told| told.still_holds(part, now));
            async move {
                match known {
                    Some(told) => Ok(told),
                    None => Told::by(part, now)
                        .await
                        .with_context(|| format!("looking at {}", part.service)),
                }
            }
        });
        self.0 = try_join_all(asking).await?;
        let told = &self.0;
        let head_of = |source: &str| {
            let mut named = parts.iter().zip(told);
            named.find_map(|(part, told)| (part.service == source).then_some(told.own.head))
        };
        let consumed = told.iter().all(|told| {
            let mut cursors = told.own.cursors.iter();
            cursors.all(|(source, at)| head_of(source).is_none_or(|head| *at >= head))
        });
        let undisturbed = !is_at_work(parts, tasks) && before == activities(parts);
        let next_due = told.iter().filter_map(|told| told.ahead.next_due).min();
        Ok(Look {
            heads: told.iter().map(|told| told.own.head).collect(),
            due: told.iter().map(|told| told.ahead.due.clone()).collect(),
            next_due,
            undisturbed,
            idle: !at_work && consumed && next_due.is_none_or(|due| due > now),
        })
    }
}

impl Told {
    /// The feeds first: what a batch scheduled is seen to be due wherever its cursor is seen to have
    /// moved.
    async fn by(part: &Part, now: Timestamp) -> anyhow::Result<Self> {
        let before = part.db.activity();
        let mut connection = part.connection.lock().await;
        let own = cursor::standing(&mut connection).await?;
        let ahead = match part.timers {
            Some(_) => quiet::ahead(&mut connection, now, DUE_LIMIT).await?,
            None => Ahead::default(),
        };
        Ok(Self { before, own, ahead })
    }

    /// Whether asking again would tell the same: nothing has changed since, nor fallen due.
    fn still_holds(&self, part: &Part, now: Timestamp) -> bool {
        let nothing_due = self.ahead.next_due.is_none_or(|due| due > now);
        nothing_due && self.before.open == 0 && self.before == part.db.activity()
    }
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
