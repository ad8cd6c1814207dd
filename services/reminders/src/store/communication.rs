//! The communication record. Only added to.

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::code::Code;
use crate::domain::communication::{Communication, Direction};
use crate::domain::debtor::Channel;
use crate::domain::id::{CaseId, CommunicationId, CustomerId, InvoiceId, MessageId, TaskId};

struct Row {
    communication_id: Uuid,
    case_id: Uuid,
    customer_id: Uuid,
    direction: String,
    channel: String,
    outcome: String,
    occurred_time: jiff_sqlx::Timestamp,
    address: Option<String>,
    invoice_ids: Vec<Uuid>,
    message_id: Option<Uuid>,
    task_id: Option<Uuid>,
    step_code: Option<String>,
    note: String,
    recorded_by: String,
    recorded_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_communication(self) -> Result<Communication, DbError> {
        Ok(Communication {
            communication_id: CommunicationId::new(self.communication_id),
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            direction: row::named("direction", &self.direction)?,
            channel: row::named("channel", &self.channel)?,
            outcome: row::named("outcome", &self.outcome)?,
            occurred_time: self.occurred_time.to_jiff(),
            address: self.address,
            invoice_ids: self.invoice_ids.into_iter().map(InvoiceId::new).collect(),
            message_id: self.message_id.map(MessageId::new),
            task_id: self.task_id.map(TaskId::new),
            step_code: row::named_if_any("step_code", self.step_code.as_deref())?,
            note: self.note,
            recorded_by: self.recorded_by,
            recorded_time: self.recorded_time.to_jiff(),
        })
    }
}

/// Adds an entry.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    entry: &Communication,
) -> Result<(), DbError> {
    let invoice_ids: Vec<Uuid> = entry.invoice_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "WITH entered AS (
             INSERT INTO communication (tenant_id, communication_id, case_id, customer_id,
                                        direction, channel, outcome, occurred_time, address,
                                        message_id, task_id, step_code, note, recorded_by,
                                        recorded_time)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15))
         INSERT INTO communication_invoice (tenant_id, communication_id, invoice_id)
         SELECT $1, $2, invoice_id FROM unnest($16::uuid[]) AS invoice_id",
        tenant.uuid(),
        entry.communication_id.uuid(),
        entry.case_id.uuid(),
        entry.customer_id.uuid(),
        entry.direction.name(),
        entry.channel.name(),
        entry.outcome.name(),
        entry.occurred_time.to_sqlx() as _,
        entry.address,
        entry.message_id.map(MessageId::uuid),
        entry.task_id.map(TaskId::uuid),
        entry.step_code.as_ref().map(Code::as_str),
        entry.note,
        entry.recorded_by,
        entry.recorded_time.to_sqlx() as _,
        &invoice_ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this case.
    pub case_id: Option<CaseId>,
    /// Only about this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only through this channel.
    pub channel: Option<Channel>,
    /// Only in this direction.
    pub direction: Option<Direction>,
    /// Only at this instant or later.
    pub from: Option<Timestamp>,
    /// Only before this instant.
    pub before: Option<Timestamp>,
}

/// Where a listing goes on: time and identity of the last entry that was shown.
pub type Place = (Timestamp, Uuid);

/// Entries behind a place, latest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Communication>, DbError> {
    sqlx::query_as!(
        Row,
        r#"SELECT communication_id, case_id, customer_id, direction, channel, outcome,
                  occurred_time, address, message_id, task_id, step_code, note, recorded_by,
                  recorded_time,
                  ARRAY(SELECT invoice_id FROM communication_invoice about
                         WHERE about.tenant_id = $1
                           AND about.communication_id = communication.communication_id
                         ORDER BY invoice_id) AS "invoice_ids!"
             FROM communication
            WHERE tenant_id = $1
              AND ($2::uuid IS NULL OR case_id = $2)
              AND ($3::uuid IS NULL OR EXISTS (
                      SELECT FROM communication_invoice about
                       WHERE about.tenant_id = $1 AND about.invoice_id = $3
                         AND about.communication_id = communication.communication_id))
              AND ($4::text IS NULL OR channel = $4)
              AND ($5::text IS NULL OR direction = $5)
              AND ($6::timestamptz IS NULL OR occurred_time >= $6)
              AND ($7::timestamptz IS NULL OR occurred_time < $7)
              AND ($8::timestamptz IS NULL OR (occurred_time, communication_id) < ($8, $9::uuid))
            ORDER BY occurred_time DESC, communication_id DESC LIMIT $10"#,
        tenant.uuid(),
        filter.case_id.map(CaseId::uuid),
        filter.invoice_id.map(InvoiceId::uuid),
        filter.channel.map(Channel::name),
        filter.direction.map(Direction::name),
        filter.from.map(|time| time.to_sqlx()) as _,
        filter.before.map(|time| time.to_sqlx()) as _,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, communication_id)| *communication_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_communication)
    .collect()
}
