//! Handing work that cannot go on now over to its timer at once.

use postgres::{DbError, TenantId};
use uuid::Uuid;

use crate::app::App;

/// Gives `subject_id` to the timer of `kind` at once. Where even that fails, the timer that was
/// stored with the work takes it up later.
pub async fn hand_over(app: &App, tenant: TenantId, kind: &'static str, subject_id: Uuid) {
    let now = app.clock.now();
    let scheduled = async {
        let mut tx = app.db.begin(tenant).await?;
        let scheduled = timers::schedule_in_tx(&mut tx, tenant, kind, subject_id, now).await?;
        tx.commit().await?;
        Ok::<_, DbError>(scheduled)
    };
    match scheduled.await {
        Ok(scheduled) => app.wakeups.announce([scheduled]),
        Err(error) => tracing::warn!(%error, kind, "work waits for its timer"),
    }
}
