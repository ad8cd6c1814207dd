//! ReceiptApplicationService while all goes well: money reaches invoices by name and by rule, and
//! comes back.

use contracts::convert::date_to_wire;
use contracts::invoicing as invoicing_wire;
use contracts::invoicing::invoice_content::Customer;
use contracts::payments::{
    ApplyReceiptRequest, GetReceiptApplicationRequest, ListReceiptApplicationsRequest, Receipt,
    ReceiptApplication, ReceiptApplicationRefused, ReceiptApplicationState, ReceiptApplied,
    ReceiptReversed, ReceiptState, ReceiptUnapplied, RecordReceiptRequest, Remittance,
    UnapplyReceiptRequest,
};
use jiff::civil::date;
use tonic::Code;
use uuid::Uuid;

use crate::fixture::{OTHER, OURS, PAYER, THEIRS, World, fields, reason};
use crate::samples::{apply, by_rule, eur, named, record, reverse, sums, unapply};

fn states(applications: &[ReceiptApplication]) -> Vec<ReceiptApplicationState> {
    applications.iter().map(ReceiptApplication::state).collect()
}

#[tokio::test]
async fn money_goes_to_named_invoices_in_their_order_and_the_rest_stays() {
    let world = World::start().await;
    let (one, two) = (
        world.invoicing.owes(PAYER, "60.00"),
        world.invoicing.owes(PAYER, "30.00"),
    );
    let receipt = world.receipt("100.00").await;
    let answer = world
        .applied(apply("a1", &receipt, None, named(&[two, one])))
        .await
        .unwrap();
    let after = answer.receipt.unwrap();
    assert_eq!(sums(&after), ["90.00", "0.00", "10.00"]);
    assert_eq!(world.now(&receipt).await, after);
    let [application] = answer.applications.try_into().unwrap();
    assert_eq!(application.state(), ReceiptApplicationState::Applied);
    assert_eq!(application.rest_amount, Some(eur("10.00")));
    let settled: Vec<&str> = application
        .allocations
        .iter()
        .map(|allocation| allocation.invoice_id.as_str())
        .collect();
    assert_eq!(settled, [two.to_string(), one.to_string()]);
    assert_eq!(application.decision.as_ref().unwrap().outcome, "NAMED");
    let [told] = world.told::<ReceiptApplied>().await.try_into().unwrap();
    let announced = ReceiptApplication {
        decision: None,
        ..application.clone()
    };
    assert_eq!(told.application.unwrap(), announced);
    assert_eq!(sums(&told.receipt.unwrap()), ["90.00", "0.00", "10.00"]);
    let read = GetReceiptApplicationRequest {
        application_id: application.application_id.clone(),
    };
    let read = world.signed(OURS, read);
    let read = world
        .applications()
        .get_receipt_application(read)
        .await
        .unwrap();
    assert_eq!(read.into_inner().application.unwrap(), application);
    world.books_add_up().await;
}

#[tokio::test]
async fn what_invoicing_refuses_is_an_answer_and_the_money_is_unapplied_again() {
    let world = World::start().await;
    let receipt = world.receipt("100.00").await;
    let nothing = Uuid::now_v7();
    let answer = world
        .applied(apply("a1", &receipt, None, named(&[nothing])))
        .await
        .unwrap();
    assert_eq!(
        states(&answer.applications),
        [ReceiptApplicationState::Refused]
    );
    let refusal = answer.applications[0].refusal.clone().unwrap();
    assert_eq!(
        (refusal.code, refusal.reason.as_str()),
        (5, "INVOICE_NOT_FOUND")
    );
    assert_eq!(sums(&answer.receipt.unwrap()), ["0.00", "0.00", "100.00"]);
    let [told] = world
        .told::<ReceiptApplicationRefused>()
        .await
        .try_into()
        .unwrap();
    assert_eq!(told.application.unwrap().refusal.unwrap(), refusal);
    world.books_add_up().await;
}

