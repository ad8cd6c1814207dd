//! Issuing: the number, the due dates, what is owed, what is told; and every reason not to.

use contracts::common::BusinessDayRule;
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use contracts::invoicing::{
    ClosingKind, CreateNumberSeriesRequest, Invoice, InvoiceIssued, InvoiceState, NumberSeries,
    NumberedDocument,
};
use tonic::Code;

use crate::fixture::{OURS, THEIRS, reason};
use crate::shop::{Shop, amount, data, day, granted, line, new_invoice, offer, terms};

/// A day and an amount.
type Dated<'a> = (String, &'a str);

/// Due date, amount and the offers of each open item.
fn owed(invoice: &Invoice) -> Vec<(String, &str, Vec<Dated<'_>>)> {
    let text = |day: &Option<contracts::google::r#type::Date>| {
        let day = day.unwrap();
        format!("{}-{:02}-{:02}", day.year, day.month, day.day)
    };
    let items = invoice.open_items.iter();
    items
        .map(|item| {
            let offers = item.discount_offers.iter();
            let offers = offers.map(|one| (text(&one.last_date), amount(&one.discount_amount)));
            (
                text(&item.due_date),
                amount(&item.open_amount),
                offers.collect(),
            )
        })
        .collect()
}

#[tokio::test]
async fn a_draft_is_issued_by_what_the_customer_is_granted() {
    let shop = Shop::open().await;
    let mut content = shop.content("0");
    content.lines = vec![line("3", "10.12", "0.2")];
    content.order_reference = "PO-7".to_owned();
    let draft = shop.create(content).await.unwrap();
    let issued = shop
        .issue_draft(&draft.invoice_id, &draft.etag)
        .await
        .unwrap();
    assert_eq!(issued.state(), InvoiceState::Issued);
    assert_eq!(issued.invoice_number, "INV-000001");
    assert_eq!(issued.policy_version, "credit-policy/standard@3");
    // 1 March in Berlin, 30 days on.
    assert_eq!(owed(&issued), [("2026-03-31".to_owned(), "36.43", vec![])]);
    assert_eq!(
        (amount(&issued.open_amount), amount(&issued.disputed_amount)),
        ("36.43", "0.00")
    );
    assert_eq!(issued.oldest_due_date, Some(day(2026, 3, 31)));
    let content = issued.content.as_ref().unwrap();
    assert_eq!(content.invoice_date, Some(day(2026, 3, 1)));
    assert_eq!(content.due, Some(Due::Terms(terms("net 30"))));
    assert_eq!(content.early_payment_offer, Some(offer(&[])));
    assert_eq!(content.series_code, "INV");
    assert_eq!(content.payment_reference, "INV-000001");
    assert_ne!(issued.etag, draft.etag);
    assert_eq!(shop.read(&draft.invoice_id).await, issued);
    let again = shop.issue_draft(&draft.invoice_id, "").await.unwrap_err();
    assert_eq!(
        (again.code(), reason(&again).as_str()),
        (Code::FailedPrecondition, "INVOICE_NOT_DRAFT")
    );
}

/// 1 587.35 in four parts, with 2 % for paying within 10 days: worked out by hand.
#[tokio::test]
async fn dd_7_dd_9_instalments_are_owed_each_by_itself_with_its_own_offer() {
    let shop = Shop::open().await;
    let mut content = shop.content("1587.35");
    content.invoice_date = Some(day(2011, 10, 1));
    let split = "25% of rest: net 30; 25%: + 1 month; fixed 396.84 EUR: + 1 month + 30; \
                 rest: + 2 months on 15 + 30";
    content.due = Some(Due::Terms(terms(split)));
    content.early_payment_offer = Some(offer(&[("0.02", 10), ("0.01", 40)]));
    let issued = shop.issue(content).await.unwrap();
    let on = |day: &str| day.to_owned();
    // 2 % of 396.84 is 7.94; of the last 396.83 too. The second tier ends when the item is due.
    let part = |due: &str, open, last: &str| {
        (
            on(due),
            open,
            vec![(on("2011-10-11"), "7.94"), (on(last), "3.97")],
        )
    };
    let expected = [
        part("2011-10-31", "396.84", "2011-10-31"),
        part("2011-11-01", "396.84", "2011-11-01"),
        part("2011-12-01", "396.84", "2011-11-10"),
        part("2012-01-14", "396.83", "2011-11-10"),
    ];
    assert_eq!(owed(&issued), expected);
    assert_eq!(amount(&issued.open_amount), "1587.35");
    assert_eq!(issued.policy_version, "", "the invoice states its own");
    let numbers: Vec<i32> = issued
        .open_items
        .iter()
        .map(|item| item.instalment_number)
        .collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[tokio::test]
async fn dd_10_a_due_date_moves_off_a_holiday_and_names_the_calendar() {
    let shop = Shop::open().await;
    let mut content = shop.content("10.00");
    // 30 days from 1 April 2026 is 1 May, a Friday and a holiday in Germany.
    content.invoice_date = Some(day(2026, 4, 1));
    let mut rule = terms("net 30");
    rule.business_day_rule = BusinessDayRule::Following.into();
    rule.calendar_code = "DE".to_owned();
    content.due = Some(Due::Terms(rule.clone()));
    let issued = shop.issue(content.clone()).await.unwrap();
    assert_eq!(issued.open_items[0].due_date, Some(day(2026, 5, 4)));
    assert_eq!(issued.open_items[0].calendar_code, "DE");
    assert_eq!(issued.content.unwrap().due, Some(Due::Terms(rule.clone())));
    rule.calendar_code = "ATLANTIS".to_owned();
    content.due = Some(Due::Terms(rule));
    let refused = shop.issue(content).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::FailedPrecondition, "CALENDAR_UNKNOWN")
    );
}

