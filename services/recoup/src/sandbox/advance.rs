//! The way of the clock: at each due time it stops until all is quiet, then goes on to the next.
//!
//! One advance runs at a time, in a task of its own: whoever asked for it may go away. What it has
//! reached so far stands in a watched value, from which each caller takes what it was not told yet.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use contracts::convert::instant_to_wire;
use contracts::sandbox::AdvanceResult;
use jiff::Timestamp;
use postgres::TenantId;
use postgres::idempotency::Key;
use timers::quiet::Due;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};
use uuid::Uuid;

use crate::sandbox::look::{self, Look, Memory};
use crate::sandbox::records::Advance;
use crate::sandbox::{Sandbox, unsettled};
use crate::services::Part;

/// Pauses between two looks: they grow slowly from the first to the last, since most work is short.
const PAUSES: (Duration, Duration) = (Duration::from_millis(1), Duration::from_millis(8));

/// How long calls and jobs are left at work before the next look: what they wait for may be due.
const WORK: Duration = Duration::from_millis(100);

/// How long a hint that was given may go unheard before it is given again.
const REPEAT_HINTS: Duration = Duration::from_millis(250);

/// How many tokens one timer may bear at one instant. Tries and postponements need some dozens; a
/// job that schedules itself for the instant it is done at draws a new one for ever.
const TOKENS_LIMIT: usize = 1_000;

/// Timers that fell due, by service and kind.
pub(super) type Reached = BTreeMap<(&'static str, String), i32>;

/// Where an advance is.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    /// The clock.
    pub time: Timestamp,
    /// All that fell due since the advance began.
    pub reached: Reached,
    /// Whether everything due at this instant is done.
    pub quiet: bool,
    /// How it ended.
    pub end: Option<Result<AdvanceResult, Stopped>>,
}

/// Why an advance ended before its target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stopped {
    /// A job that is due at this instant schedules itself at it again and again.
    NotSettling {
        /// Whose job it is.
        service: &'static str,
        /// Its kind of timer.
        kind: String,
    },
    /// The process ends. The same request goes on in the next one.
    ShuttingDown,
    /// Something failed; the log says what.
    Failed(String),
}

/// An advance under way, or one that has ended.
#[derive(Debug)]
pub(super) struct Running {
    /// Who asked for it, and what.
    pub key: Key,
    /// Where the clock goes.
    pub target: Timestamp,
    /// Where it is.
    pub progress: watch::Receiver<Progress>,
}

impl Running {
    /// Whether it is still under way.
    pub(super) fn goes_on(&self) -> bool {
        self.progress.borrow().end.is_none()
    }
}

