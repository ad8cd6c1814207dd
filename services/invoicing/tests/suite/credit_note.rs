//! CreditNoteService: corrections in the customer's favour, numbered like invoices.

use contracts::convert::date_to_wire;
use contracts::invoicing::customer_credit_service_client::CustomerCreditServiceClient;
use contracts::invoicing::get_credit_note_request::Key;
use contracts::invoicing::issue_credit_note_request::Extent;
use contracts::invoicing::{
    ClosingKind, CreditNote, CreditNoteIssued, CreditNoteReason, CustomerCredit,
    GetCreditNoteRequest, InvoiceState, IssueCreditNoteRequest, ListCreditNotesRequest,
    ListCustomerCreditsRequest, StandAloneCredit, WholeInvoiceCredit,
};
use futures_util::future::join_all;
use invoicing::domain::InvoiceId;
use jiff::civil::date;
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::office::{Office, crediting, line, request_id};
use crate::till::{Bill, amount, customer, day, for_invoice};

fn refused(status: Status) -> (Code, String) {
    (status.code(), reason(&status))
}

/// Issues a note that is not refused.
async fn noted(office: &Office, request: &IssueCreditNoteRequest) -> CreditNote {
    let answer = office.credit(OURS, request).await.unwrap();
    answer.into_inner().credit_note.unwrap()
}

/// What customer 1 has in credit.
async fn credits(office: &Office) -> Vec<CustomerCredit> {
    let mut client = CustomerCreditServiceClient::new(office.till.world.channel());
    let asked = office.signed(ListCustomerCreditsRequest::default());
    let answer = client.list_customer_credits(asked).await.unwrap();
    answer.into_inner().customer_credits
}

fn whole(invoice_id: InvoiceId) -> IssueCreditNoteRequest {
    let invoice_id = invoice_id.0.to_string();
    IssueCreditNoteRequest {
        extent: Some(Extent::WholeInvoice(WholeInvoiceCredit { invoice_id })),
        ..crediting(InvoiceId(Uuid::nil()), "1.00")
    }
}

fn alone(customer_id: String, net: &str) -> IssueCreditNoteRequest {
    IssueCreditNoteRequest {
        extent: Some(Extent::StandAlone(StandAloneCredit {
            customer_id,
            currency_code: "EUR".to_owned(),
            lines: vec![line(net)],
        })),
        reason: CreditNoteReason::Goodwill.into(),
        ..crediting(InvoiceId(Uuid::nil()), "1.00")
    }
}

#[tokio::test]
async fn a_note_lowers_what_is_open_and_is_read_by_all_its_names() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let mut request = crediting(owed, "30.00");
    request.external_id = "erp-7".to_owned();
    request.credit_note_date = Some(date_to_wire(date(2026, 2, 20)));
    let answer = office.credit(OURS, &request).await.unwrap().into_inner();
    let (note, invoice) = (answer.credit_note.unwrap(), answer.invoice.unwrap());
    assert_eq!(amount(&note.totals.as_ref().unwrap().gross_amount), "30.00");
    assert_eq!(amount(&note.allocations[0].amount), "30.00");
    assert_eq!(amount(&note.allocations[0].open_amount_after), "70.00");
    assert_eq!(
        (
            amount(&note.customer_credit_amount),
            note.customer_credit_id.as_str()
        ),
        ("0.00", "")
    );
    assert_eq!(
        (amount(&invoice.open_amount), invoice.state()),
        ("70.00", InvoiceState::Issued)
    );
    assert_eq!(invoice, office.invoice(owed).await);
    let told = office.till.announced::<CreditNoteIssued>().await;
    let balance = told[0].balance_after.as_ref().unwrap();
    assert_eq!(amount(&balance.open_amount), "70.00");
    let credit = told[0].customer_credit_after.as_ref().unwrap();
    assert_eq!(amount(&credit.open_amount), "0.00");
    for key in [
        Key::CreditNoteId(note.credit_note_id.clone()),
        Key::ExternalId("erp-7".to_owned()),
        Key::CreditNoteNumber(note.credit_note_number.clone()),
    ] {
        let asked = GetCreditNoteRequest { key: Some(key) };
        let found = office
            .credit_notes()
            .get_credit_note(office.signed(asked.clone()))
            .await;
        assert_eq!(
            found.unwrap().into_inner().credit_note.as_ref(),
            Some(&note)
        );
        let foreign = office.till.world.signed(THEIRS, asked);
        let status = office
            .credit_notes()
            .get_credit_note(foreign)
            .await
            .unwrap_err();
        assert_eq!(
            refused(status),
            (Code::NotFound, "CREDIT_NOTE_NOT_FOUND".to_owned())
        );
    }
    office.close().await;
}

