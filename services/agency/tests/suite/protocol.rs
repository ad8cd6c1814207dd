//! The placement protocol (P19): hold, quiet, last look, ACTIVE; and the way back. Whatever gets lost
//! on the way, it goes on to one outcome, and no hold is forgotten.

use std::time::Duration;

use calendar::SignedDuration;
use contracts::agency::*;
use contracts::reminders::HoldReason;
use testkit::eventually;
use tokio::task::JoinSet;
use tonic::Code;
use tonic_types::StatusExt as _;

use crate::fixture::{OURS, SOON, World, reason};
use crate::samples::{
    activate, approved, balance, becomes, eur, events, get, invoice_id, only, owes, placements,
    terms, types, with_debts, with_debts_under,
};

/// The invoices that reminders still holds for the placement.
fn held(world: &World, placement: &Placement) -> Vec<String> {
    let script = world.peers.script();
    let held = script.held.get(&placement.placement_id);
    held.into_iter().flatten().cloned().collect()
}

#[tokio::test]
async fn p19_a_debt_is_held_looked_at_and_active() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1, 2]).await;
    let answer = activate(&world, "a1", &placement).await.unwrap();
    let active = answer.placement.clone().unwrap();
    assert_eq!(active.state(), PlacementState::Active);
    assert_eq!(active.placed_amount, Some(eur("2000.00")));
    assert_eq!(active.placement_date, Some(crate::samples::day(2026, 5, 4)));
    let agreed = active.commission_terms.clone().unwrap();
    assert_eq!((agreed.age_days, agreed.slices.len()), (93, 1));
    assert_eq!(
        active.activation_decision.clone().unwrap().outcome,
        "PLACED"
    );
    assert_eq!(world.peers.script().asked, ["place", "look"]);
    assert_eq!(held(&world, &placement).len(), 2);

    let again = activate(&world, "a1", &placement).await.unwrap();
    assert_eq!(again, answer);
    let twin = activate(&world, "a2", &placement).await.unwrap_err();
    assert_eq!(
        (twin.code(), reason(&twin).as_str()),
        (Code::FailedPrecondition, "PLACEMENT_NOT_APPROVED")
    );
    let told = events(&world, OURS).await;
    let event: PlacementActivated = only(&told);
    assert_eq!(event.amounts.unwrap().open_amount, Some(eur("2000.00")));
    assert_eq!(event.commission_terms, Some(agreed));
    assert_eq!(
        types(&told)[2..],
        [
            "PlacementProposed",
            "PlacementApproved",
            "PlacementActivated"
        ]
    );
}

#[tokio::test]
async fn p19_it_waits_until_the_last_message_has_left_or_died() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().in_flight = Some(Duration::from_millis(400));
    let began = std::time::Instant::now();
    let active = activate(&world, "a1", &placement)
        .await
        .unwrap()
        .placement
        .unwrap();
    assert!(
        began.elapsed() >= Duration::from_millis(400),
        "it did not wait"
    );
    assert_eq!(active.state(), PlacementState::Active);
    assert_eq!(world.peers.script().asked, ["place", "look"]);
}

#[tokio::test]
async fn p9_an_answer_that_got_lost_is_asked_for_again() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().lost_answers = 1;
    // The caller's own question, or the timer's: whoever asks again gets the same hold.
    let _ = activate(&world, "a1", &placement).await;
    becomes(&world, &placement.placement_id, PlacementState::Active).await;
    let answer = activate(&world, "a1", &placement).await.unwrap();
    assert_eq!(answer.placement.unwrap().state(), PlacementState::Active);
    only::<PlacementActivated>(&events(&world, OURS).await);
}

#[tokio::test]
async fn p9_while_reminders_is_down_it_waits_and_then_goes_on_by_itself() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().reminders_is_down = true;
    let down = activate(&world, "a1", &placement).await.unwrap_err();
    assert_eq!(
        (down.code(), reason(&down).as_str()),
        (Code::Unavailable, "REMINDERS_UNAVAILABLE")
    );
    let waiting = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(waiting.state(), PlacementState::PendingHold);
    assert!(waiting.next_check_time.is_some());
    world.peers.script().reminders_is_down = false;
    becomes(&world, &placement.placement_id, PlacementState::Active).await;
    let answer = activate(&world, "a1", &placement).await.unwrap();
    assert_eq!(answer.placement.unwrap().state(), PlacementState::Active);
}

