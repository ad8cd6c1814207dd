//! CreditCheckService: the gate before an order, and that it holds under concurrency (EX-6, P11).

use contracts::credit::credit_decision::Effect;
use contracts::credit::credit_decision_service_client::CreditDecisionServiceClient;
use contracts::credit::{
    CheckCreditResponse, ConfirmReservationRequest, CreditCheckOutcome, CreditDecisionKind,
    GetCreditDecisionRequest, GetReservationRequest, ListCreditDecisionsRequest,
    ListReservationsRequest, ReleaseReservationRequest, Reservation, ReservationState,
};
use tokio::task::JoinSet;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::{
    checks, customers, details, eur, events, order, types, with_customer, with_policy, with_profile,
};

async fn check(
    world: &World,
    request_id: &str,
    customer_id: &str,
    amount: &str,
) -> CheckCreditResponse {
    let asked = world.signed(OURS, order(request_id, customer_id, amount));
    checks(world)
        .check_credit(asked)
        .await
        .unwrap()
        .into_inner()
}

async fn confirm(world: &World, id: &str, one: &Reservation) -> Result<Reservation, Status> {
    let request = ConfirmReservationRequest {
        request_id: id.to_owned(),
        reservation_id: one.reservation_id.clone(),
        etag: String::new(),
    };
    let asked = world.signed(OURS, request);
    let answer = checks(world).confirm_reservation(asked).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

async fn release(world: &World, id: &str, one: &Reservation) -> Result<Reservation, Status> {
    let request = ReleaseReservationRequest {
        request_id: id.to_owned(),
        reservation_id: one.reservation_id.clone(),
        etag: String::new(),
    };
    let asked = world.signed(OURS, request);
    let answer = checks(world).release_reservation(asked).await?;
    Ok(answer.into_inner().reservation.unwrap())
}

#[tokio::test]
async fn ex_2_an_order_that_fits_is_set_aside_and_one_that_does_not_is_refused_with_reasons() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let first = check(&world, "r1", &customer, "600.00").await;
    assert_eq!(first.outcome(), CreditCheckOutcome::Approved);
    assert_eq!(first.available_amount_before, Some(eur("1000.00")));
    let set_aside = first.reservation.unwrap();
    assert_eq!(set_aside.state(), ReservationState::Reserved);

    let second = check(&world, "r2", &customer, "400.01").await;
    assert_eq!(second.outcome(), CreditCheckOutcome::OverLimit);
    assert_eq!(second.available_amount_before, Some(eur("400.00")));
    assert_eq!(
        second.exposure_before.unwrap().total_amount,
        Some(eur("600.00"))
    );
    assert_eq!(second.reservation, None);
    let decision = second.decision.unwrap();
    assert_eq!(decision.policy_version, "credit-policy/standard@1");
    assert_eq!(decision.facts["available_before"], "400.00 EUR");

    let exactly = check(&world, "r3", &customer, "400.00").await;
    assert_eq!(exactly.outcome(), CreditCheckOutcome::Approved);
    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told)[4..],
        ["CreditReserved", "CreditRefused", "CreditReserved"]
    );
    world.server.stop().await;
}

#[tokio::test]
async fn p11_of_64_orders_at_once_against_room_for_10_exactly_10_pass() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let mut orders = JoinSet::new();
    for number in 0..64 {
        let request = order(&format!("r{number}"), &customer, "100.00");
        let token = world.token(OURS);
        let mut client = checks(&world);
        orders.spawn(async move {
            // Over the load is an answer too: the caller comes again with the same request.
            loop {
                let mut asked = tonic::Request::new(request.clone());
                let metadata = asked.metadata_mut();
                metadata.insert("authorization", token.parse().unwrap());
                match client.check_credit(asked).await {
                    Ok(answer) => return answer.into_inner().outcome(),
                    Err(busy) => assert!(
                        matches!(busy.code(), Code::ResourceExhausted | Code::Aborted),
                        "{busy:?}"
                    ),
                }
                tokio::task::yield_now().await;
            }
        });
    }
    let outcomes = orders.join_all().await;
    let count = |wanted| {
        outcomes
            .iter()
            .filter(|outcome| **outcome == wanted)
            .count()
    };
    assert_eq!(count(CreditCheckOutcome::Approved), 10);
    assert_eq!(count(CreditCheckOutcome::OverLimit), 54);
    let after = check(&world, "after", &customer, "0.01").await;
    assert_eq!(
        after.exposure_before.unwrap().total_amount,
        Some(eur("1000.00"))
    );
}

