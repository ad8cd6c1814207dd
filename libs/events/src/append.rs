//! Adding events in the transaction of the change that they tell.

use jiff::Timestamp;
use postgres::{DbError, TenantId, Tx, column};
use prost::{Message, Name};
use uuid::Uuid;

use crate::horizon::WRITERS_LOCK;

/// An event about to be told. The position comes from the database.
#[derive(Debug, Clone, PartialEq)]
pub struct NewEvent {
    event_id: Uuid,
    type_name: String,
    subject: String,
    subject_version: i64,
    event_time: Timestamp,
    data: Vec<u8>,
}

impl NewEvent {
    /// The event `data` that happened to `subject`, which is at `subject_version`
    /// after it. Within one subject versions never fall from event to event.
    #[must_use]
    pub fn new<M: Message + Name>(
        subject: impl ToString,
        subject_version: i64,
        event_time: Timestamp,
        data: &M,
    ) -> Self {
        Self {
            event_id: Uuid::now_v7(),
            type_name: M::full_name(),
            subject: subject.to_string(),
            subject_version,
            event_time,
            data: data.encode_to_vec(),
        }
    }

    /// The identity of the event, for the answer or the audit entry.
    #[must_use]
    pub const fn event_id(&self) -> Uuid {
        self.event_id
    }
}

/// Appends events of one tenant, in order, and draws their positions.
///
/// Call it after the rows of the aggregate are locked: positions of one subject
/// then rise with its versions. `traceparent` is the W3C trace context of the
/// call, or empty. The commit wakes the feeds of this process.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn append_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    traceparent: &str,
    events: &[NewEvent],
) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    // The transaction must be known as a writer before it draws a position, so that a
    // reader who has seen the position in the sequence finds the writer too. The
    // materialized subquery, used in the filter, takes the lock before the first
    // nextval. Do not merge the two.
    let (class, object) = WRITERS_LOCK;
    sqlx::query(
        "WITH writer AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared($9, $10)::text AS lock)
         INSERT INTO event (tenant_id, position, event_id, type, subject, subject_version,
                            event_time, traceparent, data)
         SELECT $1, nextval('event_position'), e.event_id, e.type, e.subject, e.subject_version,
                e.event_time::timestamptz, $2, e.data
           FROM writer,
                unnest($3::uuid[], $4::text[], $5::text[], $6::bigint[], $7::text[], $8::bytea[])
                     AS e (event_id, type, subject, subject_version, event_time, data)
          WHERE writer.lock IS NOT NULL",
    )
    .bind(tenant.uuid())
    .bind(traceparent)
    .bind(column(events, |event| event.event_id))
    .bind(column(events, |event| event.type_name.clone()))
    .bind(column(events, |event| event.subject.clone()))
    .bind(column(events, |event| event.subject_version))
    .bind(column(events, |event| event.event_time.to_string()))
    .bind(column(events, |event| event.data.clone()))
    .bind(class)
    .bind(object)
    .execute(&mut **tx)
    .await?;
    tx.note_news();
    Ok(())
}
