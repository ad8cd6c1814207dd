//! Only the last holder of a timer decides about it: work that was overtaken leaves nothing.

use std::sync::{Arc, Mutex};

use calendar::SignedDuration;
use testkit::{eventually, eventually_some};
use timers::{Claim, LeaseError, Wakeups, Workers};

use crate::world::{Crew, Gate, KIND, PATIENCE, World, no_sweep, short_leases, start, sweeping};

/// A handler that waits at the gate before it acts.
fn on_gate(workers: &mut Workers, world: &World, gate: &Gate) {
    let (world, gate) = (world.clone(), gate.clone());
    workers.on(KIND, move |claim| {
        let (world, gate) = (world.clone(), gate.clone());
        async move {
            gate.pass().await;
            world.act(claim).await
        }
    });
}

/// What a worker that slept through its lease tries when it wakes up, also one that overlooks
/// the refusal.
async fn zombie_is_refused(world: &World, claim: &Claim) {
    let mut tx = world.db.begin(claim.tenant).await.unwrap();
    world.leave_effect_in_tx(&mut tx, claim).await.unwrap();
    let refused = timers::finish_in_tx(&mut tx, claim).await;
    assert!(matches!(refused, Err(LeaseError::LeaseLost)));
    assert!(
        tx.commit().await.is_err(),
        "the spoiled transaction cannot commit"
    );

    let mut tx = world.db.begin(claim.tenant).await.unwrap();
    world.leave_effect_in_tx(&mut tx, claim).await.unwrap();
    let refused = timers::reschedule_in_tx(&mut tx, claim, start()).await;
    assert!(matches!(refused, Err(LeaseError::LeaseLost)));
    assert!(
        tx.commit().await.is_err(),
        "the spoiled transaction cannot commit"
    );
}

#[tokio::test]
async fn p15_who_outlives_the_lease_is_refused_and_leaves_no_effect() {
    let world = World::new().await;
    let mut workers = world.workers(None, short_leases());
    let zombie: Arc<Mutex<Option<Claim>>> = Arc::default();
    let (acting, first) = (world.clone(), Arc::clone(&zombie));
    workers.on(KIND, move |claim| {
        let (world, first) = (acting.clone(), Arc::clone(&first));
        async move {
            if claim.attempt == 1 {
                *first.lock().unwrap() = Some(claim);
                return std::future::pending().await;
            }
            world.act(claim).await
        }
    });
    let crew = Crew::start(workers);
    let subject = world.schedule_one(KIND).await;
    let look = async || zombie.lock().unwrap().clone();
    let claim = eventually_some(PATIENCE, "the first try has begun", look).await;
    world
        .all_act_once(&[subject], "taken up after the lease")
        .await;

    zombie_is_refused(&world, &claim).await;
    // Nor is its token good for a timer of the same name that is scheduled later.
    crew.stop().await;
    world.schedule_again(subject).await;
    zombie_is_refused(&world, &claim).await;
    assert_eq!(world.due(KIND, subject).await, Some(start()));
    assert_eq!(world.acted().await, [subject]);
}

#[tokio::test]
async fn p14_a_timer_claimed_by_a_process_that_dies_is_taken_up_after_the_lease() {
    let world = World::new().await;
    let gate = Gate::closed();
    let mut workers = world.workers(None, short_leases());
    on_gate(&mut workers, &world, &gate);
    let doomed = Crew::start(workers);
    let due = world.schedule(&doomed.wakeups, 8, start()).await;
    for _ in &due {
        gate.arrival().await;
    }
    doomed.kill().await;
    assert!(world.acted().await.is_empty());
    let crew = world.crew(None, short_leases());
    world.all_act_once(&due, "taken up by the survivor").await;
    crew.stop().await;
}

#[tokio::test]
async fn p14_a_timer_moved_under_its_worker_stays_due_and_the_work_is_done_anew() {
    let world = World::new().await;
    let gate = Gate::closed();
    let mut workers = world.workers(None, no_sweep());
    on_gate(&mut workers, &world, &gate);
    let crew = Crew::start(workers);
    let [subject] = world.schedule(&crew.wakeups, 1, start()).await[..] else {
        unreachable!()
    };
    gate.arrival().await;

    let later = start() + SignedDuration::from_hours(1);
    world.move_to(KIND, subject, later).await;
    gate.open(2);
    eventually(PATIENCE, "the overtaken worker has ended", async || {
        crew.running.count() == 0
    })
    .await;
    assert!(world.acted().await.is_empty(), "its work is rolled back");
    assert_eq!(world.due(KIND, subject).await, Some(later));
    crew.stop().await;

    let crew = world.crew(None, no_sweep());
    world.hand.set(later).unwrap();
    world.all_act_once(&[subject], "done at its new time").await;
    crew.stop().await;
}

#[tokio::test]
async fn a_timer_cancelled_under_its_worker_leaves_no_effect() {
    let world = World::new().await;
    let gate = Gate::closed();
    let mut workers = world.workers(None, no_sweep());
    on_gate(&mut workers, &world, &gate);
    let crew = Crew::start(workers);
    let [subject] = world.schedule(&crew.wakeups, 1, start()).await[..] else {
        unreachable!()
    };
    gate.arrival().await;
    assert!(world.cancel(KIND, subject).await);
    gate.open(1);
    eventually(PATIENCE, "the worker has ended", async || {
        crew.running.count() == 0
    })
    .await;
    assert!(world.acted().await.is_empty());
    assert_eq!(world.due(KIND, subject).await, None);
    crew.stop().await;
}

#[tokio::test]
async fn cancelling_and_acting_exclude_each_other() {
    let world = World::new().await;
    let mut subjects = world.schedule(&Wakeups::nowhere(), 200, start()).await;
    let out_of_reach = subjects.pop().unwrap();
    assert!(world.cancel(KIND, out_of_reach).await);
    let crew = world.crew(None, sweeping());
    eventually(PATIENCE, "the workers have begun", async || {
        !world.acted().await.is_empty()
    })
    .await;
    let mut acting = Vec::new();
    // The workers come from the other end.
    for subject in subjects.iter().rev() {
        if !world.cancel(KIND, *subject).await {
            acting.push(*subject);
        }
    }
    world
        .all_act_once(&acting, "those that were not cancelled")
        .await;
    crew.stop().await;
}

#[tokio::test]
async fn a_timer_that_reschedules_itself_runs_at_each_of_its_times() {
    let world = World::new().await;
    let mut workers = world.workers(None, no_sweep());
    let acting = world.clone();
    let hour = SignedDuration::from_hours(1);
    workers.on(KIND, move |claim| {
        let world = acting.clone();
        async move {
            let mut tx = world.db.begin(claim.tenant).await?;
            world.leave_effect_in_tx(&mut tx, &claim).await?;
            let settled = timers::reschedule_in_tx(&mut tx, &claim, claim.due_time + hour).await?;
            tx.commit().await?;
            Ok(settled)
        }
    });
    let crew = Crew::start(workers);
    let [subject] = world.schedule(&crew.wakeups, 1, start()).await[..] else {
        unreachable!()
    };
    for run in 1..=5 {
        world
            .all_act_once(&vec![subject; run], "one run each hour")
            .await;
        world.hand.advance(hour).unwrap();
    }
    crew.stop().await;
}
