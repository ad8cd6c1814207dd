//! Requests that are right, facts that peers tell, and the few calls that most tests begin with.

use std::time::Duration;

use contracts::common::{Decimal, Event, Money};
use contracts::credit as credit_wire;
use contracts::events::ReadEventsRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::google::r#type::Date;
use contracts::invoicing as invoicing_wire;
use contracts::reminders::strategy_service_client::StrategyServiceClient;
use contracts::reminders::template_service_client::TemplateServiceClient;
use contracts::reminders::*;
use postgres::TenantId;
use prost::{Message, Name};
use testkit::eventually_some;
use tonic::transport::Channel as Transport;
use uuid::Uuid;

use crate::case::case;
use crate::feeds::Feeds;
use crate::fixture::{OURS, World};

/// How long a test waits for what comes by itself.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A customer in Berlin.
pub const CUSTOMER: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0c01);

pub fn eur(amount: &str) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    }
}

pub fn day(month: i32, day: i32) -> Date {
    Date {
        year: 2026,
        month,
        day,
    }
}

pub fn time(text: &str) -> prost_types::Timestamp {
    contracts::convert::instant_to_wire(text.parse().unwrap())
}

/// An invoice of the tests: its identity, and that of its one open item.
pub fn invoice_id(number: u128) -> Uuid {
    Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_1000 + number)
}

/// A world with its peers, who have told of the tenant and one customer.
pub async fn world() -> (World, Feeds) {
    let feeds = Feeds::start().await;
    let world = World::start_with(&feeds.settings()).await;
    tell_profile(&feeds, OURS);
    tell_customer(&feeds, OURS, CUSTOMER);
    (world, feeds)
}

pub fn tell_profile(feeds: &Feeds, tenant: TenantId) {
    let profile = credit_wire::TenantProfile {
        legal_name: "Muster Handel GmbH".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        home_currency_code: "EUR".to_owned(),
        calendar_code: "DE".to_owned(),
        language: "de".to_owned(),
        sender: Some(credit_wire::Sender {
            display_name: "Muster Handel".to_owned(),
            email: "billing@example.com".to_owned(),
            ..credit_wire::Sender::default()
        }),
        ..credit_wire::TenantProfile::default()
    };
    let told = credit_wire::TenantProfileChanged {
        tenant_profile: Some(profile),
    };
    feeds.tell("credit", tenant, tenant.uuid(), 1, &told);
}

pub fn tell_customer(feeds: &Feeds, tenant: TenantId, customer_id: Uuid) {
    tell_customer_at(feeds, tenant, customer_id, "ap@kunde.example");
}

/// A customer with this address.
pub fn tell_customer_at(feeds: &Feeds, tenant: TenantId, customer_id: Uuid, email: &str) {
    let contact = credit_wire::Contact {
        display_name: "Buchhaltung".to_owned(),
        role: credit_wire::ContactRole::AccountsPayable.into(),
        email: email.to_owned(),
        phone: "+49301234567".to_owned(),
        ..credit_wire::Contact::default()
    };
    let details = credit_wire::CustomerDetails {
        display_name: "Kunde <b>GmbH</b>".to_owned(),
        kind: credit_wire::CustomerKind::Business.into(),
        country_code: "DE".to_owned(),
        language: "de".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        contacts: vec![contact],
        ..credit_wire::CustomerDetails::default()
    };
    let told = credit_wire::CustomerCreated {
        customer: Some(credit_wire::Customer {
            customer_id: customer_id.to_string(),
            external_id: "K-1".to_owned(),
            details: Some(details),
            ..credit_wire::Customer::default()
        }),
    };
    feeds.tell("credit", tenant, customer_id, 1, &told);
}

/// What an invoice is worth: one item, due on a day.
pub fn balance(
    number: u128,
    due: Date,
    open: &str,
    version: i64,
) -> invoicing_wire::InvoiceBalance {
    let id = invoice_id(number).to_string();
    invoicing_wire::InvoiceBalance {
        invoice_id: id.clone(),
        invoice_number: format!("INV-{number}"),
        customer_id: CUSTOMER.to_string(),
        state: invoicing_wire::InvoiceState::Issued.into(),
        invoice_date: Some(day(1, 15)),
        gross_amount: Some(eur("1000.00")),
        open_amount: Some(eur(open)),
        disputed_amount: Some(eur("0.00")),
        open_items: vec![invoicing_wire::OpenItemBalance {
            open_item_id: id,
            kind: invoicing_wire::OpenItemKind::Principal.into(),
            due_date: Some(due),
            open_amount: Some(eur(open)),
            closed_date: None,
        }],
        version,
        ..invoicing_wire::InvoiceBalance::default()
    }
}

