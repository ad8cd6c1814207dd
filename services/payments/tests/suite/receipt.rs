//! ReceiptService: recorded once, assigned, refunded, found again, closed to other tenants.

use contracts::convert::date_to_wire;
use contracts::payments::get_receipt_request::Key;
use contracts::payments::{
    AgencyRemittanceLine, AssignReceiptRequest, GetReceiptRequest, GetUnappliedCashRequest,
    ListReceiptsRequest, Receipt, ReceiptAssigned, ReceiptMethod, ReceiptRecorded,
    RecordReceiptRequest, RefundUnappliedCashRequest, Remittance, UnappliedCash,
    UnappliedCashChanged, UnappliedCashRefunded,
};
use jiff::civil::date;
use payments::domain::CustomerId;
use postgres::TenantId;
use tonic::Code;
use uuid::Uuid;

use crate::fixture::{OTHER, OURS, PAYER, THEIRS, World, fields, reason};
use crate::samples::{eur, record, sums};

fn assign(request_id: &str, receipt: &Receipt, customer: CustomerId) -> AssignReceiptRequest {
    AssignReceiptRequest {
        request_id: request_id.to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        customer_id: customer.0.to_string(),
        etag: receipt.etag.clone(),
    }
}

fn refund(request_id: &str, receipt: &Receipt, amount: &str) -> RefundUnappliedCashRequest {
    RefundUnappliedCashRequest {
        request_id: request_id.to_owned(),
        receipt_id: receipt.receipt_id.clone(),
        amount: Some(eur(amount)),
        note: "paid twice".to_owned(),
        refund_date: None,
        etag: receipt.etag.clone(),
    }
}

async fn cash(world: &World, tenant: TenantId, customer: CustomerId) -> Vec<UnappliedCash> {
    let customer_id = customer.0.to_string();
    let request = world.signed(tenant, GetUnappliedCashRequest { customer_id });
    let answer = world.receipts().get_unapplied_cash(request).await;
    answer.unwrap().into_inner().unapplied_cash
}

/// The amounts of a customer's cash.
async fn amounts(world: &World, customer: CustomerId) -> Vec<String> {
    let entries = cash(world, OURS, customer).await;
    let amount = |cash: UnappliedCash| cash.unapplied_amount.unwrap().amount;
    entries.into_iter().map(amount).collect()
}

