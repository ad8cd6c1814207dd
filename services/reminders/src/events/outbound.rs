//! What reminders announces: each event of the domain becomes one event of the contract, in one
//! exhaustive match. Full facts, so that no consumer calls back; notes, addresses, names and the
//! words of messages are left out.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;
use events::NewEvent;
use jiff::Timestamp;
use prost::{Message, Name};

use crate::domain::case::CaseReference;
use crate::domain::decision::Decision;
use crate::domain::event::DomainEvent;
use crate::domain::hold::Hold;
use crate::domain::id::{HoldId, InvoiceId};
use crate::domain::letter::{Total, totals};
use crate::domain::message::Message as DebtorMessage;
use crate::domain::promise::Promise;
use crate::domain::task::Task;
use crate::rpc::wire::communication::{direction_to_wire, outcome_to_wire as contact_outcome};
use crate::rpc::wire::contact_policy::definition_to_wire as policy_to_wire;
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::dunning_run::counts_to_wire;
use crate::rpc::wire::message::{lines_to_wire, state_to_wire, totals_to_wire};
use crate::rpc::wire::promise::{ratio_to_wire, result_to_wire};
use crate::rpc::wire::strategy::definition_to_wire;
use crate::rpc::wire::{consent, hold, task};

/// The case that an event is about, if it is about one: its version is drawn from the case's row.
#[must_use]
pub fn case_of(event: &DomainEvent) -> Option<&CaseReference> {
    use DomainEvent as E;
    match event {
        E::CaseOpened { case, .. }
        | E::CaseCleared { case, .. }
        | E::CaseReopened { case, .. }
        | E::MessageSent { case, .. }
        | E::MessageSuppressed { case, .. }
        | E::MessageParked { case, .. }
        | E::MessageAbandoned { case, .. }
        | E::LadderCompleted { case, .. }
        | E::HoldPlaced { case, .. }
        | E::HoldReleased { case, .. }
        | E::PromiseMade { case, .. }
        | E::PromiseKept { case, .. }
        | E::PromiseBroken { case, .. }
        | E::PromiseReopened { case, .. }
        | E::PromiseCancelled { case, .. }
        | E::TaskOpened { case, .. }
        | E::TaskCompleted { case, .. }
        | E::TaskCancelled { case, .. }
        | E::CommunicationRecorded { case, .. } => Some(case),
        E::ConsentRecorded(_)
        | E::DunningRunCompleted { .. }
        | E::StrategyVersionActivated { .. }
        | E::ContactPolicyCreated(_) => None,
    }
}

