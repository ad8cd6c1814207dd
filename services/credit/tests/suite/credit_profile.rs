//! Where a customer stands: exposure from the feeds, limits of their own, how they pay; reservations
//! that invoices use and that run out.

use std::time::Duration;

use contracts::credit::credit_limit::Limit;
use contracts::credit::credit_profile_service_client::CreditProfileServiceClient;
use contracts::credit::get_credit_profile_request::Key;
use contracts::credit::*;
use testkit::eventually;
use tonic::Status;
use tonic::transport::Channel;
use uuid::Uuid;

use crate::credit_hold::{exposure, held_for, strict};
use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;
use crate::told::{Told, received};

const PATIENCE: Duration = Duration::from_secs(10);

fn stands(world: &World) -> CreditProfileServiceClient<Channel> {
    CreditProfileServiceClient::new(world.channel())
}

pub async fn profile_of(world: &World, customer_id: &str) -> CreditProfile {
    let request = GetCreditProfileRequest {
        key: Some(Key::CustomerId(customer_id.to_owned())),
    };
    let answer = stands(world)
        .get_credit_profile(world.signed(OURS, request))
        .await;
    answer.unwrap().into_inner().credit_profile.unwrap()
}

async fn uses(world: &World, customer_id: &str, expected: &str) {
    let what = format!("the exposure is {expected}");
    eventually(PATIENCE, &what, async || {
        exposure(world, customer_id).await == expected
    })
    .await;
}

async fn reserved(world: &World, customer_id: &str, amount: &str) -> Reservation {
    let asked = world.signed(OURS, order("order", customer_id, amount));
    let answer = checks(world)
        .check_credit(asked)
        .await
        .unwrap()
        .into_inner();
    answer.reservation.unwrap()
}

async fn state_of(world: &World, reservation_id: &str) -> ReservationState {
    let request = GetReservationRequest {
        reservation_id: reservation_id.to_owned(),
    };
    let answer = checks(world)
        .get_reservation(world.signed(OURS, request))
        .await;
    answer.unwrap().into_inner().reservation.unwrap().state()
}

#[tokio::test]
async fn ex_1_money_in_flight_never_counts_twice() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let mut invoice = Told::new(&customer_id, "600.00", (2026, 6, 1));
    invoice.issued(&world, OURS, "");
    uses(&world, &customer_id, "600.00").await;
    // Invoicing tells of the application before payments tells of the receipt.
    invoice.paid(&world, OURS, "500.00", "100.00");
    uses(&world, &customer_id, "100.00").await;
    let receipt = Uuid::now_v7();
    received(&world, OURS, (receipt, &customer_id), ("700.00", "0.00"), 1);
    uses(&world, &customer_id, "-100.00").await;
    received(
        &world,
        OURS,
        (receipt, &customer_id),
        ("700.00", "150.00"),
        2,
    );
    uses(&world, &customer_id, "50.00").await;
    // Older tellings change nothing (P24); the receipt turns out to be another's.
    received(&world, OURS, (receipt, &customer_id), ("700.00", "0.00"), 1);
    let old = Told {
        open: "600.00",
        version: 1,
        ..invoice.clone()
    };
    old.told_again(&world, OURS);
    let other = with_customer(&world, OURS, "C-2").await.customer_id;
    received(&world, OURS, (receipt, &other), ("700.00", "150.00"), 3);
    uses(&world, &other, "-550.00").await;
    uses(&world, &customer_id, "100.00").await;
}

#[tokio::test]
async fn p24_what_is_told_at_once_comes_to_the_same_as_one_by_one() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let other = with_customer(&world, OURS, "C-2").await.customer_id;
    for source in ["invoicing", "payments"] {
        world.feed.keep_back(source);
    }
    let mut invoice = Told::new(&customer_id, "600.00", (2026, 6, 1));
    invoice.issued(&world, OURS, "");
    let old = invoice.clone();
    invoice.paid(&world, OURS, "500.00", "100.00");
    let mut others = Told::new(&other, "80.00", (2026, 6, 1));
    others.issued(&world, OURS, "");
    old.told_again(&world, OURS);
    others.paid(&world, OURS, "30.00", "50.00");
    others.paid(&world, OURS, "20.00", "30.00");
    let receipt = Uuid::now_v7();
    let tellings = [
        (&customer_id, "0.00", 1),
        (&customer_id, "150.00", 2),
        (&other, "150.00", 3),
        (&customer_id, "0.00", 1),
    ];
    for (owner, refunded, version) in tellings {
        let owner = (receipt, owner.as_str());
        received(&world, OURS, owner, ("700.00", refunded), version);
    }
    for source in ["invoicing", "payments"] {
        world.feed.let_go(source);
    }
    // 30 open, 550 received, 50 of them applied.
    uses(&world, &other, "-470.00").await;
    uses(&world, &customer_id, "100.00").await;
}

