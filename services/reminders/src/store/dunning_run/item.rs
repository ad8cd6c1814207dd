//! What the cases of a run came to.

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use money::Money;
use postgres::{DbError, TenantId, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::domain::code::{Code, Level};
use crate::domain::dunning_run::{DunningOutcome, DunningRunResult, DunningRunSummary};
use crate::domain::id::{CaseId, CustomerId, DunningRunId, InvoiceId, MessageId, OpenItemId};
use crate::domain::letter::{Line, StepReference, Total};
use crate::store::row;

/// What one case came to in a run.
#[derive(Debug, Clone)]
pub struct DunningRunItem {
    /// The case.
    pub case_id: CaseId,
    /// The customer.
    pub customer_id: CustomerId,
    /// What it came to, at which step, and what is asked for.
    pub result: DunningRunResult,
    /// What the message asks for, or would.
    pub lines: Vec<Line>,
    /// The message; none in a preview and where none was made.
    pub message_id: Option<MessageId>,
    /// Until when it is put off.
    pub postponed_to: Option<Timestamp>,
    /// Why it came out so.
    pub decision_id: Uuid,
}

/// A line as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredLine {
    invoice_id: InvoiceId,
    invoice_number: String,
    open_item_id: OpenItemId,
    due_date: Date,
    days_past_due: i32,
    open_amount: Money,
    asked_amount: Money,
    step_code: Code,
    level: Level,
    item_level: Level,
}

/// A sum as it is stored.
#[derive(Serialize, Deserialize)]
struct StoredTotal {
    open_amount: Money,
    asked_amount: Money,
}

impl From<&Line> for StoredLine {
    fn from(line: &Line) -> Self {
        Self {
            invoice_id: line.invoice_id,
            invoice_number: line.invoice_number.clone(),
            open_item_id: line.open_item_id,
            due_date: line.due_date,
            days_past_due: line.days_past_due,
            open_amount: line.open_amount,
            asked_amount: line.asked_amount,
            step_code: line.step_code.clone(),
            level: line.level,
            item_level: line.item_level,
        }
    }
}

impl From<StoredLine> for Line {
    fn from(line: StoredLine) -> Self {
        Self {
            invoice_id: line.invoice_id,
            invoice_number: line.invoice_number,
            open_item_id: line.open_item_id,
            due_date: line.due_date,
            days_past_due: line.days_past_due,
            open_amount: line.open_amount,
            asked_amount: line.asked_amount,
            step_code: line.step_code,
            level: line.level,
            item_level: line.item_level,
        }
    }
}

struct Row {
    case_id: Uuid,
    customer_id: Uuid,
    outcome: String,
    step_code: Option<String>,
    level: Option<i16>,
    channel: Option<String>,
    lines: Value,
    totals: Value,
    message_id: Option<Uuid>,
    postponed_to_time: Option<jiff_sqlx::Timestamp>,
    decision_id: Uuid,
}

impl Row {
    fn into_item(self) -> Result<DunningRunItem, DbError> {
        let lines: Vec<StoredLine> = row::from_json("lines", self.lines)?;
        let (code, level) = (self.step_code.as_deref(), self.level);
        let step = step(code, level, self.channel.as_deref())?;
        Ok(DunningRunItem {
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            result: result(&self.outcome, step, self.totals)?,
            lines: lines.into_iter().map(Line::from).collect(),
            message_id: self.message_id.map(MessageId::new),
            postponed_to: row::time(self.postponed_to_time),
            decision_id: self.decision_id,
        })
    }
}

fn result(
    outcome: &str,
    step: Option<StepReference>,
    totals: Value,
) -> Result<DunningRunResult, DbError> {
    let totals: Vec<StoredTotal> = row::from_json("totals", totals)?;
    let total = |total: StoredTotal| Total {
        open_amount: total.open_amount,
        asked_amount: total.asked_amount,
    };
    Ok(DunningRunResult {
        outcome: row::named("outcome", outcome)?,
        step,
        totals: totals.into_iter().map(total).collect(),
    })
}

/// The template is not told of an item.
fn step(
    code: Option<&str>,
    level: Option<i16>,
    channel: Option<&str>,
) -> Result<Option<StepReference>, DbError> {
    let (Some(code), Some(level), Some(channel)) = (code, level, channel) else {
        return Ok(None);
    };
    Ok(Some(StepReference {
        step_code: row::named("step_code", code)?,
        level: row::read("level", level.try_into())?,
        channel: row::named("channel", channel)?,
        template_code: None,
    }))
}

/// Stores what a case came to.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
    item: &DunningRunItem,
) -> Result<(), DbError> {
    let step = item.result.step.as_ref();
    let lines: Vec<StoredLine> = item.lines.iter().map(StoredLine::from).collect();
    let totals = item.result.totals.iter().map(|total| StoredTotal {
        open_amount: total.open_amount,
        asked_amount: total.asked_amount,
    });
    let totals: Vec<StoredTotal> = totals.collect();
    sqlx::query!(
        "INSERT INTO dunning_run_item (tenant_id, dunning_run_id, case_id, customer_id, outcome,
                                       step_code, level, channel, lines, totals, message_id,
                                       postponed_to_time, decision_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
        tenant.uuid(),
        dunning_run_id.uuid(),
        item.case_id.uuid(),
        item.customer_id.uuid(),
        item.result.outcome.name(),
        step.map(|step| step.step_code.as_str()),
        step.map(|step| i16::from(step.level)),
        step.map(|step| step.channel.name()),
        row::to_json(&lines)?,
        row::to_json(&totals)?,
        item.message_id.map(MessageId::uuid),
        item.postponed_to.map(|time| time.to_sqlx()) as _,
        item.decision_id,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Takes the items of a preview away, before they are written anew.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn delete_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM dunning_run_item WHERE tenant_id = $1 AND dunning_run_id = $2",
        tenant.uuid(),
        dunning_run_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What the cases of a run have come to so far.
///
/// # Errors
/// [`DbError`] of the statement; sums that are too large count as one.
pub async fn summary_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
) -> Result<DunningRunSummary, DbError> {
    let rows = sqlx::query!(
        "SELECT outcome, step_code, level, channel, totals FROM dunning_run_item
          WHERE tenant_id = $1 AND dunning_run_id = $2",
        tenant.uuid(),
        dunning_run_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut summary = DunningRunSummary::default();
    for found in rows {
        let (code, channel) = (found.step_code.as_deref(), found.channel.as_deref());
        let step = step(code, found.level, channel)?;
        let counted = summary.count(&result(&found.outcome, step, found.totals)?);
        row::read("totals", counted)?;
    }
    Ok(summary)
}

/// Items behind a case, by case.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dunning_run_id: DunningRunId,
    (outcome, step_code): (Option<DunningOutcome>, Option<&str>),
    after: Option<&Uuid>,
    limit: i64,
) -> Result<Vec<DunningRunItem>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT case_id, customer_id, outcome, step_code, level, channel, lines, totals, message_id,
                postponed_to_time, decision_id
           FROM dunning_run_item
          WHERE tenant_id = $1 AND dunning_run_id = $2
            AND ($3::text IS NULL OR outcome = $3)
            AND ($4::text IS NULL OR step_code = $4)
            AND ($5::uuid IS NULL OR case_id > $5)
          ORDER BY case_id LIMIT $6",
        tenant.uuid(),
        dunning_run_id.uuid(),
        outcome.map(DunningOutcome::name),
        step_code,
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_item)
    .collect()
}
