//! A real book: 2 466 invoices of 100 customers, published by IBM, loaded through the RPCs, and what
//! its aging and figures are known to come to (AG-5). Skipped without the folder of test data.

use std::path::PathBuf;

use contracts::common::{ImportOptions, ImportState};
use contracts::convert::date_to_wire;
use contracts::invoicing::aging_service_client::AgingServiceClient;
use contracts::invoicing::application_service_client::ApplicationServiceClient;
use contracts::invoicing::apply_credits_result::Outcome;
use contracts::invoicing::credit_application::Target;
use contracts::invoicing::figure_service_client::FigureServiceClient;
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::{
    AgingBasis, AgingQuery, ApplyCreditsRequest, CreditApplication, CurrencyFigures, FigureKind,
    GetAgingRequest, GetFiguresRequest, InvoiceContent, InvoiceRow, ListInvoicesRequest,
    NamedInvoice, NamedInvoices,
};
use jiff::civil::{Date, date};
use uuid::Uuid;

use crate::books::assert_balanced;
use crate::fixture::OURS;
use crate::shop::{Shop, amount, line};

/// A row of the file.
struct Known {
    customer: String,
    number: String,
    amount: String,
    invoice_date: Date,
    due_date: Date,
    settled_date: Date,
}

/// The file, where there is one.
fn book() -> Option<Vec<Known>> {
    let folder = PathBuf::from(std::env::var_os("RECOUP_TEST_DATA")?);
    let text = std::fs::read_to_string(folder.join("receivables/ibm-late-payments.csv")).ok()?;
    Some(text.lines().skip(1).map(known).collect())
}

fn known(line: &str) -> Known {
    let field: Vec<&str> = line.split(',').collect();
    let day = |text: &str| Date::strptime("%m/%d/%Y", text).unwrap();
    Known {
        customer: field[1].to_owned(),
        number: field[3].to_owned(),
        amount: field[6].to_owned(),
        invoice_date: day(field[4]),
        due_date: day(field[5]),
        settled_date: day(field[8]),
    }
}

/// A row for the import. Its amount may have fewer digits than a dollar has.
fn row(row_number: i32, known: &Known) -> InvoiceRow {
    InvoiceRow {
        row_number,
        external_id: known.number.clone(),
        invoice_number: known.number.clone(),
        content: Some(InvoiceContent {
            customer: Some(Customer::CustomerExternalId(known.customer.clone())),
            currency_code: "USD".to_owned(),
            invoice_date: Some(date_to_wire(known.invoice_date)),
            due: Some(Due::DueDate(date_to_wire(known.due_date))),
            lines: vec![line("1", &known.amount, "0")],
            ..InvoiceContent::default()
        }),
    }
}

/// Announces the customers and imports the invoices.
async fn bill(shop: &Shop, book: &[Known]) {
    let mut customers: Vec<&str> = book.iter().map(|one| one.customer.as_str()).collect();
    customers.sort_unstable();
    customers.dedup();
    for customer in customers {
        shop.tell_customer(OURS, customer, Some("net 30"));
    }
    shop.heard().await;
    let rows = (1..).zip(book).map(|(number, known)| row(number, known));
    let whole = ImportOptions::default();
    let report = shop.import("book", whole, rows.collect()).await.unwrap();
    assert_eq!(report.rejected_rows, []);
    assert_eq!(
        (report.state(), report.imported_count),
        (ImportState::Completed, 2466)
    );
}

/// Pays every invoice in full on the day on which it was settled, five hundred in a batch.
async fn settle(shop: &Shop, book: &[Known]) {
    let mut money = Vec::new();
    let mut page_token = String::new();
    loop {
        let asked = ListInvoicesRequest {
            page_size: 500,
            page_token,
            ..ListInvoicesRequest::default()
        };
        let answer = shop
            .client()
            .list_invoices(shop.world.signed(OURS, asked))
            .await;
        let page = answer.unwrap().into_inner();
        for invoice in page.invoices {
            let number = invoice.external_id;
            let known = book.iter().find(|one| one.number == number).unwrap();
            let Some(Customer::CustomerId(customer_id)) = invoice.content.unwrap().customer else {
                panic!("an answer always names the customer_id")
            };
            let named = NamedInvoice {
                invoice_id: invoice.invoice_id,
                amount: None,
            };
            money.push(CreditApplication {
                application_id: Uuid::now_v7().to_string(),
                customer_id,
                receipt_id: Uuid::now_v7().to_string(),
                amount: invoice.open_amount,
                receipt_date: Some(date_to_wire(known.settled_date)),
                target: Some(Target::NamedInvoices(NamedInvoices {
                    invoices: vec![named],
                })),
            });
        }
        page_token = page.next_page_token;
        if page_token.is_empty() {
            break;
        }
    }
    let mut client = ApplicationServiceClient::new(shop.world.channel());
    for batch in money.chunks(500) {
        let asked = ApplyCreditsRequest {
            request_id: shop.request_id(),
            applications: batch.to_vec(),
        };
        let answer = client
            .apply_credits(shop.world.of_payments(OURS, asked))
            .await;
        let results = answer.unwrap().into_inner().results;
        let applied = |outcome: &Option<Outcome>| matches!(outcome, Some(Outcome::Application(_)));
        assert!(results.iter().all(|one| applied(&one.outcome)));
    }
}

