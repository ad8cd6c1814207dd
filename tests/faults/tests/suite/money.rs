//! The money protocol: at each of its points a process dies, is started again, and the caller repeats
//! with the same request ids.

use contracts::payments::ReceiptState;
use faults::callers::answered;
use faults::{Installation, Plan, Tally, check, insist};
use tokio::task::JoinSet;
use tonic::Code;

use faults::points::{APPLY, REVERSE, names};
use faults::shop::{Shop, TENANT, eur, to_apply, to_reverse};

/// How often each of these receipts is allocated, counted in the applications of invoicing.
async fn allocations(world: &Installation, receipt_ids: &[String]) -> Vec<u64> {
    let sql = "SELECT count(*) FROM application WHERE receipt_id = $1::uuid AND state = 'APPLIED'";
    let mut counts = Vec::new();
    for receipt_id in receipt_ids {
        let count = sqlx::query_scalar(sql).bind(receipt_id);
        let count: i64 = count.fetch_one(world.database("invoicing")).await.unwrap();
        counts.push(u64::try_from(count).unwrap());
    }
    counts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p3_p5_money_is_applied_once_whatever_dies_where() {
    let tally = Tally::of("apply");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    let (mut receipts, mut left_to_the_timer) = (Vec::new(), None);
    for (service, point) in APPLY {
        let invoice = shop.bill(&customer_id, "100.00").await;
        let receipt = shop.receive(&customer_id, "120.00").await;
        let request = to_apply(&receipt.receipt_id, &invoice.invoice_id);
        world.arm(service, point).await;
        tally.begun(1);
        let mut under_way = JoinSet::new();
        let (caller, first) = (shop.clone(), request.clone());
        under_way.spawn(async move { caller.apply(&first).await });
        world.dies(service).await;
        tally.fired(point, 1);
        let cut = under_way.join_next().await.unwrap().unwrap();
        assert!(cut.is_err(), "{point}: {cut:?}");
        world.start_again(service).await;
        receipts.push(receipt.receipt_id);
        if point == "payments.apply.reserved" {
            // Nobody repeats this one: the timer of the operation drives it on by itself.
            left_to_the_timer = Some(request);
            continue;
        }
        let answer = insist(async || shop.apply(&request).await).await;
        assert_eq!(answer.applications.len(), 1, "{point}");
        let booked = answer.receipt.as_ref().unwrap();
        assert_eq!(booked.allocated_amount, Some(eur("100.00")), "{point}");
        assert_eq!(booked.unapplied_amount, Some(eur("20.00")), "{point}");
        let again = insist(async || shop.apply(&request).await).await;
        assert_eq!(again, answer, "{point}: the same answer (P3)");
        let mut other = request;
        other.amount = Some(eur("1.00"));
        let refused = answered(async || shop.apply(&other).await)
            .await
            .unwrap_err();
        assert_eq!(
            refused.code(),
            Code::InvalidArgument,
            "{point} (P4): {refused}"
        );
        tally.acknowledged(1);
    }
    let findings = check::everything(&world).await;
    let request = left_to_the_timer.unwrap();
    let answer = insist(async || shop.apply(&request).await).await;
    let booked = answer.receipt.unwrap();
    assert_eq!(booked.allocated_amount, Some(eur("100.00")), "by the timer");
    tally.acknowledged(1);
    tally.compare(allocations(&world, &receipts).await);
    tally.end(&names(&APPLY), &findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p1_p6_money_is_taken_back_once_whatever_dies_where() {
    let tally = Tally::of("reverse");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    let mut receipts = Vec::new();
    for (service, point) in REVERSE {
        let invoice = shop.bill(&customer_id, "100.00").await;
        let receipt = shop.pay(&invoice, "100.00").await;
        let request = to_reverse(&receipt.receipt_id);
        world.arm(service, point).await;
        tally.begun(1);
        let mut under_way = JoinSet::new();
        let (caller, first) = (shop.clone(), request.clone());
        under_way.spawn(async move { caller.reverse(&first).await });
        world.dies(service).await;
        tally.fired(point, 1);
        let cut = under_way.join_next().await.unwrap().unwrap();
        assert!(cut.is_err(), "{point}: {cut:?}");
        world.start_again(service).await;
        let answer = insist(async || shop.reverse(&request).await).await;
        let reversed = answer.receipt.as_ref().unwrap();
        assert_eq!(reversed.state(), ReceiptState::Reversed, "{point}");
        assert_eq!(reversed.returned_amount, Some(eur("100.00")), "{point}");
        let again = insist(async || shop.reverse(&request).await).await;
        assert_eq!(again, answer, "{point}: the same answer (P3)");
        tally.acknowledged(1);
        receipts.push(receipt.receipt_id);
    }
    let findings = check::everything(&world).await;
    // Each was reversed, and reversed once.
    let sql =
        "SELECT count(*) FROM receipt_entry WHERE receipt_id = $1::uuid AND kind = 'RETURNED'";
    for receipt_id in &receipts {
        let count = sqlx::query_scalar(sql).bind(receipt_id);
        let count: i64 = count.fetch_one(world.database("payments")).await.unwrap();
        tally.compare([u64::try_from(count).unwrap()]);
    }
    assert_eq!(
        allocations(&world, &receipts).await,
        vec![0; receipts.len()]
    );
    tally.end(&names(&REVERSE), &findings);
}
