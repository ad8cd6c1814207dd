//! The money protocol under faults: replies are lost, invoicing is away or busy, requests come twice
//! and all at once. Money is released on a stored answer alone, and each application acts once (P1,
//! P3, P5, P6, P9).

use std::time::Duration;

use contracts::payments::{
    ApplyReceiptRequest, ApplyReceiptResponse, AssignReceiptRequest, GetReceiptApplicationRequest,
    ListReceiptApplicationsRequest, Receipt, ReceiptApplication, ReceiptApplicationState,
    ReceiptState, RefundUnappliedCashRequest,
};
use futures_util::future::join_all;
use testkit::{eventually, eventually_some};
use tonic::{Code, Response, Status};

use crate::fixture::{OTHER, OURS, PAYER, World, reason};
use crate::invoicing_peer::Fault;
use crate::samples::{apply, by_rule, eur, named, reverse, sums, unapply};

const PATIENCE: Duration = Duration::from_secs(60);

/// The one application of a receipt.
async fn application(world: &World, receipt: &Receipt) -> ReceiptApplication {
    let request = ListReceiptApplicationsRequest {
        receipt_id: Some(receipt.receipt_id.clone()),
        ..ListReceiptApplicationsRequest::default()
    };
    let request = world.signed(OURS, request);
    let page = world
        .applications()
        .list_receipt_applications(request)
        .await
        .unwrap();
    let [application] = page.into_inner().applications.try_into().unwrap();
    application
}

/// The application once it stands so.
async fn settled(
    world: &World,
    receipt: &Receipt,
    state: ReceiptApplicationState,
) -> ReceiptApplication {
    eventually_some(PATIENCE, "the application goes on by itself", async || {
        let found = application(world, receipt).await;
        (found.state() == state).then_some(found)
    })
    .await
}

/// Money on its way: reserved, and invoicing fails like this.
async fn stuck(world: &World, fault: Fault) -> (Receipt, Status) {
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    world.invoicing.fails(fault);
    let failed = world
        .applied(apply("a1", &receipt, None, named(&[invoice])))
        .await;
    (receipt, failed.unwrap_err())
}

#[tokio::test]
async fn p_9_a_lost_reply_is_asked_for_again_by_the_timer_and_acts_once() {
    let world = World::start().await;
    let (receipt, failed) = stuck(&world, Fault::LosesReplies).await;
    assert_eq!(
        (failed.code(), reason(&failed).as_str()),
        (Code::Unavailable, "PEER_UNAVAILABLE")
    );
    assert_eq!(sums(&world.now(&receipt).await), ["0.00", "100.00", "0.00"]);
    world.books_add_up().await;
    world.invoicing.fails(Fault::None);
    let applied = settled(&world, &receipt, ReceiptApplicationState::Applied).await;
    assert_eq!(applied.allocated_amount, Some(eur("60.00")));
    assert_eq!(sums(&world.now(&receipt).await), ["60.00", "0.00", "40.00"]);
    assert_eq!(world.invoicing.answered(), 1);
    eventually(PATIENCE, "the timer ends", async || {
        world.count("SELECT count(*) FROM timer").await == 0
    })
    .await;
    world.books_add_up().await;
}

