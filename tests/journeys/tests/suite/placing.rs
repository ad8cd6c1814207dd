//! Debts that go to an agency and come back.

use contracts::agency::agency_service_client::AgencyServiceClient;
use contracts::agency::agreement_service_client::AgreementServiceClient;
use contracts::agency::get_placement_request::Key;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::{
    ActivatePlacementRequest, AgeBasis, AgreementTerms, ApprovePlacementRequest, CommissionMethod,
    CommissionSchedule, CommissionTier, ConfirmRecallRequest, CreateAgencyRequest,
    CreateAgreementRequest, GetPlacementRequest, Placement, PlacementState,
    ProposePlacementRequest, RecallPlacementRequest, RecallReason, RemittanceMode,
};
use contracts::invoicing::Invoice;

use crate::desk;
use crate::shop::{Shop, customer_of, decimal, fresh, opened};
use crate::world::day;

/// An agency that gets a quarter of what it collects; answers its identity.
async fn agency(shop: &Shop) -> String {
    let request = CreateAgencyRequest {
        request_id: fresh(),
        external_id: "nord".to_owned(),
        display_name: "Inkasso Nord".to_owned(),
        legal_name: "Inkasso Nord GmbH".to_owned(),
        country_code: "DE".to_owned(),
        contact_email: "eingang@example.com".to_owned(),
        contact_phone: "+4940123456".to_owned(),
    };
    let mut agencies = AgencyServiceClient::new(shop.calls());
    let created = agencies.create_agency(request).await.unwrap().into_inner();
    let agency_id = created.agency.unwrap().agency_id;
    let terms = AgreementTerms {
        commission_schedules: vec![CommissionSchedule {
            currency_code: "EUR".to_owned(),
            method: CommissionMethod::WholeBalance.into(),
            age_basis: AgeBasis::OldestDueDate.into(),
            tiers: vec![CommissionTier {
                rate: decimal("0.25"),
                ..CommissionTier::default()
            }],
        }],
        remittance_mode: RemittanceMode::Net.into(),
        commission_on_direct_payments: true,
        ..AgreementTerms::default()
    };
    let request = CreateAgreementRequest {
        request_id: fresh(),
        agency_id: agency_id.clone(),
        agreement_number: "A-1".to_owned(),
        terms: Some(terms),
        valid_from_date: Some(day("2026-01-01")),
        valid_to_date: None,
    };
    let mut agreements = AgreementServiceClient::new(shop.calls());
    agreements.create_agreement(request).await.unwrap();
    agency_id
}

/// Proposes, approves and places an invoice.
async fn placed(shop: &Shop, agency_id: &str, invoice: &Invoice) -> Placement {
    let mut placements = PlacementServiceClient::new(shop.calls());
    let request = ProposePlacementRequest {
        request_id: fresh(),
        external_id: fresh(),
        agency_id: agency_id.to_owned(),
        customer_id: customer_of(invoice),
        invoice_ids: vec![invoice.invoice_id.clone()],
        note: String::new(),
        validate_only: false,
    };
    let proposed = placements
        .propose_placement(request)
        .await
        .unwrap()
        .into_inner();
    let placement_id = proposed.placement.unwrap().placement_id;
    let request = ApprovePlacementRequest {
        request_id: fresh(),
        placement_id: placement_id.clone(),
        etag: String::new(),
    };
    placements.approve_placement(request).await.unwrap();
    let request = ActivatePlacementRequest {
        request_id: fresh(),
        placement_id,
        etag: String::new(),
    };
    let answer = placements.activate_placement(request).await.unwrap();
    answer.into_inner().placement.unwrap()
}

async fn placement(shop: &Shop, placement: &Placement) -> Placement {
    let request = GetPlacementRequest {
        key: Some(Key::PlacementId(placement.placement_id.clone())),
    };
    let mut placements = PlacementServiceClient::new(shop.calls());
    let answer = placements.get_placement(request).await.unwrap();
    answer.into_inner().placement.unwrap()
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

    let active = placed(&shop, &agency_id, &invoice).await;
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
    let active = placed(&shop, &agency_id, &invoice).await;
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
