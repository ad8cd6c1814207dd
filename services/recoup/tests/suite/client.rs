//! The client commands, as people type them, against `recoup up` in a sandbox.

use std::path::Path;

use contracts::common::{DateStep, Decimal, InstalmentRule, Money, PaymentTerms, date_step};
use contracts::convert::date_to_wire;
use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    Contact, ContactRole, CreateCustomerRequest, CreateTenantProfileRequest, CreditLimit,
    CustomerDetails, CustomerKind, PostalAddress, PublishCreditPolicyRequest, SegmentPolicy,
    Sender, TenantProfile,
};
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{
    InvoiceContent, InvoiceLine, IssueInvoiceRequest, NamedInvoice, NamedInvoices, NewInvoice,
};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{ApplyReceiptRequest, ReceiptMethod, RecordReceiptRequest};
use contracts::sandbox::AdvanceRequest;
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use jiff::civil::date;
use recoup::client::connection::{Calls, authorized};
use serde_json::Value;
use stores::ScratchDir;

use crate::child::{Up, recoup};

/// Where the clock of the sandbox stands.
const START: &str = "2026-03-02T08:00:00Z";

/// What a command came to.
struct Came {
    success: bool,
    out: String,
    err: String,
}

/// A tenant with two customers, three invoices and a payment, and the folder of its keys.
struct Desk {
    up: Up,
    folder: ScratchDir,
}

impl Desk {
    async fn open() -> Self {
        let folder = ScratchDir::create().unwrap();
        let up = Up::start_with(folder.path(), &["--sandbox", "--start", START]);
        let calls = authorized(up.channel().await, &up.token, None).unwrap();
        tenant(&calls).await;
        let (ada, bob) = (customer(&calls, "C-1").await, customer(&calls, "C-2").await);
        let paid = bill(&calls, &ada, "A-1", "100.00").await;
        bill(&calls, &ada, "A-2", "250.00").await;
        bill(&calls, &bob, "B-1", "75.50").await;
        pay(&calls, &ada, &paid, "100.00").await;
        settle(&calls).await;
        Self { up, folder }
    }

    fn ask(&self, arguments: &[&str]) -> Came {
        ask(self.folder.path(), &self.up.address, arguments)
    }

    /// What a command shows, which must succeed.
    fn shown(&self, arguments: &[&str]) -> String {
        let came = self.ask(arguments);
        assert!(came.success, "{arguments:?}: {}", came.err);
        came.out
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let shown = self.shown(&[arguments, &["--output", "json"]].concat());
        serde_json::from_str(&shown).unwrap()
    }

    /// What a command is refused with, which must fail.
    fn refused(&self, arguments: &[&str]) -> String {
        let came = self.ask(arguments);
        assert!(!came.success && came.out.is_empty(), "{}", came.out);
        came.err
    }
}

