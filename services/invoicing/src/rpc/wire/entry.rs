//! Entries: the history of what is open.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::invoicing as wire;
use contracts::invoicing::invoice_entry::Cause;

use crate::domain::{EntryCause, EntryKind, InvoiceEntry};

/// One step.
#[must_use]
pub fn entry_to_wire(entry: &InvoiceEntry) -> wire::InvoiceEntry {
    let reversed = entry.reversed_entry_id;
    wire::InvoiceEntry {
        entry_id: entry.entry_id.0.to_string(),
        invoice_id: entry.invoice_id.0.to_string(),
        open_item_id: entry.open_item_id.0.to_string(),
        kind: kind_to_wire(entry.kind).into(),
        amount: Some(money_to_wire(entry.amount)),
        entry_date: Some(date_to_wire(entry.entry_date)),
        reversed_entry_id: reversed.map_or_else(String::new, |id| id.0.to_string()),
        cause: entry.cause.map(cause_to_wire),
        created_time: Some(instant_to_wire(entry.create_time)),
    }
}

fn cause_to_wire(cause: EntryCause) -> Cause {
    match cause {
        EntryCause::Application(id) => Cause::ApplicationId(id.0.to_string()),
        EntryCause::Reversal(id) => Cause::ReversalId(id.0.to_string()),
        EntryCause::CreditNote(id) => Cause::CreditNoteId(id.0.to_string()),
        EntryCause::CustomerCredit(id) => Cause::CustomerCreditApplicationId(id.0.to_string()),
        EntryCause::WriteOff(id) => Cause::WriteOffId(id.0.to_string()),
    }
}

const fn kind_to_wire(kind: EntryKind) -> wire::EntryKind {
    match kind {
        EntryKind::Issue => wire::EntryKind::Issue,
        EntryKind::Fee => wire::EntryKind::Fee,
        EntryKind::Interest => wire::EntryKind::Interest,
        EntryKind::Allocation => wire::EntryKind::Allocation,
        EntryKind::Discount => wire::EntryKind::Discount,
        EntryKind::Tolerance => wire::EntryKind::Tolerance,
        EntryKind::Credit => wire::EntryKind::Credit,
        EntryKind::WriteOff => wire::EntryKind::WriteOff,
        EntryKind::Reinstatement => wire::EntryKind::Reinstatement,
        EntryKind::Void => wire::EntryKind::Void,
    }
}
