//! Requests that are right, and the few calls that most tests begin with.

use contracts::common::{Event, InstalmentRule, Money, PaymentTerms};
use contracts::credit::credit_check_service_client::CreditCheckServiceClient;
use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::*;
use contracts::events::ReadEventsRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::google;
use postgres::TenantId;
use prost::Name;
use tonic::transport::Channel;

use crate::fixture::World;

pub fn profiles(world: &World) -> TenantProfileServiceClient<Channel> {
    TenantProfileServiceClient::new(world.channel())
}

pub fn customers(world: &World) -> CustomerServiceClient<Channel> {
    CustomerServiceClient::new(world.channel())
}

pub fn policies(world: &World) -> CreditPolicyServiceClient<Channel> {
    CreditPolicyServiceClient::new(world.channel())
}

pub fn checks(world: &World) -> CreditCheckServiceClient<Channel> {
    CreditCheckServiceClient::new(world.channel())
}

pub fn eur(amount: &str) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    }
}

pub fn day(year: i32, month: i32, day: i32) -> google::r#type::Date {
    google::r#type::Date { year, month, day }
}

pub fn address() -> PostalAddress {
    PostalAddress {
        lines: vec!["Musterstraße 1".to_owned()],
        postal_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        region: String::new(),
        country_code: "DE".to_owned(),
    }
}

pub fn profile() -> TenantProfile {
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
        payee_accounts: vec![PayeeAccount {
            holder_name: "Muster Handel GmbH".to_owned(),
            account_number: "DE89370400440532013000".to_owned(),
            currency_code: "EUR".to_owned(),
            ..PayeeAccount::default()
        }],
        exchange_rate_max_age_days: 4,
        ..TenantProfile::default()
    }
}

pub fn details(name: &str) -> CustomerDetails {
    CustomerDetails {
        display_name: name.to_owned(),
        kind: CustomerKind::Business.into(),
        country_code: "DE".to_owned(),
        language: "de".to_owned(),
        time_zone: "Europe/Berlin".to_owned(),
        address: Some(address()),
        contacts: vec![Contact {
            display_name: "Ada Beispiel".to_owned(),
            role: ContactRole::AccountsPayable.into(),
            email: "ap@example.com".to_owned(),
            ..Contact::default()
        }],
        ..CustomerDetails::default()
    }
}

/// A policy with one entry for all: net 30, and a limit in EUR.
pub fn policy(request_id: &str, previous_version: i32, limit: &str) -> PublishCreditPolicyRequest {
    PublishCreditPolicyRequest {
        request_id: request_id.to_owned(),
        policy_code: "standard".to_owned(),
        previous_version,
        segments: vec![SegmentPolicy {
            payment_terms: Some(PaymentTerms {
                terms_code: "net30".to_owned(),
                instalments: vec![InstalmentRule {
                    share: None,
                    date_steps: vec![contracts::common::DateStep {
                        step: Some(contracts::common::date_step::Step::AddDays(30)),
                    }],
                }],
                ..PaymentTerms::default()
            }),
            credit_limit: Some(CreditLimit {
                limit: Some(Limit::Amount(eur(limit))),
            }),
            hold_over_limit: true,
            reservation_lifetime: Some(prost_types::Duration {
                seconds: 3600,
                nanos: 0,
            }),
            ..SegmentPolicy::default()
        }],
        ..PublishCreditPolicyRequest::default()
    }
}

pub fn order(request_id: &str, customer_id: &str, amount: &str) -> CheckCreditRequest {
    CheckCreditRequest {
        request_id: request_id.to_owned(),
        customer_id: customer_id.to_owned(),
        order_reference: format!("SO-{request_id}"),
        amount: Some(eur(amount)),
        ..CheckCreditRequest::default()
    }
}

/// A tenant with its profile.
pub async fn with_profile(world: &World, tenant: TenantId) {
    let request = CreateTenantProfileRequest {
        request_id: "profile".to_owned(),
        tenant_profile: Some(profile()),
    };
    let asked = world.signed(tenant, request);
    profiles(world).create_tenant_profile(asked).await.unwrap();
}

/// A tenant with its profile and a first standard policy.
pub async fn with_policy(world: &World, tenant: TenantId, limit: &str) {
    with_profile(world, tenant).await;
    let asked = world.signed(tenant, policy("policy", 0, limit));
    policies(world).publish_credit_policy(asked).await.unwrap();
}

/// A customer of the tenant; answers it.
pub async fn with_customer(world: &World, tenant: TenantId, external_id: &str) -> Customer {
    let request = CreateCustomerRequest {
        request_id: format!("create {external_id}"),
        external_id: external_id.to_owned(),
        details: Some(details(external_id)),
        ..CreateCustomerRequest::default()
    };
    let asked = world.signed(tenant, request);
    let answer = customers(world).create_customer(asked).await.unwrap();
    answer.into_inner().customer.unwrap()
}

/// All events of a tenant so far, in order.
pub async fn events(world: &World, tenant: TenantId) -> Vec<Event> {
    let mut client = EventFeedServiceClient::new(world.channel());
    let request = ReadEventsRequest {
        source: "credit".to_owned(),
        batch_limit: 1000,
        wait: Some(prost_types::Duration::default()),
        ..ReadEventsRequest::default()
    };
    let mut found = Vec::new();
    let answer = client.read_events(world.signed(tenant, request)).await;
    let mut batches = answer.unwrap().into_inner();
    while let Some(batch) = batches.message().await.unwrap() {
        found.extend(batch.events);
    }
    found
}

/// The short names of the events' types, in order.
pub fn types(events: &[Event]) -> Vec<&str> {
    let types = events.iter().map(|event| event.r#type.as_str());
    types
        .map(|name| name.rsplit('.').next().unwrap_or(name))
        .collect()
}

/// What one event tells.
pub fn data<M: Name + Default>(event: &Event) -> M {
    assert_eq!(event.r#type, M::full_name());
    M::decode(event.data.as_ref().unwrap().value.as_slice()).unwrap()
}
