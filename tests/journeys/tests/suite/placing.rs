//! Debts that go to an agency and come back.

use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::{
    ConfirmRecallRequest, ListPlacementsRequest, PlacementState, RecallPlacementRequest,
    RecallReason,
};
use contracts::invoicing::Invoice;
use contracts::reminders::hold_service_client::HoldServiceClient;
use contracts::reminders::{HoldReason, HoldState, ListHoldsRequest};
use testkit::eventually;
use tokio::task::JoinSet;
use tonic::Code;

use crate::collector::{activated, activation, agency, approved, placed, placement};
use crate::desk;
use crate::shop::{Shop, fresh, opened};
use crate::world::{SOON, World, reason};

/// Whether reminders holds an invoice for a placement.
async fn is_held(shop: &Shop, invoice: &Invoice) -> bool {
    let request = ListHoldsRequest {
        invoice_id: Some(invoice.invoice_id.clone()),
        reason: Some(HoldReason::Placement.into()),
        state: Some(HoldState::Active.into()),
        ..ListHoldsRequest::default()
    };
    let mut holds = HoldServiceClient::new(shop.calls());
    let answer = holds.list_holds(request).await.unwrap();
    !answer.into_inner().holds.is_empty()
}

/// The placements of an invoice that an agency works on.
async fn active_count(shop: &Shop, invoice: &Invoice) -> usize {
    let request = ListPlacementsRequest {
        invoice_id: Some(invoice.invoice_id.clone()),
        states: vec![PlacementState::Active.into()],
        ..ListPlacementsRequest::default()
    };
    let mut placements = PlacementServiceClient::new(shop.calls());
    let answer = placements.list_placements(request).await.unwrap();
    answer.into_inner().placements.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p19_reminded_then_placed_then_recalled_and_reminded_again() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let agency_id = agency(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-02-06T12:00:00Z").await;
    assert_eq!(world.mails.mails().len(), 1);

    let active = placed(&shop, &agency_id, &[&invoice]).await;
    world.settle().await;
    assert_eq!(
        placement(&shop, &active).await.state(),
        PlacementState::Active
    );
    world.until("2026-02-18T12:00:00Z").await;
    assert_eq!(
        world.mails.mails().len(),
        1,
        "nothing while it is with the agency"
    );

    let mut placements = PlacementServiceClient::new(shop.calls());
    let recall = RecallPlacementRequest {
        request_id: fresh(),
        placement_id: active.placement_id.clone(),
        etag: String::new(),
        reason: RecallReason::ClientDecision.into(),
        note: String::new(),
    };
    placements.recall_placement(recall).await.unwrap();
    world.settle().await;
    if placement(&shop, &active).await.state() == PlacementState::PendingRecall {
        let confirm = ConfirmRecallRequest {
            request_id: fresh(),
            placement_id: active.placement_id.clone(),
            stopped_time: None,
        };
        placements.confirm_recall(confirm).await.unwrap();
        world.settle().await;
    }
    assert_eq!(
        placement(&shop, &active).await.state(),
        PlacementState::Recalled
    );
    // The ladder goes on with the current step.
    world.until("2026-02-24T12:00:00Z").await;
    assert!(world.mails.mails().len() >= 2, "reminded again");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p20_a_debt_paid_to_us_ends_its_placement() {
    let (world, shop) = opened().await;
    let agency_id = agency(&shop).await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-03-02T12:00:00Z").await;
    let active = placed(&shop, &agency_id, &[&invoice]).await;
    world.settle().await;
    assert_eq!(
        placement(&shop, &active).await.state(),
        PlacementState::Active
    );
    shop.pay(&invoice, "500.00", "2026-03-02").await;
    world.settle().await;
    let ended = placement(&shop, &active).await;
    assert_eq!(ended.state(), PlacementState::Closed, "{ended:?}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p19_a_debt_whose_placement_crashed_between_hold_and_active_is_quiet_and_goes_on() {
    let (world, edge) = World::start_with_edge("agency", "invoicing").await;
    let shop = Shop::open(world.calls()).await;
    desk::reminds(&shop).await;
    let agency_id = agency(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    // Five seconds later, at eight in Berlin, the second reminder is due.
    world.until("2026-02-11T06:59:55Z").await;
    assert_eq!(world.mails.mails().len(), 1);
    let first = approved(&shop, &agency_id, &[&invoice]).await;
    let second = approved(&shop, &agency_id, &[&invoice]).await;

    // Reminders holds the debt; the last look at invoicing never gets its answer.
    edge.hold_up();
    let (request, asker) = (activation(&first), shop.clone());
    let (mut asking, asked) = (JoinSet::new(), request.clone());
    asking.spawn(async move { activated(&asker, &asked).await });
    eventually(SOON, "it is held, and invoicing is asked", async || {
        is_held(&shop, &invoice).await && edge.faults() > 0
    })
    .await;
    let world = world.crash().await;
    let lost = asking.join_next().await.unwrap().unwrap();
    assert!(lost.is_err(), "killed before it could answer");

    let shop = Shop::of(world.calls());
    let left = placement(&shop, &first).await;
    assert_eq!(left.state(), PlacementState::PendingHold);
    let refused = activated(&shop, &activation(&second)).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "INVOICE_PLACED")
    );
    world.until("2026-02-11T07:00:09Z").await;
    let waiting = placement(&shop, &first).await;
    assert_eq!(waiting.state(), PlacementState::PendingHold);
    assert_eq!(world.mails.mails().len(), 1, "not yet placed, and quiet");
    // The check, 15 seconds after it was last driven on.
    world.until("2026-02-11T07:00:10Z").await;
    let active = placement(&shop, &first).await;
    assert_eq!(active.state(), PlacementState::Active, "{active:?}");
    let answer = activated(&shop, &request).await.unwrap();
    assert_eq!(answer.placement.unwrap().state(), PlacementState::Active);
    assert_eq!(active_count(&shop, &invoice).await, 1);
    world.until("2026-02-25T12:00:00Z").await;
    assert_eq!(world.mails.mails().len(), 1, "quiet ever after");
    world.end().await;
}
