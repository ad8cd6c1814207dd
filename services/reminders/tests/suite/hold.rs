//! HoldService: what keeps us from asking, placed and released by people, ended by its day (P18).

use calendar::SignedDuration;
use contracts::reminders::hold_service_client::HoldServiceClient;
use contracts::reminders::*;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

fn hold(id: &str, case_id: &str, why: HoldReason) -> PlaceManualHoldRequest {
    PlaceManualHoldRequest {
        request_id: id.to_owned(),
        case_id: case_id.to_owned(),
        invoice_ids: Vec::new(),
        reason: why.into(),
        end_date: None,
        note: "rief an".to_owned(),
    }
}

async fn place(world: &World, request: PlaceManualHoldRequest) -> Result<Hold, Status> {
    let asked = world.signed(OURS, request);
    let mut client = HoldServiceClient::new(world.channel());
    let answer = client.place_manual_hold(asked).await?;
    Ok(answer.into_inner().hold.unwrap())
}

async fn release(world: &World, id: &str, hold_id: &str, etag: &str) -> Result<Hold, Status> {
    let asked = ReleaseManualHoldRequest {
        request_id: id.to_owned(),
        hold_id: hold_id.to_owned(),
        etag: etag.to_owned(),
        note: "erledigt".to_owned(),
    };
    let mut client = HoldServiceClient::new(world.channel());
    let answer = client
        .release_manual_hold(world.signed(OURS, asked))
        .await?;
    Ok(answer.into_inner().hold.unwrap())
}

async fn get(world: &World, hold_id: &str) -> Hold {
    let asked = GetHoldRequest {
        hold_id: hold_id.to_owned(),
    };
    let mut client = HoldServiceClient::new(world.channel());
    let found = client.get_hold(world.signed(OURS, asked)).await;
    found.unwrap().into_inner().hold.unwrap()
}

async fn list(world: &World, request: ListHoldsRequest) -> Vec<String> {
    let mut client = HoldServiceClient::new(world.channel());
    let listed = client.list_holds(world.signed(OURS, request)).await;
    let holds = listed.unwrap().into_inner().holds;
    holds.into_iter().map(|hold| hold.hold_id).collect()
}

fn refused(outcome: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

fn rule(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn p18_holds_accumulate_and_are_released_one_by_one() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 2, day(2, 27)).await;
    let of_one = PlaceManualHoldRequest {
        invoice_ids: vec![invoice_id(1).to_string()],
        ..hold("h1", &case_id, HoldReason::Manual)
    };
    let first = place(&world, of_one.clone()).await.unwrap();
    assert_eq!(
        (first.state(), first.placed_by.as_str()),
        (HoldState::Active, "ada")
    );
    assert_eq!(place(&world, of_one).await.unwrap(), first);
    let whole = place(&world, hold("h2", &case_id, HoldReason::Legal))
        .await
        .unwrap();
    let on = |number| ListHoldsRequest {
        invoice_id: Some(invoice_id(number).to_string()),
        ..ListHoldsRequest::default()
    };
    assert_eq!(list(&world, on(1)).await.len(), 2);
    assert_eq!(
        list(&world, on(2)).await,
        std::slice::from_ref(&whole.hold_id)
    );
    let stale = (Code::Aborted, "STALE_ETAG".to_owned());
    assert_eq!(
        refused(release(&world, "r1", &first.hold_id, "9").await),
        stale
    );
    let released = release(&world, "r1", &first.hold_id, &first.etag)
        .await
        .unwrap();
    assert_eq!(
        (released.state(), released.release_note.as_str()),
        (HoldState::Released, "erledigt")
    );
    assert_eq!(
        released.invoice_ids, first.invoice_ids,
        "it tells what it held"
    );
    assert_eq!(get(&world, &first.hold_id).await, released);
    let again = release(&world, "r2", &first.hold_id, "").await;
    assert_eq!(refused(again), rule("HOLD_NOT_ACTIVE"));
    let active = ListHoldsRequest {
        state: Some(HoldState::Active.into()),
        reason: Some(HoldReason::Legal.into()),
        ..ListHoldsRequest::default()
    };
    assert_eq!(list(&world, active).await, [whole.hold_id]);
    assert_eq!(told::<HoldPlaced>(&world).await.len(), 2);
    let told = told::<HoldReleased>(&world).await;
    assert_eq!((told.len(), told[0].released_by.as_str()), (1, "ada"));
}

