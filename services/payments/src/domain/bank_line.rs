//! Owns the bank line: from the file to the receipt it was booked as, to what became of it.
//!
//! ```text
//! WAITING ──► MATCHED ◄──────────┐ (unapplied again)
//!    └─────► IN_REVIEW ──► RESOLVED
//!                └───────► NOT_A_RECEIPT ◄── what went out
//! ```
//!
//! A match is stored with the line when its application is reserved, and stands once invoicing has
//! answered; until then the line is under way. Must not apply: [`super::receipt_application`] does.

use jiff::Timestamp;
use jiff::civil::Date;
use money::Money;
use serde::{Deserialize, Serialize};

use super::{
    ApplicationId, BankAccount, BankLineId, BankStatementImportId, Coded, CustomerId, Decision,
    InvoiceId, LineKey, Match, MatchBasis, NamedInvoice, NewReceipt, ReceiptApplication,
    ReceiptApplicationState, ReceiptId, ReceiptMethod, ReceiptOrigin, Remittance, Stamp,
    StatementLine, Suggestion, SuggestionId,
};

/// What became of a bank line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BankLineState {
    /// Booked as a receipt, and waiting to be matched.
    Waiting,
    /// Matched and applied without a person.
    Matched,
    /// A person decides.
    InReview,
    /// A person decided.
    Resolved,
    /// No money from a customer.
    NotAReceipt,
}

impl Coded for BankLineState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Waiting, "WAITING"),
        (Self::Matched, "MATCHED"),
        (Self::InReview, "IN_REVIEW"),
        (Self::Resolved, "RESOLVED"),
        (Self::NotAReceipt, "NOT_A_RECEIPT"),
    ];
}

/// A line of a bank statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankLine {
    /// Identity.
    pub bank_line_id: BankLineId,
    /// By what it is known again, for ever (P7).
    pub line_key: LineKey,
    /// The import that brought it first.
    pub bank_statement_import_id: BankStatementImportId,
    /// The account.
    pub bank_account_id: super::BankAccountId,
    /// Its line in the file, from 1 on.
    pub row_number: u32,
    /// The day on which the bank booked it.
    pub booking_date: Date,
    /// The day from which the bank counts the money.
    pub value_date: Date,
    /// What came in; negative for what went out.
    pub amount: Money,
    /// What the payer said about it.
    pub remittance: Remittance,
    /// The bank's own identity of it; empty where it has none.
    pub bank_reference: String,
    /// What became of it.
    pub state: BankLineState,
    /// The receipt it was booked as; `None` for what did not come in.
    pub receipt_id: Option<ReceiptId>,
    /// The match that was applied, or is being.
    pub line_match: Option<LineMatch>,
    /// Why it was matched as it was, or not; `None` while nobody has looked.
    pub decision: Option<Decision>,
    /// What a person may choose from, the likeliest first.
    pub suggestions: Vec<LineSuggestion>,
    /// Who decided it, or is deciding.
    pub resolved_by: Option<String>,
    /// When it was booked.
    pub created_time: Timestamp,
    /// When a person's decision was done.
    pub resolved_time: Option<Timestamp>,
    /// Rises by 1 with every change.
    pub version: i64,
}

/// A match of a line with what it pays for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineMatch {
    /// By what it was found.
    pub basis: MatchBasis,
    /// Whose money it is.
    pub customer_id: CustomerId,
    /// The invoices that invoicing is asked to settle; none where the money is left unapplied.
    pub invoices: Vec<NamedInvoice>,
    /// The applications that carry it out.
    pub application_ids: Vec<ApplicationId>,
}

/// A suggestion with the identity by which it is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSuggestion {
    /// Identity within the line.
    pub suggestion_id: SuggestionId,
    /// The suggestion.
    #[serde(flatten)]
    pub suggestion: Suggestion,
}

