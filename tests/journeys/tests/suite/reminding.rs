//! Reminders, and what stops them.

use contracts::invoicing::dispute_service_client::DisputeServiceClient;
use contracts::invoicing::open_dispute_request::Extent;
use contracts::invoicing::{
    DisputeReason, DisputeResolution, OpenDisputeRequest, ResolveDisputeRequest,
};

use crate::desk;
use crate::shop::{eur, fresh, opened};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ladder_climbs_within_the_hours_and_ends_with_the_payment() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    // Due on Sunday 1 February; 5 days later it is Friday, 10 days later Wednesday.
    world.until("2026-02-06T06:59:00Z").await;
    assert_eq!(desk::subjects(&world), [""; 0]);
    world.until("2026-02-06T12:00:00Z").await;
    assert_eq!(desk::subjects(&world), ["reminder: Rechnung INV-000001"]);
    let mail = world.mails.mails().remove(0);
    assert_eq!(mail.envelope_to, ["c-1@kunde.example"]);
    assert!(mail.text().unwrap().contains("500"), "{:?}", mail.text());
    world.until("2026-02-12T12:00:00Z").await;
    assert_eq!(desk::subjects(&world).len(), 2);

    shop.pay(&invoice, "500.00", "2026-02-12").await;
    world.until("2026-06-01T12:00:00Z").await;
    assert_eq!(desk::subjects(&world).len(), 2, "never after paid (P16)");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dispute_pauses_the_reminders_and_its_end_resumes_them() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-02-06T12:00:00Z").await;
    assert_eq!(desk::subjects(&world).len(), 1);
    let mut disputes = DisputeServiceClient::new(shop.calls());
    let request = OpenDisputeRequest {
        request_id: fresh(),
        invoice_id: invoice.invoice_id.clone(),
        extent: Some(Extent::WholeInvoice(true)),
        reason: DisputeReason::Quality.into(),
        ..OpenDisputeRequest::default()
    };
    let opened = disputes.open_dispute(request).await.unwrap().into_inner();
    world.until("2026-02-17T12:00:00Z").await;
    assert_eq!(
        desk::subjects(&world).len(),
        1,
        "nothing while it is disputed (P18)"
    );
    let request = ResolveDisputeRequest {
        request_id: fresh(),
        dispute_id: opened.dispute.unwrap().dispute_id,
        resolution: DisputeResolution::Rejected.into(),
        ..ResolveDisputeRequest::default()
    };
    disputes.resolve_dispute(request).await.unwrap();
    world.until("2026-02-20T12:00:00Z").await;
    // The current step, not one for each that was missed.
    assert_eq!(
        desk::subjects(&world)[1..],
        ["warning: Rechnung INV-000001"]
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ca_8_nobody_is_reminded_whose_cash_covers_what_is_due() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-02-05T12:00:00Z").await;
    let receipt = shop.receive(&customer_id, "500.00", "2026-02-05", "").await;
    world.until("2026-02-09T12:00:00Z").await;
    assert_eq!(desk::subjects(&world), [""; 0]);
    assert_eq!(
        shop.receipt(&receipt).await.unapplied_amount,
        Some(eur("500.00"))
    );
    shop.apply(&receipt, &invoice).await.unwrap();
    world.end().await;
}