pub fn tell_invoice(feeds: &Feeds, number: u128, due: Date, open: &str) {
    let balance = balance(number, due, open, 1);
    feeds.is_worth(&balance);
    let told = invoicing_wire::InvoiceIssued {
        invoice: None,
        balance_after: Some(balance),
        imported: false,
    };
    feeds.tell("invoicing", OURS, invoice_id(number), 1, &told);
}

/// Cash that was applied to an invoice.
pub struct Paid {
    pub application: Uuid,
    pub invoice: u128,
    pub due: Date,
    pub amount: &'static str,
    pub received: Date,
    /// What is open after it.
    pub left: &'static str,
    pub version: i64,
}

impl Paid {
    fn application(&self) -> invoicing_wire::Application {
        invoicing_wire::Application {
            application_id: self.application.to_string(),
            customer_id: CUSTOMER.to_string(),
            receipt_id: Uuid::from_u128(99).to_string(),
            amount: Some(eur(self.amount)),
            receipt_date: Some(self.received),
            allocations: vec![invoicing_wire::Allocation {
                invoice_id: invoice_id(self.invoice).to_string(),
                invoice_number: format!("INV-{}", self.invoice),
                open_item_id: invoice_id(self.invoice).to_string(),
                open_item_kind: invoicing_wire::OpenItemKind::Principal.into(),
                due_date: Some(self.due),
                amount: Some(eur(self.amount)),
                discount_amount: Some(eur("0.00")),
                tolerance_amount: Some(eur("0.00")),
                reinstated_amount: Some(eur("0.00")),
                open_amount_after: Some(eur(self.left)),
            }],
            allocated_amount: Some(eur(self.amount)),
            ..invoicing_wire::Application::default()
        }
    }

    pub fn tell(&self, feeds: &Feeds) {
        let balance = balance(self.invoice, self.due, self.left, self.version);
        feeds.is_worth(&balance);
        let told = invoicing_wire::ApplicationApplied {
            application: Some(self.application()),
            balances_after: vec![balance],
        };
        let subject = invoice_id(self.invoice);
        feeds.tell("invoicing", OURS, subject, self.version, &told);
    }

    /// Taken back: `open` is owed again.
    pub fn tell_reversed(&self, feeds: &Feeds, open: &str) {
        let version = self.version + 1;
        let balance = balance(self.invoice, self.due, open, version);
        feeds.is_worth(&balance);
        let told = invoicing_wire::ApplicationReversed {
            application: Some(self.application()),
            balances_after: vec![balance],
        };
        feeds.tell("invoicing", OURS, invoice_id(self.invoice), version, &told);
    }
}

/// Everything that reminders has told a tenant, oldest first.
pub async fn events(world: &World, tenant: TenantId) -> Vec<Event> {
    let asked = ReadEventsRequest {
        source: reminders::SERVICE.to_owned(),
        batch_limit: 1000,
        ..ReadEventsRequest::default()
    };
    let mut client = EventFeedServiceClient::new(world.channel());
    let answer = client.read_events(world.signed(tenant, asked)).await;
    let mut batches = answer.unwrap().into_inner();
    let mut events = Vec::new();
    while let Some(batch) = batches.message().await.unwrap() {
        events.extend(batch.events);
    }
    events
}

