//! A shop that bills: the service beside a played credit, with a tenant and customers that it knows,
//! and the calls that most tests begin with.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use contracts::common::{
    Decimal, DiscountTier, EarlyPaymentOffer, Event, ImportOptions, ImportReport, Money,
    PaymentTerms,
};
use contracts::convert::terms::terms_to_wire;
use contracts::credit::{
    Customer, CustomerCreated, GrantedTerms, TenantProfile, TenantProfileChanged, TermsGranted,
};
use contracts::events::ReadEventsRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::google::r#type::Date;
use contracts::invoicing::invoice_content::Customer as Buyer;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{
    CreateInvoiceRequest, GetInvoiceRequest, ImportInvoicesRequest, Invoice, InvoiceContent,
    InvoiceLine, InvoiceRow, IssueInvoiceRequest, NewInvoice, VoidInvoiceRequest,
    get_invoice_request,
};
use postgres::TenantId;
use prost::{Message, Name};
use sqlx::PgPool;
use testkit::{InProcess, PlayedFeed, eventually};
use tonic::transport::Channel;
use tonic::{Request, Response, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, World};

/// The shop: tenant [`OURS`] in Berlin, which knows a customer `C-1` that buys at net 30.
pub struct Shop {
    pub world: World,
    credit: PlayedFeed,
    _played: InProcess,
    told: AtomicI64,
    /// The customer `C-1`.
    pub customer_id: String,
    pub pool: PgPool,
    requests: AtomicU32,
}

impl Shop {
    pub async fn open() -> Self {
        let mut shop = Self::unknown().await;
        shop.tell_profile(OURS, "Europe/Berlin");
        let customer_id = shop.tell_customer(OURS, "C-1", Some("net 30"));
        shop.customer_id = customer_id;
        shop.heard().await;
        shop
    }

    /// One of whom credit has not announced anything yet.
    pub async fn unknown() -> Self {
        let credit = PlayedFeed::default();
        let played = credit.serve().await;
        let world = World::beside(&format!("http://{}", played.addr)).await;
        let pool = PgPool::connect(&world.database.superuser_url())
            .await
            .unwrap();
        Self {
            world,
            credit,
            _played: played,
            told: AtomicI64::new(0),
            customer_id: String::new(),
            pool,
            requests: AtomicU32::new(0),
        }
    }

    pub fn client(&self) -> InvoiceServiceClient<Channel> {
        InvoiceServiceClient::new(self.world.channel())
    }

    /// A request id that no other call has.
    pub fn request_id(&self) -> String {
        format!("request {}", self.requests.fetch_add(1, Ordering::Relaxed))
    }

    fn tell<M: Message + Name>(&self, tenant: TenantId, subject: Uuid, told: &M) {
        self.told.fetch_add(1, Ordering::Relaxed);
        self.credit
            .announce("credit", tenant.uuid(), subject, 1, told);
    }

    pub fn tell_profile(&self, tenant: TenantId, time_zone: &str) {
        let told = TenantProfileChanged {
            tenant_profile: Some(TenantProfile {
                time_zone: time_zone.to_owned(),
                home_currency_code: "EUR".to_owned(),
                ..TenantProfile::default()
            }),
        };
        self.tell(tenant, tenant.uuid(), &told);
    }

    /// Announces a customer, with terms that hold from 2020 on; answers its id.
    pub fn tell_customer(
        &self,
        tenant: TenantId,
        external_id: &str,
        terms: Option<&str>,
    ) -> String {
        let customer_id = Uuid::now_v7();
        let told = CustomerCreated {
            customer: Some(Customer {
                customer_id: customer_id.to_string(),
                external_id: external_id.to_owned(),
                granted_terms: terms.map(|text| granted(text, day(2020, 1, 1))),
                ..Customer::default()
            }),
        };
        self.tell(tenant, customer_id, &told);
        customer_id.to_string()
    }

    /// Grants a customer other terms from a day on.
    pub fn tell_terms(&self, customer_id: &str, granted_terms: GrantedTerms) {
        let told = TermsGranted {
            customer_id: customer_id.to_owned(),
            granted_terms: Some(granted_terms),
        };
        self.tell(OURS, customer_id.parse().unwrap(), &told);
    }

