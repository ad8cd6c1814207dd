//! A shop and its calls. What is to be repeated is made first, with a request id of its own, and
//! then called as often as it takes; what only prepares a scenario is insisted on.

use calendar::{Clock, Date};
use contracts::common::{DateStep, Decimal, InstalmentRule, Money, PaymentTerms, date_step};
use contracts::credit::credit_check_service_client::CreditCheckServiceClient;
use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    CheckCreditRequest, CheckCreditResponse, Contact, ContactRole, CreateCustomerRequest,
    CreateTenantProfileRequest, CreditLimit, CustomerDetails, CustomerKind, PostalAddress,
    PublishCreditPolicyRequest, SegmentPolicy, Sender, TenantProfile,
};
use contracts::google::r#type::Date as WireDate;
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{
    Invoice, InvoiceContent, InvoiceLine, IssueInvoiceRequest, IssueInvoiceResponse, NamedInvoice,
    NamedInvoices, NewInvoice,
};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    ApplyReceiptRequest, ApplyReceiptResponse, Receipt, ReceiptMethod, ReceiptReversalReason,
    RecordReceiptRequest, RecordReceiptResponse, ReverseReceiptRequest, ReverseReceiptResponse,
};
use postgres::TenantId;
use tonic::Status;
use uuid::Uuid;

use crate::{Calls, Installation, insist};

/// The tenant of most scenarios.
pub const TENANT: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_000a));

/// The other one.
pub const OTHER_TENANT: TenantId =
    TenantId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_000b));

/// A tenant's calls to one process of each service.
#[derive(Debug, Clone)]
pub struct Shop {
    /// To credit.
    pub credit: Calls,
    /// To invoicing.
    pub invoicing: Calls,
    /// To payments.
    pub payments: Calls,
    /// To reminders.
    pub reminders: Calls,
    /// To agency.
    pub agency: Calls,
}

/// An identity that nobody has used.
#[must_use]
pub fn fresh() -> String {
    Uuid::now_v7().to_string()
}

/// Euro.
#[must_use]
pub fn eur(amount: &str) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    }
}

/// A decimal of the contracts.
#[must_use]
pub fn decimal(value: &str) -> Option<Decimal> {
    let value = value.to_owned();
    Some(Decimal { value })
}

/// Some days before today; the processes go by the system's clock.
#[must_use]
pub fn days_ago(days: i32) -> Option<WireDate> {
    let today: Date = Clock::system().today_in(&"Europe/Berlin".parse().expect("a zone"));
    let day = today
        .checked_sub(jiff::Span::new().days(days))
        .expect("a day");
    Some(contracts::convert::date_to_wire(day))
}

impl Shop {
    /// A tenant's calls to the first process of each service.
    #[must_use]
    pub fn of(world: &Installation, tenant: TenantId) -> Self {
        let calls = |service| world.calls(service, tenant);
        Self {
            credit: calls("credit"),
            invoicing: calls("invoicing"),
            payments: calls("payments"),
            reminders: calls("reminders"),
            agency: calls("agency"),
        }
    }

    /// Opens a shop: net 30, a limit of 1000 EUR, nobody held.
    pub async fn open(world: &Installation, tenant: TenantId) -> Self {
        let shop = Self::of(world, tenant);
        let profile = CreateTenantProfileRequest {
            request_id: fresh(),
            tenant_profile: Some(profile()),
        };
        let mut profiles = TenantProfileServiceClient::new(shop.credit.clone());
        insist(async || profiles.create_tenant_profile(profile.clone()).await).await;
        let policy = PublishCreditPolicyRequest {
            request_id: fresh(),
            policy_code: "standard".to_owned(),
            segments: vec![terms()],
            ..PublishCreditPolicyRequest::default()
        };
        let mut policies = CreditPolicyServiceClient::new(shop.credit.clone());
        insist(async || policies.publish_credit_policy(policy.clone()).await).await;
        shop
    }

