//! DisputeService: what a customer objects to is held back, the rest goes on.

use contracts::convert::{date_to_wire, money_to_wire};
use contracts::invoicing::open_dispute_request::Extent;
use contracts::invoicing::{
    DisputeOpened, DisputeReason, DisputeResolution, DisputeResolved, DisputeState,
    GetDisputeRequest, ListDisputesRequest, OpenDisputeRequest, ResolveDisputeRequest,
};
use futures_util::future::join_all;
use jiff::civil::date;
use money::{Currency, Money};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, fields, reason};
use crate::office::{Office, crediting, ending, objecting, request_id};
use crate::till::{amount, for_invoice};

fn refused(status: Status) -> (Code, String) {
    (status.code(), reason(&status))
}

/// Opens a dispute that is not refused; answers its id.
async fn opened(office: &Office, request: &OpenDisputeRequest) -> String {
    let answer = office.dispute(OURS, request).await.unwrap().into_inner();
    answer.dispute.unwrap().dispute_id
}

#[tokio::test]
async fn a_disputed_part_alone_is_held_back_until_it_is_decided() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let mut request = objecting(owed, Some("30.00"));
    request.note = "the price was 70".to_owned();
    let answer = office.dispute(OURS, &request).await.unwrap().into_inner();
    let (dispute, invoice) = (answer.dispute.unwrap(), answer.invoice.unwrap());
    assert_eq!(
        (dispute.state(), dispute.whole_invoice),
        (DisputeState::Open, false)
    );
    assert_eq!(dispute.disputed_date, Some(date_to_wire(date(2026, 3, 1))));
    assert_eq!(amount(&invoice.disputed_amount), "30.00");
    assert_eq!(office.collectable(owed).await, "70.00");
    // A second part, and payment of what is not disputed: neither ends it.
    opened(&office, &objecting(owed, Some("20.00"))).await;
    assert_eq!(office.collectable(owed).await, "50.00");
    office
        .till
        .pay(&for_invoice(owed, "60.00", date(2026, 2, 1)))
        .await;
    assert_eq!(office.collectable(owed).await, "0.00");
    let request = ending(&dispute.dispute_id, DisputeResolution::Rejected);
    let answer = office.resolve(OURS, &request).await.unwrap().into_inner();
    let resolved = answer.dispute.unwrap();
    assert_eq!(resolved.state(), DisputeState::Resolved);
    assert_eq!(resolved.resolved_date, Some(date_to_wire(date(2026, 3, 1))));
    assert_eq!(amount(&answer.invoice.unwrap().disputed_amount), "20.00");
    assert_eq!(office.collectable(owed).await, "20.00");
    let told = office.till.announced::<DisputeOpened>().await;
    let balance = told[0].balance_after.as_ref().unwrap();
    assert_eq!((told.len(), amount(&balance.disputed_amount)), (2, "30.00"));
    assert_eq!(told[0].dispute.as_ref().unwrap().note, "");
    let told = office.till.announced::<DisputeResolved>().await;
    assert_eq!(
        told[0].dispute.as_ref().unwrap().resolution(),
        DisputeResolution::Rejected
    );
    office.close().await;
}

#[tokio::test]
async fn a_dispute_of_the_whole_holds_back_all_and_stands_alone() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let whole = opened(&office, &objecting(owed, None)).await;
    assert_eq!(office.collectable(owed).await, "0.00");
    for more in [None, Some("1.00")] {
        let status = office
            .dispute(OURS, &objecting(owed, more))
            .await
            .unwrap_err();
        assert_eq!(
            refused(status),
            (Code::FailedPrecondition, "INVOICE_DISPUTED".to_owned())
        );
    }
    let request = ending(&whole, DisputeResolution::Withdrawn);
    office.resolve(OURS, &request).await.unwrap();
    assert_eq!(office.collectable(owed).await, "100.00");
    opened(&office, &objecting(owed, Some("1.00"))).await;
    let status = office
        .dispute(OURS, &objecting(owed, None))
        .await
        .unwrap_err();
    assert_eq!(reason(&status), "INVOICE_DISPUTED");
    office.close().await;
}