/// Why something cannot be done with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BankLineError {
    /// `BANK_LINE_NOT_IN_REVIEW`.
    #[error("the line is not in review")]
    NotInReview,
    /// `SUGGESTION_NOT_FOUND`.
    #[error("the line has no such suggestion")]
    SuggestionNotFound,
    /// `RECEIPT_BUSY`: a match of it is on its way.
    #[error("a match of the line is on its way; try again")]
    Busy,
}

impl BankLine {
    /// Books a line of a statement: what came in as a receipt too, all of it unapplied and of
    /// nobody yet; what went out, or is nothing, as no receipt.
    pub fn book(
        line: StatementLine,
        line_key: LineKey,
        import_id: BankStatementImportId,
        account: &BankAccount,
        stamp: &mut Stamp<'_>,
    ) -> (Self, Option<NewReceipt>) {
        let bank_line_id = BankLineId(stamp.id());
        let receipt = line.amount.is_positive().then(|| NewReceipt {
            receipt_id: Some(ReceiptId(stamp.id())),
            external_id: None,
            customer_id: None,
            method: ReceiptMethod::Transfer,
            amount: line.amount,
            receipt_date: line.value_date,
            remittance: line.remittance.clone(),
            origin: ReceiptOrigin::BankLine(bank_line_id),
            account: Some((account.bank_account_id, account.currency)),
        });
        let state = match receipt {
            Some(_) => BankLineState::Waiting,
            None => BankLineState::NotAReceipt,
        };
        let booked = Self {
            bank_line_id,
            line_key,
            bank_statement_import_id: import_id,
            bank_account_id: account.bank_account_id,
            row_number: line.row_number,
            booking_date: line.booking_date,
            value_date: line.value_date,
            amount: line.amount,
            remittance: line.remittance,
            bank_reference: line.bank_reference,
            state,
            receipt_id: receipt.as_ref().and_then(|receipt| receipt.receipt_id),
            line_match: None,
            decision: None,
            suggestions: Vec::new(),
            resolved_by: None,
            created_time: stamp.time,
            resolved_time: None,
            version: 1,
        };
        (booked, receipt)
    }

