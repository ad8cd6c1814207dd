//! WriteOffService: debts given up for accounting and not forgiven (IS-6), and taken up again.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::invoicing::aging_service_client::AgingServiceClient;
use contracts::invoicing::{
    AgingBasis, AgingQuery, ClosingKind, GetAgingRequest, GetWriteOffRequest, InvoiceState,
    InvoiceWrittenOff, ListWriteOffsRequest, WriteOffInvoiceRequest, WriteOffReason,
    WriteOffReversed, WriteOffState,
};
use jiff::civil::{Date, date};
use money::{Currency, Money};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::office::{Office, request_id, taking_up};
use crate::till::{amount, customer, day, eur, for_invoice};

/// Outstanding at the end of a day, and how much of it is 1 to 30 days past due.
async fn aged(office: &Office, as_of: Date) -> Option<(String, String)> {
    let query = AgingQuery {
        as_of_date: Some(date_to_wire(as_of)),
        basis: AgingBasis::DueDate.into(),
        ..AgingQuery::default()
    };
    let asked = GetAgingRequest {
        query: Some(query),
        customer_id: None,
    };
    let mut client = AgingServiceClient::new(office.till.world.channel());
    let answer = client.get_aging(office.signed(asked)).await.unwrap();
    let table = answer.into_inner().tables.into_iter().next()?;
    let outstanding = amount(&table.outstanding_amount).to_owned();
    Some((outstanding, amount(&table.buckets[1].amount).to_owned()))
}

fn refused(status: Status) -> (Code, String) {
    (status.code(), reason(&status))
}

#[tokio::test]
async fn is_6_a_write_off_closes_and_its_reversal_opens_at_the_original_due_date() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let mut order = office.giving_up(owed).await;
    order.write_off_date = Some(date_to_wire(date(2026, 2, 10)));
    let answer = office.write_off(OURS, &order).await.unwrap().into_inner();
    let (given_up, invoice) = (answer.write_off.unwrap(), answer.invoice.unwrap());
    assert_eq!(given_up.state(), WriteOffState::WrittenOff);
    assert_eq!(amount(&given_up.amount), "100.00");
    assert_eq!(given_up.items.len(), 1);
    assert_eq!(
        (invoice.state(), invoice.closing_kind()),
        (InvoiceState::Closed, ClosingKind::WriteOff)
    );
    assert_eq!(day(&invoice.closed_date), Some(date(2026, 2, 10)));
    let past_due = Some(("100.00".to_owned(), "100.00".to_owned()));
    assert_eq!(aged(&office, date(2026, 2, 9)).await, past_due);
    assert_eq!(aged(&office, date(2026, 2, 10)).await, None);

    let mut back = taking_up(&given_up.write_off_id);
    back.reversal_date = Some(date_to_wire(date(2026, 2, 20)));
    let answer = office.reverse(OURS, &back).await.unwrap().into_inner();
    assert_eq!(answer.write_off.unwrap().state(), WriteOffState::Reversed);
    let invoice = answer.invoice.unwrap();
    assert_eq!(
        (invoice.state(), amount(&invoice.open_amount)),
        (InvoiceState::Issued, "100.00")
    );
    assert_eq!(
        day(&invoice.open_items[0].due_date),
        Some(date(2026, 1, 31))
    );
    assert_eq!(invoice, office.invoice(owed).await);
    assert_eq!(aged(&office, date(2026, 2, 19)).await, None);
    assert_eq!(aged(&office, date(2026, 2, 20)).await, past_due);

    let told = office.till.announced::<InvoiceWrittenOff>().await;
    assert_eq!(
        amount(&told[0].balance_after.as_ref().unwrap().open_amount),
        "0.00"
    );
    let told = office.till.announced::<WriteOffReversed>().await;
    assert_eq!(amount(&told[0].reinstated_amount), "100.00");
    assert_eq!(told[0].write_off.as_ref().unwrap().reversal_note, "");
    office.close().await;
}