#[tokio::test]
async fn ex_1_an_invoice_takes_the_place_of_its_reservation() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let reservation = reserved(&world, &customer_id, "600.00").await;
    uses(&world, &customer_id, "600.00").await;
    Told::new(&customer_id, "400.00", (2026, 6, 1)).issued(
        &world,
        OURS,
        &reservation.reservation_id,
    );
    eventually(PATIENCE, "the rest is still set aside", async || {
        let stands = profile_of(&world, &customer_id).await.exposure.unwrap();
        let [ref euro] = stands.currencies[..] else {
            return false;
        };
        euro.open_invoice_amount == Some(eur("400.00"))
            && euro.reserved_amount == Some(eur("200.00"))
    })
    .await;
    Told::new(&customer_id, "250.00", (2026, 6, 1)).issued(
        &world,
        OURS,
        &reservation.reservation_id,
    );
    uses(&world, &customer_id, "650.00").await;
    assert_eq!(
        state_of(&world, &reservation.reservation_id).await,
        ReservationState::Consumed
    );
    // Its time passes: it has ended before.
    world
        .clock
        .set("2026-03-02T12:00:00Z".parse().unwrap())
        .unwrap();
    uses(&world, &customer_id, "650.00").await;
    assert!(!types(&events(&world, OURS).await).contains(&"ReservationExpired"));
}

#[tokio::test]
async fn ex_6_a_reservation_runs_out_only_after_what_was_told_by_then() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let reservation = reserved(&world, &customer_id, "600.00").await;
    world
        .clock
        .set("2026-03-02T09:59:59Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        state_of(&world, &reservation.reservation_id).await,
        ReservationState::Reserved
    );
    // The invoice is announced, and the time is over, before anybody has looked.
    Told::new(&customer_id, "100.00", (2026, 6, 1)).issued(
        &world,
        OURS,
        &reservation.reservation_id,
    );
    world
        .clock
        .set("2026-03-02T10:00:00Z".parse().unwrap())
        .unwrap();
    eventually(PATIENCE, "it has expired", async || {
        state_of(&world, &reservation.reservation_id).await == ReservationState::Expired
    })
    .await;
    let told = events(&world, OURS).await;
    let expired = told
        .iter()
        .find(|event| event.r#type.ends_with(".ReservationExpired"))
        .unwrap();
    assert_eq!(
        data::<ReservationExpired>(expired).released_amount,
        Some(eur("500.00"))
    );
    assert_eq!(exposure(&world, &customer_id).await, "100.00");
}

async fn set_limit(
    world: &World,
    request_id: &str,
    limit: Option<&str>,
    etag: &str,
) -> Result<CreditProfile, Status> {
    let customer_id = profile_by_external(world).await.customer_id;
    let request = SetCreditLimitRequest {
        request_id: request_id.to_owned(),
        customer_id,
        credit_limit: limit.map(|limit| CreditLimit {
            limit: Some(Limit::Amount(eur(limit))),
        }),
        valid_until_date: limit.map(|_| day(2026, 3, 31)),
        reason: "a bank guarantee".to_owned(),
        etag: etag.to_owned(),
    };
    let answer = stands(world)
        .set_credit_limit(world.signed(OURS, request))
        .await?;
    Ok(answer.into_inner().credit_profile.unwrap())
}

async fn profile_by_external(world: &World) -> CreditProfile {
    let request = GetCreditProfileRequest {
        key: Some(Key::ExternalId("C-1".to_owned())),
    };
    let answer = stands(world)
        .get_credit_profile(world.signed(OURS, request))
        .await;
    answer.unwrap().into_inner().credit_profile.unwrap()
}