#[tokio::test]
async fn ex_6_a_confirmed_order_stands_and_a_released_one_is_free_again() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let one = check(&world, "r1", &customer, "600.00")
        .await
        .reservation
        .unwrap();
    let two = check(&world, "r2", &customer, "400.00")
        .await
        .reservation
        .unwrap();
    let confirmed = confirm(&world, "c1", &one).await.unwrap();
    assert_eq!(confirmed.state(), ReservationState::Confirmed);
    assert_eq!(confirmed.expires_time, None);
    assert_eq!(confirm(&world, "c2", &one).await.unwrap(), confirmed);

    let released = release(&world, "l1", &two).await.unwrap();
    assert_eq!(released.state(), ReservationState::Released);
    assert_eq!(released.remaining_amount, Some(eur("0.00")));
    let ended = release(&world, "l2", &two).await.unwrap_err();
    assert_eq!(
        (ended.code(), reason(&ended).as_str()),
        (Code::FailedPrecondition, "RESERVATION_ENDED")
    );
    let third = check(&world, "r3", &customer, "400.00").await;
    assert_eq!(third.outcome(), CreditCheckOutcome::Approved);

    let list = ListReservationsRequest {
        states: vec![
            ReservationState::Confirmed.into(),
            ReservationState::Released.into(),
        ],
        ..ListReservationsRequest::default()
    };
    let asked = world.signed(OURS, list);
    let page = checks(&world)
        .list_reservations(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.reservations, [released, confirmed]);
}

#[tokio::test]
async fn a_reservation_whose_time_is_over_cannot_be_confirmed() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let one = check(&world, "r1", &customer, "600.00")
        .await
        .reservation
        .unwrap();
    world
        .clock
        .set("2026-03-02T10:00:00Z".parse().unwrap())
        .unwrap();
    let refused = confirm(&world, "c1", &one).await.unwrap_err();
    assert_eq!(reason(&refused), "RESERVATION_ENDED");
}

#[tokio::test]
async fn p3_a_repeated_check_reserves_nothing_again_and_a_preview_nothing_at_all() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let first = check(&world, "r1", &customer, "600.00").await;
    assert_eq!(check(&world, "r1", &customer, "600.00").await, first);
    let mut preview = order("r2", &customer, "400.00");
    preview.validate_only = true;
    let asked = world.signed(OURS, preview);
    let preview = checks(&world)
        .check_credit(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(preview.outcome(), CreditCheckOutcome::Approved);
    assert_eq!(preview.reservation, None);
    let after = check(&world, "r3", &customer, "400.00").await;
    assert_eq!(
        after.exposure_before.unwrap().total_amount,
        Some(eur("600.00"))
    );
}

#[tokio::test]
async fn what_cannot_be_decided_is_refused_with_its_reason() {
    let world = World::start().await;
    with_profile(&world, OURS).await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let refuse = async |request| {
        let asked = world.signed(OURS, request);
        let refused = checks(&world).check_credit(asked).await.unwrap_err();
        (refused.code(), reason(&refused))
    };
    let no_policy = refuse(order("r1", &customer, "1.00")).await;
    assert_eq!(
        no_policy,
        (Code::FailedPrecondition, "NO_POLICY_IN_FORCE".to_owned())
    );
    let nobody = "0190a000-0000-7000-8000-00000000000f";
    let unknown = refuse(order("r2", nobody, "1.00")).await;
    assert_eq!(unknown, (Code::NotFound, "CUSTOMER_NOT_FOUND".to_owned()));

    let mut bad = order("r3", "nobody", "0.00");
    bad.order_reference = String::new();
    let asked = world.signed(OURS, bad);
    let refused = checks(&world).check_credit(asked).await.unwrap_err();
    assert_eq!(
        fields(&refused),
        ["customer_id", "order_reference", "amount"]
    );
}

