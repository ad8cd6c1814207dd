//! Tries that fail: pauses, parking, and what is no try.

use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use calendar::SignedDuration;
use testkit::{TestCluster, eventually, eventually_some};
use timers::parked::{self, ParkedTimer};
use timers::{JobError, TimersConfig, Wakeups};

use crate::world::{Crew, Gate, KIND, PATIENCE, World, no_sweep, short_leases, start, sweeping};

async fn parked(world: &World) -> Vec<ParkedTimer> {
    let mut tx = world.db.begin_read(world.tenant).await.unwrap();
    parked::list_in_tx(&mut tx, None, 100).await.unwrap()
}

async fn parked_one(world: &World) -> ParkedTimer {
    eventually_some(PATIENCE, "a timer is parked", async || {
        parked(world).await.pop()
    })
    .await
}

#[tokio::test]
async fn p25_a_poison_timer_is_parked_after_its_tries_and_the_others_go_on() {
    let world = World::new().await;
    let tries = Arc::new(AtomicU32::new(0));
    let mut workers = world.workers(Some(world.due_set()), no_sweep());
    let acting = world.clone();
    workers.on(KIND, move |claim| acting.clone().act(claim));
    let counted = Arc::clone(&tries);
    workers.on("poison", move |claim| {
        let nth = counted.fetch_add(1, Ordering::SeqCst) + 1;
        assert_eq!(claim.attempt, i32::try_from(nth).unwrap());
        async { Err(JobError::failed("it cannot be done")) }
    });
    let poison = world.schedule_one("poison").await;
    let crew = Crew::start(workers);
    let mut due = world.schedule(&crew.wakeups, 20, start()).await;
    let found = parked_one(&world).await;
    assert_eq!((found.subject_id, found.attempt), (poison, 3));
    assert_eq!(
        (found.reason.as_str(), found.parked_time),
        ("it cannot be done", start())
    );
    assert_eq!(tries.load(Ordering::SeqCst), 3);
    assert_eq!(parked::count(&world.db).await.unwrap(), 1);

    due.extend(world.schedule(&crew.wakeups, 20, start()).await);
    world.all_act_once(&due, "the others").await;
    crew.stop().await;
}

#[tokio::test]
async fn p25_a_parked_timer_runs_again_when_it_is_released() {
    let world = World::new().await;
    let mut workers = world.workers(None, no_sweep());
    workers.on(KIND, |_| async { Err(JobError::failed("not yet mended")) });
    let crew = Crew::start(workers);
    let subjects = world.schedule(&crew.wakeups, 3, start()).await;
    eventually(PATIENCE, "all are parked", async || {
        parked(&world).await.len() == 3
    })
    .await;
    crew.stop().await;

    // The listing goes on behind a place, and is closed to others.
    let mut tx = world.db.begin_background().await.unwrap();
    let place = (world.tenant, KIND.to_owned(), subjects[0]);
    let behind = parked::list_in_tx(&mut tx, Some(&place), 1).await.unwrap();
    assert_eq!(behind[0].subject_id, subjects[1]);
    drop(tx);

    let crew = world.crew(None, no_sweep());
    for subject in &subjects {
        let mut tx = world.db.begin(world.tenant).await.unwrap();
        let released = parked::release_in_tx(&mut tx, world.tenant, KIND, *subject)
            .await
            .unwrap();
        let again = parked::release_in_tx(&mut tx, world.tenant, KIND, *subject)
            .await
            .unwrap();
        assert!(released.is_some() && again.is_none());
        tx.commit().await.unwrap();
        crew.wakeups.announce(released);
    }
    world.all_act_once(&subjects, "the released ones").await;
    crew.stop().await;
}

#[tokio::test]
async fn p33_a_panic_is_a_failed_try_wherever_it_happens() {
    let world = World::new().await;
    let mut workers = world.workers(None, no_sweep());
    let acting = world.clone();
    workers.on(KIND, move |claim| {
        assert!(claim.attempt > 1, "before there is a future");
        let world = acting.clone();
        async move {
            assert!(claim.attempt > 2, "in the middle of the work");
            world.act(claim).await
        }
    });
    workers.on("always", |_| async { panic!("always") });
    world.schedule_one("always").await;
    let crew = Crew::start(workers);
    let due = world.schedule(&crew.wakeups, 5, start()).await;
    assert_eq!(parked_one(&world).await.reason, "the handler panicked");
    world.all_act_once(&due, "the third try").await;
    crew.stop().await;
}

