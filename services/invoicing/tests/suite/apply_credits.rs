//! ApplyCredits: what money does to invoices, with the numbers worked out by hand.

use contracts::invoicing::{
    Application, ApplicationApplied, ApplicationState, ApplicationStep, ClosingKind,
    GetApplicationRequest, InvoiceState, OpenItemKind,
};
use invoicing::domain::{
    EntryId, EntryKind, InvoiceEntry, ItemDiscounts, OpenItem, OpenItemId, OpenItemKind as ItemKind,
};
use jiff::civil::date;
use uuid::Uuid;

use crate::fixture::OURS;
use crate::till::{Bill, Till, amount, by_rule, customer, day, eur, for_invoice, for_invoices};

/// Invoice number, money, discount and tolerance of each allocation, in order.
fn rows(application: &Application) -> Vec<[&str; 4]> {
    application
        .allocations
        .iter()
        .map(|one| {
            [
                one.invoice_number.as_str(),
                amount(&one.amount),
                amount(&one.discount_amount),
                amount(&one.tolerance_amount),
            ]
        })
        .collect()
}

/// Whether a rule spoke for the outcome, where it was asked.
fn rule(application: &Application, rule_id: &str) -> Option<bool> {
    let decision = application.decision.as_ref().unwrap();
    let found = decision.rules.iter().find(|rule| rule.rule_id == rule_id);
    found.map(|rule| rule.passed)
}

#[tokio::test]
async fn a_part_payment_leaves_the_rest_open() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("119.00")).await;
    let mut results = till
        .apply(&[for_invoice(invoice, "50.00", date(2026, 1, 20))])
        .await;
    let balance = results[0].balances_after.remove(0);
    assert_eq!(amount(&balance.open_amount), "69.00");
    assert_eq!(
        (balance.state(), balance.version),
        (InvoiceState::Issued, 3)
    );
    let application = crate::till::applied(results.remove(0));
    assert_eq!(application.state(), ApplicationState::Applied);
    assert_eq!(rows(&application), [["INV-00001", "50.00", "0.00", "0.00"]]);
    assert_eq!(amount(&application.allocated_amount), "50.00");
    assert_eq!(amount(&application.rest_amount), "0.00");
    let first = &application.allocations[0];
    assert_eq!(amount(&first.open_amount_after), "69.00");
    assert_eq!(day(&first.due_date), Some(date(2026, 1, 31)));
    // It is read as it was answered, decision and all.
    let get = GetApplicationRequest {
        application_id: application.application_id.clone(),
    };
    let read = till
        .client()
        .get_application(till.world.signed(OURS, get))
        .await
        .unwrap();
    assert_eq!(read.into_inner().application, Some(application));
    assert_eq!(till.standing(invoice).await, ("ISSUED".into(), "69".into()));
    till.close().await;
}

#[tokio::test]
async fn ed_8_the_net_amount_in_time_earns_the_discount_and_closes() {
    let till = Till::open().await;
    let bill = Bill {
        offer: "2/14",
        ..Bill::of("1000.00")
    };
    let invoice = till.owed(&bill).await;
    let results = till
        .apply(&[for_invoice(invoice, "980.00", date(2026, 1, 15))])
        .await;
    let balance = &results[0].balances_after[0];
    assert_eq!(
        (balance.state(), balance.closing_kind()),
        (InvoiceState::Closed, ClosingKind::Payment)
    );
    assert_eq!(day(&balance.closed_date), Some(date(2026, 1, 15)));
    let application = crate::till::applied(results[0].clone());
    assert_eq!(
        rows(&application),
        [["INV-00001", "980.00", "20.00", "0.00"]]
    );
    assert_eq!(rule(&application, "ED-8"), Some(true));
    till.close().await;
}

