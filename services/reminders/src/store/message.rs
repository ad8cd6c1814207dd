//! Messages and what they ask for. Whoever changes one holds the row of its case.

pub mod content;
mod line;
mod list;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use calendar::Timestamp;

use super::row;
use crate::domain::code::Code;
use crate::domain::id::{CaseId, CustomerId, DunningRunId, InvoiceId, MessageId, TaskId};
use crate::domain::letter::StepReference;
use crate::domain::message::{Lease, Message};
use crate::domain::reason::Reason;
use crate::domain::situation::MessageOnCase;

pub use list::{Filter, Place, list_in_tx};

struct Row {
    message_id: Uuid,
    case_id: Uuid,
    customer_id: Uuid,
    dunning_run_id: Option<Uuid>,
    task_id: Option<Uuid>,
    channel: String,
    state: String,
    step_code: String,
    level: i16,
    template_code: Option<String>,
    strategy_version: String,
    template_version: Option<String>,
    language: Option<String>,
    step_date: jiff_sqlx::Date,
    not_before_time: Option<jiff_sqlx::Timestamp>,
    sent_time: Option<jiff_sqlx::Timestamp>,
    last_look_time: Option<jiff_sqlx::Timestamp>,
    handed_off_time: Option<jiff_sqlx::Timestamp>,
    attempt_count: i32,
    reason: Option<String>,
    case_epoch: i64,
    lease_token: i64,
    lease_until: Option<jiff_sqlx::Timestamp>,
    created_time: jiff_sqlx::Timestamp,
    revision: i64,
    lines: Vec<line::Row>,
}

impl Row {
    fn into_message(self) -> Result<Message, DbError> {
        let template_code = self.template_code.as_deref();
        let lines = self.lines.into_iter().map(line::Row::into_line);
        Ok(Message {
            message_id: MessageId::new(self.message_id),
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            dunning_run_id: self.dunning_run_id.map(DunningRunId::new),
            task_id: self.task_id.map(TaskId::new),
            state: row::named("state", &self.state)?,
            step: StepReference {
                step_code: row::named("step_code", &self.step_code)?,
                level: row::read("level", self.level.try_into())?,
                channel: row::named("channel", &self.channel)?,
                template_code: row::named_if_any("template_code", template_code)?,
            },
            strategy_version: self.strategy_version,
            template_version: self.template_version,
            language: self.language,
            lines: lines.collect::<Result<_, DbError>>()?,
            step_date: self.step_date.to_jiff(),
            not_before_time: row::time(self.not_before_time),
            sent_time: row::time(self.sent_time),
            last_look_time: row::time(self.last_look_time),
            attempt_count: self.attempt_count,
            handed_off_time: row::time(self.handed_off_time),
            reason: row::named_if_any("reason", self.reason.as_deref())?,
            case_epoch: self.case_epoch,
            lease: Lease {
                token: self.lease_token,
                until: row::time(self.lease_until).unwrap_or(Timestamp::MIN),
            },
            created_time: self.created_time.to_jiff(),
            revision: self.revision,
        })
    }
}

/// Messages, whole; a lease that nobody ever held is absent.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT message_id, case_id, customer_id, dunning_run_id, task_id, channel, state,
                      step_code, level, template_code, strategy_version, template_version, language,
                      step_date, not_before_time, sent_time, last_look_time, handed_off_time,
                      attempt_count, reason, case_epoch, lease_token,
                      nullif(lease_until, '-infinity') AS lease_until, created_time, revision,
                      ARRAY(SELECT ROW(invoice_id, invoice_number, open_item_id, due_date,
                                       days_past_due, open_amount, asked_amount, currency,
                                       line.step_code, line.level, item_level)
                              FROM message_line line
                             WHERE line.tenant_id = message.tenant_id
                               AND line.message_id = message.message_id
                             ORDER BY number) AS "lines!: Vec<line::Row>"
                 FROM message "# + $rest,
            $($arguments)*
        )
    };
}
use select;

/// As much of a message as matters to the next one of its case.
#[derive(sqlx::Decode)]
pub(super) struct OnCaseRow {
    message_id: Uuid,
    state: String,
    step_date: jiff_sqlx::Date,
    invoice_ids: Vec<Uuid>,
}

row::nested!(OnCaseRow);

impl OnCaseRow {
    pub(super) fn into_message(self) -> Result<(MessageId, MessageOnCase), DbError> {
        let message = MessageOnCase {
            state: row::named("state", &self.state)?,
            step_date: self.step_date.to_jiff(),
            invoice_ids: self.invoice_ids.into_iter().map(InvoiceId::new).collect(),
        };
        Ok((MessageId::new(self.message_id), message))
    }
}

