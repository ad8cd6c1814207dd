//! Voiding: taken back as a whole, as long as nothing stands against it.

use contracts::common::Money;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::dispute_service_client::DisputeServiceClient;
use contracts::invoicing::open_dispute_request::Extent;
use contracts::invoicing::{
    ApplyCreditsRequest, ClosingKind, CreditApplication, DisputeReason, DisputeResolution,
    DisputeResolved, InvoiceState, InvoiceVoided, OpenDisputeRequest, ResolveDisputeRequest,
    ReverseApplicationsRequest, VoidInvoiceRequest,
};
use invoicing::domain::InvoiceId;
use jiff::civil::date;
use tonic::Code;

use crate::fixture::{OURS, fields, reason};
use crate::shop::{Shop, amount, data, day};
use crate::till::{for_invoice, returned};

#[tokio::test]
async fn a_draft_ends_without_a_number_and_nobody_is_told() {
    let shop = Shop::open().await;
    let draft = shop.create(shop.content("10.00")).await.unwrap();
    let void = shop.void(&draft.invoice_id, &draft.etag).await.unwrap();
    assert_eq!(void.state(), InvoiceState::Void);
    assert_eq!((void.invoice_number.as_str(), void.closed_date), ("", None));
    assert_eq!(shop.read(&draft.invoice_id).await, void);
    assert_eq!(shop.told().await, [""; 0]);
    let issued = shop.issue_draft(&draft.invoice_id, "").await.unwrap_err();
    assert_eq!(reason(&issued), "INVOICE_NOT_DRAFT");
    let again = shop.void(&draft.invoice_id, "").await.unwrap_err();
    assert_eq!(
        (again.code(), reason(&again).as_str()),
        (Code::FailedPrecondition, "INVOICE_VOID")
    );
}

#[tokio::test]
async fn is_3_an_issued_invoice_keeps_its_number_and_owes_nothing() {
    let shop = Shop::open().await;
    let mut content = shop.content("10.00");
    content.reservation_id = "01900000-0000-7000-8000-00000000000b".to_owned();
    let issued = shop.issue(content).await.unwrap();
    shop.world
        .clock
        .set("2026-03-05T12:00:00Z".parse().unwrap())
        .unwrap();
    let stale = shop.void(&issued.invoice_id, "another").await.unwrap_err();
    assert_eq!(
        (stale.code(), reason(&stale).as_str()),
        (Code::Aborted, "STALE_ETAG")
    );
    let void = shop.void(&issued.invoice_id, &issued.etag).await.unwrap();
    assert_eq!(void.state(), InvoiceState::Void);
    assert_eq!(void.invoice_number, "INV-000001");
    assert_eq!(
        (amount(&void.open_amount), void.oldest_due_date),
        ("0.00", None)
    );
    assert_eq!(void.closing_kind(), ClosingKind::Void);
    assert_eq!(void.closed_date, Some(day(2026, 3, 5)));
    assert_eq!(shop.read(&issued.invoice_id).await, void);
    let note: String = sqlx::query_scalar("SELECT void_note FROM invoice")
        .fetch_one(&shop.pool)
        .await
        .unwrap();
    assert_eq!(note, "billed to the wrong branch");

    assert_eq!(shop.told().await, ["InvoiceIssued", "InvoiceVoided"]);
    let events = shop.events(OURS).await;
    let told: InvoiceVoided = data(&events[1]);
    assert_eq!(
        (amount(&told.voided_amount), told.void_date),
        ("10.00", Some(day(2026, 3, 5)))
    );
    assert_eq!(told.reservation_id, "01900000-0000-7000-8000-00000000000b");
    let balance = told.balance_after.unwrap();
    assert_eq!(
        (balance.state(), amount(&balance.open_amount)),
        (InvoiceState::Void, "0.00")
    );
    assert_eq!(balance.version, events[1].subject_version);
    assert!(events[1].subject_version > events[0].subject_version);
    let again = shop.void(&issued.invoice_id, &void.etag).await.unwrap_err();
    assert_eq!(reason(&again), "INVOICE_VOID");
    // The number is not drawn again.
    assert_eq!(shop.issued("1.00").await.invoice_number, "INV-000002");
}

