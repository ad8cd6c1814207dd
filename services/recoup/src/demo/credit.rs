//! The tenant introduces itself, says on what terms it sells, and enters its customers.

use anyhow::{Context as _, ensure};
use contracts::common::date_step::Step;
use contracts::common::{
    BusinessDayRule, DateStep, Decimal, DiscountTier, EarlyPaymentOffer, InstalmentRule, Money,
    PaymentTerms,
};
use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_policy_service_client::CreditPolicyServiceClient;
use contracts::credit::customer_service_client::CustomerServiceClient;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    Contact, ContactRole, CreateCustomerRequest, CreateCustomerResponse,
    CreateTenantProfileRequest, CreateTenantProfileResponse, CreditLimit, CustomerDetails,
    CustomerKind, ListCustomersRequest, PayeeAccount, PostalAddress, PublishCreditPolicyRequest,
    PublishCreditPolicyResponse, SegmentPolicy, Sender, TenantProfile,
};

use super::Row;
use super::client::World;

/// Customers of the demo: name, kind, segment, country, language, time zone.
const CUSTOMERS: [(&str, CustomerKind, &str, &str, &str, &str); 8] = {
    use CustomerKind::{Business, Consumer};
    [
        (
            "Adler Maschinenbau GmbH",
            Business,
            "",
            "DE",
            "de-DE",
            "Europe/Berlin",
        ),
        (
            "Brenner Logistik GmbH",
            Business,
            "smb",
            "AT",
            "de-AT",
            "Europe/Vienna",
        ),
        ("Ana Fuentes", Consumer, "", "ES", "es-ES", "Europe/Madrid"),
        (
            "Calder & Sons Ltd",
            Business,
            "smb",
            "GB",
            "en-GB",
            "Europe/London",
        ),
        (
            "Dupont Freres SA",
            Business,
            "",
            "FR",
            "fr-FR",
            "Europe/Paris",
        ),
        (
            "Grand Canyon Tours LLC",
            Business,
            "smb",
            "US",
            "en-US",
            "America/Phoenix",
        ),
        (
            "Lotte Janssen",
            Consumer,
            "",
            "NL",
            "nl-NL",
            "Europe/Amsterdam",
        ),
        ("Sakura Shoji KK", Business, "", "JP", "ja-JP", "Asia/Tokyo"),
    ]
};

/// What credit answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Answers {
    profile: CreateTenantProfileResponse,
    policy: PublishCreditPolicyResponse,
    customers: Vec<CreateCustomerResponse>,
}

impl Answers {
    /// How many there are.
    pub fn count(&self) -> usize {
        2 + self.customers.len()
    }

    /// The customers, in the order in which they were created.
    pub fn customer_ids(&self) -> Vec<&str> {
        let customers = self
            .customers
            .iter()
            .filter_map(|created| created.customer.as_ref());
        customers
            .map(|customer| customer.customer_id.as_str())
            .collect()
    }

    /// What was done.
    pub fn rows(&self) -> Vec<Row> {
        let row = |what, count, checked| Row {
            what,
            count,
            checked,
        };
        vec![
            row("tenant profiles created", 1, "its zone and currency"),
            row("credit policies published", 1, "version 1"),
            row(
                "customers created",
                self.customers.len(),
                "listed, each with terms granted",
            ),
        ]
    }
}

/// Makes the calls of the chapter, and checks what they answer.
///
/// # Errors
/// A call that is refused, or an answer that is not as it must be.
pub async fn tell(world: &World) -> anyhow::Result<Answers> {
    let mut profiles = TenantProfileServiceClient::new(world.calls());
    let profile = profiles
        .create_tenant_profile(profile())
        .await
        .context("the profile")?;
    let mut policies = CreditPolicyServiceClient::new(world.calls());
    let policy = policies
        .publish_credit_policy(policy())
        .await
        .context("the policy")?;
    let mut clients = CustomerServiceClient::new(world.calls());
    let mut customers = Vec::new();
    for (number, of) in CUSTOMERS.into_iter().enumerate() {
        let created = clients.create_customer(customer(number + 1, of)).await;
        customers.push(
            created
                .with_context(|| format!("customer {}", of.0))?
                .into_inner(),
        );
    }
    let answers = Answers {
        profile: profile.into_inner(),
        policy: policy.into_inner(),
        customers,
    };
    check(&answers)?;
    check_list(&mut clients, &answers).await?;
    Ok(answers)
}

fn check(answers: &Answers) -> anyhow::Result<()> {
    let profile = answers
        .profile
        .tenant_profile
        .as_ref()
        .context("no profile")?;
    ensure!(profile.time_zone == "Europe/Berlin" && profile.home_currency_code == "EUR");
    let policy = answers.policy.credit_policy.as_ref().context("no policy")?;
    ensure!(
        policy.version == 1,
        "the first version of a policy is {}",
        policy.version
    );
    for created in &answers.customers {
        let customer = created.customer.as_ref().context("no customer")?;
        let granted = customer.granted_terms.as_ref();
        let terms = granted.and_then(|granted| granted.payment_terms.as_ref());
        ensure!(
            terms.is_some_and(|terms| terms.terms_code == "2/10net30"),
            "{} was granted {terms:?}",
            customer.external_id
        );
    }
    Ok(())
}