/// The facts of every event of one type that reminders has told.
pub async fn told<M: Message + Name + Default>(world: &World) -> Vec<M> {
    let events = events(world, OURS).await;
    let own = events
        .into_iter()
        .filter(|event| event.r#type == M::full_name());
    own.map(|event| M::decode(event.data.unwrap().value.as_slice()).unwrap())
        .collect()
}

/// Waits until reminders has told an event of a type, so many times.
pub async fn wait_told<M: Message + Name + Default>(world: &World, count: usize) -> Vec<M> {
    let what = format!("{count} x {}", M::NAME);
    eventually_some(PATIENCE, &what, async || {
        let found = told::<M>(world).await;
        (found.len() >= count).then_some(found)
    })
    .await
}

/// The case of the customer, once invoices 1 to `count` of 1000.00 EUR, due on a day, are in it.
pub async fn with_case(world: &World, feeds: &Feeds, count: u128, due: Date) -> String {
    for number in 1..=count {
        tell_invoice(feeds, number, due, "1000.00");
    }
    let opened = wait_told::<CaseOpened>(world, 1).await;
    let case_id = opened[0].case.clone().unwrap().case_id;
    wait_heard(world, &case_id, count).await;
    // Credit's feed may be behind invoicing's.
    eventually_some(PATIENCE, "the customer is known", async || {
        let named = !case(world).await.customer_name.is_empty();
        named.then_some(())
    })
    .await;
    case_id
}

/// Waits until an invoice is known in a case.
pub async fn wait_heard(world: &World, case_id: &str, number: u128) {
    let asked = CheckContactRequest {
        case_id: case_id.to_owned(),
        channel: Channel::Letter.into(),
        invoice_ids: vec![invoice_id(number).to_string()],
        contact_time: None,
    };
    let client = contact_policies(world);
    eventually_some(PATIENCE, "the invoice is known", async || {
        let asked = world.signed(OURS, asked.clone());
        client.clone().check_contact(asked).await.ok()
    })
    .await;
}

pub fn contact_policies(
    world: &World,
) -> contact_policy_service_client::ContactPolicyServiceClient<Transport> {
    contact_policy_service_client::ContactPolicyServiceClient::new(world.channel())
}

pub fn strategies(world: &World) -> StrategyServiceClient<Transport> {
    StrategyServiceClient::new(world.channel())
}

pub fn templates(world: &World) -> TemplateServiceClient<Transport> {
    TemplateServiceClient::new(world.channel())
}

/// An e-mail step, or one through another channel, some days after the due date.
pub fn step(code: &str, offset_days: i32, channel: Channel) -> Step {
    let template_code = match channel {
        Channel::Call => String::new(),
        _ => "reminder".to_owned(),
    };
    Step {
        step_code: code.to_owned(),
        offset_days,
        channel: channel.into(),
        template_code,
        condition: None,
        minimum_amounts: Vec::new(),
    }
}

/// For everybody, by runs, so that nothing leaves by itself; two days of grace, 5 % of tolerance.
pub fn definition(steps: Vec<Step>) -> StrategyDefinition {
    StrategyDefinition {
        segments: Vec::new(),
        step_trigger: StepTrigger::DunningRun.into(),
        steps,
        promise_terms: Some(PromiseTerms {
            grace_days: 2,
            tolerance_ratio: Some(Decimal {
                value: "0.05".to_owned(),
            }),
            max_days_ahead: 60,
            escalate_when_broken: false,
        }),
    }
}

/// A strategy with calls alone, in force for everybody.
pub async fn with_strategy(world: &World) -> Strategy {
    let steps = vec![
        step("call-1", 5, Channel::Call),
        step("call-2", 20, Channel::Call),
    ];
    in_force(world, "standard", definition(steps)).await
}

/// A strategy, in force.
pub async fn in_force(world: &World, code: &str, definition: StrategyDefinition) -> Strategy {
    let asked = CreateStrategyRequest {
        request_id: format!("create {code}"),
        strategy_code: code.to_owned(),
        display_name: code.to_owned(),
        definition: Some(definition),
        change_note: String::new(),
    };
    let mut client = strategies(world);
    let created = client.create_strategy(world.signed(OURS, asked)).await;
    let strategy = created.unwrap().into_inner().strategy.unwrap();
    let asked = ActivateStrategyVersionRequest {
        request_id: format!("activate {code}"),
        strategy_id: strategy.strategy_id,
        version: 1,
        etag: strategy.etag,
        validate_only: false,
    };
    let answer = client
        .activate_strategy_version(world.signed(OURS, asked))
        .await;
    answer.unwrap().into_inner().strategy.unwrap()
}

/// Contacts at any hour of any day, without caps.
pub fn always() -> ContactPolicyDefinition {
    let weekdays = (1..=7).collect();
    ContactPolicyDefinition {
        country_code: String::new(),
        debtor_kind: None,
        valid_from_date: Some(day(1, 1)),
        permitted_hours: vec![PermittedHours {
            weekdays,
            start_local_time: "00:00".to_owned(),
            end_local_time: "24:00".to_owned(),
            channels: Vec::new(),
        }],
        calendar_code: String::new(),
        closed_dates: Vec::new(),
        frequency_caps: Vec::new(),
        consent_channels: Vec::new(),
        source: "house rules".to_owned(),
    }
}

/// A policy, in force.
pub async fn with_policy(world: &World, definition: ContactPolicyDefinition) -> ContactPolicy {
    let asked = CreateContactPolicyRequest {
        request_id: format!("policy {}", Uuid::now_v7()),
        definition: Some(definition),
        validate_only: false,
    };
    let answer = contact_policies(world)
        .create_contact_policy(world.signed(OURS, asked))
        .await;
    answer.unwrap().into_inner().contact_policy.unwrap()
}
