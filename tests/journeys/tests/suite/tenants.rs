//! Two tenants with the same names and numbers, their calls interleaved.

use contracts::invoicing::GetInvoiceRequest;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use postgres::TenantId;
use tonic::Code;
use uuid::Uuid;

use crate::shop::{Shop, eur, opened};
use crate::world::reason;

const OTHER: TenantId = TenantId::new(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0002));

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p28_the_same_numbers_are_different_invoices() {
    let (world, ours) = opened().await;
    let theirs = Shop::open(world.calls_of(OTHER)).await;
    let our_customer = ours.customer("C-1").await;
    let their_customer = theirs.customer("C-1").await;
    // Interleaved, so that one batch of a feed carries both.
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
    world.end().await;
}
