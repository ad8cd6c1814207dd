//! ImportReceipts: whole or not at all, each receipt once, applied as its row says.

use std::time::Duration;

use contracts::common::{ImportOptions, ImportState, Money};
use contracts::google;
use contracts::payments::receipt_row::{Customer, Target};
use contracts::payments::row_invoices::NamedBy;
use contracts::payments::*;
use testkit::eventually;
use tonic::{Code, Request, Status};
use uuid::Uuid;

use crate::fixture::{OTHER, OURS, PAYER, THEIRS, World, reason};
use crate::invoicing_peer::Fault;

fn row(row_number: i32, external_id: &str, amount: &str) -> ReceiptRow {
    ReceiptRow {
        row_number,
        external_id: external_id.to_owned(),
        customer: Some(Customer::CustomerId(PAYER.0.to_string())),
        method: ReceiptMethod::Transfer.into(),
        amount: Some(Money {
            currency_code: "EUR".to_owned(),
            amount: amount.to_owned(),
        }),
        receipt_date: Some(google::r#type::Date {
            year: 2026,
            month: 3,
            day: 5,
        }),
        remittance: None,
        target: None,
    }
}

fn names(names: &[&str]) -> InvoiceNames {
    InvoiceNames {
        names: names.iter().map(ToString::to_string).collect(),
    }
}

fn by_numbers(numbers: &[&str]) -> Option<Target> {
    let named_by = Some(NamedBy::InvoiceNumbers(names(numbers)));
    Some(Target::Invoices(RowInvoices { named_by }))
}

fn by_external_ids(ids: &[&str]) -> Option<Target> {
    let named_by = Some(NamedBy::ExternalIds(names(ids)));
    Some(Target::Invoices(RowInvoices { named_by }))
}

fn by_rule() -> Option<Target> {
    Some(Target::Rule(ReceiptRule::default()))
}

async fn try_import(
    world: &World,
    request_id: &str,
    options: ImportOptions,
    rows: Vec<ReceiptRow>,
) -> Result<ImportReceiptsResponse, Status> {
    let mut rows = rows.into_iter();
    let first = ImportReceiptsRequest {
        request_id: request_id.to_owned(),
        options: Some(options),
        rows: rows.by_ref().take(1).collect(),
    };
    let second = ImportReceiptsRequest {
        rows: rows.collect(),
        ..ImportReceiptsRequest::default()
    };
    let (metadata, extensions, ()) = world.signed(OURS, ()).into_parts();
    let messages = tokio_stream::iter([first, second]);
    let asked = Request::from_parts(metadata, extensions, messages);
    Ok(world.receipts().import_receipts(asked).await?.into_inner())
}

async fn import(world: &World, request_id: &str, rows: Vec<ReceiptRow>) -> ImportReceiptsResponse {
    let plain = ImportOptions::default();
    try_import(world, request_id, plain, rows).await.unwrap()
}

async fn receipt(world: &World, external_id: &str) -> Receipt {
    let key = get_receipt_request::Key::ExternalId(external_id.to_owned());
    let asked = world.signed(OURS, GetReceiptRequest { key: Some(key) });
    let answer = world.receipts().get_receipt(asked).await.unwrap();
    answer.into_inner().receipt.unwrap()
}

fn faults(answer: &ImportReceiptsResponse) -> Vec<(i32, &str, &str)> {
    let rows = answer.report.as_ref().unwrap().rejected_rows.iter();
    rows.map(|row| (row.row_number, row.field.as_str(), row.reason.as_str()))
        .collect()
}

/// Money for invoices by name, by number, by rule, and for none.
fn rows_of_every_kind() -> Vec<ReceiptRow> {
    let crm = format!("crm-{}", PAYER.0.as_u128() % 0x1000);
    let quoting = Remittance {
        text: "INV-000003".to_owned(),
        ..Remittance::default()
    };
    vec![
        ReceiptRow {
            target: by_external_ids(&["shop-INV-000001"]),
            ..row(1, "R-1", "60.00")
        },
        ReceiptRow {
            customer: None,
            target: by_numbers(&["INV-000002"]),
            ..row(2, "R-2", "50.00")
        },
        // What the remittance names, then the oldest.
        ReceiptRow {
            customer: Some(Customer::CustomerExternalId(crm)),
            remittance: Some(quoting),
            target: by_rule(),
            ..row(3, "R-3", "80.00")
        },
        row(4, "R-4", "5.00"),
    ]
}

