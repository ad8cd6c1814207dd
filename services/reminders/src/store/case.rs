//! Cases: one row a customer, which every sender, every placement and every entry of a contact
//! locks.

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::case::{Case, CaseState};
use crate::domain::code::Code;
use crate::domain::decision::Decision;
use crate::domain::hold::HoldReason;
use crate::domain::id::{CaseId, CustomerId, MessageId};
use crate::domain::letter::StepReference;
use crate::domain::plan::NextAction;

/// A next action as it is stored; its time has a column of its own.
#[derive(Serialize, Deserialize)]
struct Planned {
    step: Option<StepReference>,
    decision: Decision,
}

struct Row {
    case_id: Uuid,
    customer_id: Uuid,
    customer_external_id: Option<String>,
    state: String,
    segment: String,
    level: i16,
    step_code: Option<String>,
    oldest_due_date: Option<jiff_sqlx::Date>,
    priority: i32,
    last_message_time: Option<jiff_sqlx::Timestamp>,
    epoch: i64,
    next_action_time: Option<jiff_sqlx::Timestamp>,
    next_action: Option<Value>,
    created_time: jiff_sqlx::Timestamp,
    revision: i64,
}

impl Row {
    fn into_case(self) -> Result<(Case, Option<NextAction>), DbError> {
        let next = row::time(self.next_action_time).zip(self.next_action);
        let next = next.map(|(action_time, planned)| {
            let planned: Planned = row::from_json("next_action", planned)?;
            Ok::<_, DbError>(NextAction {
                action_time,
                step: planned.step,
                decision: planned.decision,
            })
        });
        let case = Case {
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            customer_external_id: self.customer_external_id,
            state: row::named("state", &self.state)?,
            segment: self.segment,
            level: row::read("level", self.level.try_into())?,
            step_code: row::named_if_any("step_code", self.step_code.as_deref())?,
            oldest_due_date: row::date(self.oldest_due_date),
            priority: self.priority,
            last_message_time: row::time(self.last_message_time),
            epoch: self.epoch,
            created_time: self.created_time.to_jiff(),
            revision: self.revision,
        };
        Ok((case, next.transpose()?))
    }
}

/// Cases with the customer's own identity of today.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT case_id, collection_case.customer_id,
                      external_id AS "customer_external_id?", state, collection_case.segment,
                      level, step_code, oldest_due_date, priority, last_message_time, epoch,
                      next_action_time, next_action, created_time, revision
                 FROM collection_case
                 LEFT JOIN customer ON customer.tenant_id = collection_case.tenant_id
                                   AND customer.customer_id = collection_case.customer_id "# + $rest,
            $($arguments)*
        )
    };
}

/// Stores a new case, whose opening is locked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, case: &Case) -> Result<(), DbError> {
    // It comes with its first invoice, which the same transaction takes over.
    sqlx::query!(
        "INSERT INTO collection_case (tenant_id, case_id, customer_id, state, segment, created_time,
                                      revision)
         VALUES ($1, $2, $3, 'CLEAR', $4, $5, $6)",
        tenant.uuid(),
        case.case_id.uuid(),
        case.customer_id.uuid(),
        case.segment,
        case.created_time.to_sqlx() as _,
        case.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks a case until the transaction ends.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_id: CaseId,
) -> Result<Option<Case>, DbError> {
    let found = select!(
        "WHERE collection_case.tenant_id = $1 AND case_id = $2 FOR UPDATE OF collection_case",
        tenant.uuid(),
        case_id.uuid(),
    );
    let found = found.fetch_optional(&mut **tx).await?;
    Ok(found.map(Row::into_case).transpose()?.map(|(case, _)| case))
}

/// Locks the case of a message until the transaction ends.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_of_message_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    message_id: MessageId,
) -> Result<Option<Case>, DbError> {
    let found = select!(
        "WHERE collection_case.tenant_id = $1
           AND case_id = (SELECT message.case_id FROM message
                           WHERE message.tenant_id = $1 AND message_id = $2)
           FOR UPDATE OF collection_case",
        tenant.uuid(),
        message_id.uuid(),
    );
    let found = found.fetch_optional(&mut **tx).await?;
    Ok(found.map(Row::into_case).transpose()?.map(|(case, _)| case))
}

/// Keeps others from opening the customer's case until the transaction ends, and waits for whoever
/// does: of a case that is opened and a fact that is told of its customer at the same time, whichever
/// comes second sees the first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_opening_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT FROM pg_advisory_xact_lock_shared(hashtextextended('cases of ' || $1::uuid, 0)),
                     pg_advisory_xact_lock(hashtextextended('case of ' || $2::uuid, 0))",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Keeps others from opening any case of the tenant until the transaction ends: for a fact that bears
