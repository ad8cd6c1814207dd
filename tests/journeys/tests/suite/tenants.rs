//! Two tenants with the same names and numbers, their calls interleaved.

use contracts::events::event_feed_service_client::EventFeedServiceClient;
use contracts::events::{GetFeedHeadRequest, ReadEventsRequest};
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::invoicing::{GetInvoiceRequest, Invoice};
use contracts::reminders::CaseBalance;
use postgres::TenantId;
use recoup::token::DEVELOPMENT_TENANT;
use tonic::Code;
use uuid::Uuid;

use crate::shop::{Shop, eur, opened};
use crate::world::{World, reason};
use crate::{books, credit_hold, desk};

const OTHER: TenantId = TenantId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p28_the_same_numbers_are_different_invoices() {
    let (world, ours) = opened().await;
    let theirs = Shop::open(world.calls_of(OTHER)).await;
    let our_customer = ours.customer("C-1").await;
    let their_customer = theirs.customer("C-1").await;
    let (our_bill, their_bill) = tokio::join!(
        ours.bill(&our_customer, "100.00"),
        theirs.bill(&their_customer, "300.00")
    );
    assert_eq!(our_bill.invoice_number, their_bill.invoice_number);
    let (our_receipt, their_receipt) = tokio::join!(
        ours.receive(&our_customer, "100.00", "2026-01-02", ""),
        theirs.receive(&their_customer, "250.00", "2026-01-02", "")
    );
    let (applied, _) = tokio::join!(
        ours.apply(&our_receipt, &our_bill),
        theirs.apply(&their_receipt, &their_bill)
    );
    assert_eq!(
        applied.unwrap().receipt.unwrap().unapplied_amount,
        Some(eur("2.00"))
    );
    world.settle().await;
    assert_eq!(ours.open_of(&our_bill).await, "0.00");
    assert_eq!(theirs.open_of(&their_bill).await, "50.00");

    // Neither sees the other's, by whatever name.
    let mut invoices = InvoiceServiceClient::new(ours.calls());
    let foreign = GetInvoiceRequest {
        key: Some(Key::InvoiceId(their_bill.invoice_id.clone())),
    };
    let refused = invoices.get_invoice(foreign).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "INVOICE_NOT_FOUND")
    );
    let applied = ours.apply(&our_receipt, &their_bill).await;
    let refused = applied.map(|answer| answer.applications[0].refusal.clone().unwrap().reason);
    let refused = refused.unwrap_or_else(|status| reason(&status));
    assert_eq!(refused, "INVOICE_NOT_FOUND");
    assert_eq!(theirs.open_of(&their_bill).await, "50.00");
    books::add_up(theirs.calls()).await;
    world.end().await;
}

/// Where the feed of invoicing ends.
async fn head(world: &World) -> i64 {
    let mut feeds = EventFeedServiceClient::new(world.calls_of_everybody());
    let source = "invoicing".to_owned();
    let told = feeds.get_feed_head(GetFeedHeadRequest { source }).await;
    told.unwrap().into_inner().head_position
}

/// Whose events follow each other in the first batch of invoicing's feed behind a position, which is
/// read as a service reads it.
async fn batch_behind(world: &World, after_position: i64) -> Vec<String> {
    let request = ReadEventsRequest {
        source: "invoicing".to_owned(),
        after_position,
        ..ReadEventsRequest::default()
    };
    let mut feeds = EventFeedServiceClient::new(world.calls_of_everybody());
    let mut batches = feeds.read_events(request).await.unwrap().into_inner();
    let batch = batches.message().await.unwrap().unwrap();
    let events = batch.events.into_iter();
    let mut tenants: Vec<String> = events.map(|event| event.tenant_id).collect();
    tenants.dedup();
    tenants
}

/// What reminders and credit took of it: what is owed, of how many invoices, and the exposure.
async fn owed(shop: &Shop, customer_id: &str) -> (String, i32, String) {
    let balances = desk::case(shop).await.balances;
    let [balance]: [CaseBalance; 1] = balances.try_into().unwrap();
    let profile = credit_hold::profile(shop, customer_id).await;
    let exposure = profile.exposure.unwrap().total_amount.unwrap();
    (
        balance.open_amount.unwrap().amount,
        balance.open_count,
        exposure.amount,
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p28_one_batch_of_a_feed_brings_to_each_tenant_its_own() {
    let (world, edge) = World::start_with_edge("reminders", "invoicing").await;
    let ours = Shop::open(world.calls()).await;
    let theirs = Shop::open(world.calls_of(OTHER)).await;
    let (our_customer, their_customer) = (ours.customer("C-1").await, theirs.customer("C-1").await);
    world.settle().await;
    // While reminders hears nothing, both do the same in turn, and so it stands in the feed.
    let before = head(&world).await;
    edge.cut();
    let mut bills: Vec<(Invoice, Invoice)> = Vec::new();
    for (our_amount, their_amount) in [("10.00", "100.00"), ("20.00", "200.00")] {
        let our_bill = ours.bill(&our_customer, our_amount).await;
        let their_bill = theirs.bill(&their_customer, their_amount).await;
        assert_eq!(our_bill.invoice_number, their_bill.invoice_number);
        bills.push((our_bill, their_bill));
    }
    let (our_bill, their_bill) = &bills[0];
    ours.pay(our_bill, "5.00", "2026-01-02").await;
    theirs.pay(their_bill, "50.00", "2026-01-02").await;
    let (us, them) = (DEVELOPMENT_TENANT.to_string(), OTHER.to_string());
    let in_turn = [&us, &them, &us, &them, &us, &them];
    let told = batch_behind(&world, before).await;
    assert_eq!(told.iter().collect::<Vec<_>>(), in_turn);

    edge.heal();
    world.settle().await;
    let of = |open: &str| (open.to_owned(), 2, open.to_owned());
    assert_eq!(owed(&ours, &our_customer).await, of("25.00"));
    assert_eq!(owed(&theirs, &their_customer).await, of("250.00"));
    books::add_up(theirs.calls()).await;
    world.end().await;
}
