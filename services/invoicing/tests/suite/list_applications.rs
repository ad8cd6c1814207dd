//! ListApplications: newest first, narrowed, page by page; refusals are answers, not applications.

use contracts::invoicing::{CreditApplication, ListApplicationsRequest, ListApplicationsResponse};
use invoicing::domain::InvoiceId;
use jiff::SignedDuration;
use jiff::civil::date;

use crate::fixture::{OURS, THEIRS, fields};
use crate::till::{Bill, Till, customer, for_invoice, for_invoices, returned};

async fn page(
    till: &Till,
    tenant: postgres::TenantId,
    asked: ListApplicationsRequest,
) -> ListApplicationsResponse {
    let asked = till.world.signed(tenant, asked);
    till.client()
        .list_applications(asked)
        .await
        .unwrap()
        .into_inner()
}

fn ids(page: &ListApplicationsResponse) -> Vec<String> {
    page.applications
        .iter()
        .map(|one| one.application_id.clone())
        .collect()
}

/// Three applications a second apart, the first of them taken back, and one that was refused. The
/// second is of customer 2, the third is for two invoices.
async fn applied(till: &Till) -> ([CreditApplication; 3], [InvoiceId; 3]) {
    let other = Bill {
        customer_id: customer(2),
        ..Bill::of("100.00")
    };
    let one = till.owed(&Bill::of("100.00")).await;
    let two = till.owed(&Bill::of("100.00")).await;
    let theirs = till.owed(&other).await;
    let on = date(2026, 1, 20);
    let mut of_customer_2 = for_invoice(theirs, "10.00", on);
    of_customer_2.customer_id = customer(2).0.to_string();
    let items = [
        for_invoice(one, "10.00", on),
        of_customer_2,
        for_invoices(&[(one, Some("5.00")), (two, None)], "10.00", on),
    ];
    for item in &items {
        till.pay(item).await;
        let second = SignedDuration::from_secs(1);
        till.world.clock.advance(second).unwrap();
    }
    till.refused(&for_invoice(theirs, "10.00", on)).await;
    let back = returned(&items[0].application_id, on);
    till.reverse(&[back]).await;
    (items, [one, two, theirs])
}

#[tokio::test]
async fn applications_are_listed_newest_first_and_narrowed() {
    let till = Till::open().await;
    let (items, [_, two, _]) = applied(&till).await;
    let id = |index: usize| items[index].application_id.clone();
    let all = ListApplicationsRequest::default();
    let listed = page(&till, OURS, all.clone()).await;
    assert_eq!(ids(&listed), [id(2), id(1), id(0)]);
    assert!(listed.applications[2].reversal.is_some());
    assert_eq!(listed.applications[0].allocations.len(), 2);
    let of_tenant = page(&till, THEIRS, all.clone()).await;
    assert_eq!(of_tenant.applications, []);
    let of_customer = ListApplicationsRequest {
        customer_id: Some(customer(1).0.to_string()),
        ..all.clone()
    };
    assert_eq!(ids(&page(&till, OURS, of_customer).await), [id(2), id(0)]);
    let of_invoice = ListApplicationsRequest {
        invoice_id: Some(two.0.to_string()),
        ..all.clone()
    };
    assert_eq!(ids(&page(&till, OURS, of_invoice).await), [id(2)]);
    let of_receipt = ListApplicationsRequest {
        receipt_id: Some(items[1].receipt_id.clone()),
        ..all
    };
    assert_eq!(ids(&page(&till, OURS, of_receipt).await), [id(1)]);
    till.close().await;
}

#[tokio::test]
async fn pages_continue_where_the_one_before_ended() {
    let till = Till::open().await;
    let (items, _) = applied(&till).await;
    let mut seen = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListApplicationsRequest {
            page_size: 2,
            page_token,
            ..ListApplicationsRequest::default()
        };
        let shown = page(&till, OURS, asked).await;
        assert!(shown.applications.len() <= 2);
        seen.extend(ids(&shown));
        page_token = shown.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let expected: Vec<_> = items
        .iter()
        .rev()
        .map(|item| item.application_id.clone())
        .collect();
    assert_eq!(seen, expected);
    till.close().await;
}

#[tokio::test]
async fn a_filter_that_is_no_identity_is_named() {
    let till = Till::open().await;
    let asked = ListApplicationsRequest {
        customer_id: Some("x".to_owned()),
        receipt_id: Some(String::new()),
        ..ListApplicationsRequest::default()
    };
    let asked = till.world.signed(OURS, asked);
    let refused = till.client().list_applications(asked).await.unwrap_err();
    assert_eq!(fields(&refused), ["customer_id", "receipt_id"]);
    till.close().await;
}