#[tokio::test]
async fn is_6_money_recovers_what_was_written_off_and_a_reversal_opens_the_rest() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let mut order = office.giving_up(owed).await;
    order.amount = Some(money_to_wire(eur("70.00")));
    let answer = office.write_off(OURS, &order).await.unwrap().into_inner();
    let given_up = answer.write_off.unwrap();
    assert_eq!(amount(&answer.invoice.unwrap().open_amount), "30.00");
    let paid = office
        .till
        .pay(&for_invoice(owed, "50.00", date(2026, 2, 1)))
        .await;
    assert_eq!(amount(&paid.allocations[0].reinstated_amount), "20.00");
    let answer = office
        .reverse(OURS, &taking_up(&given_up.write_off_id))
        .await
        .unwrap();
    let answer = answer.into_inner();
    assert_eq!(
        amount(&answer.write_off.unwrap().reinstated_amount),
        "20.00"
    );
    assert_eq!(amount(&answer.invoice.unwrap().open_amount), "50.00");
    let told = office.till.announced::<WriteOffReversed>().await;
    assert_eq!(amount(&told[0].reinstated_amount), "50.00");
    office.close().await;
}

#[tokio::test]
async fn every_refusal_has_its_reason_and_writes_nothing() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let order = office.giving_up(owed).await;
    let foreign = office.write_off(THEIRS, &order).await.unwrap_err();
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "INVOICE_NOT_FOUND".to_owned())
    );
    let draft = office.draft("5.00").await;
    let draft = office.giving_up(draft).await;
    let with = |amount: Money| WriteOffInvoiceRequest {
        amount: Some(money_to_wire(amount)),
        ..order.clone()
    };
    let dollars = Money::parse("1.00", Currency::USD).unwrap();
    let stale = WriteOffInvoiceRequest {
        etag: "0".to_owned(),
        ..order.clone()
    };
    for (request, code, reason) in [
        (draft, Code::FailedPrecondition, "INVOICE_NOT_OPEN"),
        (
            with(eur("100.01")),
            Code::FailedPrecondition,
            "WRITE_OFF_EXCEEDS_OPEN_AMOUNT",
        ),
        (with(dollars), Code::FailedPrecondition, "CURRENCY_MISMATCH"),
        (stale, Code::Aborted, "STALE_ETAG"),
    ] {
        let status = office.write_off(OURS, &request).await.unwrap_err();
        assert_eq!(refused(status), (code, reason.to_owned()));
    }
    assert_eq!(office.till.count("SELECT count(*) FROM write_off").await, 0);
    let answer = office.write_off(OURS, &order).await.unwrap().into_inner();
    let given_up = answer.write_off.unwrap();
    let again = office.giving_up(owed).await;
    let again = office.write_off(OURS, &again).await.unwrap_err();
    assert_eq!(
        refused(again),
        (Code::FailedPrecondition, "INVOICE_NOT_OPEN".to_owned())
    );

    let back = taking_up(&given_up.write_off_id);
    let unknown = taking_up(&Uuid::now_v7().to_string());
    for (tenant, request) in [(OURS, &unknown), (THEIRS, &back)] {
        let status = office.reverse(tenant, request).await.unwrap_err();
        assert_eq!(
            refused(status),
            (Code::NotFound, "WRITE_OFF_NOT_FOUND".to_owned())
        );
    }
    let mut stale = taking_up(&given_up.write_off_id);
    stale.etag = "0".to_owned();
    let stale = office.reverse(OURS, &stale).await.unwrap_err();
    assert_eq!(refused(stale), (Code::Aborted, "STALE_ETAG".to_owned()));
    let mut early = taking_up(&given_up.write_off_id);
    early.reversal_date = Some(date_to_wire(date(2026, 2, 28)));
    let early = office.reverse(OURS, &early).await.unwrap_err();
    assert_eq!(fields(&early), ["reversal_date"]);
    office
        .till
        .pay(&for_invoice(owed, "100.00", date(2026, 2, 1)))
        .await;
    let recovered = office.reverse(OURS, &back).await.unwrap_err();
    let expected = (Code::FailedPrecondition, "WRITE_OFF_RECOVERED".to_owned());
    assert_eq!(refused(recovered), expected);
    office.close().await;
}

#[tokio::test]
async fn p6_a_write_off_is_taken_back_once_however_many_ask_at_once() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let order = office.giving_up(owed).await;
    let answer = office.write_off(OURS, &order).await.unwrap().into_inner();
    let id = answer.write_off.unwrap().write_off_id;
    let orders = [(); 4].map(|()| taking_up(&id));
    let asked = orders.iter().map(|order| office.reverse(OURS, order));
    let answers = futures_util::future::join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for status in answers.into_iter().filter_map(Result::err) {
        assert_eq!(
            refused(status),
            (Code::FailedPrecondition, "WRITE_OFF_REVERSED".to_owned())
        );
    }
    office.close().await;
}