/// The tenant's day: in Kiritimati 1 March has ended by 10:00 UTC.
#[tokio::test]
async fn the_day_of_issuing_is_the_tenant_s() {
    let mut shop = Shop::unknown().await;
    shop.tell_profile(OURS, "Pacific/Kiritimati");
    let customer_id = shop.tell_customer(OURS, "C-1", Some("net 30"));
    shop.customer_id = customer_id;
    shop.heard().await;
    shop.world
        .clock
        .set("2026-03-01T09:59:59Z".parse().unwrap())
        .unwrap();
    let issued = shop.issued("1.00").await;
    assert_eq!(issued.content.unwrap().invoice_date, Some(day(2026, 3, 1)));
    shop.world
        .clock
        .set("2026-03-01T10:00:00Z".parse().unwrap())
        .unwrap();
    let issued = shop.issued("1.00").await;
    assert_eq!(issued.content.unwrap().invoice_date, Some(day(2026, 3, 2)));
}

#[tokio::test]
async fn a_total_of_nothing_is_closed_at_once() {
    let shop = Shop::open().await;
    let mut content = shop.content("5.00");
    content.lines.push(line("-1", "5.00", "0"));
    let issued = shop.issue(content).await.unwrap();
    assert_eq!(issued.state(), InvoiceState::Closed);
    assert_eq!(issued.closing_kind(), ClosingKind::ZeroTotal);
    assert_eq!(issued.closed_date, Some(day(2026, 3, 1)));
    assert_eq!(
        (amount(&issued.open_amount), issued.open_items.len()),
        ("0.00", 1)
    );
    assert_eq!(shop.read(&issued.invoice_id).await, issued);
}

#[tokio::test]
async fn what_is_issued_is_told_in_full_with_the_reservation_it_uses() {
    let shop = Shop::open().await;
    let mut content = shop.content("100.00");
    content.reservation_id = "01900000-0000-7000-8000-00000000000b".to_owned();
    content.note = "for Ada".to_owned();
    let issued = shop.issue(content).await.unwrap();
    assert_eq!(shop.told().await, ["InvoiceIssued"]);
    let events = shop.events(OURS).await;
    let event = &events[0];
    assert_eq!(event.subject, issued.invoice_id);
    let told: InvoiceIssued = data(event);
    assert!(!told.imported);
    let mut expected = issued.clone();
    expected.etag.clear();
    expected.content.as_mut().unwrap().note.clear();
    assert_eq!(told.invoice, Some(expected));
    let balance = told.balance_after.unwrap();
    assert_eq!(balance.version, event.subject_version);
    assert_eq!(balance.invoice_id, issued.invoice_id);
    assert_eq!(balance.invoice_number, "INV-000001");
    assert_eq!(
        (amount(&balance.gross_amount), amount(&balance.open_amount)),
        ("100.00", "100.00")
    );
    assert_eq!(balance.open_items.len(), 1);
    assert_eq!(
        balance.open_items[0].open_item_id,
        issued.open_items[0].open_item_id
    );
    assert!(shop.events(THEIRS).await.is_empty());
}

