//! ImportInvoices with bad rows: each names row and field, and stops all unless it may be left out.

use contracts::common::{ImportOptions, ImportState};
use contracts::invoicing::InvoiceRow;
use contracts::invoicing::get_invoice_request::Key;
use contracts::invoicing::invoice_content::{Customer, Due};

use crate::fixture::OURS;
use crate::invoice_import::{SKIP_BAD, WHOLE, changed, faults, row};
use crate::shop::{Shop, day, line, terms};

const CHECK: ImportOptions = ImportOptions {
    validate_only: true,
    ..WHOLE
};

/// Each row with its fault, in the order of the rows.
fn bad_rows() -> Vec<InvoiceRow> {
    let unfit = "fixed 100.01 EUR: net 5; rest: net 10";
    let mut atlantis = terms("net 30");
    atlantis.business_day_rule = contracts::common::BusinessDayRule::Following.into();
    atlantis.calendar_code = "ATLANTIS".to_owned();
    let with = |number: i32, change: &dyn Fn(&mut contracts::invoicing::InvoiceContent)| {
        changed(row(number, &format!("B-{number}"), ""), change)
    };
    vec![
        row(1, "GOOD", "OLD/1"),
        with(2, &|content| content.invoice_date = None),
        with(3, &|content| content.currency_code = "EUX".to_owned()),
        with(4, &|content| {
            content.lines[0].tax_ratio = None;
            content.lines[0].description.clear();
        }),
        row(5, "TWICE", ""),
        row(6, "TWICE", ""),
        row(7, "B-7", "OLD/2"),
        row(8, "B-8", "OLD/2"),
        row(9, "B-9", "INV-000777"),
        row(10, "B-10", "TAKEN/1"),
        row(11, "THERE", ""),
        with(12, &|content| {
            content.customer = Some(Customer::CustomerExternalId("C-9".to_owned()));
        }),
        with(13, &|content| content.lines.push(line("-1", "100.01", "0"))),
        with(14, &|content| content.due = Some(Due::Terms(terms(unfit)))),
        with(15, &|content| {
            content.due = Some(Due::Terms(atlantis.clone()))
        }),
        with(16, &|content| {
            content.invoice_date = Some(day(2019, 12, 31))
        }),
        with(17, &|content| content.series_code = "NONE".to_owned()),
        row(0, "B-18", ""),
        row(1, "B-19", ""),
        row(20, "", ""),
    ]
}

#[tokio::test]
async fn a_bad_row_names_row_and_field_and_stops_all_unless_it_may_be_left_out() {
    let shop = Shop::open().await;
    let before = vec![row(1, "THERE", "TAKEN/1")];
    shop.import("before", WHOLE, before).await.unwrap();
    let there = |mut rows: Vec<InvoiceRow>| {
        rows[10].content.as_mut().unwrap().order_reference = "PO-9".to_owned();
        rows
    };
    let refused = shop.import("r1", WHOLE, there(bad_rows())).await.unwrap();
    assert_eq!(refused.state(), ImportState::Refused);
    assert_eq!((refused.row_count, refused.imported_count), (20, 0));
    assert_eq!(refused.rejected_count, 19);
    let expected = [
        (0, "row_number", "REQUEST_INVALID"),
        (1, "row_number", "REQUEST_INVALID"),
        (2, "content.invoice_date", "REQUEST_INVALID"),
        (3, "content.currency_code", "CURRENCY_UNKNOWN"),
        (4, "content.lines[0].description", "REQUEST_INVALID"),
        (4, "content.lines[0].tax_ratio", "REQUEST_INVALID"),
        (5, "external_id", "DUPLICATE_ROW"),
        (6, "external_id", "DUPLICATE_ROW"),
        (7, "invoice_number", "INVOICE_NUMBER_TAKEN"),
        (8, "invoice_number", "INVOICE_NUMBER_TAKEN"),
        (9, "invoice_number", "INVOICE_NUMBER_RESERVED"),
        (10, "invoice_number", "INVOICE_NUMBER_TAKEN"),
        (11, "external_id", "INVOICE_EXISTS"),
        (12, "content.customer_external_id", "CUSTOMER_NOT_FOUND"),
        (13, "content.lines", "INVOICE_TOTAL_NEGATIVE"),
        (14, "content.terms", "TERMS_DO_NOT_FIT"),
        (15, "content.terms", "CALENDAR_UNKNOWN"),
        (16, "content.terms", "CUSTOMER_WITHOUT_TERMS"),
        (17, "content.series_code", "NUMBER_SERIES_NOT_FOUND"),
        (20, "external_id", "REQUEST_INVALID"),
    ];
    assert_eq!(faults(&refused), expected);
    assert_eq!(shop.count("invoice").await, 1, "nothing was imported");

    let checked = shop.import(
        "r2",
        ImportOptions {
            skip_bad: true,
            ..CHECK
        },
        there(bad_rows()),
    );
    let checked = checked.await.unwrap();
    assert_eq!(
        (checked.state(), checked.imported_count),
        (ImportState::Validated, 1)
    );
    assert_eq!(shop.count("invoice").await, 1, "only checked");

    let skipped = shop
        .import("r3", SKIP_BAD, there(bad_rows()))
        .await
        .unwrap();
    assert_eq!(skipped.state(), ImportState::Completed);
    assert_eq!((skipped.imported_count, skipped.rejected_count), (1, 19));
    assert_eq!(faults(&skipped), expected);
    let good = shop
        .get(OURS, Key::InvoiceNumber("OLD/1".to_owned()))
        .await
        .unwrap();
    assert_eq!(good.external_id, "GOOD");
    assert_eq!(shop.count("invoice").await, 2);
    // What was refused drew no number.
    assert_eq!(shop.issued("1.00").await.invoice_number, "INV-000001");
}