#[tokio::test]
async fn p_1_recorded_money_is_unapplied_and_told_with_full_facts() {
    let world = World::start().await;
    let request = RecordReceiptRequest {
        external_id: "bank-1".to_owned(),
        remittance: Some(Remittance {
            text: " INV-1 \n thanks ".to_owned(),
            payer_name: "P. Ayer".to_owned(),
            ..Remittance::default()
        }),
        ..record("r1", "100.00", Some(PAYER))
    };
    let receipt = world.recorded(request).await;
    assert_eq!(sums(&receipt), ["0.00", "0.00", "100.00"]);
    assert_eq!(receipt.remittance.as_ref().unwrap().text, "INV-1 thanks");
    assert_eq!(amounts(&world, PAYER).await, ["100.00"]);
    let [told] = world.told::<ReceiptRecorded>().await.try_into().unwrap();
    let told = told.receipt.unwrap();
    let announced = Receipt {
        remittance: None,
        etag: String::new(),
        ..receipt.clone()
    };
    assert_eq!(told, announced, "all but what names people");
    let [changed] = world
        .told::<UnappliedCashChanged>()
        .await
        .try_into()
        .unwrap();
    assert_eq!(
        changed.unapplied_cash.unwrap(),
        cash(&world, OURS, PAYER).await[0]
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn p3_p4_one_request_records_once_and_other_content_is_refused() {
    let world = World::start().await;
    let ask = |amount| world.signed(OURS, record("r1", amount, None));
    let first = world.receipts().record_receipt(ask("5.00")).await.unwrap();
    let again = world.receipts().record_receipt(ask("5.00")).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first.into_inner());
    let other = world
        .receipts()
        .record_receipt(ask("6.00"))
        .await
        .unwrap_err();
    assert_eq!(reason(&other), "REQUEST_ID_REUSED");
    assert_eq!(world.count("SELECT count(*) FROM receipt").await, 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn p_7_an_identity_is_taken_once_and_for_all() {
    let world = World::start().await;
    let id = Uuid::now_v7().to_string();
    let by = |request_id: &str, receipt_id: &str, external_id: &str| RecordReceiptRequest {
        receipt_id: receipt_id.to_owned(),
        external_id: external_id.to_owned(),
        ..record(request_id, "5.00", Some(PAYER))
    };
    world.recorded(by("r1", &id, "x")).await;
    for (request_id, receipt_id, external_id) in [("r2", id.as_str(), ""), ("r3", "", "x")] {
        let request = world.signed(OURS, by(request_id, receipt_id, external_id));
        let refused = world.receipts().record_receipt(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::AlreadyExists);
        assert_eq!(reason(&refused), "RECEIPT_EXISTS");
    }
    let key = Some(Key::ExternalId("x".to_owned()));
    let request = world.signed(OURS, GetReceiptRequest { key });
    let found = world.receipts().get_receipt(request).await.unwrap();
    assert_eq!(found.into_inner().receipt.unwrap().receipt_id, id);
    // Another tenant's identities are its own.
    let theirs = world.signed(THEIRS, by("r4", "", "x"));
    assert!(world.receipts().record_receipt(theirs).await.is_ok());
    assert_eq!(amounts(&world, PAYER).await, ["5.00"]);
    world.books_add_up().await;
}

#[tokio::test]
async fn all_that_is_wrong_with_a_receipt_is_told_at_once() {
    let world = World::start().await;
    let request = RecordReceiptRequest {
        receipt_id: "7".to_owned(),
        customer_id: "x".to_owned(),
        method: ReceiptMethod::Unspecified.into(),
        amount: Some(eur("0.00")),
        receipt_date: None,
        ..record("r1", "1.00", None)
    };
    let request = world.signed(OURS, request);
    let refused = world.receipts().record_receipt(request).await.unwrap_err();
    let expected = [
        "method",
        "receipt_id",
        "customer_id",
        "amount",
        "receipt_date",
    ];
    assert_eq!(fields(&refused), expected);
}

#[tokio::test]
async fn p22_which_day_it_is_says_the_tenants_zone() {
    let world = World::start().await;
    let eleventh = || {
        let request = RecordReceiptRequest {
            receipt_date: Some(date_to_wire(date(2026, 3, 11))),
            ..record("r1", "1.00", None)
        };
        world.signed(OURS, request)
    };
    world
        .clock
        .set("2026-03-10T22:59:59Z".parse().unwrap())
        .unwrap();
    let refused = world
        .receipts()
        .record_receipt(eleventh())
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["receipt_date"]);
    // Midnight in Berlin.
    world
        .clock
        .set("2026-03-10T23:00:00Z".parse().unwrap())
        .unwrap();
    assert!(world.receipts().record_receipt(eleventh()).await.is_ok());
}

#[tokio::test]
async fn ay_6_agency_money_is_recorded_by_the_agency_service_once_for_each_line() {
    let world = World::start().await;
    let line = AgencyRemittanceLine {
        agency_id: Uuid::now_v7().to_string(),
        remittance_id: Uuid::now_v7().to_string(),
        line_number: 1,
    };
    let agency = |request_id: &str| RecordReceiptRequest {
        method: ReceiptMethod::Agency.into(),
        agency_line: Some(line.clone()),
        ..record(request_id, "80.00", Some(PAYER))
    };
    let ours = world.signed(OURS, agency("r1"));
    let refused = world.receipts().record_receipt(ours).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert_eq!(reason(&refused), "AGENCY_RECEIPTS_BY_AGENCY_ONLY");
    let theirs = world.by_agency(OURS, agency("r1"));
    assert!(world.receipts().record_receipt(theirs).await.is_ok());
    let twice = world.by_agency(OURS, agency("r2"));
    let refused = world.receipts().record_receipt(twice).await.unwrap_err();
    assert_eq!(reason(&refused), "RECEIPT_EXISTS");
    world.books_add_up().await;
}

#[tokio::test]
async fn a_customer_that_no_feed_told_of_is_waited_for_and_then_unavailable() {
    let world = World::start().await;
    let unknown = CustomerId(Uuid::now_v7());
    let request = world.signed(OURS, record("r1", "5.00", Some(unknown)));
    let refused = world.receipts().record_receipt(request).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unavailable);
    assert_eq!(reason(&refused), "CUSTOMER_NOT_YET_KNOWN");
    world.knows_customer(OURS, unknown, "Late Arrival").await;
    let request = world.signed(OURS, record("r1", "5.00", Some(unknown)));
    assert!(world.receipts().record_receipt(request).await.is_ok());
}

#[tokio::test]
async fn money_moves_to_the_cash_of_the_customer_it_is_assigned_to() {
    let world = World::start().await;
    let receipt = world.recorded(record("r1", "100.00", None)).await;
    assert_eq!(amounts(&world, PAYER).await, Vec::<String>::new());
    let ask = |request| world.signed(OURS, request);
    let first = ask(assign("a1", &receipt, PAYER));
    let assigned = world.receipts().assign_receipt(first).await.unwrap();
    let assigned = assigned.into_inner().receipt.unwrap();
    assert_eq!(amounts(&world, PAYER).await, ["100.00"]);
    let stale = ask(assign("a2", &receipt, OTHER));
    let refused = world.receipts().assign_receipt(stale).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    let second = ask(assign("a3", &assigned, OTHER));
    world.receipts().assign_receipt(second).await.unwrap();
    assert_eq!(amounts(&world, PAYER).await, ["0.00"]);
    assert_eq!(amounts(&world, OTHER).await, ["100.00"]);
    let told = world.told::<ReceiptAssigned>().await;
    let previous: Vec<&str> = told
        .iter()
        .map(|one| one.previous_customer_id.as_str())
        .collect();
    assert_eq!(previous, ["", PAYER.0.to_string().as_str()]);
    world.books_add_up().await;
}

#[tokio::test]
async fn ca_6_a_refund_takes_from_what_is_unapplied_and_no_more() {
    let world = World::start().await;
    let receipt = world.receipt("100.00").await;
    let ask = |request| world.signed(OURS, request);
    let without_etag = RefundUnappliedCashRequest {
        etag: String::new(),
        ..refund("f0", &receipt, "1.00")
    };
    let refused = world
        .receipts()
        .refund_unapplied_cash(ask(without_etag))
        .await
        .unwrap_err();
    assert_eq!(fields(&refused), ["etag"]);
    let too_much = ask(refund("f1", &receipt, "100.01"));
    let refused = world
        .receipts()
        .refund_unapplied_cash(too_much)
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::FailedPrecondition);
    assert_eq!(reason(&refused), "AMOUNT_EXCEEDS_UNAPPLIED");
    let all = ask(refund("f2", &receipt, "60.00"));
    let answer = world
        .receipts()
        .refund_unapplied_cash(all)
        .await
        .unwrap()
        .into_inner();
    let after = answer.receipt.unwrap();
    assert_eq!(after.refunded_amount, Some(eur("60.00")));
    assert_eq!(after.refunds, [answer.refund.clone().unwrap()]);
    assert_eq!(world.now(&receipt).await, after);
    // The same etag again: money went out since.
    let stale = ask(refund("f3", &receipt, "10.00"));
    let refused = world
        .receipts()
        .refund_unapplied_cash(stale)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "STALE_ETAG");
    let [told] = world
        .told::<UnappliedCashRefunded>()
        .await
        .try_into()
        .unwrap();
    assert_eq!(told.refund.unwrap().note, "", "notes may name people");
    assert_eq!(told.receipt.unwrap().unapplied_amount, Some(eur("40.00")));
    world.books_add_up().await;
}

