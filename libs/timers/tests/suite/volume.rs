//! Many at once, and many at the same instant.

use std::num::NonZeroU16;

use calendar::SignedDuration;
use postgres::TenantId;
use testkit::eventually;
use timers::{TimersConfig, Wakeups};
use uuid::Uuid;

use crate::world::{Crew, Gate, KIND, PATIENCE, World, no_sweep, start, sweeping};

fn wide() -> TimersConfig {
    TimersConfig {
        concurrency: NonZeroU16::new(48).unwrap(),
        ..no_sweep()
    }
}

/// The first sweep alone has to find all of them: there is no hint and no second run.
#[tokio::test]
async fn p14_one_sweep_finds_10_000_timers_that_share_an_instant() {
    let world = World::new().await;
    let mut due = Vec::new();
    for _ in 0..10 {
        let tenant = World {
            tenant: TenantId::new(Uuid::now_v7()),
            ..world.clone()
        };
        due.extend(tenant.schedule(&Wakeups::nowhere(), 1_000, start()).await);
    }
    let crew = world.crew(None, wide());
    world.all_act_once(&due, "each of 10 000").await;
    crew.stop().await;
}

#[tokio::test]
async fn p15_two_processes_share_the_work_and_never_act_twice() {
    let world = World::new().await;
    let crews = [0, 1].map(|_| world.crew(Some(world.due_set()), wide()));
    let mut due = Vec::new();
    for minute in 0..10 {
        let at = start() + SignedDuration::from_mins(minute);
        for crew in &crews {
            due.extend(world.schedule(&crew.wakeups, 100, at).await);
        }
        due.extend(world.schedule(&Wakeups::nowhere(), 20, at).await);
    }
    // Whoever starts late sweeps into the middle of it.
    world
        .hand
        .set(start() + SignedDuration::from_mins(5))
        .unwrap();
    let third = world.crew(None, wide());
    world
        .hand
        .set(start() + SignedDuration::from_mins(10))
        .unwrap();
    let fourth = world.crew(None, wide());
    world.all_act_once(&due, "each once").await;
    for crew in crews.into_iter().chain([third, fourth]) {
        crew.stop().await;
    }
}

/// During a rolling upgrade the old release does not know the new kinds.
#[tokio::test]
async fn p38_a_kind_without_a_handler_is_left_to_the_process_that_has_one() {
    let world = World::new().await;
    let mut workers = world.workers(Some(world.due_set()), sweeping());
    let acting = world.clone();
    workers.on("old", move |claim| acting.clone().act(claim));
    let old_release = Crew::start(workers);
    let new_kind = world.schedule(&old_release.wakeups, 10, start()).await;
    let old_kind = world.schedule_one("old").await;
    // One sweep later at the latest the old release has passed them all by.
    eventually(PATIENCE, "its own is done", async || {
        world.acted().await == [old_kind]
    })
    .await;
    assert_eq!(
        world
            .count("SELECT count(*) FROM timer WHERE attempt = 0")
            .await,
        10
    );

    let new_release = world.crew(Some(world.due_set()), sweeping());
    world
        .all_act_once(&[new_kind, vec![old_kind]].concat(), "all")
        .await;
    old_release.stop().await;
    new_release.stop().await;
}

#[tokio::test]
async fn p38_a_drain_waits_for_the_jobs_at_work_and_begins_no_other() {
    let world = World::new().await;
    let gate = Gate::closed();
    let three_hands = TimersConfig {
        concurrency: NonZeroU16::new(3).unwrap(),
        ..sweeping()
    };
    let mut workers = world.workers(None, three_hands);
    let (acting, at) = (world.clone(), gate.clone());
    workers.on(KIND, move |claim| {
        let (world, gate) = (acting.clone(), at.clone());
        async move {
            gate.pass().await;
            world.act(claim).await
        }
    });
    let crew = Crew::start(workers);
    let begun = world.schedule(&crew.wakeups, 3, start()).await;
    for _ in &begun {
        gate.arrival().await;
    }
    // All hands are busy; these are due, and stay when the hands become free.
    let left = world.schedule(&crew.wakeups, 3, start()).await;
    let mut stopping = std::pin::pin!(crew.stop());
    assert!(futures_util::poll!(&mut stopping).is_pending());
    gate.open(6);
    stopping.await;
    assert_eq!(world.acted().await, begun);

    let crew = world.crew(None, sweeping());
    world
        .all_act_once(&[begun, left].concat(), "by the next process")
        .await;
    crew.stop().await;
}
