//! ListInvoices: newest first, narrowed by what is asked.

use contracts::invoicing::invoice_content::Customer;
use contracts::invoicing::{InvoiceState, ListInvoicesRequest};

use crate::fixture::{OURS, THEIRS, fields};
use crate::shop::{Shop, day};

/// Four invoices, the oldest first: a draft, one of 1 January that is overdue since the 31st, one of
/// another customer, and a void one.
struct Shelf {
    shop: Shop,
    other_customer: String,
    invoices: [String; 4],
}

impl Shelf {
    async fn filled() -> Self {
        let shop = Shop::open().await;
        let other_customer = shop.tell_customer(OURS, "C-2", Some("net 60"));
        shop.heard().await;
        let draft = shop.create(shop.content("1.00")).await.unwrap();
        let mut old = shop.content("2.00");
        old.invoice_date = Some(day(2026, 1, 1));
        let overdue = shop.issue(old).await.unwrap();
        let mut of_other = shop.content("3.00");
        of_other.customer = Some(Customer::CustomerId(other_customer.clone()));
        let of_other = shop.issue(of_other).await.unwrap();
        let void = shop.issued("4.00").await;
        shop.void(&void.invoice_id, &void.etag).await.unwrap();
        Self {
            invoices: [draft, overdue, of_other, void].map(|invoice| invoice.invoice_id),
            shop,
            other_customer,
        }
    }

    /// All pages, as places on the shelf.
    async fn list(&self, asked: ListInvoicesRequest) -> Vec<usize> {
        let (mut found, mut asked) = (Vec::new(), asked);
        loop {
            let request = self.shop.world.signed(OURS, asked.clone());
            let page = self.shop.client().list_invoices(request).await.unwrap();
            let page = page.into_inner();
            let place = |id: &str| self.invoices.iter().position(|one| one == id).unwrap();
            found.extend(page.invoices.iter().map(|one| place(&one.invoice_id)));
            asked.page_token = page.next_page_token;
            if asked.page_token.is_empty() {
                return found;
            }
        }
    }
}

const ALL: ListInvoicesRequest = ListInvoicesRequest {
    page_size: 0,
    page_token: String::new(),
    customer_id: None,
    states: Vec::new(),
    currency_code: None,
    from_invoice_date: None,
    to_invoice_date: None,
    due_before_date: None,
    disputed: None,
};

#[tokio::test]
async fn a_listing_is_newest_first_on_pages_of_any_size() {
    let shelf = Shelf::filled().await;
    for page_size in [1, 2, 3, 4, 50] {
        let asked = ListInvoicesRequest { page_size, ..ALL };
        assert_eq!(shelf.list(asked).await, [3, 2, 1, 0]);
    }
    let foreign = shelf.shop.world.signed(THEIRS, ALL);
    let foreign = shelf.shop.client().list_invoices(foreign).await.unwrap();
    assert!(foreign.into_inner().invoices.is_empty());
}

fn by(narrow: impl FnOnce(&mut ListInvoicesRequest)) -> ListInvoicesRequest {
    let mut asked = ALL;
    narrow(&mut asked);
    asked
}

#[tokio::test]
async fn each_filter_narrows_and_all_must_hold() {
    let shelf = Shelf::filled().await;
    let other = Some(shelf.other_customer.clone());
    let march = Some(day(2026, 3, 1));
    let draft_or_void = vec![InvoiceState::Draft.into(), InvoiceState::Void.into()];
    let both = draft_or_void.clone();
    let in_currency = |code: &str| by(|asked| asked.currency_code = Some(code.to_owned()));
    let disputed = |disputed| by(|asked| asked.disputed = Some(disputed));
    let due_before = |before| by(|asked| asked.due_before_date = Some(before));
    let cases = [
        (by(|asked| asked.customer_id = other), vec![2]),
        (by(|asked| asked.states = draft_or_void), vec![3, 0]),
        (in_currency("EUR"), vec![3, 2, 1, 0]),
        (in_currency("USD"), vec![]),
        (
            by(|asked| asked.to_invoice_date = Some(day(2026, 2, 28))),
            vec![1],
        ),
        (by(|asked| asked.from_invoice_date = march), vec![3, 2]),
        // Due on 31 January is overdue from 1 February on.
        (due_before(day(2026, 2, 1)), vec![1]),
        (due_before(day(2026, 1, 31)), vec![]),
        (due_before(day(2026, 5, 1)), vec![2, 1]),
        (disputed(true), vec![]),
        (disputed(false), vec![3, 2, 1, 0]),
        (
            by(|asked| (asked.from_invoice_date, asked.states) = (march, both)),
            vec![3],
        ),
    ];
    for (asked, expected) in cases {
        assert_eq!(shelf.list(asked.clone()).await, expected, "{asked:?}");
    }
}

#[tokio::test]
async fn a_filter_that_means_nothing_is_refused() {
    let shop = Shop::open().await;
    let asked = ListInvoicesRequest {
        states: vec![0],
        customer_id: Some("C-1".to_owned()),
        currency_code: Some("EURO".to_owned()),
        due_before_date: Some(day(2026, 2, 30)),
        ..ALL
    };
    let asked = shop.world.signed(OURS, asked);
    let refused = shop.client().list_invoices(asked).await.unwrap_err();
    let expected = [
        "customer_id",
        "states[0]",
        "currency_code",
        "due_before_date",
    ];
    assert_eq!(fields(&refused), expected);
    let too_many = ListInvoicesRequest {
        page_size: 501,
        ..ALL
    };
    let too_many = shop.world.signed(OURS, too_many);
    let refused = shop.client().list_invoices(too_many).await.unwrap_err();
    assert_eq!(fields(&refused), ["page_size"]);
}
