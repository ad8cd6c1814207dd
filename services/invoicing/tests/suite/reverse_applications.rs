//! ReverseApplications: what money had settled is open again, due as it was.

use contracts::convert::date_to_wire;
use contracts::invoicing::{
    ApplicationReversed, ApplicationState, GetApplicationRequest, InvoiceState, ReversalReason,
};
use jiff::civil::{Date, date};
use tonic::Code;
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::till::{
    Bill, Till, amount, day, for_invoice, for_invoices, not_reversed, returned, reversed,
};

const PAID: Date = date(2026, 1, 15);
const BACK: Date = date(2026, 2, 20);

#[tokio::test]
async fn ca_7_a_closed_invoice_is_open_again_at_its_original_due_date() {
    let till = Till::open().await;
    let bill = Bill {
        offer: "2/14",
        ..Bill::of("1000.00")
    };
    let invoice = till.owed(&bill).await;
    let paid = till.pay(&for_invoice(invoice, "980.00", PAID)).await;
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    let order = returned(&paid.application_id, BACK);
    let mut results = till.reverse(std::slice::from_ref(&order)).await;
    let balance = results[0].balances_after[0].clone();
    assert_eq!(
        (balance.state(), amount(&balance.open_amount)),
        (InvoiceState::Issued, "1000.00")
    );
    assert_eq!(balance.closed_date, None);
    assert_eq!(
        day(&balance.open_items[0].due_date),
        Some(date(2026, 1, 31))
    );
    let reversal = reversed(results.remove(0));
    assert_eq!(reversal.reason(), ReversalReason::Returned);
    let back = &reversal.reopened[0];
    assert_eq!(
        [&back.amount, &back.discount_amount].map(amount),
        ["980.00", "20.00"]
    );
    assert_eq!(amount(&back.open_amount_after), "1000.00");
    // Announced with all of it, and read with it.
    let mut expected = paid;
    expected.state = ApplicationState::Reversed.into();
    expected.reversal = Some(reversal);
    let get = GetApplicationRequest {
        application_id: expected.application_id.clone(),
    };
    let read = till
        .client()
        .get_application(till.world.signed(OURS, get))
        .await
        .unwrap();
    assert_eq!(read.into_inner().application.as_ref(), Some(&expected));
    expected.decision = None;
    let told = ApplicationReversed {
        application: Some(expected),
        balances_after: vec![balance],
    };
    assert_eq!(till.announced::<ApplicationReversed>().await, [told]);
    till.close().await;
}

/// 100 paid by 60 and 40; the 60 come back, and may be paid once more.
#[tokio::test]
async fn other_money_stays_where_it_is() {
    let till = Till::open().await;
    let (one, two) = (
        till.owed(&Bill::of("100.00")).await,
        till.owed(&Bill::of("20.00")).await,
    );
    let wrong = till
        .pay(&for_invoices(
            &[(one, Some("60.00")), (two, None)],
            "80.00",
            PAID,
        ))
        .await;
    till.pay(&for_invoice(one, "40.00", PAID)).await;
    let results = till.reverse(&[returned(&wrong.application_id, BACK)]).await;
    let open: Vec<_> = results[0]
        .balances_after
        .iter()
        .map(|one| amount(&one.open_amount))
        .collect();
    assert_eq!(open, ["60.00", "20.00"]);
    till.pay(&for_invoice(one, "60.00", BACK)).await;
    assert_eq!(till.standing(one).await, ("CLOSED".into(), "0".into()));
    assert_eq!(till.standing(two).await, ("ISSUED".into(), "20".into()));
    till.close().await;
}

#[tokio::test]
async fn p3_a_reversal_is_answered_as_the_first_time() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let paid = till.pay(&for_invoice(invoice, "100.00", PAID)).await;
    let order = returned(&paid.application_id, BACK);
    let first = till
        .send_back("r1", std::slice::from_ref(&order))
        .await
        .unwrap();
    let again = till
        .send_back("r1", std::slice::from_ref(&order))
        .await
        .unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.get_ref(), first.get_ref());
    // Paid again meanwhile: the answer stays what it was.
    till.pay(&for_invoice(invoice, "100.00", BACK)).await;
    assert_eq!(
        till.reverse(std::slice::from_ref(&order)).await,
        first.into_inner().results
    );
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    let mut other = order;
    other.reason = ReversalReason::Unapplied.into();
    let refused = not_reversed(till.reverse(&[other]).await.remove(0));
    assert_eq!(refused, (3, "REVERSAL_ID_REUSED".to_owned()));
    assert_eq!(till.announced::<ApplicationReversed>().await.len(), 1);
    till.close().await;
}

