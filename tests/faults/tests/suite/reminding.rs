//! The message protocol: at each of its points reminders dies and is started again.

use std::time::Duration;

use faults::{Installation, Plan, Tally, check};
use testkit::{Mode, eventually};

use faults::desk;
use faults::points::{SEND, names};
use faults::shop::{Shop, TENANT};

/// A message comes to its end within this, leases of a dead process included.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// The states of all messages to a customer.
async fn states(world: &Installation, customer_id: &str) -> Vec<String> {
    let sql = "SELECT state FROM message WHERE customer_id = $1::uuid ORDER BY created_time";
    let found = sqlx::query_scalar(sql).bind(customer_id);
    found.fetch_all(world.database("reminders")).await.unwrap()
}

/// How often somebody was written to.
fn mails_to(world: &Installation, address: &str) -> usize {
    let mails = world.mails.mails();
    mails
        .iter()
        .filter(|mail| mail.envelope_to == [address])
        .count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p14_p15_p16_a_reminder_leaves_once_or_is_known_to_be_unknown() {
    let tally = Tally::of("send");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    desk::reminds(&shop).await;
    for (nth, (service, point)) in SEND.into_iter().enumerate() {
        world.arm(service, point).await;
        tally.begun(1);
        let name = format!("C-{nth}");
        let customer_id = shop.customer(&name).await;
        let _invoice = shop.bill(&customer_id, "100.00").await;
        world.dies(service).await;
        tally.fired(point, 1);
        world.start_again(service).await;
        // Handed over or not, nobody knows: a person finds out. Before that it is sent again,
        // afterwards it stands.
        let (state, mails) = match point {
            "reminders.send.handing_off" => ("UNKNOWN", 0),
            "reminders.send.handed_over" | "reminders.send.before_settled" => ("UNKNOWN", 1),
            _ => ("SENT", 1),
        };
        eventually(SETTLED_WITHIN, point, async || {
            states(&world, &customer_id).await == [state]
        })
        .await;
        let address = format!("{}@kunde.example", name.to_lowercase());
        assert_eq!(mails_to(&world, &address), mails, "{point}");
        tally.acknowledged(1);
        // Of unknown outcome counts as there: it waits for a person, with a task.
        tally.compare([states(&world, &customer_id).await.len() as u64]);
    }
    let findings = check::everything(&world).await;
    tally.end(&names(&SEND), &findings);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p16_nobody_is_reminded_whose_invoice_cannot_be_asked_about_or_is_paid() {
    let tally = Tally::of("paid");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    desk::reminds(&shop).await;
    tally.begun(2);
    // A sender dies with the message in its hands; the debtor pays, and reminders cannot hear of it.
    world.arm("reminders", "reminders.send.claimed").await;
    let first = shop.customer("C-1").await;
    let invoice = shop.bill(&first, "100.00").await;
    world.dies("reminders").await;
    tally.fired("reminders.send.claimed", 1);
    shop.pay(&invoice, "100.00").await;
    let look = world.edge("reminders", "invoicing");
    look.set_mode(Mode::Refuse);
    let before = look.counts().faults;
    world.start_again("reminders").await;
    let look = world.edge("reminders", "invoicing");
    let sql = "SELECT coalesce(max(postponed), 0) FROM timer WHERE kind = 'send_message'";
    eventually(SETTLED_WITHIN, "reminders asks in vain", async || {
        let reminders = world.database("reminders");
        let found: i32 = sqlx::query_scalar(sql).fetch_one(reminders).await.unwrap();
        found >= 2
    })
    .await;
    tally.fired("invoicing-refused", look.counts().faults - before);
    assert_eq!(states(&world, &first).await, ["CLAIMED"]);
    look.set_mode(Mode::Pass);
    eventually(SETTLED_WITHIN, "the message is superseded", async || {
        states(&world, &first).await == ["SUPERSEDED"]
    })
    .await;
    tally.acknowledged(1);
    // Who has not paid is reminded as ever.
    let second = shop.customer("C-2").await;
    shop.bill(&second, "100.00").await;
    eventually(SETTLED_WITHIN, "the other is reminded", async || {
        states(&world, &second).await == ["SENT"]
    })
    .await;
    tally.acknowledged(1);
    let findings = check::everything(&world).await;
    let mails = ["c-1@kunde.example", "c-2@kunde.example"].map(|to| mails_to(&world, to));
    assert_eq!(mails, [0, 1]);
    tally.end(&["reminders.send.claimed", "invoicing-refused"], &findings);
}
