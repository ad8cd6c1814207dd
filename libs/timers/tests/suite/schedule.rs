//! Scheduling is part of the caller's transaction, and closed to other tenants.

use calendar::SignedDuration;
use postgres::TenantId;
use uuid::Uuid;

use crate::world::{KIND, World, start};

#[tokio::test]
async fn a_timer_exists_once_its_transaction_has_committed_and_is_one_per_subject() {
    let world = World::new().await;
    let subject = Uuid::now_v7();
    let mut tx = world.db.begin(world.tenant).await.unwrap();
    let _ = timers::schedule_in_tx(&mut tx, world.tenant, KIND, subject, start())
        .await
        .unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(world.due(KIND, subject).await, None);

    for due in [start(), start() + SignedDuration::from_hours(1)] {
        world.move_to(KIND, subject, due).await;
        assert_eq!(world.due(KIND, subject).await, Some(due));
    }
    world.move_to("another", subject, start()).await;
    assert_eq!(world.count("SELECT count(*) FROM timer").await, 2);

    assert!(world.cancel(KIND, subject).await);
    assert!(!world.cancel(KIND, subject).await);
    assert_eq!(world.due("another", subject).await, Some(start()));
}

#[tokio::test]
async fn p28_a_tenant_neither_sees_nor_moves_nor_cancels_the_timers_of_another() {
    let world = World::new().await;
    let subject = world.schedule_one(KIND).await;
    let stranger = World {
        tenant: TenantId::new(Uuid::now_v7()),
        ..world.clone()
    };
    assert_eq!(stranger.due(KIND, subject).await, None);
    assert!(!stranger.cancel(KIND, subject).await);

    // Also with the owner's id in the statement: the rows are closed, not just left out.
    let mut tx = world.db.begin(stranger.tenant).await.unwrap();
    assert_eq!(
        timers::due_in_tx(&mut tx, world.tenant, KIND, subject)
            .await
            .unwrap(),
        None
    );
    assert!(
        !timers::cancel_in_tx(&mut tx, world.tenant, KIND, subject)
            .await
            .unwrap()
    );
    let moved = timers::schedule_in_tx(&mut tx, world.tenant, KIND, subject, start()).await;
    assert!(moved.is_err());
    assert_eq!(world.due(KIND, subject).await, Some(start()));
}