#[tokio::test]
async fn a_dispute_that_was_right_ends_with_the_credit_note_of_its_invoice() {
    let office = Office::open().await;
    let (owed, other) = (office.owed("100.00").await, office.owed("50.00").await);
    let dispute = opened(&office, &objecting(owed, Some("30.00"))).await;
    let noted = async |invoice| {
        let answer = office
            .credit(OURS, &crediting(invoice, "30.00"))
            .await
            .unwrap();
        answer.into_inner().credit_note.unwrap().credit_note_id
    };
    let (right, wrong) = (noted(owed).await, noted(other).await);
    let with = |credit_note_id: &str, resolution| ResolveDisputeRequest {
        credit_note_id: credit_note_id.to_owned(),
        ..ending(&dispute, resolution)
    };
    let credited = DisputeResolution::Credited;
    for (request, expected) in [
        (
            with(&wrong, credited),
            (Code::FailedPrecondition, "CREDIT_NOTE_MISMATCH"),
        ),
        (
            with(&Uuid::now_v7().to_string(), credited),
            (Code::NotFound, "CREDIT_NOTE_NOT_FOUND"),
        ),
        (
            with("", credited),
            (Code::InvalidArgument, "REQUEST_INVALID"),
        ),
        (
            with(&right, DisputeResolution::Paid),
            (Code::InvalidArgument, "REQUEST_INVALID"),
        ),
    ] {
        let status = office.resolve(OURS, &request).await.unwrap_err();
        assert_eq!(refused(status), (expected.0, expected.1.to_owned()));
    }
    let answer = office
        .resolve(OURS, &with(&right, credited))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(answer.dispute.unwrap().credit_note_id, right);
    assert_eq!(office.collectable(owed).await, "70.00");
    office.close().await;
}

#[tokio::test]
async fn every_refusal_has_its_reason_and_writes_nothing() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let paid = office.owed("10.00").await;
    office
        .till
        .pay(&for_invoice(paid, "10.00", date(2026, 2, 1)))
        .await;
    let draft = office.draft("5.00").await;
    let mut dollars = objecting(owed, None);
    let usd = Money::parse("1.00", Currency::USD).unwrap();
    dollars.extent = Some(Extent::Amount(money_to_wire(usd)));
    for (request, reason) in [
        (objecting(paid, None), "INVOICE_NOT_OPEN"),
        (objecting(draft, None), "INVOICE_NOT_OPEN"),
        (
            objecting(owed, Some("100.01")),
            "DISPUTE_EXCEEDS_OPEN_AMOUNT",
        ),
        (dollars, "CURRENCY_MISMATCH"),
    ] {
        let status = office.dispute(OURS, &request).await.unwrap_err();
        assert_eq!(
            refused(status),
            (Code::FailedPrecondition, reason.to_owned())
        );
    }
    let foreign = office
        .dispute(THEIRS, &objecting(owed, None))
        .await
        .unwrap_err();
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "INVOICE_NOT_FOUND".to_owned())
    );
    assert_eq!(office.till.count("SELECT count(*) FROM dispute").await, 0);

    let mut chosen = objecting(owed, Some("1.00"));
    chosen.dispute_id = Uuid::now_v7().to_string();
    let dispute = opened(&office, &chosen).await;
    assert_eq!(dispute, chosen.dispute_id);
    chosen.request_id = request_id();
    let taken = office.dispute(OURS, &chosen).await.unwrap_err();
    assert_eq!(
        refused(taken),
        (Code::AlreadyExists, "DISPUTE_EXISTS".to_owned())
    );
    assert_eq!(office.collectable(owed).await, "99.00");

    let end = ending(&dispute, DisputeResolution::Rejected);
    let foreign = office.resolve(THEIRS, &end).await.unwrap_err();
    assert_eq!(
        refused(foreign),
        (Code::NotFound, "DISPUTE_NOT_FOUND".to_owned())
    );
    let mut stale = ending(&dispute, DisputeResolution::Rejected);
    stale.etag = "9".to_owned();
    let stale = office.resolve(OURS, &stale).await.unwrap_err();
    assert_eq!(refused(stale), (Code::Aborted, "STALE_ETAG".to_owned()));
    office.resolve(OURS, &end).await.unwrap();
    let again = ending(&dispute, DisputeResolution::Rejected);
    let again = office.resolve(OURS, &again).await.unwrap_err();
    assert_eq!(
        refused(again),
        (Code::FailedPrecondition, "DISPUTE_NOT_OPEN".to_owned())
    );
    office.close().await;
}

#[tokio::test]
async fn no_more_is_disputed_than_is_open_however_many_ask_at_once() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let requests = [(); 4].map(|()| objecting(owed, Some("60.00")));
    let asked = requests.iter().map(|request| office.dispute(OURS, request));
    let answers = join_all(asked).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for status in answers.into_iter().filter_map(Result::err) {
        assert_eq!(reason(&status), "DISPUTE_EXCEEDS_OPEN_AMOUNT");
    }
    assert_eq!(office.collectable(owed).await, "40.00");
    office.close().await;
}

