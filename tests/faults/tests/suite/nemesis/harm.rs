//! The harm: one fault after the other, drawn from the seed, several at a time. What was done is
//! undone after a while.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use faults::{Dice, Installation, points};
use nix::sys::signal::Signal;
use sqlx::PgPool;
use stores::StopMode;
use testkit::{FaultProxy, Mode, ResetAt, Way};
use tokio::time::{Instant, sleep};

use super::caller::Run;

/// How often it is looked whether something is to be undone.
const TICK: Duration = Duration::from_millis(20);

/// Longer than a lease of a timer.
const BEYOND_LEASE: Duration = Duration::from_millis(6_500);

/// What can be done, by weight.
const MIX: [(u64, Fault); 15] = [
    (14, Fault::Point),
    (8, Fault::Kill),
    (4, Fault::Stop),
    (6, Fault::Terminate),
    (2, Fault::Postgres),
    (4, Fault::Sessions),
    (4, Fault::RedisFlushed),
    (2, Fault::RedisKilled),
    (2, Fault::RedisFull),
    (2, Fault::RedisRefuses),
    (6, Fault::Refuse),
    (8, Fault::Reset),
    (5, Fault::Blackhole),
    (6, Fault::Delay),
    (4, Fault::HalfOpen),
];

/// What every run of minutes has to have seen, beside fault points.
pub const KINDS: [&str; 10] = [
    "killed",
    "stopped",
    "terminated",
    "postgres-stopped",
    "sessions-ended",
    "redis-flushed",
    "redis-killed",
    "redis-full",
    "redis-refused",
    "link",
];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Point,
    Kill,
    Stop,
    Terminate,
    Postgres,
    Sessions,
    RedisFlushed,
    RedisKilled,
    RedisFull,
    RedisRefuses,
    Refuse,
    Reset,
    Blackhole,
    Delay,
    HalfOpen,
}

/// What is to be undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wrong {
    /// A process is gone.
    Gone(usize),
    /// A process does not move.
    Stopped(usize),
    Postgres,
    RedisGone,
    RedisFull,
    RedisRefuses,
    /// A way between two services, and how many faults it had seen before.
    Edge(usize, u64),
}

/// Who does the harm.
pub struct Harm<'a> {
    run: &'a Run,
    world: &'a mut Installation,
    dice: Dice,
    names: Vec<String>,
    points: Vec<(&'static str, &'static str)>,
    edges: Vec<(&'static str, &'static str)>,
    wrong: Vec<(Instant, Wrong)>,
    /// Processes that die at a point when they come to it.
    armed: BTreeMap<usize, &'static str>,
    /// Processes that were asked to end.
    ending: BTreeSet<usize>,
    /// Mean pause between two faults.
    pace: Duration,
    /// What no fault explains.
    pub findings: Vec<String>,
}

impl<'a> Harm<'a> {
    /// Nothing is harmed yet.
    pub fn new(run: &'a Run, world: &'a mut Installation, seed: u64) -> Self {
        let mut dice = Dice::of(seed);
        let pace = Duration::from_millis(700 + dice.below(700));
        Self {
            names: world.names(),
            points: points::all(),
            edges: world.edges(),
            run,
            world,
            dice,
            wrong: Vec::new(),
            armed: BTreeMap::new(),
            ending: BTreeSet::new(),
            pace,
            findings: Vec::new(),
        }
    }

    /// Does harm until `end`, and until `least` operations were begun; then heals everything.
    pub async fn until(mut self, end: Instant, least: u64) -> Vec<String> {
        let mut next = Instant::now();
        while Instant::now() < end || self.run.tally.operations() < least {
            self.look_after().await;
            if Instant::now() >= next {
                let fault = self.dice.weighed(&MIX);
                self.harm(fault).await;
                let pause = self.dice.below(2 * as_ms(self.pace));
                next = Instant::now() + Duration::from_millis(pause);
            }
            sleep(TICK).await;
        }
        self.heal().await;
        self.findings
    }

    /// Undoes what has lasted long enough, and starts again what has died.
    async fn look_after(&mut self) {
        let now = Instant::now();
        let (over, lasting) = self.wrong.drain(..).partition(|(until, _)| *until <= now);
        self.wrong = lasting;
        let over: Vec<(Instant, Wrong)> = over;
        for (_, wrong) in over {
            self.undo(wrong).await;
        }
        for place in 0..self.names.len() {
            let Some(status) = self.world.has_ended(&self.names[place]) else {
                continue;
            };
            match (self.armed.remove(&place), self.ending.remove(&place)) {
                (Some(point), _) => self.run.tally.fired(point, 1),
                (None, true) => self.run.tally.fired("terminated", 1),
                (None, false) => {
                    let name = &self.names[place];
                    let said = self.world.said(name);
                    self.findings
                        .push(format!("{name} ended by {status}:\n{said}"));
                }
            }
            self.wrong_for(0..800, Wrong::Gone(place));
        }
    }

