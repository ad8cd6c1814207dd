//! Tasks. Whoever changes one holds the row of its case.

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::code::Code;
use crate::domain::id::{CaseId, CustomerId, InvoiceId, MessageId, PromiseId, TaskId};
use crate::domain::task::{Overtaken, Task, TaskKind, TaskOutcome, TaskState};

struct Row {
    task_id: Uuid,
    case_id: Uuid,
    customer_id: Uuid,
    kind: String,
    state: String,
    priority: i32,
    due_date: jiff_sqlx::Date,
    permitted_from_time: Option<jiff_sqlx::Timestamp>,
    permitted_until_time: Option<jiff_sqlx::Timestamp>,
    message_id: Option<Uuid>,
    promise_id: Option<Uuid>,
    step_code: Option<String>,
    invoice_ids: Vec<Uuid>,
    outcome: Option<String>,
    note: String,
    completed_by: Option<String>,
    ended_time: Option<jiff_sqlx::Timestamp>,
    overtaken_by: Option<String>,
    follow_up_task_id: Option<Uuid>,
    created_time: jiff_sqlx::Timestamp,
    revision: i64,
}

impl Row {
    fn into_task(self) -> Result<Task, DbError> {
        let permitted_from = row::time(self.permitted_from_time);
        Ok(Task {
            task_id: TaskId::new(self.task_id),
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            kind: row::named("kind", &self.kind)?,
            state: row::named("state", &self.state)?,
            priority: self.priority,
            due_date: self.due_date.to_jiff(),
            permitted: permitted_from.zip(row::time(self.permitted_until_time)),
            message_id: self.message_id.map(MessageId::new),
            promise_id: self.promise_id.map(PromiseId::new),
            step_code: row::named_if_any("step_code", self.step_code.as_deref())?,
            invoice_ids: self.invoice_ids.into_iter().map(InvoiceId::new).collect(),
            outcome: row::named_if_any("outcome", self.outcome.as_deref())?,
            note: self.note,
            completed_by: self.completed_by,
            overtaken_by: row::named_if_any("overtaken_by", self.overtaken_by.as_deref())?,
            ended_time: row::time(self.ended_time),
            follow_up_task_id: self.follow_up_task_id.map(TaskId::new),
            created_time: self.created_time.to_jiff(),
            revision: self.revision,
        })
    }
}

macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            "SELECT task_id, case_id, customer_id, kind, state, priority, due_date,
                    permitted_from_time, permitted_until_time, message_id, promise_id, step_code,
                    invoice_ids, outcome, note, completed_by, ended_time, overtaken_by,
                    follow_up_task_id, created_time, revision
               FROM task " + $rest,
            $($arguments)*
        )
    };
}

/// Stores an open task; `false`: one of the kind about the same message or promise is open already,
/// and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, task: &Task) -> Result<bool, DbError> {
    let invoice_ids: Vec<Uuid> = task.invoice_ids.iter().map(|id| id.uuid()).collect();
    let inserted = sqlx::query!(
        "INSERT INTO task (tenant_id, task_id, case_id, customer_id, kind, state, priority,
                           due_date, permitted_from_time, permitted_until_time, message_id,
                           promise_id, step_code, invoice_ids, note, created_time, revision)
         VALUES ($1, $2, $3, $4, $5, 'OPEN', $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (tenant_id, case_id, kind, message_id, promise_id) WHERE state = 'OPEN'
         DO NOTHING",
        tenant.uuid(),
        task.task_id.uuid(),
        task.case_id.uuid(),
        task.customer_id.uuid(),
        task.kind.name(),
        task.priority,
        task.due_date.to_sqlx() as _,
        task.permitted.map(|(from, _)| from.to_sqlx()) as _,
        task.permitted.map(|(_, until)| until.to_sqlx()) as _,
        task.message_id.map(MessageId::uuid),
        task.promise_id.map(PromiseId::uuid),
        task.step_code.as_ref().map(Code::as_str),
        &invoice_ids,
        task.note,
        task.created_time.to_sqlx() as _,
        task.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores where a task stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(tx: &mut Tx, tenant: TenantId, task: &Task) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE task
            SET state = $3, outcome = $4, note = $5, completed_by = $6, ended_time = $7,
                overtaken_by = $8, follow_up_task_id = $9, revision = $10
          WHERE tenant_id = $1 AND task_id = $2",
        tenant.uuid(),
        task.task_id.uuid(),
        task.state.name(),
        task.outcome.map(TaskOutcome::name),
        task.note,
        task.completed_by,
        task.ended_time.map(|time| time.to_sqlx()) as _,
        task.overtaken_by.map(Overtaken::name),
        task.follow_up_task_id.map(TaskId::uuid),
        task.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One task.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    task_id: TaskId,
) -> Result<Option<Task>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND task_id = $2",
        tenant.uuid(),
        task_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.map(Row::into_task).transpose()
}

/// The open tasks of a case.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn open_of_case_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_id: CaseId,
) -> Result<Vec<Task>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND case_id = $2 AND state = 'OPEN' ORDER BY task_id",
        tenant.uuid(),
        case_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    found.into_iter().map(Row::into_task).collect()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this case.
    pub case_id: Option<CaseId>,
    /// Only of this kind.
    pub kind: Option<TaskKind>,
    /// Only in this state.
    pub state: Option<TaskState>,
    /// Only due on this day or earlier.
    pub due_to: Option<Date>,
}

/// Where a listing goes on: priority, day and identity of the last task that was shown.
pub type Place = (i32, Date, Uuid);

/// Tasks behind a place: the highest priority first, then by day.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Task>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1
           AND ($2::uuid IS NULL OR case_id = $2)
           AND ($3::text IS NULL OR kind = $3)
           AND ($4::text IS NULL OR state = $4)
           AND ($5::date IS NULL OR due_date <= $5)
           AND ($6::integer IS NULL OR priority < $6
                OR (priority = $6 AND (due_date, task_id) > ($7::date, $8::uuid)))
         ORDER BY priority DESC, due_date, task_id LIMIT $9",
        tenant.uuid(),
        filter.case_id.map(CaseId::uuid),
        filter.kind.map(TaskKind::name),
        filter.state.map(TaskState::name),
        filter.due_to.map(|day| day.to_sqlx()) as _,
        after.map(|(priority, ..)| *priority),
        after.map(|(_, day, _)| day.to_sqlx()) as _,
        after.map(|(.., task_id)| *task_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    found.into_iter().map(Row::into_task).collect()
}
