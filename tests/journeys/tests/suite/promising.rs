//! Promises: kept, broken, judged late, corrected.

use contracts::reminders::{Promise, PromiseJudgement, PromiseState};
use jiff::Timestamp;
use testkit::eventually;

use crate::desk;
use crate::shop::{Shop, opened};
use crate::world::{SOON, World, shown};

/// What a promise was judged to be, the first judgement first.
fn judged(promise: &Promise) -> Vec<PromiseState> {
    let judgements = promise.judgements.iter();
    judgements.map(PromiseJudgement::state).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promise_holds_until_it_is_kept_or_broken() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-02-06T12:00:00Z").await;
    assert_eq!(desk::subjects(&world).len(), 1);
    let made = desk::promised(&shop, &invoice.invoice_id, "500.00", "2026-02-13").await;
    // Promised for the 13th, two days of grace: judged on the 16th.
    world.until("2026-02-15T12:00:00Z").await;
    assert_eq!(
        desk::subjects(&world).len(),
        1,
        "nothing while a promise runs (P18)"
    );
    assert_eq!(
        desk::promise(&shop, &made).await.state(),
        PromiseState::Open
    );
    world.until("2026-02-17T12:00:00Z").await;
    assert_eq!(
        desk::promise(&shop, &made).await.state(),
        PromiseState::Broken
    );
    assert_eq!(desk::subjects(&world).len(), 2);

    let second = desk::promised(&shop, &invoice.invoice_id, "500.00", "2026-02-20").await;
    world.until("2026-02-19T12:00:00Z").await;
    shop.pay(&invoice, "500.00", "2026-02-19").await;
    world.until("2026-03-20T12:00:00Z").await;
    let kept = desk::promise(&shop, &second).await;
    assert_eq!(kept.state(), PromiseState::Kept);
    assert_eq!(desk::subjects(&world).len(), 2);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pr_1_a_promise_is_not_judged_while_the_feed_lags() {
    let (world, edge) = World::start_with_edge("reminders", "invoicing").await;
    let shop = Shop::open(world.calls()).await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-02-06T12:00:00Z").await;
    let made = desk::promised(&shop, &invoice.invoice_id, "500.00", "2026-02-13").await;
    // The last second of the grace, in Berlin.
    world.until("2026-02-15T22:59:59Z").await;
    edge.cut();
    let end_of_term: Timestamp = "2026-02-15T23:00:00Z".parse().unwrap();
    let judging = world.until("2026-02-16T06:00:00Z");
    let meanwhile = async {
        let is_over = async || world.now().await >= end_of_term;
        eventually(SOON, "the term is over", is_over).await;
        // Paid within the term. Invoicing knows, and reminders cannot hear of it.
        shop.pay(&invoice, "500.00", "2026-02-15").await;
        assert_eq!(shop.open_of(&invoice).await, "0.00");
        let before = edge.faults();
        let tried = async || edge.faults() > before + 2;
        eventually(SOON, "reminders asks in vain", tried).await;
        let waiting = desk::promise(&shop, &made).await;
        assert_eq!(waiting.state(), PromiseState::Open, "{waiting:?}");
        edge.heal();
    };
    tokio::join!(judging, meanwhile);
    let kept = desk::promise(&shop, &made).await;
    assert_eq!(judged(&kept), [PromiseState::Kept], "never called broken");
    assert_eq!(kept.received_amount, invoice.open_amount);
    world.until("2026-03-20T12:00:00Z").await;
    assert_eq!(desk::subjects(&world).len(), 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pr_1_money_booked_late_with_a_date_inside_the_term_corrects_the_judgement() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let invoice = shop.bill(&customer_id, "500.00").await;
    world.until("2026-02-06T12:00:00Z").await;
    let made = desk::promised(&shop, &invoice.invoice_id, "500.00", "2026-02-13").await;
    world.until("2026-02-17T12:00:00Z").await;
    let broken = desk::promise(&shop, &made).await;
    assert_eq!(judged(&broken), [PromiseState::Broken]);
    assert_eq!(desk::subjects(&world).len(), 2);

    shop.pay(&invoice, "500.00", "2026-02-12").await;
    world.settle().await;
    let kept = desk::promise(&shop, &made).await;
    assert_eq!(kept.state(), PromiseState::Kept);
    assert_eq!(judged(&kept), [PromiseState::Broken, PromiseState::Kept]);
    assert_eq!(
        kept.judgements[0], broken.judgements[0],
        "what was said stays said"
    );
    let effective = kept.judgements[1].effective_date.as_ref();
    assert_eq!(shown(effective), "2026-02-12");
    world.until("2026-03-20T12:00:00Z").await;
    assert_eq!(desk::subjects(&world).len(), 2);
    world.end().await;
}