#[tokio::test]
async fn people_place_what_does_not_follow_facts() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    for why in [
        HoldReason::Dispute,
        HoldReason::Promise,
        HoldReason::PaymentPlan,
        HoldReason::Placement,
    ] {
        let outcome = place(&world, hold("h1", &case_id, why)).await;
        assert_eq!(refused(outcome), rule("HOLD_FOLLOWS_FACTS"), "{why:?}");
    }
    let space = place(&world, hold("h1", &case_id, HoldReason::BreathingSpace)).await;
    assert_eq!(refused(space), rule("END_DATE_REQUIRED"));
    let over = PlaceManualHoldRequest {
        end_date: Some(day(3, 1)),
        ..hold("h1", &case_id, HoldReason::Manual)
    };
    assert_eq!(
        refused(place(&world, over).await),
        rule("END_DATE_IN_THE_PAST")
    );
    let stranger = PlaceManualHoldRequest {
        invoice_ids: vec![invoice_id(9).to_string()],
        ..hold("h1", &case_id, HoldReason::Manual)
    };
    let missing = (Code::NotFound, "INVOICE_NOT_IN_CASE".to_owned());
    assert_eq!(refused(place(&world, stranger).await), missing);
    let empty = PlaceManualHoldRequest {
        request_id: "h1".to_owned(),
        ..PlaceManualHoldRequest::default()
    };
    let status = place(&world, empty).await.unwrap_err();
    assert_eq!(fields(&status), ["case_id", "reason", "note"]);
    let asked = world.signed(THEIRS, hold("h1", &case_id, HoldReason::Manual));
    let foreign = HoldServiceClient::new(world.channel())
        .place_manual_hold(asked)
        .await;
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "CASE_NOT_FOUND".to_owned())
    );
}

#[tokio::test]
async fn a_hold_ends_by_its_timer_after_its_last_day() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 1, day(2, 27)).await;
    let until = PlaceManualHoldRequest {
        end_date: Some(day(3, 4)),
        ..hold("h1", &case_id, HoldReason::BreathingSpace)
    };
    let placed = place(&world, until).await.unwrap();
    // The last minute of the fourth in Berlin; then the fifth.
    let last = "2026-03-04T22:59:00Z".parse().unwrap();
    world.clock.set(last).unwrap();
    assert_eq!(
        get(&world, &placed.hold_id).await.state(),
        HoldState::Active
    );
    world.clock.advance(SignedDuration::from_mins(1)).unwrap();
    let told = wait_told::<HoldReleased>(&world, 1).await;
    assert_eq!(told[0].state(), HoldState::Expired);
    let ended = get(&world, &placed.hold_id).await;
    assert_eq!(
        (ended.state(), ended.ended_by.as_str()),
        (HoldState::Expired, "reminders")
    );
    assert_eq!(ended.ended_time, Some(time("2026-03-04T23:00:00Z")));
}

#[tokio::test]
async fn p18_a_held_debtor_is_not_contacted_about_what_is_held() {
    let (world, feeds) = world().await;
    with_policy(&world, always()).await;
    let case_id = with_case(&world, &feeds, 2, day(2, 27)).await;
    let verdict = async |invoices: &[u128]| {
        let asked = CheckContactRequest {
            case_id: case_id.clone(),
            channel: Channel::Email.into(),
            invoice_ids: invoices
                .iter()
                .map(|one| invoice_id(*one).to_string())
                .collect(),
            contact_time: None,
        };
        let answer = contact_policies(&world)
            .check_contact(world.signed(OURS, asked))
            .await;
        answer.unwrap().into_inner().decision.unwrap().outcome
    };
    let of_one = PlaceManualHoldRequest {
        invoice_ids: vec![invoice_id(1).to_string()],
        ..hold("h1", &case_id, HoldReason::Insolvency)
    };
    place(&world, of_one).await.unwrap();
    assert_eq!(verdict(&[2]).await, "ALLOWED");
    assert_eq!(verdict(&[2, 1]).await, "FORBIDDEN_BY_INSOLVENCY");
    place(&world, hold("h2", &case_id, HoldReason::Deceased))
        .await
        .unwrap();
    assert_eq!(verdict(&[2]).await, "FORBIDDEN_BY_DECEASED");
}
