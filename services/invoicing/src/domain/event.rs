//! Owns what happened here that others must know: one value for each announcement, with all its
//! facts. `events/outbound.rs` turns each into the announced event in one exhaustive match. Drafts
//! are not told of: nothing is owed.

use jiff::civil::Date;
use money::Money;

use super::{
    Application, CreditNote, CustomerCreditApplication, CustomerCreditBalance, CustomerCreditId,
    Dispute, Invoice, InvoiceBalance, ReservationId, WriteOff,
};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoicingEvent {
    /// An invoice was issued, or came in by import.
    InvoiceIssued {
        /// The invoice.
        invoice: Box<Invoice>,
        /// What it is worth.
        balance_after: InvoiceBalance,
        /// Whether another system issued it.
        imported: bool,
    },
    /// An issued invoice was voided.
    InvoiceVoided {
        /// What was owed and is not any more.
        voided_amount: Money,
        /// The day from which it counts.
        void_date: Date,
        /// What it is worth: nothing.
        balance_after: InvoiceBalance,
        /// The reservation it had used up.
        reservation_id: Option<ReservationId>,
    },
    /// Money was applied to open items.
    ApplicationApplied {
        /// The application.
        application: Box<Application>,
        /// What the touched invoices are worth, each once.
        balances_after: Vec<InvoiceBalance>,
    },
    /// Money applied was taken back.
    ApplicationReversed {
        /// The application with its reversal.
        application: Box<Application>,
        /// What the touched invoices are worth, each once.
        balances_after: Vec<InvoiceBalance>,
    },
    /// A credit note was issued.
    CreditNoteIssued {
        /// The credit note.
        credit_note: Box<CreditNote>,
        /// The credit that came of it, if any did.
        customer_credit_id: Option<CustomerCreditId>,
        /// What the corrected invoice is worth; `None` for a note that stands alone.
        balance_after: Option<InvoiceBalance>,
        /// What the customer has in credit in this currency.
        customer_credit_after: CustomerCreditBalance,
    },
    /// A customer's credit was used for open items.
    CustomerCreditApplied {
        /// The use.
        application: CustomerCreditApplication,
        /// Version of the credit after it.
        customer_credit_version: i64,
        /// What the touched invoices are worth, each once.
        balances_after: Vec<InvoiceBalance>,
        /// What the customer has in credit in this currency.
        customer_credit_after: CustomerCreditBalance,
    },
    /// A dispute was opened.
    DisputeOpened {
        /// The dispute.
        dispute: Dispute,
        /// What the invoice is worth, and what of it is disputed.
        balance_after: InvoiceBalance,
    },
    /// A dispute was resolved, also by voiding its invoice.
    DisputeResolved {
        /// The dispute with its ending.
        dispute: Dispute,
        /// What the invoice is worth, and what of it is still disputed.
        balance_after: InvoiceBalance,
    },
    /// An invoice was written off, in whole or in part.
    InvoiceWrittenOff {
        /// The write-off.
        write_off: WriteOff,
        /// What the invoice is worth.
        balance_after: InvoiceBalance,
    },
    /// A write-off was taken back by decision.
    WriteOffReversed {
        /// The write-off.
        write_off: WriteOff,
        /// What is owed again.
        reinstated_amount: Money,
        /// What the invoice is worth.
        balance_after: InvoiceBalance,
    },
}