/// What became of storing a new message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stored {
    /// It is stored.
    New,
    /// The case has a message under way, or its message for the day: nothing is written (DU-9).
    AlreadyDone,
}

/// Stores a new message with its lines.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message: &Message,
) -> Result<Stored, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO message (tenant_id, message_id, case_id, customer_id, dunning_run_id, channel,
                              state, step_code, level, template_code, strategy_version, step_date,
                              not_before_time, reason, case_epoch, created_time, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        message.message_id.uuid(),
        message.case_id.uuid(),
        message.customer_id.uuid(),
        message.dunning_run_id.map(DunningRunId::uuid),
        message.step.channel.name(),
        message.state.name(),
        message.step.step_code.as_str(),
        i16::from(message.step.level),
        message.step.template_code.as_ref().map(Code::as_str),
        message.strategy_version,
        message.step_date.to_sqlx() as _,
        message.not_before_time.map(|time| time.to_sqlx()) as _,
        message.reason.map(Reason::name),
        message.case_epoch,
        message.created_time.to_sqlx() as _,
        message.revision,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(Stored::AlreadyDone);
    }
    line::insert_in_tx(tx, tenant, message).await?;
    Ok(Stored::New)
}

/// Stores where a message stands; its lines too, which stay from the claim on.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn update_in_tx(tx: &mut Tx, tenant: TenantId, message: &Message) -> Result<(), DbError> {
    let lease_until = (message.lease.token > 0).then_some(message.lease.until);
    sqlx::query!(
        "UPDATE message
            SET task_id = $3, channel = $4, state = $5, step_code = $6, level = $7,
                template_code = $8, strategy_version = $9, template_version = $10, language = $11,
                step_date = $12, not_before_time = $13, sent_time = $14, last_look_time = $15,
                handed_off_time = $16, attempt_count = $17, reason = $18, case_epoch = $19,
                lease_token = $20, lease_until = coalesce($21::timestamptz, '-infinity'), revision = $22
          WHERE tenant_id = $1 AND message_id = $2",
        tenant.uuid(),
        message.message_id.uuid(),
        message.task_id.map(TaskId::uuid),
        message.step.channel.name(),
        message.state.name(),
        message.step.step_code.as_str(),
        i16::from(message.step.level),
        message.step.template_code.as_ref().map(Code::as_str),
        message.strategy_version,
        message.template_version,
        message.language,
        message.step_date.to_sqlx() as _,
        message.not_before_time.map(|time| time.to_sqlx()) as _,
        message.sent_time.map(|time| time.to_sqlx()) as _,
        message.last_look_time.map(|time| time.to_sqlx()) as _,
        message.handed_off_time.map(|time| time.to_sqlx()) as _,
        message.attempt_count,
        message.reason.map(Reason::name),
        message.case_epoch,
        message.lease.token,
        lease_until.map(|time| time.to_sqlx()) as _,
        message.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores the lines of a message that is claimed with another letter than it was queued with.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn replace_lines_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message: &Message,
) -> Result<(), DbError> {
    line::delete_in_tx(tx, tenant, message.message_id).await?;
    line::insert_in_tx(tx, tenant, message).await
}

/// One message, whole.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message_id: MessageId,
) -> Result<Option<Message>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND message_id = $2",
        tenant.uuid(),
        message_id.uuid(),
    );
    let found = found.fetch_optional(&mut **tx).await?;
    found.map(Row::into_message).transpose()
}

/// The messages of a case that are with a sender or with a person, whole.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn live_of_case_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_id: CaseId,
) -> Result<Vec<Message>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND case_id = $2
           AND state IN ('QUEUED', 'CLAIMED', 'HANDING_OFF', 'WITH_PERSON')
         ORDER BY message_id",
        tenant.uuid(),
        case_id.uuid(),
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_message).collect()
}

/// The case of a message.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn case_of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message_id: MessageId,
) -> Result<Option<CaseId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT case_id FROM message WHERE tenant_id = $1 AND message_id = $2",
        tenant.uuid(),
        message_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(CaseId::new))
}

/// Real time, by the database's clock: leases are counted in it, never in business time.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn real_time_in_tx(tx: &mut Tx) -> Result<Timestamp, DbError> {
    let now = sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#);
    Ok(now.fetch_one(&mut **tx).await?.to_jiff())
}