#[tokio::test]
async fn ed_8_a_day_late_and_the_discount_is_still_owed() {
    let till = Till::open().await;
    let bill = Bill {
        offer: "2/14",
        ..Bill::of("1000.00")
    };
    let invoice = till.owed(&bill).await;
    let paid = till
        .pay(&for_invoice(invoice, "980.00", date(2026, 1, 16)))
        .await;
    assert_eq!(rows(&paid), [["INV-00001", "980.00", "0.00", "0.00"]]);
    assert_eq!(rule(&paid, "ED-8"), Some(false));
    assert_eq!(till.standing(invoice).await, ("ISSUED".into(), "20".into()));
    till.close().await;
}

#[tokio::test]
async fn tl_3_days_of_grace_are_those_that_credit_granted() {
    let till = Till::open().await;
    till.tolerate("0", "0.00", 3).await;
    let bill = Bill {
        offer: "2/14",
        ..Bill::of("1000.00")
    };
    let (in_grace, after) = (till.owed(&bill).await, till.owed(&bill).await);
    let paid = till
        .pay(&for_invoice(in_grace, "980.00", date(2026, 1, 18)))
        .await;
    assert_eq!(rows(&paid), [["INV-00001", "980.00", "20.00", "0.00"]]);
    assert_eq!(rule(&paid, "TL-3"), Some(true));
    assert_eq!(
        paid.decision.unwrap().policy_version,
        "credit-policy/standard@1"
    );
    till.pay(&for_invoice(after, "980.00", date(2026, 1, 19)))
        .await;
    assert_eq!(till.standing(after).await, ("ISSUED".into(), "20".into()));
    till.close().await;
}

/// 1 % of 1 000.00 is 10.00, but never more than 5.00.
#[tokio::test]
async fn tl_6_a_small_rest_is_let_go_and_a_larger_one_is_owed() {
    let till = Till::open().await;
    till.tolerate("0.01", "5.00", 0).await;
    let (small, large) = (
        till.owed(&Bill::of("1000.00")).await,
        till.owed(&Bill::of("1000.00")).await,
    );
    let paid = till
        .pay(&for_invoice(small, "995.00", date(2026, 1, 20)))
        .await;
    assert_eq!(rows(&paid), [["INV-00001", "995.00", "0.00", "5.00"]]);
    assert_eq!(till.standing(small).await, ("CLOSED".into(), "0".into()));
    till.pay(&for_invoice(large, "994.99", date(2026, 1, 20)))
        .await;
    assert_eq!(till.standing(large).await, ("ISSUED".into(), "5.01".into()));
    till.close().await;
}

#[tokio::test]
async fn tl_5_a_small_overpayment_is_kept_and_a_larger_one_stays_with_the_receipt() {
    let till = Till::open().await;
    till.tolerate("0.01", "5.00", 0).await;
    let (small, large) = (
        till.owed(&Bill::of("1000.00")).await,
        till.owed(&Bill::of("1000.00")).await,
    );
    let kept = till
        .pay(&for_invoice(small, "1003.00", date(2026, 1, 20)))
        .await;
    let parts = |paid: &Application| {
        [
            &paid.allocated_amount,
            &paid.overpayment_tolerance_amount,
            &paid.rest_amount,
        ]
        .map(|part| amount(part).to_owned())
    };
    assert_eq!(parts(&kept), ["1000.00", "3.00", "0.00"]);
    let rest = till
        .pay(&for_invoice(large, "1006.00", date(2026, 1, 20)))
        .await;
    assert_eq!(parts(&rest), ["1000.00", "0.00", "6.00"]);
    assert_eq!(rest.decision.unwrap().outcome, "APPLIED_IN_PART");
    till.close().await;
}

