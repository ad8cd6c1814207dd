//! Money is conserved (P1): asked, through their APIs, of the two services that keep it. Once all is
//! quiet both tell the same of every application, and every receipt and invoice adds up.

use std::collections::BTreeMap;

use contracts::common::Money;
use contracts::convert::money_from_wire;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::{
    Allocation, Application, ApplicationState, Invoice, InvoiceState, ListApplicationsRequest,
    ListInvoicesRequest,
};
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    ListReceiptApplicationsRequest, ListReceiptsRequest, Receipt, ReceiptApplication,
    ReceiptApplicationState,
};

use crate::world::Calls;

/// What a page holds at most; a story has less.
const PAGE: i32 = 500;

/// What a service tells of an application: whether it counts, what was allocated, kept as overpayment
/// and left over, and where it went.
type Told = (bool, [Option<Money>; 3], Vec<Allocation>);

/// Fails the story where a tenant's books do not add up.
pub async fn add_up(calls: Calls) {
    let (ours, theirs) = (
        of_payments(calls.clone()).await,
        of_invoicing(calls.clone()).await,
    );
    assert_eq!(
        told_by_payments(&ours),
        told_by_invoicing(&theirs),
        "both sides tell the same of every application"
    );
    for receipt in receipts(calls.clone()).await {
        receipt_adds_up(&receipt, &ours);
    }
    for invoice in invoices(calls).await {
        invoice_adds_up(&invoice, &theirs);
    }
}

/// What came in is the sum of where it is, and what lowers invoices is what its applications say.
fn receipt_adds_up(receipt: &Receipt, applications: &[ReceiptApplication]) {
    let parts = [
        &receipt.allocated_amount,
        &receipt.reserved_amount,
        &receipt.overpayment_tolerance_amount,
        &receipt.refunded_amount,
        &receipt.returned_amount,
        &receipt.unapplied_amount,
    ];
    let sum: i128 = parts.into_iter().map(minor).sum();
    assert_eq!(sum, minor(&receipt.amount), "{receipt:?}");
    let counts = |one: &&ReceiptApplication| {
        one.receipt_id == receipt.receipt_id && one.state() == ReceiptApplicationState::Applied
    };
    let applied = applications.iter().filter(counts);
    let applied: i128 = applied.map(|one| minor(&one.allocated_amount)).sum();
    assert_eq!(applied, minor(&receipt.allocated_amount), "{receipt:?}");
}

/// What was owed is what is open and what was settled: by money, discount and tolerance.
fn invoice_adds_up(invoice: &Invoice, applications: &[Application]) {
    let original = invoice.open_items.iter().map(|one| &one.original_amount);
    let owed: i128 = original.map(minor).sum();
    let settled: i128 = applications
        .iter()
        .filter(|one| one.state() == ApplicationState::Applied)
        .flat_map(|one| &one.allocations)
        .filter(|one| one.invoice_id == invoice.invoice_id)
        .flat_map(|one| [&one.amount, &one.discount_amount, &one.tolerance_amount])
        .map(minor)
        .sum();
    assert_eq!(owed, minor(&invoice.open_amount) + settled, "{invoice:?}");
}

fn told_by_payments(applications: &[ReceiptApplication]) -> BTreeMap<&str, Told> {
    // What invoicing refused it has no application of.
    let answered = applications
        .iter()
        .filter(|one| one.state() != ReceiptApplicationState::Refused);
    let told = answered.map(|one| {
        let amounts = [
            one.allocated_amount.clone(),
            one.overpayment_tolerance_amount.clone(),
            one.rest_amount.clone(),
        ];
        let counts = one.state() == ReceiptApplicationState::Applied;
        let told = (counts, amounts, one.allocations.clone());
        (one.application_id.as_str(), told)
    });
    told.collect()
}

fn told_by_invoicing(applications: &[Application]) -> BTreeMap<&str, Told> {
    let told = applications.iter().map(|one| {
        let amounts = [
            one.allocated_amount.clone(),
            one.overpayment_tolerance_amount.clone(),
            one.rest_amount.clone(),
        ];
        let counts = one.state() == ApplicationState::Applied;
        let told = (counts, amounts, one.allocations.clone());
        (one.application_id.as_str(), told)
    });
    told.collect()
}

/// The tenant's applications, as payments has them.
pub async fn of_payments(calls: Calls) -> Vec<ReceiptApplication> {
    let request = ListReceiptApplicationsRequest {
        page_size: PAGE,
        ..ListReceiptApplicationsRequest::default()
    };
    let mut client = ReceiptApplicationServiceClient::new(calls);
    let page = client.list_receipt_applications(request).await;
    let page = page.unwrap().into_inner();
    assert_eq!(page.next_page_token, "");
    page.applications
}

/// The tenant's applications, as invoicing has them.
pub async fn of_invoicing(calls: Calls) -> Vec<Application> {
    let request = ListApplicationsRequest {
        page_size: PAGE,
        ..ListApplicationsRequest::default()
    };
    let mut client = ApplicationServiceClient::new(calls);
    let page = client.list_applications(request).await.unwrap();
    let page = page.into_inner();
    assert_eq!(page.next_page_token, "");
    page.applications
}

/// The tenant's receipts.
pub async fn receipts(calls: Calls) -> Vec<Receipt> {
    let request = ListReceiptsRequest {
        page_size: PAGE,
        ..ListReceiptsRequest::default()
    };
    let mut client = ReceiptServiceClient::new(calls);
    let page = client.list_receipts(request).await.unwrap().into_inner();
    assert_eq!(page.next_page_token, "");
    page.receipts
}

/// What was issued and stands.
async fn invoices(calls: Calls) -> Vec<Invoice> {
    let request = ListInvoicesRequest {
        page_size: PAGE,
        states: vec![InvoiceState::Issued.into(), InvoiceState::Closed.into()],
        ..ListInvoicesRequest::default()
    };
    let mut client = InvoiceServiceClient::new(calls);
    let page = client.list_invoices(request).await.unwrap().into_inner();
    assert_eq!(page.next_page_token, "");
    page.invoices
}

/// In the smallest unit of its currency.
fn minor(amount: &Option<Money>) -> i128 {
    money_from_wire(amount.as_ref().unwrap())
        .unwrap()
        .to_minor()
}