#[tokio::test]
async fn open_disputes_end_with_the_invoice() {
    let shop = Shop::open().await;
    let issued = shop.issued("10.00").await;
    let mut disputes = DisputeServiceClient::new(shop.world.channel());
    let old = shop
        .world
        .signed(OURS, objection(&shop, &issued.invoice_id, "3.00"));
    let old = disputes.open_dispute(old).await.unwrap().into_inner();
    let withdrawn = ResolveDisputeRequest {
        request_id: shop.request_id(),
        dispute_id: old.dispute.unwrap().dispute_id,
        resolution: DisputeResolution::Withdrawn.into(),
        ..ResolveDisputeRequest::default()
    };
    let withdrawn = shop.world.signed(OURS, withdrawn);
    disputes.resolve_dispute(withdrawn).await.unwrap();
    let open = shop
        .world
        .signed(OURS, objection(&shop, &issued.invoice_id, "4.00"));
    let open = disputes.open_dispute(open).await.unwrap().into_inner();
    let open = open.dispute.unwrap();
    let disputed = shop.read(&issued.invoice_id).await;
    assert_eq!(amount(&disputed.disputed_amount), "4.00");

    let void = shop.void(&issued.invoice_id, &disputed.etag).await.unwrap();
    assert_eq!(amount(&void.disputed_amount), "0.00");
    let told = shop.told().await;
    assert_eq!(told[4..], ["InvoiceVoided", "DisputeResolved"]);
    let told: DisputeResolved = data(&shop.events(OURS).await[5]);
    let dispute = told.dispute.unwrap();
    assert_eq!(dispute.dispute_id, open.dispute_id);
    assert_eq!(dispute.resolution(), DisputeResolution::InvoiceVoided);
    assert_eq!(dispute.resolved_date, Some(day(2026, 3, 1)));
    let balance = told.balance_after.unwrap();
    assert_eq!(
        (balance.state(), amount(&balance.disputed_amount)),
        (InvoiceState::Void, "0.00")
    );
}

fn objection(shop: &Shop, invoice_id: &str, disputed: &str) -> OpenDisputeRequest {
    OpenDisputeRequest {
        request_id: shop.request_id(),
        invoice_id: invoice_id.to_owned(),
        extent: Some(Extent::Amount(Money {
            currency_code: "EUR".to_owned(),
            amount: disputed.to_owned(),
        })),
        reason: DisputeReason::Price.into(),
        ..OpenDisputeRequest::default()
    }
}

/// Money that stands against it keeps an invoice from being void; taken back, it does not.
#[tokio::test]
async fn is_3_what_stands_against_an_invoice_is_taken_back_first() {
    let shop = Shop::open().await;
    let issued = shop.issued("10.00").await;
    let invoice_id = InvoiceId(issued.invoice_id.parse().unwrap());
    let paid = CreditApplication {
        customer_id: shop.customer_id.clone(),
        ..for_invoice(invoice_id, "0.01", date(2026, 3, 1))
    };
    let application_id = paid.application_id.clone();
    let mut applications = ApplicationServiceClient::new(shop.world.channel());
    let asked = ApplyCreditsRequest {
        request_id: shop.request_id(),
        applications: vec![paid],
    };
    let asked = shop.world.of_payments(OURS, asked);
    applications.apply_credits(asked).await.unwrap();
    let part_paid = shop.read(&issued.invoice_id).await;
    assert_eq!(amount(&part_paid.open_amount), "9.99");
    let refused = shop.void(&issued.invoice_id, "").await.unwrap_err();
    let expected = (Code::FailedPrecondition, "INVOICE_HAS_ALLOCATIONS");
    assert_eq!((refused.code(), reason(&refused).as_str()), expected);
    assert_eq!(shop.read(&issued.invoice_id).await, part_paid);

    let asked = ReverseApplicationsRequest {
        request_id: shop.request_id(),
        reversals: vec![returned(&application_id, date(2026, 3, 1))],
    };
    let asked = shop.world.of_payments(OURS, asked);
    applications.reverse_applications(asked).await.unwrap();
    let void = shop.void(&issued.invoice_id, "").await.unwrap();
    assert_eq!(void.state(), InvoiceState::Void);
    let told = [
        "InvoiceIssued",
        "ApplicationApplied",
        "ApplicationReversed",
        "InvoiceVoided",
    ];
    assert_eq!(shop.told().await, told);
}

#[tokio::test]
async fn a_reason_is_required_and_the_invoice_must_be_there() {
    let shop = Shop::open().await;
    let asked = VoidInvoiceRequest {
        request_id: "r".to_owned(),
        invoice_id: "x".to_owned(),
        ..VoidInvoiceRequest::default()
    };
    let asked = shop.world.signed(OURS, asked);
    let refused = shop.client().void_invoice(asked).await.unwrap_err();
    assert_eq!(fields(&refused), ["invoice_id", "note"]);
    let nowhere = shop
        .void("01900000-0000-7000-8000-00000000000a", "")
        .await
        .unwrap_err();
    assert_eq!(
        (nowhere.code(), reason(&nowhere).as_str()),
        (Code::NotFound, "INVOICE_NOT_FOUND")
    );
}
