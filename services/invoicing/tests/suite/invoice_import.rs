//! ImportInvoices: whole or not at all, under the numbers and dates that they have elsewhere, and the
//! same rows again nothing to do.

use contracts::common::{ImportOptions, ImportReport, ImportState};
use contracts::google::r#type::Date;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_content::{Customer, Due};
use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use contracts::invoicing::{
    CreateNumberSeriesRequest, InvoiceIssued, InvoiceRow, InvoiceState, NumberSeries,
    NumberedDocument,
};
use tonic::Code;

use crate::fixture::{OURS, fields, reason};
use crate::shop::{Shop, amount, data, day, line};

pub const WHOLE: ImportOptions = ImportOptions {
    validate_only: false,
    skip_bad: false,
};
pub const SKIP_BAD: ImportOptions = ImportOptions {
    skip_bad: true,
    ..WHOLE
};

/// A row over 100.00 of the past, by the customer's external identity.
pub fn row(row_number: i32, external_id: &str, invoice_number: &str) -> InvoiceRow {
    let content = contracts::invoicing::InvoiceContent {
        customer: Some(Customer::CustomerExternalId("C-1".to_owned())),
        currency_code: "EUR".to_owned(),
        invoice_date: Some(day(2025, 11, 30)),
        lines: vec![line("1", "100.00", "0")],
        ..Default::default()
    };
    InvoiceRow {
        row_number,
        external_id: external_id.to_owned(),
        invoice_number: invoice_number.to_owned(),
        content: Some(content),
    }
}

pub fn changed(
    mut row: InvoiceRow,
    change: impl FnOnce(&mut contracts::invoicing::InvoiceContent),
) -> InvoiceRow {
    change(row.content.as_mut().unwrap());
    row
}

pub fn faults(report: &ImportReport) -> Vec<(i32, &str, &str)> {
    let rows = report.rejected_rows.iter();
    rows.map(|row| (row.row_number, row.field.as_str(), row.reason.as_str()))
        .collect()
}

#[tokio::test]
async fn history_comes_in_under_its_own_numbers_and_dates() {
    let shop = Shop::open().await;
    let due = Some(Due::DueDate(day(2026, 1, 15)));
    let rows = || {
        vec![
            row(1, "E-1", "OLD/17"),
            row(2, "E-2", ""),
            changed(row(3, "E-3", "OLD/18"), |content| content.due = due.clone()),
            row(4, "E-4", ""),
        ]
    };
    let report = shop.import("r1", WHOLE, rows()).await.unwrap();
    assert_eq!(report.state(), ImportState::Completed);
    assert_eq!(
        (
            report.row_count,
            report.imported_count,
            report.rejected_count
        ),
        (4, 4, 0)
    );
    let read = async |external_id: &str| {
        let key = Key::ExternalId(external_id.to_owned());
        shop.get(OURS, key).await.unwrap()
    };
    let first = read("E-1").await;
    assert_eq!(
        (first.invoice_number.as_str(), first.state()),
        ("OLD/17", InvoiceState::Issued)
    );
    let due_on =
        |invoice: &contracts::invoicing::Invoice| -> Option<Date> { invoice.oldest_due_date };
    // 30 days from 30 November.
    assert_eq!(due_on(&first), Some(day(2025, 12, 30)));
    assert_eq!(due_on(&read("E-3").await), Some(day(2026, 1, 15)));
    assert_eq!(read("E-2").await.invoice_number, "INV-000001");
    assert_eq!(read("E-4").await.invoice_number, "INV-000002");
    assert_eq!(first.content.as_ref().unwrap().payment_reference, "OLD/17");

    let events = shop.events(OURS).await;
    assert_eq!(events.len(), 4);
    let told: InvoiceIssued = data(&events[0]);
    assert!(told.imported);
    let mut expected = first.clone();
    expected.etag.clear();
    assert_eq!(told.invoice, Some(expected));
    assert_eq!(amount(&told.balance_after.unwrap().open_amount), "100.00");
    // Entries count from the invoice date (AG-4).
    let from: Vec<String> =
        sqlx::query_scalar("SELECT DISTINCT entry_date::text FROM invoice_entry")
            .fetch_all(&shop.pool)
            .await
            .unwrap();
    assert_eq!(from, ["2025-11-30"]);
}