    /// The same, to the second processes of the services that run twice.
    #[must_use]
    pub fn second(&self, world: &Installation, tenant: TenantId, twice: &[&str]) -> Self {
        let way = |service: &str, first: &Calls| match twice.contains(&service) {
            true => world.calls(&format!("{service}-2"), tenant),
            false => first.clone(),
        };
        Self {
            credit: way("credit", &self.credit),
            invoicing: way("invoicing", &self.invoicing),
            payments: way("payments", &self.payments),
            reminders: way("reminders", &self.reminders),
            agency: way("agency", &self.agency),
        }
    }

    /// A new customer in Berlin; answers the identity.
    pub async fn customer(&self, external_id: &str) -> String {
        let request = to_create(external_id);
        let mut customers = CustomerServiceClient::new(self.credit.clone());
        let answer = insist(async || customers.create_customer(request.clone()).await).await;
        answer
            .into_inner()
            .customer
            .expect("a customer")
            .customer_id
    }

    /// An order checked, and its amount set aside.
    pub async fn check(&self, request: &CheckCreditRequest) -> Result<CheckCreditResponse, Status> {
        let mut checks = CreditCheckServiceClient::new(self.credit.clone());
        Ok(checks.check_credit(request.clone()).await?.into_inner())
    }

    /// An invoice issued.
    pub async fn issue(
        &self,
        request: &IssueInvoiceRequest,
    ) -> Result<IssueInvoiceResponse, Status> {
        let mut invoices = InvoiceServiceClient::new(self.invoicing.clone());
        Ok(invoices.issue_invoice(request.clone()).await?.into_inner())
    }

    /// An invoice issued that is due since 10 days.
    pub async fn bill(&self, customer_id: &str, amount: &str) -> Invoice {
        let request = to_issue(customer_id, &fresh(), amount);
        let answer = insist(async || self.issue(&request).await).await;
        answer.invoice.expect("an invoice")
    }

    /// Money that came in recorded.
    pub async fn record(
        &self,
        request: &RecordReceiptRequest,
    ) -> Result<RecordReceiptResponse, Status> {
        let mut receipts = ReceiptServiceClient::new(self.payments.clone());
        Ok(receipts.record_receipt(request.clone()).await?.into_inner())
    }

    /// Money that came in yesterday.
    pub async fn receive(&self, customer_id: &str, amount: &str) -> Receipt {
        let request = to_record(customer_id, &fresh(), amount);
        let answer = insist(async || self.record(&request).await).await;
        answer.receipt.expect("a receipt")
    }

    /// Money of a receipt applied to invoices.
    pub async fn apply(
        &self,
        request: &ApplyReceiptRequest,
    ) -> Result<ApplyReceiptResponse, Status> {
        let mut applications = ReceiptApplicationServiceClient::new(self.payments.clone());
        Ok(applications
            .apply_receipt(request.clone())
            .await?
            .into_inner())
    }

    /// A receipt taken back.
    pub async fn reverse(
        &self,
        request: &ReverseReceiptRequest,
    ) -> Result<ReverseReceiptResponse, Status> {
        let mut receipts = ReceiptServiceClient::new(self.payments.clone());
        Ok(receipts
            .reverse_receipt(request.clone())
            .await?
            .into_inner())
    }

    /// An invoice paid in full with money that came in yesterday.
    pub async fn pay(&self, invoice: &Invoice, amount: &str) -> Receipt {
        let receipt = self.receive(&customer_of(invoice), amount).await;
        let request = to_apply(&receipt.receipt_id, &invoice.invoice_id);
        insist(async || self.apply(&request).await).await;
        receipt
    }
}

/// A customer in Berlin.
#[must_use]
pub fn to_create(external_id: &str) -> CreateCustomerRequest {
    CreateCustomerRequest {
        request_id: fresh(),
        external_id: external_id.to_owned(),
        details: Some(details(external_id)),
        ..CreateCustomerRequest::default()
    }
}

/// An order of a customer against their limit.
#[must_use]
pub fn to_check(customer_id: &str, order_reference: &str, amount: &str) -> CheckCreditRequest {
    CheckCreditRequest {
        request_id: fresh(),
        customer_id: customer_id.to_owned(),
        order_reference: order_reference.to_owned(),
        amount: Some(eur(amount)),
        ..CheckCreditRequest::default()
    }
}

