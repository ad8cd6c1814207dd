//! Holds: by hand, by facts from the feeds, overridden, ended by days.

use std::time::Duration;

use contracts::credit::credit_hold_service_client::CreditHoldServiceClient;
use contracts::credit::*;
use postgres::TenantId;
use testkit::eventually;
use tonic::transport::Channel;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;
use crate::told::Told;

const PATIENCE: Duration = Duration::from_secs(10);

pub fn holds(world: &World) -> CreditHoldServiceClient<Channel> {
    CreditHoldServiceClient::new(world.channel())
}

/// A tenant whose policy holds customers that are 14 days late or above 1000 EUR, and a customer.
pub async fn strict(world: &World) -> Customer {
    with_profile(world, OURS).await;
    let mut request = policy("policy", 0, "1000.00");
    request.segments[0].overdue_hold_days = Some(14);
    let asked = world.signed(OURS, request);
    policies(world).publish_credit_policy(asked).await.unwrap();
    with_customer(world, OURS, "C-1").await
}

async fn of_customer(world: &World, tenant: TenantId, customer_id: &str) -> Vec<CreditHold> {
    let request = ListCreditHoldsRequest {
        customer_id: Some(customer_id.to_owned()),
        ..ListCreditHoldsRequest::default()
    };
    let answer = holds(world)
        .list_credit_holds(world.signed(tenant, request))
        .await;
    answer.unwrap().into_inner().credit_holds
}

/// The kinds of the holds that are not released.
pub async fn standing(world: &World, customer_id: &str) -> Vec<CreditHoldKind> {
    let all = of_customer(world, OURS, customer_id).await;
    let standing = all
        .iter()
        .filter(|hold| hold.state() != CreditHoldState::Released);
    let mut kinds: Vec<_> = standing.map(CreditHold::kind).collect();
    kinds.sort_unstable();
    kinds
}

pub async fn held_for(world: &World, customer_id: &str, expected: &[CreditHoldKind]) {
    eventually(PATIENCE, "the holds are what the facts say", async || {
        standing(world, customer_id).await == expected
    })
    .await;
}

async fn outcome(world: &World, request_id: &str, customer_id: &str) -> CreditCheckOutcome {
    let asked = world.signed(OURS, order(request_id, customer_id, "1.00"));
    let answer = checks(world).check_credit(asked).await.unwrap();
    answer.into_inner().outcome()
}

async fn place(world: &World, request_id: &str, customer_id: &str) -> Result<CreditHold, Status> {
    let request = PlaceCreditHoldRequest {
        request_id: request_id.to_owned(),
        customer_id: customer_id.to_owned(),
        reason: "a bill of exchange was protested".to_owned(),
        end_date: Some(day(2026, 3, 9)),
    };
    let answer = holds(world)
        .place_credit_hold(world.signed(OURS, request))
        .await?;
    Ok(answer.into_inner().credit_hold.unwrap())
}

async fn pass(
    world: &World,
    hold: &CreditHold,
    until: contracts::google::r#type::Date,
) -> Result<CreditHold, Status> {
    let request = OverrideCreditHoldRequest {
        request_id: format!("override {}", hold.etag),
        credit_hold_id: hold.credit_hold_id.clone(),
        reason: "the director vouches for them".to_owned(),
        until_date: Some(until),
        etag: hold.etag.clone(),
    };
    let answer = holds(world)
        .override_credit_hold(world.signed(OURS, request))
        .await?;
    Ok(answer.into_inner().credit_hold.unwrap())
}

#[tokio::test]
async fn ex_5_held_by_hand_until_the_last_day_is_over() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let hold = place(&world, "place", &customer_id).await.unwrap();
    assert_eq!(
        (hold.kind(), hold.state()),
        (CreditHoldKind::Manual, CreditHoldState::Active)
    );
    assert_eq!(hold.placed_by, "ada");
    assert_eq!(place(&world, "place", &customer_id).await.unwrap(), hold);
    let again = place(&world, "again", &customer_id).await.unwrap_err();
    assert_eq!(
        (again.code(), reason(&again).as_str()),
        (Code::AlreadyExists, "CREDIT_HOLD_EXISTS")
    );
    assert_eq!(
        outcome(&world, "held", &customer_id).await,
        CreditCheckOutcome::OnHold
    );

    // The last day of the hold, in Berlin, and the moment after it.
    world
        .clock
        .set("2026-03-09T22:59:59Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        outcome(&world, "last day", &customer_id).await,
        CreditCheckOutcome::OnHold
    );
    world
        .clock
        .set("2026-03-09T23:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        outcome(&world, "after", &customer_id).await,
        CreditCheckOutcome::Approved
    );
    held_for(&world, &customer_id, &[]).await;
    let released = of_customer(&world, OURS, &customer_id).await.remove(0);
    assert_eq!(
        (
            released.released_by.as_str(),
            released.release_reason.as_str()
        ),
        ("credit", "END_DATE")
    );
}

