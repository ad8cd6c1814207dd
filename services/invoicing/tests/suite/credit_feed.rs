//! What we do with credit's events: the projection of tenants, customers and terms.

use contracts::common::Event;
use contracts::convert::terms::terms_to_wire;
use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::credit as wire;
use events::ApplyError;
use invoicing::app::App;
use invoicing::domain::CustomerId;
use invoicing::events::inbound::credit::apply;
use invoicing::store;
use jiff::civil::{Date, date};
use postgres::{Database, PostgresConfig};
use prost::{Message, Name};
use runtime::{Shutdown, Tasks, Telemetry};
use testkit::TestDatabase;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::fixture::OURS;

const CUSTOMER: CustomerId = CustomerId(Uuid::from_u128(7));

/// An app without a server or peers: what the handler needs.
async fn app() -> (TestDatabase, App) {
    let test = TestDatabase::new("invoicing", &invoicing::migrations()).await;
    let config = PostgresConfig::with_urls(test.app_url(), test.background_url());
    let db = Database::connect(&config, invoicing::SERVICE)
        .await
        .unwrap();
    let (feed, _) = events::Feed::new(
        invoicing::SERVICE,
        db.clone(),
        None,
        CancellationToken::new(),
    );
    let telemetry = Telemetry::without_export(invoicing::SERVICE).unwrap();
    let metrics = invoicing::metrics::Metrics::new(&telemetry.meter(invoicing::SERVICE));
    let clock = calendar::Clock::system();
    let _: (Tasks, Shutdown) = (
        Tasks::new(),
        Shutdown::new(std::time::Duration::from_secs(1)),
    );
    (
        test,
        App {
            db,
            clock,
            feed,
            metrics,
            heard: tokio::sync::Notify::new(),
        },
    )
}

fn event<M: Message + Name>(position: i64, version: i64, data: &M) -> Event {
    Event {
        event_id: Uuid::from_u128(u128::try_from(position).unwrap()).to_string(),
        source: "credit".to_owned(),
        r#type: M::full_name(),
        subject: CUSTOMER.0.to_string(),
        event_time: Some(instant_to_wire("2026-01-01T00:00:00Z".parse().unwrap())),
        tenant_id: OURS.to_string(),
        position,
        subject_version: version,
        traceparent: String::new(),
        data: Some(prost_types::Any {
            type_url: format!("type.googleapis.com/{}", M::full_name()),
            value: data.encode_to_vec(),
        }),
    }
}

fn granted(terms: &str, from: Date) -> wire::GrantedTerms {
    let schedule = terms.parse().unwrap();
    wire::GrantedTerms {
        policy_code: "standard".to_owned(),
        policy_version: 3,
        valid_from_date: Some(date_to_wire(from)),
        payment_terms: Some(terms_to_wire(
            terms,
            &schedule,
            calendar::Convention::None,
            None,
        )),
        ..wire::GrantedTerms::default()
    }
}

fn customer(external_id: &str, terms: Option<wire::GrantedTerms>) -> wire::Customer {
    wire::Customer {
        customer_id: CUSTOMER.0.to_string(),
        external_id: external_id.to_owned(),
        granted_terms: terms,
        ..wire::Customer::default()
    }
}

async fn applied(app: &App, event: &Event) -> Result<(), ApplyError> {
    let mut tx = app.db.begin(OURS).await.unwrap();
    let outcome = apply(app, &mut tx, event).await;
    match outcome {
        Ok(()) => tx.commit().await.unwrap(),
        Err(_) => tx.rollback().await.unwrap(),
    }
    outcome
}

/// The external id of the customer and the code of the terms in force on a day.
async fn known(app: &App, day: Date) -> Option<(String, Option<String>)> {
    let mut tx = app.db.begin_read(OURS).await.unwrap();
    let customer = store::customer::find_in_tx(&mut tx, OURS, CUSTOMER)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    customer.map(|customer| {
        let code = customer.grant_on(day).map(|grant| grant.terms.code.clone());
        (customer.external_id.clone().unwrap_or_default(), code)
    })
}

#[tokio::test]
async fn p24_a_customer_is_known_by_the_newest_announcement_whatever_comes_last() {
    let (_test, app) = app().await;
    let today = date(2026, 3, 1);
    assert_eq!(known(&app, today).await, None);
    let net30 = granted("net 30", date(2026, 1, 1));
    let created = wire::CustomerCreated {
        customer: Some(customer("old", Some(net30))),
    };
    let updated = wire::CustomerUpdated {
        customer: Some(customer("new", None)),
        changed_fields: Vec::new(),
    };
    applied(&app, &event(5, 2, &updated)).await.unwrap();
    applied(&app, &event(4, 1, &created)).await.unwrap();
    assert_eq!(
        known(&app, today).await,
        Some(("new".to_owned(), Some("net 30".to_owned())))
    );
}

#[tokio::test]
async fn terms_hold_from_their_day_and_the_later_announced_of_a_day_wins() {
    let (_test, app) = app().await;
    let created = wire::CustomerCreated {
        customer: Some(customer("c", None)),
    };
    applied(&app, &event(1, 1, &created)).await.unwrap();
    let terms = |position, terms, from| {
        let granted_terms = Some(granted(terms, from));
        let customer_id = CUSTOMER.0.to_string();
        event(
            position,
            1,
            &wire::TermsGranted {
                customer_id,
                granted_terms,
            },
        )
    };
    let april = date(2026, 4, 1);
    applied(&app, &terms(3, "net 14", april)).await.unwrap();
    applied(&app, &terms(2, "net 60", april)).await.unwrap();
    applied(&app, &terms(4, "net 30", date(2026, 1, 1)))
        .await
        .unwrap();
    let code = async |day| known(&app, day).await.unwrap().1;
    assert_eq!(code(date(2026, 3, 31)).await.as_deref(), Some("net 30"));
    assert_eq!(code(april).await.as_deref(), Some("net 14"));
    assert_eq!(code(date(2025, 12, 31)).await, None);
}

#[tokio::test]
async fn p25_facts_that_make_no_sense_are_poison_with_the_field_named() {
    let (_test, app) = app().await;
    let mut without_day = granted("net 30", date(2026, 1, 1));
    without_day.valid_from_date = None;
    let created = wire::CustomerCreated {
        customer: Some(customer("c", Some(without_day))),
    };
    for (bad, named) in [
        (event(1, 1, &created), "valid_from_date"),
        (
            event(2, 1, &wire::CustomerCreated { customer: None }),
            "customer",
        ),
        (
            event(
                3,
                1,
                &wire::TenantProfileChanged {
                    tenant_profile: None,
                },
            ),
            "tenant_profile",
        ),
    ] {
        match applied(&app, &bad).await {
            Err(ApplyError::Poison(reason)) => assert!(reason.contains(named), "{reason}"),
            other => unreachable!("{other:?}"),
        }
    }
    assert_eq!(known(&app, date(2026, 3, 1)).await, None);
}

#[tokio::test]
async fn events_of_no_use_here_are_passed_over() {
    let (_test, app) = app().await;
    let hold = wire::CreditHoldPlaced {
        credit_hold: None,
        held_before: false,
    };
    applied(&app, &event(1, 1, &hold)).await.unwrap();
}