    async fn harm(&mut self, fault: Fault) {
        match fault {
            Fault::Point => self.arm().await,
            Fault::Kill => {
                if let Some(place) = self.somebody() {
                    self.world.kill(&self.names[place]).await;
                    self.run.tally.fired("killed", 1);
                    self.wrong_for(0..2_000, Wrong::Gone(place));
                }
            }
            Fault::Stop => {
                if let Some(place) = self.somebody() {
                    self.world.signal(&self.names[place], Signal::SIGSTOP);
                    self.run.tally.fired("stopped", 1);
                    let until = Instant::now() + BEYOND_LEASE;
                    self.wrong.push((until, Wrong::Stopped(place)));
                }
            }
            Fault::Terminate => {
                if let Some(place) = self.somebody() {
                    self.ending.insert(place);
                    self.world.signal(&self.names[place], Signal::SIGTERM);
                }
            }
            Fault::Postgres if !self.is_wrong(Wrong::Postgres) => {
                let stopped = self.world.stores.stop_postgres(StopMode::Immediate).await;
                stopped.unwrap_or_else(|error| panic!("{error}"));
                self.run.tally.fired("postgres-stopped", 1);
                self.wrong_for(0..1_500, Wrong::Postgres);
            }
            Fault::Sessions if !self.is_wrong(Wrong::Postgres) => self.end_sessions().await,
            _ if self.is_wrong(Wrong::RedisGone) => {}
            Fault::RedisFlushed => {
                self.tell_redis(&["FLUSHALL"]).await;
                self.run.tally.fired("redis-flushed", 1);
            }
            // Started again it is not full, and cannot be asked before.
            Fault::RedisKilled if !self.is_wrong(Wrong::RedisFull) => {
                let killed = self.world.stores.kill_redis().await;
                killed.unwrap_or_else(|error| panic!("{error}"));
                self.run.tally.fired("redis-killed", 1);
                self.wrong_for(0..4_000, Wrong::RedisGone);
            }
            Fault::RedisFull if !self.is_wrong(Wrong::RedisFull) => {
                self.tell_redis(&["CONFIG", "SET", "maxmemory", "1"]).await;
                self.run.tally.fired("redis-full", 1);
                self.wrong_for(500..4_000, Wrong::RedisFull);
            }
            Fault::RedisRefuses if !self.is_wrong(Wrong::RedisRefuses) => {
                self.world.way_to_redis.set_mode(Mode::Refuse);
                self.world.way_to_redis.reset();
                self.run.tally.fired("redis-refused", 1);
                self.wrong_for(200..4_000, Wrong::RedisRefuses);
            }
            Fault::Postgres
            | Fault::Sessions
            | Fault::RedisKilled
            | Fault::RedisFull
            | Fault::RedisRefuses => {}
            Fault::Refuse | Fault::Reset | Fault::Blackhole | Fault::Delay | Fault::HalfOpen => {
                self.harm_edge(fault)
            }
        }
    }

    /// Kills a process and starts it with a point at which it dies, some time after the first.
    async fn arm(&mut self) {
        let Some((service, point)) = self.dice.one_of(&self.points).copied() else {
            return;
        };
        let of_service = |name: &str| name.trim_end_matches("-2") == service;
        let free: Vec<usize> = (0..self.names.len())
            .filter(|place| of_service(&self.names[*place]) && self.is_free(*place))
            .collect();
        let Some(place) = self.dice.one_of(&free).copied() else {
            return;
        };
        self.world.kill(&self.names[place]).await;
        let times = 1 + self.dice.below(6);
        let armed = format!("{point}@{times}");
        self.world.start_armed(&self.names[place], &armed);
        self.armed.insert(place, point);
    }

    async fn end_sessions(&mut self) {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
                    WHERE application_name LIKE '%/%' AND random() < 0.3";
        let ended = sqlx::query_scalar(sql)
            .fetch_one(any_database(self.world))
            .await;
        let ended: i64 = ended.unwrap_or_else(|error| panic!("{error}"));
        if ended > 0 {
            self.run.tally.fired("sessions-ended", 1);
        }
    }