/// A person lets orders pass in spite of a hold by facts, and cannot end it.
async fn a_person_lets_pass(world: &World, overdue: &CreditHold) {
    let passed = pass(world, overdue, day(2026, 3, 20)).await.unwrap();
    assert_eq!(passed.state(), CreditHoldState::Overridden);
    let seen_earlier = CreditHold {
        etag: "77".to_owned(),
        ..passed.clone()
    };
    let stale = pass(world, &seen_earlier, day(2026, 3, 20));
    assert_eq!(reason(&stale.await.unwrap_err()), "STALE_ETAG");
    let past = pass(world, &passed, day(2026, 3, 15)).await.unwrap_err();
    assert_eq!(reason(&past), "END_DATE_IN_THE_PAST");
    let by_hand = ReleaseCreditHoldRequest {
        request_id: "release".to_owned(),
        credit_hold_id: passed.credit_hold_id.clone(),
        reason: "no".to_owned(),
        etag: String::new(),
    };
    let refused = holds(world)
        .release_credit_hold(world.signed(OURS, by_hand))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "HOLD_FOLLOWS_FACTS");
}

#[tokio::test]
async fn ex_5_facts_hold_and_release_and_a_person_lets_pass_in_between() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    // Due on 1 March: 15 days late on the 16th, and nothing is announced on that day.
    let mut late = Told::new(&customer_id, "600.00", (2026, 3, 1));
    late.issued(&world, OURS, "");
    Told::new(&customer_id, "400.00", (2026, 6, 1)).issued(&world, OURS, "");
    eventually(PATIENCE, "both invoices are known", async || {
        exposure(&world, &customer_id).await == "1000.00"
    })
    .await;
    world
        .clock
        .set("2026-03-15T22:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(standing(&world, &customer_id).await, []);
    world
        .clock
        .set("2026-03-15T23:00:00Z".parse().unwrap())
        .unwrap();
    held_for(&world, &customer_id, &[CreditHoldKind::Overdue]).await;

    // One cent more than the limit is another reason, and no order passes for either.
    Told::new(&customer_id, "0.01", (2026, 6, 1)).issued(&world, OURS, "");
    let both = [CreditHoldKind::Overdue, CreditHoldKind::OverLimit];
    held_for(&world, &customer_id, &both).await;
    let all = of_customer(&world, OURS, &customer_id).await;
    let overdue = all
        .iter()
        .find(|hold| hold.kind() == CreditHoldKind::Overdue)
        .unwrap();
    let decision = overdue.decision.as_ref().unwrap();
    assert_eq!(
        decision.rules[0].explanation,
        "15 days overdue, held above 14"
    );

    let overdue = overdue.clone();
    a_person_lets_pass(&world, &overdue).await;
    assert_eq!(
        outcome(&world, "held for the limit", &customer_id).await,
        CreditCheckOutcome::OnHold
    );

    // A payment ends both: what is late, and what was too much.
    late.closed_date = Some((2026, 3, 16));
    late.paid(&world, OURS, "600.00", "0.00");
    held_for(&world, &customer_id, &[]).await;
    assert_eq!(
        outcome(&world, "free", &customer_id).await,
        CreditCheckOutcome::Approved
    );
    let told = events(&world, OURS).await;
    let released: Vec<bool> = told
        .iter()
        .filter(|event| event.r#type.ends_with(".CreditHoldReleased"))
        .map(|event| data::<CreditHoldReleased>(event).still_held)
        .collect();
    assert_eq!(released.len(), 2);
    assert!(!released[1], "the last reason frees the customer");
}

/// What a customer uses of their limit, in EUR.
pub async fn exposure(world: &World, customer_id: &str) -> String {
    let profile = crate::credit_profile::profile_of(world, customer_id).await;
    profile.exposure.unwrap().total_amount.unwrap().amount
}

#[tokio::test]
async fn ex_5_an_override_ends_with_its_last_day() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    Told::new(&customer_id, "10.00", (2026, 2, 1)).issued(&world, OURS, "");
    held_for(&world, &customer_id, &[CreditHoldKind::Overdue]).await;
    let hold = of_customer(&world, OURS, &customer_id).await.remove(0);
    pass(&world, &hold, day(2026, 3, 3)).await.unwrap();
    assert_eq!(
        outcome(&world, "passes", &customer_id).await,
        CreditCheckOutcome::Approved
    );
    world
        .clock
        .set("2026-03-03T23:00:00Z".parse().unwrap())
        .unwrap();
    assert_eq!(
        outcome(&world, "after", &customer_id).await,
        CreditCheckOutcome::OnHold
    );
    eventually(PATIENCE, "the hold is active again, and told", async || {
        let now = of_customer(&world, OURS, &customer_id).await.remove(0);
        let told = events(&world, OURS).await;
        now.state() == CreditHoldState::Active && types(&told).contains(&"CreditHoldOverrideEnded")
    })
    .await;
}