    /// Waits until everything that credit announced has come through.
    pub async fn heard(&self) {
        let head = self.told.load(Ordering::Relaxed);
        eventually(Duration::from_secs(10), "credit is heard", async || {
            let position = "SELECT position FROM feed_cursor WHERE source = 'credit'";
            let position = sqlx::query_scalar(position)
                .fetch_optional(&self.pool)
                .await;
            position.unwrap() == Some(head)
        })
        .await;
    }

    /// An invoice of customer `C-1` over `gross` euros, free of tax.
    pub fn content(&self, gross: &str) -> InvoiceContent {
        InvoiceContent {
            customer: Some(Buyer::CustomerId(self.customer_id.clone())),
            currency_code: "EUR".to_owned(),
            lines: vec![line("1", gross, "0")],
            ..InvoiceContent::default()
        }
    }

    pub async fn create(&self, content: InvoiceContent) -> Result<Invoice, Status> {
        let asked = CreateInvoiceRequest {
            request_id: self.request_id(),
            content: Some(content),
            ..CreateInvoiceRequest::default()
        };
        let answer = self
            .client()
            .create_invoice(self.world.signed(OURS, asked))
            .await?;
        Ok(answer.into_inner().invoice.unwrap())
    }

    /// Sends a request to issue.
    pub async fn send_issue(
        &self,
        tenant: TenantId,
        request: IssueInvoiceRequest,
    ) -> Result<Response<contracts::invoicing::IssueInvoiceResponse>, Status> {
        let asked = self.world.signed(tenant, request);
        self.client().issue_invoice(asked).await
    }

    /// Writes and issues in one step.
    pub async fn issue(&self, content: InvoiceContent) -> Result<Invoice, Status> {
        let answer = self
            .send_issue(OURS, new_invoice(&self.request_id(), content))
            .await?;
        Ok(answer.into_inner().invoice.unwrap())
    }

    /// An issued invoice of customer `C-1` over `gross` euros, due on 2026-03-31.
    pub async fn issued(&self, gross: &str) -> Invoice {
        self.issue(self.content(gross)).await.unwrap()
    }

    pub async fn issue_draft(&self, invoice_id: &str, etag: &str) -> Result<Invoice, Status> {
        let request = IssueInvoiceRequest {
            request_id: self.request_id(),
            subject: Some(Subject::DraftInvoiceId(invoice_id.to_owned())),
            etag: etag.to_owned(),
        };
        let answer = self.send_issue(OURS, request).await?;
        Ok(answer.into_inner().invoice.unwrap())
    }

    pub async fn void(&self, invoice_id: &str, etag: &str) -> Result<Invoice, Status> {
        let asked = VoidInvoiceRequest {
            request_id: self.request_id(),
            invoice_id: invoice_id.to_owned(),
            note: "billed to the wrong branch".to_owned(),
            etag: etag.to_owned(),
        };
        let answer = self
            .client()
            .void_invoice(self.world.signed(OURS, asked))
            .await?;
        Ok(answer.into_inner().invoice.unwrap())
    }

    pub async fn get(
        &self,
        tenant: TenantId,
        key: get_invoice_request::Key,
    ) -> Result<Invoice, Status> {
        let asked = GetInvoiceRequest { key: Some(key) };
        let answer = self
            .client()
            .get_invoice(self.world.signed(tenant, asked))
            .await?;
        Ok(answer.into_inner().invoice.unwrap())
    }

    pub async fn read(&self, invoice_id: &str) -> Invoice {
        let key = get_invoice_request::Key::InvoiceId(invoice_id.to_owned());
        self.get(OURS, key).await.unwrap()
    }

    /// Imports rows, a hundred in a message.
    pub async fn import(
        &self,
        request_id: &str,
        options: ImportOptions,
        rows: Vec<InvoiceRow>,
    ) -> Result<ImportReport, Status> {
        let mut messages: Vec<ImportInvoicesRequest> = rows
            .chunks(100)
            .map(|rows| ImportInvoicesRequest {
                rows: rows.to_vec(),
                ..ImportInvoicesRequest::default()
            })
            .collect();
        let first = ImportInvoicesRequest {
            request_id: request_id.to_owned(),
            options: Some(options),
            rows: Vec::new(),
        };
        messages.insert(0, first);
        let (metadata, extensions, ()) = self.world.signed(OURS, ()).into_parts();
        let messages = tokio_stream::iter(messages);
        let asked = Request::from_parts(metadata, extensions, messages);
        let answer = self.client().import_invoices(asked).await?;
        Ok(answer.into_inner().report.unwrap())
    }

