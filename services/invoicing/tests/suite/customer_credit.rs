//! CustomerCreditService: what we owe a customer settles what the customer owes.

use contracts::convert::money_to_wire;
use contracts::invoicing::apply_customer_credit_request::Target;
use contracts::invoicing::customer_credit_service_client::CustomerCreditServiceClient;
use contracts::invoicing::issue_credit_note_request::Extent;
use contracts::invoicing::{
    ApplicationRule, ApplicationStep, ApplyCustomerCreditRequest, ApplyCustomerCreditResponse,
    ClosingKind, CreditNoteReason, CustomerCreditApplied, InvoiceState, IssueCreditNoteRequest,
    ListCustomerCreditsRequest, NamedInvoice, NamedInvoices, StandAloneCredit,
};
use futures_util::future::join_all;
use invoicing::domain::{CustomerCreditId, InvoiceId};
use jiff::civil::date;
use money::{Currency, Money};
use postgres::TenantId;
use tonic::{Code, Response, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::office::{Office, line, request_id};
use crate::till::{Bill, Till, amount, customer, eur, for_invoice, patiently};

/// A credit of customer 1, as a credit note that stands alone leaves it.
async fn credited(office: &Office, credited: Money) -> CustomerCreditId {
    let request = IssueCreditNoteRequest {
        request_id: request_id(),
        extent: Some(Extent::StandAlone(StandAloneCredit {
            customer_id: customer(1).0.to_string(),
            currency_code: credited.currency().code().to_owned(),
            lines: vec![line(&credited.to_amount_string())],
        })),
        reason: CreditNoteReason::Goodwill.into(),
        ..IssueCreditNoteRequest::default()
    };
    let answer = office.credit(OURS, &request).await.unwrap().into_inner();
    let note = answer.credit_note.unwrap();
    CustomerCreditId(note.customer_credit_id.parse().unwrap())
}

fn yen() -> Money {
    Money::parse("5000", Currency::try_new("JPY").unwrap()).unwrap()
}

fn named(invoices: &[InvoiceId]) -> Target {
    let named = |invoice_id: &InvoiceId| NamedInvoice {
        invoice_id: invoice_id.0.to_string(),
        amount: None,
    };
    let invoices = invoices.iter().map(named).collect();
    Target::NamedInvoices(NamedInvoices { invoices })
}

fn oldest_first() -> Target {
    Target::Rule(ApplicationRule {
        steps: vec![ApplicationStep::OldestFirst.into()],
        include_disputed: false,
    })
}

fn order(
    credit: CustomerCreditId,
    used: Option<&str>,
    target: Target,
) -> ApplyCustomerCreditRequest {
    ApplyCustomerCreditRequest {
        request_id: request_id(),
        customer_credit_id: credit.0.to_string(),
        amount: used.map(|used| money_to_wire(eur(used))),
        target: Some(target),
        etag: String::new(),
    }
}

async fn send(
    till: &Till,
    tenant: TenantId,
    order: &ApplyCustomerCreditRequest,
) -> Result<Response<ApplyCustomerCreditResponse>, Status> {
    let mut client = CustomerCreditServiceClient::new(till.world.channel());
    client
        .apply_customer_credit(till.world.signed(tenant, order.clone()))
        .await
}

async fn used(till: &Till, order: &ApplyCustomerCreditRequest) -> ApplyCustomerCreditResponse {
    send(till, OURS, order).await.unwrap().into_inner()
}

/// 150.00 of credit for 100.00, which offers 2 % until 30 June: credit earns none of it.
#[tokio::test]
async fn credit_settles_without_discount_and_the_rest_of_it_stays() {
    let office = Office::open().await;
    let till = &office.till;
    let bill = Bill {
        terms: "net 180",
        offer: "2/180",
        ..Bill::of("100.00")
    };
    let invoice = till.owed(&bill).await;
    let credit = credited(&office, eur("150.00")).await;
    let answer = used(till, &order(credit, None, named(&[invoice]))).await;
    let application = answer.application.as_ref().unwrap();
    assert_eq!(amount(&application.amount), "100.00");
    assert_eq!(
        crate::till::day(&application.application_date),
        Some(date(2026, 3, 1))
    );
    let first = &application.allocations[0];
    assert_eq!(
        [&first.amount, &first.discount_amount].map(amount),
        ["100.00", "0.00"]
    );
    let balance = &answer.balances_after[0];
    assert_eq!(
        (balance.state(), balance.closing_kind()),
        (InvoiceState::Closed, ClosingKind::Credit)
    );
    let left = answer.customer_credit.as_ref().unwrap();
    assert_eq!(
        [&left.original_amount, &left.open_amount].map(amount),
        ["150.00", "50.00"]
    );
    let told = till.announced::<CustomerCreditApplied>().await;
    let [told] = told.as_slice() else {
        panic!("{told:?}")
    };
    assert_eq!(told.application, answer.application);
    assert_eq!(told.balances_after, answer.balances_after);
    let total = told.customer_credit_after.as_ref().unwrap();
    assert_eq!((amount(&total.open_amount), total.version), ("50.00", 3));
    office.close().await;
}

#[tokio::test]
async fn p3_a_repeat_uses_nothing_and_answers_as_the_first_time() {
    let office = Office::open().await;
    let till = &office.till;
    till.owed(&Bill::of("100.00")).await;
    let credit = credited(&office, eur("60.00")).await;
    let order = order(credit, Some("40.00"), oldest_first());
    let first = send(till, OURS, &order).await.unwrap();
    let again = send(till, OURS, &order).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first.into_inner());
    assert_eq!(
        till.count("SELECT sum(open_amount)::bigint FROM customer_credit")
            .await,
        20
    );
    office.close().await;
}

