//! The answers of a batch are kept for ever under the ids of its items: what is asked again is
//! answered as the first time and does nothing, refusals too.

use contracts::convert::money_to_wire;
use contracts::invoicing::ApplicationApplied;
use contracts::invoicing::apply_credits_result::Outcome;
use invoicing::domain::InvoiceId;
use jiff::civil::{Date, date};
use money::{Currency, Money};
use tonic::Code;
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::till::{
    Bill, Till, amount, applied, by_rule, customer, eur, for_invoice, for_invoices, refusal,
    returned,
};
use contracts::invoicing::ApplicationStep::OldestFirst;

const ON: Date = date(2026, 1, 20);

#[tokio::test]
async fn p3_a_repeated_batch_answers_as_the_first_time() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let batch = [
        for_invoice(invoice, "60.00", ON),
        for_invoice(invoice, "60.00", ON),
    ];
    let first = till.send(OURS, "r1", &batch).await.unwrap();
    assert!(first.metadata().get("recoup-replayed").is_none());
    let again = till.send(OURS, "r1", &batch).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first.into_inner());
    assert_eq!(till.announced::<ApplicationApplied>().await.len(), 2);
    till.close().await;
}

/// The first batch holds one of the two items of the second. What is paid, reversed and paid again in
/// between changes no answer.
#[tokio::test]
async fn p3_an_item_is_answered_as_the_first_time_in_whatever_batch() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let (one, two) = (
        for_invoice(invoice, "60.00", ON),
        for_invoice(invoice, "30.00", ON),
    );
    let alone = till.apply(std::slice::from_ref(&one)).await;
    let both = till.apply(&[two.clone(), one.clone()]).await;
    assert_eq!(both[1], alone[0]);
    assert_eq!(amount(&both[0].balances_after[0].open_amount), "10.00");
    till.reverse(&[returned(&one.application_id, date(2026, 1, 25))])
        .await;
    let later = till.apply(&[one, two]).await;
    assert_eq!(later, [alone[0].clone(), both[0].clone()]);
    assert_eq!(till.standing(invoice).await, ("ISSUED".into(), "70".into()));
    assert_eq!(till.announced::<ApplicationApplied>().await.len(), 2);
    till.close().await;
}

#[tokio::test]
async fn p4_an_id_with_other_content_is_refused_and_that_is_not_kept() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let item = for_invoice(invoice, "60.00", ON);
    let first = till.apply(std::slice::from_ref(&item)).await;
    let mut other = item.clone();
    other.amount = Some(money_to_wire(eur("60.01")));
    assert_eq!(
        till.refused(&other).await,
        (3, "APPLICATION_ID_REUSED".to_owned())
    );
    assert_eq!(till.apply(&[item]).await, first);
    assert_eq!(till.standing(invoice).await, ("ISSUED".into(), "40".into()));
    till.close().await;
}

#[tokio::test]
async fn a_refusal_is_kept_even_when_it_would_not_be_given_any_more() {
    let till = Till::open().await;
    let draft = till.draft(&Bill::of("100.00"));
    let item = for_invoice(draft.invoice_id, "100.00", ON);
    let refused = till.apply(std::slice::from_ref(&item)).await;
    assert_eq!(
        refusal(refused[0].clone()),
        (5, "INVOICE_NOT_FOUND".to_owned())
    );
    let issued = till.issued(draft);
    let invoice = till.store(OURS, issued).await.invoice_id;
    assert_eq!(till.apply(&[item]).await, refused);
    assert_eq!(
        till.standing(invoice).await,
        ("ISSUED".into(), "100".into())
    );
    // The same money under a new id.
    till.pay(&for_invoice(invoice, "100.00", ON)).await;
    till.close().await;
}

#[tokio::test]
async fn what_cannot_be_settled_is_refused_item_by_item_and_the_others_stand() {
    let till = Till::open().await;
    let open = till.owed(&Bill::of("100.00")).await;
    let closed = till.owed(&Bill::of("40.00")).await;
    till.pay(&for_invoice(closed, "40.00", ON)).await;
    let draft = till.draft(&Bill::of("100.00"));
    let draft = till.store(OURS, draft).await.invoice_id;
    let other = Bill {
        customer_id: customer(2),
        ..Bill::of("100.00")
    };
    let other = till.owed(&other).await;
    let yen = Money::parse("5000", Currency::try_new("JPY").unwrap()).unwrap();
    let yen = till
        .owed(&Bill {
            gross: yen,
            ..Bill::of("1")
        })
        .await;
    let void = voided(&till).await;
    let unknown = InvoiceId(Uuid::now_v7());
    let mut nothing = by_rule(&[OldestFirst], "10.00", ON);
    nothing.customer_id = customer(9).0.to_string();
    let cases = [
        (for_invoice(unknown, "10.00", ON), (5, "INVOICE_NOT_FOUND")),
        (for_invoice(draft, "10.00", ON), (5, "INVOICE_NOT_FOUND")),
        (for_invoice(void, "10.00", ON), (9, "INVOICE_VOID")),
        (for_invoice(closed, "10.00", ON), (9, "INVOICE_CLOSED")),
        (for_invoice(yen, "10.00", ON), (9, "CURRENCY_MISMATCH")),
        (for_invoice(other, "10.00", ON), (9, "CUSTOMER_MISMATCH")),
        (
            for_invoices(&[(open, None), (other, None)], "10.00", ON),
            (9, "CUSTOMER_MISMATCH"),
        ),
        (nothing, (9, "NOTHING_OPEN")),
    ];
    let mut batch: Vec<_> = cases.iter().map(|(item, _)| item.clone()).collect();
    batch.push(for_invoices(&[(closed, None), (open, None)], "10.00", ON));
    let mut results = till.apply(&batch).await;
    let stands = applied(results.pop().unwrap());
    assert_eq!(amount(&stands.allocated_amount), "10.00");
    for (result, (_, (code, reason))) in results.into_iter().zip(cases) {
        assert!(result.balances_after.is_empty());
        assert_eq!(refusal(result), (code, reason.to_owned()));
    }
    assert_eq!(till.standing(open).await, ("ISSUED".into(), "90".into()));
    till.close().await;
}