#[tokio::test]
async fn a_debt_disputed_as_a_whole_holds_nobody_for_being_late() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let mut late = Told::new(&customer_id, "10.00", (2026, 2, 1));
    late.issued(&world, OURS, "");
    held_for(&world, &customer_id, &[CreditHoldKind::Overdue]).await;
    late.disputed(&world, OURS, "10.00");
    held_for(&world, &customer_id, &[]).await;
    late.disputed(&world, OURS, "9.99");
    held_for(&world, &customer_id, &[CreditHoldKind::Overdue]).await;
}

#[tokio::test]
async fn another_policy_judges_the_same_facts_otherwise() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    Told::new(&customer_id, "10.00", (2026, 2, 20)).issued(&world, OURS, "");
    eventually(PATIENCE, "the invoice is known", async || {
        exposure(&world, &customer_id).await == "10.00"
    })
    .await;
    assert_eq!(standing(&world, &customer_id).await, []);
    let mut stricter = policy("stricter", 1, "1000.00");
    stricter.segments[0].overdue_hold_days = Some(0);
    stricter.valid_from_date = Some(day(2026, 3, 3));
    policies(&world)
        .publish_credit_policy(world.signed(OURS, stricter))
        .await
        .unwrap();
    assert_eq!(standing(&world, &customer_id).await, []);
    world
        .clock
        .set("2026-03-02T23:00:00Z".parse().unwrap())
        .unwrap();
    held_for(&world, &customer_id, &[CreditHoldKind::Overdue]).await;
}

#[tokio::test]
async fn bad_requests_name_their_fields_and_foreign_holds_are_not_there() {
    let world = World::start().await;
    let customer_id = strict(&world).await.customer_id;
    let bad = PlaceCreditHoldRequest {
        request_id: "bad".to_owned(),
        end_date: Some(day(2026, 2, 30)),
        ..PlaceCreditHoldRequest::default()
    };
    let refused = holds(&world)
        .place_credit_hold(world.signed(OURS, bad))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["customer_id", "reason", "end_date"]);

    let hold = place(&world, "place", &customer_id).await.unwrap();
    with_policy(&world, THEIRS, "1.00").await;
    let request = GetCreditHoldRequest {
        credit_hold_id: hold.credit_hold_id.clone(),
    };
    let found = holds(&world)
        .get_credit_hold(world.signed(OURS, request.clone()))
        .await
        .unwrap();
    assert_eq!(found.into_inner().credit_hold.unwrap(), hold);
    let refused = holds(&world)
        .get_credit_hold(world.signed(THEIRS, request))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "CREDIT_HOLD_NOT_FOUND")
    );
    let release = ReleaseCreditHoldRequest {
        request_id: "release".to_owned(),
        credit_hold_id: hold.credit_hold_id,
        reason: "settled".to_owned(),
        etag: hold.etag,
    };
    let refused = holds(&world)
        .release_credit_hold(world.signed(THEIRS, release.clone()))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "CREDIT_HOLD_NOT_FOUND");
    let released = holds(&world)
        .release_credit_hold(world.signed(OURS, release.clone()))
        .await
        .unwrap();
    assert_eq!(
        released.into_inner().credit_hold.unwrap().state(),
        CreditHoldState::Released
    );
    let once_more = ReleaseCreditHoldRequest {
        request_id: "more".to_owned(),
        etag: String::new(),
        ..release
    };
    let refused = holds(&world)
        .release_credit_hold(world.signed(OURS, once_more))
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "CREDIT_HOLD_RELEASED");
}