#[tokio::test]
async fn rd_5_an_order_without_a_rate_is_refused_and_p28_reservations_are_their_tenants_alone() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    with_policy(&world, THEIRS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let mut dollars = order("r1", &customer, "1.00");
    dollars.amount.as_mut().unwrap().currency_code = "USD".to_owned();
    let asked = world.signed(OURS, dollars);
    let refused = checks(&world).check_credit(asked).await.unwrap_err();
    assert_eq!(reason(&refused), "RATE_MISSING");

    let asked = world.signed(THEIRS, order("r1", &customer, "1.00"));
    let refused = checks(&world).check_credit(asked).await.unwrap_err();
    assert_eq!(reason(&refused), "CUSTOMER_NOT_FOUND");
    let one = check(&world, "r2", &customer, "1.00")
        .await
        .reservation
        .unwrap();
    let get = GetReservationRequest {
        reservation_id: one.reservation_id.clone(),
    };
    let asked = world.signed(THEIRS, get);
    let refused = checks(&world).get_reservation(asked).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "RESERVATION_NOT_FOUND")
    );
}

#[tokio::test]
async fn a_chosen_reservation_id_is_taken_once() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let chosen = "0190a000-0000-7000-8000-0000000000aa";
    let ask = |id: &str| {
        let mut request = order(id, &customer, "1.00");
        request.reservation_id = chosen.to_owned();
        world.signed(OURS, request)
    };
    let first = checks(&world).check_credit(ask("r1")).await.unwrap();
    assert_eq!(
        first.into_inner().reservation.unwrap().reservation_id,
        chosen
    );
    let refused = checks(&world).check_credit(ask("r2")).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::AlreadyExists, "RESERVATION_EXISTS")
    );
    assert_eq!(
        customers(&world)
            .create_customer(world.signed(
                OURS,
                contracts::credit::CreateCustomerRequest {
                    request_id: "again".to_owned(),
                    customer_id: customer.clone(),
                    details: Some(details("again")),
                    ..Default::default()
                },
            ))
            .await
            .map_err(|refused| reason(&refused))
            .unwrap_err(),
        "CUSTOMER_EXISTS"
    );
}

#[tokio::test]
async fn every_decision_can_be_read_again_and_p28_only_by_its_tenant() {
    let world = World::start().await;
    with_policy(&world, OURS, "1000.00").await;
    let customer = with_customer(&world, OURS, "C-1").await.customer_id;
    let approved = check(&world, "r1", &customer, "600.00").await;
    let refused = check(&world, "r2", &customer, "600.00").await;
    let mut client = CreditDecisionServiceClient::new(world.channel());
    let request = ListCreditDecisionsRequest {
        customer_id: Some(customer),
        kind: Some(CreditDecisionKind::Check.into()),
        ..ListCreditDecisionsRequest::default()
    };
    let asked = world.signed(OURS, request);
    let page = client
        .list_credit_decisions(asked)
        .await
        .unwrap()
        .into_inner();
    let told: Vec<_> = page
        .credit_decisions
        .iter()
        .map(|one| one.decision.clone())
        .collect();
    assert_eq!(told, [refused.decision.clone(), approved.decision]);
    let reservation_id = approved.reservation.unwrap().reservation_id;
    let effects = page.credit_decisions.iter().map(|one| one.effect.clone());
    let effects: Vec<_> = effects.collect();
    assert_eq!(effects, [None, Some(Effect::ReservationId(reservation_id))]);

    let request = GetCreditDecisionRequest {
        decision_id: refused.decision.unwrap().decision_id,
    };
    let asked = world.signed(OURS, request.clone());
    let read = client
        .get_credit_decision(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.credit_decision.as_ref(), page.credit_decisions.first());
    let asked = world.signed(THEIRS, request);
    let foreign = client.get_credit_decision(asked).await.unwrap_err();
    assert_eq!(
        (foreign.code(), reason(&foreign).as_str()),
        (Code::NotFound, "DECISION_NOT_FOUND")
    );
}