#[tokio::test]
async fn p6_a_second_reversal_is_refused_and_that_is_kept() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let paid = till.pay(&for_invoice(invoice, "100.00", PAID)).await;
    let first = returned(&paid.application_id, BACK);
    reversed(till.reverse(std::slice::from_ref(&first)).await.remove(0));
    let second = returned(&paid.application_id, BACK);
    let results = till.reverse(std::slice::from_ref(&second)).await;
    assert_eq!(
        not_reversed(results[0].clone()),
        (9, "APPLICATION_REVERSED".to_owned())
    );
    assert_eq!(till.reverse(&[second]).await, results);
    assert_eq!(
        till.standing(invoice).await,
        ("ISSUED".into(), "100".into())
    );
    till.close().await;
}

#[tokio::test]
async fn what_was_never_applied_is_not_taken_back() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let paid = till.pay(&for_invoice(invoice, "100.00", PAID)).await;
    let refused = for_invoice(invoice, "10.00", PAID);
    till.refused(&refused).await;
    let batch = [
        returned(&Uuid::now_v7().to_string(), BACK),
        returned(&refused.application_id, BACK),
        returned(&paid.application_id, date(2026, 1, 14)),
    ];
    let results = till.reverse(&batch).await;
    let reasons: Vec<_> = results.into_iter().map(not_reversed).collect();
    let not_found = || (5, "APPLICATION_NOT_FOUND".to_owned());
    let too_early = (3, "REQUEST_INVALID".to_owned());
    assert_eq!(reasons, [not_found(), not_found(), too_early]);
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    // On the day of the receipt it can be.
    reversed(
        till.reverse(&[returned(&paid.application_id, PAID)])
            .await
            .remove(0),
    );
    till.close().await;
}

#[tokio::test]
async fn a_batch_with_an_id_twice_or_bad_fields_is_refused_whole() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let paid = till.pay(&for_invoice(invoice, "100.00", PAID)).await;
    let order = returned(&paid.application_id, BACK);
    let mut same_reversal = returned(&Uuid::now_v7().to_string(), BACK);
    same_reversal.reversal_id.clone_from(&order.reversal_id);
    let same_application = returned(&paid.application_id, BACK);
    for (twice, field) in [
        (same_reversal, "reversal_id"),
        (same_application, "application_id"),
    ] {
        let refused = till
            .send_back("r1", &[order.clone(), twice])
            .await
            .unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (Code::InvalidArgument, "DUPLICATE_ITEM")
        );
        assert_eq!(fields(&refused), [format!("reversals[1].{field}")]);
    }
    let mut bad = order;
    bad.reversal_id = "x".to_owned();
    bad.reason = 0;
    bad.reversal_date = Some(date_to_wire(BACK));
    bad.reversal_date.as_mut().unwrap().month = 13;
    let refused = till.send_back("r1", &[bad]).await.unwrap_err();
    let expected = ["reversal_id", "reason", "reversal_date"];
    assert_eq!(
        fields(&refused),
        expected.map(|field| format!("reversals[0].{field}"))
    );
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    till.close().await;
}

#[tokio::test]
async fn another_tenant_neither_reads_nor_reverses() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let paid = till.pay(&for_invoice(invoice, "100.00", PAID)).await;
    let get = GetApplicationRequest {
        application_id: paid.application_id.clone(),
    };
    let asked = till.world.signed(THEIRS, get);
    let refused = till.client().get_application(asked).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "APPLICATION_NOT_FOUND")
    );
    let request = contracts::invoicing::ReverseApplicationsRequest {
        request_id: "r1".to_owned(),
        reversals: vec![returned(&paid.application_id, BACK)],
    };
    let asked = till.world.of_payments(THEIRS, request);
    let answer = till.client().reverse_applications(asked).await.unwrap();
    let refused = not_reversed(answer.into_inner().results.remove(0));
    assert_eq!(refused, (5, "APPLICATION_NOT_FOUND".to_owned()));
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));
    till.close().await;
}
