//! A peer that is down, silent, or answers into the void: only what needs it waits (P37), an outcome
//! that nobody knows is asked for again (P9), and what was answered is answered without it (P3).

use std::time::Duration;

use faults::{Installation, Plan, Tally, check, insist};
use testkit::{Mode, ResetAt, eventually};
use tokio::time::timeout;
use tonic::Code;

use faults::shop::{Shop, TENANT, eur, to_apply, to_record};

/// A caller who does not wait for a silent peer.
const PATIENCE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_p9_p37_what_needs_a_peer_waits_for_it_and_nothing_else_does() {
    let tally = Tally::of("peers");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    let (mut requests, mut receipts) = (Vec::new(), Vec::new());
    for _ in 0..4 {
        let invoice = shop.bill(&customer_id, "100.00").await;
        let receipt = shop.receive(&customer_id, "100.00").await;
        requests.push(to_apply(&receipt.receipt_id, &invoice.invoice_id));
        receipts.push(receipt.receipt_id);
    }
    tally.begun(5);

    // One was answered before invoicing goes down, and is answered all the same.
    let answer = insist(async || shop.apply(&requests[0]).await).await;
    world.kill("invoicing").await;
    tally.fired("invoicing-killed", 1);
    let again = insist(async || shop.apply(&requests[0]).await).await;
    assert_eq!(again, answer, "P3");
    tally.acknowledged(1);
    // What does not need it goes on.
    let record = to_record(&customer_id, "R-1", "7.00");
    let recorded = shop.record(&record).await.unwrap().receipt.unwrap();
    assert_eq!(recorded.unapplied_amount, Some(eur("7.00")));
    tally.acknowledged(1);
    let refused = shop.apply(&requests[1]).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable, "{refused}");
    world.start_again("invoicing").await;
    insist(async || shop.apply(&requests[1]).await).await;
    tally.acknowledged(1);

    // It acts, and its answer is lost on the way back.
    let way = world.edge("payments", "invoicing");
    way.reset_once(ResetAt::Reply);
    let before = way.counts().faults;
    insist(async || shop.apply(&requests[2]).await).await;
    eventually(Duration::from_secs(10), "an answer is lost", async || {
        way.counts().faults > before
    })
    .await;
    tally.fired("answer-lost", way.counts().faults - before);
    tally.acknowledged(1);

    // It says nothing at all: the caller gives up, the operation does not.
    way.set_mode(Mode::Blackhole);
    let before = way.counts().faults;
    let waited = timeout(PATIENCE, shop.apply(&requests[3])).await;
    assert!(!matches!(waited, Ok(Ok(_))), "{waited:?}");
    tally.fired("silence", way.counts().faults - before);
    way.set_mode(Mode::Pass);
    way.cut();
    let answer = insist(async || shop.apply(&requests[3]).await).await;
    assert_eq!(
        answer.receipt.unwrap().allocated_amount,
        Some(eur("100.00"))
    );
    tally.acknowledged(1);

    let findings = check::everything(&world).await;
    let sql = "SELECT count(*) FROM application WHERE receipt_id = $1::uuid AND state = 'APPLIED'";
    for receipt_id in &receipts {
        let count = sqlx::query_scalar(sql).bind(receipt_id);
        let count: i64 = count.fetch_one(world.database("invoicing")).await.unwrap();
        tally.compare([u64::try_from(count).unwrap()]);
    }
    tally.end(&["invoicing-killed", "answer-lost", "silence"], &findings);
}
