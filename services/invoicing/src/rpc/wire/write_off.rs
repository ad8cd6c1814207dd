//! Write-offs.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use jiff::civil::Date;
use money::{Money, MoneyError};
use runtime::{Refusal, Violations};

use super::field::{self, etag};
use crate::domain::{InvoiceId, WriteOff, WriteOffReason, WriteOffState, WrittenOffItem};

/// A write-off that is asked for.
#[derive(Debug, Clone)]
pub struct BroughtWriteOff {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// How much; `None`: all that is open.
    pub amount: Option<Money>,
    /// Why.
    pub reason: WriteOffReason,
    /// Explanation.
    pub note: String,
    /// The day from which it counts; `None`: today.
    pub write_off_date: Option<Date>,
}

/// The write-off of a request.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn order_from_wire(request: &wire::WriteOffInvoiceRequest) -> Result<BroughtWriteOff, Refusal> {
    let mut violations = Violations::new();
    let invoice_id = field::id(&mut violations, "invoice_id", &request.invoice_id);
    let amount = request.amount.as_ref();
    let amount = field::optional_positive_money(&mut violations, "amount", amount);
    let reason = violations.required("reason", reason_from_wire(request.reason()));
    let is_other = reason == Some(WriteOffReason::Other);
    let note = field::explanation(&mut violations, "note", &request.note, is_other);
    let date = request.write_off_date.as_ref();
    let date = field::optional_date(&mut violations, "write_off_date", date);
    violations.check(!request.etag.is_empty(), "etag", "is required");
    let read = (invoice_id, amount, reason, note, date);
    let (invoice_id, amount, reason, note, write_off_date) = violations.complete(read)?;
    Ok(BroughtWriteOff {
        invoice_id: InvoiceId(invoice_id),
        amount,
        reason,
        note,
        write_off_date,
    })
}

/// A write-off as it is now.
///
/// # Errors
/// [`MoneyError::Overflow`] when its parts do not sum to an amount, which is a fault of ours.
pub fn write_off_to_wire(write_off: &WriteOff) -> Result<wire::WriteOff, MoneyError> {
    let item = |item: &WrittenOffItem| wire::WrittenOffItem {
        open_item_id: item.open_item_id.0.to_string(),
        amount: Some(money_to_wire(item.amount)),
    };
    let reversal = write_off.reversal.as_ref();
    Ok(wire::WriteOff {
        write_off_id: write_off.write_off_id.0.to_string(),
        invoice_id: write_off.invoice_id.0.to_string(),
        invoice_number: write_off.invoice_number.clone(),
        customer_id: write_off.customer_id.0.to_string(),
        state: state_to_wire(write_off.state).into(),
        reason: reason_to_wire(write_off.reason).into(),
        note: write_off.note.clone(),
        amount: Some(money_to_wire(write_off.amount)),
        reinstated_amount: Some(money_to_wire(write_off.reinstated_amount()?)),
        items: write_off.items.iter().map(item).collect(),
        write_off_date: Some(date_to_wire(write_off.write_off_date)),
        reversal_date: reversal.map(|reversal| date_to_wire(reversal.reversal_date)),
        reversal_note: reversal.map_or_else(String::new, |reversal| reversal.note.clone()),
        created_time: Some(instant_to_wire(write_off.create_time)),
        etag: etag(write_off.version),
    })
}

/// Where a write-off stands; `None` for a state that is none.
#[must_use]
pub const fn state_from_wire(state: wire::WriteOffState) -> Option<WriteOffState> {
    match state {
        wire::WriteOffState::Unspecified => None,
        wire::WriteOffState::WrittenOff => Some(WriteOffState::WrittenOff),
        wire::WriteOffState::Recovered => Some(WriteOffState::Recovered),
        wire::WriteOffState::Reversed => Some(WriteOffState::Reversed),
    }
}

const fn reason_from_wire(reason: wire::WriteOffReason) -> Option<WriteOffReason> {
    Some(match reason {
        wire::WriteOffReason::Unspecified => return None,
        wire::WriteOffReason::Uncollectible => WriteOffReason::Uncollectible,
        wire::WriteOffReason::Insolvency => WriteOffReason::Insolvency,
        wire::WriteOffReason::Deceased => WriteOffReason::Deceased,
        wire::WriteOffReason::CannotLocate => WriteOffReason::CannotLocate,
        wire::WriteOffReason::TimeBarred => WriteOffReason::TimeBarred,
        wire::WriteOffReason::SmallBalance => WriteOffReason::SmallBalance,
        wire::WriteOffReason::Fraud => WriteOffReason::Fraud,
        wire::WriteOffReason::Other => WriteOffReason::Other,
    })
}

const fn state_to_wire(state: WriteOffState) -> wire::WriteOffState {
    match state {
        WriteOffState::WrittenOff => wire::WriteOffState::WrittenOff,
        WriteOffState::Recovered => wire::WriteOffState::Recovered,
        WriteOffState::Reversed => wire::WriteOffState::Reversed,
    }
}

const fn reason_to_wire(reason: WriteOffReason) -> wire::WriteOffReason {
    match reason {
        WriteOffReason::Uncollectible => wire::WriteOffReason::Uncollectible,
        WriteOffReason::Insolvency => wire::WriteOffReason::Insolvency,
        WriteOffReason::Deceased => wire::WriteOffReason::Deceased,
        WriteOffReason::CannotLocate => wire::WriteOffReason::CannotLocate,
        WriteOffReason::TimeBarred => wire::WriteOffReason::TimeBarred,
        WriteOffReason::SmallBalance => wire::WriteOffReason::SmallBalance,
        WriteOffReason::Fraud => wire::WriteOffReason::Fraud,
        WriteOffReason::Other => wire::WriteOffReason::Other,
    }
}
