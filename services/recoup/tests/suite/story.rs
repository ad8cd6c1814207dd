//! A small tenant on an installation in this process: customers, invoices, money and reminders, a line
//! each, for tests that look at what is left behind.

mod ground;

use std::time::Duration;

use contracts::common::Money;
use contracts::convert::instant_to_wire;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    Contact, ContactRole, CreateCustomerRequest, CreateTenantProfileRequest, CustomerDetails,
    CustomerKind, PublishCreditPolicyRequest,
};
use contracts::invoicing::invoice_content::Customer;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{
    Invoice, InvoiceContent, InvoiceLine, IssueInvoiceRequest, NamedInvoice, NamedInvoices,
    NewInvoice,
};
use contracts::payments::apply_receipt_request::Target;
use contracts::payments::receipt_application_service_client::ReceiptApplicationServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use contracts::payments::{
    ApplyReceiptRequest, ReceiptApplication, ReceiptMethod, RecordReceiptRequest,
    UnapplyReceiptRequest,
};
use contracts::reminders::contact_policy_service_client::ContactPolicyServiceClient;
use contracts::reminders::strategy_service_client::StrategyServiceClient;
use contracts::reminders::template_service_client::TemplateServiceClient;
use contracts::reminders::{
    ActivateStrategyVersionRequest, ActivateTemplateVersionRequest, Channel as ContactChannel,
    CreateContactPolicyRequest, CreateStrategyRequest, CreateTemplateRequest,
    CreateTemplateVersionRequest, TemplateTranslation,
};
use contracts::sandbox::AdvanceRequest;
use contracts::sandbox::advance_request::Reach;
use contracts::sandbox::advance_response;
use contracts::sandbox::clock_service_client::ClockServiceClient;
use recoup::installation::{Installation, Surroundings, Time};
use recoup::settings::Listen;
use recoup::token::{self, Wish};
use runtime::{Shutdown, Telemetry};
use stores::ScratchDir;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status};
use uuid::Uuid;

pub use ground::day;
use ground::{address, decimal, hours, profile, steps, terms};

/// A Friday morning in Berlin.
const START: &str = "2026-01-02T08:00:00Z";

pub type Calls = InterceptedService<Channel, Token>;

/// Shows a token with every call.
#[derive(Debug, Clone)]
pub struct Token(AsciiMetadataValue);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let token = self.0.clone();
        request.metadata_mut().insert("authorization", token);
        Ok(request)
    }
}

/// The tenant and what serves it.
pub struct Story {
    pub installation: Installation,
    channel: Channel,
    token: Token,
    /// Dropped after the installation has ended.
    _scratch: ScratchDir,
}

pub fn fresh() -> String {
    Uuid::now_v7().to_string()
}

fn money(amount: &str) -> Money {
    let (currency_code, amount) = ("EUR".to_owned(), amount.to_owned());
    Money {
        currency_code,
        amount,
    }
}

impl Story {
    /// A tenant that sells on net 30 and reminds by mail, 5 and 15 days after the due date, on
    /// weekdays from 8 to 18 in the debtor's zone.
    pub async fn begin() -> Self {
        runtime::tls::install_crypto();
        let scratch = ScratchDir::create().unwrap();
        let anywhere = Some("127.0.0.1:0".parse().unwrap());
        let surroundings = Surroundings {
            listen: Listen {
                listen: anywhere,
                admin_listen: anywhere,
            },
            time: Time::Sandbox {
                start: START.parse().unwrap(),
            },
            ..Surroundings::default()
        };
        let telemetry = Telemetry::without_export("recoup").unwrap();
        let running = (&telemetry, Shutdown::new(Duration::from_secs(10)));
        let installation = Installation::start(scratch.path(), surroundings, running).await;
        let installation = installation.unwrap();
        let token = token::signed(installation.keys(), &Wish::default()).unwrap();
        let address = format!("http://{}", installation.address());
        let story = Self {
            channel: Channel::from_shared(address).unwrap().connect_lazy(),
            token: Token(format!("Bearer {token}").parse().unwrap()),
            installation,
            _scratch: scratch,
        };
        story.open().await;
        story
    }

    pub fn calls(&self) -> Calls {
        InterceptedService::new(self.channel.clone(), self.token.clone())
    }

    async fn open(&self) {
        let request = CreateTenantProfileRequest {
            request_id: fresh(),
            tenant_profile: Some(profile()),
        };
        let mut profiles = TenantProfileServiceClient::new(self.calls());
        profiles.create_tenant_profile(request).await.unwrap();
        let request = PublishCreditPolicyRequest {
            request_id: fresh(),
            policy_code: "standard".to_owned(),
            segments: vec![terms()],
            ..PublishCreditPolicyRequest::default()
        };
        let mut policies = CreditPolicyServiceClient::new(self.calls());
        policies.publish_credit_policy(request).await.unwrap();
        let request = CreateContactPolicyRequest {
            request_id: fresh(),
            definition: Some(hours()),
            validate_only: false,
        };
        let mut policies = ContactPolicyServiceClient::new(self.calls());
        policies.create_contact_policy(request).await.unwrap();
        self.words().await;
        self.strategy().await;
    }

