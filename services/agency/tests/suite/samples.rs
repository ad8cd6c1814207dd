//! Requests that are right, facts that peers announce, and the few calls that most tests begin with.

use contracts::agency::agency_service_client::AgencyServiceClient;
use contracts::agency::agreement_service_client::AgreementServiceClient;
use contracts::agency::get_placement_request::Key;
use contracts::agency::placement_policy_service_client::PlacementPolicyServiceClient;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::*;
use contracts::common::{Decimal, Event, Money};
use contracts::credit::{
    Contact, ContactRole, Customer, CustomerCreated, CustomerDetails, CustomerKind, PostalAddress,
    TenantProfile, TenantProfileChanged,
};
use contracts::events::ReadEventsRequest;
use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::google;
use contracts::invoicing::{InvoiceBalance, InvoiceIssued, OpenItemBalance, OpenItemKind};
use contracts::reminders::{CaseOpened, CaseReference};
use postgres::TenantId;
use prost::Name;
use testkit::eventually_some;
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::fixture::{OURS, SOON, World};
use crate::peers::CASE;

/// The customer most invoices are of.
pub const CUSTOMER: Uuid = Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0000_0c01);

pub fn agencies(world: &World) -> AgencyServiceClient<Channel> {
    AgencyServiceClient::new(world.channel())
}

pub fn agreements(world: &World) -> AgreementServiceClient<Channel> {
    AgreementServiceClient::new(world.channel())
}

pub fn policies(world: &World) -> PlacementPolicyServiceClient<Channel> {
    PlacementPolicyServiceClient::new(world.channel())
}

pub fn placements(world: &World) -> PlacementServiceClient<Channel> {
    PlacementServiceClient::new(world.channel())
}

pub fn eur(amount: &str) -> Money {
    Money {
        currency_code: "EUR".to_owned(),
        amount: amount.to_owned(),
    }
}

pub fn rate(value: &str) -> Option<Decimal> {
    Some(Decimal {
        value: value.to_owned(),
    })
}

pub fn day(year: i32, month: i32, day: i32) -> google::r#type::Date {
    google::r#type::Date { year, month, day }
}

pub fn invoice_id(number: u128) -> String {
    Uuid::from_u128(0x0190_a000_0000_7000_8000_0000_0001_0000 + number).to_string()
}

/// What an invoice of [`CUSTOMER`] is worth: due on 31 January, all of it principal.
pub fn balance(number: u128, version: i64, open: &str) -> InvoiceBalance {
    let item = OpenItemBalance {
        open_item_id: Uuid::from_u128(number).to_string(),
        kind: OpenItemKind::Principal.into(),
        due_date: Some(day(2026, 1, 31)),
        open_amount: Some(eur(open)),
        closed_date: None,
    };
    InvoiceBalance {
        invoice_id: invoice_id(number),
        invoice_number: format!("INV-{number:04}"),
        external_id: String::new(),
        customer_id: CUSTOMER.to_string(),
        invoice_date: Some(day(2026, 1, 1)),
        gross_amount: Some(eur(open)),
        open_amount: Some(eur(open)),
        disputed_amount: Some(eur("0.00")),
        open_items: vec![item],
        version,
        ..InvoiceBalance::default()
    }
}

/// Credit announces the tenant, Berlin, and [`CUSTOMER`]; reminders its case.
pub fn with_customer(world: &World, tenant: TenantId) {
    let feed = &world.peers.feed;
    let profile = TenantProfileChanged {
        tenant_profile: Some(TenantProfile {
            legal_name: "Muster Handel GmbH".to_owned(),
            time_zone: "Europe/Berlin".to_owned(),
            home_currency_code: "EUR".to_owned(),
            ..TenantProfile::default()
        }),
    };
    feed.announce("credit", tenant.uuid(), tenant.uuid(), 1, &profile);
    announce_customer(world, tenant, CUSTOMER, "DE");
}