/// A request is refused with a reason, and the number that was not used is drawn by the next.
#[tokio::test]
async fn p12_every_refusal_has_its_reason_and_leaves_no_gap() {
    let shop = Shop::open().await;
    let without_terms = shop.tell_customer(OURS, "C-2", None);
    shop.heard().await;
    let with = |change: &dyn Fn(&mut contracts::invoicing::InvoiceContent)| {
        let mut content = shop.content("10.00");
        change(&mut content);
        content
    };
    let refused = async |content| {
        let status = shop.issue(content).await.unwrap_err();
        (status.code(), reason(&status))
    };
    let rule = |reason: &str| (Code::FailedPrecondition, reason.to_owned());
    let negative = with(&|content| content.lines.push(line("-1", "10.01", "0")));
    assert_eq!(refused(negative).await, rule("INVOICE_TOTAL_NEGATIVE"));
    let by = |text: &str| with(&|content| content.due = Some(Due::Terms(terms(text))));
    let too_much = by("fixed 10.01 EUR: net 5; rest: net 10");
    assert_eq!(refused(too_much).await, rule("TERMS_DO_NOT_FIT"));
    let yen = by("fixed 5 JPY: net 5; rest: net 10");
    assert_eq!(refused(yen).await, rule("TERMS_DO_NOT_FIT"));
    let early = with(&|content| content.due = Some(Due::DueDate(day(2026, 2, 28))));
    assert_eq!(refused(early).await, rule("TERMS_DO_NOT_FIT"));
    let customer = Some(Customer::CustomerId(without_terms));
    let open = with(&|content| content.customer.clone_from(&customer));
    assert_eq!(refused(open).await, rule("CUSTOMER_WITHOUT_TERMS"));
    // Before the first grant there are no terms either.
    let before = with(&|content| content.invoice_date = Some(day(2019, 12, 31)));
    assert_eq!(refused(before).await, rule("CUSTOMER_WITHOUT_TERMS"));
    let not_found = (Code::NotFound, "NUMBER_SERIES_NOT_FOUND".to_owned());
    for code in ["NONE", "CN"] {
        let series = with(&|content| content.series_code = code.to_owned());
        assert_eq!(refused(series).await, not_found);
    }
    add_series(&shop, "LAST", "L-", 999_999_999_999_999).await;
    let exhausted = with(&|content| content.series_code = "LAST".to_owned());
    assert_eq!(refused(exhausted).await, rule("NUMBER_SERIES_EXHAUSTED"));
    let nowhere = shop
        .issue_draft("01900000-0000-7000-8000-00000000000a", "")
        .await
        .unwrap_err();
    assert_eq!(
        (nowhere.code(), reason(&nowhere).as_str()),
        (Code::NotFound, "INVOICE_NOT_FOUND")
    );
    let draft = shop.create(shop.content("10.00")).await.unwrap();
    let stale = shop
        .issue_draft(&draft.invoice_id, "another")
        .await
        .unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );

    assert_eq!(shop.told().await, [""; 0]);
    assert_eq!(shop.count("open_item").await, 0);
    assert_eq!(shop.issued("10.00").await.invoice_number, "INV-000001");
}

async fn add_series(shop: &Shop, code: &str, prefix: &str, first_number: i64) {
    let asked = CreateNumberSeriesRequest {
        request_id: shop.request_id(),
        series: Some(NumberSeries {
            series_code: code.to_owned(),
            document: NumberedDocument::Invoice.into(),
            prefix: prefix.to_owned(),
            minimum_digits: 4,
            first_number,
            ..NumberSeries::default()
        }),
    };
    let mut client = NumberSeriesServiceClient::new(shop.world.channel());
    client
        .create_number_series(shop.world.signed(OURS, asked))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_series_of_one_s_own_draws_from_its_first_number_on() {
    let shop = Shop::open().await;
    add_series(&shop, "2026", "2026-", 500).await;
    let mut content = shop.content("1.00");
    content.series_code = "2026".to_owned();
    let mut numbers = Vec::new();
    for _ in 0..2 {
        numbers.push(shop.issue(content.clone()).await.unwrap().invoice_number);
    }
    numbers.push(shop.issued("1.00").await.invoice_number);
    assert_eq!(numbers, ["2026-0500", "2026-0501", "INV-000001"]);
}

#[tokio::test]
async fn two_tenants_issue_apart() {
    let shop = Shop::open().await;
    shop.tell_profile(THEIRS, "Asia/Tokyo");
    let theirs = shop.tell_customer(THEIRS, "C-1", Some("net 5"));
    shop.heard().await;
    let ours = shop.issued("1.00").await;
    let mut content = shop.content("2.00");
    let customer = Customer::CustomerId(theirs);
    content.customer = Some(customer);
    let answer = shop.send_issue(THEIRS, new_invoice("r", content)).await;
    let theirs = answer.unwrap().into_inner().invoice.unwrap();
    assert_eq!(ours.invoice_number, theirs.invoice_number);
    let foreign = shop.issue_draft(&theirs.invoice_id, "").await.unwrap_err();
    assert_eq!(reason(&foreign), "INVOICE_NOT_FOUND");
    let void = shop.void(&theirs.invoice_id, "").await.unwrap_err();
    assert_eq!(reason(&void), "INVOICE_NOT_FOUND");
    // Nor can one bill the other's customer.
    let mut content = shop.content("1.00");
    content.customer = theirs.content.unwrap().customer;
    let unknown = shop.issue(content).await.unwrap_err();
    assert_eq!(reason(&unknown), "CUSTOMER_NOT_YET_KNOWN");
    assert_eq!(
        (
            shop.events(OURS).await.len(),
            shop.events(THEIRS).await.len()
        ),
        (1, 1)
    );
}

/// Terms that come after the customer are terms all the same.
#[tokio::test]
async fn an_offer_granted_with_terms_is_on_the_invoice() {
    let shop = Shop::open().await;
    let from_march = contracts::credit::GrantedTerms {
        early_payment_offer: Some(offer(&[("0.02", 10)])),
        ..granted("net 30", day(2026, 3, 1))
    };
    shop.tell_terms(&shop.customer_id, from_march);
    shop.heard().await;
    let issued = shop.issued("1000.00").await;
    // DD-6: 2/10 net 30 of 1 March is 20.00 through the 11th, due on the 31st.
    let offers = vec![("2026-03-11".to_owned(), "20.00")];
    assert_eq!(
        owed(&issued),
        [("2026-03-31".to_owned(), "1000.00", offers)]
    );
}