/// Lets payments know of an invoice, as the feed of invoicing would.
async fn announce(world: &World, invoice_id: Uuid, number: &str, open: &str) {
    let balance = invoicing_wire::InvoiceBalance {
        open_amount: Some(eur(open)),
        version: 1,
        ..invoicing_wire::InvoiceBalance::default()
    };
    let invoice = invoicing_wire::Invoice {
        invoice_id: invoice_id.to_string(),
        invoice_number: number.to_owned(),
        content: Some(invoicing_wire::InvoiceContent {
            customer: Some(Customer::CustomerId(PAYER.0.to_string())),
            invoice_date: Some(date_to_wire(date(2026, 2, 1))),
            ..invoicing_wire::InvoiceContent::default()
        }),
        ..invoicing_wire::Invoice::default()
    };
    let data = invoicing_wire::InvoiceIssued {
        invoice: Some(invoice),
        balance_after: Some(balance),
        imported: false,
    };
    world
        .invoicing
        .feed
        .announce("invoicing", OURS.uuid(), invoice_id, 1, &data);
    testkit::eventually(
        std::time::Duration::from_secs(10),
        "the invoice is known",
        async || {
            let known = "SELECT count(*) FROM invoice";
            world.count(known).await > 0
        },
    )
    .await;
}

#[tokio::test]
async fn ca_1_by_rule_what_is_quoted_comes_first_and_the_rest_goes_to_the_oldest() {
    let world = World::start().await;
    let oldest = world.invoicing.owes(PAYER, "80.00");
    let quoted = world.invoicing.owes(PAYER, "30.00");
    announce(&world, quoted, "INV-000123", "30.00").await;
    let request = RecordReceiptRequest {
        remittance: Some(Remittance {
            text: "for inv 123, thanks".to_owned(),
            ..Remittance::default()
        }),
        ..record("r1", "100.00", Some(PAYER))
    };
    let receipt = world.recorded(request).await;
    let answer = world
        .applied(apply("a1", &receipt, None, by_rule()))
        .await
        .unwrap();
    let outcomes: Vec<&str> = answer
        .applications
        .iter()
        .map(|one| one.decision.as_ref().unwrap().outcome.as_str())
        .collect();
    assert_eq!(outcomes, ["QUOTED", "RULE"]);
    assert_eq!(answer.applications[1].amount, Some(eur("70.00")));
    assert_eq!(sums(&answer.receipt.unwrap()), ["100.00", "0.00", "0.00"]);
    assert_eq!(
        (world.invoicing.open(quoted), world.invoicing.open(oldest)),
        ("0.00".into(), "10.00".into())
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn ca_1_by_rule_the_one_exact_invoice_goes_before_the_oldest() {
    let world = World::start().await;
    let oldest = world.invoicing.owes(PAYER, "80.00");
    let exact = world.invoicing.owes(PAYER, "45.00");
    let receipt = world.receipt("45.00").await;
    let answer = world
        .applied(apply("a1", &receipt, None, by_rule()))
        .await
        .unwrap();
    assert_eq!(
        states(&answer.applications),
        [ReceiptApplicationState::Applied]
    );
    assert_eq!(
        (world.invoicing.open(exact), world.invoicing.open(oldest)),
        ("0.00".into(), "80.00".into())
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn a_rule_that_finds_no_reference_applies_nothing() {
    let world = World::start().await;
    let receipt = world.receipt("45.00").await;
    let rule = contracts::payments::ReceiptRule {
        steps: vec![contracts::payments::ReceiptRuleStep::Reference.into()],
        include_disputed: false,
    };
    let target = contracts::payments::apply_receipt_request::Target::Rule(rule);
    let ask = || apply("a1", &receipt, None, target.clone());
    let answer = world.applied(ask()).await.unwrap();
    assert_eq!(answer.applications, []);
    assert_eq!(world.applied(ask()).await.unwrap(), answer);
    assert_eq!(world.invoicing.asked(), 0);
    world.books_add_up().await;
}

#[tokio::test]
async fn what_the_rules_of_a_receipt_refuse_reserves_nothing() {
    let world = World::start().await;
    let receipt = world.receipt("50.00").await;
    let nobodys = world.recorded(record("r2", "50.00", None)).await;
    let invoice = world.invoicing.owes(PAYER, "500.00");
    let stale = ApplyReceiptRequest {
        etag: "7".to_owned(),
        ..apply("a1", &receipt, None, named(&[invoice]))
    };
    let in_dollars = ApplyReceiptRequest {
        amount: Some(contracts::common::Money {
            currency_code: "USD".to_owned(),
            amount: "1.00".to_owned(),
        }),
        ..apply("a1", &receipt, None, named(&[invoice]))
    };
    let missing = Receipt {
        receipt_id: Uuid::now_v7().to_string(),
        ..Receipt::default()
    };
    for (request, code, expected) in [
        (
            apply("a1", &receipt, Some("50.01"), named(&[invoice])),
            Code::FailedPrecondition,
            "AMOUNT_EXCEEDS_UNAPPLIED",
        ),
        (in_dollars, Code::FailedPrecondition, "CURRENCY_MISMATCH"),
        (
            apply("a1", &nobodys, None, named(&[invoice])),
            Code::FailedPrecondition,
            "RECEIPT_NOT_ASSIGNED",
        ),
        (
            apply("a1", &missing, None, by_rule()),
            Code::NotFound,
            "RECEIPT_NOT_FOUND",
        ),
        (stale, Code::Aborted, "STALE_ETAG"),
    ] {
        let refused = world.applied(request).await.unwrap_err();
        assert_eq!(
            (refused.code(), reason(&refused).as_str()),
            (code, expected)
        );
    }
    let twice = apply("a1", &receipt, None, named(&[invoice, invoice]));
    assert_eq!(
        fields(&world.applied(twice).await.unwrap_err()),
        ["named_invoices.invoices[1]"]
    );
    assert_eq!(world.count("SELECT count(*) FROM operation").await, 0);
    assert_eq!(world.invoicing.asked(), 0);
    world.books_add_up().await;
}

#[tokio::test]
async fn a_parent_pays_for_its_subsidiary() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(OTHER, "50.00");
    let receipt = world.receipt("50.00").await;
    let request = ApplyReceiptRequest {
        customer_id: OTHER.0.to_string(),
        ..apply("a1", &receipt, None, named(&[invoice]))
    };
    let answer = world.applied(request).await.unwrap();
    assert_eq!(answer.applications[0].customer_id, OTHER.0.to_string());
    assert_eq!(answer.receipt.unwrap().customer_id, PAYER.0.to_string());
    world.books_add_up().await;
}

#[tokio::test]
async fn ca_7_what_is_unapplied_is_open_again_by_an_entry_with_its_own_day() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let answer = world
        .applied(apply("a1", &receipt, None, named(&[invoice])))
        .await
        .unwrap();
    let application = &answer.applications[0];
    let ask = || world.signed(OURS, unapply("u1", application));
    let taken = world
        .applications()
        .unapply_receipt(ask())
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        sums(taken.receipt.as_ref().unwrap()),
        ["0.00", "0.00", "100.00"]
    );
    let reversed = taken.application.clone().unwrap();
    assert_eq!(reversed.state(), ReceiptApplicationState::Reversed);
    assert_eq!(
        reversed.allocated_amount,
        Some(eur("60.00")),
        "the record stays"
    );
    let reversal = reversed.reversal.clone().unwrap();
    assert_eq!(
        reversal.reversal_date,
        Some(date_to_wire(date(2026, 3, 10)))
    );
    assert_eq!(reversal.reopened[0].open_amount_after, Some(eur("60.00")));
    assert_eq!(world.invoicing.open(invoice), "60.00");
    // The same request answers the same; another one finds that it is taken back (P6).
    let again = world.applications().unapply_receipt(ask()).await.unwrap();
    assert_eq!(again.into_inner(), taken);
    let other = world.signed(OURS, unapply("u2", application));
    let refused = world
        .applications()
        .unapply_receipt(other)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "APPLICATION_REVERSED");
    let [told] = world.told::<ReceiptUnapplied>().await.try_into().unwrap();
    assert_eq!(told.application.unwrap().reversal.unwrap(), reversal);
    let entries = "SELECT count(*) FROM receipt_entry
                    WHERE kind = 'UNALLOCATED' AND entry_date = '2026-03-10'";
    assert_eq!(world.count(entries).await, 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn what_was_refused_or_is_too_early_cannot_be_taken_back() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let nothing = apply("a1", &receipt, Some("10.00"), named(&[Uuid::now_v7()]));
    let refused = world.applied(nothing).await.unwrap().applications.remove(0);
    let request = world.signed(OURS, unapply("u1", &refused));
    let answer = world
        .applications()
        .unapply_receipt(request)
        .await
        .unwrap_err();
    assert_eq!(reason(&answer), "APPLICATION_NOT_APPLIED");
    let applied = world
        .applied(apply("a2", &receipt, None, named(&[invoice])))
        .await
        .unwrap();
    let early = UnapplyReceiptRequest {
        reversal_date: Some(date_to_wire(date(2026, 2, 28))),
        ..unapply("u2", &applied.applications[0])
    };
    let early = world.signed(OURS, early);
    let answer = world
        .applications()
        .unapply_receipt(early)
        .await
        .unwrap_err();
    assert_eq!(fields(&answer), ["reversal_date"]);
    let theirs = world.signed(THEIRS, unapply("u3", &applied.applications[0]));
    let answer = world
        .applications()
        .unapply_receipt(theirs)
        .await
        .unwrap_err();
    assert_eq!(
        (answer.code(), reason(&answer).as_str()),
        (Code::NotFound, "APPLICATION_NOT_FOUND")
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn p_6_a_receipt_is_taken_back_once_all_its_applications_before_it() {
    let world = World::start().await;
    let (one, two) = (
        world.invoicing.owes(PAYER, "60.00"),
        world.invoicing.owes(PAYER, "30.00"),
    );
    let receipt = world.receipt("100.00").await;
    for (request_id, invoice) in [("a1", one), ("a2", two)] {
        let amount = Some(if invoice == one { "60.00" } else { "30.00" });
        let request = apply(request_id, &receipt, amount, named(&[invoice]));
        world.applied(request).await.unwrap();
    }
    let ask = |request_id: &str| world.signed(OURS, reverse(request_id, &receipt));
    let answer = world
        .receipts()
        .reverse_receipt(ask("x1"))
        .await
        .unwrap()
        .into_inner();
    let taken = answer.receipt.clone().unwrap();
    assert_eq!(taken.state(), ReceiptState::Reversed);
    assert_eq!(taken.returned_amount, Some(eur("100.00")));
    assert_eq!(
        states(&answer.applications),
        [ReceiptApplicationState::Reversed; 2]
    );
    assert_eq!(
        (world.invoicing.open(one), world.invoicing.open(two)),
        ("60.00".into(), "30.00".into())
    );
    let again = world.receipts().reverse_receipt(ask("x1")).await.unwrap();
    assert_eq!(again.into_inner(), answer);
    let refused = world
        .receipts()
        .reverse_receipt(ask("x2"))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "RECEIPT_REVERSED")
    );
    assert_eq!(world.told::<ReceiptUnapplied>().await.len(), 2);
    let [told] = world.told::<ReceiptReversed>().await.try_into().unwrap();
    assert_eq!(told.returned_amount, Some(eur("100.00")));
    assert_eq!(
        told.receipt.unwrap().reversal.unwrap().note,
        "",
        "notes may name people"
    );
    let order = "SELECT count(*) FROM event AS unapplied, event AS reversed
                  WHERE unapplied.type LIKE '%ReceiptUnapplied'
                    AND reversed.type LIKE '%ReceiptReversed'
                    AND unapplied.position > reversed.position";
    assert_eq!(world.count(order).await, 0);
    world.books_add_up().await;
}

#[tokio::test]
async fn a_receipt_without_applications_is_taken_back_without_asking() {
    let world = World::start().await;
    let receipt = world.receipt("100.00").await;
    let request = world.signed(OURS, reverse("x1", &receipt));
    let answer = world
        .receipts()
        .reverse_receipt(request)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.receipt.unwrap().state(), ReceiptState::Reversed);
    assert_eq!(world.invoicing.asked(), 0);
    let spent = world
        .applied(apply("a1", &receipt, None, by_rule()))
        .await
        .unwrap_err();
    assert_eq!(reason(&spent), "RECEIPT_REVERSED");
    world.books_add_up().await;
}