/// Credit announces a customer, reminders its case.
pub fn announce_customer(world: &World, tenant: TenantId, customer: Uuid, country: &str) {
    let feed = &world.peers.feed;
    let created = CustomerCreated {
        customer: Some(Customer {
            customer_id: customer.to_string(),
            external_id: "K-17".to_owned(),
            details: Some(CustomerDetails {
                display_name: "Erika Beispiel".to_owned(),
                kind: CustomerKind::Consumer.into(),
                segment: "retail".to_owned(),
                country_code: country.to_owned(),
                language: "de".to_owned(),
                time_zone: "Europe/Berlin".to_owned(),
                address: Some(PostalAddress {
                    lines: vec!["Musterweg 1".to_owned()],
                    postal_code: "10115".to_owned(),
                    city: "Berlin".to_owned(),
                    region: String::new(),
                    country_code: country.to_owned(),
                }),
                contacts: vec![Contact {
                    display_name: "Erika Beispiel".to_owned(),
                    role: ContactRole::AccountsPayable.into(),
                    email: "erika@example.com".to_owned(),
                    phone: "+4930123456".to_owned(),
                    ..Contact::default()
                }],
                ..CustomerDetails::default()
            }),
            ..Customer::default()
        }),
    };
    feed.announce("credit", tenant.uuid(), customer, 1, &created);
    let opened = CaseOpened {
        case: Some(CaseReference {
            case_id: CASE.to_string(),
            customer_id: customer.to_string(),
            customer_external_id: "K-17".to_owned(),
        }),
        segment: "retail".to_owned(),
    };
    feed.announce("reminders", tenant.uuid(), CASE, 1, &opened);
}

/// Invoicing announces an invoice, and answers so when it is asked.
pub fn with_invoice(world: &World, tenant: TenantId, number: u128, open: &str) {
    let issued = InvoiceIssued {
        balance_after: Some(balance(number, 1, open)),
        ..InvoiceIssued::default()
    };
    let subject = invoice_id(number).parse().unwrap();
    world
        .peers
        .feed
        .announce("invoicing", tenant.uuid(), subject, 1, &issued);
    owes(world, balance(number, 1, open));
}

/// Invoicing answers so when it is asked from now on.
pub fn owes(world: &World, balance: InvoiceBalance) {
    let mut script = world.peers.script();
    script.balances.insert(balance.invoice_id.clone(), balance);
}

pub fn new_agency(request_id: &str, external_id: &str) -> CreateAgencyRequest {
    CreateAgencyRequest {
        request_id: request_id.to_owned(),
        external_id: external_id.to_owned(),
        display_name: "Inkasso Nord".to_owned(),
        legal_name: "Inkasso Nord GmbH".to_owned(),
        country_code: "DE".to_owned(),
        contact_email: "eingang@example.com".to_owned(),
        contact_phone: "+4940123456".to_owned(),
    }
}

pub async fn with_agency(world: &World, tenant: TenantId, external_id: &str) -> Agency {
    let request = new_agency(&format!("create {external_id}"), external_id);
    let asked = world.signed(tenant, request);
    let answer = agencies(world).create_agency(asked).await.unwrap();
    answer.into_inner().agency.unwrap()
}

pub fn tier(rate_value: &str) -> CommissionTier {
    CommissionTier {
        rate: rate(rate_value),
        ..CommissionTier::default()
    }
}

/// Terms in EUR, one rate of a quarter, net, without notice.
pub fn terms() -> AgreementTerms {
    AgreementTerms {
        commission_schedules: vec![CommissionSchedule {
            currency_code: "EUR".to_owned(),
            method: CommissionMethod::WholeBalance.into(),
            age_basis: AgeBasis::OldestDueDate.into(),
            tiers: vec![tier("0.25")],
        }],
        remittance_mode: RemittanceMode::Net.into(),
        commission_on_direct_payments: true,
        ..AgreementTerms::default()
    }
}

pub fn new_agreement(
    agency_id: &str,
    number: &str,
    terms: AgreementTerms,
) -> CreateAgreementRequest {
    CreateAgreementRequest {
        request_id: format!("agree {agency_id} {number}"),
        agency_id: agency_id.to_owned(),
        agreement_number: number.to_owned(),
        terms: Some(terms),
        valid_from_date: Some(day(2026, 1, 1)),
        valid_to_date: None,
    }
}

