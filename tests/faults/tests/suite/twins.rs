//! Twins: the same request several times at once, to two processes of the same service, also while
//! one of them dies; and the same id with another content.

use contracts::credit::CreditCheckOutcome;
use faults::callers::answered;
use faults::{Installation, Plan, Tally, check, insist};
use futures_util::future::join_all;
use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use faults::shop::{Shop, TENANT, eur, to_apply, to_check, to_issue, to_record};

/// Requests of each kind, and how often each is sent at once.
const REQUESTS: usize = 12;
const TWINS: usize = 4;

const PLAN: Plan = Plan {
    twice: &["credit", "invoicing", "payments"],
    redis_away: false,
};

/// The calls to the first processes, and those to the second ones.
fn shops(world: &Installation, first: &Shop) -> [Shop; 2] {
    let second = Shop {
        credit: world.calls("credit-2", TENANT),
        invoicing: world.calls("invoicing-2", TENANT),
        payments: world.calls("payments-2", TENANT),
        ..first.clone()
    };
    [first.clone(), second]
}

/// Sends a request several times at once, to both processes; every answer is the same. Answers with
/// it.
async fn twins<T: PartialEq + std::fmt::Debug + Send + 'static>(
    shops: &[Shop; 2],
    call: impl AsyncFn(Shop) -> Result<T, Status> + Clone,
) -> T {
    let each = (0..TWINS).map(|nth| {
        let (shop, call) = (&shops[nth % 2], call.clone());
        async move { answered(async || call(shop.clone()).await).await.unwrap() }
    });
    let mut answers = join_all(each).await;
    let first = answers.remove(0);
    for answer in answers {
        assert_eq!(answer, first, "twins get one answer (P3)");
    }
    first
}

fn reason(status: &Status) -> String {
    let info = status.get_details_error_info();
    info.map(|info| info.reason).unwrap_or_default()
}