async fn figures(shop: &Shop, from: Date, to: Date) -> CurrencyFigures {
    let asked = GetFiguresRequest {
        from_date: Some(date_to_wire(from)),
        to_date: Some(date_to_wire(to)),
        ..GetFiguresRequest::default()
    };
    let mut client = FigureServiceClient::new(shop.world.channel());
    let answer = client.get_figures(shop.world.signed(OURS, asked)).await;
    answer.unwrap().into_inner().figures.remove(0)
}

fn value(figures: &CurrencyFigures, kind: FigureKind) -> &str {
    let mut all = figures.figures.iter();
    let figure = all.find(|figure| figure.kind() == kind).unwrap();
    figure
        .value
        .as_ref()
        .map_or("", |value| value.value.as_str())
}

/// Label, amount and items of each bucket that holds something, and what is outstanding.
async fn aged(shop: &Shop, as_of: Date) -> (Vec<(String, String, i64)>, String, i64) {
    let query = AgingQuery {
        as_of_date: Some(date_to_wire(as_of)),
        basis: AgingBasis::DueDate.into(),
        ..AgingQuery::default()
    };
    let asked = GetAgingRequest {
        query: Some(query),
        customer_id: None,
    };
    let mut client = AgingServiceClient::new(shop.world.channel());
    let answer = client.get_aging(shop.world.signed(OURS, asked)).await;
    let table = answer.unwrap().into_inner().tables.remove(0);
    let filled = table.buckets.iter().filter(|bucket| bucket.item_count > 0);
    let bucket = |bucket: &contracts::invoicing::AgingBucket| {
        let amount = amount(&bucket.amount).to_owned();
        (bucket.label.clone(), amount, bucket.item_count)
    };
    let outstanding = amount(&table.outstanding_amount).to_owned();
    (filled.map(bucket).collect(), outstanding, table.item_count)
}

#[tokio::test]
async fn ag_5_a_real_book_comes_to_what_it_is_known_to_come_to() {
    let Some(book) = book() else {
        eprintln!(
            "skipped: RECOUP_TEST_DATA names no folder with receivables/ibm-late-payments.csv"
        );
        return;
    };
    let shop = Shop::open().await;
    bill(&shop, &book).await;
    // All of it was paid by January 2014; what was open in September 2013 is told from the entries.
    settle(&shop, &book).await;
    let buckets = vec![
        ("not due".to_owned(), "4563.74".to_owned(), 81),
        ("1-30".to_owned(), "465.48".to_owned(), 7),
    ];
    let expected = (buckets, "5029.22".to_owned(), 88);
    assert_eq!(aged(&shop, date(2013, 9, 30)).await, expected);

    let all = figures(&shop, date(2012, 1, 1), date(2014, 1, 31)).await;
    let inputs = all.inputs.as_ref().unwrap();
    assert_eq!(amount(&inputs.settled_amount), "147703.18");
    assert_eq!(
        (inputs.settled_count, inputs.settled_late_count),
        (2466, 877)
    );
    assert_eq!(value(&all, FigureKind::AverageDaysToPay), "26.4448");
    assert_eq!(value(&all, FigureKind::WeightedDaysToPay), "26.7006");
    assert_eq!(value(&all, FigureKind::PercentSettledLate), "35.5637");
    assert_eq!(
        value(&all, FigureKind::AverageDaysLateEarlyAsZero),
        "3.4424"
    );
    assert_eq!(value(&all, FigureKind::AverageDaysLateSigned), "-3.5552");

    // The third quarter: 5 119.85 open before it, 19 549.78 invoiced in its 92 days.
    let quarter = figures(&shop, date(2013, 7, 1), date(2013, 9, 30)).await;
    let inputs = quarter.inputs.as_ref().unwrap();
    assert_eq!(amount(&inputs.opening_amount), "5119.85");
    assert_eq!(amount(&inputs.sales_amount), "19549.78");
    assert_eq!(inputs.settled_count, 324);
    assert_eq!(value(&quarter, FigureKind::Dso), "23.6672");
    assert_eq!(value(&quarter, FigureKind::BestPossibleDso), "21.4767");
    assert_eq!(
        value(&quarter, FigureKind::CollectionEffectiveness),
        "97.6849"
    );
    assert_balanced(&shop.world).await;
}
