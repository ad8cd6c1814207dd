//! The larger facts of what is announced, one function a message of the contract.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;

use crate::domain::case::CaseReference;
use crate::domain::decision::Decision;
use crate::domain::hold::Hold;
use crate::domain::id::{HoldId, InvoiceId};
use crate::domain::letter::{Total, totals};
use crate::domain::message::Message as DebtorMessage;
use crate::domain::promise::Promise;
use crate::domain::task::Task;
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::message::{lines_to_wire, state_to_wire, totals_to_wire};
use crate::rpc::wire::promise::ratio_to_wire;
use crate::rpc::wire::{hold, task};

pub(super) fn message_sent(
    case: &CaseReference,
    message: &DebtorMessage,
    sent_local_time: &str,
) -> wire::MessageSent {
    wire::MessageSent {
        case: reference(case),
        message_id: message.message_id.to_string(),
        dunning_run_id: text(message.dunning_run_id.as_ref()),
        task_id: text(message.task_id.as_ref()),
        channel: channel_to_wire(message.step.channel).into(),
        step_code: message.step.step_code.to_string(),
        level: i32::from(message.step.level.number()),
        strategy_version: message.strategy_version.clone(),
        template_version: message.template_version.clone().unwrap_or_default(),
        language: message.language.clone().unwrap_or_default(),
        lines: lines_to_wire(&message.lines),
        totals: totals_to_wire(&totals(&message.lines).unwrap_or_default()),
        step_date: Some(date_to_wire(message.step_date)),
        sent_time: message.sent_time.map(instant_to_wire),
        sent_local_time: sent_local_time.to_owned(),
        last_look_time: message.last_look_time.map(instant_to_wire),
    }
}

pub(super) fn message_suppressed(
    case: &CaseReference,
    message: &DebtorMessage,
    decision: &Decision,
) -> wire::MessageSuppressed {
    wire::MessageSuppressed {
        case: reference(case),
        message_id: message.message_id.to_string(),
        channel: channel_to_wire(message.step.channel).into(),
        step_code: message.step.step_code.to_string(),
        level: i32::from(message.step.level.number()),
        reason: text(message.reason.as_ref()),
        lines: lines_to_wire(&message.lines),
        step_date: Some(date_to_wire(message.step_date)),
        decision: Some(decision_to_wire(decision)),
    }
}

pub(super) fn message_parked(case: &CaseReference, message: &DebtorMessage) -> wire::MessageParked {
    wire::MessageParked {
        case: reference(case),
        message_id: message.message_id.to_string(),
        channel: channel_to_wire(message.step.channel).into(),
        state: state_to_wire(message.state).into(),
        step_code: message.step.step_code.to_string(),
        reason: text(message.reason.as_ref()),
        task_id: text(message.task_id.as_ref()),
        invoice_ids: texts(&message.invoice_ids()),
    }
}

pub(super) fn hold_placed(case: &CaseReference, hold: &Hold, case_epoch: i64) -> wire::HoldPlaced {
    wire::HoldPlaced {
        case: reference(case),
        hold_id: hold.hold_id.to_string(),
        invoice_ids: texts(&hold.scope.invoice_ids()),
        held_amount: hold.held_amount.map(money_to_wire),
        reason: hold::reason_to_wire(hold.reason).into(),
        subject_id: text(hold.subject_id.as_ref()),
        end_date: hold.end_date.map(date_to_wire),
        placed_by: hold.placed_by.clone(),
        case_epoch,
    }
}

pub(super) fn hold_released(
    case: &CaseReference,
    hold: &Hold,
    successor: Option<HoldId>,
) -> wire::HoldReleased {
    let remaining = match hold.ended {
        None => hold.scope.invoice_ids(),
        Some(_) => Vec::new(),
    };
    wire::HoldReleased {
        case: reference(case),
        hold_id: hold.hold_id.to_string(),
        remaining_invoice_ids: texts(&remaining),
        reason: hold::reason_to_wire(hold.reason).into(),
        subject_id: text(hold.subject_id.as_ref()),
        state: hold::state_to_wire(hold.state).into(),
        successor_hold_id: text(successor.as_ref()),
        ..wire::HoldReleased::default()
    }
}

pub(super) fn promise_made(case: &CaseReference, promise: &Promise) -> wire::PromiseMade {
    let channel = promise.channel.map(channel_to_wire);
    wire::PromiseMade {
        case: reference(case),
        promise_id: promise.promise_id.to_string(),
        invoice_ids: texts(&promise.invoice_ids),
        promised_amount: Some(money_to_wire(promise.promised_amount)),
        promised_date: Some(date_to_wire(promise.promised_date)),
        grace_days: promise.grace_days,
        tolerance_ratio: Some(ratio_to_wire(promise.tolerance)),
        level: promise.level,
        channel: channel.unwrap_or(wire::Channel::Unspecified).into(),
        taken_by: promise.taken_by.clone(),
        ..wire::PromiseMade::default()
    }
}

pub(super) fn task_opened(
    case: &CaseReference,
    opened: &Task,
    totals: &[Total],
) -> wire::TaskOpened {
    wire::TaskOpened {
        case: reference(case),
        task_id: opened.task_id.to_string(),
        kind: task::kind_to_wire(opened.kind).into(),
        due_date: Some(date_to_wire(opened.due_date)),
        priority: opened.priority,
        message_id: text(opened.message_id.as_ref()),
        promise_id: text(opened.promise_id.as_ref()),
        step_code: text(opened.step_code.as_ref()),
        totals: totals_to_wire(totals),
    }
}

pub(super) fn task_completed(case: &CaseReference, completed: &Task) -> wire::TaskCompleted {
    let outcome = completed.outcome.map(task::outcome_to_wire);
    wire::TaskCompleted {
        case: reference(case),
        task_id: completed.task_id.to_string(),
        kind: task::kind_to_wire(completed.kind).into(),
        outcome: outcome.unwrap_or(wire::TaskOutcome::Unspecified).into(),
        completed_by: completed.completed_by.clone().unwrap_or_default(),
        follow_up_task_id: text(completed.follow_up_task_id.as_ref()),
    }
}

pub(super) fn reference(case: &CaseReference) -> Option<wire::CaseReference> {
    Some(wire::CaseReference {
        case_id: case.case_id.to_string(),
        customer_id: case.customer_id.to_string(),
        customer_external_id: case.customer_external_id.clone().unwrap_or_default(),
    })
}

pub(super) fn texts<'a>(ids: impl IntoIterator<Item = &'a InvoiceId>) -> Vec<String> {
    ids.into_iter().map(ToString::to_string).collect()
}

pub(super) fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
