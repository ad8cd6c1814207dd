//! What payments announces: each event of the domain becomes one event of the contract, in one
//! exhaustive match. Full facts, so that no consumer calls back; remittances, notes, etags and
//! decisions are left out.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::payments as wire;
use events::NewEvent;
use jiff::Timestamp;
use prost::{Message, Name};

use crate::domain::{DomainEvent, Receipt, ReceiptApplication, UnappliedCash};
use crate::rpc::wire::receipt::{receipt_to_wire, refund_to_wire, unapplied_cash_to_wire};
use crate::rpc::wire::receipt_application::application_to_wire;

/// The announcement of what happened at `time`. A table in the form of a match: an event that is not
/// in it does not compile.
#[must_use]
pub fn announce(time: Timestamp, event: &DomainEvent<'_>) -> NewEvent {
    use DomainEvent as E;
    match *event {
        E::ReceiptRecorded { receipt } => {
            let data = wire::ReceiptRecorded {
                receipt: told(receipt),
            };
            about(receipt, time, &data)
        }
        E::ReceiptAssigned {
            receipt,
            previous_customer_id,
        } => {
            let previous = previous_customer_id.map(|customer| customer.0.to_string());
            let data = wire::ReceiptAssigned {
                receipt: told(receipt),
                previous_customer_id: previous.unwrap_or_default(),
            };
            about(receipt, time, &data)
        }
        E::ReceiptApplied {
            application,
            receipt,
        } => {
            let application = told_application(application);
            let data = wire::ReceiptApplied {
                application,
                receipt: told(receipt),
            };
            about(receipt, time, &data)
        }
        E::ReceiptApplicationRefused {
            application,
            receipt,
        } => {
            let application = told_application(application);
            let data = wire::ReceiptApplicationRefused {
                application,
                receipt: told(receipt),
            };
            about(receipt, time, &data)
        }
        E::ReceiptUnapplied {
            application,
            receipt,
        } => {
            let application = told_application(application);
            let data = wire::ReceiptUnapplied {
                application,
                receipt: told(receipt),
            };
            about(receipt, time, &data)
        }
        E::ReceiptReversed { receipt } => {
            let data = wire::ReceiptReversed {
                receipt: told(receipt),
                returned_amount: Some(money_to_wire(receipt.balances.returned)),
            };
            about(receipt, time, &data)
        }
        E::UnappliedCashRefunded { refund, receipt } => {
            let refund = wire::Refund {
                note: String::new(),
                ..refund_to_wire(refund)
            };
            let data = wire::UnappliedCashRefunded {
                refund: Some(refund),
                receipt: told(receipt),
            };
            about(receipt, time, &data)
        }
        E::UnappliedCashChanged { unapplied_cash } => {
            let customer = unapplied_cash.customer_id.0;
            let data = wire::UnappliedCashChanged {
                unapplied_cash: Some(unapplied_cash_to_wire(&unapplied_cash)),
            };
            NewEvent::new(customer, unapplied_cash.version, time, &data)
        }
        E::BankStatementBooked {
            account,
            bank_statement_import_id,
            statements_until_date,
            new_count,
            credit_amount,
        } => {
            let data = wire::BankStatementBooked {
                bank_account_id: account.bank_account_id.0.to_string(),
                bank_statement_import_id: bank_statement_import_id.0.to_string(),
                statements_until_date: Some(date_to_wire(statements_until_date)),
                new_count: i32::try_from(new_count).unwrap_or(i32::MAX),
                credit_amount: Some(money_to_wire(credit_amount)),
            };
            NewEvent::new(account.bank_account_id.0, account.version, time, &data)
        }
    }
}

/// The announcements of changes of cash at `time`.
#[must_use]
pub fn announce_cash(time: Timestamp, changed: &[UnappliedCash]) -> Vec<NewEvent> {
    let told = changed.iter().map(|cash| {
        let unapplied_cash = *cash;
        announce(time, &DomainEvent::UnappliedCashChanged { unapplied_cash })
    });
    told.collect()
}

fn about<M: Message + Name>(receipt: &Receipt, time: Timestamp, data: &M) -> NewEvent {
    NewEvent::new(receipt.receipt_id.0, receipt.version, time, data)
}

/// A receipt without what names people and without its etag.
fn told(receipt: &Receipt) -> Option<wire::Receipt> {
    let mut told = receipt_to_wire(receipt);
    told.remittance = None;
    told.etag = String::new();
    for refund in &mut told.refunds {
        refund.note = String::new();
    }
    if let Some(reversal) = &mut told.reversal {
        reversal.note = String::new();
    }
    Some(told)
}

/// An application without the decision behind it.
fn told_application(application: &ReceiptApplication) -> Option<wire::ReceiptApplication> {
    Some(wire::ReceiptApplication {
        decision: None,
        ..application_to_wire(application)
    })
}
