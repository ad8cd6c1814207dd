//! PlacementHoldService: who claimed a message before a placement never hands it over (P19).

use std::time::Duration;

use contracts::reminders::place_hold_request::Key;
use contracts::reminders::placement_hold_service_client::PlacementHoldServiceClient;
use contracts::reminders::*;
use testkit::SmtpBehavior;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, reason};
use crate::message::messages;
use crate::samples::*;
use crate::stage::Stage;

fn place(id: &str, placement: u128, invoices: &[u128]) -> PlaceHoldRequest {
    PlaceHoldRequest {
        request_id: id.to_owned(),
        placement_id: Uuid::from_u128(placement).to_string(),
        invoice_ids: invoices
            .iter()
            .map(|one| invoice_id(*one).to_string())
            .collect(),
        key: Some(Key::CustomerId(CUSTOMER.to_string())),
    }
}

async fn placed(stage: &Stage, asked: PlaceHoldRequest) -> Result<PlaceHoldResponse, Status> {
    let mut client = PlacementHoldServiceClient::new(stage.world.channel());
    let asked = stage.world.signed_by_agency(OURS, asked);
    Ok(client.place_hold(asked).await?.into_inner())
}

async fn released(
    stage: &Stage,
    id: &str,
    successor: Option<HoldReason>,
) -> Result<ReleaseHoldResponse, Status> {
    let asked = ReleaseHoldRequest {
        request_id: id.to_owned(),
        placement_id: Uuid::from_u128(1).to_string(),
        invoice_ids: Vec::new(),
        successor_reason: successor.map(Into::into),
        note: String::new(),
    };
    let mut client = PlacementHoldServiceClient::new(stage.world.channel());
    let asked = stage.world.signed_by_agency(OURS, asked);
    Ok(client.release_hold(asked).await?.into_inner())
}

fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

#[tokio::test]
async fn p19_a_message_that_was_claimed_before_never_leaves() {
    let stage = Stage::start().await;
    stage.feeds.invoicing.hold();
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.feeds.invoicing.asked(1).await;
    let answer = placed(&stage, place("p", 1, &[1])).await.unwrap();
    assert_eq!((answer.case_epoch, answer.in_flight_count), (1, 0));
    assert_eq!(answer.quiet_time, None);
    stage.feeds.invoicing.open();
    let fenced = testkit::eventually_some(PATIENCE, "the fenced message", async || {
        let all = messages(&stage.world).await;
        all.into_iter().find(|one| one.reason == "FENCED")
    })
    .await;
    assert_eq!(fenced.state(), MessageState::Superseded);
    let suppressed = wait_told::<MessageSuppressed>(&stage.world, 1).await;
    assert_eq!(suppressed[0].reason, "PLACEMENT");
    assert!(stage.world.smtp.mails().is_empty());
    // Given back, the invoice goes on from where it was.
    let back = released(&stage, "r", None).await.unwrap();
    assert_eq!(
        (back.case_epoch, back.hold.unwrap().state()),
        (2, HoldState::Released)
    );
    let sent = stage.sent(1).await;
    assert_eq!(sent[0].level, 1);
    let again = refused(placed(&stage, place("p2", 1, &[1])).await);
    assert_eq!(
        again,
        (Code::FailedPrecondition, "PLACEMENT_HOLD_ENDED".to_owned())
    );
}

#[tokio::test]
async fn p19_it_is_quiet_when_the_lease_of_what_is_on_its_way_has_ended() {
    let stage = Stage::start().await;
    let late = SmtpBehavior::Delay(Duration::from_millis(700));
    stage.world.smtp.set_behavior(late);
    stage.owe(1, day(2, 24), "1000.00", 1);
    stage.world.smtp.wait_for(1, PATIENCE).await;
    let answer = placed(&stage, place("p", 1, &[1])).await.unwrap();
    assert_eq!(answer.in_flight_count, 1);
    assert!(answer.quiet_time.is_some());
    stage.sent(1).await;
    let later = placed(&stage, place("p again", 1, &[1])).await.unwrap();
    assert_eq!((later.quiet_time, later.case_epoch), (None, 1));
}

#[tokio::test]
async fn a_placement_has_one_hold_and_an_invoice_one_placement() {
    let stage = Stage::start().await;
    stage.owe(1, day(3, 20), "1000.00", 1);
    stage.owe(2, day(3, 20), "500.00", 1);
    let opened = wait_told::<CaseOpened>(&stage.world, 1).await;
    wait_heard(&stage.world, &opened[0].case.as_ref().unwrap().case_id, 2).await;
    let first = placed(&stage, place("a", 1, &[1])).await.unwrap();
    let again = placed(&stage, place("b", 1, &[1])).await.unwrap();
    assert_eq!((&again.hold, again.case_epoch), (&first.hold, 1));
    let other = refused(placed(&stage, place("c", 2, &[1, 2])).await);
    assert_eq!(
        other,
        (Code::FailedPrecondition, "INVOICE_PLACED".to_owned())
    );
    let changed = refused(placed(&stage, place("d", 1, &[1, 2])).await);
    assert_eq!(
        changed,
        (Code::InvalidArgument, "PLACEMENT_CHANGED".to_owned())
    );
    let unknown = refused(placed(&stage, place("e", 3, &[7])).await);
    assert_eq!(
        unknown,
        (Code::Unavailable, "INVOICE_NOT_YET_KNOWN".to_owned())
    );
    let follows = refused(released(&stage, "f", Some(HoldReason::Dispute)).await);
    assert_eq!(
        follows,
        (Code::InvalidArgument, "SUCCESSOR_NOT_ALLOWED".to_owned())
    );
    let held_on = released(&stage, "g", Some(HoldReason::Review))
        .await
        .unwrap();
    assert_eq!(held_on.successor_hold.unwrap().reason(), HoldReason::Review);
    let reasons: Vec<HoldReason> = told::<HoldPlaced>(&stage.world)
        .await
        .iter()
        .map(HoldPlaced::reason)
        .collect();
    assert_eq!(reasons, [HoldReason::Placement, HoldReason::Review]);
}

#[tokio::test]
async fn p29_agency_alone_may_ask_and_a_foreign_case_is_not_found() {
    let stage = Stage::start().await;
    stage.owe(1, day(3, 20), "1000.00", 1);
    wait_told::<CaseOpened>(&stage.world, 1).await;
    let mut client = PlacementHoldServiceClient::new(stage.world.channel());
    let person = stage.world.signed(OURS, place("a", 1, &[1]));
    assert_eq!(
        client.place_hold(person).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let foreign = stage.world.signed_by_agency(THEIRS, place("a", 1, &[1]));
    let refusal = client.place_hold(foreign).await.unwrap_err();
    assert_eq!(
        (refusal.code(), reason(&refusal)),
        (Code::NotFound, "CASE_NOT_FOUND".to_owned())
    );
}
