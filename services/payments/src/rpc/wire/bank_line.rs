//! Lines of bank statements, and what a person decides about them.

use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use contracts::payments as wire;
use contracts::payments::resolve_bank_line_request::Resolution as WireResolution;
use runtime::{Refusal, Violations};

use super::bank_statement::count;
use super::decision::decision_to_wire;
use super::field;
use super::named_invoices::named_from_wire;
use super::receipt::remittance_to_wire;
use super::receipt_application::named_to_wire;
use crate::domain::{
    BankAccountId, BankLine, BankLineId, BankLineState, BankStatementImportId, CustomerId,
    InvoiceId, LineMatch, LineSuggestion, MatchBasis, NamedInvoice, Resolution, SuggestionId,
};
use crate::store::bank_line::Filter;

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListBankLinesRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let import = request.bank_statement_import_id.as_deref();
    let import = import.and_then(|id| field::id(&mut violations, "bank_statement_import_id", id));
    let account = request.bank_account_id.as_deref();
    let account = account.and_then(|id| field::id(&mut violations, "bank_account_id", id));
    let state = match request.state {
        Some(_) => violations.required("state", state_from_wire(request.state())),
        None => None,
    };
    let from = request.from_booking_date.as_ref();
    let from = field::optional_date(&mut violations, "from_booking_date", from);
    let to = request.to_booking_date.as_ref();
    let to = field::optional_date(&mut violations, "to_booking_date", to);
    violations.finish()?;
    Ok(Filter {
        bank_statement_import_id: import.map(BankStatementImportId),
        bank_account_id: account.map(BankAccountId),
        state,
        from_booking_date: from.flatten(),
        to_booking_date: to.flatten(),
    })
}

/// What a person decides.
#[derive(Debug, Clone)]
pub struct LineDecision {
    /// About this line.
    pub bank_line_id: BankLineId,
    /// What.
    pub resolution: Resolution,
}

/// What a person decides.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn line_decision(request: &wire::ResolveBankLineRequest) -> Result<LineDecision, Refusal> {
    let mut violations = Violations::new();
    let line = field::id(&mut violations, "bank_line_id", &request.bank_line_id);
    violations.check(!request.etag.is_empty(), "etag", "is required");
    let resolution = match &request.resolution {
        None => {
            let text = "is required, or correction, keep_unapplied or not_a_receipt";
            violations.add("accepted_suggestion_id", text);
            None
        }
        Some(resolution) => resolution_from_wire(&mut violations, resolution),
    };
    let (line, resolution) = violations.complete((line, resolution))?;
    Ok(LineDecision {
        bank_line_id: BankLineId(line),
        resolution,
    })
}

fn resolution_from_wire(
    violations: &mut Violations,
    resolution: &WireResolution,
) -> Option<Resolution> {
    match resolution {
        WireResolution::AcceptedSuggestionId(id) => {
            let id = field::id(violations, "accepted_suggestion_id", id)?;
            Some(Resolution::Accept(SuggestionId(id)))
        }
        WireResolution::Correction(correction) => violations.within("correction", |violations| {
            let customer = field::id(violations, "customer_id", &correction.customer_id);
            let invoices = named_from_wire(violations, "invoices", &correction.invoices);
            Some(Resolution::Correct {
                customer_id: CustomerId(customer?),
                invoices: invoices?,
            })
        }),
        WireResolution::KeepUnapplied(kept) if kept.customer_id.is_empty() => {
            Some(Resolution::KeepUnapplied { customer_id: None })
        }
        WireResolution::KeepUnapplied(kept) => {
            let path = "keep_unapplied.customer_id";
            let customer_id = CustomerId(field::id(violations, path, &kept.customer_id)?);
            Some(Resolution::KeepUnapplied {
                customer_id: Some(customer_id),
            })
        }
        WireResolution::NotAReceipt(said) => {
            let note = field::text(violations, "not_a_receipt.note", &said.note, 500)?;
            Some(Resolution::NotAReceipt { note })
        }
    }
}

const fn state_from_wire(state: wire::BankLineState) -> Option<BankLineState> {
    match state {
        wire::BankLineState::Unspecified => None,
        wire::BankLineState::Waiting => Some(BankLineState::Waiting),
        wire::BankLineState::Matched => Some(BankLineState::Matched),
        wire::BankLineState::InReview => Some(BankLineState::InReview),
        wire::BankLineState::Resolved => Some(BankLineState::Resolved),
        wire::BankLineState::NotAReceipt => Some(BankLineState::NotAReceipt),
    }
}