#[tokio::test]
async fn p9_while_invoicing_is_down_nothing_is_placed() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().invoicing_is_down = true;
    let down = activate(&world, "a1", &placement).await.unwrap_err();
    assert_eq!(reason(&down), "INVOICING_UNAVAILABLE");
    assert_eq!(held(&world, &placement), [invoice_id(1)]);
    world.peers.script().invoicing_is_down = false;
    becomes(&world, &placement.placement_id, PlacementState::Active).await;
}

#[tokio::test]
async fn p14_after_a_crash_between_hold_and_active_the_timer_drives_on() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().in_flight = Some(Duration::from_millis(800));
    let mut client = placements(&world);
    let request = ActivatePlacementRequest {
        request_id: "a1".to_owned(),
        placement_id: placement.placement_id.clone(),
        etag: String::new(),
    };
    let asked = world.signed(OURS, request);
    let mut asking = JoinSet::new();
    asking.spawn(async move { client.activate_placement(asked).await });
    eventually(SOON, "the hold is placed", async || {
        world.peers.asked("place") == 1
    })
    .await;
    let world = world.crash().await;
    let answer = asking.join_next().await.unwrap().unwrap();
    assert!(answer.is_err(), "the service was killed");
    let left = get(&world, &placement.placement_id)
        .await
        .placement
        .unwrap();
    assert_eq!(left.state(), PlacementState::PendingHold);
    world.clock.advance(SignedDuration::from_secs(15)).unwrap();
    becomes(&world, &placement.placement_id, PlacementState::Active).await;
    let answer = activate(&world, "a1", &placement).await.unwrap();
    assert_eq!(answer.placement.unwrap().state(), PlacementState::Active);
    only::<PlacementActivated>(&events(&world, OURS).await);
}

#[tokio::test]
async fn p19_what_was_paid_in_the_meantime_is_not_placed_and_released() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    owes(&world, balance(1, 2, "0.00"));
    let answer = activate(&world, "a1", &placement).await.unwrap();
    let withdrawn = answer.placement.clone().unwrap();
    assert_eq!(withdrawn.state(), PlacementState::Withdrawn);
    assert_eq!(
        withdrawn.activation_decision.unwrap().outcome,
        "NOTHING_LEFT"
    );
    assert_eq!(answer.invoices[0].drop_reason(), ExclusionReason::Settled);
    assert!(held(&world, &placement).is_empty());
    assert_eq!(
        world.peers.script().asked[..3],
        ["place", "look", "release"]
    );
    assert_eq!(activate(&world, "a1", &placement).await.unwrap(), answer);
    let event: PlacementWithdrawn = only(&events(&world, OURS).await);
    assert_eq!(event.recall_reason(), RecallReason::Unspecified);
    assert_eq!(event.decision.unwrap().outcome, "NOTHING_LEFT");
}

#[tokio::test]
async fn p19_what_is_left_is_placed_and_the_rest_given_back() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2, 3]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1, 2, 3]).await;
    owes(&world, balance(1, 2, "400.00"));
    let mut disputed = balance(2, 2, "1000.00");
    disputed.disputed_amount = Some(eur("10.00"));
    owes(&world, disputed);
    let active = activate(&world, "a1", &placement).await.unwrap();
    assert_eq!(
        active.placement.unwrap().placed_amount,
        Some(eur("1400.00"))
    );
    let reasons: Vec<_> = active
        .invoices
        .iter()
        .map(PlacementInvoice::drop_reason)
        .collect();
    assert_eq!(
        reasons,
        [
            ExclusionReason::Unspecified,
            ExclusionReason::Disputed,
            ExclusionReason::Unspecified,
        ]
    );
    eventually(SOON, "the disputed invoice is given back", async || {
        held(&world, &placement) == [invoice_id(1), invoice_id(3)]
    })
    .await;
}

#[tokio::test]
async fn a_hold_that_reminders_refuses_withdraws_the_placement() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().refusal = Some("INVOICE_PLACED");
    let withdrawn = activate(&world, "a1", &placement)
        .await
        .unwrap()
        .placement
        .unwrap();
    assert_eq!(withdrawn.state(), PlacementState::Withdrawn);
    assert_eq!(
        withdrawn.end_note,
        "reminders refused the hold: INVOICE_PLACED"
    );
    world.peers.script().refusal = None;
    let second = approved(&world, "two", &agency.agency_id, &[1]).await;
    let active = activate(&world, "a2", &second)
        .await
        .unwrap()
        .placement
        .unwrap();
    assert_eq!(
        (active.state(), active.placement_number),
        (PlacementState::Active, 1)
    );
}

