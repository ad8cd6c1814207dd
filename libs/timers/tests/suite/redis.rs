//! With and without Redis: prompt with it, later without it, never wrong.

use std::num::NonZeroU16;

use calendar::SignedDuration;
use testkit::{TestCluster, eventually};
use timers::{DueSet, TimersConfig, Wakeups};

use crate::world::{Crew, Gate, KIND, PATIENCE, World, no_sweep, start, sweeping};

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

#[tokio::test]
async fn p14_hints_alone_lead_to_what_is_due_now_soon_and_after_a_leap() {
    let world = World::new().await;
    // Redis is filled at the start with what nobody announced.
    let mut due = world
        .schedule(&Wakeups::nowhere(), 3, start() + days(30))
        .await;
    let crew = world.crew(Some(world.due_set()), no_sweep());
    let now = world.schedule(&crew.wakeups, 5, start()).await;
    world.all_act_once(&now, "due now").await;

    let soon = world
        .schedule(&crew.wakeups, 5, start() + SignedDuration::from_mins(5))
        .await;
    world.hand.advance(SignedDuration::from_mins(5)).unwrap();
    let mut acted = [now, soon].concat();
    world.all_act_once(&acted, "due soon").await;

    due.extend(world.schedule(&crew.wakeups, 3, start() + days(40)).await);
    world.hand.advance(days(365)).unwrap();
    acted.extend(due);
    world.all_act_once(&acted, "due in the leap").await;
    crew.stop().await;
}

#[tokio::test]
async fn p14_a_timer_goes_to_the_process_that_has_a_free_hand() {
    let world = World::new().await;
    let one = TimersConfig {
        concurrency: NonZeroU16::MIN,
        ..no_sweep()
    };
    let gate = Gate::closed();
    let mut workers = world.workers(Some(world.due_set()), one);
    let (waiting, at) = (world.clone(), gate.clone());
    workers.on(KIND, move |claim| {
        let (world, gate) = (waiting.clone(), at.clone());
        async move {
            gate.pass().await;
            world.act(claim).await
        }
    });
    let busy = Crew::start(workers);
    let first = world.schedule(&busy.wakeups, 1, start()).await;
    gate.arrival().await;

    let idle = world.crew(Some(world.due_set()), no_sweep());
    let others = world.schedule(&busy.wakeups, 20, start()).await;
    eventually(
        PATIENCE,
        "the idle process has done the others",
        async || world.acted().await.len() == 20,
    )
    .await;
    gate.open(1);
    world.all_act_once(&[first, others].concat(), "all").await;
    busy.stop().await;
    idle.stop().await;
}

#[tokio::test]
async fn p37_without_redis_a_single_process_is_as_prompt() {
    let world = World::new().await;
    // Nobody announces these: the first sweep does the ones, and learns when the others fall due.
    let due_now = world.schedule(&Wakeups::nowhere(), 5, start()).await;
    let due_later = world
        .schedule(&Wakeups::nowhere(), 5, start() + days(1))
        .await;
    let crew = world.crew(None, no_sweep());
    world
        .all_act_once(&due_now, "found by the first sweep")
        .await;
    world.hand.advance(days(1)).unwrap();
    world
        .all_act_once(&[due_now, due_later].concat(), "due after the first sweep")
        .await;
    crew.stop().await;

    let nobody = DueSet::try_new("redis://127.0.0.1:1", "", "timers").unwrap();
    for due_set in [None, Some(nobody)] {
        let before = world.acted().await;
        let now = world.clock.now();
        let crew = world.crew(due_set, no_sweep());
        let at_once = world.schedule(&crew.wakeups, 5, now).await;
        let mut acted = [before, at_once].concat();
        world.all_act_once(&acted, "due now, by hint").await;

        let soon = now + SignedDuration::from_mins(5);
        acted.extend(world.schedule(&crew.wakeups, 5, soon).await);
        acted.extend(world.schedule(&crew.wakeups, 5, soon + days(90)).await);
        world.hand.set(soon + days(91)).unwrap();
        world.all_act_once(&acted, "due in the leap").await;
        crew.stop().await;
    }
}