#[tokio::test]
async fn p_6_of_two_refunds_of_the_same_money_one_wins() {
    let world = World::start().await;
    let receipt = world.receipt("100.00").await;
    let ask = |request_id: &str| {
        let request = world.signed(OURS, refund(request_id, &receipt, "100.00"));
        let mut client = world.receipts();
        async move { client.refund_unapplied_cash(request).await }
    };
    let (one, two) = tokio::join!(ask("f1"), ask("f2"));
    let refused: Vec<String> = [one.err(), two.err()]
        .iter()
        .flatten()
        .map(reason)
        .collect();
    assert_eq!(refused, ["STALE_ETAG"]);
    assert_eq!(world.count("SELECT count(*) FROM refund").await, 1);
    world.books_add_up().await;
}

#[tokio::test]
async fn p28_a_receipt_of_another_tenant_does_not_exist() {
    let world = World::start().await;
    let receipt = world.receipt("100.00").await;
    let key = || Some(Key::ReceiptId(receipt.receipt_id.clone()));
    let read = world.signed(THEIRS, GetReceiptRequest { key: key() });
    let refused = world.receipts().get_receipt(read).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
    let taken = world.signed(THEIRS, refund("f1", &receipt, "1.00"));
    let refused = world
        .receipts()
        .refund_unapplied_cash(taken)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "RECEIPT_NOT_FOUND");
    assert_eq!(cash(&world, THEIRS, PAYER).await, []);
    let list = world.signed(THEIRS, ListReceiptsRequest::default());
    let page = world
        .receipts()
        .list_receipts(list)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(page.receipts, []);
}

#[tokio::test]
async fn receipts_are_listed_newest_first_page_by_page() {
    let world = World::start().await;
    let first = world.receipt("1.00").await;
    let second = world.recorded(record("r2", "2.00", None)).await;
    let third = world.receipt("3.00").await;
    let mut request = ListReceiptsRequest {
        page_size: 2,
        ..ListReceiptsRequest::default()
    };
    let list = |request: ListReceiptsRequest| {
        let (mut client, asked) = (world.receipts(), world.signed(OURS, request));
        async move { client.list_receipts(asked).await.unwrap().into_inner() }
    };
    let page = list(request.clone()).await;
    assert_eq!(page.receipts, [third.clone(), second.clone()]);
    request.page_token = page.next_page_token;
    let page = list(request).await;
    assert_eq!(
        (page.receipts, page.next_page_token.as_str()),
        (vec![first.clone()], "")
    );
    let known = ListReceiptsRequest {
        identified: Some(true),
        unapplied: Some(true),
        currency_code: Some("EUR".to_owned()),
        ..ListReceiptsRequest::default()
    };
    assert_eq!(list(known).await.receipts, [third, first]);
    let later = ListReceiptsRequest {
        from_receipt_date: Some(date_to_wire(date(2026, 3, 2))),
        ..ListReceiptsRequest::default()
    };
    assert_eq!(list(later).await.receipts, []);
}
