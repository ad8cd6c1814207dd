//! The messages that wait for a person, of all tenants: for whoever looks at a whole installation.
//! Must not be used for a caller, who sees the tasks of their own tenant.

use calendar::Timestamp;
use jiff_sqlx::Timestamp as Stored;
use postgres::{DbError, TenantId, Tx};

use crate::domain::id::MessageId;
use crate::domain::message::MessageState;
use crate::store::row;

/// A message about which a task is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WaitingMessage {
    /// Whose it is.
    pub tenant: TenantId,
    /// The message.
    pub message_id: MessageId,
    /// UNKNOWN: whether it left is not known. PARKED: it cannot leave as it is.
    pub state: MessageState,
    /// Why, UPPER_SNAKE.
    pub reason: String,
    /// Since when, by the business clock.
    pub since_time: Timestamp,
}

/// Every message that waits; in a background transaction.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn messages_in_tx(tx: &mut Tx) -> Result<Vec<WaitingMessage>, DbError> {
    let found = sqlx::query!(
        r#"SELECT message.tenant_id, message.message_id, message.state, message.reason AS "reason!",
                  task.created_time AS "since_time: Stored"
             FROM task
             JOIN message ON message.tenant_id = task.tenant_id
                         AND message.message_id = task.message_id
            WHERE task.state = 'OPEN' AND kind IN ('UNKNOWN_MESSAGE', 'UNDELIVERABLE')
              AND message.state IN ('UNKNOWN', 'PARKED')
            ORDER BY task.created_time, message.tenant_id, message.message_id"#,
    )
    .fetch_all(&mut **tx)
    .await?;
    let waiting = found.into_iter().map(|found| {
        Ok(WaitingMessage {
            tenant: TenantId::new(found.tenant_id),
            message_id: MessageId::new(found.message_id),
            state: row::named("state", &found.state)?,
            reason: found.reason,
            since_time: found.since_time.to_jiff(),
        })
    });
    waiting.collect()
}