#[tokio::test]
async fn p_3_the_repeat_of_a_request_that_was_cut_short_gets_the_answer_of_the_first() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let ask = || world.signed(OURS, apply("a1", &receipt, None, named(&[invoice])));
    world.invoicing.fails(Fault::LosesReplies);
    assert!(world.applications().apply_receipt(ask()).await.is_err());
    world.invoicing.fails(Fault::None);
    let answer: Response<ApplyReceiptResponse> =
        eventually_some(PATIENCE, "the repeat is answered", async || {
            world.applications().apply_receipt(ask()).await.ok()
        })
        .await;
    assert_eq!(answer.metadata().get("recoup-replayed").unwrap(), "true");
    let answer = answer.into_inner();
    assert_eq!(answer.applications.len(), 1);
    assert_eq!(
        sums(answer.receipt.as_ref().unwrap()),
        ["60.00", "0.00", "40.00"]
    );
    let again = world.applications().apply_receipt(ask()).await.unwrap();
    assert_eq!(again.into_inner(), answer);
    assert_eq!(world.invoicing.answered(), 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn p_9_nothing_but_a_stored_answer_releases_money() {
    for (fault, code) in [
        (Fault::IsDown, Code::Unavailable),
        (Fault::IsBusy, Code::Aborted),
        (Fault::SaysReused, Code::Internal),
        (Fault::SkipsItems, Code::Internal),
        (Fault::Miscounts, Code::Internal),
    ] {
        let world = World::start().await;
        let (receipt, failed) = stuck(&world, fault).await;
        assert_eq!(failed.code(), code, "{fault:?}");
        assert_eq!(
            sums(&world.now(&receipt).await),
            ["0.00", "100.00", "0.00"],
            "{fault:?}"
        );
        let reserved = application(&world, &receipt).await;
        assert_eq!(reserved.state(), ReceiptApplicationState::Reserved);
        world.books_add_up().await;
    }
}

#[tokio::test]
async fn p_9_the_timer_takes_up_what_a_dead_process_left_and_keeps_asking() {
    let world = World::start().await;
    let (receipt, _) = stuck(&world, Fault::IsDown).await;
    let before = world.invoicing.asked();
    eventually(PATIENCE, "invoicing is asked again and again", async || {
        world.invoicing.asked() > before + 1
    })
    .await;
    assert_eq!(sums(&world.now(&receipt).await), ["0.00", "100.00", "0.00"]);
    world.invoicing.fails(Fault::None);
    settled(&world, &receipt, ReceiptApplicationState::Applied).await;
    world.books_add_up().await;
}

#[tokio::test]
async fn p_9_a_deadline_that_passes_says_nothing_and_a_timer_stands_from_the_first_commit_on() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    world.invoicing.fails(Fault::Hangs);
    let request = apply("a1", &receipt, None, named(&[invoice]));
    let mut request = world.signed(OURS, request);
    request.set_timeout(Duration::from_secs(2));
    let mut client = world.applications();
    let watched = eventually(PATIENCE, "the operation is watched", async || {
        let due = "SELECT count(*) FROM timer JOIN operation
                       ON (timer.tenant_id, subject_id) = (operation.tenant_id, operation_id)
                    WHERE due_time = '2026-03-10T09:00:30Z'";
        world.count(due).await == 1
    });
    let (failed, ()) = tokio::join!(client.apply_receipt(request), watched);
    assert_eq!(failed.unwrap_err().code(), Code::DeadlineExceeded);
    assert_eq!(sums(&world.now(&receipt).await), ["0.00", "100.00", "0.00"]);
    world.books_add_up().await;
    world.invoicing.fails(Fault::None);
    settled(&world, &receipt, ReceiptApplicationState::Applied).await;
    assert_eq!(world.invoicing.answered(), 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn a_refusal_that_was_stored_releases_also_when_its_reply_was_lost() {
    let world = World::start().await;
    let receipt = world.receipt("100.00").await;
    world.invoicing.fails(Fault::LosesReplies);
    let nothing_open = apply("a1", &receipt, None, by_rule());
    assert!(world.applied(nothing_open).await.is_err());
    world.invoicing.fails(Fault::None);
    let refused = settled(&world, &receipt, ReceiptApplicationState::Refused).await;
    assert_eq!(refused.refusal.unwrap().reason, "NOTHING_OPEN");
    assert_eq!(sums(&world.now(&receipt).await), ["0.00", "0.00", "100.00"]);
    world.books_add_up().await;
}

#[tokio::test]
async fn while_money_is_on_its_way_nothing_else_may_happen_to_the_receipt() {
    let world = World::start().await;
    let (receipt, _) = stuck(&world, Fault::IsDown).await;
    let now = world.now(&receipt).await;
    let reserved = application(&world, &receipt).await;
    let busy = |refused: Status| {
        assert_eq!(refused.code(), Code::Aborted);
        assert_eq!(reason(&refused), "RECEIPT_BUSY");
    };
    let request = world.signed(OURS, reverse("x1", &receipt));
    busy(world.receipts().reverse_receipt(request).await.unwrap_err());
    let request = world.signed(OURS, unapply("u1", &reserved));
    busy(
        world
            .applications()
            .unapply_receipt(request)
            .await
            .unwrap_err(),
    );
    let request = RefundUnappliedCashRequest {
        request_id: "f1".to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        amount: Some(eur("1.00")),
        note: "n".to_owned(),
        refund_date: None,
        etag: now.etag.clone(),
    };
    let request = world.signed(OURS, request);
    busy(
        world
            .receipts()
            .refund_unapplied_cash(request)
            .await
            .unwrap_err(),
    );
    let request = AssignReceiptRequest {
        request_id: "s1".to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        customer_id: OTHER.0.to_string(),
        etag: String::new(),
    };
    let request = world.signed(OURS, request);
    busy(world.receipts().assign_receipt(request).await.unwrap_err());
    assert_eq!(
        world.now(&receipt).await,
        now,
        "and none of it left a trace"
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn p_6_a_reversal_whose_reply_is_lost_takes_back_once() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let applied = world
        .applied(apply("a1", &receipt, None, named(&[invoice])))
        .await
        .unwrap();
    world.invoicing.fails(Fault::LosesReplies);
    let request = world.signed(OURS, reverse("x1", &receipt));
    let failed = world.receipts().reverse_receipt(request).await.unwrap_err();
    assert_eq!(reason(&failed), "PEER_UNAVAILABLE");
    assert_eq!(world.now(&receipt).await.state(), ReceiptState::Reversing);
    let request = world.signed(OURS, unapply("u1", &applied.applications[0]));
    let refused = world
        .applications()
        .unapply_receipt(request)
        .await
        .unwrap_err();
    assert_eq!(
        reason(&refused),
        "APPLICATION_REVERSED",
        "it is being taken back"
    );
    let second = apply("a2", &receipt, Some("1.00"), named(&[invoice]));
    let refused = world.applied(second).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "RECEIPT_BUSY")
    );
    world.books_add_up().await;
    world.invoicing.fails(Fault::None);
    eventually(PATIENCE, "the reversal goes on by itself", async || {
        world.now(&receipt).await.state() == ReceiptState::Reversed
    })
    .await;
    assert_eq!(world.invoicing.open(invoice), "60.00");
    assert_eq!(
        world.now(&receipt).await.returned_amount,
        Some(eur("100.00"))
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn p_6_of_two_reversals_at_once_one_wins_and_the_other_gets_a_reason() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    world
        .applied(apply("a1", &receipt, None, named(&[invoice])))
        .await
        .unwrap();
    let ask = |request_id: &str| {
        let (mut client, request) = (
            world.receipts(),
            world.signed(OURS, reverse(request_id, &receipt)),
        );
        async move { client.reverse_receipt(request).await }
    };
    let (one, two) = tokio::join!(ask("x1"), ask("x2"));
    let refused: Vec<String> = [one.err(), two.err()]
        .iter()
        .flatten()
        .map(reason)
        .collect();
    assert_eq!(refused, ["RECEIPT_REVERSED"]);
    assert_eq!(world.invoicing.open(invoice), "60.00");
    world.books_add_up().await;
}

#[tokio::test]
async fn p_3_twin_requests_are_one_operation_with_one_answer() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let ask = || {
        let request = apply("a1", &receipt, None, named(&[invoice]));
        let (mut client, request) = (world.applications(), world.signed(OURS, request));
        async move { client.apply_receipt(request).await }
    };
    let outcomes = join_all((0..8).map(|_| ask())).await;
    let mut answers = Vec::new();
    for outcome in outcomes {
        match outcome {
            Ok(answer) => answers.push(answer.into_inner()),
            Err(refused) => assert_eq!(reason(&refused), "REQUEST_IN_PROGRESS"),
        }
    }
    assert!(!answers.is_empty());
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    assert_eq!(world.count("SELECT count(*) FROM operation").await, 1);
    assert_eq!(world.invoicing.answered(), 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn p4_the_same_id_with_another_body_is_refused_and_does_nothing() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let first = apply("a1", &receipt, Some("10.00"), named(&[invoice]));
    world.applied(first).await.unwrap();
    let other = apply("a1", &receipt, Some("20.00"), named(&[invoice]));
    let refused = world.applied(other).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    assert_eq!(sums(&world.now(&receipt).await), ["10.00", "0.00", "90.00"]);
    world.books_add_up().await;
}

/// What became of a request that is repeated, as callers do, while it is told to come again.
async fn decided(
    world: &World,
    request: ApplyReceiptRequest,
) -> Result<ApplyReceiptResponse, Status> {
    eventually_some(PATIENCE, "a decision", async || {
        let outcome = world.applied(request.clone()).await;
        let comes_again = |refused: &Status| {
            use Code::{Aborted, DeadlineExceeded, ResourceExhausted, Unavailable};
            let code = refused.code();
            matches!(
                code,
                Aborted | DeadlineExceeded | ResourceExhausted | Unavailable
            )
        };
        (!outcome.as_ref().is_err_and(comes_again)).then_some(outcome)
    })
    .await
}

#[tokio::test]
async fn p_5_many_applications_at_once_never_spend_more_than_there_is() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "1000.00");
    let receipt = world.receipt("100.00").await;
    let outcomes = join_all((0..32).map(|number| {
        let request = apply(
            &format!("a{number}"),
            &receipt,
            Some("7.00"),
            named(&[invoice]),
        );
        decided(&world, request)
    }));
    let mut applied = 0;
    for outcome in outcomes.await {
        match outcome {
            Ok(_) => applied += 1,
            Err(refused) => assert_eq!(reason(&refused), "AMOUNT_EXCEEDS_UNAPPLIED"),
        }
    }
    assert_eq!(applied, 14, "14 times 7 is 98");
    assert_eq!(sums(&world.now(&receipt).await), ["98.00", "0.00", "2.00"]);
    assert_eq!(world.invoicing.open(invoice), "902.00");
    world.books_add_up().await;
}

#[tokio::test]
async fn p28_an_application_of_another_tenant_does_not_exist() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let applied = world
        .applied(apply("a1", &receipt, None, named(&[invoice])))
        .await
        .unwrap();
    let application_id = applied.applications[0].application_id.clone();
    let request = GetReceiptApplicationRequest { application_id };
    let theirs = world.signed(crate::fixture::THEIRS, request);
    let refused = world
        .applications()
        .get_receipt_application(theirs)
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "APPLICATION_NOT_FOUND")
    );
    let theirs = apply("a2", &receipt, None, named(&[invoice]));
    let theirs = world.signed(crate::fixture::THEIRS, theirs);
    let refused = world
        .applications()
        .apply_receipt(theirs)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "RECEIPT_NOT_FOUND");
}