/// Issued in another order than they are due in: 100 due 11 Jan, 200 due 21 Jan, 300 due 31 Jan.
#[tokio::test]
async fn ca_3_oldest_first_pays_the_last_one_in_part() {
    let till = Till::open().await;
    let bill = |gross, terms| Bill {
        terms,
        ..Bill::of(gross)
    };
    let last = till.owed(&bill("300.00", "net 30")).await;
    let first = till.owed(&bill("100.00", "net 10")).await;
    let second = till.owed(&bill("200.00", "net 20")).await;
    let others = Bill {
        customer_id: customer(2),
        terms: "net 1",
        ..Bill::of("70.00")
    };
    let others = till.owed(&others).await;
    let oldest = by_rule(&[ApplicationStep::OldestFirst], "350.00", date(2026, 2, 1));
    let paid = till.pay(&oldest).await;
    let expected = [
        ["INV-00002", "100.00", "0.00", "0.00"],
        ["INV-00003", "200.00", "0.00", "0.00"],
        ["INV-00001", "50.00", "0.00", "0.00"],
    ];
    assert_eq!(rows(&paid), expected);
    for (invoice, standing) in [
        (first, ("CLOSED", "0")),
        (second, ("CLOSED", "0")),
        (last, ("ISSUED", "250")),
        (others, ("ISSUED", "70")),
    ] {
        let (state, open) = till.standing(invoice).await;
        assert_eq!((state.as_str(), open.as_str()), standing);
    }
    till.close().await;
}

#[tokio::test]
async fn ca_6_named_invoices_are_settled_in_their_order_up_to_their_caps() {
    let till = Till::open().await;
    let (one, two) = (
        till.owed(&Bill::of("80.00")).await,
        till.owed(&Bill::of("50.00")).await,
    );
    let named = [(two, None), (one, Some("30.00"))];
    let paid = till
        .pay(&for_invoices(&named, "100.00", date(2026, 1, 20)))
        .await;
    let expected = [
        ["INV-00002", "50.00", "0.00", "0.00"],
        ["INV-00001", "30.00", "0.00", "0.00"],
    ];
    assert_eq!(rows(&paid), expected);
    assert_eq!(amount(&paid.rest_amount), "20.00");
    assert_eq!(till.standing(one).await, ("ISSUED".into(), "50".into()));
    till.close().await;
}

#[tokio::test]
async fn ca_1_the_exact_amount_finds_the_one_invoice_and_guesses_among_none() {
    use ApplicationStep::{ExactAmount, OldestFirst};
    let till = Till::open().await;
    let older = Bill {
        terms: "net 5",
        ..Bill::of("100.00")
    };
    let older = till.owed(&older).await;
    let exact = till.owed(&Bill::of("250.00")).await;
    let on = date(2026, 1, 20);
    let paid = till
        .pay(&by_rule(&[ExactAmount, OldestFirst], "250.00", on))
        .await;
    assert_eq!(rows(&paid), [["INV-00002", "250.00", "0.00", "0.00"]]);
    assert_eq!(till.standing(exact).await.0, "CLOSED");
    // Two fit: none is chosen, and the next step begins with the oldest.
    till.owed(&Bill::of("60.00")).await;
    till.owed(&Bill::of("60.00")).await;
    let alone = till.refused(&by_rule(&[ExactAmount], "60.00", on)).await;
    assert_eq!(alone, (9, "NOTHING_OPEN".to_owned()));
    let paid = till
        .pay(&by_rule(&[ExactAmount, OldestFirst], "60.00", on))
        .await;
    assert_eq!(rows(&paid), [["INV-00001", "60.00", "0.00", "0.00"]]);
    assert_eq!(till.standing(older).await, ("ISSUED".into(), "40".into()));
    till.close().await;
}

