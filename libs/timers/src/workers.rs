//! The workers of one process: which handler does which kind of timer, and the two loops
//! that bring timers and handlers together.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use calendar::Clock;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opentelemetry::metrics::Meter;
use postgres::Database;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::dispatch::Dispatch;
use crate::feeder::{Feeder, Redis};
use crate::metrics::Metrics;
use crate::{Claim, DueSet, JobError, Running, Scheduled, Settled, TimersConfig, Wakeups};

/// What does the timers of one kind.
pub(crate) type Handler =
    Box<dyn Fn(Claim) -> BoxFuture<'static, Result<Settled, JobError>> + Send + Sync>;

/// What every job of the process uses.
pub(crate) struct Setup {
    pub(crate) db: Database,
    pub(crate) clock: Clock,
    pub(crate) config: TimersConfig,
    pub(crate) handlers: BTreeMap<&'static str, Handler>,
    pub(crate) wakeups: Wakeups,
    pub(crate) running: Running,
    pub(crate) metrics: Metrics,
}

/// The workers of one process: a registry of handlers until they run.
pub struct Workers {
    setup: Setup,
    due_set: Option<DueSet>,
    hints: mpsc::Receiver<Scheduled>,
}

impl Workers {
    /// Workers without a handler yet. Without a `due_set` they know of timers from hints in
    /// the process and from the sweep alone.
    #[must_use]
    pub fn new(
        db: Database,
        clock: Clock,
        due_set: Option<DueSet>,
        config: TimersConfig,
        meter: &Meter,
    ) -> Self {
        let (wakeups, hints) = Wakeups::channel();
        let setup = Setup {
            db,
            clock,
            config,
            handlers: BTreeMap::new(),
            wakeups,
            running: Running::default(),
            metrics: Metrics::new(meter),
        };
        Self {
            setup,
            due_set,
            hints,
        }
    }

    /// Where the process announces what it scheduled.
    #[must_use]
    pub fn wakeups(&self) -> Wakeups {
        self.setup.wakeups.clone()
    }

    /// The count of handlers at work.
    #[must_use]
    pub fn running(&self) -> Running {
        self.setup.running.clone()
    }

    /// Does timers of `kind` by `handler`, which settles its claim in its own transaction and
    /// returns what that gave it. It may be stopped at any await, and run again.
    ///
    /// # Panics
    /// When the kind has a handler already: one of the two would never run.
    pub fn on<F, Fut>(&mut self, kind: &'static str, handler: F)
    where
        F: Fn(Claim) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<Settled, JobError>> + Send + 'static,
    {
        let handler: Handler = Box::new(move |claim| handler(claim).boxed());
        let earlier = self.setup.handlers.insert(kind, handler);
        assert!(earlier.is_none(), "two handlers for timers of kind {kind}");
    }

    /// Runs until `shutdown`, then takes up no more and returns when the last job has ended:
    /// at the latest when its lease does. Dropped, it stops the jobs where they are; their
    /// timers are taken up again after the lease. Jobs run inside this future: whoever drains
    /// it drains them.
    pub async fn run(self, shutdown: CancellationToken) {
        let Self {
            setup,
            due_set,
            hints,
        } = self;
        let setup = Arc::new(setup);
        let (due, told) = mpsc::channel(1);
        let (free_hands, room) = watch::channel(0);
        let (answers, redis_answers) = watch::channel(false);
        let feeder = Feeder {
            connection: setup.db.own_connection(),
            setup: Arc::clone(&setup),
            hints,
            told: Vec::new(),
            due,
            room,
            redis: Redis::new(due_set, answers),
        };
        let dispatch = Dispatch::new(setup, told, free_hands, redis_answers);
        tokio::join!(feeder.run(shutdown.clone()), dispatch.run(shutdown));
    }
}