fn ask(data_dir: &Path, address: &str, arguments: &[&str]) -> Came {
    let mut command = recoup(data_dir);
    command.args(arguments).env("RECOUP_ADDRESS", address);
    let output = command.output().unwrap();
    Came {
        success: output.status.success(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn eur(amount: &str) -> Option<Money> {
    Some(Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    })
}

fn decimal(value: &str) -> Option<Decimal> {
    let value = value.to_owned();
    Some(Decimal { value })
}

async fn tenant(calls: &Calls) {
    let address = PostalAddress {
        lines: vec!["Musterstraße 1".to_owned()],
        city: "Berlin".to_owned(),
        country_code: "DE".to_owned(),
        ..PostalAddress::default()
    };
    let profile = TenantProfile {
        legal_name: "Muster Handel GmbH".to_owned(),
        address: Some(address),
        time_zone: "Europe/Berlin".to_owned(),
        home_currency_code: "EUR".to_owned(),
        calendar_code: "DE".to_owned(),
        language: "de".to_owned(),
        sender: Some(Sender {
            display_name: "Muster Handel".to_owned(),
            email: "billing@example.com".to_owned(),
            ..Sender::default()
        }),
        ..TenantProfile::default()
    };
    let request = CreateTenantProfileRequest {
        request_id: "tenant".to_owned(),
        tenant_profile: Some(profile),
    };
    let mut profiles = TenantProfileServiceClient::new(calls.clone());
    profiles.create_tenant_profile(request).await.unwrap();
    let net_30 = InstalmentRule {
        share: None,
        date_steps: vec![DateStep {
            step: Some(date_step::Step::AddDays(30)),
        }],
    };
    let terms = SegmentPolicy {
        payment_terms: Some(PaymentTerms {
            terms_code: "net30".to_owned(),
            instalments: vec![net_30],
            ..PaymentTerms::default()
        }),
        credit_limit: Some(CreditLimit {
            limit: Some(Limit::NoLimit(true)),
        }),
        reservation_lifetime: Some(prost_types::Duration {
            seconds: 86_400,
            nanos: 0,
        }),
        ..SegmentPolicy::default()
    };
    let request = PublishCreditPolicyRequest {
        request_id: "policy".to_owned(),
        policy_code: "standard".to_owned(),
        segments: vec![terms],
        ..PublishCreditPolicyRequest::default()
    };
    let mut policies = CreditPolicyServiceClient::new(calls.clone());
    policies.publish_credit_policy(request).await.unwrap();
}

async fn customer(calls: &Calls, external_id: &str) -> String {
    let contact = Contact {
        display_name: "Ada Beispiel".to_owned(),
        role: ContactRole::AccountsPayable.into(),
        email: "ada@kunde.example".to_owned(),
        ..Contact::default()
    };
    let details = CustomerDetails {
        display_name: format!("Kunde {external_id}"),
        kind: CustomerKind::Business.into(),
        country_code: "DE".to_owned(),
        language: "de".to_owned(),
        contacts: vec![contact],
        ..CustomerDetails::default()
    };
    let request = CreateCustomerRequest {
        request_id: external_id.to_owned(),
        external_id: external_id.to_owned(),
        details: Some(details),
        ..CreateCustomerRequest::default()
    };
    let mut customers = CustomerServiceClient::new(calls.clone());
    let answer = customers.create_customer(request).await.unwrap();
    answer.into_inner().customer.unwrap().customer_id
}

/// Issues an invoice of 1 January 2026, due on the 31st; answers its identity.
async fn bill(calls: &Calls, customer_id: &str, external_id: &str, amount: &str) -> String {
    let line = InvoiceLine {
        description: "Ware".to_owned(),
        quantity: decimal("1"),
        unit_price: decimal(amount),
        tax_category: "Z".to_owned(),
        tax_ratio: decimal("0"),
        ..InvoiceLine::default()
    };
    let content = InvoiceContent {
        customer: Some(Customer::CustomerId(customer_id.to_owned())),
        currency_code: "EUR".to_owned(),
        invoice_date: Some(date_to_wire(date(2026, 1, 1))),
        due: Some(Due::DueDate(date_to_wire(date(2026, 1, 31)))),
        lines: vec![line],
        ..InvoiceContent::default()
    };
    let new_invoice = NewInvoice {
        external_id: external_id.to_owned(),
        content: Some(content),
        ..NewInvoice::default()
    };
    let request = IssueInvoiceRequest {
        request_id: external_id.to_owned(),
        subject: Some(Subject::NewInvoice(new_invoice)),
        etag: String::new(),
    };
    let mut invoices = InvoiceServiceClient::new(calls.clone());
    let answer = invoices.issue_invoice(request).await.unwrap();
    answer.into_inner().invoice.unwrap().invoice_id
}

async fn pay(calls: &Calls, customer_id: &str, invoice_id: &str, amount: &str) {
    let request = RecordReceiptRequest {
        request_id: "money".to_owned(),
        external_id: "BANK-1".to_owned(),
        customer_id: customer_id.to_owned(),
        method: ReceiptMethod::Transfer.into(),
        amount: eur(amount),
        receipt_date: Some(date_to_wire(date(2026, 1, 20))),
        ..RecordReceiptRequest::default()
    };
    let mut receipts = ReceiptServiceClient::new(calls.clone());
    let answer = receipts.record_receipt(request).await.unwrap();
    let named = NamedInvoice {
        invoice_id: invoice_id.to_owned(),
        amount: None,
    };
    let request = ApplyReceiptRequest {
        request_id: "applied".to_owned(),
        receipt_id: answer.into_inner().receipt.unwrap().receipt_id,
        target: Some(Target::NamedInvoices(NamedInvoices {
            invoices: vec![named],
        })),
        ..ApplyReceiptRequest::default()
    };
    let mut applications = ReceiptApplicationServiceClient::new(calls.clone());
    applications.apply_receipt(request).await.unwrap();
}

/// Waits until every service has heard of everything.
async fn settle(calls: &Calls) {
    let request = AdvanceRequest {
        request_id: "settle".to_owned(),
        reach: Some(Reach::Duration(prost_types::Duration::default())),
    };
    let mut clock = ClockServiceClient::new(calls.clone());
    let mut steps = clock.advance(request).await.unwrap().into_inner();
    while steps.message().await.unwrap().is_some() {}
}

/// The values of a field in a list of JSON.
fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let entries = list.as_array().unwrap().iter();
    entries.filter_map(|entry| entry[field].as_str()).collect()
}

#[tokio::test]
async fn people_ask_for_what_there_is() {
    let desk = Desk::open().await;
    lists_and_filters(&desk);
    things_by_their_names(&desk);
    reports(&desk);
    refusals(&desk);
}

fn lists_and_filters(desk: &Desk) {
    let customers = desk.json(&["customer", "list"]);
    assert_eq!(all(&customers["customers"], "externalId"), ["C-1", "C-2"]);
    let nobody = desk.shown(&["customer", "list", "--country", "FR"]);
    assert_eq!(nobody, "nothing found\n");

    let names = |arguments: &[&str]| {
        let found = desk.json(&[&["invoice", "list"], arguments].concat());
        all(&found["invoices"], "externalId").join(" ")
    };
    assert_eq!(names(&[]), "B-1 A-2 A-1");
    assert_eq!(names(&["--customer", "C-1"]), "A-2 A-1");
    assert_eq!(names(&["--state", "closed"]), "A-1");
    assert_eq!(
        names(&["--state", "issued,closed", "--customer", "C-1"]),
        "A-2 A-1"
    );
    // Due on 31 January; the sandbox's clock says that it is March.
    assert_eq!(names(&["--overdue"]), "B-1 A-2");
    assert_eq!(names(&["--disputed"]), "");
    let first = desk.ask(&["invoice", "list", "--limit", "1"]);
    assert!(first.out.contains("75.50 EUR") && !first.out.contains("250.00 EUR"));
    assert!(first.err.contains("--limit 0 shows all"), "{}", first.err);

    let receipts = desk.json(&["receipt", "list", "--unapplied", "false"]);
    assert_eq!(all(&receipts["receipts"], "externalId"), ["BANK-1"]);
    assert_eq!(
        desk.json(&["placement", "list"])["placements"],
        Value::Array(Vec::new())
    );
}

fn things_by_their_names(desk: &Desk) {
    let invoice = desk.json(&["invoice", "show", "A-1"]);
    assert_eq!(invoice["invoice"]["state"], "INVOICE_STATE_CLOSED");
    assert_eq!(
        all(&invoice["entries"], "kind"),
        ["ENTRY_KIND_ISSUE", "ENTRY_KIND_ALLOCATION"]
    );
    for field in ["invoiceId", "invoiceNumber"] {
        let name = invoice["invoice"][field].as_str().unwrap();
        assert_eq!(desk.json(&["invoice", "show", name]), invoice, "by {field}");
    }
    let shown = desk.shown(&["invoice", "show", "A-1"]);
    assert!(
        shown.contains("allocation") && shown.contains("-100.00 EUR"),
        "{shown}"
    );

    let receipt = desk.json(&["receipt", "show", "BANK-1"]);
    assert_eq!(receipt["receipt"]["allocatedAmount"]["amount"], "100.00");
    assert_eq!(receipt["applications"].as_array().unwrap().len(), 1);
    let number = invoice["invoice"]["invoiceNumber"].as_str().unwrap();
    assert!(desk.shown(&["receipt", "show", "BANK-1"]).contains(number));

    let customer = desk.shown(&["customer", "show", "C-1"]);
    assert!(customer.contains("net30") && customer.contains("ada@kunde.example"));
    // Reminders knows the customer by the feed.
    let case = desk.json(&["case", "show", "C-1"]);
    let case_id = case["case"]["caseId"].as_str().unwrap();
    assert_eq!(desk.json(&["case", "show", case_id]), case);
    assert_eq!(
        all(&desk.json(&["case", "list"])["cases"], "customerExternalId").len(),
        2
    );
    assert!(
        desk.shown(&["case", "list", "--overdue"])
            .contains("250.00 EUR")
    );
}

fn reports(desk: &Desk) {
    let aging = desk.shown(&["aging"]);
    assert!(aging.starts_with("at the end of 2026-03-02\n"), "{aging}");
    let aging = desk.json(&["aging", "--as-of", "2026-01-10", "--by", "invoice-date"]);
    let table = &aging["tables"][0];
    // The payment came later.
    assert_eq!(table["outstandingAmount"]["amount"], "425.50");
    assert_eq!(table["buckets"][1]["label"], "0-30");
    let of_one = desk.json(&["aging", "--customer", "C-2"]);
    assert_eq!(of_one["tables"][0]["outstandingAmount"]["amount"], "75.50");

    let figures = desk.json(&["figures", "--from", "2026-01-01", "--to", "2026-01-31"]);
    assert_eq!(figures["figures"][0]["inputs"]["settledCount"], "1");
    let figures = desk.shown(&["figures"]);
    assert!(
        figures.starts_with("from 2025-12-03 to 2026-03-02\n"),
        "{figures}"
    );
    assert!(figures.contains("average-days-to-pay") && figures.contains("19 days"));
}

fn refusals(desk: &Desk) {
    let unknown = desk.refused(&["invoice", "show", "X-9"]);
    assert!(unknown.contains("reading the invoice") && unknown.contains("INVOICE_NOT_FOUND"));
    let unknown = desk.refused(&["invoice", "list", "--customer", "X-9"]);
    assert!(unknown.contains("CUSTOMER_NOT_FOUND"), "{unknown}");
    let wrong = desk.refused(&["aging", "--buckets", "60,30"]);
    assert!(
        wrong.contains("bucket_limits_days"),
        "the field is named: {wrong}"
    );
    let no_word = desk.refused(&["invoice", "list", "--state", "open"]);
    assert!(no_word.contains("draft, issued, closed, void"), "{no_word}");
    let foreign = desk.refused(&["invoice", "list", "--token", "x"]);
    assert!(foreign.contains("recoup token"), "{foreign}");

    let elsewhere = ScratchDir::create().unwrap();
    let keyless = ask(elsewhere.path(), &desk.up.address, &["invoice", "list"]);
    assert!(
        !keyless.success && keyless.err.contains("--token"),
        "{}",
        keyless.err
    );
    let nowhere = ask(desk.folder.path(), "127.0.0.1:1", &["invoice", "list"]);
    assert!(
        !nowhere.success && nowhere.err.contains("`recoup up`"),
        "{}",
        nowhere.err
    );
}
