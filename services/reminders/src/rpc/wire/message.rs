//! Messages, what they ask for, and where they stand.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;
use uuid::Uuid;

use crate::domain::decision::Decision;
use crate::domain::letter::{Line, Total, totals};
use crate::domain::message::{Message, MessageResolution, MessageState};
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::decision::stored_to_wire;
use crate::rpc::wire::field;
use crate::store::message::content::Content;

/// A message with every decision about it.
#[must_use]
pub fn message_to_wire(message: &Message, decisions: &[(Uuid, Decision)]) -> wire::DebtorMessage {
    let text = |id: Option<Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
    let sums = totals(&message.lines).unwrap_or_default();
    wire::DebtorMessage {
        message_id: message.message_id.to_string(),
        case_id: message.case_id.to_string(),
        customer_id: message.customer_id.to_string(),
        dunning_run_id: text(message.dunning_run_id.map(|id| id.uuid())),
        task_id: text(message.task_id.map(|id| id.uuid())),
        channel: channel_to_wire(message.step.channel).into(),
        state: state_to_wire(message.state).into(),
        step_code: message.step.step_code.to_string(),
        level: i32::from(message.step.level.number()),
        strategy_version: message.strategy_version.clone(),
        template_version: message.template_version.clone().unwrap_or_default(),
        language: message.language.clone().unwrap_or_default(),
        lines: lines_to_wire(&message.lines),
        totals: totals_to_wire(&sums),
        step_date: Some(date_to_wire(message.step_date)),
        not_before_time: message.not_before_time.map(instant_to_wire),
        sent_time: message.sent_time.map(instant_to_wire),
        attempt_count: message.attempt_count,
        reason: message
            .reason
            .map(|reason| reason.to_string())
            .unwrap_or_default(),
        decisions: decisions.iter().map(stored_to_wire).collect(),
        created_time: Some(instant_to_wire(message.created_time)),
        etag: field::etag(message.revision),
    }
}

/// The words of a message.
#[must_use]
pub fn content_to_wire(content: Content) -> wire::MessageContent {
    wire::MessageContent {
        recipient: content.recipient,
        language: content.language,
        subject: content.subject,
        text_body: content.text_body,
        html_body: content.html_body,
    }
}

/// What became of a message; none where it is not stated.
#[must_use]
pub const fn resolution_from_wire(
    resolution: wire::MessageResolution,
) -> Option<MessageResolution> {
    match resolution {
        wire::MessageResolution::Unspecified => None,
        wire::MessageResolution::Sent => Some(MessageResolution::Sent),
        wire::MessageResolution::SendAgain => Some(MessageResolution::SendAgain),
        wire::MessageResolution::SkipStep => Some(MessageResolution::SkipStep),
    }
}

/// Where a message stands; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::MessageState) -> Option<MessageState> {
    match state {
        wire::MessageState::Unspecified => None,
        wire::MessageState::Queued => Some(MessageState::Queued),
        wire::MessageState::Claimed => Some(MessageState::Claimed),
        wire::MessageState::HandingOff => Some(MessageState::HandingOff),
        wire::MessageState::WithPerson => Some(MessageState::WithPerson),
        wire::MessageState::Sent => Some(MessageState::Sent),
        wire::MessageState::Unknown => Some(MessageState::Unknown),
        wire::MessageState::Superseded => Some(MessageState::Superseded),
        wire::MessageState::Suppressed => Some(MessageState::Suppressed),
        wire::MessageState::Parked => Some(MessageState::Parked),
        wire::MessageState::Abandoned => Some(MessageState::Abandoned),
    }
}

/// What a message asks for.
#[must_use]
pub fn lines_to_wire(lines: &[Line]) -> Vec<wire::MessageLine> {
    let line = |line: &Line| wire::MessageLine {
        invoice_id: line.invoice_id.to_string(),
        invoice_number: line.invoice_number.clone(),
        open_item_id: line.open_item_id.to_string(),
        due_date: Some(date_to_wire(line.due_date)),
        days_past_due: line.days_past_due,
        open_amount: Some(money_to_wire(line.open_amount)),
        asked_amount: Some(money_to_wire(line.asked_amount)),
        step_code: line.step_code.to_string(),
        level: i32::from(line.level.number()),
    };
    lines.iter().map(line).collect()
}

/// The sums of lines.
#[must_use]
pub fn totals_to_wire(totals: &[Total]) -> Vec<wire::MessageTotal> {
    let total = |total: &Total| wire::MessageTotal {
        open_amount: Some(money_to_wire(total.open_amount)),
        asked_amount: Some(money_to_wire(total.asked_amount)),
    };
    totals.iter().map(total).collect()
}

/// Where a message stands.
#[must_use]
pub const fn state_to_wire(state: MessageState) -> wire::MessageState {
    match state {
        MessageState::Queued => wire::MessageState::Queued,
        MessageState::Claimed => wire::MessageState::Claimed,
        MessageState::HandingOff => wire::MessageState::HandingOff,
        MessageState::WithPerson => wire::MessageState::WithPerson,
        MessageState::Sent => wire::MessageState::Sent,
        MessageState::Unknown => wire::MessageState::Unknown,
        MessageState::Superseded => wire::MessageState::Superseded,
        MessageState::Suppressed => wire::MessageState::Suppressed,
        MessageState::Parked => wire::MessageState::Parked,
        MessageState::Abandoned => wire::MessageState::Abandoned,
    }
}