pub async fn with_agreement(
    world: &World,
    tenant: TenantId,
    agency_id: &str,
    terms: AgreementTerms,
) -> Agreement {
    let asked = world.signed(tenant, new_agreement(agency_id, "A-1", terms));
    let answer = agreements(world).create_agreement(asked).await.unwrap();
    answer.into_inner().agreement.unwrap()
}

pub fn proposal(request_id: &str, agency_id: &str, numbers: &[u128]) -> ProposePlacementRequest {
    ProposePlacementRequest {
        request_id: request_id.to_owned(),
        external_id: format!("P-{request_id}"),
        agency_id: agency_id.to_owned(),
        customer_id: CUSTOMER.to_string(),
        invoice_ids: numbers.iter().map(|number| invoice_id(*number)).collect(),
        note: "asked for in writing".to_owned(),
        validate_only: false,
    }
}

/// A placement of these invoices that was approved.
pub async fn approved(world: &World, name: &str, agency_id: &str, numbers: &[u128]) -> Placement {
    let asked = world.signed(OURS, proposal(name, agency_id, numbers));
    let proposed = placements(world).propose_placement(asked).await.unwrap();
    let placement_id = proposed.into_inner().placement.unwrap().placement_id;
    let request = ApprovePlacementRequest {
        request_id: format!("approve {name}"),
        placement_id,
        etag: String::new(),
    };
    let asked = world.signed(OURS, request);
    let approved = placements(world).approve_placement(asked).await.unwrap();
    approved.into_inner().placement.unwrap()
}

/// Tenant, customer, agency with an agreement, and one invoice of 1000.00 for each number.
pub async fn with_debts(world: &World, numbers: &[u128]) -> Agency {
    with_debts_under(world, numbers, terms()).await
}

pub async fn with_debts_under(world: &World, numbers: &[u128], terms: AgreementTerms) -> Agency {
    with_customer(world, OURS);
    for number in numbers {
        with_invoice(world, OURS, *number, "1000.00");
    }
    let agency = with_agency(world, OURS, "nord").await;
    with_agreement(world, OURS, &agency.agency_id, terms).await;
    agency
}

pub async fn activate(
    world: &World,
    request_id: &str,
    placement: &Placement,
) -> Result<ActivatePlacementResponse, Status> {
    let request = ActivatePlacementRequest {
        request_id: request_id.to_owned(),
        placement_id: placement.placement_id.clone(),
        etag: String::new(),
    };
    let asked = world.signed(OURS, request);
    let answer = placements(world).activate_placement(asked).await?;
    Ok(answer.into_inner())
}

pub async fn get(world: &World, placement_id: &str) -> GetPlacementResponse {
    let request = GetPlacementRequest {
        key: Some(Key::PlacementId(placement_id.to_owned())),
    };
    let asked = world.signed(OURS, request);
    placements(world)
        .get_placement(asked)
        .await
        .unwrap()
        .into_inner()
}

/// The placement once it is in this state.
pub async fn becomes(world: &World, placement_id: &str, state: PlacementState) -> Placement {
    let what = format!("the placement is {}", state.as_str_name());
    let look = async || {
        let placement = get(world, placement_id).await.placement.unwrap();
        (placement.state() == state).then_some(placement)
    };
    eventually_some(SOON, &what, look).await
}

/// All events of a tenant so far, in order.
pub async fn events(world: &World, tenant: TenantId) -> Vec<Event> {
    let mut client = EventFeedServiceClient::new(world.channel());
    let request = ReadEventsRequest {
        source: "agency".to_owned(),
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

/// The event of this type, which there is once.
pub fn only<M: Name + Default>(events: &[Event]) -> M {
    let mut found = events.iter().filter(|event| event.r#type == M::full_name());
    let event = found.next().unwrap();
    assert!(found.next().is_none(), "{} is told twice", M::NAME);
    M::decode(event.data.as_ref().unwrap().value.as_slice()).unwrap()
}