const fn state_to_wire(state: BankLineState) -> wire::BankLineState {
    match state {
        BankLineState::Waiting => wire::BankLineState::Waiting,
        BankLineState::Matched => wire::BankLineState::Matched,
        BankLineState::InReview => wire::BankLineState::InReview,
        BankLineState::Resolved => wire::BankLineState::Resolved,
        BankLineState::NotAReceipt => wire::BankLineState::NotAReceipt,
    }
}

const fn basis_to_wire(basis: MatchBasis) -> wire::MatchBasis {
    match basis {
        MatchBasis::PaymentReference => wire::MatchBasis::PaymentReference,
        MatchBasis::InvoiceNumbers => wire::MatchBasis::InvoiceNumbers,
        MatchBasis::ExactAmount => wire::MatchBasis::ExactAmount,
        MatchBasis::ExactSum => wire::MatchBasis::ExactSum,
        MatchBasis::OldestFirst => wire::MatchBasis::OldestFirst,
        MatchBasis::SimilarReference => wire::MatchBasis::SimilarReference,
        MatchBasis::SimilarPayer => wire::MatchBasis::SimilarPayer,
        MatchBasis::Person => wire::MatchBasis::Person,
    }
}

/// A line as it is now. A match that is still under way is not told: it may come to nothing.
#[must_use]
pub fn line_to_wire(line: &BankLine) -> wire::BankLine {
    let stands = !line.is_under_way();
    let in_review = line.state == BankLineState::InReview;
    let suggestions = line.suggestions.iter().filter(|_| in_review);
    let decision = line.decision.as_ref();
    let decision = decision.filter(|_| line.state != BankLineState::Waiting);
    wire::BankLine {
        bank_line_id: line.bank_line_id.0.to_string(),
        bank_statement_import_id: line.bank_statement_import_id.0.to_string(),
        bank_account_id: line.bank_account_id.0.to_string(),
        row_number: count(line.row_number),
        booking_date: Some(date_to_wire(line.booking_date)),
        value_date: Some(date_to_wire(line.value_date)),
        amount: Some(money_to_wire(line.amount)),
        remittance: remittance_to_wire(&line.remittance),
        bank_reference: line.bank_reference.clone(),
        state: state_to_wire(line.state).into(),
        receipt_id: line
            .receipt_id
            .map_or_else(String::new, |id| id.0.to_string()),
        line_match: line
            .line_match
            .as_ref()
            .filter(|_| stands)
            .map(match_to_wire),
        decision: decision.map(decision_to_wire),
        suggestions: suggestions.map(suggestion_to_wire).collect(),
        resolved_by: line
            .resolved_by
            .clone()
            .filter(|_| is_decided(line.state))
            .unwrap_or_default(),
        created_time: Some(instant_to_wire(line.created_time)),
        resolved_time: line.resolved_time.map(instant_to_wire),
        etag: field::etag(line.version),
    }
}

/// Whether a person has decided; while one is deciding, nobody has.
const fn is_decided(state: BankLineState) -> bool {
    matches!(state, BankLineState::Resolved | BankLineState::NotAReceipt)
}

fn match_to_wire(found: &LineMatch) -> wire::LineMatch {
    let applications = found.application_ids.iter();
    wire::LineMatch {
        basis: basis_to_wire(found.basis).into(),
        customer_id: found.customer_id.0.to_string(),
        invoices: named_to_wire(&found.invoices).invoices,
        application_ids: applications.map(|id| id.0.to_string()).collect(),
    }
}

fn suggestion_to_wire(offered: &LineSuggestion) -> wire::MatchSuggestion {
    let suggestion = &offered.suggestion;
    let named = |invoice_id: &InvoiceId| NamedInvoice {
        invoice_id: *invoice_id,
        amount: None,
    };
    let invoices: Vec<NamedInvoice> = suggestion.invoices.iter().map(named).collect();
    wire::MatchSuggestion {
        suggestion_id: offered.suggestion_id.0.to_string(),
        basis: basis_to_wire(suggestion.basis).into(),
        customer_id: suggestion.customer_id.0.to_string(),
        invoices: named_to_wire(&invoices).invoices,
        explanation: suggestion.explanation.clone(),
    }
}
