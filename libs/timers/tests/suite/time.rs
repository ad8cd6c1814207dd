//! The two clocks: business time says when, real time never hangs on it.

use calendar::{Clock, SignedDuration};
use testkit::eventually;
use timers::DueSet;

use crate::world::{Crew, KIND, PATIENCE, World, no_sweep, start};

#[tokio::test]
async fn p22_on_the_system_clock_timers_are_prompt_and_never_early() {
    let manual = World::new().await;
    for redis in [true, false] {
        let world = World {
            clock: Clock::system(),
            ..manual.clone()
        };
        let due_set: Option<DueSet> = redis.then(|| world.due_set());
        let crew = world.crew(due_set, no_sweep());
        let before = world.acted().await;
        let due = world.clock.now() + SignedDuration::from_millis(300);
        let subjects = world.schedule(&crew.wakeups, 10, due).await;
        world
            .all_act_once(&[before, subjects].concat(), "with the time")
            .await;
        assert_eq!(early_effects(&world, due).await, 0);
        crew.stop().await;
    }
}

/// Effects of this run that came before `due`.
async fn early_effects(world: &World, due: calendar::Timestamp) -> i64 {
    use jiff_sqlx::ToSqlx as _;
    let mut tx = world.db.begin_background().await.unwrap();
    sqlx::query_scalar(
        "SELECT count(*) FROM effect
          WHERE acted_time < $1 AND acted_time > $1 - interval '300 milliseconds'",
    )
    .bind(due.to_sqlx())
    .fetch_one(&mut *tx)
    .await
    .unwrap()
}

#[tokio::test]
async fn p22_a_clock_that_is_set_back_delays_and_doubles_nothing() {
    let world = World::new().await;
    let crew = world.crew(Some(world.due_set()), no_sweep());
    let hour = SignedDuration::from_hours(1);
    let now = world.schedule(&crew.wakeups, 5, start()).await;
    world.all_act_once(&now, "due now").await;

    world.hand.set_back(start() - hour).unwrap();
    let soon = world.schedule(&crew.wakeups, 5, start() - hour / 2).await;
    eventually(PATIENCE, "the workers have looked", async || {
        crew.running.count() == 0
    })
    .await;
    assert_eq!(world.acted().await.len(), 5, "none early");
    world.hand.set(start()).unwrap();
    world.all_act_once(&[now, soon].concat(), "each once").await;
    crew.stop().await;
}

/// The loop of the sandbox: to the next due time, until it is quiet, and on.
#[tokio::test]
async fn the_sandbox_walks_through_a_year_of_daily_runs_without_waiting_for_a_sweep() {
    let day = SignedDuration::from_hours(24);
    let end = start() + day * 364;
    for redis in [true, false] {
        let world = World::new().await;
        let mut workers = world.workers(redis.then(|| world.due_set()), no_sweep());
        let acting = world.clone();
        workers.on(KIND, move |claim| {
            let world = acting.clone();
            async move {
                let mut tx = world.db.begin(claim.tenant).await?;
                world.leave_effect_in_tx(&mut tx, &claim).await?;
                let next = claim.due_time + day;
                let settled = timers::reschedule_in_tx(&mut tx, &claim, next).await?;
                tx.commit().await?;
                Ok(settled)
            }
        });
        let crew = Crew::start(workers);
        let first = world.schedule(&crew.wakeups, 1, start()).await;
        loop {
            eventually(PATIENCE, "it is quiet", async || {
                world.ahead(world.clock.now()).await.due.is_empty()
            })
            .await;
            let next = world.ahead(world.clock.now()).await.next_due.unwrap();
            if next > end {
                break;
            }
            world.hand.set(next).unwrap();
        }
        assert_eq!(world.acted().await, vec![first[0]; 365], "Redis: {redis}");
        crew.stop().await;
    }
}
