//! What an agency collects and passes on.

use std::collections::BTreeSet;

use contracts::agency::commission_service_client::CommissionServiceClient;
use contracts::agency::remittance_service_client::RemittanceServiceClient;
use contracts::agency::result_service_client::ResultServiceClient;
use contracts::agency::{
    AgencyResult, CloseCode, CommissionSettlement, GetAgencyResultsRequest, ListCommissionsRequest,
    ListRemittancesRequest, Placement, PlacementState, Remittance, RemittanceState,
};
use contracts::common::ImportState;
use contracts::invoicing::{ClosingKind, Invoice, InvoiceState};
use contracts::payments::{BankLine, BankLineState, Receipt, ReceiptMethod, ReceiptState};
use testkit::eventually_some;

use crate::collector::{self, Collected};
use crate::shop::{Shop, eur, opened};
use crate::world::{SOON, shown};
use crate::{bank, books, desk};

async fn remittance(shop: &Shop) -> Remittance {
    let mut remittances = RemittanceServiceClient::new(shop.calls());
    let page = remittances.list_remittances(ListRemittancesRequest::default());
    let all = page.await.unwrap().into_inner().remittances;
    let [one] = all.try_into().unwrap();
    one
}

/// What the agency earned: what was paid, what it kept of that, what the terms say.
async fn earned(shop: &Shop) -> BTreeSet<[String; 3]> {
    let mut commissions = CommissionServiceClient::new(shop.calls());
    let page = commissions.list_commissions(ListCommissionsRequest::default());
    let entries = page.await.unwrap().into_inner().commissions;
    let told = entries.into_iter().map(|one| {
        assert_eq!(one.settlement(), CommissionSettlement::KeptBack);
        [one.base_amount, one.amount, one.agreed_amount].map(|amount| amount.unwrap().amount)
    });
    told.collect()
}

/// The receipts of a customer; nobody's, where the identity is empty.
async fn receipts_of(shop: &Shop, customer_id: &str) -> Vec<Receipt> {
    let mut all = books::receipts(shop.calls()).await;
    all.retain(|one| one.customer_id == customer_id);
    all
}

/// The debtor is credited with all that was paid, on the day on which it was paid (AY-6).
async fn credited_in_full(shop: &Shop, customer_id: &str, invoices: [&Invoice; 2]) {
    for invoice in invoices {
        let paid = shop.invoice(invoice).await;
        assert_eq!(
            (paid.state(), paid.closing_kind()),
            (InvoiceState::Closed, ClosingKind::Payment)
        );
        assert_eq!(shown(paid.closed_date.as_ref()), "2026-03-30");
    }
    let receipts = receipts_of(shop, customer_id).await;
    assert_eq!(receipts.len(), 2);
    for receipt in receipts {
        assert_eq!(receipt.method(), ReceiptMethod::Agency);
        assert_eq!(receipt.allocated_amount, receipt.amount);
    }
}

