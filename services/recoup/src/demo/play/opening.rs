//! Before the first day: the tenant introduces itself, says how it sells and reminds, opens its
//! accounts at the bank and enters its customers.

use anyhow::ensure;
use contracts::common::date_step::Step as DateStepKind;
use contracts::common::{
    DateStep, DiscountTier, EarlyPaymentOffer, ImportState, InstalmentRule, PaymentTerms,
};
use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    Contact, ContactRole, CreateTenantProfileRequest, CreditLimit, CustomerDetails, CustomerKind,
    CustomerRow, ImportCustomersRequest, ListCustomersRequest, PayeeAccount, PostalAddress,
    PublishCreditPolicyRequest, SegmentPolicy, Sender, TenantProfile,
};

use crate::demo::book::Book;
use crate::demo::book::customer::{Customer, PLACES, Segment};
use crate::demo::client::{World, decimal, had, money};

/// Who the story is about.
pub const TENANT_NAME: &str = "Muster Handel GmbH";

/// Introduces the tenant and says how it sells.
///
/// # Errors
/// A call that is refused.
pub async fn tenant(world: &World) -> anyhow::Result<()> {
    let account = |currency: &str| PayeeAccount {
        holder_name: TENANT_NAME.to_owned(),
        account_number: "DE89370400440532013000".to_owned(),
        bank_name: "Musterbank".to_owned(),
        currency_code: currency.to_owned(),
        ..PayeeAccount::default()
    };
    let profile = TenantProfile {
        legal_name: TENANT_NAME.to_owned(),
        address: Some(address("DE", "Berlin", "10115")),
        time_zone: "Europe/Berlin".to_owned(),
        home_currency_code: "EUR".to_owned(),
        calendar_code: "DE".to_owned(),
        language: "en".to_owned(),
        sender: Some(Sender {
            display_name: "Muster Handel".to_owned(),
            email: "billing@muster.example".to_owned(),
            ..Sender::default()
        }),
        payee_accounts: ["EUR", "GBP", "USD"].map(account).to_vec(),
        exchange_rate_max_age_days: 14,
        ..TenantProfile::default()
    };
    let request = CreateTenantProfileRequest {
        request_id: world.fresh(),
        tenant_profile: Some(profile),
    };
    TenantProfileServiceClient::new(world.calls())
        .create_tenant_profile(request)
        .await?;
    let request = PublishCreditPolicyRequest {
        request_id: world.fresh(),
        policy_code: "standard".to_owned(),
        segments: [
            (Segment::Trade, Some("20000.00"), Some(30)),
            (Segment::Small, Some("5000.00"), Some(45)),
            (Segment::Consumer, None, None),
        ]
        .map(policy)
        .to_vec(),
        note: "How the demo sells.".to_owned(),
        ..PublishCreditPolicyRequest::default()
    };
    CreditPolicyServiceClient::new(world.calls())
        .publish_credit_policy(request)
        .await?;
    Ok(())
}

fn policy((segment, limit, hold_days): (Segment, Option<&str>, Option<i32>)) -> SegmentPolicy {
    let offer = EarlyPaymentOffer {
        tiers: vec![DiscountTier {
            within_days: 10,
            discount_ratio: decimal("0.02"),
        }],
        partial_payments_earn: false,
    };
    let net_days = i32::try_from(segment.net_days()).unwrap_or(30);
    let limit = limit.map_or(Limit::NoLimit(true), |amount| {
        Limit::Amount(contracts::common::Money {
            currency_code: "EUR".to_owned(),
            amount: amount.to_owned(),
        })
    });
    SegmentPolicy {
        segment: segment.code().to_owned(),
        payment_terms: Some(PaymentTerms {
            terms_code: format!("net{net_days}"),
            instalments: vec![InstalmentRule {
                share: None,
                date_steps: vec![DateStep {
                    step: Some(DateStepKind::AddDays(net_days)),
                }],
            }],
            ..PaymentTerms::default()
        }),
        early_payment_offer: (segment == Segment::Trade).then_some(offer),
        credit_limit: Some(CreditLimit { limit: Some(limit) }),
        overdue_hold_days: hold_days,
        hold_over_limit: hold_days.is_some(),
        reservation_lifetime: Some(prost_types::Duration {
            seconds: 14 * 86_400,
            nanos: 0,
        }),
        ..SegmentPolicy::default()
    }
}