#[tokio::test]
async fn what_exceeds_the_open_amount_becomes_customer_credit() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    office
        .till
        .pay(&for_invoice(owed, "70.00", date(2026, 2, 1)))
        .await;
    let answer = office
        .credit(OURS, &crediting(owed, "50.00"))
        .await
        .unwrap()
        .into_inner();
    let (note, invoice) = (answer.credit_note.unwrap(), answer.invoice.unwrap());
    assert_eq!(amount(&note.allocations[0].amount), "30.00");
    assert_eq!(amount(&note.customer_credit_amount), "20.00");
    assert_eq!(
        (invoice.state(), invoice.closing_kind()),
        (InvoiceState::Closed, ClosingKind::Credit)
    );
    let found = credits(&office).await;
    assert_eq!(found[0].customer_credit_id, note.customer_credit_id);
    assert_eq!(amount(&found[0].open_amount), "20.00");
    let more = noted(&office, &crediting(owed, "5.00")).await;
    assert_eq!(amount(&more.customer_credit_amount), "5.00");
    let told = office.till.announced::<CreditNoteIssued>().await;
    let credit = told[1].customer_credit_after.as_ref().unwrap();
    assert_eq!((amount(&credit.open_amount), credit.version), ("25.00", 3));
    office.close().await;
}

#[tokio::test]
async fn ed_4_of_what_was_paid_with_discount_the_note_is_worth_what_was_paid() {
    let office = Office::open().await;
    let bill = Bill {
        offer: "1/40",
        ..Bill::of("1000.00")
    };
    let owed = office.till.owed(&bill).await;
    office
        .till
        .pay(&for_invoice(owed, "990.00", date(2026, 1, 20)))
        .await;
    let answer = office
        .credit(OURS, &crediting(owed, "200.00"))
        .await
        .unwrap()
        .into_inner();
    let (note, invoice) = (answer.credit_note.unwrap(), answer.invoice.unwrap());
    let carried = &note.allocations[0];
    assert_eq!(
        (amount(&carried.amount), amount(&carried.discount_amount)),
        ("2.00", "-2.00")
    );
    assert_eq!(amount(&note.customer_credit_amount), "198.00");
    assert_eq!(invoice.closing_kind(), ClosingKind::Payment);
    assert_eq!(day(&invoice.closed_date), Some(date(2026, 1, 20)));
    let rest = noted(&office, &whole(owed)).await;
    assert_eq!(
        amount(&rest.totals.as_ref().unwrap().gross_amount),
        "800.00"
    );
    assert_eq!(amount(&rest.customer_credit_amount), "792.00");
    office.close().await;
}

#[tokio::test]
async fn a_note_that_stands_alone_is_all_customer_credit() {
    let office = Office::open().await;
    let request = alone(customer(1).0.to_string(), "25.00");
    let answer = office.credit(OURS, &request).await.unwrap().into_inner();
    assert_eq!(answer.invoice, None);
    let note = answer.credit_note.unwrap();
    assert_eq!((note.invoice_id.as_str(), note.allocations.len()), ("", 0));
    assert_eq!(amount(&credits(&office).await[0].open_amount), "25.00");
    let unknown = office
        .credit(OURS, &alone(customer(9).0.to_string(), "1.00"))
        .await;
    let expected = (Code::Unavailable, "CUSTOMER_NOT_YET_KNOWN".to_owned());
    assert_eq!(refused(unknown.unwrap_err()), expected);
    office.close().await;
}

