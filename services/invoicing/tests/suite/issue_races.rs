//! Issuing at the same time: one effect a request, and numbers without a gap.

use std::collections::BTreeSet;
use std::time::Duration;

use contracts::invoicing::issue_invoice_request::Subject;
use contracts::invoicing::{Invoice, IssueInvoiceRequest, NewInvoice};
use futures_util::future::join_all;
use futures_util::stream::{self, StreamExt as _};
use testkit::eventually_some;
use tonic::Code;

use crate::fixture::{OURS, reason};
use crate::shop::{Shop, line, new_invoice};

/// Sends until it is answered or refused for good, as a client does: a twin that is still running, a
/// database that is busy and a deadline that has passed tell to repeat the same request.
async fn settled(shop: &Shop, request: &IssueInvoiceRequest) -> Result<Invoice, String> {
    let patience = Duration::from_secs(60);
    eventually_some(patience, "the request is settled", async || {
        match shop.send_issue(OURS, request.clone()).await {
            Ok(answer) => answer.into_inner().invoice.map(Ok),
            Err(status) => match status.code() {
                Code::Aborted
                | Code::Unavailable
                | Code::ResourceExhausted
                | Code::DeadlineExceeded => None,
                _ => Some(Err(reason(&status))),
            },
        }
    })
    .await
}

async fn sent(shop: &Shop, request: &IssueInvoiceRequest) -> Invoice {
    settled(shop, request).await.unwrap()
}

#[tokio::test]
async fn p3_twins_have_one_effect_and_the_same_answer() {
    let shop = Shop::open().await;
    let request = new_invoice("the same", shop.content("10.00"));
    let answers = join_all((0..10).map(|_| sent(&shop, &request))).await;
    for answer in &answers {
        assert_eq!(answer, &answers[0]);
    }
    assert_eq!(
        (shop.count("invoice").await, shop.count("open_item").await),
        (1, 1)
    );
    assert_eq!(shop.told().await, ["InvoiceIssued"]);
    assert_eq!(shop.issued("1.00").await.invoice_number, "INV-000002");
}

#[tokio::test]
async fn p4_the_same_id_with_other_content_is_refused_and_writes_nothing() {
    let shop = Shop::open().await;
    let first = new_invoice("r", shop.content("10.00"));
    let issued = sent(&shop, &first).await;
    let other = new_invoice("r", shop.content("10.01"));
    let refused = shop.send_issue(OURS, other).await.unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    assert_eq!(sent(&shop, &first).await, issued);
    assert_eq!(shop.count("invoice").await, 1);
}

#[tokio::test]
async fn a_draft_is_issued_once_however_many_ask() {
    let shop = Shop::open().await;
    let draft = shop.create(shop.content("10.00")).await.unwrap();
    let asked = (0..8).map(|_| shop.issue_draft(&draft.invoice_id, ""));
    let (issued, refused): (Vec<_>, Vec<_>) =
        join_all(asked).await.into_iter().partition(Result::is_ok);
    assert_eq!((issued.len(), refused.len()), (1, 7));
    for status in refused {
        assert_eq!(reason(&status.unwrap_err()), "INVOICE_NOT_DRAFT");
    }
    assert_eq!(shop.told().await, ["InvoiceIssued"]);
}

/// Every fifth is refused after its number was drawn: its external identity is taken, which only
/// storing it finds out.
#[tokio::test]
async fn p12_parallel_issues_leave_no_gap_whoever_is_refused() {
    let shop = &Shop::open().await;
    let mut first = new_invoice("first", shop.content("1.00"));
    of(&mut first).external_id = "taken".to_owned();
    sent(shop, &first).await;
    let one = async |number: usize| {
        let mut request = new_invoice(&format!("issue {number}"), shop.content("1.00"));
        let new = of(&mut request);
        match number % 10 {
            4 | 9 => new.external_id = "taken".to_owned(),
            7 => new
                .content
                .as_mut()
                .unwrap()
                .lines
                .push(line("-1", "2.00", "0")),
            _ => {}
        }
        settled(shop, &request).await
    };
    let mut outcomes = stream::iter((0..200).map(one)).buffer_unordered(20);
    let mut numbers = BTreeSet::new();
    let mut refusals = Vec::new();
    while let Some(outcome) = outcomes.next().await {
        match outcome {
            Ok(invoice) => assert!(numbers.insert(invoice.invoice_number)),
            Err(reason) => refusals.push(reason),
        }
    }
    let refused_for = |reason: &str| refusals.iter().filter(|one| *one == reason).count();
    assert_eq!(refused_for("INVOICE_EXISTS"), 40, "{refusals:?}");
    assert_eq!(refused_for("INVOICE_TOTAL_NEGATIVE"), 20);
    assert_eq!(refusals.len(), 60);
    // The first was drawn before; the others follow it without a gap.
    let expected: BTreeSet<String> = (2..=141).map(|number| format!("INV-{number:06}")).collect();
    assert_eq!(numbers, expected);
    assert_eq!(shop.events(OURS).await.len(), 141);
}

fn of(request: &mut IssueInvoiceRequest) -> &mut NewInvoice {
    match &mut request.subject {
        Some(Subject::NewInvoice(new)) => new,
        _ => unreachable!("these requests bring a new invoice"),
    }
}