/// 800.00 were placed and came back, of which 200.00 are the agency's.
async fn placed_800_and_kept_200(shop: &Shop, placed: &Placement) {
    let ended = collector::placement(shop, placed).await;
    assert_eq!(
        (ended.state(), ended.close_code()),
        (PlacementState::Closed, CloseCode::PaidInFull)
    );
    let amounts = [
        &ended.placed_amount,
        &ended.recovered_amount,
        &ended.direct_amount,
        &ended.adjusted_amount,
        &ended.open_amount,
        &ended.commission_amount,
    ];
    let expected = ["800.00", "800.00", "0.00", "0.00", "0.00", "200.00"].map(eur);
    assert_eq!(amounts.map(|one| one.clone().unwrap()), expected);

    let mut results = ResultServiceClient::new(shop.calls());
    let asked = GetAgencyResultsRequest::default();
    let found = results.get_agency_results(asked).await.unwrap();
    let [result]: [AgencyResult; 1] = found.into_inner().results.try_into().unwrap();
    assert_eq!(result.recovered_amount, Some(eur("800.00")));
    assert_eq!(result.commission_amount, Some(eur("200.00")));
    assert_eq!(result.net_amount, Some(eur("600.00")));
    assert_eq!(result.open_amount, Some(eur("0.00")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ay_6_a_net_remittance_closes_the_invoices_as_if_all_had_come_to_us() {
    let (world, shop) = opened().await;
    desk::reminds(&shop).await;
    let agency_id = collector::agency(&shop).await;
    let customer_id = shop.customer("C-1").await;
    let larger = shop.bill(&customer_id, "500.00").await;
    let smaller = shop.bill(&customer_id, "300.00").await;
    world.until("2026-03-02T12:00:00Z").await;
    let placed = collector::placed(&shop, &agency_id, &[&larger, &smaller]).await;
    let mails = world.mails.mails().len();
    world.until("2026-04-01T12:00:00Z").await;

    // A quarter of each stays with the agency.
    let collected: [Collected<'_>; 2] = [
        ("L-1", &larger, "500.00", "125.00"),
        ("L-2", &smaller, "300.00", "75.00"),
    ];
    let imported = collector::remits(&shop, &placed, "2026-03-30", &collected).await;
    let report = imported.report.unwrap();
    assert_eq!(report.state(), ImportState::Completed, "{report:?}");
    world.settle().await;
    let booked = remittance(&shop).await;
    assert_eq!(booked.state(), RemittanceState::Booked);
    assert_eq!(booked.gross_amount, Some(eur("800.00")));
    assert_eq!(booked.commission_amount, Some(eur("200.00")));
    assert_eq!(booked.net_amount, Some(eur("600.00")));
    credited_in_full(&shop, &customer_id, [&larger, &smaller]).await;
    placed_800_and_kept_200(&shop, &placed).await;
    let of_each = [["500.00", "125.00", "125.00"], ["300.00", "75.00", "75.00"]];
    let of_each = of_each.map(|one| one.map(str::to_owned));
    assert_eq!(earned(&shop).await, BTreeSet::from(of_each));

    // The same remittance once more books nothing.
    let again = collector::remits(&shop, &placed, "2026-03-30", &collected).await;
    let report = again.report.unwrap();
    assert_eq!((report.imported_count, report.unchanged_count), (0, 2));
    the_transfer_is_no_debtors_money(&shop, &customer_id).await;
    world.settle().await;
    credited_in_full(&shop, &customer_id, [&larger, &smaller]).await;
    assert_eq!(world.mails.mails().len(), mails, "nobody was reminded");
    world.end().await;
}

/// What the agency itself transfers, 600.00, is on the bank's statement, and comes to no debtor.
async fn the_transfer_is_no_debtors_money(shop: &Shop, customer_id: &str) {
    let bank = bank::account(shop).await;
    let transfer = ("2026-04-01", "600.00", "R-1", "Inkasso Nord GmbH");
    bank.states(shop, &[transfer]).await;
    let what = "the transfer is looked at";
    let line = eventually_some(SOON, what, async || {
        let [line]: [BankLine; 1] = bank::lines(shop).await.try_into().unwrap();
        (line.state() != BankLineState::Waiting).then_some(line)
    })
    .await;
    assert_eq!(line.state(), BankLineState::InReview);
    let [nobodys]: [Receipt; 1] = receipts_of(shop, "").await.try_into().unwrap();
    assert_eq!(nobodys.unapplied_amount, Some(eur("600.00")));
    let decided = bank::no_receipt(shop, &line, "settles remittance R-1").await;
    let line = decided.bank_line.unwrap();
    assert_eq!(line.state(), BankLineState::NotAReceipt);
    let taken_back = decided.receipt.unwrap();
    assert_eq!(taken_back.state(), ReceiptState::Reversed);
    assert_eq!(taken_back.unapplied_amount, Some(eur("0.00")));
    assert_eq!(receipts_of(shop, customer_id).await.len(), 2);
}
