//! Messages, what they ask for, and where they stand.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::reminders as wire;

use crate::domain::letter::{Line, Total};
use crate::domain::message::MessageState;

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