#[tokio::test]
async fn receipts_are_recorded_once_and_applied_as_their_rows_say() {
    let world = World::start().await;
    let first = world.owed(PAYER, "INV-000001", "100.00").await;
    let second = world.owed(PAYER, "INV-000002", "50.00").await;
    let third = world.owed(PAYER, "INV-000003", "70.00").await;
    let done = import(&world, "r1", rows_of_every_kind()).await;
    let report = done.report.clone().unwrap();
    assert_eq!(report.state(), ImportState::Completed);
    assert_eq!((report.row_count, report.imported_count), (4, 4));
    assert_eq!(
        (done.applied_count, done.refused_applications.len()),
        (3, 0)
    );
    assert_eq!(
        world.invoicing.open(first),
        "30.00",
        "60.00 by name, 10.00 by the rule"
    );
    assert_eq!(world.invoicing.open(second), "0.00");
    assert_eq!(world.invoicing.open(third), "0.00");
    assert_eq!(
        receipt(&world, "R-2").await.customer_id,
        PAYER.0.to_string()
    );
    assert_eq!(
        receipt(&world, "R-4")
            .await
            .unapplied_amount
            .unwrap()
            .amount,
        "5.00"
    );

    assert_eq!(
        import(&world, "r1", rows_of_every_kind()).await,
        done,
        "a repeat answers as the first time"
    );
    let again = import(&world, "r2", rows_of_every_kind())
        .await
        .report
        .unwrap();
    assert_eq!((again.unchanged_count, again.imported_count), (4, 0));
    assert_eq!(world.count("SELECT count(*) FROM receipt").await, 4);
    assert_eq!(world.count("SELECT count(*) FROM import_row").await, 0);
    world.books_add_up().await;
}

/// One good row among all that can be wrong.
fn rows_with_every_fault() -> Vec<ReceiptRow> {
    let mut strange = row(3, "C", "1.00");
    strange.amount.as_mut().unwrap().currency_code = "EURO".to_owned();
    let mut dollars = row(6, "F", "1.00");
    dollars.amount.as_mut().unwrap().currency_code = "USD".to_owned();
    dollars.customer = None;
    dollars.target = by_numbers(&["INV-000009"]);
    let mut late = row(9, "I", "1.00");
    late.receipt_date.as_mut().unwrap().day = 11;
    vec![
        row(1, "A", "1.00"),
        ReceiptRow {
            method: ReceiptMethod::Agency.into(),
            ..row(2, "B", "1.00")
        },
        strange,
        ReceiptRow {
            customer: Some(Customer::CustomerId(Uuid::now_v7().to_string())),
            ..row(4, "D", "1.00")
        },
        ReceiptRow {
            target: by_numbers(&["INV-404"]),
            ..row(5, "E", "1.00")
        },
        dollars,
        ReceiptRow {
            target: by_numbers(&["INV-000009"]),
            ..row(7, "G", "1.00")
        },
        row(8, "TAKEN", "2.00"),
        late,
        row(10, "J", "1.00"),
        row(11, "J", "1.00"),
    ]
}

/// What is wrong with them: row, field, reason.
const EVERY_FAULT: [(i32, &str, &str); 10] = [
    (2, "method", "REQUEST_INVALID"),
    (3, "amount", "CURRENCY_UNKNOWN"),
    (4, "customer_id", "CUSTOMER_NOT_FOUND"),
    (5, NUMBERS, "INVOICE_NOT_FOUND"),
    (6, NUMBERS, "CURRENCY_MISMATCH"),
    (7, NUMBERS, "CUSTOMER_MISMATCH"),
    (8, "external_id", "RECEIPT_EXISTS"),
    (9, "receipt_date", "REQUEST_INVALID"),
    (10, "external_id", "DUPLICATE_ROW"),
    (11, "external_id", "DUPLICATE_ROW"),
];

const NUMBERS: &str = "invoices.invoice_numbers.names[0]";