async fn voided(till: &Till) -> InvoiceId {
    let mut invoice = till.issued(till.draft(&Bill::of("100.00")));
    let mut new_id = Uuid::now_v7;
    let mut stamp = invoicing::domain::Stamp::new(invoice.create_time, &mut new_id);
    invoice.void(date(2026, 1, 2), &mut stamp).unwrap();
    till.store(OURS, invoice).await.invoice_id
}

#[tokio::test]
async fn another_tenants_invoice_is_not_there() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let item = for_invoice(invoice, "100.00", ON);
    let answer = till
        .send(THEIRS, "r1", std::slice::from_ref(&item))
        .await
        .unwrap();
    let theirs = refusal(answer.into_inner().results.remove(0));
    assert_eq!(theirs, (5, "INVOICE_NOT_FOUND".to_owned()));
    // The answer is theirs too: ours is another item under the same id.
    till.pay(&item).await;
    assert_eq!(till.standing(invoice).await.0, "CLOSED");
    till.close().await;
}

#[tokio::test]
async fn a_batch_with_an_id_twice_is_refused_whole() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let item = for_invoice(invoice, "10.00", ON);
    let other = for_invoice(invoice, "20.00", ON);
    let refused = till
        .send(OURS, "r1", &[item.clone(), other, item])
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "DUPLICATE_ITEM")
    );
    assert_eq!(fields(&refused), ["applications[2].application_id"]);
    assert_eq!(
        till.standing(invoice).await,
        ("ISSUED".into(), "100".into())
    );
    till.close().await;
}

#[tokio::test]
async fn bad_input_names_every_field_and_nothing_of_the_batch_is_done() {
    let till = Till::open().await;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let good = for_invoice(invoice, "10.00", ON);
    let mut bad = for_invoices(&[(invoice, None), (invoice, Some("-1.00"))], "0.00", ON);
    bad.application_id = Uuid::nil().to_string();
    bad.customer_id = "nobody".to_owned();
    bad.receipt_id.clear();
    bad.receipt_date = None;
    let refused = till
        .send(OURS, "r1", &[good.clone(), bad])
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    let item = |field: &str| format!("applications[1].{field}");
    let expected = [
        "application_id",
        "customer_id",
        "receipt_id",
        "amount",
        "receipt_date",
        "named_invoices.invoices[1].amount",
        "named_invoices.invoices[1]",
    ];
    assert_eq!(fields(&refused), expected.map(item));
    for (field, item) in [
        (
            "target",
            contracts::invoicing::CreditApplication {
                target: None,
                ..good.clone()
            },
        ),
        ("rule.steps", by_rule(&[], "10.00", ON)),
        (
            "rule.steps[1]",
            by_rule(&[OldestFirst, OldestFirst], "10.00", ON),
        ),
        ("named_invoices.invoices", for_invoices(&[], "10.00", ON)),
    ] {
        let refused = till.send(OURS, "r1", &[item]).await.unwrap_err();
        assert_eq!(fields(&refused), [format!("applications[0].{field}")]);
    }
    let refused = till.send(OURS, "r1", &[]).await.unwrap_err();
    assert_eq!(fields(&refused), ["applications"]);
    assert_eq!(
        till.standing(invoice).await,
        ("ISSUED".into(), "100".into())
    );
    assert_eq!(till.count("SELECT count(*) FROM application").await, 0);
    till.close().await;
}

/// 300 items for 100 invoices in one transaction: three instalments of each.
#[tokio::test]
async fn a_batch_of_hundreds_is_one_transaction() {
    let till = Till::open().await;
    let mut batch = Vec::new();
    for number in 0..100_u128 {
        let bill = Bill {
            customer_id: customer(number),
            ..Bill::of("90.00")
        };
        let invoice = till.owed(&bill).await;
        batch.extend(["30.00", "30.00", "31.00"].map(|paid| {
            let mut item = for_invoice(invoice, paid, ON);
            item.customer_id = customer(number).0.to_string();
            item
        }));
    }
    let results = till.apply(&batch).await;
    let all_applied = results
        .iter()
        .all(|one| matches!(one.outcome, Some(Outcome::Application(_))));
    assert!(all_applied);
    assert_eq!(
        till.count("SELECT count(*) FROM invoice WHERE state = 'CLOSED'")
            .await,
        100
    );
    assert_eq!(
        till.count("SELECT sum(rest_amount)::bigint FROM application")
            .await,
        100
    );
    assert_eq!(
        till.count("SELECT count(DISTINCT xmin::text) FROM application")
            .await,
        1
    );
    assert_eq!(till.announced::<ApplicationApplied>().await.len(), 300);
    till.close().await;
}
