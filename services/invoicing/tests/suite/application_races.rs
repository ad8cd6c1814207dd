//! Many at once: no debt is settled twice, nobody waits for ever, and no answer is lost (P5, P6).

use std::time::Duration;

use contracts::invoicing::ApplicationStep::OldestFirst;
use contracts::invoicing::apply_credits_result::Outcome;
use contracts::invoicing::reverse_applications_result::Outcome as ReverseOutcome;
use contracts::invoicing::{ApplyCreditsResult, CreditApplication, ReversalOrder};
use futures_util::future::join_all;
use invoicing::rpc::wire::application_order::applications_from_wire;
use invoicing::store;
use invoicing::store::application::Answered;
use jiff::civil::{Date, date};
use money::{Currency, Money};
use prost::Message as _;
use testkit::eventually;

use crate::fixture::{OURS, reason};
use crate::till::{Bill, Till, by_rule, customer, for_invoice, for_invoices, patiently, returned};

const ON: Date = date(2026, 1, 20);

/// Sends a batch until it is answered.
async fn insist(
    till: &Till,
    request_id: &str,
    batch: &[CreditApplication],
) -> Vec<ApplyCreditsResult> {
    let answer = patiently(async || till.send(OURS, request_id, batch).await).await;
    answer.unwrap().results
}

/// Sends all batches at once, each under a request id of its own, until they are answered.
async fn insist_on_all(till: &Till, batches: &[Vec<CreditApplication>]) -> Vec<ApplyCreditsResult> {
    let sent = batches
        .iter()
        .map(|batch| insist(till, &batch[0].application_id, batch));
    join_all(sent).await.concat()
}

/// Sends a reversal until it is answered.
async fn take_back(till: &Till, order: &ReversalOrder) -> ReverseOutcome {
    let orders = std::slice::from_ref(order);
    let answer = patiently(async || till.send_back(&order.reversal_id, orders).await).await;
    answer.unwrap().results.remove(0).outcome.unwrap()
}

/// What was allocated in all.
fn allocated(results: &[ApplyCreditsResult]) -> Money {
    let amounts = results.iter().filter_map(|result| match &result.outcome {
        Some(Outcome::Application(one)) => one.allocated_amount.as_ref(),
        _ => None,
    });
    let amounts = amounts.map(|amount| contracts::convert::money_from_wire(amount).unwrap());
    Money::sum(Currency::EUR, amounts).unwrap()
}

/// 32 × 50.00 for 1 010.00: 20 in full, one with 10.00, and 11 find it closed.
#[tokio::test]
async fn p5_32_at_once_settle_one_invoice_once() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("1010.00")).await;
    let batches: Vec<_> = (0..32)
        .map(|_| vec![for_invoice(invoice, "50.00", ON)])
        .collect();
    let results = insist_on_all(&till, &batches).await;
    assert_eq!(allocated(&results).to_amount_string(), "1010.00");
    let refused = results
        .iter()
        .filter(|one| matches!(one.outcome, Some(Outcome::Refusal(_))));
    assert_eq!(refused.count(), 11);
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    till.close_without_deadlock().await;
}

/// 32 batches of four items over the same ten invoices, each in another order, some by rule: whoever
/// locks in the order of the request would wait for another who waits for it.
#[tokio::test]
async fn p5_batches_in_any_order_never_wait_for_each_other() {
    let till = Till::open().await;
    let mut invoices = Vec::new();
    for _ in 0..10 {
        invoices.push(till.owed(&Bill::of("100.00")).await);
    }
    let batches: Vec<Vec<CreditApplication>> = (0..32_usize)
        .map(|turn| {
            let named = |step: usize| {
                let mut order: Vec<_> = invoices.iter().map(|invoice| (*invoice, None)).collect();
                order.rotate_left((turn * 3 + step) % 10);
                if turn % 2 == 0 {
                    order.reverse();
                }
                for_invoices(&order, "9.00", ON)
            };
            vec![
                named(0),
                by_rule(&[OldestFirst], "9.00", ON),
                named(4),
                named(7),
            ]
        })
        .collect();
    let results = insist_on_all(&till, &batches).await;
    // 128 × 9.00 is 1 152.00; 1 000.00 were owed.
    assert_eq!(allocated(&results).to_amount_string(), "1000.00");
    assert_eq!(
        till.count("SELECT sum(open_amount)::bigint FROM open_item")
            .await,
        0
    );
    till.close_without_deadlock().await;
}