/// A timer, as it is told apart from others.
type Name = (&'static str, TenantId, String, Uuid);

/// What was seen due at one instant, under which tokens, and when hints were last given.
struct Seen {
    tokens: HashMap<Name, HashSet<i64>>,
    hinted: Instant,
}

/// How often a timer was seen.
enum Noted {
    First,
    /// Scheduled anew since.
    Anew,
    Again,
    /// Under more tokens than work that comes to an end needs.
    TooOften,
}

impl Sandbox {
    /// Sets out to the target of `advance` in a task of its own.
    pub(super) fn set_out(self: &Arc<Self>, key: Key, advance: Advance) -> Arc<Running> {
        let (progress, watched) = watch::channel(Progress {
            time: self.hand.now(),
            reached: Reached::new(),
            quiet: false,
            end: None,
        });
        let running = Arc::new(Running {
            key: key.clone(),
            target: advance.target,
            progress: watched,
        });
        let sandbox = Arc::clone(self);
        self.tasks.spawn("advance of the clock", async move {
            let end = sandbox.go(&key, advance, &progress).await;
            let end = end.unwrap_or_else(|error| {
                let cause = format!("{error:#}");
                tracing::error!(error = cause, "the clock stopped on its way");
                Err(Stopped::Failed(cause))
            });
            progress.send_modify(|progress| progress.end = Some(end));
        });
        running
    }

    async fn go(
        &self,
        key: &Key,
        mut advance: Advance,
        progress: &watch::Sender<Progress>,
    ) -> anyhow::Result<Result<AdvanceResult, Stopped>> {
        let mut memory = Memory::default();
        loop {
            let next_due = match self.settle(&mut memory, progress).await? {
                Ok(look) => look.next_due,
                Err(stopped) => return Ok(Err(stopped)),
            };
            if self.hand.now() >= advance.target {
                break;
            }
            let next = next_due.map_or(advance.target, |due| due.min(advance.target));
            advance.stop_count = advance.stop_count.saturating_add(1);
            self.records.keep_advance(key, &advance)?;
            self.records.keep_clock(next)?;
            self.hand.set(next)?;
            progress.send_modify(|progress| {
                progress.time = next;
                progress.quiet = false;
            });
        }
        let result = self.result(&advance).await?;
        advance.end(&result);
        self.records.keep_advance(key, &advance)?;
        Ok(Ok(result))
    }

    /// Waits until an undisturbed look saw all quiet, or two in a row that saw the same.
    async fn settle(
        &self,
        memory: &mut Memory,
        progress: &watch::Sender<Progress>,
    ) -> anyhow::Result<Result<Look, Stopped>> {
        let now = self.hand.now();
        let (mut seen, mut earlier, mut pause) = (Seen::nothing(), None, PAUSES.0);
        loop {
            if self.shutdown.token().is_cancelled() {
                return Ok(Err(Stopped::ShuttingDown));
            }
            let look = memory.look(&self.parts, &self.tasks, now).await?;
            if let Err(stopped) = self.wake_due(&look, &mut seen, progress) {
                return Ok(Err(stopped));
            }
            if look.idle && (look.undisturbed || earlier.as_ref() == Some(&look)) {
                progress.send_modify(|progress| progress.quiet = true);
                return Ok(Ok(look));
            }
            if !look.idle {
                self.rest(pause).await;
                pause = (pause * 5 / 4).min(PAUSES.1);
            }
            earlier = Some(look);
        }
    }

    /// A pause, and longer while there is work of which this process knows.
    async fn rest(&self, pause: Duration) {
        let end = Instant::now() + WORK;
        sleep(pause).await;
        while look::is_at_work(&self.parts, &self.tasks) && Instant::now() < end {
            sleep(PAUSES.0).await;
        }
    }

    /// Names what is due to the workers, who otherwise find it by their next sweep, and counts it.
    fn wake_due(
        &self,
        look: &Look,
        seen: &mut Seen,
        progress: &watch::Sender<Progress>,
    ) -> Result<(), Stopped> {
        // The workers have been told of a timer that is still under the same token, and are at it.
        let repeat = seen.hinted.elapsed() >= REPEAT_HINTS;
        if repeat {
            seen.hinted = Instant::now();
        }
        for (part, due) in self.parts.iter().zip(&look.due) {
            let Some((wakeups, _)) = &part.timers else {
                continue;
            };
            let mut fresh = Reached::new();
            for due in due {
                match seen.note(part, due) {
                    Noted::First => {
                        let work = (part.service, due.timer.kind.clone());
                        *fresh.entry(work).or_default() += 1;
                    }
                    Noted::Anew => {}
                    Noted::Again if !repeat => continue,
                    Noted::Again => {}
                    Noted::TooOften => {
                        let (service, kind) = (part.service, due.timer.kind.clone());
                        return Err(Stopped::NotSettling { service, kind });
                    }
                }
                wakeups.announce([due.timer.clone()]);
            }
            if !fresh.is_empty() {
                progress.send_modify(|progress| {
                    for (work, count) in fresh {
                        *progress.reached.entry(work).or_default() += count;
                    }
                });
            }
        }
        Ok(())
    }

    async fn result(&self, advance: &Advance) -> anyhow::Result<AdvanceResult> {
        let unsettled = unsettled::of(&self.parts).await?;
        Ok(AdvanceResult {
            current_time: Some(instant_to_wire(self.hand.now())),
            stop_count: advance.stop_count,
            unsettled: unsettled.items,
            unsettled_count: unsettled.count,
        })
    }

    /// What a look at this moment sees.
    pub(super) async fn look(&self) -> anyhow::Result<(Timestamp, Look)> {
        let now = self.hand.now();
        let look = Memory::default()
            .look(&self.parts, &self.tasks, now)
            .await?;
        Ok((now, look))
    }
}

impl Seen {
    fn nothing() -> Self {
        Self {
            tokens: HashMap::new(),
            hinted: Instant::now(),
        }
    }

    fn note(&mut self, part: &Part, due: &Due) -> Noted {
        let timer = &due.timer;
        let name = (
            part.service,
            timer.tenant,
            timer.kind.clone(),
            timer.subject_id,
        );
        let tokens = self.tokens.entry(name).or_default();
        let first = tokens.is_empty();
        let anew = tokens.insert(due.lease_token);
        match tokens.len() {
            _ if first => Noted::First,
            TOKENS_LIMIT.. => Noted::TooOften,
            _ if anew => Noted::Anew,
            _ => Noted::Again,
        }
    }
}