#[tokio::test]
async fn what_credit_cannot_settle_is_refused_with_its_reason() {
    use Code::{Aborted, FailedPrecondition, NotFound};
    let office = Office::open().await;
    let till = &office.till;
    let open = till.owed(&Bill::of("100.00")).await;
    let closed = till.owed(&Bill::of("10.00")).await;
    let money = for_invoice(closed, "10.00", date(2026, 1, 20));
    till.pay(&money).await;
    let other = Bill {
        customer_id: customer(2),
        ..Bill::of("100.00")
    };
    let other = till.owed(&other).await;
    let unknown = CustomerCreditId(Uuid::now_v7());
    let credit = credited(&office, eur("60.00")).await;
    let yen_credit = credited(&office, yen()).await;
    let on = |credit, invoice| order(credit, None, named(&[invoice]));
    let mut stale = on(credit, open);
    stale.etag = "0".to_owned();
    let mut in_yen = on(credit, open);
    in_yen.amount = Some(money_to_wire(yen()));
    let too_much = order(credit, Some("60.01"), named(&[open]));
    let by_rule = order(yen_credit, None, oldest_first());
    let nowhere = InvoiceId(Uuid::now_v7());
    for (order, code, expected) in [
        (on(unknown, open), NotFound, "CUSTOMER_CREDIT_NOT_FOUND"),
        (on(credit, nowhere), NotFound, "INVOICE_NOT_FOUND"),
        (too_much, FailedPrecondition, "CREDIT_USED_UP"),
        (on(credit, closed), FailedPrecondition, "INVOICE_CLOSED"),
        (on(credit, other), FailedPrecondition, "CUSTOMER_MISMATCH"),
        (
            on(yen_credit, open),
            FailedPrecondition,
            "CURRENCY_MISMATCH",
        ),
        (by_rule, FailedPrecondition, "NOTHING_OPEN"),
        (in_yen, FailedPrecondition, "CURRENCY_MISMATCH"),
        (stale, Aborted, "STALE_ETAG"),
    ] {
        let refused = send(till, OURS, &order).await.unwrap_err();
        let told = (refused.code(), reason(&refused));
        assert_eq!(told, (code, expected.to_owned()));
    }
    assert_eq!(till.standing(open).await, ("ISSUED".into(), "100".into()));
    office.close().await;
}

#[tokio::test]
async fn another_tenants_credit_is_not_there() {
    let office = Office::open().await;
    let till = &office.till;
    let invoice = till.owed(&Bill::of("100.00")).await;
    let credit = credited(&office, eur("60.00")).await;
    let order = order(credit, None, named(&[invoice]));
    let refused = send(till, THEIRS, &order).await.unwrap_err();
    let told = (refused.code(), reason(&refused));
    assert_eq!(
        told,
        (Code::NotFound, "CUSTOMER_CREDIT_NOT_FOUND".to_owned())
    );
    office.close().await;
}

#[tokio::test]
async fn a_tenant_that_credit_has_not_announced_has_no_day() {
    let till = Till::open().await;
    let order = order(CustomerCreditId(Uuid::now_v7()), None, oldest_first());
    let refused = send(&till, OURS, &order).await.unwrap_err();
    let told = (refused.code(), reason(&refused));
    assert_eq!(told, (Code::Unavailable, "TENANT_NOT_YET_KNOWN".to_owned()));
    till.close().await;
}