#[tokio::test]
async fn p19_of_two_placements_of_one_invoice_one_wins() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    let one = approved(&world, "one", &agency.agency_id, &[1]).await;
    let two = approved(&world, "two", &agency.agency_id, &[1, 2]).await;
    let (first, second) = tokio::join!(activate(&world, "a1", &one), activate(&world, "a2", &two));
    assert_eq!(
        usize::from(first.is_ok()) + usize::from(second.is_ok()),
        1,
        "{first:?} {second:?}"
    );
    let loser = first.err().or(second.err()).unwrap();
    assert_eq!(
        (loser.code(), reason(&loser).as_str()),
        (Code::FailedPrecondition, "INVOICE_PLACED")
    );
    assert_eq!(world.peers.asked("place"), 1);
}

#[tokio::test]
async fn p3_twins_at_the_same_moment_place_once_and_get_one_answer() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    world.peers.script().in_flight = Some(Duration::from_millis(100));
    let ask = || activate(&world, "a1", &placement);
    let answers = tokio::join!(ask(), ask(), ask());
    let outcomes = [answers.0, answers.1, answers.2];
    let mut found = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(answer) => found.push(answer),
            Err(busy) => assert_eq!(reason(&busy), "REQUEST_IN_PROGRESS"),
        }
    }
    assert!(found.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(activate(&world, "a1", &placement).await.unwrap(), found[0]);
    only::<PlacementActivated>(&events(&world, OURS).await);
}

#[tokio::test]
async fn p4_the_same_id_for_another_placement_is_refused() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1, 2]).await;
    let one = approved(&world, "one", &agency.agency_id, &[1]).await;
    let two = approved(&world, "two", &agency.agency_id, &[2]).await;
    activate(&world, "a1", &one).await.unwrap();
    let reused = activate(&world, "a1", &two).await.unwrap_err();
    assert_eq!(
        (reused.code(), reason(&reused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    assert_eq!(
        get(&world, &two.placement_id)
            .await
            .placement
            .unwrap()
            .state(),
        PlacementState::Approved
    );
}

#[tokio::test]
async fn without_an_agreement_or_with_a_suspended_agency_nothing_is_placed() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    let suspend = SuspendAgencyRequest {
        request_id: "s".to_owned(),
        agency_id: agency.agency_id.clone(),
        etag: String::new(),
        note: "complaints".to_owned(),
    };
    let asked = world.signed(OURS, suspend);
    crate::samples::agencies(&world)
        .suspend_agency(asked)
        .await
        .unwrap();
    let refused = activate(&world, "a1", &placement).await.unwrap_err();
    assert_eq!(reason(&refused), "AGENCY_SUSPENDED");
    let other = crate::samples::with_agency(&world, OURS, "sued").await;
    let placement = approved(&world, "two", &other.agency_id, &[1]).await;
    let refused = activate(&world, "a2", &placement).await.unwrap_err();
    assert_eq!(reason(&refused), "NO_AGREEMENT");
    let state = refused.get_details_error_info().unwrap().metadata["state"].clone();
    assert_eq!(state, "APPROVED");
    assert!(world.peers.script().asked.is_empty());
}

async fn recall(
    world: &World,
    id: &str,
    placement: &Placement,
) -> Result<Placement, tonic::Status> {
    let request = RecallPlacementRequest {
        request_id: id.to_owned(),
        placement_id: placement.placement_id.clone(),
        etag: String::new(),
        reason: RecallReason::ClientDecision.into(),
        note: "we do it ourselves".to_owned(),
    };
    let asked = world.signed(OURS, request);
    let answer = placements(world).recall_placement(asked).await?;
    Ok(answer.into_inner().placement.unwrap())
}

#[tokio::test]
async fn ay_7_a_recalled_debt_comes_back_after_the_notice() {
    let world = World::start().await;
    let with_notice = AgreementTerms {
        recall_notice_days: 3,
        ..terms()
    };
    let agency = with_debts_under(&world, &[1], with_notice).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    activate(&world, "a1", &placement).await.unwrap();
    let recalled = recall(&world, "r1", &placement).await.unwrap();
    assert_eq!(recalled.state(), PlacementState::PendingRecall);
    let due = recalled.recall_due_time.unwrap();
    // Until the end of 7 May in Berlin, which is 22:00 of UTC.
    let end: jiff::Timestamp = "2026-05-07T22:00:00Z".parse().unwrap();
    assert_eq!(due.seconds, end.as_second());
    assert_eq!(held(&world, &placement), [invoice_id(1)]);
    let twice = recall(&world, "r2", &placement).await.unwrap_err();
    assert_eq!(reason(&twice), "PLACEMENT_NOT_ACTIVE");

    world.clock.set(end).unwrap();
    let back = becomes(&world, &placement.placement_id, PlacementState::Recalled).await;
    assert_eq!(back.close_code(), CloseCode::ClientRecall);
    assert_eq!(back.next_action(), NextAction::ResumeReminders);
    assert!(held(&world, &placement).is_empty());
    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told)[5..],
        ["PlacementRecallRequested", "PlacementRecalled"]
    );
    assert_eq!(
        only::<PlacementRecalled>(&told).invoice_ids,
        [invoice_id(1)]
    );
}