    async fn words(&self) {
        let mut templates = TemplateServiceClient::new(self.calls());
        let request = CreateTemplateRequest {
            request_id: fresh(),
            template_code: "reminder".to_owned(),
            display_name: "Reminder".to_owned(),
            channel: ContactChannel::Email.into(),
        };
        let created = templates.create_template(request).await.unwrap();
        let template = created.into_inner().template.unwrap();
        let german = TemplateTranslation {
            language: "de".to_owned(),
            subject: "{{ step.code }}: {{ lines[0].invoice_number }}".to_owned(),
            text_body: "Offen: {{ totals[0].asked_amount }}".to_owned(),
            html_body: "<p>{{ totals[0].asked_amount }}</p>".to_owned(),
        };
        let request = CreateTemplateVersionRequest {
            request_id: fresh(),
            template_id: template.template_id.clone(),
            etag: template.etag,
            translations: vec![german],
            fallback_language: "de".to_owned(),
            change_note: String::new(),
        };
        let written = templates.create_template_version(request).await.unwrap();
        let template = written.into_inner().template.unwrap();
        let request = ActivateTemplateVersionRequest {
            request_id: fresh(),
            template_id: template.template_id,
            version: 1,
            etag: template.etag,
        };
        templates.activate_template_version(request).await.unwrap();
    }

    async fn strategy(&self) {
        let mut strategies = StrategyServiceClient::new(self.calls());
        let request = CreateStrategyRequest {
            request_id: fresh(),
            strategy_code: "standard".to_owned(),
            display_name: "Standard".to_owned(),
            definition: Some(steps()),
            change_note: String::new(),
        };
        let created = strategies.create_strategy(request).await.unwrap();
        let strategy = created.into_inner().strategy.unwrap();
        let request = ActivateStrategyVersionRequest {
            request_id: fresh(),
            strategy_id: strategy.strategy_id,
            version: 1,
            etag: strategy.etag,
            validate_only: false,
        };
        strategies.activate_strategy_version(request).await.unwrap();
    }

    /// A new customer in Berlin; answers the identity.
    pub async fn customer(&self, external_id: &str) -> String {
        let contact = Contact {
            display_name: "Ada Beispiel".to_owned(),
            role: ContactRole::AccountsPayable.into(),
            email: format!("{external_id}@kunde.example"),
            ..Contact::default()
        };
        let details = CustomerDetails {
            display_name: format!("Kunde {external_id}"),
            kind: CustomerKind::Business.into(),
            country_code: "DE".to_owned(),
            language: "de".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            address: Some(address()),
            contacts: vec![contact],
            ..CustomerDetails::default()
        };
        let request = CreateCustomerRequest {
            request_id: fresh(),
            external_id: external_id.to_owned(),
            details: Some(details),
            ..CreateCustomerRequest::default()
        };
        let mut customers = CustomerServiceClient::new(self.calls());
        let answer = customers.create_customer(request).await.unwrap();
        answer.into_inner().customer.unwrap().customer_id
    }

    /// Issues an invoice of one line today.
    pub async fn bill(&self, customer_id: &str, amount: &str) -> Invoice {
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
            lines: vec![line],
            ..InvoiceContent::default()
        };
        let new_invoice = NewInvoice {
            content: Some(content),
            ..NewInvoice::default()
        };
        let request = IssueInvoiceRequest {
            request_id: fresh(),
            subject: Some(Subject::NewInvoice(new_invoice)),
            etag: String::new(),
        };
        let mut invoices = InvoiceServiceClient::new(self.calls());
        let answer = invoices.issue_invoice(request).await.unwrap();
        answer.into_inner().invoice.unwrap()
    }

    /// Money of a customer comes in on a day and is applied to an invoice.
    pub async fn pay(
        &self,
        customer_id: &str,
        invoice: &Invoice,
        amount: &str,
        on: &str,
    ) -> ReceiptApplication {
        let request = RecordReceiptRequest {
            request_id: fresh(),
            customer_id: customer_id.to_owned(),
            method: ReceiptMethod::Transfer.into(),
            amount: Some(money(amount)),
            receipt_date: day(on),
            ..RecordReceiptRequest::default()
        };
        let mut receipts = ReceiptServiceClient::new(self.calls());
        let recorded = receipts.record_receipt(request).await.unwrap();
        let named = NamedInvoice {
            invoice_id: invoice.invoice_id.clone(),
            amount: None,
        };
        let invoices = vec![named];
        let request = ApplyReceiptRequest {
            request_id: fresh(),
            receipt_id: recorded.into_inner().receipt.unwrap().receipt_id,
            target: Some(Target::NamedInvoices(NamedInvoices { invoices })),
            ..ApplyReceiptRequest::default()
        };
        let mut applications = ReceiptApplicationServiceClient::new(self.calls());
        let applied = applications.apply_receipt(request).await.unwrap();
        applied.into_inner().applications.remove(0)
    }

    /// Takes an application back.
    pub async fn unapply(&self, application: &ReceiptApplication) {
        let request = UnapplyReceiptRequest {
            request_id: fresh(),
            application_id: application.application_id.clone(),
            reversal_date: None,
        };
        let mut applications = ReceiptApplicationServiceClient::new(self.calls());
        applications.unapply_receipt(request).await.unwrap();
    }

    /// Moves the clock to an instant, from due time to due time; nothing is under way afterwards.
    pub async fn until(&self, instant: &str) {
        let request = AdvanceRequest {
            request_id: fresh(),
            reach: Some(Reach::TargetTime(instant_to_wire(instant.parse().unwrap()))),
        };
        let mut clock = ClockServiceClient::new(self.calls());
        let mut steps = clock.advance(request).await.unwrap().into_inner();
        let mut result = None;
        while let Some(answer) = steps.message().await.unwrap() {
            if let Some(advance_response::Step::Result(last)) = answer.step {
                result = Some(last);
            }
        }
        assert_eq!(
            result.unwrap().unsettled,
            [],
            "something waits for a person"
        );
    }

    pub async fn end(self) {
        self.installation.end().await.unwrap();
    }
}