#[tokio::test]
async fn bad_input_names_its_fields() {
    let till = Till::open().await;
    let bad = ApplyCustomerCreditRequest {
        request_id: "r1".to_owned(),
        customer_credit_id: String::new(),
        amount: Some(money_to_wire(eur("0.00"))),
        target: None,
        etag: String::new(),
    };
    let refused = send(&till, OURS, &bad).await.unwrap_err();
    assert_eq!(fields(&refused), ["customer_credit_id", "amount", "target"]);
    till.close().await;
}

/// 16 × 10.00 of 100.00 at once, while money settles the same invoices.
#[tokio::test]
async fn p5_no_more_credit_is_used_than_is_there() {
    let office = Office::open().await;
    let till = &office.till;
    let mut invoices = Vec::new();
    for _ in 0..3 {
        invoices.push(till.owed(&Bill::of("70.00")).await);
    }
    let credit = credited(&office, eur("100.00")).await;
    let orders: Vec<_> = (0..16_usize)
        .map(|turn| {
            let mut named_invoices = invoices.clone();
            named_invoices.rotate_left(turn % 3);
            order(credit, Some("10.00"), named(&named_invoices))
        })
        .collect();
    let uses = orders
        .iter()
        .map(async |order| patiently(async || send(till, OURS, order).await).await);
    let money = invoices.iter().map(async |invoice| {
        let item = for_invoice(*invoice, "10.00", date(2026, 1, 20));
        let (id, batch) = (item.application_id.clone(), [item]);
        let answer = patiently(async || till.send(OURS, &id, &batch).await).await;
        answer.unwrap()
    });
    let (uses, paid) = (join_all(uses), join_all(money));
    let (uses, _) = tokio::join!(uses, paid);
    let refused: Vec<_> = uses.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 6);
    assert!(
        refused.iter().all(|one| reason(one) == "CREDIT_USED_UP"),
        "{refused:?}"
    );
    assert_eq!(
        till.count("SELECT sum(open_amount)::bigint FROM open_item")
            .await,
        80
    );
    office.till.close_without_deadlock().await;
}

#[tokio::test]
async fn credits_are_listed_oldest_first_without_the_used_up_ones() {
    let office = Office::open().await;
    let till = &office.till;
    till.owed(&Bill::of("100.00")).await;
    let (one, two, three) = (
        credited(&office, eur("10.00")).await,
        credited(&office, eur("20.00")).await,
        credited(&office, yen()).await,
    );
    used(till, &order(one, None, oldest_first())).await;
    let list = async |tenant, asked: ListCustomerCreditsRequest| {
        let mut client = CustomerCreditServiceClient::new(till.world.channel());
        let asked = till.world.signed(tenant, asked);
        let page = client
            .list_customer_credits(asked)
            .await
            .unwrap()
            .into_inner();
        let ids = page
            .customer_credits
            .iter()
            .map(|one| one.customer_credit_id.clone());
        (ids.collect::<Vec<_>>(), page.next_page_token)
    };
    let [one, two, three] = [one, two, three].map(|id| id.0.to_string());
    let all = ListCustomerCreditsRequest::default();
    assert_eq!(
        list(OURS, all.clone()).await.0,
        [two.clone(), three.clone()]
    );
    assert!(list(THEIRS, all.clone()).await.0.is_empty());
    let in_euros = ListCustomerCreditsRequest {
        currency_code: Some("EUR".to_owned()),
        include_used_up: true,
        ..all.clone()
    };
    assert_eq!(list(OURS, in_euros).await.0, [one, two.clone()]);
    let of_nobody = ListCustomerCreditsRequest {
        customer_id: Some(Uuid::now_v7().to_string()),
        ..all.clone()
    };
    assert!(list(OURS, of_nobody).await.0.is_empty());
    let (first, page_token) = list(
        OURS,
        ListCustomerCreditsRequest {
            page_size: 1,
            ..all.clone()
        },
    )
    .await;
    let (second, end) = list(
        OURS,
        ListCustomerCreditsRequest {
            page_size: 1,
            page_token,
            ..all
        },
    )
    .await;
    assert_eq!(
        ([first, second].concat(), end.as_str()),
        (vec![two, three], "")
    );
    office.close().await;
}
