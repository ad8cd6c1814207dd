//! Cases and their invoices.

use std::collections::BTreeSet;

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;
use money::{Money, MoneyError};

use crate::domain::case::{CaseBalance, CaseState, balances};
use crate::domain::code::{Code, Level};
use crate::domain::hold::HoldReason;
use crate::domain::invoice::CaseInvoice;
use crate::domain::plan::NextAction;
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::field;
use crate::rpc::wire::hold::reason_to_wire;
use crate::store::case_file::CaseFile;

/// Whether anything is owed; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::CaseState) -> Option<CaseState> {
    match state {
        wire::CaseState::Unspecified => None,
        wire::CaseState::Open => Some(CaseState::Open),
        wire::CaseState::Clear => Some(CaseState::Clear),
    }
}

/// A case with everything that is known of it.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn case_to_wire(file: &CaseFile, next: Option<&NextAction>) -> Result<wire::Case, MoneyError> {
    let case = &file.case;
    let state = match case.state {
        CaseState::Open => wire::CaseState::Open,
        CaseState::Clear => wire::CaseState::Clear,
    };
    let strategy = file.strategy().map(|(version, _)| version);
    let name = file.debtor.as_ref().map(|one| one.display_name.clone());
    let owed = balances(&file.invoices, &file.holds, file.today())?;
    Ok(wire::Case {
        case_id: case.case_id.to_string(),
        customer_id: case.customer_id.to_string(),
        customer_external_id: case.customer_external_id.clone().unwrap_or_default(),
        customer_name: name.unwrap_or_default(),
        state: state.into(),
        segment: case.segment.clone(),
        strategy_code: strategy
            .map(|one| one.strategy_code.to_string())
            .unwrap_or_default(),
        strategy_version: strategy.map_or(0, |one| one.version),
        balances: owed.iter().map(|one| balance_to_wire(file, one)).collect(),
        level: i32::from(case.level.number()),
        next_action: next.map(next_to_wire),
        hold_reasons: reasons(file, |_| true),
        priority: case.priority,
        last_message_time: case.last_message_time.map(instant_to_wire),
        epoch: case.epoch,
        created_time: Some(instant_to_wire(case.created_time)),
        etag: field::etag(case.revision),
    })
}

fn balance_to_wire(file: &CaseFile, owed: &CaseBalance) -> wire::CaseBalance {
    let currency = owed.open_amount.currency();
    let unapplied = file.unapplied.get(&currency).copied();
    wire::CaseBalance {
        open_amount: Some(money_to_wire(owed.open_amount)),
        overdue_amount: Some(money_to_wire(owed.overdue_amount)),
        held_amount: Some(money_to_wire(owed.held_amount)),
        unapplied_amount: Some(money_to_wire(unapplied.unwrap_or(Money::zero(currency)))),
        open_count: i32::try_from(owed.open_count).unwrap_or(i32::MAX),
        overdue_count: i32::try_from(owed.overdue_count).unwrap_or(i32::MAX),
        oldest_due_date: owed.oldest_due_date.map(date_to_wire),
    }
}

fn next_to_wire(next: &NextAction) -> wire::NextAction {
    let step = next.step.as_ref();
    let channel = step.map(|step| channel_to_wire(step.channel));
    wire::NextAction {
        action_time: Some(instant_to_wire(next.action_time)),
        step_code: step
            .map(|step| step.step_code.to_string())
            .unwrap_or_default(),
        level: step.map_or(0, |step| i32::from(step.level.number())),
        channel: channel.unwrap_or(wire::Channel::Unspecified).into(),
        decision: Some(decision_to_wire(&next.decision)),
    }
}

/// The reasons of the holds in force that bear on what is asked about, each once.
fn reasons(file: &CaseFile, bears: impl Fn(&crate::domain::hold::Hold) -> bool) -> Vec<i32> {
    let today = file.today();
    let held = file
        .holds
        .iter()
        .filter(|hold| hold.in_force(today) && bears(hold));
    let reasons: BTreeSet<HoldReason> = held.map(|hold| hold.reason).collect();
    reasons
        .into_iter()
        .map(|reason| reason_to_wire(reason).into())
        .collect()
}

/// An invoice of a case, with its step and what comes next.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn invoice_to_wire(
    file: &CaseFile,
    invoice: &CaseInvoice,
) -> Result<wire::CaseInvoice, MoneyError> {
    let (id, today) = (invoice.invoice_id, file.today());
    let strategy = file.strategy();
    let ladder = strategy.as_ref().map(|(_, ladder)| ladder);
    let last = file.last_message();
    let next = invoice.climb().and_then(|climb| {
        ladder.and_then(|ladder| ladder.upcoming(&climb, last, today, Level::NONE))
    });
    let running = file.promises.iter().filter(|one| one.state.is_running());
    let naming = running.filter(|one| one.invoice_ids.contains(&id));
    let promise = naming.min_by_key(|one| (one.promised_date, one.promise_id));
    let mut placed = file
        .holds
        .iter()
        .filter(|hold| hold.reason == HoldReason::Placement);
    let placement = placed.find(|hold| hold.scope.covers(id));
    let due = invoice.oldest_due_date();
    let step = invoice.step();
    let level = invoice.level();
    Ok(wire::CaseInvoice {
        case_id: invoice.case_id.to_string(),
        invoice_id: id.to_string(),
        invoice_number: invoice.invoice_number.clone(),
        invoice_external_id: invoice.external_id.clone().unwrap_or_default(),
        invoice_date: Some(date_to_wire(invoice.invoice_date)),
        open_amount: Some(money_to_wire(invoice.open_amount()?)),
        overdue_amount: Some(money_to_wire(invoice.overdue_amount(today)?)),
        disputed_amount: Some(money_to_wire(invoice.disputed_amount)),
        oldest_due_date: due.map(date_to_wire),
        days_past_due: due.map_or(0, |due| (today - due).get_days()),
        level: i32::from(level.number()),
        step_code: text(step.map(|step| &step.step_code)),
        step_time: step.map(|step| instant_to_wire(step.time)),
        next_step_code: text(next.map(|(rung, _)| &rung.step.step_code)),
        next_step_date: next.map(|(_, date)| date_to_wire(date)),
        ladder_completed: level > Level::NONE && ladder.is_some_and(|one| one.ends_at(level)),
        hold_reasons: reasons(file, |hold| hold.scope.covers(id)),
        promise_id: promise
            .map(|one| one.promise_id.to_string())
            .unwrap_or_default(),
        placement_id: placement
            .and_then(|hold| hold.subject_id)
            .map(|id| id.to_string())
            .unwrap_or_default(),
    })
}

fn text(code: Option<&Code>) -> String {
    code.map(Code::to_string).unwrap_or_default()
}