/// An invoice of one line, dated 40 days ago and due since 10.
#[must_use]
pub fn to_issue(customer_id: &str, external_id: &str, amount: &str) -> IssueInvoiceRequest {
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
        invoice_date: days_ago(40),
        due: Some(Due::DueDate(days_ago(10).expect("a day"))),
        lines: vec![line],
        ..InvoiceContent::default()
    };
    let new_invoice = NewInvoice {
        external_id: external_id.to_owned(),
        content: Some(content),
        ..NewInvoice::default()
    };
    IssueInvoiceRequest {
        request_id: fresh(),
        subject: Some(Subject::NewInvoice(new_invoice)),
        etag: String::new(),
    }
}

/// Money of a customer that came in yesterday.
#[must_use]
pub fn to_record(customer_id: &str, external_id: &str, amount: &str) -> RecordReceiptRequest {
    RecordReceiptRequest {
        request_id: fresh(),
        external_id: external_id.to_owned(),
        customer_id: customer_id.to_owned(),
        method: ReceiptMethod::Transfer.into(),
        amount: Some(eur(amount)),
        receipt_date: days_ago(1),
        ..RecordReceiptRequest::default()
    }
}

/// All of a receipt for one invoice.
#[must_use]
pub fn to_apply(receipt_id: &str, invoice_id: &str) -> ApplyReceiptRequest {
    let named = NamedInvoice {
        invoice_id: invoice_id.to_owned(),
        amount: None,
    };
    let invoices = vec![named];
    ApplyReceiptRequest {
        request_id: fresh(),
        receipt_id: receipt_id.to_owned(),
        target: Some(Target::NamedInvoices(NamedInvoices { invoices })),
        ..ApplyReceiptRequest::default()
    }
}

/// A receipt that the bank takes back.
#[must_use]
pub fn to_reverse(receipt_id: &str) -> ReverseReceiptRequest {
    ReverseReceiptRequest {
        request_id: fresh(),
        receipt_id: receipt_id.to_owned(),
        reason: ReceiptReversalReason::Returned.into(),
        ..ReverseReceiptRequest::default()
    }
}

/// Whose an invoice is.
#[must_use]
pub fn customer_of(invoice: &Invoice) -> String {
    match &invoice.content.as_ref().expect("its content").customer {
        Some(Customer::CustomerId(customer_id)) => customer_id.clone(),
        other => unreachable!("answers carry the customer's identity: {other:?}"),
    }
}

fn address() -> PostalAddress {
    PostalAddress {
        lines: vec!["Musterstraße 1".to_owned()],
        postal_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        region: String::new(),
        country_code: "DE".to_owned(),
    }
}

fn profile() -> TenantProfile {
    TenantProfile {
        legal_name: "Muster Handel GmbH".to_owned(),
        address: Some(address()),
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
    }
}

fn details(external_id: &str) -> CustomerDetails {
    let contact = Contact {
        display_name: "Ada Beispiel".to_owned(),
        role: ContactRole::AccountsPayable.into(),
        email: format!("{}@kunde.example", external_id.to_lowercase()),
        ..Contact::default()
    };
    CustomerDetails {
        display_name: format!("Kunde {external_id}"),
        kind: CustomerKind::Business.into(),
        country_code: "DE".to_owned(),
        language: "de".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        address: Some(address()),
        contacts: vec![contact],
        ..CustomerDetails::default()
    }
}

/// What every customer is granted.
fn terms() -> SegmentPolicy {
    let net_30 = InstalmentRule {
        share: None,
        date_steps: vec![DateStep {
            step: Some(date_step::Step::AddDays(30)),
        }],
    };
    SegmentPolicy {
        payment_terms: Some(PaymentTerms {
            terms_code: "net30".to_owned(),
            instalments: vec![net_30],
            ..PaymentTerms::default()
        }),
        credit_limit: Some(CreditLimit {
            limit: Some(Limit::Amount(eur("1000.00"))),
        }),
        reservation_lifetime: Some(prost_types::Duration {
            seconds: 86_400,
            nanos: 0,
        }),
        ..SegmentPolicy::default()
    }
}
