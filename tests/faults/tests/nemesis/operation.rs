//! What is asked of the services, and the rows by which it is found afterwards.

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
use contracts::reminders::CreatePromiseRequest;
use contracts::reminders::promise_service_client::PromiseServiceClient;
use faults::shop::Shop;
use prost::Message;
use tonic::{Request, Status};

use std::time::Duration;

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
    Promise(CreatePromiseRequest),
    Read(GetInvoiceRequest),
}

/// An answer with OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// As it was encoded: the same for every repeat (P3).
    pub encoded: Vec<u8>,
    /// What must be there from now on, in the rows of [`Operation::evidence`].
    pub there: Vec<String>,
}

/// Where what was acknowledged is found.
#[derive(Debug, Clone, Copy)]
pub struct Evidence {
    /// In whose database.
    pub service: &'static str,
    /// The identities there.
    pub sql: &'static str,
    /// Whether nothing else may be there: each row was acknowledged to somebody.
    pub complete: bool,
}

/// Every kind of operation that leaves something behind.
pub const EVIDENCE: [(&str, Evidence); 12] = [
    (
        "customer",
        rows("credit", "SELECT customer_id::text FROM customer"),
    ),
    (
        "check",
        rows("credit", "SELECT reservation_id::text FROM reservation"),
    ),
    (
        "release",
        rows(
            "credit",
            "SELECT reservation_id::text FROM reservation WHERE state = 'RELEASED'",
        ),
    ),
    (
        "issue",
        rows("invoicing", "SELECT invoice_id::text FROM invoice"),
    ),
    (
        "credit",
        rows("invoicing", "SELECT credit_note_id::text FROM credit_note"),
    ),
    (
        "dispute",
        rows("invoicing", "SELECT dispute_id::text FROM dispute"),
    ),
    // Others end with the invoice, when it is paid or credited.
    (
        "resolve",
        among(
            "invoicing",
            "SELECT dispute_id::text FROM dispute WHERE resolution IS NOT NULL",
        ),
    ),
    (
        "record",
        rows("payments", "SELECT receipt_id::text FROM receipt"),
    ),
    (
        "apply",
        rows(
            "payments",
            "SELECT application_id::text FROM receipt_application WHERE state <> 'REFUSED'",
        ),
    ),
    // Others are taken back with their receipt.
    (
        "unapply",
        among(
            "payments",
            "SELECT application_id::text FROM receipt_application WHERE state = 'REVERSED'",
        ),
    ),
    (
        "reverse",
        rows(
            "payments",
            "SELECT receipt_id::text FROM receipt_entry WHERE kind = 'RETURNED'",
        ),
    ),
    (
        "promise",
        rows("reminders", "SELECT promise_id::text FROM promise"),
    ),
];

const fn rows(service: &'static str, sql: &'static str) -> Evidence {
    Evidence {
        service,
        sql,
        complete: true,
    }
}

const fn among(service: &'static str, sql: &'static str) -> Evidence {
    Evidence {
        service,
        sql,
        complete: false,
    }
}

impl Operation {
    /// The kind, as in [`EVIDENCE`].
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
            Self::Promise(_) => "promise",
            Self::Read(_) => "read",
        }
    }

    /// Sends it once. The server hears of `deadline`.
    ///
    /// # Errors
    /// The status of the call.
    pub async fn send(&self, shop: &Shop, deadline: Duration) -> Result<Answer, Status> {
        match self.clone() {
            Self::Customer(request) => {
                let mut customers = CustomerServiceClient::new(shop.credit.clone());
                let answer = customers.create_customer(by(deadline, request)).await?;
                let there = |answer: &_| identity(answer, |one: &contracts::credit::CreateCustomerResponse| {
                    Some(one.customer.as_ref()?.customer_id.clone())
                });
                Ok(told(answer.into_inner(), there))
            }
            _ => unreachable!(),
        }
    }
}
