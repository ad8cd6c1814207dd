//! Promises, and how they came out.

use contracts::common::{self, Decimal};
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::reminders as wire;
use money::{MoneyError, Rate};
use uuid::Uuid;

use super::field;
use crate::domain::id::PromiseId;
use crate::domain::promise::{Promise, PromiseJudgement, PromiseResult, PromiseState};
use crate::rpc::wire::debtor::channel_to_wire;
use crate::rpc::wire::decision::decision_to_wire;

/// A promise; `decision_ids` are the identities of the decisions behind its judgements, in order.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn promise_to_wire(
    promise: &Promise,
    decision_ids: &[Uuid],
) -> Result<wire::Promise, MoneyError> {
    let invoice_ids = promise.invoice_ids.iter();
    let judgements = promise.judgements.iter().enumerate();
    let judgement = |(place, judgement): (usize, &PromiseJudgement)| {
        judgement_to_wire(judgement, decision_ids.get(place))
    };
    let channel = promise
        .channel
        .map_or(wire::Channel::Unspecified, channel_to_wire);
    let successor = promise.superseded_by.as_ref().map(PromiseId::to_string);
    Ok(wire::Promise {
        promise_id: promise.promise_id.to_string(),
        case_id: promise.case_id.to_string(),
        customer_id: promise.customer_id.to_string(),
        invoice_ids: invoice_ids.map(ToString::to_string).collect(),
        promised_amount: Some(money_to_wire(promise.promised_amount)),
        required_amount: Some(money_to_wire(promise.required_amount()?)),
        received_amount: Some(money_to_wire(promise.received_amount()?)),
        kept_ratio: Some(ratio_to_wire(promise.kept_ratio()?)),
        promised_date: Some(date_to_wire(promise.promised_date)),
        grace_days: promise.grace_days,
        tolerance_ratio: Some(ratio_to_wire(promise.tolerance)),
        state: state_to_wire(promise.state).into(),
        level: promise.level,
        channel: channel.into(),
        taken_by: promise.taken_by.clone(),
        note: promise.note.clone(),
        judgements: judgements.map(judgement).collect(),
        superseded_by_promise_id: successor.unwrap_or_default(),
        created_time: Some(instant_to_wire(promise.created_time)),
        etag: field::etag(promise.revision),
    })
}

fn judgement_to_wire(
    judgement: &PromiseJudgement,
    decision_id: Option<&Uuid>,
) -> wire::PromiseJudgement {
    let decision = common::Decision {
        decision_id: decision_id.map(Uuid::to_string).unwrap_or_default(),
        ..decision_to_wire(&judgement.decision)
    };
    wire::PromiseJudgement {
        state: state_to_wire(judgement.state).into(),
        effective_date: judgement.effective_date.map(date_to_wire),
        received_amount: Some(money_to_wire(judgement.received_amount)),
        kept_ratio: Some(ratio_to_wire(judgement.kept_ratio)),
        decision: Some(decision),
    }
}

/// Where a promise stands; none where it is not stated.
#[must_use]
pub const fn state_from_wire(state: wire::PromiseState) -> Option<PromiseState> {
    match state {
        wire::PromiseState::Unspecified => None,
        wire::PromiseState::Open => Some(PromiseState::Open),
        wire::PromiseState::PartlyKept => Some(PromiseState::PartlyKept),
        wire::PromiseState::Kept => Some(PromiseState::Kept),
        wire::PromiseState::Broken => Some(PromiseState::Broken),
        wire::PromiseState::Cancelled => Some(PromiseState::Cancelled),
        wire::PromiseState::Superseded => Some(PromiseState::Superseded),
    }
}

const fn state_to_wire(state: PromiseState) -> wire::PromiseState {
    match state {
        PromiseState::Open => wire::PromiseState::Open,
        PromiseState::PartlyKept => wire::PromiseState::PartlyKept,
        PromiseState::Kept => wire::PromiseState::Kept,
        PromiseState::Broken => wire::PromiseState::Broken,
        PromiseState::Cancelled => wire::PromiseState::Cancelled,
        PromiseState::Superseded => wire::PromiseState::Superseded,
    }
}

/// A ratio.
#[must_use]
pub fn ratio_to_wire(ratio: Rate) -> Decimal {
    Decimal {
        value: ratio.to_string(),
    }
}

/// How a promise came out.
#[must_use]
pub fn result_to_wire(result: &PromiseResult) -> wire::PromiseResult {
    let (promise, judgement) = (&result.promise, &result.judgement);
    let ids = promise.invoice_ids.iter().map(ToString::to_string);
    wire::PromiseResult {
        promise_id: promise.promise_id.to_string(),
        invoice_ids: ids.collect(),
        promised_amount: Some(money_to_wire(promise.promised_amount)),
        required_amount: Some(money_to_wire(result.required_amount)),
        received_amount: Some(money_to_wire(judgement.received_amount)),
        kept_ratio: Some(ratio_to_wire(judgement.kept_ratio)),
        promised_date: Some(date_to_wire(promise.promised_date)),
        effective_date: judgement.effective_date.map(date_to_wire),
        level: promise.level,
        corrects_earlier: result.corrects_earlier,
        decision: Some(decision_to_wire(&judgement.decision)),
    }
}
