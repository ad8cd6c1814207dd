//! Why a credit note is not issued, a debt not given up or taken up again, an invoice not disputed.

use money::MoneyError;
use runtime::{FieldViolation, Refusal};

use crate::domain::{
    CreditNoteError, CreditNoteId, DisputeError, DisputeId, InvoiceId, LedgerError, WriteOffError,
    WriteOffId,
};

/// The identity or external identity is taken.
pub fn credit_note_exists(credit_note_id: CreditNoteId, external_id: Option<&str>) -> Refusal {
    let name = external_id.map_or_else(|| credit_note_id.0.to_string(), str::to_owned);
    Refusal::already_exists("CREDIT_NOTE_EXISTS", "credit note", name)
}

/// There is no such credit note; `key` is what was asked for.
pub fn credit_note_not_found(key: impl ToString) -> Refusal {
    Refusal::not_found("CREDIT_NOTE_NOT_FOUND", "credit note", key.to_string())
}

/// A credit note is not issued; `subject` is the invoice or the customer it is for.
pub fn credit_note_refused(subject: String, error: &CreditNoteError) -> Refusal {
    let text = error.to_string();
    match error {
        CreditNoteError::InvoiceNotIssued => {
            Refusal::rule("INVOICE_NOT_ISSUED", "STATE", subject, text)
        }
        CreditNoteError::InvoiceVoid => Refusal::rule("INVOICE_VOID", "STATE", subject, text),
        CreditNoteError::ExceedsInvoice => {
            Refusal::rule("CREDIT_EXCEEDS_INVOICE", "AMOUNT", subject, text)
        }
        CreditNoteError::TotalNotPositive(total) => {
            Refusal::rule("CREDIT_TOTAL_NOT_POSITIVE", "TOTAL", subject, text)
                .with_metadata("gross_amount", total)
        }
        CreditNoteError::Money(error) => money_refused(subject, error),
    }
}

/// There is no such dispute.
pub fn dispute_not_found(dispute_id: DisputeId) -> Refusal {
    Refusal::not_found("DISPUTE_NOT_FOUND", "dispute", dispute_id.0)
}

/// The identity of a dispute is taken.
pub fn dispute_exists(dispute_id: DisputeId) -> Refusal {
    Refusal::already_exists("DISPUTE_EXISTS", "dispute", dispute_id.0.to_string())
}

/// Nothing of the invoice is open: it is a draft, closed or void.
pub fn invoice_not_open(invoice_id: InvoiceId) -> Refusal {
    let text = "nothing of the invoice is open";
    Refusal::rule("INVOICE_NOT_OPEN", "STATE", invoice(invoice_id), text)
}

/// A dispute is not opened or resolved; `subject` is the invoice or the dispute.
pub fn dispute_refused(subject: String, error: &DisputeError) -> Refusal {
    let text = error.to_string();
    match error {
        DisputeError::InvoiceNotOpen => Refusal::rule("INVOICE_NOT_OPEN", "STATE", subject, text),
        DisputeError::AlreadyDisputed => {
            Refusal::rule("INVOICE_DISPUTED", "DISPUTE", subject, text)
        }
        DisputeError::ExceedsOpenAmount { undisputed } => {
            Refusal::rule("DISPUTE_EXCEEDS_OPEN_AMOUNT", "AMOUNT", subject, text)
                .with_metadata("undisputed_amount", undisputed)
        }
        DisputeError::NotOpen => Refusal::rule("DISPUTE_NOT_OPEN", "STATE", subject, text),
        DisputeError::CreditNoteNeeded => {
            let violation = FieldViolation::new("credit_note_id", text);
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        DisputeError::CreditNoteMismatch => {
            Refusal::rule("CREDIT_NOTE_MISMATCH", "CREDIT_NOTE", subject, text)
        }
        DisputeError::Money(error) => money_refused(subject, error),
    }
}

/// There is no such write-off.
pub fn write_off_not_found(write_off_id: WriteOffId) -> Refusal {
    Refusal::not_found("WRITE_OFF_NOT_FOUND", "write-off", write_off_id.0)
}

/// Nothing is written off, or a write-off not taken back; `subject` is the invoice or the write-off.
pub fn write_off_refused(subject: String, error: &WriteOffError) -> Refusal {
    let text = error.to_string();
    match error {
        WriteOffError::InvoiceNotOpen => Refusal::rule("INVOICE_NOT_OPEN", "STATE", subject, text),
        WriteOffError::ExceedsOpenAmount { open_amount } => {
            Refusal::rule("WRITE_OFF_EXCEEDS_OPEN_AMOUNT", "AMOUNT", subject, text)
                .with_metadata("open_amount", open_amount)
        }
        WriteOffError::AlreadyReversed => {
            Refusal::rule("WRITE_OFF_REVERSED", "STATE", subject, text)
        }
        WriteOffError::Recovered => Refusal::rule("WRITE_OFF_RECOVERED", "STATE", subject, text),
        WriteOffError::BeforeWriteOff { .. } => {
            let violation = FieldViolation::new("reversal_date", text);
            Refusal::invalid("REQUEST_INVALID", vec![violation])
        }
        WriteOffError::Ledger(LedgerError::Money(error)) => money_refused(subject, error),
        WriteOffError::Ledger(fault) => Refusal::internal(fault),
    }
}

/// An amount of another currency is the caller's; anything else is a fault of ours.
fn money_refused(subject: String, error: &MoneyError) -> Refusal {
    match error {
        MoneyError::CurrencyMismatch { .. } => {
            Refusal::rule("CURRENCY_MISMATCH", "CURRENCY", subject, error.to_string())
        }
        fault => Refusal::internal(fault),
    }
}

fn invoice(invoice_id: InvoiceId) -> String {
    format!("invoice/{}", invoice_id.0)
}