#[tokio::test]
async fn ex_4_a_limit_of_their_own_holds_until_its_last_day() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let before = profile_by_external(&world).await;
    assert_eq!(
        (before.limit_origin(), before.etag.as_str()),
        (LimitOrigin::Policy, "0")
    );
    assert_eq!(before.available_amount, Some(eur("1000.00")));
    Told::new(&customer_id, "400.00", (2026, 6, 1)).issued(&world, OURS, "");
    uses(&world, &customer_id, "400.00").await;

    let lowered = set_limit(&world, "lower", Some("399.99"), "0")
        .await
        .unwrap();
    assert_eq!(lowered.limit_origin(), LimitOrigin::Customer);
    assert_eq!(lowered.available_amount, Some(eur("-0.01")));
    assert!(lowered.held, "the holds are judged again in the same step");
    assert_eq!(lowered.customer_limit.as_ref().unwrap().set_by, "ada");
    assert_eq!(
        set_limit(&world, "lower", Some("399.99"), "0")
            .await
            .unwrap(),
        lowered
    );
    let stale = set_limit(&world, "stale", Some("1.00"), "0")
        .await
        .unwrap_err();
    assert_eq!(reason(&stale), "STALE_ETAG");

    // From April on the policy's limit holds again, and nobody has to say so.
    world
        .clock
        .set("2026-03-31T22:00:00Z".parse().unwrap())
        .unwrap();
    held_for(&world, &customer_id, &[]).await;
    let after = profile_by_external(&world).await;
    assert_eq!(after.limit_origin(), LimitOrigin::PolicyAfterExpiry);
    let past = set_limit(&world, "past", Some("1.00"), "1")
        .await
        .unwrap_err();
    assert_eq!(reason(&past), "VALID_UNTIL_IN_THE_PAST");
    let given_back = set_limit(&world, "back", None, "1").await.unwrap();
    assert_eq!(
        (given_back.limit_origin(), given_back.etag.as_str()),
        (LimitOrigin::Policy, "2")
    );

    let nobody = GetCreditProfileRequest {
        key: Some(Key::CustomerId(customer_id)),
    };
    let refused = stands(&world)
        .get_credit_profile(world.signed(THEIRS, nobody))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "CUSTOMER_NOT_FOUND");
    let bad = SetCreditLimitRequest {
        request_id: "bad".to_owned(),
        ..SetCreditLimitRequest::default()
    };
    let refused = stands(&world)
        .set_credit_limit(world.signed(OURS, bad))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["customer_id", "reason", "etag"]);
}

#[tokio::test]
async fn me_5_how_a_customer_pays_is_told_for_any_day() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    // Paid after 20 days and 10 early; after 50 days and 20 late; and one that is still open.
    for (gross, closed_date) in [("100.00", (2026, 1, 21)), ("300.00", (2026, 2, 20))] {
        let mut invoice = Told::new(&customer_id, gross, (2026, 1, 31));
        invoice.issued(&world, OURS, "");
        invoice.closed_date = Some(closed_date);
        invoice.paid(&world, OURS, gross, "0.00");
    }
    Told::new(&customer_id, "5.00", (2026, 2, 10)).issued(&world, OURS, "");
    uses(&world, &customer_id, "5.00").await;

    let behaviour = profile_of(&world, &customer_id)
        .await
        .payment_behaviour
        .unwrap();
    let value =
        |decimal: &Option<contracts::common::Decimal>| decimal.as_ref().unwrap().value.clone();
    assert_eq!((behaviour.settled_count, behaviour.late_count), (2, 1));
    assert_eq!(value(&behaviour.late_ratio), "0.5");
    assert_eq!(value(&behaviour.average_days_to_pay), "35");
    assert_eq!(value(&behaviour.average_days_late_signed), "5");
    assert_eq!(value(&behaviour.average_days_late_early_as_zero), "10");
    // (20 x 100 + 50 x 300) / 400.
    assert_eq!(value(&behaviour.currencies[0].weighted_days_to_pay), "42.5");
    assert_eq!(behaviour.oldest_overdue_date, Some(day(2026, 2, 10)));

    let request = GetPaymentBehaviourRequest {
        customer_id,
        as_of_date: Some(day(2026, 2, 9)),
    };
    let answer = stands(&world)
        .get_payment_behaviour(world.signed(OURS, request))
        .await;
    let earlier = answer.unwrap().into_inner().payment_behaviour.unwrap();
    assert_eq!((earlier.settled_count, earlier.late_count), (1, 0));
    assert_eq!(value(&earlier.average_days_to_pay), "20");
    assert_eq!(
        earlier.oldest_overdue_date,
        Some(day(2026, 1, 31)),
        "it was open then"
    );
}