#[tokio::test]
async fn p3_p4_a_repeat_answers_as_the_first_time_and_the_id_is_good_for_one_content() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let order = office.giving_up(owed).await;
    let (one, two) = tokio::join!(
        office.write_off(OURS, &order),
        office.write_off(OURS, &order)
    );
    for status in [&one, &two]
        .into_iter()
        .filter_map(|answer| answer.as_ref().err())
    {
        assert_eq!(reason(status), "REQUEST_IN_PROGRESS");
    }
    let first = one.or(two).unwrap().into_inner();
    let again = office.write_off(OURS, &order).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first);
    let mut other = order.clone();
    other.note = "another".to_owned();
    let status = office.write_off(OURS, &other).await.unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    assert_eq!(office.till.count("SELECT count(*) FROM write_off").await, 1);
    let back = taking_up(&first.write_off.unwrap().write_off_id);
    let first = office.reverse(OURS, &back).await.unwrap().into_inner();
    let again = office.reverse(OURS, &back).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first);
    office.close().await;
}

#[tokio::test]
async fn a_request_says_which_of_its_fields_are_wrong() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let order = office.giving_up(owed).await;
    let nothing = WriteOffInvoiceRequest {
        request_id: request_id(),
        ..WriteOffInvoiceRequest::default()
    };
    let future = WriteOffInvoiceRequest {
        write_off_date: Some(date_to_wire(date(2026, 3, 2))),
        ..order.clone()
    };
    let unexplained = WriteOffInvoiceRequest {
        reason: WriteOffReason::Other.into(),
        amount: Some(money_to_wire(eur("0.00"))),
        ..order
    };
    for (request, expected) in [
        (nothing, vec!["invoice_id", "reason", "etag"]),
        (future, vec!["write_off_date"]),
        (unexplained, vec!["amount", "note"]),
    ] {
        let status = office.write_off(OURS, &request).await.unwrap_err();
        assert_eq!(
            (status.code(), fields(&status)),
            (
                Code::InvalidArgument,
                expected.into_iter().map(str::to_owned).collect()
            )
        );
    }
    let mut silent = taking_up("x");
    silent.note.clear();
    let status = office.reverse(OURS, &silent).await.unwrap_err();
    assert_eq!(fields(&status), ["write_off_id", "note"]);
    office.close().await;
}

#[tokio::test]
async fn write_offs_are_read_and_listed_newest_first() {
    let office = Office::open().await;
    let mut ids = Vec::new();
    let mut invoices = Vec::new();
    for gross in ["10.00", "20.00", "30.00"] {
        let owed = office.owed(gross).await;
        let order = office.giving_up(owed).await;
        let answer = office.write_off(OURS, &order).await.unwrap().into_inner();
        ids.push(answer.write_off.unwrap().write_off_id);
        invoices.push(owed);
    }
    office.reverse(OURS, &taking_up(&ids[1])).await.unwrap();
    let listed = async |tenant, page_size, filter: ListWriteOffsRequest| {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let asked = ListWriteOffsRequest {
                page_size,
                page_token,
                ..filter.clone()
            };
            let asked = office.till.world.signed(tenant, asked);
            let page = office
                .write_offs()
                .list_write_offs(asked)
                .await
                .unwrap()
                .into_inner();
            found.extend(page.write_offs.into_iter().map(|one| one.write_off_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    };
    let all = ListWriteOffsRequest::default();
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    for page_size in [1, 2, 50] {
        assert_eq!(listed(OURS, page_size, all.clone()).await, newest_first);
    }
    let reversed = ListWriteOffsRequest {
        state: Some(WriteOffState::Reversed.into()),
        ..all.clone()
    };
    assert_eq!(listed(OURS, 50, reversed).await, ids[1..2]);
    let of_invoice = ListWriteOffsRequest {
        invoice_id: Some(invoices[0].0.to_string()),
        customer_id: Some(customer(1).0.to_string()),
        ..all.clone()
    };
    assert_eq!(listed(OURS, 50, of_invoice).await, ids[..1]);
    assert!(listed(THEIRS, 50, all).await.is_empty());
    for (tenant, expected) in [(OURS, None), (THEIRS, Some(Code::NotFound))] {
        let asked = GetWriteOffRequest {
            write_off_id: ids[0].clone(),
        };
        let asked = office.till.world.signed(tenant, asked);
        let answer = office.write_offs().get_write_off(asked).await;
        assert_eq!(answer.err().map(|status| status.code()), expected);
    }
    office.close().await;
}
