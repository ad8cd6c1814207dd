//! PromiseService: words given, the pause that comes with them, and what came of them (PR-1 to PR-4).

use contracts::reminders::promise_service_client::PromiseServiceClient;
use contracts::reminders::*;
use testkit::{eventually, eventually_some};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::feeds::Feeds;
use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

/// 500.00 EUR on invoice 1 by 10 March, with two days of grace and 5 % of tolerance.
fn promise(id: &str, case_id: &str) -> CreatePromiseRequest {
    CreatePromiseRequest {
        request_id: id.to_owned(),
        case_id: case_id.to_owned(),
        invoice_ids: vec![invoice_id(1).to_string()],
        amount: Some(eur("500.00")),
        promised_date: Some(day(3, 10)),
        channel: Some(Channel::Call.into()),
        note: "bis Dienstag".to_owned(),
        superseded_promise_id: String::new(),
    }
}

async fn make(
    world: &World,
    request: CreatePromiseRequest,
) -> Result<CreatePromiseResponse, Status> {
    let asked = world.signed(OURS, request);
    let mut client = PromiseServiceClient::new(world.channel());
    Ok(client.create_promise(asked).await?.into_inner())
}

async fn get(world: &World, promise_id: &str) -> Promise {
    let asked = GetPromiseRequest {
        promise_id: promise_id.to_owned(),
    };
    let mut client = PromiseServiceClient::new(world.channel());
    let found = client.get_promise(world.signed(OURS, asked)).await;
    found.unwrap().into_inner().promise.unwrap()
}

async fn wait_for(world: &World, promise_id: &str, state: PromiseState) -> Promise {
    eventually_some(PATIENCE, &format!("the promise is {state:?}"), async || {
        let found = get(world, promise_id).await;
        (found.state() == state).then_some(found)
    })
    .await
}

async fn cancel(world: &World, id: &str, promise: &Promise, etag: &str) -> Result<Promise, Status> {
    let asked = CancelPromiseRequest {
        request_id: id.to_owned(),
        promise_id: promise.promise_id.clone(),
        etag: etag.to_owned(),
        note: "versehentlich".to_owned(),
    };
    let mut client = PromiseServiceClient::new(world.channel());
    let answer = client.cancel_promise(world.signed(OURS, asked)).await?;
    Ok(answer.into_inner().promise.unwrap())
}

/// The n-th receipt of a test, applied to invoice 1.
fn paid(number: u128, amount: &'static str, received: i32, left: &'static str) -> Paid {
    Paid {
        application: Uuid::from_u128(0xa000 + number),
        invoice: 1,
        due: day(2, 27),
        amount,
        received: day(3, received),
        left,
        version: i64::try_from(number).unwrap() + 1,
    }
}

/// A case with two invoices of 1000.00 EUR, a strategy, and a promise.
async fn promised() -> (World, Feeds, Promise) {
    let (world, feeds) = world().await;
    with_strategy(&world).await;
    let case_id = with_case(&world, &feeds, 2, day(2, 27)).await;
    let made = make(&world, promise("p1", &case_id)).await.unwrap();
    (world, feeds, made.promise.unwrap())
}