#[tokio::test]
async fn p12_every_refusal_has_its_reason_and_draws_no_number() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let draft = office.draft("5.00").await;
    let mut first = crediting(owed, "30.00");
    first.external_id = "erp-7".to_owned();
    first.credit_note_id = Uuid::now_v7().to_string();
    let first = noted(&office, &first).await;
    let mut taken = crediting(owed, "1.00");
    taken.external_id = "erp-7".to_owned();
    let mut same = crediting(owed, "1.00");
    same.credit_note_id = first.credit_note_id;
    let mut series = crediting(owed, "1.00");
    series.series_code = "INV".to_owned();
    let unknown = crediting(InvoiceId(Uuid::now_v7()), "1.00");
    for (request, code, reason) in [
        (unknown, Code::NotFound, "INVOICE_NOT_FOUND"),
        (
            crediting(draft, "1.00"),
            Code::FailedPrecondition,
            "INVOICE_NOT_ISSUED",
        ),
        (
            crediting(owed, "70.01"),
            Code::FailedPrecondition,
            "CREDIT_EXCEEDS_INVOICE",
        ),
        (
            crediting(owed, "0"),
            Code::FailedPrecondition,
            "CREDIT_TOTAL_NOT_POSITIVE",
        ),
        (taken, Code::AlreadyExists, "CREDIT_NOTE_EXISTS"),
        (same, Code::AlreadyExists, "CREDIT_NOTE_EXISTS"),
        (series, Code::NotFound, "NUMBER_SERIES_NOT_FOUND"),
    ] {
        let status = office.credit(OURS, &request).await.unwrap_err();
        assert_eq!(refused(status), (code, reason.to_owned()));
    }
    let void = office.voided("5.00").await;
    let void = office.credit(OURS, &whole(void)).await.unwrap_err();
    let expected = (Code::FailedPrecondition, "INVOICE_VOID".to_owned());
    assert_eq!(refused(void), expected);
    let foreign = office
        .credit(THEIRS, &crediting(owed, "1.00"))
        .await
        .unwrap_err();
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "INVOICE_NOT_FOUND".to_owned())
    );
    let rest = noted(&office, &whole(owed)).await;
    assert_eq!(amount(&rest.totals.as_ref().unwrap().gross_amount), "70.00");
    let spent = office.credit(OURS, &whole(owed)).await.unwrap_err();
    assert_eq!(
        refused(spent),
        (
            Code::FailedPrecondition,
            "CREDIT_TOTAL_NOT_POSITIVE".to_owned()
        )
    );
    let numbers = [first.credit_note_number, rest.credit_note_number];
    assert_eq!(numbers, ["CN-000001", "CN-000002"]);
    office.close().await;
}

#[tokio::test]
async fn no_more_is_credited_than_was_charged_however_many_ask_at_once() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let requests = [(); 4].map(|()| crediting(owed, "60.00"));
    let asked = requests.iter().map(|request| office.credit(OURS, request));
    let answers = join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for status in answers.into_iter().filter_map(Result::err) {
        assert_eq!(reason(&status), "CREDIT_EXCEEDS_INVOICE");
    }
    office.close().await;
}

