//! A placed debt follows what is owed: direct payments and their commission, adjustments, and the end
//! when nothing is left (AY-6). Every sum is worked out by hand.

use contracts::agency::*;
use contracts::invoicing::{
    Allocation, Application, ApplicationApplied, ApplicationReversal, ApplicationReversed,
    CreditNote, CreditNoteIssued, InvoiceBalance,
};
use testkit::eventually_some;
use uuid::Uuid;

use crate::fixture::{OURS, SOON, World};
use crate::samples::{
    activate, approved, balance, becomes, day, eur, events, get, invoice_id, only, types,
    with_debts,
};

fn application(number: u128, invoice: u128, amount: &str) -> Application {
    Application {
        application_id: Uuid::from_u128(0xA00 + number).to_string(),
        customer_id: crate::samples::CUSTOMER.to_string(),
        receipt_id: Uuid::from_u128(0xB00 + number).to_string(),
        amount: Some(eur(amount)),
        receipt_date: Some(day(2026, 5, 4)),
        allocations: vec![Allocation {
            invoice_id: invoice_id(invoice),
            amount: Some(eur(amount)),
            ..Allocation::default()
        }],
        ..Application::default()
    }
}

fn announce_applied(world: &World, application: Application, after: InvoiceBalance) {
    let subject = application.application_id.parse().unwrap();
    let applied = ApplicationApplied {
        application: Some(application),
        balances_after: vec![after],
    };
    world
        .peers
        .feed
        .announce("invoicing", OURS.uuid(), subject, 1, &applied);
}

async fn active(world: &World) -> Placement {
    let agency = with_debts(world, &[1]).await;
    let placement = approved(world, "one", &agency.agency_id, &[1]).await;
    activate(world, "a1", &placement)
        .await
        .unwrap()
        .placement
        .unwrap()
}

async fn when_open(world: &World, placement: &Placement, open: &str) -> Placement {
    eventually_some(SOON, "the placement has followed", async || {
        let now = get(world, &placement.placement_id).await.placement.unwrap();
        (now.open_amount == Some(eur(open))).then_some(now)
    })
    .await
}

#[tokio::test]
async fn ay_6_a_direct_payment_lowers_the_debt_in_full_and_earns_commission() {
    let world = World::start().await;
    let placement = active(&world).await;
    announce_applied(&world, application(1, 1, "400.00"), balance(1, 2, "600.00"));
    let after = when_open(&world, &placement, "600.00").await;
    assert_eq!(after.direct_amount, Some(eur("400.00")));
    // A quarter of 400.00.
    assert_eq!(after.commission_amount, Some(eur("100.00")));
    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told)[5..],
        ["DirectPaymentReceived", "CommissionBooked"]
    );
    let booked: CommissionBooked = only(&told);
    assert_eq!(booked.amount, Some(eur("100.00")));
    assert_eq!(booked.settlement(), CommissionSettlement::Invoiced);

    let mut reversed = application(1, 1, "400.00");
    reversed.reversal = Some(ApplicationReversal {
        reversal_date: Some(day(2026, 5, 4)),
        reopened: reversed.allocations.clone(),
        ..ApplicationReversal::default()
    });
    let subject = reversed.application_id.parse().unwrap();
    let reversed = ApplicationReversed {
        application: Some(reversed),
        balances_after: vec![balance(1, 3, "1000.00")],
    };
    world
        .peers
        .feed
        .announce("invoicing", OURS.uuid(), subject, 2, &reversed);
    let after = when_open(&world, &placement, "1000.00").await;
    assert_eq!(after.direct_amount, Some(eur("0.00")));
    assert_eq!(after.commission_amount, Some(eur("0.00")));
    let told = events(&world, OURS).await;
    assert_eq!(
        types(&told)[7..],
        ["DirectPaymentReversed", "CommissionBooked"]
    );
}

#[tokio::test]
async fn what_goes_away_without_money_is_an_adjustment() {
    let world = World::start().await;
    let placement = active(&world).await;
    let credited = CreditNoteIssued {
        credit_note: Some(CreditNote::default()),
        balance_after: Some(balance(1, 2, "850.00")),
        customer_credit_after: None,
    };
    let subject = Uuid::from_u128(0xC0);
    world
        .peers
        .feed
        .announce("invoicing", OURS.uuid(), subject, 1, &credited);
    let after = when_open(&world, &placement, "850.00").await;
    assert_eq!(after.adjusted_amount, Some(eur("150.00")));
    assert_eq!(after.commission_amount, Some(eur("0.00")));
    let event: PlacementAdjusted = only(&events(&world, OURS).await);
    assert_eq!(event.adjustment_amount, Some(eur("150.00")));
}

#[tokio::test]
async fn p13_a_debt_that_is_paid_in_full_closes_by_itself_and_is_given_back() {
    let world = World::start().await;
    let placement = active(&world).await;
    announce_applied(&world, application(1, 1, "1000.00"), balance(1, 2, "0.00"));
    let closed = becomes(&world, &placement.placement_id, PlacementState::Closed).await;
    assert_eq!(closed.close_code(), CloseCode::PaidInFull);
    assert_eq!(closed.next_action(), NextAction::None);
    assert_eq!(closed.commission_amount, Some(eur("250.00")));
    assert!(world.peers.script().held[&placement.placement_id].is_empty());
    assert!(world.peers.script().successors.is_empty());
}

#[tokio::test]
async fn p24_older_news_change_nothing() {
    let world = World::start().await;
    let placement = active(&world).await;
    announce_applied(&world, application(2, 1, "300.00"), balance(1, 3, "600.00"));
    // Came later, is older: what fell by money was an adjustment until this money is known.
    announce_applied(&world, application(1, 1, "100.00"), balance(1, 2, "900.00"));
    let after = eventually_some(SOON, "both are followed", async || {
        let now = get(&world, &placement.placement_id)
            .await
            .placement
            .unwrap();
        (now.direct_amount == Some(eur("400.00"))).then_some(now)
    });
    let after = after.await;
    assert_eq!(after.open_amount, Some(eur("600.00")));
    assert_eq!(after.adjusted_amount, Some(eur("0.00")));
    assert_eq!(after.commission_amount, Some(eur("100.00")));
}