#[tokio::test]
async fn ay_7_the_agency_confirms_before_the_notice_has_passed() {
    let world = World::start().await;
    let with_notice = AgreementTerms {
        recall_notice_days: 3,
        ..terms()
    };
    let agency = with_debts_under(&world, &[1], with_notice).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    activate(&world, "a1", &placement).await.unwrap();
    let confirm = |id: &str| ConfirmRecallRequest {
        request_id: id.to_owned(),
        placement_id: placement.placement_id.clone(),
        stopped_time: None,
    };
    let early = world.signed(OURS, confirm("c0"));
    let early = placements(&world).confirm_recall(early).await.unwrap_err();
    assert_eq!(reason(&early), "PLACEMENT_NOT_PENDING_RECALL");
    recall(&world, "r1", &placement).await.unwrap();
    world.peers.script().lost_answers = 1;
    let asked = world.signed(OURS, confirm("c1"));
    let confirmed = placements(&world).confirm_recall(asked).await.unwrap();
    let confirmed = confirmed.into_inner().placement.unwrap();
    assert_eq!(confirmed.state(), PlacementState::PendingRelease);
    becomes(&world, &placement.placement_id, PlacementState::Recalled).await;
    assert!(held(&world, &placement).is_empty());

    let second = approved(&world, "two", &agency.agency_id, &[1]).await;
    let active = activate(&world, "a2", &second)
        .await
        .unwrap()
        .placement
        .unwrap();
    assert_eq!(active.placement_number, 2);
}

#[tokio::test]
async fn p19_a_placement_that_waits_for_its_hold_can_be_recalled_and_no_hold_is_forgotten() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    // Reminders holds, and nobody hears of it.
    world.peers.script().lost_answers = 100;
    activate(&world, "a1", &placement).await.unwrap_err();
    assert_eq!(held(&world, &placement), [invoice_id(1)]);
    let recalled = recall(&world, "r1", &placement).await.unwrap();
    assert_eq!(recalled.state(), PlacementState::PendingRelease);
    world.peers.script().lost_answers = 0;
    let withdrawn = becomes(&world, &placement.placement_id, PlacementState::Withdrawn).await;
    assert_eq!(withdrawn.recall_reason(), RecallReason::ClientDecision);
    assert!(held(&world, &placement).is_empty());
    let answer = activate(&world, "a1", &placement).await.unwrap();
    assert_eq!(answer.placement.unwrap().state(), PlacementState::Withdrawn);
    let told = events(&world, OURS).await;
    let event: PlacementWithdrawn = only(&told);
    assert_eq!(event.recall_reason(), RecallReason::ClientDecision);
}

#[tokio::test]
async fn ay_8_a_closed_debt_is_held_on_for_the_reason_of_its_code() {
    let world = World::start().await;
    let agency = with_debts(&world, &[1]).await;
    let placement = approved(&world, "one", &agency.agency_id, &[1]).await;
    activate(&world, "a1", &placement).await.unwrap();
    let close = |id: &str, code: CloseCode| ClosePlacementRequest {
        request_id: id.to_owned(),
        placement_id: placement.placement_id.clone(),
        etag: String::new(),
        close_code: code.into(),
        note: "insolvency opened".to_owned(),
    };
    for (id, code) in [
        ("c1", CloseCode::PaidInFull),
        ("c2", CloseCode::ClientRecall),
    ] {
        let asked = world.signed(OURS, close(id, code));
        let refused = placements(&world).close_placement(asked).await.unwrap_err();
        assert_eq!(reason(&refused), "CLOSE_CODE_NOT_ALLOWED");
    }
    let asked = world.signed(OURS, close("c3", CloseCode::Bankrupt));
    placements(&world).close_placement(asked).await.unwrap();
    let closed = becomes(&world, &placement.placement_id, PlacementState::Closed).await;
    assert_eq!(closed.next_action(), NextAction::ProveClaim);
    let successor = world.peers.script().successors[&placement.placement_id];
    assert_eq!(successor, i32::from(HoldReason::Insolvency));
    let event: PlacementClosed = only(&events(&world, OURS).await);
    assert_eq!(event.close_code(), CloseCode::Bankrupt);
}