#[tokio::test]
async fn p3_p4_a_repeat_answers_as_the_first_time_and_the_id_is_good_for_one_content() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let request = objecting(owed, Some("10.00"));
    let (one, two) = tokio::join!(
        office.dispute(OURS, &request),
        office.dispute(OURS, &request)
    );
    for status in [&one, &two]
        .into_iter()
        .filter_map(|answer| answer.as_ref().err())
    {
        assert_eq!(reason(status), "REQUEST_IN_PROGRESS");
    }
    let first = one.or(two).unwrap().into_inner();
    let again = office.dispute(OURS, &request).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first);
    let mut other = request.clone();
    other.reason = DisputeReason::Quality.into();
    let status = office.dispute(OURS, &other).await.unwrap_err();
    assert_eq!(reason(&status), "REQUEST_ID_REUSED");
    assert_eq!(office.till.count("SELECT count(*) FROM dispute").await, 1);
    let end = ending(&first.dispute.unwrap().dispute_id, DisputeResolution::Paid);
    let first = office.resolve(OURS, &end).await.unwrap().into_inner();
    let again = office.resolve(OURS, &end).await.unwrap();
    assert_eq!(again.metadata().get("recoup-replayed").unwrap(), "true");
    assert_eq!(again.into_inner(), first);
    office.close().await;
}

#[tokio::test]
async fn a_request_says_which_of_its_fields_are_wrong() {
    let office = Office::open().await;
    let owed = office.owed("100.00").await;
    let nothing = OpenDisputeRequest {
        request_id: request_id(),
        dispute_id: Uuid::nil().to_string(),
        ..OpenDisputeRequest::default()
    };
    let mut neither = objecting(owed, None);
    neither.extent = Some(Extent::WholeInvoice(false));
    let mut negative = objecting(owed, Some("-1.00"));
    negative.reason = DisputeReason::Other.into();
    let mut future = objecting(owed, None);
    future.disputed_date = Some(date_to_wire(date(2026, 3, 2)));
    for (request, expected) in [
        (
            nothing,
            vec!["dispute_id", "invoice_id", "whole_invoice", "reason"],
        ),
        (neither, vec!["whole_invoice"]),
        (negative, vec!["amount", "note"]),
        (future, vec!["disputed_date"]),
    ] {
        let status = office.dispute(OURS, &request).await.unwrap_err();
        assert_eq!(
            (status.code(), fields(&status)),
            (
                Code::InvalidArgument,
                expected.into_iter().map(str::to_owned).collect()
            )
        );
    }
    let voided = ending("x", DisputeResolution::InvoiceVoided);
    let status = office.resolve(OURS, &voided).await.unwrap_err();
    assert_eq!(fields(&status), ["dispute_id", "resolution"]);
    office.close().await;
}

#[tokio::test]
async fn disputes_are_read_and_listed_newest_first() {
    let office = Office::open().await;
    let (one, two) = (office.owed("100.00").await, office.owed("100.00").await);
    let mut ids = Vec::new();
    for (invoice, objection) in [
        (one, DisputeReason::Price),
        (two, DisputeReason::Quality),
        (one, DisputeReason::Quality),
    ] {
        let mut request = objecting(invoice, Some("10.00"));
        request.reason = objection.into();
        ids.push(opened(&office, &request).await);
    }
    let end = ending(&ids[2], DisputeResolution::Withdrawn);
    office.resolve(OURS, &end).await.unwrap();
    let listed = async |tenant, page_size, filter: ListDisputesRequest| {
        let (mut found, mut page_token) = (Vec::new(), String::new());
        loop {
            let asked = ListDisputesRequest {
                page_size,
                page_token,
                ..filter.clone()
            };
            let asked = office.till.world.signed(tenant, asked);
            let page = office
                .disputes()
                .list_disputes(asked)
                .await
                .unwrap()
                .into_inner();
            found.extend(page.disputes.into_iter().map(|one| one.dispute_id));
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return found;
            }
        }
    };
    let all = ListDisputesRequest::default();
    let newest_first: Vec<_> = ids.iter().rev().cloned().collect();
    for page_size in [1, 2, 50] {
        assert_eq!(listed(OURS, page_size, all.clone()).await, newest_first);
    }
    let open = ListDisputesRequest {
        state: Some(DisputeState::Open.into()),
        ..all.clone()
    };
    assert_eq!(listed(OURS, 50, open).await, [&*ids[1], &*ids[0]]);
    let of_quality = ListDisputesRequest {
        invoice_id: Some(one.0.to_string()),
        reason: Some(DisputeReason::Quality.into()),
        ..all.clone()
    };
    assert_eq!(listed(OURS, 50, of_quality).await, ids[2..]);
    assert!(listed(THEIRS, 50, all).await.is_empty());
    for (tenant, expected) in [(OURS, None), (THEIRS, Some(Code::NotFound))] {
        let asked = GetDisputeRequest {
            dispute_id: ids[0].clone(),
        };
        let asked = office.till.world.signed(tenant, asked);
        let answer = office.disputes().get_dispute(asked).await;
        assert_eq!(answer.err().map(|status| status.code()), expected);
    }
    office.close().await;
}
