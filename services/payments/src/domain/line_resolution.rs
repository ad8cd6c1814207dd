//! Owns what a person may decide about a line in review: accept a suggestion, say what is right, keep
//! the money unapplied, or say that it is no receipt. Must not carry it out: the step that is
//! answered says what has to be asked of the receipt.

use jiff::Timestamp;

use super::{
    ApplicationTarget, BankLine, BankLineError, BankLineState, CustomerId, LineMatch, MatchBasis,
    NamedInvoice, SuggestionId,
};

/// What a person decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resolution {
    /// This suggestion.
    Accept(SuggestionId),
    /// Something else.
    Correct {
        /// Whose money it is.
        customer_id: CustomerId,
        /// The invoices it pays, in this order.
        invoices: Vec<NamedInvoice>,
    },
    /// The money stays unapplied.
    KeepUnapplied {
        /// Whose money it is, where somebody knows.
        customer_id: Option<CustomerId>,
    },
    /// It is no money from a customer.
    NotAReceipt {
        /// What it is.
        note: String,
    },
}

/// What has to be done with the receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResolutionStep {
    /// Assign it to the match's customer and reserve an application of the match; then
    /// [`BankLine::start_resolution`], and [`BankLine::settle`] when invoicing has answered.
    Apply(LineMatch),
    /// Assign it, where the customer is known; then [`BankLine::resolve_unapplied`].
    Keep(Option<LineMatch>),
    /// [`BankLine::start_not_a_receipt`], and reverse it as NOT_A_RECEIPT with the note; then
    /// [`BankLine::resolve_not_a_receipt`].
    Reverse(String),
}

impl BankLine {
    /// What a resolution asks for. Nothing changes yet.
    ///
    /// # Errors
    /// [`BankLineError`].
    pub fn resolution_step(&self, resolution: Resolution) -> Result<ResolutionStep, BankLineError> {
        self.must_be_free()?;
        Ok(match resolution {
            Resolution::Accept(suggestion_id) => {
                let is_it =
                    |offered: &&super::LineSuggestion| offered.suggestion_id == suggestion_id;
                let offered = self.suggestions.iter().find(is_it);
                let suggestion = &offered.ok_or(BankLineError::SuggestionNotFound)?.suggestion;
                let named = |invoice_id: &_| NamedInvoice {
                    invoice_id: *invoice_id,
                    amount: None,
                };
                let invoices = suggestion.invoices.iter().map(named).collect();
                step(suggestion.basis, suggestion.customer_id, invoices)
            }
            Resolution::Correct {
                customer_id,
                invoices,
            } => step(MatchBasis::Person, customer_id, invoices),
            Resolution::KeepUnapplied { customer_id } => {
                let found = |customer_id| a_match(MatchBasis::Person, customer_id, Vec::new());
                ResolutionStep::Keep(customer_id.map(found))
            }
            Resolution::NotAReceipt { note } => ResolutionStep::Reverse(note),
        })
    }

    /// Stores the match that a person decided, whose application is reserved.
    ///
    /// # Errors
    /// [`BankLineError`].
    pub fn start_resolution(&mut self, found: LineMatch, who: &str) -> Result<(), BankLineError> {
        self.must_be_free()?;
        self.line_match = Some(found);
        self.resolved_by = Some(who.to_owned());
        self.version += 1;
        Ok(())
    }

    /// The money stays unapplied, as a person decided.
    ///
    /// # Errors
    /// [`BankLineError`].
    pub fn resolve_unapplied(
        &mut self,
        found: Option<LineMatch>,
        who: &str,
        time: Timestamp,
    ) -> Result<(), BankLineError> {
        self.must_be_free()?;
        self.line_match = found;
        self.end(BankLineState::Resolved, who, time);
        Ok(())
    }

    /// Notes who said that the line is no money from a customer, while its receipt is being taken
    /// back.
    ///
    /// # Errors
    /// [`BankLineError`].
    pub fn start_not_a_receipt(&mut self, who: &str) -> Result<(), BankLineError> {
        self.must_be_free()?;
        self.resolved_by = Some(who.to_owned());
        self.version += 1;
        Ok(())
    }

    /// The line is no money from a customer, as a person decided; its receipt is reversed.
    ///
    /// # Errors
    /// [`BankLineError`].
    pub fn resolve_not_a_receipt(
        &mut self,
        who: &str,
        time: Timestamp,
    ) -> Result<(), BankLineError> {
        self.must_be_free()?;
        self.end(BankLineState::NotAReceipt, who, time);
        Ok(())
    }

    fn end(&mut self, state: BankLineState, who: &str, time: Timestamp) {
        self.state = state;
        self.suggestions.clear();
        self.resolved_by = Some(who.to_owned());
        self.resolved_time = Some(time);
        self.version += 1;
    }

    fn must_be_free(&self) -> Result<(), BankLineError> {
        if self.state != BankLineState::InReview {
            return Err(BankLineError::NotInReview);
        }
        if self.is_under_way() {
            return Err(BankLineError::Busy);
        }
        Ok(())
    }
}

