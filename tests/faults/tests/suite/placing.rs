//! The placement protocol: at each of its points agency or reminders dies, is started again, and the
//! caller repeats with the same request id.

use contracts::agency::agency_service_client::AgencyServiceClient;
use contracts::agency::agreement_service_client::AgreementServiceClient;
use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::{
    ActivatePlacementRequest, ActivatePlacementResponse, AgeBasis, AgreementTerms,
    ApprovePlacementRequest, CommissionMethod, CommissionSchedule, CommissionTier,
    CreateAgencyRequest, CreateAgreementRequest, PlacementState, ProposePlacementRequest,
    RemittanceMode,
};
use contracts::invoicing::Invoice;
use faults::callers::answered;
use faults::{Installation, Plan, Tally, check, insist};
use testkit::eventually;
use tokio::task::JoinSet;
use tonic::Status;

use crate::desk;
use crate::points::{PLACE, names};
use crate::shop::{Shop, TENANT, customer_of, days_ago, decimal, fresh};

/// An agency with an agreement; answers its identity.
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
    let mut agencies = AgencyServiceClient::new(shop.agency.clone());
    let created = insist(async || agencies.create_agency(request.clone()).await).await;
    let agency_id = created.into_inner().agency.unwrap().agency_id;
    let schedule = CommissionSchedule {
        currency_code: "EUR".to_owned(),
        method: CommissionMethod::WholeBalance.into(),
        age_basis: AgeBasis::OldestDueDate.into(),
        tiers: vec![CommissionTier {
            rate: decimal("0.25"),
            ..CommissionTier::default()
        }],
    };
    let terms = AgreementTerms {
        commission_schedules: vec![schedule],
        remittance_mode: RemittanceMode::Net.into(),
        commission_on_direct_payments: true,
        ..AgreementTerms::default()
    };
    let request = CreateAgreementRequest {
        request_id: fresh(),
        agency_id: agency_id.clone(),
        agreement_number: "A-1".to_owned(),
        terms: Some(terms),
        valid_from_date: days_ago(60),
        valid_to_date: None,
    };
    let mut agreements = AgreementServiceClient::new(shop.agency.clone());
    insist(async || agreements.create_agreement(request.clone()).await).await;
    agency_id
}

/// An invoice approved for placement; what is left is to place it. What agency has not heard of yet
/// is asked again.
async fn approved(shop: &Shop, agency_id: &str, invoice: &Invoice) -> ActivatePlacementRequest {
    let mut placements = PlacementServiceClient::new(shop.agency.clone());
    let request = ProposePlacementRequest {
        request_id: fresh(),
        external_id: fresh(),
        agency_id: agency_id.to_owned(),
        customer_id: customer_of(invoice),
        invoice_ids: vec![invoice.invoice_id.clone()],
        note: String::new(),
        validate_only: false,
    };
    let proposed = insist(async || placements.propose_placement(request.clone()).await).await;
    let placement_id = proposed.into_inner().placement.unwrap().placement_id;
    let request = ApprovePlacementRequest {
        request_id: fresh(),
        placement_id: placement_id.clone(),
        etag: String::new(),
    };
    insist(async || placements.approve_placement(request.clone()).await).await;
    ActivatePlacementRequest {
        request_id: fresh(),
        placement_id,
        etag: String::new(),
    }
}

async fn place(
    shop: &Shop,
    request: &ActivatePlacementRequest,
) -> Result<ActivatePlacementResponse, Status> {
    let mut placements = PlacementServiceClient::new(shop.agency.clone());
    let answer = placements.activate_placement(request.clone()).await?;
    Ok(answer.into_inner())
}

/// Waits until agency and reminders have heard of an invoice.
async fn known(world: &Installation, invoice: &Invoice) {
    for (service, sql) in [
        (
            "agency",
            "SELECT count(*) FROM known_invoice WHERE invoice_id = $1::uuid",
        ),
        (
            "reminders",
            "SELECT count(*) FROM case_invoice WHERE invoice_id = $1::uuid",
        ),
    ] {
        let what = "the invoice is known";
        eventually(std::time::Duration::from_secs(20), what, async || {
            let count = sqlx::query_scalar(sql).bind(&invoice.invoice_id);
            let count: i64 = count.fetch_one(world.database(service)).await.unwrap();
            count == 1
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p19_a_debt_is_with_one_agency_whatever_dies_where() {
    let tally = Tally::of("place");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let agency_id = agency(&shop).await;
    let mut invoices = Vec::new();
    for (nth, (service, point)) in PLACE.into_iter().enumerate() {
        let customer_id = shop.customer(&format!("C-{nth}")).await;
        let invoice = shop.bill(&customer_id, "100.00").await;
        known(&world, &invoice).await;
        let request = approved(&shop, &agency_id, &invoice).await;
        // Another one wants the same debt, and may not get it.
        let rival = approved(&shop, &agency_id, &invoice).await;
        world.arm(service, point).await;
        tally.begun(1);
        let mut under_way = JoinSet::new();
        let (caller, first) = (shop.clone(), request.clone());
        under_way.spawn(async move { place(&caller, &first).await });
        world.dies(service).await;
        tally.fired(point, 1);
        let cut = under_way.join_next().await.unwrap().unwrap();
        world.start_again(service).await;
        let answer = insist(async || place(&shop, &request).await).await;
        let placement = answer.placement.as_ref().unwrap();
        assert_eq!(
            placement.state(),
            PlacementState::Active,
            "{point}: {cut:?}"
        );
        let again = insist(async || place(&shop, &request).await).await;
        assert_eq!(again, answer, "{point}: the same answer (P3)");
        let refused = answered(async || place(&shop, &rival).await).await;
        assert!(refused.is_err(), "{point}: {refused:?}");
        tally.acknowledged(1);
        invoices.push(invoice);
    }
    // From now on everybody overdue is reminded: those at the agency are not, the one left is.
    desk::reminds(&shop).await;
    let left = shop.customer("C-left").await;
    shop.bill(&left, "100.00").await;
    world
        .mails
        .wait_for(1, std::time::Duration::from_secs(30))
        .await;
    let findings = check::everything(&world).await;
    let mails = world.mails.mails();
    let written_to: Vec<&String> = mails.iter().flat_map(|mail| &mail.envelope_to).collect();
    assert_eq!(written_to, ["c-left@kunde.example"]);
    let sql =
        "SELECT count(*) FROM placement JOIN placement_invoice USING (tenant_id, placement_id)
                WHERE invoice_id = $1::uuid AND placement.state = 'ACTIVE'";
    for invoice in &invoices {
        let count = sqlx::query_scalar(sql).bind(&invoice.invoice_id);
        let count: i64 = count.fetch_one(world.database("agency")).await.unwrap();
        tally.compare([u64::try_from(count).unwrap()]);
    }
    tally.end(&names(&PLACE), &findings);
}
