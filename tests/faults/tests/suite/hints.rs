//! Redis flushed, killed, empty, and away for the whole run: later, not wrong (P14, P37).

use std::time::Duration;

use faults::{Installation, Plan, Tally, check};
use redis::Client;
use testkit::eventually;

use faults::desk;
use faults::shop::{Shop, TENANT};

/// Nothing is later than this without hints: a poll of the feeds, a sweep of the timers.
const WITHIN: Duration = Duration::from_secs(30);

/// Waits until so many mails have left.
async fn reminded(world: &Installation, count: usize) {
    world.mails.wait_for(count, WITHIN).await;
}

/// Forgets everything that Redis knows.
async fn flush(world: &Installation) {
    let client = Client::open(world.stores.redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let flushed = redis::cmd("FLUSHALL").exec_async(&mut connection).await;
    flushed.unwrap();
}

/// A new debtor who is to be reminded, and one who pays.
async fn debtors(shop: &Shop, tally: &Tally, nth: usize) {
    tally.begun(2);
    let reminded = shop.customer(&format!("C-{nth}")).await;
    shop.bill(&reminded, "100.00").await;
    let pays = shop.customer(&format!("D-{nth}")).await;
    let invoice = shop.bill(&pays, "50.00").await;
    shop.pay(&invoice, "50.00").await;
    tally.acknowledged(2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p14_p37_without_redis_all_is_later_and_nothing_is_wrong() {
    let tally = Tally::of("redis-away");
    let world = Installation::start(Plan {
        redis_away: true,
        ..Plan::default()
    })
    .await;
    assert_eq!(world.stores.redis_pid(), None);
    tally.fired("redis-away", 1);
    let shop = Shop::open(&world, TENANT).await;
    desk::reminds(&shop).await;
    for nth in 0..4 {
        debtors(&shop, &tally, nth).await;
    }
    every_debtor_is_told_once(&world, &tally, 4).await;
    let findings = check::everything(&world).await;
    assert_eq!(world.stores.redis_pid(), None);
    tally.end(&["redis-away"], &findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p14_what_redis_forgets_is_done_all_the_same() {
    let tally = Tally::of("redis");
    let world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    desk::reminds(&shop).await;
    for nth in 0..3 {
        debtors(&shop, &tally, nth).await;
        flush(&world).await;
        tally.fired("redis-flushed", 1);
    }
    reminded(&world, 1).await;
    world.stores.kill_redis().await.unwrap();
    debtors(&shop, &tally, 3).await;
    world.stores.start_redis().await.unwrap();
    flush(&world).await;
    tally.fired("redis-empty", 1);
    debtors(&shop, &tally, 4).await;
    every_debtor_is_told_once(&world, &tally, 5).await;
    let findings = check::everything(&world).await;
    tally.end(&["redis-flushed", "redis-empty"], &findings);
}

/// Of these customers the first kind is reminded and the second is not, unless the mail was sooner
/// than the money.
async fn every_debtor_is_told_once(world: &Installation, tally: &Tally, debtors: usize) {
    let sql = "SELECT state FROM message JOIN customer USING (tenant_id, customer_id)
                WHERE customer.external_id = $1";
    for nth in 0..debtors {
        let name = format!("C-{nth}");
        eventually(WITHIN, "a debtor is reminded", async || {
            let states = sqlx::query_scalar(sql).bind(&name);
            let states: Vec<String> = states.fetch_all(world.database("reminders")).await.unwrap();
            states == ["SENT"]
        })
        .await;
        let address = format!("{}@kunde.example", name.to_lowercase());
        let mails = world.mails.mails();
        let times = mails
            .iter()
            .filter(|mail| mail.envelope_to == [address.as_str()]);
        tally.compare([times.count() as u64]);
    }
}