impl LineMatch {
    /// What invoicing is asked to settle.
    #[must_use]
    pub fn target(&self) -> ApplicationTarget {
        ApplicationTarget::Named(self.invoices.clone())
    }
}

/// A suggestion of a customer alone leaves the money unapplied.
fn step(basis: MatchBasis, customer_id: CustomerId, invoices: Vec<NamedInvoice>) -> ResolutionStep {
    let only_customer = invoices.is_empty();
    let found = a_match(basis, customer_id, invoices);
    if only_customer {
        return ResolutionStep::Keep(Some(found));
    }
    ResolutionStep::Apply(found)
}

fn a_match(basis: MatchBasis, customer_id: CustomerId, invoices: Vec<NamedInvoice>) -> LineMatch {
    LineMatch {
        basis,
        customer_id,
        invoices,
        application_ids: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples::{
        NOW, applied, bank_line, customer_id, decision, invoice_id, receipt, stamped, suggestion,
    };

    const WHO: &str = "clerk@example.com";

    fn in_review() -> BankLine {
        let (mut line, _) = bank_line("40.00");
        let mut only_customer = suggestion(300);
        only_customer.invoices.clear();
        let offered = vec![suggestion(800), only_customer];
        stamped(|stamp| line.send_to_review(decision("REVIEW"), offered, stamp)).unwrap();
        line
    }

    #[test]
    fn a_suggestion_is_accepted_and_carried_out() {
        let mut line = in_review();
        let accepted = Resolution::Accept(line.suggestions[0].suggestion_id);
        let step = line.resolution_step(accepted.clone()).unwrap();
        let ResolutionStep::Apply(mut found) = step else {
            panic!("{step:?}");
        };
        assert_eq!(found.invoices[0].invoice_id, invoice_id(1));
        let mut money = receipt("40.00");
        let application = applied(&mut money, "40.00");
        found.application_ids.push(application.application_id);
        line.start_resolution(found, WHO).unwrap();
        assert_eq!(line.resolution_step(accepted), Err(BankLineError::Busy));
        stamped(|stamp| line.settle(&[application], stamp));
        assert_eq!(line.state, BankLineState::Resolved);
        assert_eq!(line.resolved_by.as_deref(), Some(WHO));
        assert_eq!(line.resolved_time, Some(NOW));
        assert_eq!(line.suggestions, []);
        assert_eq!(line.learnt_customer(), Some(customer_id(1)));
    }

    #[test]
    fn a_customer_alone_leaves_the_money_unapplied() {
        let mut line = in_review();
        let accepted = Resolution::Accept(line.suggestions[1].suggestion_id);
        let ResolutionStep::Keep(found) = line.resolution_step(accepted).unwrap() else {
            panic!("nothing to apply");
        };
        line.resolve_unapplied(found, WHO, NOW).unwrap();
        assert_eq!(line.state, BankLineState::Resolved);
        assert_eq!(line.line_match.unwrap().customer_id, customer_id(1));
    }

    #[test]
    fn nobody_knows_whose_money_it_is() {
        let mut line = in_review();
        let nobody = Resolution::KeepUnapplied { customer_id: None };
        assert_eq!(line.resolution_step(nobody), Ok(ResolutionStep::Keep(None)));
        line.resolve_unapplied(None, WHO, NOW).unwrap();
        assert_eq!(
            (line.state, line.learnt_customer()),
            (BankLineState::Resolved, None)
        );
    }

    #[test]
    fn a_line_that_is_no_receipt_is_over() {
        let mut line = in_review();
        let note = "settlement of an agency".to_owned();
        let said = Resolution::NotAReceipt { note: note.clone() };
        assert_eq!(
            line.resolution_step(said.clone()),
            Ok(ResolutionStep::Reverse(note))
        );
        line.start_not_a_receipt(WHO).unwrap();
        assert_eq!(line.state, BankLineState::InReview);
        line.resolve_not_a_receipt(WHO, NOW).unwrap();
        assert_eq!(line.state, BankLineState::NotAReceipt);
        assert_eq!(line.resolution_step(said), Err(BankLineError::NotInReview));
    }

    #[test]
    fn a_correction_is_a_persons() {
        let line = in_review();
        let corrected = Resolution::Correct {
            customer_id: customer_id(2),
            invoices: vec![NamedInvoice {
                invoice_id: invoice_id(9),
                amount: None,
            }],
        };
        let ResolutionStep::Apply(found) = line.resolution_step(corrected).unwrap() else {
            panic!("there is an invoice to settle");
        };
        assert_eq!(
            (found.basis, found.customer_id),
            (MatchBasis::Person, customer_id(2))
        );
        let unknown = Resolution::Accept(SuggestionId(uuid::Uuid::from_u128(1)));
        assert_eq!(
            line.resolution_step(unknown),
            Err(BankLineError::SuggestionNotFound)
        );
    }
}