#[tokio::test]
async fn a_bad_row_stops_all_unless_bad_rows_are_skipped() {
    let world = World::start().await;
    world.owed(OTHER, "INV-000009", "100.00").await;
    import(&world, "r0", vec![row(1, "TAKEN", "1.00")]).await;
    let refused = import(&world, "r1", rows_with_every_fault()).await;
    assert_eq!(faults(&refused), EVERY_FAULT);
    let report = refused.report.clone().unwrap();
    assert_eq!(
        (report.state(), report.imported_count),
        (ImportState::Refused, 0)
    );
    assert_eq!(
        world.count("SELECT count(*) FROM receipt").await,
        1,
        "nothing was recorded"
    );

    let dry = ImportOptions {
        validate_only: true,
        ..ImportOptions::default()
    };
    let dry = try_import(&world, "r2", dry, vec![row(1, "Z", "1.00")])
        .await
        .unwrap();
    let dry = dry.report.unwrap();
    assert_eq!(
        (dry.state(), dry.imported_count),
        (ImportState::Validated, 1)
    );
    assert_eq!(world.count("SELECT count(*) FROM receipt").await, 1);

    let skip = ImportOptions {
        skip_bad: true,
        ..ImportOptions::default()
    };
    let skipped = try_import(&world, "r3", skip, rows_with_every_fault())
        .await
        .unwrap();
    assert_eq!(faults(&skipped), EVERY_FAULT);
    let report = skipped.report.unwrap();
    assert_eq!(report.state(), ImportState::Completed);
    assert_eq!((report.imported_count, report.rejected_count), (1, 10));
    assert_eq!(world.count("SELECT count(*) FROM receipt").await, 2);
    world.books_add_up().await;
}

#[tokio::test]
async fn what_invoicing_refuses_stays_recorded_and_is_reported() {
    let world = World::start().await;
    world.owed(PAYER, "INV-000001", "10.00").await;
    let paying = |number, external_id: &str| ReceiptRow {
        target: by_numbers(&["INV-000001"]),
        ..row(number, external_id, "10.00")
    };
    let done = import(&world, "r1", vec![paying(1, "R-1"), paying(2, "R-2")]).await;
    assert_eq!(done.applied_count, 1);
    let [refused] = done.refused_applications.try_into().unwrap();
    assert_eq!(
        (refused.row_number, refused.external_id.as_str()),
        (2, "R-2")
    );
    assert_eq!(refused.reason, "INVOICE_CLOSED");
    assert_eq!(refused.field, "invoices.invoice_numbers.names");
    assert_eq!(
        receipt(&world, "R-2")
            .await
            .unapplied_amount
            .unwrap()
            .amount,
        "10.00"
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn p9_an_import_goes_on_by_itself_while_invoicing_comes_and_goes() {
    let world = World::start().await;
    let mut rows = Vec::new();
    for number in 1..=450 {
        let invoice = format!("INV-{number:06}");
        world.owed(PAYER, &invoice, "10.00").await;
        rows.push(ReceiptRow {
            target: by_numbers(&[&invoice]),
            ..row(number, &format!("R-{number}"), "10.00")
        });
    }
    world.invoicing.fails(Fault::LosesReplies);
    let plain = ImportOptions::default();
    let away = try_import(&world, "r1", plain, rows.clone())
        .await
        .unwrap_err();
    assert_eq!(away.code(), Code::Unavailable);
    assert_eq!(
        world.count("SELECT count(*) FROM receipt").await,
        450,
        "all are recorded"
    );
    world.invoicing.fails(Fault::None);
    let done = "SELECT count(*) FROM receipt_import WHERE state = 'COMPLETED'";
    let patience = Duration::from_secs(30);
    eventually(patience, "the import is complete", async || {
        world.count(done).await == 1
    })
    .await;
    let answer = import(&world, "r1", rows).await;
    assert_eq!(answer.applied_count, 450);
    assert_eq!(world.invoicing.answered(), 450, "each application once");
    let left = "SELECT count(*) FROM receipt WHERE unapplied_amount > 0 OR reserved_amount > 0";
    assert_eq!(world.count(left).await, 0);
    world.books_add_up().await;
}

#[tokio::test]
async fn an_import_belongs_to_its_tenant_and_its_request_to_its_content() {
    let world = World::start().await;
    import(&world, "r1", vec![row(1, "R-1", "10.00")]).await;
    let plain = ImportOptions::default();
    let reused = try_import(&world, "r1", plain, vec![row(1, "R-1", "11.00")]).await;
    let reused = reused.unwrap_err();
    assert_eq!(reason(&reused), "REQUEST_ID_REUSED");
    let asked = ImportReceiptsRequest {
        request_id: "r1".to_owned(),
        options: None,
        rows: vec![row(1, "R-1", "11.00")],
    };
    let (metadata, extensions, ()) = world.signed(THEIRS, ()).into_parts();
    let asked = Request::from_parts(metadata, extensions, tokio_stream::iter([asked]));
    let theirs = world
        .receipts()
        .import_receipts(asked)
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        theirs.report.unwrap().imported_count,
        1,
        "other money of another tenant"
    );
}