fn refused(outcome: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

fn rule(reason: &str) -> (Code, String) {
    (Code::FailedPrecondition, reason.to_owned())
}

#[tokio::test]
async fn pr_4_a_promise_pauses_its_invoices() {
    let (world, _feeds, made) = promised().await;
    assert_eq!(
        (made.state(), made.level, made.grace_days),
        (PromiseState::Open, 1, 2)
    );
    let again = make(&world, promise("p1", &made.case_id)).await.unwrap();
    assert_eq!(again.promise, Some(made.clone()));
    let holds = told::<HoldPlaced>(&world).await;
    assert_eq!((holds.len(), holds[0].reason()), (1, HoldReason::Promise));
    assert_eq!(holds[0].end_date, Some(day(3, 12)));
    assert_eq!(holds[0].invoice_ids, [invoice_id(1).to_string()]);
    let told = told::<PromiseMade>(&world).await;
    assert_eq!(told[0].promise_id, made.promise_id);
}

#[tokio::test]
async fn pr_2_enough_in_time_keeps_it() {
    let (world, feeds, made) = promised().await;
    paid(1, "300.00", 8, "700.00").tell(&feeds);
    let part = wait_for(&world, &made.promise_id, PromiseState::PartlyKept).await;
    assert_eq!(part.received_amount, Some(eur("300.00")));
    // 475.00 of 500.00: exactly what the tolerance asks for, on the last day of the grace.
    paid(2, "175.00", 12, "525.00").tell(&feeds);
    let kept = wait_for(&world, &made.promise_id, PromiseState::Kept).await;
    assert_eq!(kept.kept_ratio.unwrap().value, "0.95");
    let judgement = &kept.judgements[0];
    assert_eq!(judgement.effective_date, Some(day(3, 12)));
    assert!(!judgement.decision.as_ref().unwrap().decision_id.is_empty());
    let told = wait_told::<PromiseKept>(&world, 1).await;
    assert!(!told[0].result.as_ref().unwrap().corrects_earlier);
    assert_eq!(wait_told::<HoldReleased>(&world, 1).await.len(), 1);
    let late = cancel(&world, "c1", &made, "").await;
    assert_eq!(refused(late), rule("PROMISE_NOT_RUNNING"));
}

#[tokio::test]
async fn pr_2_too_little_breaks_it_on_the_day_after_the_grace() {
    let (world, feeds, made) = promised().await;
    paid(1, "474.99", 8, "525.01").tell(&feeds);
    wait_for(&world, &made.promise_id, PromiseState::PartlyKept).await;
    // The last minute of the twelfth in Berlin, then the thirteenth.
    world
        .clock
        .set("2026-03-12T22:59:59Z".parse().unwrap())
        .unwrap();
    let still = get(&world, &made.promise_id).await;
    assert_eq!(still.state(), PromiseState::PartlyKept);
    world
        .clock
        .set("2026-03-12T23:00:00Z".parse().unwrap())
        .unwrap();
    let broken = wait_for(&world, &made.promise_id, PromiseState::Broken).await;
    assert_eq!(broken.kept_ratio.unwrap().value, "0.94998");
    assert_eq!(broken.judgements[0].effective_date, Some(day(3, 13)));
    let told = wait_told::<PromiseBroken>(&world, 1).await;
    assert_eq!(told[0].case_priority, 1);
    let tasks = wait_told::<TaskOpened>(&world, 1).await;
    assert_eq!(tasks[0].kind(), TaskKind::BrokenPromise);
}

#[tokio::test]
async fn a_receipt_booked_later_with_a_date_inside_the_term_corrects_the_judgement() {
    let (world, feeds, made) = promised().await;
    world
        .clock
        .set("2026-03-13T06:00:00Z".parse().unwrap())
        .unwrap();
    let broken = wait_for(&world, &made.promise_id, PromiseState::Broken).await;
    assert_eq!(broken.judgements.len(), 1);
    // Booked on the 13th, received on the 11th.
    paid(1, "500.00", 11, "500.00").tell(&feeds);
    let kept = wait_for(&world, &made.promise_id, PromiseState::Kept).await;
    let states: Vec<_> = kept
        .judgements
        .iter()
        .map(PromiseJudgement::state)
        .collect();
    assert_eq!(states, [PromiseState::Broken, PromiseState::Kept]);
    assert_eq!(kept.judgements[1].effective_date, Some(day(3, 11)));
    let told = wait_told::<PromiseKept>(&world, 1).await;
    assert!(told[0].result.as_ref().unwrap().corrects_earlier);
}

#[tokio::test]
async fn a_receipt_after_the_term_changes_nothing() {
    let (world, feeds, made) = promised().await;
    world
        .clock
        .set("2026-03-14T06:00:00Z".parse().unwrap())
        .unwrap();
    wait_for(&world, &made.promise_id, PromiseState::Broken).await;
    paid(1, "500.00", 13, "500.00").tell(&feeds);
    // The next event of the feed tells that this one was heard.
    tell_invoice(&feeds, 3, day(2, 27), "10.00");
    wait_heard(&world, &made.case_id, 3).await;
    let still = get(&world, &made.promise_id).await;
    assert_eq!(
        (still.state(), still.judgements.len()),
        (PromiseState::Broken, 1)
    );
    assert_eq!(still.received_amount, Some(eur("0.00")));
}

#[tokio::test]
async fn it_is_judged_only_once_the_feed_has_been_heard() {
    let (world, feeds, made) = promised().await;
    feeds.keep_back("invoicing");
    paid(1, "500.00", 9, "500.00").tell(&feeds);
    // The term passes while the receipt is on its way: somebody else's due work is done, this waits.
    let other = Uuid::from_u128(0xc02);
    tell_customer(&feeds, OURS, other);
    world
        .clock
        .set("2026-03-13T06:00:00Z".parse().unwrap())
        .unwrap();
    let opted_out = RecordConsentRequest {
        request_id: "c1".to_owned(),
        customer_id: other.to_string(),
        channels: vec![Channel::Email.into()],
        state: ConsentState::OptedOut.into(),
        effective_time: None,
        evidence: "mail".to_owned(),
    };
    let consents = consent_service_client::ConsentServiceClient::new(world.channel());
    eventually(
        PATIENCE,
        "another customer is served meanwhile",
        async || {
            let asked = world.signed(OURS, opted_out.clone());
            consents.clone().record_consent(asked).await.is_ok()
        },
    )
    .await;
    assert_eq!(
        get(&world, &made.promise_id).await.state(),
        PromiseState::Open
    );
    feeds.let_go("invoicing");
    let kept = wait_for(&world, &made.promise_id, PromiseState::Kept).await;
    let states: Vec<_> = kept
        .judgements
        .iter()
        .map(PromiseJudgement::state)
        .collect();
    assert_eq!(states, [PromiseState::Kept], "it was never called broken");
}

#[tokio::test]
async fn pr_3_a_reversed_payment_reopens_it_while_the_term_runs() {
    let (world, feeds, made) = promised().await;
    let receipt = paid(1, "500.00", 2, "500.00");
    receipt.tell(&feeds);
    wait_for(&world, &made.promise_id, PromiseState::Kept).await;
    receipt.tell_reversed(&feeds, "1000.00");
    let open = wait_for(&world, &made.promise_id, PromiseState::Open).await;
    assert_eq!(open.judgements.len(), 2);
    assert_eq!(wait_told::<PromiseReopened>(&world, 1).await.len(), 1);
    assert_eq!(
        wait_told::<HoldPlaced>(&world, 2).await.len(),
        2,
        "and so does its pause"
    );
}

#[tokio::test]
async fn a_promise_is_taken_back_or_replaced_while_it_runs() {
    let (world, _feeds, made) = promised().await;
    let next = CreatePromiseRequest {
        promised_date: Some(day(3, 20)),
        superseded_promise_id: made.promise_id.clone(),
        ..promise("p2", &made.case_id)
    };
    let replaced = make(&world, next).await.unwrap();
    let (second, first) = (
        replaced.promise.unwrap(),
        replaced.superseded_promise.unwrap(),
    );
    assert_eq!(first.state(), PromiseState::Superseded);
    assert_eq!(first.superseded_by_promise_id, second.promise_id);
    assert_eq!(second.level, 2);
    let stale = (Code::Aborted, "STALE_ETAG".to_owned());
    assert_eq!(refused(cancel(&world, "c1", &second, "9").await), stale);
    let cancelled = cancel(&world, "c1", &second, &second.etag).await.unwrap();
    assert_eq!(cancelled.state(), PromiseState::Cancelled);
    let again = CreatePromiseRequest {
        superseded_promise_id: second.promise_id.clone(),
        ..promise("p3", &made.case_id)
    };
    assert_eq!(
        refused(make(&world, again).await),
        rule("PROMISE_NOT_RUNNING")
    );
    let released = told::<HoldReleased>(&world).await;
    assert_eq!(released.len(), 2, "each pause ended with its promise");
    assert_eq!(released[1].released_by, "ada");
    let asked = ListPromisesRequest {
        states: vec![
            PromiseState::Cancelled.into(),
            PromiseState::Superseded.into(),
        ],
        invoice_id: Some(invoice_id(1).to_string()),
        promised_from_date: Some(day(3, 11)),
        ..ListPromisesRequest::default()
    };
    let mut client = PromiseServiceClient::new(world.channel());
    let listed = client.list_promises(world.signed(OURS, asked)).await;
    let listed = listed.unwrap().into_inner().promises;
    assert_eq!(listed, [cancelled]);
}

#[tokio::test]
async fn what_cannot_be_promised_is_refused() {
    let (world, feeds) = world().await;
    let case_id = with_case(&world, &feeds, 2, day(2, 27)).await;
    let with = |change: fn(&mut CreatePromiseRequest)| {
        let mut request = promise("p1", &case_id);
        change(&mut request);
        request
    };
    assert_eq!(
        refused(make(&world, with(|_| {})).await),
        rule("NO_STRATEGY")
    );
    with_strategy(&world).await;
    let past = with(|one| one.promised_date = Some(day(3, 1)));
    assert_eq!(
        refused(make(&world, past).await),
        rule("PROMISE_DATE_IN_THE_PAST")
    );
    let far = with(|one| one.promised_date = Some(day(6, 1)));
    assert_eq!(
        refused(make(&world, far).await),
        rule("PROMISE_TOO_FAR_AHEAD")
    );
    let more = with(|one| one.amount = Some(eur("1000.01")));
    assert_eq!(
        refused(make(&world, more).await),
        rule("PROMISE_EXCEEDS_OPEN")
    );
    let dollars = with(|one| one.amount.as_mut().unwrap().currency_code = "USD".to_owned());
    assert_eq!(
        refused(make(&world, dollars).await),
        rule("CURRENCY_MISMATCH")
    );
    let stranger = with(|one| one.invoice_ids.push(invoice_id(9).to_string()));
    let missing = (Code::NotFound, "INVOICE_NOT_IN_CASE".to_owned());
    assert_eq!(refused(make(&world, stranger).await), missing);
    let nothing = with(|one| one.superseded_promise_id = one.case_id.clone());
    let missing = (Code::NotFound, "PROMISE_NOT_FOUND".to_owned());
    assert_eq!(refused(make(&world, nothing).await), missing);
}

#[tokio::test]
async fn nothing_is_promised_twice_and_nothing_that_is_settled() {
    let (world, feeds, made) = promised().await;
    let with = |change: fn(&mut CreatePromiseRequest)| {
        let mut request = promise("p2", &made.case_id);
        change(&mut request);
        request
    };
    let rest = with(|one| one.amount = Some(eur("500.01")));
    assert_eq!(
        refused(make(&world, rest).await),
        rule("PROMISE_EXCEEDS_OPEN")
    );
    let settled = Paid {
        invoice: 2,
        ..paid(7, "1000.00", 2, "0.00")
    };
    settled.tell(&feeds);
    // Too much while it is owed, so that nothing is promised before it is settled.
    let second = with(|one| {
        one.invoice_ids = vec![invoice_id(2).to_string()];
        one.amount = Some(eur("1000.01"));
    });
    eventually(PATIENCE, "invoice 2 is settled", async || {
        let outcome = make(&world, second.clone()).await;
        outcome.is_err_and(|status| reason(&status) == "INVOICE_NOT_OPEN")
    })
    .await;
    let status = make(
        &world,
        CreatePromiseRequest {
            request_id: "p9".to_owned(),
            ..CreatePromiseRequest::default()
        },
    );
    assert_eq!(
        fields(&status.await.unwrap_err()),
        ["case_id", "invoice_ids", "amount", "promised_date"]
    );
    let asked = world.signed(THEIRS, promise("p3", &made.case_id));
    let foreign = PromiseServiceClient::new(world.channel())
        .create_promise(asked)
        .await;
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "CASE_NOT_FOUND".to_owned())
    );
}
