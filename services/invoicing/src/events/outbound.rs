//! What invoicing announces: each event of the domain becomes one event of the contract, in one
//! exhaustive match. Full facts, so that no consumer calls back; notes, etags and decisions are left
//! out.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::invoicing as wire;
use events::NewEvent;
use jiff::Timestamp;
use money::MoneyError;

use crate::domain::{
    Application, CreditNote, CustomerCreditId, Dispute, Invoice, InvoicingEvent, WriteOff,
};
use crate::rpc::wire::application::application_to_wire;
use crate::rpc::wire::balance::{balance_to_wire, balances_to_wire};
use crate::rpc::wire::credit_note::credit_note_to_wire;
use crate::rpc::wire::customer_credit::{credit_application_to_wire, credit_balance_to_wire};
use crate::rpc::wire::dispute::dispute_to_wire;
use crate::rpc::wire::invoice::invoice_to_wire;
use crate::rpc::wire::write_off::write_off_to_wire;

/// An application is told of twice at most: when it was applied, and when it was taken back.
const APPLIED_VERSION: i64 = 1;
const REVERSED_VERSION: i64 = 2;
/// A credit note never changes.
const CREDIT_NOTE_VERSION: i64 = 1;

/// The announcement of what happened at `time`. A table in the form of a match: an event that is not
/// in it does not compile.
///
/// # Errors
/// [`MoneyError::Overflow`] when what is told does not sum to an amount, which is a fault of ours.
pub fn announce(time: Timestamp, event: &InvoicingEvent) -> Result<NewEvent, MoneyError> {
    use InvoicingEvent as E;
    Ok(match event {
        E::InvoiceIssued {
            invoice,
            balance_after,
            imported,
        } => {
            let data = wire::InvoiceIssued {
                invoice: Some(issued(invoice)?),
                balance_after: Some(balance_to_wire(balance_after)),
                imported: *imported,
            };
            NewEvent::new(invoice.invoice_id.0, balance_after.version, time, &data)
        }
        E::InvoiceVoided {
            voided_amount,
            void_date,
            balance_after,
            reservation_id,
        } => {
            let reservation_id = reservation_id.map_or_else(String::new, |id| id.0.to_string());
            let data = wire::InvoiceVoided {
                voided_amount: Some(money_to_wire(*voided_amount)),
                void_date: Some(date_to_wire(*void_date)),
                balance_after: Some(balance_to_wire(balance_after)),
                reservation_id,
            };
            let (subject, version) = (balance_after.invoice_id.0, balance_after.version);
            NewEvent::new(subject, version, time, &data)
        }
        E::ApplicationApplied {
            application,
            balances_after,
        } => {
            let data = wire::ApplicationApplied {
                application: Some(applied(application)),
                balances_after: balances_to_wire(balances_after),
            };
            NewEvent::new(application.application_id.0, APPLIED_VERSION, time, &data)
        }
        E::ApplicationReversed {
            application,
            balances_after,
        } => {
            let data = wire::ApplicationReversed {
                application: Some(applied(application)),
                balances_after: balances_to_wire(balances_after),
            };
            NewEvent::new(application.application_id.0, REVERSED_VERSION, time, &data)
        }
        E::CreditNoteIssued {
            credit_note,
            customer_credit_id,
            balance_after,
            customer_credit_after,
        } => {
            let data = wire::CreditNoteIssued {
                credit_note: Some(credited(credit_note, *customer_credit_id)),
                balance_after: balance_after.as_ref().map(balance_to_wire),
                customer_credit_after: Some(credit_balance_to_wire(customer_credit_after)),
            };
            let subject = credit_note.header.credit_note_id.0;
            NewEvent::new(subject, CREDIT_NOTE_VERSION, time, &data)
        }
        E::CustomerCreditApplied {
            application,
            customer_credit_version,
            balances_after,
            customer_credit_after,
        } => {
            let data = wire::CustomerCreditApplied {
                application: Some(credit_application_to_wire(application)),
                balances_after: balances_to_wire(balances_after),
                customer_credit_after: Some(credit_balance_to_wire(customer_credit_after)),
            };
            let subject = application.customer_credit_id.0;
            NewEvent::new(subject, *customer_credit_version, time, &data)
        }
        E::DisputeOpened {
            dispute,
            balance_after,
        } => {
            let data = wire::DisputeOpened {
                dispute: Some(disputed(dispute)),
                balance_after: Some(balance_to_wire(balance_after)),
            };
            NewEvent::new(dispute.dispute_id.0, dispute.version, time, &data)
        }
        E::DisputeResolved {
            dispute,
            balance_after,
        } => {
            let data = wire::DisputeResolved {
                dispute: Some(disputed(dispute)),
                balance_after: Some(balance_to_wire(balance_after)),
            };
            NewEvent::new(dispute.dispute_id.0, dispute.version, time, &data)
        }
        E::InvoiceWrittenOff {
            write_off,
            balance_after,
        } => {
            let data = wire::InvoiceWrittenOff {
                write_off: Some(given_up(write_off)?),
                balance_after: Some(balance_to_wire(balance_after)),
            };
            NewEvent::new(write_off.write_off_id.0, write_off.version, time, &data)
        }
        E::WriteOffReversed {
            write_off,
            reinstated_amount,
            balance_after,
        } => {
            let data = wire::WriteOffReversed {
                write_off: Some(given_up(write_off)?),
                reinstated_amount: Some(money_to_wire(*reinstated_amount)),
                balance_after: Some(balance_to_wire(balance_after)),
            };
            NewEvent::new(write_off.write_off_id.0, write_off.version, time, &data)
        }
    })
}

/// Several at once, in order.
///
/// # Errors
/// As [`announce`].
pub fn announce_all(
    time: Timestamp,
    events: &[InvoicingEvent],
) -> Result<Vec<NewEvent>, MoneyError> {
    events.iter().map(|event| announce(time, event)).collect()
}

fn issued(invoice: &Invoice) -> Result<wire::Invoice, MoneyError> {
    let mut told = invoice_to_wire(invoice)?;
    told.etag.clear();
    if let Some(content) = &mut told.content {
        content.note.clear();
    }
    Ok(told)
}

fn applied(application: &Application) -> wire::Application {
    wire::Application {
        decision: None,
        ..application_to_wire(application)
    }
}

fn credited(note: &CreditNote, customer_credit_id: Option<CustomerCreditId>) -> wire::CreditNote {
    wire::CreditNote {
        note: String::new(),
        ..credit_note_to_wire(note, customer_credit_id)
    }
}

fn disputed(dispute: &Dispute) -> wire::Dispute {
    wire::Dispute {
        note: String::new(),
        resolution_note: String::new(),
        etag: String::new(),
        ..dispute_to_wire(dispute)
    }
}

fn given_up(write_off: &WriteOff) -> Result<wire::WriteOff, MoneyError> {
    Ok(wire::WriteOff {
        note: String::new(),
        reversal_note: String::new(),
        etag: String::new(),
        ..write_off_to_wire(write_off)?
    })
}