/// The same items at the same moment under several request ids: each acts once, all answer the same.
/// Those of an unknown customer lock nothing that they could wait for each other at.
#[tokio::test]
async fn p3_twins_of_a_batch_act_once_and_answer_the_same() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let mut unknown = by_rule(&[OldestFirst], "10.00", ON);
    unknown.customer_id = customer(9).0.to_string();
    for batch in [vec![for_invoice(invoice, "60.00", ON)], vec![unknown]] {
        let ids: Vec<String> = (0..8)
            .map(|twin| format!("{}-{twin}", batch[0].application_id))
            .collect();
        let sent = ids.iter().map(|id| insist(&till, id, &batch));
        let answers = join_all(sent).await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
    assert_eq!(till.standing(invoice).await, ("ISSUED".into(), "40".into()));
    assert_eq!(till.count("SELECT count(*) FROM application").await, 2);
    till.close_without_deadlock().await;
}

/// A twin has answered and not committed yet when its other half comes, which settles nothing either:
/// they meet at the id alone. The later one gives up whole, and is answered as the first was.
#[tokio::test]
async fn p3_a_twin_that_shares_no_lock_asks_again() {
    let till = Till::open().await;
    let mut item = by_rule(&[OldestFirst], "10.00", ON);
    item.customer_id = customer(9).0.to_string();
    let asked = applications_from_wire(std::slice::from_ref(&item)).unwrap();
    let first = ApplyCreditsResult {
        application_id: item.application_id.clone(),
        ..ApplyCreditsResult::default()
    };
    let answer = Answered {
        order: &asked[0].order,
        fingerprint: asked[0].fingerprint,
        application: None,
        answer: first.encode_to_vec(),
        time: till.world.clock.now(),
    };
    let mut tx = till.db.begin(OURS).await.unwrap();
    let stored = store::application::insert_in_tx(&mut tx, OURS, &[answer]).await;
    assert!(stored.unwrap());
    let first_commits = async {
        let waits = "SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND wait_event_type = 'Lock'";
        let second_waits = async || till.count(waits).await > 0;
        eventually(Duration::from_secs(10), "the second waits", second_waits).await;
        tx.commit().await.unwrap();
    };
    let batch = [item];
    let (second, ()) = tokio::join!(till.send(OURS, "r1", &batch), first_commits);
    assert_eq!(reason(&second.unwrap_err()), "LOST_RACE");
    let again = till.send(OURS, "r1", &batch).await.unwrap();
    assert_eq!(again.into_inner().results, [first]);
    till.close_without_deadlock().await;
}

/// 25 applications, each taken back by two at the same moment: one wins, the other is refused.
#[tokio::test]
async fn p6_of_two_reversals_at_once_one_wins() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    for _ in 0..25 {
        let paid = till.pay(&for_invoice(invoice, "100.00", ON)).await;
        let orders = [0; 2].map(|_| returned(&paid.application_id, date(2026, 1, 25)));
        let outcomes = join_all(orders.iter().map(|order| take_back(&till, order))).await;
        let won = |one: &&ReverseOutcome| matches!(one, ReverseOutcome::Reversal(_));
        assert_eq!(outcomes.iter().filter(won).count(), 1);
        let lost = outcomes.iter().find_map(|one| match one {
            ReverseOutcome::Refusal(refusal) => Some(refusal.reason.as_str()),
            ReverseOutcome::Reversal(_) => None,
        });
        assert_eq!(lost, Some("APPLICATION_REVERSED"));
        assert_eq!(
            till.standing(invoice).await,
            ("ISSUED".into(), "100".into())
        );
    }
    till.close_without_deadlock().await;
}

/// Money comes and goes on the same three invoices: whatever the order, the books agree.
#[tokio::test]
async fn p1_applying_and_reversing_at_once_conserves_money() {
    let till = Till::open().await;
    let mut invoices = Vec::new();
    for _ in 0..3 {
        invoices.push((till.owed(&Bill::of("100.00")).await, None));
    }
    let coming_and_going = (0..16_usize).map(|turn| {
        let mut order = invoices.clone();
        order.rotate_left(turn % 3);
        let (till, item) = (&till, for_invoices(&order, "55.00", ON));
        async move {
            let batch = std::slice::from_ref(&item);
            let mut results = insist(till, &item.application_id, batch).await;
            if let Some(Outcome::Application(paid)) = results.remove(0).outcome {
                let back = returned(&paid.application_id, date(2026, 1, 25));
                let outcome = take_back(till, &back).await;
                assert!(matches!(outcome, ReverseOutcome::Reversal(_)));
            }
        }
    });
    join_all(coming_and_going).await;
    assert_eq!(
        till.count("SELECT sum(open_amount)::bigint FROM open_item")
            .await,
        300
    );
    till.close_without_deadlock().await;
}