#[tokio::test]
async fn applications_are_listed_newest_first_by_what_they_are_of() {
    let world = World::start().await;
    let invoice = world.invoicing.owes(PAYER, "60.00");
    let receipt = world.receipt("100.00").await;
    let first = world
        .applied(apply("a1", &receipt, Some("10.00"), named(&[invoice])))
        .await;
    let first = first.unwrap().applications.remove(0);
    let second = apply("a2", &receipt, Some("10.00"), named(&[Uuid::now_v7()]));
    let second = world.applied(second).await.unwrap().applications.remove(0);
    let list = |request: ListReceiptApplicationsRequest| {
        let (mut client, asked) = (world.applications(), world.signed(OURS, request));
        async move {
            client
                .list_receipt_applications(asked)
                .await
                .unwrap()
                .into_inner()
        }
    };
    let of_receipt = ListReceiptApplicationsRequest {
        receipt_id: Some(receipt.receipt_id.clone()),
        page_size: 1,
        ..ListReceiptApplicationsRequest::default()
    };
    let page = list(of_receipt.clone()).await;
    assert_eq!(page.applications, [second]);
    let next = ListReceiptApplicationsRequest {
        page_token: page.next_page_token,
        ..of_receipt
    };
    assert_eq!(list(next).await.applications, std::slice::from_ref(&first));
    let applied = ListReceiptApplicationsRequest {
        states: vec![ReceiptApplicationState::Applied.into()],
        customer_id: Some(PAYER.0.to_string()),
        ..ListReceiptApplicationsRequest::default()
    };
    assert_eq!(list(applied).await.applications, [first]);
}
