//! Numbers without a gap: invoicing dies in the middle of many invoices, and the callers repeat.

use contracts::invoicing::IssueInvoiceRequest;
use faults::{Installation, Plan, Tally, check, insist};
use futures_util::future::join_all;

use faults::points::{ISSUE, names};
use faults::shop::{Shop, TENANT, to_issue};

/// Invoices that are being issued at once when the process dies.
const AT_ONCE: usize = 12;

/// Issues an invoice, and answers with its external identity. An answer that got lost is asked for
/// again, and one that did not is the same.
async fn issued(shop: &Shop, tally: &Tally, request: IssueInvoiceRequest) -> String {
    tally.begun(1);
    let first = insist(async || shop.issue(&request).await).await;
    let again = insist(async || shop.issue(&request).await).await;
    assert_eq!(first, again, "the same answer (P3)");
    tally.acknowledged(1);
    first.invoice.unwrap().external_id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_p12_numbers_have_no_gap_whatever_dies_where() {
    let tally = Tally::of("numbers");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    let mut acknowledged = Vec::new();
    for (nth, (service, point)) in (3..).zip(ISSUE) {
        // Some time after the first.
        world.arm(service, &format!("{point}@{nth}")).await;
        let callers = (0..AT_ONCE).map(|nth| {
            let request = to_issue(&customer_id, &format!("{point}/{nth}"), "10.00");
            issued(&shop, &tally, request)
        });
        let harm = async {
            world.dies(service).await;
            tally.fired(point, 1);
            world.start_again(service).await;
        };
        let (issued, ()) = tokio::join!(join_all(callers), harm);
        acknowledged.extend(issued);
    }
    let findings = check::everything(&world).await;
    let sql = "SELECT count(*) FROM invoice WHERE external_id = $1 AND invoice_number IS NOT NULL";
    for external_id in &acknowledged {
        let count = sqlx::query_scalar(sql).bind(external_id);
        let count: i64 = count.fetch_one(world.database("invoicing")).await.unwrap();
        tally.compare([u64::try_from(count).unwrap()]);
    }
    tally.end(&names(&ISSUE), &findings);
}