/// The same id with another content is refused.
#[track_caller]
fn is_refused<T: std::fmt::Debug>(answer: Result<T, Status>) {
    let refused = answer.unwrap_err();
    let found = (refused.code(), reason(&refused));
    assert_eq!(
        found,
        (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()),
        "P4"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_p4_twins_act_once_and_an_id_says_one_thing() {
    let tally = Tally::of("twins");
    let world = Installation::start(PLAN).await;
    let shop = Shop::open(&world, TENANT).await;
    let shops = shops(&world, &shop);
    let customer_id = shop.customer("C-1").await;
    for nth in 0..REQUESTS {
        tally.begun(3);
        let issue = to_issue(&customer_id, &format!("I-{nth}"), "50.00");
        let issued = twins(&shops, async |shop: Shop| shop.issue(&issue).await).await;
        let mut other = to_issue(&customer_id, &format!("J-{nth}"), "50.00");
        other.request_id = issue.request_id;
        is_refused(answered(async || shops[1].issue(&other).await).await);

        let record = to_record(&customer_id, &format!("R-{nth}"), "60.00");
        let recorded = twins(&shops, async |shop: Shop| shop.record(&record).await).await;
        let mut other = record.clone();
        other.amount = Some(eur("60.01"));
        is_refused(answered(async || shops[nth % 2].record(&other).await).await);

        let receipt_id = recorded.receipt.unwrap().receipt_id;
        let invoice_id = issued.invoice.unwrap().invoice_id;
        let apply = to_apply(&receipt_id, &invoice_id);
        let applied = twins(&shops, async |shop: Shop| shop.apply(&apply).await).await;
        assert_eq!(applied.applications.len(), 1);
        let mut other = apply.clone();
        other.amount = Some(eur("1.00"));
        is_refused(answered(async || shops[nth % 2].apply(&other).await).await);
        tally.acknowledged(3);
        tally.fired("twin", 3 * (TWINS as u64 - 1));
        tally.fired("other-content", 3);
    }
    let findings = check::everything(&world).await;
    // Nothing was written under another content, and nothing twice.
    for (service, sql) in [
        ("invoicing", "SELECT count(*) FROM invoice"),
        ("payments", "SELECT count(*) FROM receipt"),
        ("invoicing", "SELECT count(*) FROM application"),
    ] {
        let count: i64 = sqlx::query_scalar(sql)
            .fetch_one(world.database(service))
            .await
            .unwrap();
        assert_eq!(count, REQUESTS as i64, "{sql}");
    }
    tally.end(&["twin", "other-content"], &findings);
}

/// Orders at once, of 100 each; the limit is 1000.
const ORDERS: usize = 48;
const FITTING: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p11_a_limit_holds_over_two_processes_of_which_one_dies() {
    let point = "credit.check.committed@4";
    let tally = Tally::of("limit");
    let mut world = Installation::start(PLAN).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    let shops = shops(&world, &shop);
    world.arm("credit", point).await;
    let orders = (0..ORDERS).map(|nth| {
        let request = to_check(&customer_id, &format!("SO-{nth}"), "100.00");
        let (shop, tally) = (&shops[nth % 2], &tally);
        async move {
            tally.begun(1);
            let first = insist(async || shop.check(&request).await).await;
            let again = insist(async || shop.check(&request).await).await;
            assert_eq!(first, again, "the same answer (P3)");
            tally.acknowledged(1);
            first.outcome()
        }
    });
    let harm = async {
        world.dies("credit").await;
        tally.fired(point, 1);
        world.start_again("credit").await;
    };
    let (outcomes, ()) = tokio::join!(join_all(orders), harm);
    let approved = |one: &&CreditCheckOutcome| **one == CreditCheckOutcome::Approved;
    assert_eq!(
        outcomes.iter().filter(approved).count(),
        FITTING,
        "{outcomes:?}"
    );
    let findings = check::everything(&world).await;
    let sql = "SELECT count(*) FROM reservation GROUP BY order_reference";
    let found: Vec<i64> = sqlx::query_scalar(sql)
        .fetch_all(world.database("credit"))
        .await
        .unwrap();
    assert_eq!(found.len(), FITTING, "one reservation an approved order");
    tally.compare(found.into_iter().map(|times| times as u64));
    tally.end(&[point], &findings);
}

/// Receipts at once for one invoice that three of them pay.
const PAYERS: usize = 12;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p5_an_invoice_takes_no_more_than_it_owes_from_two_processes_of_which_one_dies() {
    let point = "invoicing.apply_credits.committed@2";
    let tally = Tally::of("payers");
    let mut world = Installation::start(PLAN).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    let shops = shops(&world, &shop);
    let invoice = shop.bill(&customer_id, "300.00").await;
    let mut receipts = Vec::new();
    for _ in 0..PAYERS {
        receipts.push(shop.receive(&customer_id, "100.00").await.receipt_id);
    }
    world.arm("invoicing", point).await;
    let payers = (0..).zip(&receipts).map(|(nth, receipt_id): (usize, _)| {
        let request = to_apply(receipt_id, &invoice.invoice_id);
        let (shop, tally) = (&shops[nth % 2], &tally);
        async move {
            tally.begun(1);
            let answer = insist(async || shop.apply(&request).await).await;
            tally.acknowledged(1);
            answer.receipt.unwrap().allocated_amount.unwrap().amount
        }
    });
    let harm = async {
        world.dies("invoicing").await;
        tally.fired(point, 1);
        world.start_again("invoicing").await;
    };
    let (mut allocated, ()) = tokio::join!(join_all(payers), harm);
    allocated.sort();
    let paid = allocated
        .iter()
        .filter(|amount| *amount == "100.00")
        .count();
    assert_eq!(paid, 3, "{allocated:?}");
    assert_eq!(
        allocated.iter().filter(|amount| *amount == "0.00").count(),
        PAYERS - 3
    );
    let findings = check::everything(&world).await;
    tally.end(&[point], &findings);
}