#[tokio::test]
async fn waiting_for_somebody_else_is_no_try_and_never_parks() {
    let world = World::new().await;
    let mut workers = world.workers(None, no_sweep());
    let acting = world.clone();
    workers.on(KIND, move |claim| {
        let world = acting.clone();
        async move {
            assert_eq!(claim.attempt, 1);
            if claim.postponed < 10 {
                return Err(JobError::later("the peer does not answer"));
            }
            world.act(claim).await
        }
    });
    let crew = Crew::start(workers);
    let due = world.schedule(&crew.wakeups, 5, start()).await;
    world.all_act_once(&due, "done when the peer answers").await;
    assert!(parked(&world).await.is_empty());
    crew.stop().await;
}

#[tokio::test]
async fn a_handler_is_stopped_before_its_lease_ends() {
    let world = World::new().await;
    // Without a sweep: on a busy machine it could come before the worker has noted the end.
    let once = TimersConfig {
        max_attempts: NonZeroU16::MIN,
        lease_ms: short_leases().lease_ms,
        ..no_sweep()
    };
    let mut workers = world.workers(None, once);
    workers.on(KIND, |_| std::future::pending());
    let crew = Crew::start(workers);
    world.schedule(&crew.wakeups, 1, start()).await;
    assert_eq!(
        parked_one(&world).await.reason,
        "the handler took longer than its lease"
    );
    let stopped = async || crew.running.count() == 0;
    eventually(PATIENCE, "the job has ended", stopped).await;
    crew.stop().await;
}

#[tokio::test]
async fn p25_a_timer_that_kills_its_process_each_time_is_parked_too() {
    let world = World::new().await;
    let subject = world.schedule_one(KIND).await;
    for _ in 0..3 {
        let gate = Gate::closed();
        let mut workers = world.workers(None, short_leases());
        let at = gate.clone();
        workers.on(KIND, move |_| {
            let gate = at.clone();
            async move {
                gate.pass().await;
                unreachable!("the process is killed before")
            }
        });
        let doomed = Crew::start(workers);
        gate.arrival().await;
        doomed.kill().await;
    }
    let crew = world.crew(None, short_leases());
    let found = parked_one(&world).await;
    assert_eq!(found.subject_id, subject);
    assert_eq!(
        found.reason,
        "no try came to an end: the process died in each"
    );
    assert!(world.acted().await.is_empty());
    crew.stop().await;
}

#[tokio::test]
async fn p37_a_restart_of_postgres_parks_nothing_and_doubles_nothing() {
    let cluster = TestCluster::own().await;
    let world = World::new_in(&cluster).await;
    let crew = world.crew(Some(world.due_set()), short_leases());
    let mut due = Vec::new();
    for _ in 0..3 {
        due.extend(world.schedule(&crew.wakeups, 200, world.clock.now()).await);
        let stores = cluster.stores();
        stores
            .stop_postgres(stores::StopMode::Immediate)
            .await
            .unwrap();
        stores.start_postgres().await.unwrap();
    }
    world.all_act_once(&due, "after three crashes").await;
    assert_eq!(parked::count(&world.db).await.unwrap(), 0);
    crew.stop().await;
}

#[tokio::test]
async fn the_sandbox_sees_what_is_due_what_waits_and_what_is_settled() {
    let world = World::new().await;
    assert_eq!(world.ahead(start()).await.next_due, None);
    assert!(world.ahead(start()).await.due.is_empty());

    let later = start() + SignedDuration::from_hours(5);
    world.schedule(&Wakeups::nowhere(), 1, later).await;
    assert_eq!(world.ahead(start()).await.next_due, Some(later));
    assert!(world.ahead(start()).await.due.is_empty());
    assert!(!world.ahead(later).await.due.is_empty());

    // While it is worked on, and in the pause after a failed try, it is still due.
    let gate = Gate::closed();
    let mut workers = world.workers(None, sweeping());
    let at = gate.clone();
    workers.on(KIND, move |_| {
        let gate = at.clone();
        async move {
            gate.pass().await;
            Err(JobError::failed("never"))
        }
    });
    let crew = Crew::start(workers);
    world.hand.set(later).unwrap();
    for _ in 0..3 {
        gate.arrival().await;
        assert_eq!(crew.running.count(), 1);
        assert!(!world.ahead(later).await.due.is_empty());
        gate.open(1);
    }
    // Parked, it is settled.
    let quiet = async || world.ahead(later).await.due.is_empty() && crew.running.count() == 0;
    eventually(PATIENCE, "it is quiet", quiet).await;
    assert_eq!(parked(&world).await.len(), 1);
    crew.stop().await;
}
