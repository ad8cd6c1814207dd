//! Readers of feeds die between the cursor and the effects of a batch, in the middle of it, and
//! around its commit: every event acts once (P23).

use faults::{Installation, Plan, Tally, check, insist};

use faults::points::CONSUME;
use faults::shop::{Shop, TENANT, to_apply};

/// Those that read the feed of invoicing.
const READERS: [&str; 4] = ["credit", "payments", "reminders", "agency"];

/// In each round every point fires once, each in another reader than in the round before.
const ROUNDS: usize = 2;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p23_every_event_acts_once_whatever_reader_dies_where() {
    let tally = Tally::of("feeds");
    let mut world = Installation::start(Plan::default()).await;
    let shop = Shop::open(&world, TENANT).await;
    let customer_id = shop.customer("C-1").await;
    for round in 0..ROUNDS {
        tally.begun(3);
        let invoice = shop.bill(&customer_id, "100.00").await;
        let receipt = shop.receive(&customer_id, "100.00").await;
        let request = to_apply(&receipt.receipt_id, &invoice.invoice_id);
        for reader in READERS {
            world.kill(reader).await;
        }
        // Events wait for all four: there is a batch to be cut.
        shop.bill(&customer_id, "30.00").await;
        shop.bill(&customer_id, "20.00").await;
        for (place, reader) in READERS.into_iter().enumerate() {
            let point = CONSUME[(round + place) % CONSUME.len()];
            world.start_armed(reader, point);
            tally.fired(point, 1);
        }
        for reader in READERS {
            world.dies(reader).await;
        }
        world.start_all_again(&READERS).await;
        insist(async || shop.apply(&request).await).await;
        tally.acknowledged(3);
    }
    let findings = check::everything(&world).await;
    tally.end(&CONSUME, &findings);
}