#[tokio::test]
async fn p3_the_same_rows_again_are_nothing_to_do() {
    let shop = Shop::open().await;
    let rows = || vec![row(1, "E-1", "OLD/17"), row(2, "E-2", "")];
    let report = shop.import("r1", WHOLE, rows()).await.unwrap();
    let replayed = shop.import("r1", WHOLE, rows()).await.unwrap();
    assert_eq!(replayed, report);
    let again = shop.import("r2", WHOLE, rows()).await.unwrap();
    assert_eq!((again.unchanged_count, again.imported_count), (2, 0));
    assert_eq!(again.state(), ImportState::Completed);
    assert_eq!(shop.events(OURS).await.len(), 2);
    let other = shop
        .import("r1", WHOLE, rows()[..1].to_vec())
        .await
        .unwrap_err();
    assert_eq!(
        (other.code(), reason(&other).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
    // What a row says besides must be the same too: the number, a line, the day it is due.
    let others = [
        row(1, "E-1", "OLD/18"),
        changed(row(2, "E-2", ""), |content| {
            content.lines[0].unit = "kg".to_owned()
        }),
        changed(row(3, "E-1", ""), |content| {
            content.due = Some(Due::DueDate(day(2026, 1, 15)))
        }),
    ];
    for other in others {
        let report = shop
            .import(&other.row_number.to_string(), WHOLE, vec![other.clone()])
            .await
            .unwrap();
        assert_eq!(
            faults(&report),
            [(other.row_number, "external_id", "INVOICE_EXISTS")]
        );
    }
}

#[tokio::test]
async fn a_draft_under_the_external_identity_is_not_the_imported_invoice() {
    let shop = Shop::open().await;
    let request = contracts::invoicing::CreateInvoiceRequest {
        request_id: "draft".to_owned(),
        external_id: "E-1".to_owned(),
        content: row(1, "E-1", "").content,
        ..Default::default()
    };
    shop.client()
        .create_invoice(shop.world.signed(OURS, request))
        .await
        .unwrap();
    let report = shop
        .import("r1", WHOLE, vec![row(1, "E-1", "")])
        .await
        .unwrap();
    assert_eq!(faults(&report), [(1, "external_id", "INVOICE_EXISTS")]);
}

#[tokio::test]
async fn p12_a_new_series_does_not_draw_what_came_in_by_import() {
    let shop = Shop::open().await;
    let rows = vec![row(1, "E-1", "R-0100"), row(2, "E-2", "R-17")];
    shop.import("r1", WHOLE, rows).await.unwrap();
    let create =
        async |request_id: &str, prefix: &str, first_number, document: NumberedDocument| {
            let asked = CreateNumberSeriesRequest {
                request_id: request_id.to_owned(),
                series: Some(NumberSeries {
                    series_code: request_id.to_owned(),
                    document: document.into(),
                    prefix: prefix.to_owned(),
                    minimum_digits: 4,
                    first_number,
                    ..NumberSeries::default()
                }),
            };
            let mut client = NumberSeriesServiceClient::new(shop.world.channel());
            let answer = client
                .create_number_series(shop.world.signed(OURS, asked))
                .await;
            answer
                .map(|_| ())
                .map_err(|status| (status.code(), reason(&status)))
        };
    let invoices = NumberedDocument::Invoice;
    let in_use = (Code::FailedPrecondition, "NUMBERS_IN_USE".to_owned());
    assert_eq!(create("A", "R-", 1, invoices).await, Err(in_use.clone()));
    assert_eq!(create("B", "R-", 100, invoices).await, Err(in_use));
    create("C", "R-", 101, invoices).await.unwrap();
    // From now on the series' numbers are closed to imports.
    let report = shop
        .import("r2", WHOLE, vec![row(1, "E-3", "R-0101")])
        .await
        .unwrap();
    assert_eq!(
        faults(&report),
        [(1, "invoice_number", "INVOICE_NUMBER_RESERVED")]
    );
    let report = shop
        .import("r3", WHOLE, vec![row(1, "E-3", "R-0099")])
        .await
        .unwrap();
    assert_eq!(report.imported_count, 1);
}

/// Customers that are announced one after the other while the import waits are known to it; one that
/// never comes makes its row a bad one.
#[tokio::test]
async fn an_import_waits_for_customers_as_long_as_any_come() {
    let shop = Shop::open().await;
    let rows = || -> Vec<InvoiceRow> {
        let of = |number: i32, external_id: &str| {
            changed(row(number, &format!("E-{number}"), ""), |content| {
                let customer = Customer::CustomerExternalId(external_id.to_owned());
                content.customer = Some(customer);
            })
        };
        vec![of(1, "C-1"), of(2, "C-2"), of(3, "C-3"), of(4, "C-never")]
    };
    let (report, ()) = tokio::join!(shop.import("r1", SKIP_BAD, rows()), async {
        for external_id in ["C-2", "C-3"] {
            shop.tell_customer(OURS, external_id, Some("net 30"));
            shop.heard().await;
        }
    });
    let report = report.unwrap();
    assert_eq!(report.imported_count, 3);
    let never = (4, "content.customer_external_id", "CUSTOMER_NOT_FOUND");
    assert_eq!(faults(&report), [never]);
}

/// More than one batch, and two at the same time of which one knows the other's rows.
#[tokio::test]
async fn two_imports_of_the_same_rows_bring_each_in_once() {
    let shop = Shop::open().await;
    let rows = || -> Vec<InvoiceRow> {
        (1..=1200)
            .map(|number| row(number, &format!("E-{number}"), ""))
            .collect()
    };
    let (one, other) = tokio::join!(
        shop.import("r1", WHOLE, rows()),
        shop.import("r2", WHOLE, rows())
    );
    let mut imported = 0;
    for (report, again) in [(one, "r1"), (other, "r2")] {
        let report = match report {
            Ok(report) => report,
            // Both judged before either wrote: the second comes again and finds them there.
            Err(status) => {
                assert_eq!(
                    (status.code(), reason(&status).as_str()),
                    (Code::Aborted, "LOST_RACE")
                );
                shop.import(again, WHOLE, rows()).await.unwrap()
            }
        };
        assert_eq!(report.imported_count + report.unchanged_count, 1200);
        imported += report.imported_count;
    }
    assert_eq!(imported, 1200);
    assert_eq!(shop.count("invoice").await, 1200);
    assert_eq!(shop.count("invoice_entry").await, 1200);
    assert_eq!(shop.events(OURS).await.len(), 1200);
    assert_eq!(shop.issued("1.00").await.invoice_number, "INV-001201");
}

#[tokio::test]
async fn the_stream_keeps_its_form() {
    let shop = Shop::open().await;
    let nameless = shop
        .import("", WHOLE, vec![row(1, "E-1", "")])
        .await
        .unwrap_err();
    assert_eq!(fields(&nameless), ["request_id"]);
    let none = shop.import("r1", WHOLE, Vec::new()).await.unwrap();
    assert_eq!((none.state(), none.row_count), (ImportState::Completed, 0));
    let alone = Shop::unknown().await;
    let unknown = alone
        .import("r1", WHOLE, vec![row(1, "E-1", "")])
        .await
        .unwrap_err();
    assert_eq!(reason(&unknown), "TENANT_NOT_YET_KNOWN");
}