    /// Everything that invoicing has announced of a tenant, in order.
    pub async fn events(&self, tenant: TenantId) -> Vec<Event> {
        let mut client = EventFeedServiceClient::new(self.world.channel());
        let request = ReadEventsRequest {
            source: "invoicing".to_owned(),
            batch_limit: 1000,
            wait: Some(prost_types::Duration::default()),
            ..ReadEventsRequest::default()
        };
        let answer = client.read_events(self.world.signed(tenant, request)).await;
        let mut batches = answer.unwrap().into_inner();
        let mut found = Vec::new();
        while let Some(batch) = batches.message().await.unwrap() {
            found.extend(batch.events);
        }
        found
    }

    /// The types of what was announced of either tenant, without their package.
    pub async fn told(&self) -> Vec<String> {
        let mut events = self.events(OURS).await;
        events.extend(self.events(THEIRS).await);
        let types = events.iter().map(|event| event.r#type.rsplit('.').next());
        types.flatten().map(str::to_owned).collect()
    }

    /// How many rows a table has.
    pub async fn count(&self, table: &str) -> i64 {
        let count = format!("SELECT count(*) FROM {table}");
        let count = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
            .fetch_one(&self.pool)
            .await;
        count.unwrap()
    }
}

/// What an event tells.
pub fn data<M: Name + Default>(event: &Event) -> M {
    assert_eq!(event.r#type, M::full_name());
    M::decode(event.data.as_ref().unwrap().value.as_slice()).unwrap()
}

pub fn new_invoice(request_id: &str, content: InvoiceContent) -> IssueInvoiceRequest {
    IssueInvoiceRequest {
        request_id: request_id.to_owned(),
        subject: Some(Subject::NewInvoice(NewInvoice {
            content: Some(content),
            ..NewInvoice::default()
        })),
        etag: String::new(),
    }
}

/// A line; a tax above nothing is the standard one.
pub fn line(quantity: &str, unit_price: &str, tax_ratio: &str) -> InvoiceLine {
    let category = if tax_ratio == "0" { "Z" } else { "S" };
    InvoiceLine {
        description: "what was delivered".to_owned(),
        quantity: Some(decimal(quantity)),
        unit: "piece".to_owned(),
        unit_price: Some(decimal(unit_price)),
        tax_category: category.to_owned(),
        tax_ratio: Some(decimal(tax_ratio)),
        ..InvoiceLine::default()
    }
}

pub fn decimal(value: &str) -> Decimal {
    Decimal {
        value: value.to_owned(),
    }
}

pub fn day(year: i32, month: i32, day: i32) -> Date {
    Date { year, month, day }
}

/// The text of an amount.
pub fn amount(money: &Option<Money>) -> &str {
    money.as_ref().map_or("none", |money| money.amount.as_str())
}

/// Terms by the text of the calendar library: `net 30`, `50%: net 7; rest: net 30`.
pub fn terms(text: &str) -> PaymentTerms {
    terms_to_wire(
        text.get(..20).unwrap_or(text),
        &text.parse().unwrap(),
        calendar::Convention::None,
        None,
    )
}

/// An offer: percent and days of each tier.
pub fn offer(tiers: &[(&str, i32)]) -> EarlyPaymentOffer {
    let tier = |(ratio, within_days): &(&str, i32)| DiscountTier {
        within_days: *within_days,
        discount_ratio: Some(decimal(ratio)),
    };
    EarlyPaymentOffer {
        tiers: tiers.iter().map(tier).collect(),
        partial_payments_earn: false,
    }
}

pub fn granted(text: &str, from: Date) -> GrantedTerms {
    GrantedTerms {
        policy_code: "standard".to_owned(),
        policy_version: 3,
        valid_from_date: Some(from),
        payment_terms: Some(terms(text)),
        ..GrantedTerms::default()
    }
}
