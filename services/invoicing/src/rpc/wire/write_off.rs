//! Write-offs.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use money::MoneyError;

use super::field::etag;
use crate::domain::{WriteOff, WriteOffReason, WriteOffState, WrittenOffItem};

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
