//! Messages, page by page.

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::{Row, line, select};
use crate::domain::debtor::Channel;
use crate::domain::id::{CaseId, DunningRunId, InvoiceId};
use crate::domain::message::{Message, MessageState};

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this case.
    pub case_id: Option<CaseId>,
    /// Only with a line of this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only of this dunning run.
    pub dunning_run_id: Option<DunningRunId>,
    /// Only in one of these states; none: in any.
    pub states: Vec<MessageState>,
    /// Only through this channel.
    pub channel: Option<Channel>,
    /// Only of this step.
    pub step_code: Option<String>,
    /// Only for steps of this day or later.
    pub from: Option<Date>,
    /// Only for steps of this day or earlier.
    pub to: Option<Date>,
}

/// Where a listing goes on: time and identity of the last message that was shown.
pub type Place = (Timestamp, Uuid);

/// Messages behind a place, whole, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Message>, DbError> {
    let states = filter.states.iter().map(|state| state.name().to_owned());
    let states: Vec<String> = states.collect();
    let found = select!(
        "WHERE tenant_id = $1
           AND ($2::uuid IS NULL OR case_id = $2)
           AND ($3::uuid IS NULL OR EXISTS (
                   SELECT FROM message_line line
                    WHERE line.tenant_id = $1 AND line.invoice_id = $3
                      AND line.message_id = message.message_id))
           AND ($4::uuid IS NULL OR dunning_run_id = $4)
           AND (cardinality($5::text[]) = 0 OR state = ANY ($5))
           AND ($6::text IS NULL OR channel = $6)
           AND ($7::text IS NULL OR step_code = $7)
           AND ($8::date IS NULL OR step_date >= $8)
           AND ($9::date IS NULL OR step_date <= $9)
           AND ($10::timestamptz IS NULL OR (created_time, message_id) < ($10, $11::uuid))
         ORDER BY created_time DESC, message_id DESC LIMIT $12",
        tenant.uuid(),
        filter.case_id.map(CaseId::uuid),
        filter.invoice_id.map(InvoiceId::uuid),
        filter.dunning_run_id.map(DunningRunId::uuid),
        &states,
        filter.channel.map(Channel::name),
        filter.step_code,
        filter.from.map(|day| day.to_sqlx()) as _,
        filter.to.map(|day| day.to_sqlx()) as _,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, message_id)| *message_id),
        limit,
    );
    let found = found.fetch_all(&mut **tx).await?;
    found.into_iter().map(Row::into_message).collect()
}
