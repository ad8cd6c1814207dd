//! The reasons with which reminders refuses, and the one code of each; what a refusal says stands by
//! noun in the modules below.

pub mod contact;
pub mod contact_policy;
pub mod dunning_run;
pub mod hold;
pub mod message;
pub mod placement_hold;
pub mod promise;
pub mod strategy;
pub mod task;
pub mod template;

use runtime::Refusal;

/// The most faults of one request that are told: they travel in a header.
const TOLD: usize = 12;

/// A reason of this service's vocabulary, as `google.rpc.ErrorInfo` carries it. The list of all of
/// them is [`REASONS`]; the contracts' documentation is generated from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// UPPER_SNAKE, stable.
    pub name: &'static str,
    /// The gRPC code it comes with.
    pub code: &'static str,
    /// What it means and what the caller does about it.
    pub meaning: &'static str,
}

macro_rules! reasons {
    ($($name:literal $code:literal $meaning:literal)+) => {
        &[$(Reason { name: $name, code: $code, meaning: $meaning }),+]
    };
}

/// Every reason of this service's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = reasons! {
    "STALE_ETAG" "ABORTED" "Somebody changed it meanwhile: read it again and decide again."
    "CASE_NOT_FOUND" "NOT_FOUND" "There is no such case."
    "CUSTOMER_NOT_FOUND" "NOT_FOUND" "There is no such customer."
    "INVOICE_NOT_IN_CASE" "NOT_FOUND" "The case has no such invoice."
    "TIME_IN_THE_FUTURE" "INVALID_ARGUMENT" "What is told would have happened later than now."
    "STRATEGY_CODE_TAKEN" "ALREADY_EXISTS" "The tenant has a strategy of this code."
    "STRATEGY_NOT_FOUND" "NOT_FOUND" "There is no such strategy."
    "STRATEGY_VERSION_NOT_FOUND" "NOT_FOUND" "There is no such version of a strategy."
    "STRATEGY_INVALID" "INVALID_ARGUMENT" "The definition contradicts itself; the violations say where."
    "STRATEGY_VERSION_ACTIVE" "FAILED_PRECONDITION" "This version is in force already."
    "SEGMENT_TAKEN" "FAILED_PRECONDITION" "Another active strategy serves one of the segments."
    "TEMPLATE_NOT_ACTIVE" "FAILED_PRECONDITION" "A step names a template without an active version, or of another channel."
    "TEMPLATE_CODE_TAKEN" "ALREADY_EXISTS" "The tenant has a template of this code."
    "TEMPLATE_NOT_FOUND" "NOT_FOUND" "There is no such template."
    "TEMPLATE_VERSION_NOT_FOUND" "NOT_FOUND" "There is no such version of a template."
    "TEMPLATE_INVALID" "INVALID_ARGUMENT" "The words cannot be read, name something unknown, or are not allowed; the violations say where."
    "TEMPLATE_VERSION_ACTIVE" "FAILED_PRECONDITION" "This version is in force already."
    "TEMPLATE_FAILED" "FAILED_PRECONDITION" "The facts of the case make the words fail."
    "CONTACT_POLICY_NOT_FOUND" "NOT_FOUND" "There is no such policy."
    "CONTACT_POLICY_EXISTS" "ALREADY_EXISTS" "Country and kind have a policy from the same day."
    "VALID_FROM_IN_THE_PAST" "FAILED_PRECONDITION" "What was decided stays decided: choose today or a later day."
    "CALENDAR_UNKNOWN" "INVALID_ARGUMENT" "There is no calendar of this code; the metadata lists those there are."
    "OUTCOME_NOT_FOR_CHANNEL" "INVALID_ARGUMENT" "A contact of this channel and direction cannot have that outcome."
    "HOLD_NOT_FOUND" "NOT_FOUND" "There is no such hold."
    "HOLD_FOLLOWS_FACTS" "FAILED_PRECONDITION" "Such a hold comes and goes with facts; people neither place nor release it."
    "END_DATE_REQUIRED" "FAILED_PRECONDITION" "A breathing space has an end."
    "END_DATE_IN_THE_PAST" "FAILED_PRECONDITION" "The end lies before today in the debtor's zone."
    "HOLD_NOT_ACTIVE" "FAILED_PRECONDITION" "The hold has ended already."
    "PROMISE_NOT_FOUND" "NOT_FOUND" "There is no such promise."
    "NO_STRATEGY" "FAILED_PRECONDITION" "No strategy serves the customer."
    "INVOICE_NOT_OPEN" "FAILED_PRECONDITION" "Nothing is owed on the invoice."
    "INVOICE_PLACED" "FAILED_PRECONDITION" "An agency collects the invoice."
    "CURRENCY_MISMATCH" "FAILED_PRECONDITION" "The amount is in another currency than the invoice."
    "PROMISE_EXCEEDS_OPEN" "FAILED_PRECONDITION" "More would be promised than is owed and not yet promised."
    "PROMISE_DATE_IN_THE_PAST" "FAILED_PRECONDITION" "The promised day lies before today in the debtor's zone."
    "PROMISE_TOO_FAR_AHEAD" "FAILED_PRECONDITION" "The promise reaches further than the strategy allows."
    "PROMISE_NOT_RUNNING" "FAILED_PRECONDITION" "The promise was judged, taken back or replaced."
    "TASK_NOT_FOUND" "NOT_FOUND" "There is no such task."
    "TASK_NOT_OPEN" "FAILED_PRECONDITION" "The task was completed or cancelled."
    "OUTCOME_NOT_FOR_KIND" "FAILED_PRECONDITION" "The outcome belongs to another kind of task."
    "MESSAGE_NOT_FOUND" "NOT_FOUND" "There is no such message."
    "MESSAGE_NOT_RENDERED" "FAILED_PRECONDITION" "The message was never claimed, so that it has no words."
    "MESSAGE_NOT_RESOLVABLE" "FAILED_PRECONDITION" "The message is neither of unknown outcome nor parked."
    "MESSAGE_WAS_REFUSED" "FAILED_PRECONDITION" "What was refused for good did not leave: send it again or skip the step."
    "DUNNING_RUN_NOT_FOUND" "NOT_FOUND" "There is no such run."
    "DUNNING_RUN_NOT_PREVIEWED" "FAILED_PRECONDITION" "Only a complete preview is carried out."
    "RUN_DATE_IN_THE_FUTURE" "FAILED_PRECONDITION" "The day of the run has not begun in the tenant's zone: preview it, or wait."
    "PLACEMENT_HOLD_NOT_FOUND" "NOT_FOUND" "Nothing was ever held for this placement."
    "PLACEMENT_HOLD_ENDED" "FAILED_PRECONDITION" "The hold of this placement has been released: place the debts anew."
    "PLACEMENT_CHANGED" "INVALID_ARGUMENT" "The placement holds other invoices than those named."
    "INVOICE_NOT_IN_PLACEMENT" "INVALID_ARGUMENT" "The placement never held this invoice."
    "INVOICE_NOT_YET_KNOWN" "UNAVAILABLE" "Invoicing's feed has not brought the invoice yet: ask again."
    "SUCCESSOR_NOT_ALLOWED" "INVALID_ARGUMENT" "A hold for this reason follows facts, or needs an end: name another."
    "MESSAGE_NOT_RESOLVED" "FAILED_PRECONDITION" "The message is of unknown outcome: resolve it, and the task is completed with it."
};

/// Compares the etag of a request with the current revision; an empty one is not compared.
///
/// # Errors
/// ABORTED, STALE_ETAG.
pub fn check_etag(brought: &str, revision: i64) -> Result<(), Refusal> {
    if brought.is_empty() || brought == revision.to_string() {
        Ok(())
    } else {
        Err(Refusal::stale("STALE_ETAG"))
    }
}
