//! What reminders announces: each event of the domain becomes one event of the contract, in one
//! exhaustive match. Full facts, so that no consumer calls back; notes, addresses, names and the
//! words of messages are left out.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;
use events::NewEvent;
use jiff::Timestamp;
use postgres::{DbError, TenantId, Tx};
use prost::{Message, Name};

use super::facts::{
    hold_placed, hold_released, message_parked, message_sent, message_suppressed, promise_made,
    reference, task_completed, task_opened, text, texts,
};
use crate::domain::case::CaseReference;
use crate::domain::event::DomainEvent;
use crate::rpc::wire::communication::{direction_to_wire, outcome_to_wire as contact_outcome};
use crate::rpc::wire::contact_policy::definition_to_wire as policy_to_wire;
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::dunning_run::counts_to_wire;
use crate::rpc::wire::message::totals_to_wire;
use crate::rpc::wire::promise::result_to_wire;
use crate::rpc::wire::strategy::definition_to_wire;
use crate::rpc::wire::{consent, task};

/// Announces what happened to one case, in order; `first` is the version of the first event, drawn
/// under the lock of its row. `traceparent` is the trace context of the cause, or empty.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn announce_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    traceparent: &str,
    time: Timestamp,
    first: i64,
    events: &[DomainEvent],
) -> Result<(), DbError> {
    if events.is_empty() {
        return Ok(());
    }
    let told: Vec<NewEvent> = (first..)
        .zip(events)
        .map(|(version, event)| announce(version, time, event))
        .collect();
    events::append_in_tx(tx, tenant, traceparent, &told).await?;
    Ok(())
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
                case_count: i32::try_from(summary.judged_count()).unwrap_or(i32::MAX),
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