#[tokio::test]
async fn p3_p4_a_repeat_answers_as_the_first_time_and_the_id_is_good_for_one_content() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let request = crediting(owed, "10.00");
    let (one, two) = tokio::join!(office.credit(OURS, &request), office.credit(OURS, &request));
    for status in [&one, &two]
        .into_iter()
        .filter_map(|answer| answer.as_ref().err())
    {
        assert_eq!(reason(status), "REQUEST_IN_PROGRESS");
    }
    let first = one.or(two).unwrap().into_inner();
    let again = office.credit(OURS, &request).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first);
    let mut other = crediting(owed, "11.00");
    other.request_id = request.request_id;
    let status = office.credit(OURS, &other).await.unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    assert_eq!(
        office.till.count("SELECT count(*) FROM credit_note").await,
        1
    );
    office.close().await;
}

#[tokio::test]
async fn a_request_says_which_of_its_fields_are_wrong() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let nothing = IssueCreditNoteRequest {
        request_id: request_id(),
        credit_note_id: "7".to_owned(),
        ..IssueCreditNoteRequest::default()
    };
    let mut negative = crediting(owed, "1.00");
    if let Some(Extent::PartialInvoice(part)) = &mut negative.extent {
        part.lines[0].quantity.as_mut().unwrap().value = "-1".to_owned();
        part.lines.push(Default::default());
    }
    let mut unexplained = alone("x".to_owned(), "1.00");
    unexplained.reason = CreditNoteReason::Other.into();
    if let Some(Extent::StandAlone(alone)) = &mut unexplained.extent {
        alone.lines.clear();
    }
    let mut future = crediting(owed, "1.00");
    future.credit_note_date = Some(date_to_wire(date(2026, 3, 2)));
    for (request, expected) in [
        (nothing, vec!["credit_note_id", "whole_invoice", "reason"]),
        (
            negative,
            vec![
                "partial_invoice.lines[1].description",
                "partial_invoice.lines[1].quantity",
                "partial_invoice.lines[1].unit_price",
                "partial_invoice.lines[1].tax_category",
                "partial_invoice.lines[1].tax_ratio",
                "partial_invoice.lines[0].quantity",
            ],
        ),
        (
            unexplained,
            vec!["stand_alone.customer_id", "stand_alone.lines", "note"],
        ),
        (future, vec!["credit_note_date"]),
    ] {
        let status = office.credit(OURS, &request).await.unwrap_err();
        let expected: Vec<_> = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(
            (status.code(), fields(&status)),
            (Code::InvalidArgument, expected)
        );
    }
    office.close().await;
}

#[tokio::test]
async fn notes_are_listed_newest_first() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let ids = [
        noted(&office, &crediting(owed, "10.00")).await,
        noted(&office, &alone(customer(1).0.to_string(), "5.00")).await,
        noted(&office, &crediting(owed, "20.00")).await,
    ]
    .map(|note| note.credit_note_id);
    let listed = async |tenant, page_size, filter: ListCreditNotesRequest| {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let asked = ListCreditNotesRequest {
                page_size,
                page_token,
                ..filter.clone()
            };
            let asked = office.till.world.signed(tenant, asked);
            let page = office
                .credit_notes()
                .list_credit_notes(asked)
                .await
                .unwrap()
                .into_inner();
            found.extend(
                page.credit_notes
                    .into_iter()
                    .map(|note| note.credit_note_id),
            );
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    };
    let all = ListCreditNotesRequest::default();
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    for page_size in [1, 2, 50] {
        assert_eq!(listed(OURS, page_size, all.clone()).await, newest_first);
    }
    let of_invoice = ListCreditNotesRequest {
        invoice_id: Some(owed.0.to_string()),
        reason: Some(CreditNoteReason::BillingError.into()),
        ..all.clone()
    };
    assert_eq!(listed(OURS, 50, of_invoice).await, [&*ids[2], &*ids[0]]);
    let of_nobody = ListCreditNotesRequest {
        customer_id: Some(customer(2).0.to_string()),
        ..all.clone()
    };
    assert!(listed(OURS, 50, of_nobody).await.is_empty());
    assert!(listed(THEIRS, 50, all).await.is_empty());
    office.close().await;
}