#[tokio::test]
async fn p37_without_redis_the_sweep_finds_what_nobody_announced() {
    let world = World::new().await;
    let crew = world.crew(None, sweeping());
    let mut due = Vec::new();
    for step in 0..5 {
        due.extend(
            world
                .schedule(&Wakeups::nowhere(), 20, start() + days(step))
                .await,
        );
        world.hand.set(start() + days(step)).unwrap();
    }
    world.all_act_once(&due, "all days").await;
    crew.stop().await;
}

/// What happens to Redis in the middle of the work.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Flushed,
    Stalled,
    Full,
    Stopped,
    Killed,
    BackEmpty,
    Back,
}

async fn inject(fault: Fault, cluster: &TestCluster) {
    let stores = cluster.stores();
    let command = async |name: &str, args: &[&str]| {
        // A stalled Redis answers when the stall is over.
        let patient = ::redis::AsyncConnectionConfig::new()
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = ::redis::Client::open(cluster.redis_url()).unwrap();
        let connecting = client.get_multiplexed_async_connection_with_config(&patient);
        let mut connection = connecting.await.unwrap();
        ::redis::cmd(name)
            .arg(args)
            .exec_async(&mut connection)
            .await
            .unwrap();
    };
    match fault {
        Fault::Flushed => command("FLUSHALL", &[]).await,
        Fault::Stalled => command("CLIENT", &["PAUSE", "1500"]).await,
        Fault::Full => command("CONFIG", &["SET", "maxmemory", "1"]).await,
        Fault::Stopped => stores.stop_redis().await.unwrap(),
        Fault::Killed => stores.kill_redis().await.unwrap(),
        Fault::Back => stores.start_redis().await.unwrap(),
        Fault::BackEmpty => {
            stores.start_redis().await.unwrap();
            command("FLUSHALL", &[]).await;
        }
    }
}

#[tokio::test]
async fn p14_what_acted_is_what_was_due_whatever_happens_to_redis() {
    let cluster = TestCluster::own().await;
    let world = World::new_in(&cluster).await;
    let crews = [
        world.crew(Some(world.due_set()), sweeping()),
        world.crew(Some(world.due_set()), sweeping()),
    ];
    let (mut due, mut now) = (Vec::new(), start());
    let faults = [
        Fault::Flushed,
        Fault::Killed,
        Fault::Back,
        Fault::Flushed,
        Fault::Stalled,
        Fault::Full,
        Fault::Stopped,
        Fault::BackEmpty,
    ];
    for fault in faults {
        // Some are in Redis when it happens, some are announced in the middle of it.
        let at = now + SignedDuration::from_mins(10);
        due.extend(world.schedule(&crews[0].wakeups, 40, at).await);
        inject(fault, &cluster).await;
        due.extend(world.schedule(&crews[1].wakeups, 40, now).await);
        due.extend(world.schedule(&crews[1].wakeups, 40, at).await);
        now = world.hand.advance(SignedDuration::from_mins(40)).unwrap();
        world.all_act_once(&due, &format!("after {fault:?}")).await;
    }
    for crew in crews {
        crew.stop().await;
    }
}

#[tokio::test]
async fn p14_redis_stopped_for_the_whole_run_and_then_back_is_filled_again() {
    let cluster = TestCluster::own().await;
    let world = World::new_in(&cluster).await;
    cluster.stores().stop_redis().await.unwrap();
    let crew = world.crew(Some(world.due_set()), no_sweep());
    let mut due = world.schedule(&crew.wakeups, 50, start()).await;
    world.all_act_once(&due, "without Redis").await;

    // Announced while it was away: after its return Redis alone leads to them.
    due.extend(
        world
            .schedule(&crew.wakeups, 50, start() + SignedDuration::from_mins(30))
            .await,
    );
    cluster.stores().start_redis().await.unwrap();
    let client = ::redis::Client::open(cluster.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    eventually(PATIENCE, "Redis is filled", async || {
        let mut sizes = ::redis::pipe();
        for shard in 0..4 {
            sizes.zcard(format!("{}timers:timers:{shard}", world.redis_prefix));
        }
        let sizes: Vec<usize> = sizes.query_async(&mut connection).await.unwrap();
        sizes.iter().sum::<usize>() == 50
    })
    .await;
    world.hand.advance(SignedDuration::from_mins(30)).unwrap();
    world.all_act_once(&due, "with Redis back").await;
    crew.stop().await;
}
