//! A cancel storm: callers who go away at every moment of a call, of two tenants on the same pools.
//! Nothing of them may be left on a connection (trap 1), and whatever was acknowledged is there once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contracts::invoicing::ListInvoicesRequest;
use contracts::invoicing::invoice_service_client::InvoiceServiceClient;
use contracts::payments::receipt_service_client::ReceiptServiceClient;
use faults::{Calls, Dice, Installation, Plan, Tally, check, insist};
use futures_util::future::join_all;
use postgres::TenantId;
use testkit::eventually;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tonic::{Request, Status};

use faults::shop::{OTHER_TENANT, Shop, TENANT, to_issue, to_record};

/// So many calls are cut, by callers on connections of their own; the rest of their calls end.
const CUT: u64 = 5_000;
const CALLERS: u64 = 32;

/// The same seed, the same calls, cut after the same delays.
const SEED: u64 = 0x5eed_0015;

/// How long a caller waits who waits for an answer.
const PATIENT: Duration = Duration::from_secs(20);

/// What the callers share.
struct Storm {
    tally: Tally,
    cut: AtomicU64,
}

/// One caller: its tenant, its dice, what it was told.
struct Caller {
    nth: u64,
    customer_id: String,
    invoicing: Calls,
    payments: Calls,
    dice: Dice,
    acknowledged: Vec<String>,
}

impl Caller {
    fn tenant_of(nth: u64) -> (TenantId, &'static str) {
        match nth % 2 {
            0 => (TENANT, "A"),
            _ => (OTHER_TENANT, "B"),
        }
    }