/// The announcement of what happened at `time`; `version` is that of the subject after it. A table
/// in the form of a match: an event that is not in it does not compile.
#[must_use]
pub fn announce(version: i64, time: Timestamp, event: &DomainEvent) -> NewEvent {
    use DomainEvent as E;
    let told = Telling { version, time };
    match event {
        E::CaseOpened { case, segment } => told.of_case(
            case,
            &wire::CaseOpened {
                case: reference(case),
                segment: segment.clone(),
            },
        ),
        E::CaseCleared {
            case,
            level,
            step_code,
        } => told.of_case(
            case,
            &wire::CaseCleared {
                case: reference(case),
                level: i32::from(level.number()),
                step_code: text(step_code.as_ref()),
            },
        ),
        E::CaseReopened {
            case,
            invoice_id,
            open_amount,
        } => told.of_case(
            case,
            &wire::CaseReopened {
                case: reference(case),
                invoice_id: invoice_id.to_string(),
                open_amount: Some(money_to_wire(*open_amount)),
            },
        ),
        E::MessageSent {
            case,
            message,
            sent_local_time,
        } => told.of_case(case, &message_sent(case, message, sent_local_time)),
        E::MessageSuppressed {
            case,
            message,
            decision,
        } => told.of_case(case, &message_suppressed(case, message, decision)),
        E::MessageParked { case, message } => told.of_case(case, &message_parked(case, message)),
        E::MessageAbandoned {
            case,
            message_id,
            step_skipped,
            invoice_ids,
        } => told.of_case(
            case,
            &wire::MessageAbandoned {
                case: reference(case),
                message_id: message_id.to_string(),
                step_skipped: *step_skipped,
                invoice_ids: texts(invoice_ids),
            },
        ),
        E::LadderCompleted {
            case,
            invoice_id,
            invoice_number,
            open_amount,
            oldest_due_date,
            step_code,
            level,
        } => told.of_case(
            case,
            &wire::LadderCompleted {
                case: reference(case),
                invoice_id: invoice_id.to_string(),
                invoice_number: invoice_number.clone(),
                open_amount: Some(money_to_wire(*open_amount)),
                oldest_due_date: Some(date_to_wire(*oldest_due_date)),
                step_code: step_code.to_string(),
                level: i32::from(level.number()),
            },
        ),
        E::HoldPlaced {
            case,
            hold,
            case_epoch,
        } => told.of_case(case, &hold_placed(case, hold, *case_epoch)),
        E::HoldReleased {
            case,
            hold,
            released_invoice_ids,
            successor_hold_id,
            released_by,
            case_epoch,
        } => {
            let mut data = hold_released(case, hold, *successor_hold_id);
            data.released_invoice_ids = texts(released_invoice_ids);
            data.released_by.clone_from(released_by);
            data.case_epoch = *case_epoch;
            told.of_case(case, &data)
        }
        E::PromiseMade {
            case,
            promise,
            superseded_promise_id,
        } => {
            let superseded = superseded_promise_id.map(|id| id.to_string());
            let mut data = promise_made(case, promise);
            data.superseded_promise_id = superseded.unwrap_or_default();
            told.of_case(case, &data)
        }
        E::PromiseKept { case, result } => told.of_case(
            case,
            &wire::PromiseKept {
                case: reference(case),
                result: Some(result_to_wire(result)),
            },
        ),
        E::PromiseBroken {
            case,
            result,
            case_priority,
        } => told.of_case(
            case,
            &wire::PromiseBroken {
                case: reference(case),
                result: Some(result_to_wire(result)),
                case_priority: *case_priority,
            },
        ),
        E::PromiseReopened {
            case,
            promise,
            received_amount,
        } => told.of_case(
            case,
            &wire::PromiseReopened {
                case: reference(case),
                promise_id: promise.promise_id.to_string(),
                invoice_ids: texts(&promise.invoice_ids),
                received_amount: Some(money_to_wire(*received_amount)),
                promised_date: Some(date_to_wire(promise.promised_date)),
            },
        ),
        E::PromiseCancelled {
            case,
            promise,
            cancelled_by,
        } => told.of_case(
            case,
            &wire::PromiseCancelled {
                case: reference(case),
                promise_id: promise.promise_id.to_string(),
                invoice_ids: texts(&promise.invoice_ids),
                cancelled_by: cancelled_by.clone(),
            },
        ),
        E::TaskOpened { case, task, totals } => {
            told.of_case(case, &task_opened(case, task, totals))
        }
        E::TaskCompleted { case, task } => told.of_case(case, &task_completed(case, task)),
        E::TaskCancelled {
            case,
            task_id,
            kind,
            reason,
        } => told.of_case(
            case,
            &wire::TaskCancelled {
                case: reference(case),
                task_id: task_id.to_string(),
                kind: task::kind_to_wire(*kind).into(),
                reason: reason.to_string(),
            },
        ),
        E::CommunicationRecorded {
            case,
            communication,
        } => told.of_case(
            case,
            &wire::CommunicationRecorded {
                case: reference(case),
                communication_id: communication.communication_id.to_string(),
                direction: direction_to_wire(communication.direction).into(),
                channel: channel_to_wire(communication.channel).into(),
                outcome: contact_outcome(communication.outcome).into(),
                occurred_time: Some(instant_to_wire(communication.occurred_time)),
                invoice_ids: texts(&communication.invoice_ids),
                message_id: text(communication.message_id.as_ref()),
                task_id: text(communication.task_id.as_ref()),
            },
        ),
        E::ConsentRecorded(said) => told.of(
            said.customer_id,
            &wire::ConsentRecorded {
                consent_id: said.consent_id.to_string(),
                customer_id: said.customer_id.to_string(),
                channel: channel_to_wire(said.channel).into(),
                state: consent::state_to_wire(said.state).into(),
                effective_time: Some(instant_to_wire(said.effective_time)),
            },
        ),
        E::DunningRunCompleted { run, summary } => told.of(
            run.dunning_run_id,
            &wire::DunningRunCompleted {
                dunning_run_id: run.dunning_run_id.to_string(),
                run_date: Some(date_to_wire(run.run_date)),
                case_count: count(summary.judged_count()),
                counts: counts_to_wire(&summary.counts()),
                totals: totals_to_wire(&summary.totals()),
            },
        ),
        E::StrategyVersionActivated {
            version,
            previous_version,
            activated_by,
        } => told.of(
            version.strategy_id,
            &wire::StrategyVersionActivated {
                strategy_id: version.strategy_id.to_string(),
                strategy_code: version.strategy_code.to_string(),
                version: version.version,
                previous_version: *previous_version,
                definition: Some(definition_to_wire(&version.definition)),
                activated_by: activated_by.clone(),
            },
        ),
        E::ContactPolicyCreated(policy) => told.of(
            policy.contact_policy_id,
            &wire::ContactPolicyCreated {
                contact_policy_id: policy.contact_policy_id.to_string(),
                definition: Some(policy_to_wire(&policy.definition)),
                created_by: policy.created_by.clone(),
            },
        ),
    }
}

/// Version and time of an event.
struct Telling {
    version: i64,
    time: Timestamp,
}

impl Telling {
    fn of_case<M: Message + Name>(&self, case: &CaseReference, data: &M) -> NewEvent {
        self.of(case.case_id, data)
    }

    fn of<M: Message + Name>(&self, subject: impl ToString, data: &M) -> NewEvent {
        NewEvent::new(subject, self.version, self.time, data)
    }
}

fn message_sent(
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

fn message_suppressed(
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

fn message_parked(case: &CaseReference, message: &DebtorMessage) -> wire::MessageParked {
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

fn hold_placed(case: &CaseReference, hold: &Hold, case_epoch: i64) -> wire::HoldPlaced {
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

fn hold_released(
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

fn promise_made(case: &CaseReference, promise: &Promise) -> wire::PromiseMade {
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

fn task_opened(case: &CaseReference, opened: &Task, totals: &[Total]) -> wire::TaskOpened {
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

fn task_completed(case: &CaseReference, completed: &Task) -> wire::TaskCompleted {
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

fn reference(case: &CaseReference) -> Option<wire::CaseReference> {
    Some(wire::CaseReference {
        case_id: case.case_id.to_string(),
        customer_id: case.customer_id.to_string(),
        customer_external_id: case.customer_external_id.clone().unwrap_or_default(),
    })
}

fn texts<'a>(ids: impl IntoIterator<Item = &'a InvoiceId>) -> Vec<String> {
    ids.into_iter().map(ToString::to_string).collect()
}

fn text<T: ToString>(value: Option<&T>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