    /// Whether a match of it is being carried out.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        use BankLineState::{InReview, Waiting};
        matches!(self.state, Waiting | InReview) && self.line_match.is_some()
    }

    /// Stores the match that was found without a person, whose application is reserved.
    ///
    /// # Errors
    /// [`BankLineError::Busy`] unless the line is waiting and nothing is under way.
    pub fn start_match(
        &mut self,
        found: LineMatch,
        decision: Decision,
    ) -> Result<(), BankLineError> {
        self.must_wait()?;
        self.line_match = Some(found);
        self.decision = Some(decision);
        self.version += 1;
        Ok(())
    }

    /// Leaves the line to a person.
    ///
    /// # Errors
    /// [`BankLineError::Busy`] unless the line is waiting and nothing is under way.
    pub fn send_to_review(
        &mut self,
        decision: Decision,
        suggestions: Vec<Suggestion>,
        stamp: &mut Stamp<'_>,
    ) -> Result<(), BankLineError> {
        self.must_wait()?;
        self.state = BankLineState::InReview;
        self.decision = Some(decision);
        self.offer(suggestions, stamp);
        self.version += 1;
        Ok(())
    }

    /// Ends what is under way by what invoicing answered: at least one application is applied, and
    /// the match stands; or all were refused, and a person decides. What was refused is offered
    /// again, with the reason, where nothing else is. Does nothing while an application is still
    /// reserved, or when nothing is under way.
    pub fn settle(&mut self, applications: &[ReceiptApplication], stamp: &mut Stamp<'_>) {
        use ReceiptApplicationState::{Applied, Reserved};
        if !self.is_under_way() || applications.iter().any(|one| one.state == Reserved) {
            return;
        }
        self.version += 1;
        let by_person = self.state == BankLineState::InReview;
        if applications.iter().any(|one| one.state == Applied) {
            self.state = if by_person {
                BankLineState::Resolved
            } else {
                BankLineState::Matched
            };
            self.resolved_time = by_person.then_some(stamp.time);
            self.suggestions.clear();
            return;
        }
        self.state = BankLineState::InReview;
        self.resolved_by = None;
        let Some(refused) = self.line_match.take() else {
            return;
        };
        if self.suggestions.is_empty() {
            let mut refusals = applications.iter().filter_map(|one| one.refusal.as_ref());
            let reason = refusals
                .next()
                .map_or("", |refusal| refusal.reason.as_str());
            self.offer(vec![refused.as_suggestion(reason)], stamp);
        }
    }

    /// Brings a line back to review because the application that matched it was taken back.
    ///
    /// # Errors
    /// [`BankLineError::NotInReview`] when it is neither matched nor resolved.
    pub fn reopen(
        &mut self,
        suggestions: Vec<Suggestion>,
        stamp: &mut Stamp<'_>,
    ) -> Result<(), BankLineError> {
        if !matches!(self.state, BankLineState::Matched | BankLineState::Resolved) {
            return Err(BankLineError::NotInReview);
        }
        self.state = BankLineState::InReview;
        self.line_match = None;
        self.resolved_by = None;
        self.resolved_time = None;
        self.offer(suggestions, stamp);
        self.version += 1;
        Ok(())
    }

    /// The customer whose money came from the payer's account, where the match tells that: so the
    /// account is known the next time (CA-1, keys 3 to 5).
    #[must_use]
    pub fn learnt_customer(&self) -> Option<CustomerId> {
        let found = self.line_match.as_ref()?;
        let tells = match self.state {
            BankLineState::Matched => found.basis.teaches_the_account(),
            BankLineState::Resolved => true,
            _ => false,
        };
        tells.then_some(found.customer_id)
    }

    fn must_wait(&self) -> Result<(), BankLineError> {
        if self.state == BankLineState::Waiting && self.line_match.is_none() {
            return Ok(());
        }
        Err(BankLineError::Busy)
    }

    fn offer(&mut self, suggestions: Vec<Suggestion>, stamp: &mut Stamp<'_>) {
        let with_id = |suggestion| LineSuggestion {
            suggestion_id: SuggestionId(stamp.id()),
            suggestion,
        };
        self.suggestions = suggestions.into_iter().map(with_id).collect();
    }
}

impl LineMatch {
    /// A match that was found, carried out by an application.
    #[must_use]
    pub fn of(found: &Match, application_id: ApplicationId) -> Self {
        let named = |invoice_id: &InvoiceId| NamedInvoice {
            invoice_id: *invoice_id,
            amount: None,
        };
        Self {
            basis: found.basis,
            customer_id: found.customer_id,
            invoices: found.invoices.iter().map(named).collect(),
            application_ids: vec![application_id],
        }
    }

