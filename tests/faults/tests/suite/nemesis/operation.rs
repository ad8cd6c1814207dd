//! What is asked of the services.

use std::time::Duration;

use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::{
    ActivatePlacementRequest, ApprovePlacementRequest, PlacementState, ProposePlacementRequest,
    RecallPlacementRequest,
};
use contracts::credit::credit_check_service_client::CreditCheckServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::{CheckCreditRequest, CreateCustomerRequest, ReleaseReservationRequest};
use contracts::invoicing::credit_note_service_client::CreditNoteServiceClient;
use contracts::invoicing::dispute_service_client::DisputeServiceClient;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::{
    GetInvoiceRequest, IssueCreditNoteRequest, IssueInvoiceRequest, OpenDisputeRequest,
    ResolveDisputeRequest,
};
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    ApplyReceiptRequest, ReceiptApplicationState, RecordReceiptRequest, ReverseReceiptRequest,
    UnapplyReceiptRequest,
};
use contracts::reminders::case_service_client::CaseServiceClient;
use contracts::reminders::promise_service_client::PromiseServiceClient;
use contracts::reminders::{CreatePromiseRequest, GetCaseRequest};
use faults::shop::Shop;
use prost::Message as _;
use tonic::{Request, Status};

/// One request; its repeats are the same.
#[derive(Debug, Clone)]
pub enum Operation {
    Customer(CreateCustomerRequest),
    Check(CheckCreditRequest),
    Release(ReleaseReservationRequest),
    Issue(IssueInvoiceRequest),
    Credit(IssueCreditNoteRequest),
    Dispute(OpenDisputeRequest),
    Resolve(ResolveDisputeRequest),
    Record(RecordReceiptRequest),
    Apply(ApplyReceiptRequest),
    Unapply(UnapplyReceiptRequest),
    Reverse(ReverseReceiptRequest),
    Case(GetCaseRequest),
    Promise(CreatePromiseRequest),
    Propose(ProposePlacementRequest),
    Approve(ApprovePlacementRequest),
    Activate(ActivatePlacementRequest),
    Recall(RecallPlacementRequest),
    Read(GetInvoiceRequest),
    /// The invoice of another tenant, which there is none of for this one (P28).
    Foreign(GetInvoiceRequest),
}

/// An answer with OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As it was encoded: the same for every repeat (P3).
    pub encoded: Vec<u8>,
    /// What must be there from now on, in the rows of `evidence`.
    pub there: Vec<String>,
}

/// One call, and what its answer says is there.
macro_rules! call {
    ($client:ident, $calls:ident.$method:ident($request:ident), $deadline:ident,
     $noun:ident.$id:ident $(, if $is_there:expr)?) => {{
        let mut client = $client::new($calls.clone());
        let mut request = Request::new($request.clone());
        request.set_timeout($deadline);
        let answer = client.$method(request).await?.into_inner();
        let there = answer.$noun.iter()$(.filter($is_there))?;
        Ok(Answer {
            there: there.map(|one| one.$id.clone()).collect(),
            encoded: answer.encode_to_vec(),
        })
    }};
}

impl Operation {
    /// The kind.
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Customer(_) => "customer",
            Self::Check(_) => "check",
            Self::Release(_) => "release",
            Self::Issue(_) => "issue",
            Self::Credit(_) => "credit",
            Self::Dispute(_) => "dispute",
            Self::Resolve(_) => "resolve",
            Self::Record(_) => "record",
            Self::Apply(_) => "apply",
            Self::Unapply(_) => "unapply",
            Self::Reverse(_) => "reverse",
            Self::Case(_) => "case",
            Self::Promise(_) => "promise",
            Self::Propose(_) => "propose",
            Self::Approve(_) => "approve",
            Self::Activate(_) => "activate",
            Self::Recall(_) => "recall",
            Self::Read(_) => "read",
            Self::Foreign(_) => "foreign",
        }
    }

    /// Whether it changes nothing, so that its answer may be another one each time.
    pub const fn is_read(&self) -> bool {
        matches!(self, Self::Case(_) | Self::Read(_) | Self::Foreign(_))
    }

    /// Sends it once. The server hears of `deadline`.
    ///
    /// # Errors
    /// The status of the call.
    #[rustfmt::skip]
    pub async fn send(&self, shop: &Shop, deadline: Duration) -> Result<Answer, Status> {
        let Shop { credit, invoicing, payments, reminders, agency } = shop;
        match self {
            Self::Customer(request) => call!(CustomerServiceClient, credit.create_customer(request), deadline,
                customer.customer_id),
            Self::Check(request) => call!(CreditCheckServiceClient, credit.check_credit(request), deadline,
                reservation.reservation_id),
            Self::Release(request) => call!(CreditCheckServiceClient, credit.release_reservation(request), deadline,
                reservation.reservation_id),
            Self::Issue(request) => call!(InvoiceServiceClient, invoicing.issue_invoice(request), deadline,
                invoice.invoice_id),
            Self::Credit(request) => call!(CreditNoteServiceClient, invoicing.issue_credit_note(request), deadline,
                credit_note.credit_note_id),
            Self::Dispute(request) => call!(DisputeServiceClient, invoicing.open_dispute(request), deadline,
                dispute.dispute_id),
            Self::Resolve(request) => call!(DisputeServiceClient, invoicing.resolve_dispute(request), deadline,
                dispute.dispute_id),
            Self::Record(request) => call!(ReceiptServiceClient, payments.record_receipt(request), deadline,
                receipt.receipt_id),
            Self::Apply(request) => call!(ReceiptApplicationServiceClient, payments.apply_receipt(request), deadline,
                applications.application_id, if |one| one.state() != ReceiptApplicationState::Refused),
            Self::Unapply(request) => call!(ReceiptApplicationServiceClient, payments.unapply_receipt(request), deadline,
                application.application_id),
            Self::Reverse(request) => call!(ReceiptServiceClient, payments.reverse_receipt(request), deadline,
                receipt.receipt_id),
            Self::Case(request) => call!(CaseServiceClient, reminders.get_case(request), deadline,
                case.case_id),
            Self::Promise(request) => call!(PromiseServiceClient, reminders.create_promise(request), deadline,
                promise.promise_id),
            Self::Propose(request) => call!(PlacementServiceClient, agency.propose_placement(request), deadline,
                placement.placement_id),
            Self::Approve(request) => call!(PlacementServiceClient, agency.approve_placement(request), deadline,
                placement.placement_id),
            Self::Activate(request) => call!(PlacementServiceClient, agency.activate_placement(request), deadline,
                placement.placement_id, if |one| one.state() == PlacementState::Active),
            Self::Recall(request) => call!(PlacementServiceClient, agency.recall_placement(request), deadline,
                placement.placement_id),
            Self::Read(request) | Self::Foreign(request) => call!(InvoiceServiceClient, invoicing.get_invoice(request), deadline,
                invoice.invoice_id),
        }
    }
}