    /// One call after the other, most of them cut.
    async fn run(mut self, storm: Arc<Storm>) -> Vec<String> {
        let mut number = 0;
        while storm.cut.load(Ordering::Relaxed) < CUT {
            number += 1;
            let external_id = format!("{}-{}-{number}", Self::tenant_of(self.nth).1, self.nth);
            storm.tally.begun(1);
            // Most leave, from before the server looks at it until it has long answered; some wait.
            let patience = match self.dice.below(16) {
                0 => PATIENT,
                _ => Duration::from_micros(1 << (6 + self.dice.below(11))),
            };
            match self.call(&external_id, patience).await {
                Some(Ok(is_write)) => {
                    storm.tally.acknowledged(1);
                    if is_write {
                        self.acknowledged.push(external_id);
                    }
                }
                // Refused while the server was busy with those who had left.
                Some(Err(_)) => {}
                None => {
                    storm.cut.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        self.acknowledged
    }

    /// One call; `None` when it was cut, by leaving or by its own deadline.
    async fn call(
        &mut self,
        external_id: &str,
        patience: Duration,
    ) -> Option<Result<bool, Status>> {
        let (kind, by_deadline) = (self.dice.below(4), self.dice.below(3) == 0);
        if by_deadline {
            let answer = self.send(kind, external_id, Some(patience)).await;
            return answer.map_or_else(cut_or_refused, |done| Some(Ok(done)));
        }
        let sent = timeout(patience, self.send(kind, external_id, None)).await;
        sent.ok()
    }

    /// Whether it was a write that is done now.
    async fn send(
        &self,
        kind: u64,
        external_id: &str,
        deadline: Option<Duration>,
    ) -> Result<bool, Status> {
        let mut invoices = InvoiceServiceClient::new(self.invoicing.clone());
        let mut receipts = ReceiptServiceClient::new(self.payments.clone());
        match kind {
            0 => {
                let request = to_issue(&self.customer_id, external_id, "1.00");
                invoices.issue_invoice(within(request, deadline)).await?;
            }
            1 => {
                let request = to_record(&self.customer_id, external_id, "1.00");
                receipts.record_receipt(within(request, deadline)).await?;
            }
            _ => {
                let request = ListInvoicesRequest {
                    page_size: 5,
                    ..ListInvoicesRequest::default()
                };
                let found = invoices.list_invoices(within(request, deadline)).await?;
                let tag = Self::tenant_of(self.nth).1;
                for invoice in found.into_inner().invoices {
                    let own = invoice.external_id.starts_with(tag);
                    assert!(own, "{tag} was shown {} (P28)", invoice.external_id);
                }
            }
        }
        Ok(kind < 2)
    }
}

fn within<T>(message: T, deadline: Option<Duration>) -> Request<T> {
    let mut request = Request::new(message);
    if let Some(deadline) = deadline {
        request.set_timeout(deadline);
    }
    request
}

fn cut_or_refused(status: Status) -> Option<Result<bool, Status>> {
    let cut = matches!(
        status.code(),
        tonic::Code::DeadlineExceeded | tonic::Code::Cancelled
    );
    (!cut).then_some(Err(status))
}

fn callers(world: &Installation, customers: &[String; 2]) -> Vec<Caller> {
    let caller = |nth: u64| {
        let (tenant, _) = Caller::tenant_of(nth);
        Caller {
            nth,
            customer_id: customers[(nth % 2) as usize].clone(),
            invoicing: world.calls_apart("invoicing", tenant),
            payments: world.calls_apart("payments", tenant),
            dice: Dice::of(SEED + nth),
            acknowledged: Vec::new(),
        }
    };
    (0..CALLERS).map(caller).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_p3_p28_callers_who_leave_leave_nothing_behind() {
    let world = Installation::start(Plan::default()).await;
    let shops = [
        Shop::open(&world, TENANT).await,
        Shop::open(&world, OTHER_TENANT).await,
    ];
    let customers = [
        shops[0].customer("A-C").await,
        shops[1].customer("B-C").await,
    ];
    // Both know the customer before the storm: no call of it waits for a feed.
    for (nth, shop) in (0..).zip(&shops) {
        let first = format!("{}-first", Caller::tenant_of(nth).1);
        let customer_id = &customers[nth as usize];
        let (issue, record) = (
            to_issue(customer_id, &first, "1.00"),
            to_record(customer_id, &first, "1.00"),
        );
        insist(async || shop.issue(&issue).await).await;
        insist(async || shop.record(&record).await).await;
    }
    let storm = Arc::new(Storm {
        tally: Tally::of("storm"),
        cut: AtomicU64::new(0),
    });
    let mut running = JoinSet::new();
    for caller in callers(&world, &customers) {
        running.spawn(caller.run(Arc::clone(&storm)));
    }
    let acknowledged = running.join_all().await.concat();
    storm.tally.fired("cut", storm.cut.load(Ordering::Relaxed));

    pools_are_whole(&world, &shops, &customers).await;
    let mut findings = check::everything(&world).await;
    findings.extend(check::sessions::left_open(world.database("invoicing")).await);
    findings.extend(strangers(&world).await);
    for external_id in &acknowledged {
        storm
            .tally
            .compare([times_there(&world, external_id).await]);
    }
    let storm = Arc::into_inner(storm).unwrap();
    assert!(storm.cut.load(Ordering::Relaxed) >= CUT);
    storm.tally.end(&["cut"], &findings);
}

/// Every connection of the pools can be used at once, and none is in a transaction.
async fn pools_are_whole(world: &Installation, shops: &[Shop; 2], customers: &[String; 2]) {
    eventually(
        Duration::from_secs(10),
        "no session is in a transaction",
        async || {
            let sql = "SELECT count(*) FROM pg_stat_activity
                    WHERE application_name LIKE '%/%' AND state LIKE 'idle in transaction%'";
            let open: i64 = sqlx::query_scalar(sql)
                .fetch_one(world.database("invoicing"))
                .await
                .unwrap();
            open == 0
        },
    )
    .await;
    let together = (0..16_usize).map(|nth| {
        let tag = ["A", "B"][nth % 2];
        let request = to_issue(&customers[nth % 2], &format!("{tag}-after-{nth}"), "1.00");
        let shop = &shops[nth % 2];
        async move { insist(async || shop.issue(&request).await).await }
    });
    join_all(together).await;
    let sessions = check::sessions::of_pool(world.database("invoicing"), "invoicing/write").await;
    // As many as are set, and the one of the probe that readiness asks.
    assert!((1..=9).contains(&sessions), "{sessions} write sessions");
}

/// Rows that stand under another tenant than the one who wrote them (P28).
async fn strangers(world: &Installation) -> Vec<String> {
    let mut found = Vec::new();
    for (service, table) in [("invoicing", "invoice"), ("payments", "receipt")] {
        for (tag, tenant) in [("A-%", TENANT), ("B-%", OTHER_TENANT)] {
            let sql = match table {
                "invoice" => {
                    "SELECT external_id FROM invoice WHERE external_id LIKE $1 AND tenant_id <> $2"
                }
                _ => {
                    "SELECT external_id FROM receipt WHERE external_id LIKE $1 AND tenant_id <> $2"
                }
            };
            let rows = sqlx::query_scalar(sql).bind(tag).bind(tenant.uuid());
            let rows: Vec<String> = rows.fetch_all(world.database(service)).await.unwrap();
            found.extend(rows.iter().map(|row| format!("P28 {table} {row}")));
        }
    }
    found
}

async fn times_there(world: &Installation, external_id: &str) -> u64 {
    let mut times = 0;
    for (service, sql) in [
        (
            "invoicing",
            "SELECT count(*) FROM invoice WHERE external_id = $1",
        ),
        (
            "payments",
            "SELECT count(*) FROM receipt WHERE external_id = $1",
        ),
    ] {
        let count = sqlx::query_scalar(sql).bind(external_id);
        let count: i64 = count.fetch_one(world.database(service)).await.unwrap();
        times += u64::try_from(count).unwrap();
    }
    times
}
