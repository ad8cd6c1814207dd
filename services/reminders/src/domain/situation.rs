//! Owns what is known of a case when it is judged or planned: its invoices, its holds, the customer's
//! cash, and as much of its messages as matters to the next one. Must not draw conclusions.

use std::collections::BTreeMap;

use calendar::Date;
use money::{Currency, Money};

use crate::domain::hold::Hold;
use crate::domain::id::InvoiceId;
use crate::domain::invoice::CaseInvoice;
use crate::domain::message::MessageState;

/// What is known of a case when it is judged.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Its invoices; settled ones may be left out.
    pub invoices: &'a [CaseInvoice],
    /// Its holds; ended ones may be left out.
    pub holds: &'a [Hold],
    /// The customer's cash that is not applied yet, what is reserved for applications included.
    pub unapplied: &'a BTreeMap<Currency, Money>,
    /// Its messages, but for one that is being claimed: those of the day or later, and those that
    /// are not at their end.
    pub messages: &'a [MessageOnCase],
    /// The day of the customer's last message that left.
    pub last_message: Option<Date>,
}

/// As much of a message as matters to the next one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageOnCase {
    /// Where it stands.
    pub state: MessageState,
    /// The day for which its steps were due.
    pub step_date: Date,
    /// The invoices on it.
    pub invoice_ids: Vec<InvoiceId>,
}

impl Situation<'_> {
    /// Whether a message of the case is on its way: then nothing else is begun.
    #[must_use]
    pub fn has_message_under_way(&self) -> bool {
        self.messages
            .iter()
            .any(|message| message.state.is_under_way())
    }

    /// Whether the last step of an invoice still waits for its outcome (DU-1).
    #[must_use]
    pub fn waits_for_outcome(&self, invoice_id: InvoiceId) -> bool {
        self.messages
            .iter()
            .any(|message| message.waits_with(invoice_id))
    }
}

impl MessageOnCase {
    /// Whether it keeps the case from another message for a day.
    pub(crate) fn bars(&self, on: Date) -> bool {
        let counts = !self.state.left_no_trace();
        self.state.is_under_way() || (counts && on <= self.step_date)
    }

    /// Whether its steps still wait for their outcome (DU-1).
    fn waits_with(&self, invoice_id: InvoiceId) -> bool {
        !self.state.is_final() && self.invoice_ids.contains(&invoice_id)
    }
}