/// Whatever was repeated, each customer is there once.
async fn check_list(
    clients: &mut CustomerServiceClient<super::client::Calls>,
    answers: &Answers,
) -> anyhow::Result<()> {
    let request = ListCustomersRequest {
        page_size: 500,
        ..ListCustomersRequest::default()
    };
    let listed = clients
        .list_customers(request)
        .await?
        .into_inner()
        .customers;
    let created = answers
        .customers
        .iter()
        .filter_map(|created| created.customer.clone());
    ensure!(
        listed == Vec::from_iter(created),
        "the list is not what was created"
    );
    Ok(())
}

fn profile() -> CreateTenantProfileRequest {
    let account = PayeeAccount {
        holder_name: "Muster Handel GmbH".to_owned(),
        account_number: "DE89370400440532013000".to_owned(),
        currency_code: "EUR".to_owned(),
        ..PayeeAccount::default()
    };
    CreateTenantProfileRequest {
        request_id: "demo-profile".to_owned(),
        tenant_profile: Some(TenantProfile {
            legal_name: "Muster Handel GmbH".to_owned(),
            address: Some(address("DE")),
            time_zone: "Europe/Berlin".to_owned(),
            home_currency_code: "EUR".to_owned(),
            calendar_code: "DE".to_owned(),
            language: "en".to_owned(),
            sender: Some(Sender {
                display_name: "Muster Handel".to_owned(),
                email: "billing@muster.example".to_owned(),
                ..Sender::default()
            }),
            payee_accounts: vec![account],
            exchange_rate_max_age_days: 4,
            ..TenantProfile::default()
        }),
    }
}

/// 2 % within 10 days, else 30 days net; 25 000 EUR, 5 000 for small businesses.
fn policy() -> PublishCreditPolicyRequest {
    let segment = |segment: &str, limit: &str| SegmentPolicy {
        segment: segment.to_owned(),
        payment_terms: Some(terms()),
        early_payment_offer: Some(EarlyPaymentOffer {
            tiers: vec![DiscountTier {
                within_days: 10,
                discount_ratio: Some(Decimal {
                    value: "0.02".to_owned(),
                }),
            }],
            partial_payments_earn: false,
        }),
        credit_limit: Some(CreditLimit {
            limit: Some(Limit::Amount(Money {
                currency_code: "EUR".to_owned(),
                amount: limit.to_owned(),
            })),
        }),
        overdue_hold_days: Some(30),
        hold_over_limit: true,
        reservation_lifetime: Some(prost_types::Duration {
            seconds: 14 * 86_400,
            nanos: 0,
        }),
        ..SegmentPolicy::default()
    };
    PublishCreditPolicyRequest {
        request_id: "demo-policy".to_owned(),
        policy_code: "standard".to_owned(),
        segments: vec![segment("", "25000.00"), segment("smb", "5000.00")],
        note: "How the demo sells.".to_owned(),
        ..PublishCreditPolicyRequest::default()
    }
}

fn terms() -> PaymentTerms {
    PaymentTerms {
        terms_code: "2/10net30".to_owned(),
        instalments: vec![InstalmentRule {
            share: None,
            date_steps: vec![DateStep {
                step: Some(Step::AddDays(30)),
            }],
        }],
        business_day_rule: BusinessDayRule::Following.into(),
        calendar_code: "DE".to_owned(),
    }
}

fn customer(
    number: usize,
    (name, kind, segment, country, language, zone): (&str, CustomerKind, &str, &str, &str, &str),
) -> CreateCustomerRequest {
    let external_id = format!("C-{number:04}");
    let contact = Contact {
        display_name: name.to_owned(),
        role: ContactRole::AccountsPayable.into(),
        email: format!("payables+{number}@customer.example"),
        ..Contact::default()
    };
    CreateCustomerRequest {
        request_id: format!("demo-customer-{external_id}"),
        external_id,
        details: Some(CustomerDetails {
            display_name: name.to_owned(),
            kind: kind.into(),
            segment: segment.to_owned(),
            country_code: country.to_owned(),
            language: language.to_owned(),
            time_zone: zone.to_owned(),
            address: Some(address(country)),
            contacts: vec![contact],
            ..CustomerDetails::default()
        }),
        ..CreateCustomerRequest::default()
    }
}

fn address(country: &str) -> PostalAddress {
    PostalAddress {
        lines: vec!["1 Demo Street".to_owned()],
        postal_code: "10115".to_owned(),
        city: "Demo City".to_owned(),
        region: String::new(),
        country_code: country.to_owned(),
    }
}