/// Imports the customers; answers their identities in the order of the book.
///
/// # Errors
/// A call that is refused, or a customer that is not there afterwards.
pub async fn customers(world: &World, book: &Book) -> anyhow::Result<Vec<String>> {
    let rows: Vec<CustomerRow> = (1..).zip(&book.customers).map(row).collect();
    let mut request_id = world.fresh();
    let chunks = rows.chunks(250).map(|rows| ImportCustomersRequest {
        request_id: std::mem::take(&mut request_id),
        rows: rows.to_vec(),
        ..ImportCustomersRequest::default()
    });
    let chunks: Vec<_> = chunks.collect();
    let mut clients = CustomerServiceClient::new(world.calls());
    let stream = futures_util::stream::iter(chunks);
    let imported = clients.import_customers(stream).await?.into_inner();
    let report = had(imported.report, "a report")?;
    ensure!(
        report.state() == ImportState::Completed,
        "customers: {:?}",
        report.rejected_rows
    );
    identities(world, book).await
}

async fn identities(world: &World, book: &Book) -> anyhow::Result<Vec<String>> {
    let mut clients = CustomerServiceClient::new(world.calls());
    let mut known = std::collections::BTreeMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListCustomersRequest {
            page_size: 500,
            page_token,
            ..ListCustomersRequest::default()
        };
        let page = clients.list_customers(request).await?.into_inner();
        let pairs = page.customers.into_iter();
        known.extend(pairs.map(|customer| (customer.external_id, customer.customer_id)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let ids = book.customers.iter().map(|customer| {
        let id = known.get(&customer.external_id).cloned();
        had(id, "a customer of the book")
    });
    ids.collect()
}

fn row((row_number, customer): (i32, &Customer)) -> CustomerRow {
    let kind = match customer.segment {
        Segment::Trade | Segment::Small => CustomerKind::Business,
        Segment::Consumer => CustomerKind::Consumer,
    };
    let contact = Contact {
        display_name: customer.name.clone(),
        role: ContactRole::AccountsPayable.into(),
        email: format!("{}@customer.example", customer.external_id.to_lowercase()),
        ..Contact::default()
    };
    let place = customer.place;
    CustomerRow {
        row_number,
        external_id: customer.external_id.clone(),
        details: Some(CustomerDetails {
            display_name: customer.name.clone(),
            kind: kind.into(),
            segment: customer.segment.code().to_owned(),
            country_code: place.country_code.to_owned(),
            language: place.language.to_owned(),
            time_zone: place.time_zone.to_owned(),
            address: Some(address(place.country_code, place.city, place.postal_code)),
            contacts: vec![contact],
            ..CustomerDetails::default()
        }),
    }
}

fn address(country: &str, city: &str, postal_code: &str) -> PostalAddress {
    PostalAddress {
        lines: vec!["1 Market Street".to_owned()],
        postal_code: postal_code.to_owned(),
        city: city.to_owned(),
        region: String::new(),
        country_code: country.to_owned(),
    }
}

/// The countries where customers are, each once.
#[must_use]
pub fn countries() -> [&'static str; PLACES.len()] {
    PLACES.map(|place| place.country_code)
}

/// A least amount of the same size in each currency.
#[must_use]
pub fn at_least(cents: i64) -> Vec<contracts::common::Money> {
    ["EUR", "GBP", "USD"]
        .map(|code| money(cents, code))
        .to_vec()
}
