//! Promises, and how they came out.

use contracts::common::Decimal;
use contracts::convert::{date_to_wire, money_to_wire};
use contracts::reminders as wire;
use money::Rate;

use crate::domain::promise::PromiseResult;
use crate::rpc::wire::decision::decision_to_wire;

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