    /// What was refused, for a person to look at.
    fn as_suggestion(&self, reason: &str) -> Suggestion {
        Suggestion {
            basis: self.basis,
            customer_id: self.customer_id,
            invoices: self.invoices.iter().map(|named| named.invoice_id).collect(),
            score: 500,
            explanation: format!("matched, but invoicing refused it: {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        NOW, applied, bank_account, bank_line, customer_id, decision, eur, invoice_id, line_match,
        receipt, refusal, reserved, stamped, statement_line, suggestion,
    };
    use crate::domain::{ApplicationAnswer, BankStatementImportId};

    #[test]
    fn p_7_what_came_in_is_booked_as_one_receipt_and_what_went_out_as_none() {
        let (line, receipt) = bank_line("12.50");
        let receipt = receipt.unwrap();
        assert_eq!(line.state, BankLineState::Waiting);
        assert_eq!(line.receipt_id, receipt.receipt_id);
        assert_eq!(receipt.origin, ReceiptOrigin::BankLine(line.bank_line_id));
        assert_eq!(
            (receipt.amount, receipt.receipt_date),
            (eur("12.50"), line.value_date)
        );
        for amount in ["-12.50", "0.00"] {
            let (line, receipt) = bank_line(amount);
            assert_eq!((line.state, receipt), (BankLineState::NotAReceipt, None));
        }
    }

    #[test]
    fn a_match_stands_once_invoicing_has_applied_it() {
        let (mut line, _) = bank_line("40.00");
        let mut money = receipt("40.00");
        let mut application = reserved(&mut money, None);
        let found = line_match(&application);
        line.start_match(found, decision("AUTO_MATCH")).unwrap();
        assert!(line.is_under_way());
        stamped(|stamp| line.settle(std::slice::from_ref(&application), stamp));
        assert_eq!(line.state, BankLineState::Waiting, "not answered yet");
        let answer = ApplicationAnswer::Applied {
            allocations: vec![crate::domain::samples::allocation("40.00")],
            overpayment_tolerance_amount: eur("0"),
            rest_amount: eur("0"),
        };
        application.book(&mut money, answer, NOW).unwrap();
        stamped(|stamp| line.settle(&[application], stamp));
        assert_eq!(line.state, BankLineState::Matched);
        assert!(!line.is_under_way());
        assert_eq!(line.learnt_customer(), Some(customer_id(1)));
        assert_eq!((line.resolved_by, line.resolved_time), (None, None));
    }

    #[test]
    fn a_match_that_invoicing_refuses_goes_to_review_with_the_reason() {
        let (mut line, _) = bank_line("40.00");
        let mut money = receipt("40.00");
        let mut application = reserved(&mut money, None);
        line.start_match(line_match(&application), decision("AUTO_MATCH"))
            .unwrap();
        let refused = ApplicationAnswer::Refused(refusal("INVOICE_CLOSED"));
        application.book(&mut money, refused, NOW).unwrap();
        stamped(|stamp| line.settle(&[application], stamp));
        assert_eq!(
            (line.state, &line.line_match),
            (BankLineState::InReview, &None)
        );
        let offered = &line.suggestions[0].suggestion;
        assert_eq!(
            offered.explanation,
            "matched, but invoicing refused it: INVOICE_CLOSED"
        );
        assert_eq!(offered.invoices, [invoice_id(1)]);
        assert_eq!(line.learnt_customer(), None);
    }

    #[test]
    fn what_is_taken_back_comes_back_to_review() {
        let (mut line, _) = bank_line("40.00");
        let mut money = receipt("40.00");
        let application = applied(&mut money, "40.00");
        line.start_match(line_match(&application), decision("AUTO_MATCH"))
            .unwrap();
        stamped(|stamp| line.settle(&[application], stamp));
        let reopened = stamped(|stamp| line.reopen(vec![suggestion(400)], stamp));
        assert_eq!(reopened, Ok(()));
        assert_eq!(
            (line.state, line.suggestions.len()),
            (BankLineState::InReview, 1)
        );
        let again = stamped(|stamp| line.reopen(Vec::new(), stamp));
        assert_eq!(again, Err(BankLineError::NotInReview));
    }

    #[test]
    fn a_line_is_judged_once() {
        let (mut line, _) = bank_line("40.00");
        let judged = |line: &mut BankLine| {
            stamped(|stamp| line.send_to_review(decision("REVIEW"), vec![suggestion(1)], stamp))
        };
        assert_eq!(judged(&mut line), Ok(()));
        assert_eq!(judged(&mut line), Err(BankLineError::Busy));
        let (mut other, _) = bank_line("-1.00");
        assert_eq!(judged(&mut other), Err(BankLineError::Busy));
    }

    #[test]
    fn the_day_money_counts_from_is_the_banks_value_date() {
        let mut later = statement_line("1.00");
        later.value_date = later.booking_date.tomorrow().unwrap();
        let account = bank_account();
        let import = BankStatementImportId(uuid::Uuid::from_u128(1));
        let (line, receipt) =
            stamped(|stamp| BankLine::book(later, LineKey([0; 32]), import, &account, stamp));
        assert_eq!(receipt.unwrap().receipt_date, line.value_date);
    }

    #[test]
    fn codes() {
        assert_complete::<BankLineState>(5);
    }
}
