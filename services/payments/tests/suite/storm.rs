//! Many callers at once, against an invoicing that fails in every way it can: whatever happens in
//! whatever order, the books add up at the end, nothing hangs, and both services agree on what was
//! allocated (P1, P3, P6, P9).

use std::time::Duration;

use contracts::payments::{
    Receipt, ReceiptApplication, ReceiptApplied, ReceiptUnapplied, RefundUnappliedCashRequest,
};
use futures_util::future::join_all;
use money::{Currency, Money};
use testkit::eventually;
use tonic::Status;
use uuid::Uuid;

use crate::fixture::{OURS, PAYER, World, reason};
use crate::invoicing_peer::Fault;
use crate::samples::{apply, by_rule, eur, named, reverse, unapply};

const PATIENCE: Duration = Duration::from_secs(60);

/// What a caller may be told while others work on the same receipts and invoicing fails.
const EXPECTED: [&str; 12] = [
    "AMOUNT_EXCEEDS_UNAPPLIED",
    "APPLICATION_NOT_APPLIED",
    "APPLICATION_REVERSED",
    "DATABASE_BUSY",
    "DEADLINE_EXCEEDED",
    "LOST_RACE",
    "PEER_BUSY",
    "PEER_UNAVAILABLE",
    "RECEIPT_BUSY",
    "RECEIPT_REFUNDED",
    "RECEIPT_REVERSED",
    "STALE_ETAG",
];

/// A die that falls the same way in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let high = usize::try_from(self.0 >> 33).unwrap();
        high % limit
    }
}

/// One caller: takes its turns one after the other, and repeats none.
async fn caller(world: &World, receipts: &[Receipt], invoices: &[Uuid], seed: u64) {
    let mut dice = Dice(seed);
    let mut applied: Vec<ReceiptApplication> = Vec::new();
    for _ in 0..8 {
        let faults = [
            Fault::None,
            Fault::None,
            Fault::LosesReplies,
            Fault::IsDown,
            Fault::IsBusy,
        ];
        world.invoicing.fails(faults[dice.below(faults.len())]);
        let receipt = &receipts[dice.below(receipts.len())];
        let request_id = Uuid::now_v7().to_string();
        let outcome = match dice.below(10) {
            0..5 => {
                let target = match dice.below(3) {
                    0 => by_rule(),
                    _ => named(&[invoices[dice.below(invoices.len())]]),
                };
                let answer = world
                    .applied(apply(&request_id, receipt, Some("7.00"), target))
                    .await;
                answer.map(|answer| applied.extend(answer.applications))
            }
            5..8 => match applied.pop() {
                Some(one) => {
                    let request = world.signed(OURS, unapply(&request_id, &one));
                    let answer = world.applications().unapply_receipt(request).await;
                    answer.map(|_| ())
                }
                None => Ok(()),
            },
            8 => refund(world, receipt, &request_id).await,
            _ => {
                let request = world.signed(OURS, reverse(&request_id, receipt));
                world.receipts().reverse_receipt(request).await.map(|_| ())
            }
        };
        if let Err(refused) = outcome {
            let told = reason(&refused);
            assert!(EXPECTED.contains(&told.as_str()), "{told}: {refused}");
        }
    }
}

async fn refund(world: &World, receipt: &Receipt, request_id: &str) -> Result<(), Status> {
    let request = RefundUnappliedCashRequest {
        request_id: request_id.to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        amount: Some(eur("1.00")),
        note: "n".to_owned(),
        refund_date: None,
        etag: world.now(receipt).await.etag,
    };
    let request = world.signed(OURS, request);
    world
        .receipts()
        .refund_unapplied_cash(request)
        .await
        .map(|_| ())
}

/// What of the debts was settled, as invoicing has it.
fn settled(world: &World, invoices: &[Uuid], each: &str) -> Money {
    let eur = |amount: &str| Money::parse(amount, Currency::EUR).unwrap();
    let lowered = invoices.iter().map(|invoice| {
        let open = eur(&world.invoicing.open(*invoice));
        eur(each).checked_sub(open).unwrap()
    });
    Money::sum(Currency::EUR, lowered).unwrap()
}

#[tokio::test]
async fn p_1_p_3_p_6_p_9_a_storm_of_faults_leaves_books_that_add_up_on_both_sides() {
    let world = World::start().await;
    let invoices: Vec<Uuid> = (0..4)
        .map(|_| world.invoicing.owes(PAYER, "50.00"))
        .collect();
    let mut receipts = Vec::new();
    for _ in 0..4 {
        receipts.push(world.receipt("60.00").await);
    }
    join_all((1..7).map(|seed| caller(&world, &receipts, &invoices, seed))).await;
    world.books_add_up().await;
    world.invoicing.fails(Fault::None);
    eventually(PATIENCE, "everything comes to its end", async || {
        let on_its_way = "SELECT (SELECT count(*) FROM operation WHERE answer IS NULL)
                               + (SELECT count(*) FROM timer)
                               + (SELECT count(*) FROM receipt WHERE state = 'REVERSING')
                               + (SELECT count(*) FROM receipt_application
                                   WHERE state IN ('RESERVED', 'REVERSING'))";
        world.count(on_its_way).await == 0
    })
    .await;
    world.books_add_up().await;
    let allocated = "SELECT coalesce(sum(allocated_amount) * 100, 0)::bigint FROM receipt";
    let allocated = Money::from_minor(world.count(allocated).await.into(), Currency::EUR);
    assert_eq!(allocated.unwrap(), settled(&world, &invoices, "50.00"));
    let done = "SELECT count(*) FROM receipt_application WHERE state IN ('APPLIED', 'REVERSED')";
    let undone = "SELECT count(*) FROM receipt_application WHERE state = 'REVERSED'";
    let told = |count: usize| i64::try_from(count).unwrap();
    assert_eq!(
        told(world.told::<ReceiptApplied>().await.len()),
        world.count(done).await
    );
    assert_eq!(
        told(world.told::<ReceiptUnapplied>().await.len()),
        world.count(undone).await
    );
    let (done, failed) = (world.count(done).await, world.invoicing.failed());
    assert!(
        done > 0 && failed > 0,
        "{done} applied, {failed} failed: no storm"
    );
}
