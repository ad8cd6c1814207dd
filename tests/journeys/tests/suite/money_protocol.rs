//! Money on its way to invoices and back, while the way between payments and invoicing is cut. What
//! became of it is not known then, so nothing is decided: the money stays where it is, invoicing is
//! asked again under the same identity, and all that happens, happens once (P3, P6, P9).

use contracts::invoicing::{Invoice, InvoiceState};
use contracts::payments::{
    ApplyReceiptRequest, Receipt, ReceiptApplication, ReceiptApplicationState, ReceiptState,
};
use testkit::{eventually, eventually_some};
use tonic::{Code, Status};

use crate::books;
use crate::shop::{Shop, eur};
use crate::world::{Edge, SOON, World, reason, shown};

/// 100.00 EUR that are owed and received, and the request to bring them together.
struct Story {
    world: World,
    edge: Edge,
    shop: Shop,
    invoice: Invoice,
    receipt: Receipt,
    request: ApplyReceiptRequest,
}

impl Story {
    async fn begin() -> Self {
        let (world, edge) = World::start_with_edge("payments", "invoicing").await;
        let shop = Shop::open(world.calls()).await;
        let customer_id = shop.customer("C-1").await;
        let invoice = shop.bill(&customer_id, "100.00").await;
        world.until("2026-01-20T09:00:00Z").await;
        let receipt = shop.receive(&customer_id, "100.00", "2026-01-20", "").await;
        let request = shop.application(&receipt, &invoice);
        Self {
            world,
            edge,
            shop,
            invoice,
            receipt,
            request,
        }
    }

    /// Waits until invoicing, asked by us, says that so much is open.
    async fn open_becomes(&self, amount: &str) {
        let what = format!("{amount} are open");
        let is_open = async || self.shop.open_of(&self.invoice).await == amount;
        eventually(SOON, &what, is_open).await;
    }

    /// The one application of the receipt, as payments has it.
    async fn application(&self) -> ReceiptApplication {
        let all = books::of_payments(self.shop.calls()).await;
        let [one] = all.try_into().unwrap();
        one
    }
}

/// The code and the reason of a refusal.
fn refused<T: std::fmt::Debug>(outcome: Result<T, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

fn peer_unavailable() -> (Code, String) {
    (Code::Unavailable, "PEER_UNAVAILABLE".to_owned())
}

fn receipt_busy() -> (Code, String) {
    (Code::Aborted, "RECEIPT_BUSY".to_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p3_twins_of_a_request_whose_answer_was_lost_get_the_one_answer() {
    let story = Story::begin().await;
    let Story { shop, request, .. } = &story;
    // The money arrives at the invoice, and nobody in payments hears of it.
    story.edge.lose_answers();
    let cut = async {
        story.open_becomes("0.00").await;
        story.edge.cut();
    };
    let (first, ()) = tokio::join!(shop.send(request), cut);
    assert_eq!(refused(first), peer_unavailable());
    assert_eq!(refused(shop.send(request).await), peer_unavailable());
    assert_eq!(
        story.application().await.state(),
        ReceiptApplicationState::Reserved
    );
    let other = ApplyReceiptRequest {
        amount: Some(eur("50.00")),
        ..request.clone()
    };
    assert_eq!(
        refused(shop.send(&other).await),
        (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned())
    );

    story.edge.heal();
    let answer = eventually_some(SOON, "a twin is answered", async || {
        shop.send(request).await.ok()
    })
    .await;
    let receipt = answer.receipt.as_ref().unwrap();
    assert_eq!(receipt.allocated_amount, Some(eur("100.00")));
    assert_eq!(receipt.reserved_amount, Some(eur("0.00")));
    story.world.settle().await;
    assert_eq!(shop.send(request).await.unwrap(), answer);
    let of_invoicing = books::of_invoicing(shop.calls()).await;
    assert_eq!(of_invoicing.len(), 1, "one effect");
    assert_eq!(
        story.application().await.application_id,
        of_invoicing[0].application_id
    );
    story.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p9_what_never_arrived_goes_on_by_itself_and_a_twin_finds_it_done() {
    let story = Story::begin().await;
    let Story { shop, request, .. } = &story;
    story.edge.cut();
    assert_eq!(refused(shop.send(request).await), peer_unavailable());
    assert_eq!(shop.open_of(&story.invoice).await, "100.00");
    let waiting = shop.receipt(&story.receipt).await;
    assert_eq!(waiting.reserved_amount, Some(eur("100.00")));
    assert_eq!(waiting.unapplied_amount, Some(eur("0.00")));

    // Nobody asks again, and the money arrives all the same.
    story.edge.heal();
    story.world.settle().await;
    let paid = shop.invoice(&story.invoice).await;
    assert_eq!(paid.state(), InvoiceState::Closed);
    let answer = shop.send(request).await.unwrap();
    assert_eq!(
        answer.applications[0].state(),
        ReceiptApplicationState::Applied
    );
    assert_eq!(shop.send(request).await.unwrap(), answer);
    assert_eq!(books::of_invoicing(shop.calls()).await.len(), 1);
    story.world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p6_a_reversal_waits_for_what_it_takes_back_and_goes_through_once() {
    let story = Story::begin().await;
    let Story { shop, request, .. } = &story;
    story.edge.cut();
    assert_eq!(refused(shop.send(request).await), peer_unavailable());
    // While the money is reserved, nobody knows what there is to take back.
    let reversal = shop.reversal(&story.receipt);
    assert_eq!(refused(shop.reverse(&reversal).await), receipt_busy());
    let reserved = story.application().await;
    assert_eq!(reserved.state(), ReceiptApplicationState::Reserved);
    assert_eq!(refused(shop.unapply(&reserved).await), receipt_busy());
    story.edge.heal();
    story.world.settle().await;
    assert_eq!(shop.open_of(&story.invoice).await, "0.00");

    // A refusal leaves no trace: the same request is judged afresh. Now its answer gets lost.
    story.edge.lose_answers();
    let cut = async {
        story.open_becomes("100.00").await;
        story.edge.cut();
    };
    let (first, ()) = tokio::join!(shop.reverse(&reversal), cut);
    assert_eq!(refused(first), peer_unavailable());
    let reversing = shop.receipt(&story.receipt).await;
    assert_eq!(reversing.state(), ReceiptState::Reversing);
    let again = shop.application(&story.receipt, &story.invoice);
    assert_eq!(refused(shop.send(&again).await), receipt_busy());

    story.edge.heal();
    story.world.settle().await;
    let reversed = shop.reverse(&reversal).await.unwrap();
    let receipt = reversed.receipt.as_ref().unwrap();
    assert_eq!(receipt.state(), ReceiptState::Reversed);
    assert_eq!(receipt.returned_amount, Some(eur("100.00")));
    assert_eq!(shop.reverse(&reversal).await.unwrap(), reversed);
    let another = shop.reversal(&story.receipt);
    assert_eq!(
        refused(shop.reverse(&another).await),
        (Code::FailedPrecondition, "RECEIPT_REVERSED".to_owned())
    );
    let open = shop.invoice(&story.invoice).await;
    assert_eq!(open.open_amount, Some(eur("100.00")));
    assert_eq!(shown(open.oldest_due_date.as_ref()), "2026-02-01");
    story.world.end().await;
}
