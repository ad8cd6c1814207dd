//! Credit that ends by being late, and comes back by a payment.

use contracts::credit::credit_check_service_client::CreditCheckServiceClient;
use contracts::credit::credit_profile_service_client::CreditProfileServiceClient;
use contracts::credit::get_credit_profile_request::Key;
use contracts::credit::{
    CheckCreditRequest, CreditCheckOutcome, CreditHoldKind, CreditProfile, GetCreditProfileRequest,
};

use crate::shop::{Shop, eur, fresh, opened};

/// The customer's credit as it is now.
pub async fn profile(shop: &Shop, customer_id: &str) -> CreditProfile {
    let request = GetCreditProfileRequest {
        key: Some(Key::CustomerId(customer_id.to_owned())),
    };
    let mut profiles = CreditProfileServiceClient::new(shop.calls());
    let answer = profiles.get_credit_profile(request).await.unwrap();
    answer.into_inner().credit_profile.unwrap()
}

async fn order(shop: &Shop, customer_id: &str, amount: &str) -> CreditCheckOutcome {
    let request = CheckCreditRequest {
        request_id: fresh(),
        customer_id: customer_id.to_owned(),
        order_reference: "SO".to_owned(),
        amount: Some(eur(amount)),
        ..CheckCreditRequest::default()
    };
    let mut checks = CreditCheckServiceClient::new(shop.calls());
    let answer = checks.check_credit(request).await.unwrap();
    answer.into_inner().outcome()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ex_5_held_while_late_or_above_the_limit_and_freed_by_the_payment() {
    let (world, shop) = opened().await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "900.00").await;
    world.settle().await;
    assert_eq!(
        order(&shop, &customer_id, "100.01").await,
        CreditCheckOutcome::OverLimit
    );

    // Due on 1 February: 14 days late on the 15th, held from the 16th on.
    world.until("2026-02-15T22:59:59Z").await;
    assert!(!profile(&shop, &customer_id).await.held);
    world.until("2026-02-15T23:00:00Z").await;
    let held = profile(&shop, &customer_id).await;
    assert!(held.held);
    assert_eq!(held.holds[0].kind(), CreditHoldKind::Overdue);
    assert_eq!(
        order(&shop, &customer_id, "1.00").await,
        CreditCheckOutcome::OnHold
    );

    let more = shop.bill(&customer_id, "100.01").await;
    world.settle().await;
    let kinds: Vec<_> = profile(&shop, &customer_id)
        .await
        .holds
        .iter()
        .map(|hold| hold.kind())
        .collect();
    assert_eq!(kinds, [CreditHoldKind::Overdue, CreditHoldKind::OverLimit]);

    shop.pay(&invoice, "900.00", "2026-02-15").await;
    world.settle().await;
    let free = profile(&shop, &customer_id).await;
    assert!(!free.held, "{:?}", free.holds);
    assert_eq!(free.exposure.unwrap().total_amount, Some(eur("100.01")));
    let behaviour = free.payment_behaviour.unwrap();
    assert_eq!((behaviour.settled_count, behaviour.late_count), (1, 1));
    shop.pay(&more, "100.01", "2026-02-15").await;
    world.end().await;
}