/// on all of them.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_openings_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT FROM pg_advisory_xact_lock(hashtextextended('cases of ' || $1::uuid, 0))",
        tenant.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks the case of a customer until the transaction ends.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_of_customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Case>, DbError> {
    let found = select!(
        "WHERE collection_case.tenant_id = $1 AND collection_case.customer_id = $2
           FOR UPDATE OF collection_case",
        tenant.uuid(),
        customer_id.uuid(),
    );
    let found = found.fetch_optional(&mut **tx).await?;
    Ok(found.map(Row::into_case).transpose()?.map(|(case, _)| case))
}

/// One case with what is planned for it, unlocked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_id: CaseId,
) -> Result<Option<(Case, Option<NextAction>)>, DbError> {
    let found = select!(
        "WHERE collection_case.tenant_id = $1 AND case_id = $2",
        tenant.uuid(),
        case_id.uuid(),
    );
    let found = found.fetch_optional(&mut **tx).await?;
    found.map(Row::into_case).transpose()
}

/// The identity of a customer's case.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn id_of_customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<CaseId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT case_id FROM collection_case WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(CaseId::new))
}

/// Stores a case and what is planned for it, and draws versions for so many events about it: tells the
/// first. Under the lock of its row they rise with what happened.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case: &Case,
    next: Option<&NextAction>,
    event_count: usize,
) -> Result<i64, DbError> {
    let count = i64::try_from(event_count).unwrap_or(i64::MAX);
    let planned = next.map(|next| {
        row::to_json(&Planned {
            step: next.step.clone(),
            decision: next.decision.clone(),
        })
    });
    let last = sqlx::query_scalar!(
        "UPDATE collection_case
            SET state = $3, segment = $4, level = $5, step_code = $6, priority = $7,
                oldest_due_date = $8, last_message_time = $9, epoch = $10, next_action_time = $11,
                next_action = $12, revision = $13, announced_version = announced_version + $14
          WHERE tenant_id = $1 AND case_id = $2 RETURNING announced_version",
        tenant.uuid(),
        case.case_id.uuid(),
        case.state.name(),
        case.segment,
        i16::from(case.level),
        case.step_code.as_ref().map(Code::as_str),
        case.priority,
        case.oldest_due_date.map(|day| day.to_sqlx()) as _,
        case.last_message_time.map(|time| time.to_sqlx()) as _,
        case.epoch,
        next.map(|next| next.action_time.to_sqlx()) as _,
        planned.transpose()?,
        case.revision,
        count,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(last.saturating_sub(count).saturating_add(1))
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only in this state.
    pub state: Option<CaseState>,
    /// Only with an oldest due date before this day (true), or not (false): overdue.
    pub overdue: Option<bool>,
    /// Only with an open invoice of this level or higher.
    pub min_level: Option<i16>,
    /// Only those that an active hold with this reason bears on.
    pub hold_reason: Option<HoldReason>,
    /// Only of this segment.
    pub segment: Option<String>,
    /// Only with a next action before this instant.
    pub next_action_before: Option<Timestamp>,
}

/// Where a listing goes on: priority, next action and identity of the last case that was shown.
pub type Place = (i32, Option<Timestamp>, Uuid);

/// Cases behind a place: the most urgent first, then by next action, those without one last.
/// `today` is the day from which a due date before it is overdue.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    today: calendar::Date,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<(Case, Option<NextAction>)>, DbError> {
    let found = select!(
        "WHERE collection_case.tenant_id = $1
           AND ($2::text IS NULL OR state = $2)
           AND ($3::boolean IS NULL OR coalesce(oldest_due_date < $4::date, false) = $3)
           AND ($5::smallint IS NULL OR level >= $5)
           AND ($6::text IS NULL OR EXISTS (
                   SELECT FROM hold WHERE hold.tenant_id = $1
                      AND hold.case_id = collection_case.case_id
                      AND hold.state = 'ACTIVE' AND hold.reason = $6))
           AND ($7::text IS NULL OR collection_case.segment = $7)
           AND ($8::timestamptz IS NULL OR next_action_time < $8)
           AND ($9::integer IS NULL
                OR (-priority, coalesce(next_action_time, 'infinity'), case_id)
                 > (-$9::integer, coalesce($10::timestamptz, 'infinity'), $11::uuid))
         ORDER BY priority DESC, next_action_time, case_id LIMIT $12",
        tenant.uuid(),
        filter.state.map(CaseState::name),
        filter.overdue,
        today.to_sqlx() as _,
        filter.min_level,
        filter.hold_reason.map(HoldReason::name),
        filter.segment,
        filter.next_action_before.map(|time| time.to_sqlx()) as _,
        after.map(|(priority, ..)| *priority),
        after.and_then(|(_, time, _)| time.map(|time| time.to_sqlx())) as _,
        after.map(|(.., case_id)| *case_id),
        limit,
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_case).collect()
}

/// Locks the cases on which something is owed until the transaction ends, in the order of their keys.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_open_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Vec<CaseId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT case_id FROM collection_case WHERE tenant_id = $1 AND state = 'OPEN'
          ORDER BY case_id FOR UPDATE",
        tenant.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(CaseId::new).collect())
}