/// Fee 15, interest 5 and principal 100; 30 settle the fee, the interest, and 10 of the principal.
#[tokio::test]
async fn ca_5_costs_then_interest_then_principal() {
    let till = Till::open().await;
    let bill = Bill::of("100.00");
    let mut invoice = till.issued(till.draft(&bill));
    let debt = invoice.receivable_mut().unwrap();
    for (kind, entry_kind, owed) in [
        (ItemKind::Interest, EntryKind::Interest, eur("5.00")),
        (ItemKind::Fee, EntryKind::Fee, eur("15.00")),
    ] {
        let principal = debt.items[0].clone();
        let entry = debt.new_entries[0].clone();
        let open_item_id = OpenItemId(Uuid::now_v7());
        debt.items.push(OpenItem {
            open_item_id,
            kind,
            instalment_number: 0,
            original_amount: owed,
            open_amount: owed,
            discounts: ItemDiscounts::default(),
            due_date: date(2026, 2, 10),
            ..principal
        });
        debt.last_entry_number += 1;
        debt.new_entries.push(InvoiceEntry {
            entry_id: EntryId(Uuid::now_v7()),
            entry_number: debt.last_entry_number,
            open_item_id,
            kind: entry_kind,
            amount: owed,
            ..entry
        });
    }
    let invoice = till.store(OURS, invoice).await.invoice_id;
    let paid = till
        .pay(&for_invoice(invoice, "30.00", date(2026, 2, 20)))
        .await;
    let kinds: Vec<_> = paid
        .allocations
        .iter()
        .map(|one| (one.open_item_kind(), amount(&one.amount)))
        .collect();
    let expected = [
        (OpenItemKind::Fee, "15.00"),
        (OpenItemKind::Interest, "5.00"),
        (OpenItemKind::Principal, "10.00"),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(till.standing(invoice).await, ("ISSUED".into(), "90".into()));
    till.close().await;
}

/// 50 % due 11 Jan, the rest due 31 Jan: 70 settle the first and 20 of the second.
#[tokio::test]
async fn dd_7_instalments_are_settled_by_their_due_dates() {
    let till = Till::open().await;
    let bill = Bill {
        terms: "50%: net 10; rest: net 30",
        ..Bill::of("100.00")
    };
    let invoice = till.owed(&bill).await;
    let results = till
        .apply(&[for_invoice(invoice, "70.00", date(2026, 1, 20))])
        .await;
    let items: Vec<_> = results[0].balances_after[0]
        .open_items
        .iter()
        .map(|item| {
            (
                day(&item.due_date).unwrap(),
                amount(&item.open_amount).to_owned(),
            )
        })
        .collect();
    let expected = [
        (date(2026, 1, 11), "0.00".to_owned()),
        (date(2026, 1, 31), "30.00".to_owned()),
    ];
    assert_eq!(items, expected);
    till.close().await;
}

#[tokio::test]
async fn items_of_a_batch_see_what_the_ones_before_have_settled() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let on = date(2026, 1, 20);
    let batch = [
        for_invoice(invoice, "70.00", on),
        by_rule(&[ApplicationStep::OldestFirst], "50.00", on),
        for_invoice(invoice, "10.00", on),
    ];
    let mut results = till.apply(&batch).await;
    let last = crate::till::refusal(results.remove(2));
    assert_eq!(last, (9, "INVOICE_CLOSED".to_owned()));
    let second = crate::till::applied(results.remove(1));
    assert_eq!(rows(&second), [["INV-00001", "30.00", "0.00", "0.00"]]);
    assert_eq!(amount(&second.rest_amount), "20.00");
    // Each is announced with what the invoice was worth after it.
    let told = till.announced::<ApplicationApplied>().await;
    let told: Vec<_> = told
        .iter()
        .map(|event| {
            let balance = &event.balances_after[0];
            (
                amount(&balance.open_amount),
                balance.version,
                balance.state(),
            )
        })
        .collect();
    let expected = [
        ("30.00", 3, InvoiceState::Issued),
        ("0.00", 4, InvoiceState::Closed),
    ];
    assert_eq!(told, expected);
    assert_eq!(till.count("SELECT count(*) FROM audit_entry").await, 1);
    till.close().await;
}

#[tokio::test]
async fn what_is_announced_is_what_was_answered_without_the_decision() {
    let till = Till::open().await;
    let bill = Bill {
        offer: "2/14",
        ..Bill::of("1000.00")
    };
    let invoice = till.owed(&bill).await;
    let item = for_invoice(invoice, "980.00", date(2026, 1, 15));
    let mut result = till.apply(std::slice::from_ref(&item)).await.remove(0);
    let balances = std::mem::take(&mut result.balances_after);
    let mut application = crate::till::applied(result);
    application.decision = None;
    let expected = ApplicationApplied {
        application: Some(application),
        balances_after: balances,
    };
    assert_eq!(till.announced::<ApplicationApplied>().await, [expected]);
    till.close().await;
}