    fn harm_edge(&mut self, fault: Fault) {
        let free: Vec<usize> = (0..self.edges.len())
            .filter(|place| {
                let mut wrong = self.wrong.iter();
                !wrong.any(|(_, wrong)| matches!(wrong, Wrong::Edge(one, _) if one == place))
            })
            .collect();
        let Some(place) = self.dice.one_of(&free).copied() else {
            return;
        };
        let mode = match fault {
            Fault::Refuse => Mode::Refuse,
            Fault::Reset => Mode::Reset(match self.dice.below(3) {
                0 => ResetAt::Connect,
                1 => ResetAt::Request,
                _ => ResetAt::Reply,
            }),
            Fault::Delay => Mode::Delay {
                base: Duration::from_millis(self.dice.below(200)),
                jitter: Duration::from_millis(1 + self.dice.below(400)),
                seed: self.dice.throw(),
            },
            Fault::HalfOpen => Mode::HalfOpen {
                withheld: if self.dice.happens(50) {
                    Way::Out
                } else {
                    Way::Back
                },
            },
            _ => Mode::Blackhole,
        };
        let edge = self.edge(place);
        let before = edge.counts().faults;
        edge.set_mode(mode);
        if matches!(mode, Mode::Refuse | Mode::Reset(ResetAt::Connect)) {
            // Those that are open would not notice.
            edge.cut();
        }
        self.wrong_for(200..4_000, Wrong::Edge(place, before));
    }

    async fn undo(&mut self, wrong: Wrong) {
        match wrong {
            Wrong::Gone(place) => self.world.start_unarmed(&self.names[place]),
            Wrong::Stopped(place) => self.world.signal(&self.names[place], Signal::SIGCONT),
            Wrong::Postgres => {
                let started = self.world.stores.start_postgres().await;
                started.unwrap_or_else(|error| panic!("{error}"));
            }
            Wrong::RedisGone => {
                let started = self.world.stores.start_redis().await;
                started.unwrap_or_else(|error| panic!("{error}"));
            }
            Wrong::RedisFull => self.tell_redis(&["CONFIG", "SET", "maxmemory", "0"]).await,
            Wrong::RedisRefuses => self.world.way_to_redis.set_mode(Mode::Pass),
            Wrong::Edge(place, before) => {
                let edge = self.edge(place);
                edge.set_mode(Mode::Pass);
                edge.cut();
                if edge.counts().faults > before {
                    self.run.tally.fired("link", 1);
                }
            }
        }
    }

    /// Undoes everything, disarms every process.
    async fn heal(&mut self) {
        for (_, wrong) in std::mem::take(&mut self.wrong) {
            self.undo(wrong).await;
        }
        for (place, _) in std::mem::take(&mut self.armed) {
            if self.world.has_ended(&self.names[place]).is_none() {
                self.world.kill(&self.names[place]).await;
            }
            self.world.start_unarmed(&self.names[place]);
        }
        let end = Instant::now() + Duration::from_secs(20);
        while !(self.ending.is_empty() && self.wrong.is_empty()) && Instant::now() < end {
            self.look_after().await;
            sleep(TICK).await;
        }
    }

    /// A process that runs and moves.
    fn somebody(&mut self) -> Option<usize> {
        let free: Vec<usize> = (0..self.names.len())
            .filter(|place| self.is_free(*place))
            .collect();
        self.dice.one_of(&free).copied()
    }

    fn is_free(&self, place: usize) -> bool {
        !self.is_wrong(Wrong::Gone(place))
            && !self.is_wrong(Wrong::Stopped(place))
            && !self.armed.contains_key(&place)
            && !self.ending.contains(&place)
    }

    fn is_wrong(&self, wrong: Wrong) -> bool {
        self.wrong.iter().any(|(_, one)| *one == wrong)
    }

    /// It is so for a while, whose length in milliseconds is drawn.
    fn wrong_for(&mut self, ms: std::ops::Range<u64>, wrong: Wrong) {
        let ms = ms.start + self.dice.below(ms.end - ms.start);
        let until = Instant::now() + Duration::from_millis(ms);
        self.wrong.push((until, wrong));
    }

    fn edge(&self, place: usize) -> &FaultProxy {
        let (from, to) = self.edges[place];
        self.world.edge(from, to)
    }

    async fn tell_redis(&self, words: &[&str]) {
        let client = redis::Client::open(self.world.stores.redis_url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.exec_async(&mut connection).await.unwrap();
    }
}

fn any_database(world: &Installation) -> &PgPool {
    world.database("invoicing")
}

fn as_ms(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
