//! The life of an invoice over RPCs alone: terms come through credit's feed, it is issued, paid with
//! discount and tolerance, and the bank takes the money back.

use contracts::common::PaymentTolerance;
use contracts::convert::money_to_wire;
use contracts::credit::GrantedTerms;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::apply_customer_credit_request::Target;
use contracts::invoicing::customer_credit_service_client::CustomerCreditServiceClient;
use contracts::invoicing::{
    ApplyCreditsRequest, ApplyCustomerCreditRequest, ClosingKind, CreditApplication, EntryKind,
    InvoiceState, ListInvoiceEntriesRequest, NamedInvoice, NamedInvoices,
    ReverseApplicationsRequest,
};
use jiff::civil::date;

use crate::books::assert_balanced;
use crate::fixture::{OURS, reason};
use crate::office::{Office, crediting, request_id};
use crate::shop::{Shop, amount, day, decimal, granted, offer};
use crate::till::{Bill, applied, eur, for_invoice, returned, reversed};

/// Net 30 with 2 % within 14 days; 1 % and at most 5.00 are let go, two days of grace.
async fn lenient() -> Shop {
    let shop = Shop::open().await;
    let lenient = GrantedTerms {
        early_payment_offer: Some(offer(&[("0.02", 14)])),
        payment_tolerance: Some(PaymentTolerance {
            ratio: Some(decimal("0.01")),
            maximum_amounts: vec![money_to_wire(eur("5.00"))],
            discount_grace_days: 2,
        }),
        ..granted("net 30", day(2026, 1, 1))
    };
    shop.tell_terms(&shop.customer_id, lenient);
    shop.heard().await;
    shop
}

/// Kind and amount of every entry of the invoice.
async fn entries(shop: &Shop, invoice_id: &str) -> Vec<(EntryKind, String)> {
    let asked = ListInvoiceEntriesRequest {
        invoice_id: invoice_id.to_owned(),
        ..ListInvoiceEntriesRequest::default()
    };
    let asked = shop.world.signed(OURS, asked);
    let page = shop.client().list_invoice_entries(asked).await.unwrap();
    let entries = page.into_inner().entries;
    let told = entries
        .iter()
        .map(|entry| (entry.kind(), amount(&entry.amount).to_owned()));
    told.collect()
}

/// 1 000.00 of 1 March. Two days after the offer 975.00 come in: 20.00 are discount, and the 5.00
/// that lack of 980.00 are let go.
#[tokio::test]
async fn an_invoice_is_paid_and_the_bank_takes_it_back() {
    let shop = lenient().await;
    let issued = shop.issued("1000.00").await;
    let invoice_id = issued.invoice_id.as_str();
    let mut money = ApplicationServiceClient::new(shop.world.channel());
    let item = CreditApplication {
        customer_id: shop.customer_id.clone(),
        ..for_invoice(
            invoicing::domain::InvoiceId(invoice_id.parse().unwrap()),
            "975.00",
            date(2026, 3, 17),
        )
    };
    let request = ApplyCreditsRequest {
        request_id: shop.request_id(),
        applications: vec![item],
    };
    let answer = money
        .apply_credits(shop.world.of_payments(OURS, request))
        .await
        .unwrap();
    let paid = applied(answer.into_inner().results.remove(0));
    let decision = paid.decision.unwrap();
    assert_eq!(decision.policy_version, "credit-policy/standard@3");
    let read = shop.read(invoice_id).await;
    assert_eq!(
        (read.state(), read.closing_kind()),
        (InvoiceState::Closed, ClosingKind::Payment)
    );
    assert_eq!(
        (amount(&read.open_amount), read.closed_date),
        ("0.00", Some(day(2026, 3, 17)))
    );
    let refused = shop.void(invoice_id, &read.etag).await.unwrap_err();
    assert_eq!(reason(&refused), "INVOICE_HAS_ALLOCATIONS");

    let request = ReverseApplicationsRequest {
        request_id: shop.request_id(),
        reversals: vec![returned(&paid.application_id, date(2026, 3, 20))],
    };
    let request = shop.world.of_payments(OURS, request);
    let answer = money.reverse_applications(request).await.unwrap();
    reversed(answer.into_inner().results.remove(0));
    let read = shop.read(invoice_id).await;
    assert_eq!(
        (read.state(), amount(&read.open_amount)),
        (InvoiceState::Issued, "1000.00")
    );
    assert_eq!(read.oldest_due_date, issued.oldest_due_date);
    let expected = [
        (EntryKind::Issue, "1000.00"),
        (EntryKind::Allocation, "-975.00"),
        (EntryKind::Discount, "-20.00"),
        (EntryKind::Tolerance, "-5.00"),
        (EntryKind::Allocation, "975.00"),
        (EntryKind::Discount, "20.00"),
        (EntryKind::Tolerance, "5.00"),
    ];
    let expected = expected.map(|(kind, amount)| (kind, amount.to_owned()));
    assert_eq!(entries(&shop, invoice_id).await, expected);
    let told = shop.told().await;
    assert_eq!(
        told,
        ["InvoiceIssued", "ApplicationApplied", "ApplicationReversed"]
    );
    assert_balanced(&shop.world).await;
}

/// 1 000.00 are paid by 980.00 and 20.00 of discount. A note credits 100.00 of what is paid: 2.00 of
/// it are discount that had been granted, 98.00 are the customer's. The bank takes the 980.00 back:
/// with what stands of the discount 998.00 are open again. The 98.00 lower that to 900.00, which is
/// the price less the note.
#[tokio::test]
async fn ed_4_a_credit_note_keeps_its_share_of_the_discount_when_the_money_goes_back() {
    let office = Office::open().await;
    let till = &office.till;
    let bill = Bill {
        offer: "2/14",
        ..Bill::of("1000.00")
    };
    let invoice = till.owed(&bill).await;
    let money = for_invoice(invoice, "980.00", date(2026, 1, 15));
    let paid = till.pay(&money).await;
    let note = office
        .credit(OURS, &crediting(invoice, "100.00"))
        .await
        .unwrap();
    let note = note.into_inner().credit_note.unwrap();
    assert_eq!(amount(&note.customer_credit_amount), "98.00");
    assert_eq!(till.standing(invoice).await, ("CLOSED".into(), "0".into()));

    let back = returned(&paid.application_id, date(2026, 3, 1));
    let reversal = reversed(till.reverse(&[back]).await.remove(0));
    let reopened = &reversal.reopened[0];
    let told = [
        &reopened.amount,
        &reopened.discount_amount,
        &reopened.open_amount_after,
    ];
    assert_eq!(told.map(amount), ["980.00", "18.00", "998.00"]);

    let named = NamedInvoice {
        invoice_id: invoice.0.to_string(),
        amount: None,
    };
    let order = ApplyCustomerCreditRequest {
        request_id: request_id(),
        customer_credit_id: note.customer_credit_id,
        target: Some(Target::NamedInvoices(NamedInvoices {
            invoices: vec![named],
        })),
        ..ApplyCustomerCreditRequest::default()
    };
    let mut credits = CustomerCreditServiceClient::new(till.world.channel());
    credits
        .apply_customer_credit(office.signed(order))
        .await
        .unwrap();
    assert_eq!(
        till.standing(invoice).await,
        ("ISSUED".into(), "900".into())
    );
    office.close().await;
}
