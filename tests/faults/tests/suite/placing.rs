//! The placement protocol: at each of its points agency or reminders dies, is started again, and the
//! caller repeats with the same request id.

use contracts::agency::placement_service_client::PlacementServiceClient;
use contracts::agency::{
    ActivatePlacementRequest, ActivatePlacementResponse, ApprovePlacementRequest, PlacementState,
};
use contracts::invoicing::Invoice;
use faults::callers::answered;
use faults::{Installation, Plan, Tally, check, collection, insist};
use testkit::eventually;
use tokio::task::JoinSet;
use tonic::Status;

use faults::desk;
use faults::points::{PLACE, names};
use faults::shop::{Shop, TENANT, customer_of, fresh};

/// An invoice approved for placement; what is left is to place it. What agency has not heard of yet
/// is asked again.
async fn approved(shop: &Shop, agency_id: &str, invoice: &Invoice) -> ActivatePlacementRequest {
    let mut placements = PlacementServiceClient::new(shop.agency.clone());
    let request = collection::to_propose(agency_id, &customer_of(invoice), &invoice.invoice_id);
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
    let agency_id = collection::agency(&shop).await;
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
