//! From the order to the money.

use contracts::credit::credit_check_service_client::CreditCheckServiceClient;
use contracts::credit::{
    CheckCreditRequest, ConfirmReservationRequest, CreditCheckOutcome, GetReservationRequest,
    ReservationState,
};
use contracts::invoicing::{ClosingKind, InvoiceState};
use contracts::payments::ReceiptState;

use crate::shop::{eur, fresh, opened};
use crate::world::shown;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_is_checked_billed_and_paid() {
    let (world, shop) = opened().await;
    let customer_id = shop.customer("C-1").await;
    let mut checks = CreditCheckServiceClient::new(shop.calls());
    let order = CheckCreditRequest {
        request_id: fresh(),
        customer_id: customer_id.clone(),
        order_reference: "SO-1".to_owned(),
        amount: Some(eur("600.00")),
        ..CheckCreditRequest::default()
    };
    let checked = checks.check_credit(order).await.unwrap().into_inner();
    assert_eq!(checked.outcome(), CreditCheckOutcome::Approved);
    let reservation_id = checked.reservation.unwrap().reservation_id;
    let confirm = ConfirmReservationRequest {
        request_id: fresh(),
        reservation_id: reservation_id.clone(),
        ..ConfirmReservationRequest::default()
    };
    checks.confirm_reservation(confirm).await.unwrap();

    let invoice = shop
        .bill_order(&customer_id, "600.00", &reservation_id)
        .await;
    assert_eq!(invoice.invoice_number, "INV-000001");
    let due = invoice.open_items[0].due_date.as_ref();
    assert_eq!(shown(due), "2026-02-01");
    world.settle().await;
    let asked = GetReservationRequest { reservation_id };
    let used = checks.get_reservation(asked).await.unwrap().into_inner();
    assert_eq!(
        used.reservation.unwrap().state(),
        ReservationState::Consumed
    );

    world.until("2026-01-30T09:00:00Z").await;
    let receipt = shop.pay(&invoice, "600.00", "2026-01-30").await;
    assert_eq!(receipt.unapplied_amount, Some(eur("0.00")));
    let paid = shop.invoice(&invoice).await;
    assert_eq!(
        (paid.state(), paid.closing_kind()),
        (InvoiceState::Closed, ClosingKind::Payment)
    );
    assert_eq!(shown(paid.closed_date.as_ref()), "2026-01-30");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_discount_is_earned_in_time_and_missed_a_day_late() {
    let (world, shop) = opened().await;
    let customer_id = shop.customer("C-1").await;
    let (early, late) = (
        shop.bill(&customer_id, "100.00").await,
        shop.bill(&customer_id, "100.00").await,
    );
    world.until("2026-01-13T09:00:00Z").await;
    // 2 % within 10 days of 2 January: the 12th is the last day, by the date of the receipt.
    shop.pay(&early, "98.00", "2026-01-12").await;
    assert_eq!(shop.open_of(&early).await, "0.00");
    shop.pay(&late, "98.00", "2026-01-13").await;
    assert_eq!(shop.open_of(&late).await, "2.00");
    shop.pay(&late, "2.00", "2026-01-13").await;
    assert_eq!(shop.open_of(&late).await, "0.00");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_is_paid_and_too_much_stays_with_the_customer() {
    let (world, shop) = opened().await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "250.00").await;
    world.until("2026-01-20T09:00:00Z").await;
    shop.pay(&invoice, "100.00", "2026-01-19").await;
    assert_eq!(shop.open_of(&invoice).await, "150.00");
    let receipt = shop.pay(&invoice, "170.00", "2026-01-20").await;
    assert_eq!(shop.open_of(&invoice).await, "0.00");
    assert_eq!(receipt.allocated_amount, Some(eur("150.00")));
    assert_eq!(receipt.unapplied_amount, Some(eur("20.00")));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receipt_that_the_bank_takes_back_opens_the_invoice_as_it_was() {
    let (world, shop) = opened().await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "100.00").await;
    world.until("2026-01-12T09:00:00Z").await;
    let receipt = shop.pay(&invoice, "98.00", "2026-01-12").await;
    assert_eq!(shop.invoice(&invoice).await.state(), InvoiceState::Closed);

    world.until("2026-03-01T09:00:00Z").await;
    let request = shop.reversal(&receipt);
    let reversed = shop.reverse(&request).await.unwrap();
    assert_eq!(
        reversed.receipt.as_ref().unwrap().state(),
        ReceiptState::Reversed
    );
    assert_eq!(shop.reverse(&request).await.unwrap(), reversed);
    // The discount went back with the money; what was due stays due as it was.
    let open = shop.invoice(&invoice).await;
    assert_eq!(open.open_amount, Some(eur("100.00")));
    assert_eq!(shown(open.oldest_due_date.as_ref()), "2026-02-01");
    world.end().await;
}
