//! ImportBankStatement: each line once, whatever file brings it and when (P7); whole or not at all.

use std::collections::BTreeSet;

use calendar::SignedDuration;
use contracts::common::ImportOptions;
use contracts::payments::column_reference::Column;
use contracts::payments::*;
use money::{Currency, Money};
use payments::domain::{
    BankAccountId, BankStatementImportId, ColumnMappingId, ReceivedStatement, line_keys,
    read_statement,
};
use payments::jobs::book_bank_statement;
use payments::store;
use postgres::idempotency::Key;
use postgres::operations::{Started, start_in_tx};
use tonic::Code;
use uuid::Uuid;

use crate::fixture::{OURS, THEIRS, World, reason};
use crate::statements::{
    Bank, Line, file, mapping, statements, with_account, with_bank, with_mapping,
};

const MARCH: [Line<'static>; 5] = [
    (1, "100,00", "one", "Payer GmbH", ""),
    (2, "1.250,50", "two", "Payer GmbH", ""),
    (2, "-30,00", "fee of the bank", "", ""),
    (3, "5,00", "coffee", "Other Ltd", ""),
    (3, "5,00", "coffee", "Other Ltd", ""),
];

#[tokio::test]
async fn p7_the_same_file_twice_is_booked_once() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let first = bank.import(&world, "r1", &MARCH).await;
    assert_eq!(
        (first.row_count, first.new_count, first.duplicate_count),
        (5, 5, 0)
    );
    assert_eq!((first.waiting_count, first.not_a_receipt_count), (4, 1));
    assert_eq!(first.credit_amount.clone().unwrap().amount, "1360.50");
    assert_eq!(first.debit_amount.clone().unwrap().amount, "-30.00");
    assert_eq!(
        bank.import(&world, "r1", &MARCH).await,
        first,
        "a repeat answers as the first time"
    );

    let again = bank.settled(&world, "r2", &MARCH).await;
    assert_eq!(
        (again.row_count, again.new_count, again.duplicate_count),
        (5, 0, 5)
    );
    let first = bank
        .completed(&world, &first.bank_statement_import_id)
        .await;
    assert_eq!((first.in_review_count, first.waiting_count), (4, 0));
    assert_eq!(
        world.count("SELECT count(*) FROM receipt").await,
        4,
        "two coffees are two payments"
    );
    assert_eq!(
        world.count("SELECT count(*) FROM import_row").await,
        0,
        "nothing is left staged"
    );
    let told = "SELECT count(*) FROM event WHERE type LIKE '%.ReceiptRecorded'";
    assert_eq!(world.count(told).await, 4);
    world.books_add_up().await;
}

#[tokio::test]
async fn p7_another_content_under_the_same_request_is_refused() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    bank.import(&world, "r1", &MARCH).await;
    let other = file(&MARCH[..4]);
    let plain = ImportOptions::default();
    let reused = bank
        .import_with(&world, "r1", plain, other.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(
        (reused.code(), reason(&reused).as_str()),
        (Code::InvalidArgument, "REQUEST_ID_REUSED")
    );
}

/// Three statements that overlap, in all orders, two of them at the same time: the payments are the
/// distinct lines.
#[tokio::test]
async fn p7_overlapping_statements_in_any_order_are_the_same_lines() {
    let world = World::start().await;
    let mapping = with_mapping(&world, OURS, mapping("our bank")).await;
    let texts: Vec<String> = (1..=30).map(|number| format!("payment {number}")).collect();
    let ledger: Vec<Line<'_>> = (0..30_u8)
        .zip(&texts)
        .map(|(place, text)| (1 + place / 3, "10,00", text.as_str(), "", ""))
        .collect();
    let statements = [&ledger[..18], &ledger[9..24], &ledger[15..]];
    let orders = [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ];
    for (round, order) in orders.into_iter().enumerate() {
        let bank = Bank {
            tenant: OURS,
            bank_account_id: with_account(&world, OURS, &format!("100{round}")).await,
            column_mapping_id: mapping.column_mapping_id.clone(),
        };
        let ids = order.map(|place| format!("{round}-{place}"));
        let [one, two, three] = order.map(|place| statements[place]);
        let (one, two) = tokio::join!(
            bank.import(&world, &ids[0], one),
            bank.import(&world, &ids[1], two),
        );
        let three = bank.import(&world, &ids[2], three).await;
        let new: i32 = [&one, &two, &three]
            .map(|import| import.new_count)
            .iter()
            .sum();
        assert_eq!(new, 30, "order {order:?}");
        let rows: i32 = [&one, &two, &three]
            .map(|import| import.row_count)
            .iter()
            .sum();
        let double: i32 = [&one, &two, &three]
            .map(|import| import.duplicate_count)
            .iter()
            .sum();
        assert_eq!(rows, new + double);
    }
    assert_eq!(world.count("SELECT count(*) FROM receipt").await, 180);
    assert_eq!(
        world
            .count("SELECT count(DISTINCT line_key) FROM bank_line")
            .await,
        180
    );
    world.books_add_up().await;
}

#[tokio::test]
async fn p7_a_bank_reference_is_the_line_whatever_else_changed() {
    let world = World::start().await;
    let mut bank = with_bank(&world, OURS).await;
    let mut referring = mapping("with references");
    referring.bank_reference = Some(ColumnReference {
        column: Some(Column::Position(8)),
    });
    bank.column_mapping_id = with_mapping(&world, OURS, referring)
        .await
        .column_mapping_id;
    let header = "Buchung;Valuta;Betrag;Währung;Text;Name;IBAN;Ref\n";
    let early = format!("{header}01.03.2026;;7,00;EUR;pending;;;B-1\n");
    let late = format!(
        "{header}02.03.2026;;7,00;EUR;booked;Payer GmbH;;B-1\n03.03.2026;;7,00;EUR;;;;B-2\n"
    );
    let plain = ImportOptions::default();
    let first = bank
        .import_with(&world, "r1", plain, early.as_bytes())
        .await
        .unwrap();
    let second = bank
        .import_with(&world, "r2", plain, late.as_bytes())
        .await
        .unwrap();
    assert_eq!(
        (first.new_count, second.new_count, second.duplicate_count),
        (1, 1, 1)
    );
}

#[tokio::test]
async fn ca_8_the_account_tells_until_when_payments_are_known() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    bank.import(&world, "r1", &MARCH).await;
    bank.import(&world, "r2", &MARCH[..1]).await;
    let until = "SELECT count(*) FROM bank_account WHERE statements_until_date = '2026-03-03'";
    assert_eq!(
        world.count(until).await,
        1,
        "an older statement does not move it back"
    );
    let told = "SELECT count(*) FROM event WHERE type LIKE '%.BankStatementBooked'";
    assert_eq!(world.count(told).await, 2);
}

#[tokio::test]
async fn a_file_with_bad_rows_is_refused_whole_unless_they_are_to_be_skipped() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let csv = "Buchung;Valuta;Betrag;Währung;Text;Name;IBAN\n\
               01.03.2026;;1,00;EUR;good;;\n\
               31.02.2026;;1,00;EUR;no such day;;\n\
               02.03.2026;;1,00;USD;dollars;;\n\
               02.03.2026;;1.50;EUR;a point;;\n\
               02.03.2026;;1,00;EUR\n";
    let options = |skip_bad, validate_only| ImportOptions {
        skip_bad,
        validate_only,
    };
    let import = |request_id: &'static str, options| {
        bank.import_with(&world, request_id, options, csv.as_bytes())
    };
    let refused = import("r1", options(false, false)).await.unwrap();
    assert_eq!(refused.state(), BankStatementImportState::Refused);
    let told: Vec<(i32, &str, &str)> = refused
        .rejected_rows
        .iter()
        .map(|row| (row.row_number, row.field.as_str(), row.reason.as_str()))
        .collect();
    let expected = [
        (3, "Buchung", "INVALID_DATE"),
        (4, "Währung", "CURRENCY_MISMATCH"),
        (5, "Betrag", "INVALID_AMOUNT"),
        (6, "", "COLUMN_COUNT_MISMATCH"),
    ];
    assert_eq!(told, expected);
    assert_eq!(
        (refused.row_count, refused.rejected_count, refused.new_count),
        (5, 4, 0)
    );
    let checked = import("r2", options(false, true)).await.unwrap();
    assert_eq!(checked.state(), BankStatementImportState::Validated);
    assert_eq!(
        world.count("SELECT count(*) FROM bank_line").await,
        0,
        "nothing was booked"
    );

    let skipped = import("r3", options(true, false)).await.unwrap();
    assert_eq!((skipped.new_count, skipped.rejected_count), (1, 4));
    assert_eq!(skipped.rejected_rows, refused.rejected_rows);
    let asked = world.signed(OURS, ListBankStatementImportsRequest::default());
    let page = statements(&world)
        .list_bank_statement_imports(asked)
        .await
        .unwrap()
        .into_inner();
    let states: Vec<_> = page
        .bank_statement_imports
        .iter()
        .map(|one| one.rejected_count)
        .collect();
    assert_eq!(states, [4, 4, 4], "all are kept, newest first");
    assert!(
        page.bank_statement_imports
            .iter()
            .all(|one| one.rejected_rows.is_empty())
    );
}

#[tokio::test]
async fn a_file_that_cannot_be_read_leaves_no_trace() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let plain = ImportOptions::default();
    let text = "Buchung;Betrag;Währung;Text;Name;IBAN\n01.03.2026;1,00;EUR;;;\n";
    let missing = bank
        .import_with(&world, "r1", plain, text.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), reason(&missing).as_str()),
        (Code::InvalidArgument, "COLUMN_MISSING")
    );
    assert!(
        missing.message().contains("Valuta"),
        "{}",
        missing.message()
    );
    let mut latin = file(&MARCH).into_bytes();
    latin.push(0xfc);
    let unreadable = bank
        .import_with(&world, "r1", plain, &latin)
        .await
        .unwrap_err();
    assert_eq!(reason(&unreadable), "FILE_NOT_READABLE");
    let open = file(&[(1, "1,00", "\"never closed", "", "")]);
    let unreadable = bank
        .import_with(&world, "r1", plain, open.as_bytes())
        .await
        .unwrap_err();
    assert_eq!(reason(&unreadable), "FILE_NOT_READABLE");
    assert_eq!(world.count("SELECT count(*) FROM operation").await, 0);
    let corrected = bank.import(&world, "r1", &MARCH).await;
    assert_eq!(corrected.new_count, 5, "the request was not used up");
}

#[tokio::test]
async fn a_repeat_is_answered_though_the_mapping_has_changed() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let first = bank.import(&world, "r1", &MARCH).await;
    let update = UpdateColumnMappingRequest {
        request_id: "u1".to_owned(),
        column_mapping_id: bank.column_mapping_id.clone(),
        column_mapping: Some(ColumnMapping {
            booking_date: Some(crate::statements::header("Booked on")),
            ..ColumnMapping::default()
        }),
        update_mask: Some(prost_types::FieldMask {
            paths: vec!["booking_date".to_owned()],
        }),
        etag: "1".to_owned(),
    };
    let asked = world.signed(OURS, update);
    crate::statements::mappings(&world)
        .update_column_mapping(asked)
        .await
        .unwrap();
    assert_eq!(bank.import(&world, "r1", &MARCH).await, first);
    let kept = first.column_mapping.unwrap();
    assert_eq!(kept.etag, "1", "an import keeps the mapping as it was");
}

#[tokio::test]
async fn another_tenant_finds_nothing() {
    let world = World::start().await;
    let ours = with_bank(&world, OURS).await;
    let import = ours.settled(&world, "r1", &MARCH).await;
    let line = ours.lines(&world, None).await.remove(0);
    let strangers = Bank {
        tenant: THEIRS,
        ..ours.clone()
    };
    let plain = ImportOptions::default();
    let refused = strangers
        .import_with(&world, "r1", plain, b"")
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "BANK_ACCOUNT_NOT_FOUND")
    );
    let refused = strangers
        .read(&world, &import.bank_statement_import_id)
        .await
        .unwrap_err();
    assert_eq!(reason(&refused), "BANK_STATEMENT_IMPORT_NOT_FOUND");
    let asked = GetBankLineRequest {
        bank_line_id: line.bank_line_id,
    };
    let refused = statements(&world)
        .get_bank_line(world.signed(THEIRS, asked))
        .await
        .unwrap_err();
    assert_eq!(
        (refused.code(), reason(&refused).as_str()),
        (Code::NotFound, "BANK_LINE_NOT_FOUND")
    );
    assert_eq!(strangers.lines(&world, None).await, []);

    let theirs = with_bank(&world, THEIRS).await;
    let same = theirs.import(&world, "r1", &MARCH).await;
    assert_eq!(
        same.new_count, 5,
        "the same file of another tenant is other money"
    );
    let ids: BTreeSet<String> = [&import, &same]
        .map(|one| one.bank_statement_import_id.clone())
        .into();
    assert_eq!(ids.len(), 2);
}

/// Leaves an import as its request does whose process dies before the first line is booked.
async fn staged(world: &World, bank: &Bank, lines: &[Line<'_>]) -> String {
    let (now, import_id) = (world.clock.now(), BankStatementImportId(Uuid::now_v7()));
    let mut tx = world.db.begin(OURS).await.unwrap();
    let mapping = ColumnMappingId(bank.column_mapping_id.parse().unwrap());
    let mapping = store::column_mapping::find_in_tx(&mut tx, OURS, mapping).await;
    let mapping = mapping.unwrap().unwrap();
    let account = BankAccountId(bank.bank_account_id.parse().unwrap());
    let read = read_statement(file(lines).as_bytes(), &mapping.layout, Currency::EUR).unwrap();
    let received = ReceivedStatement {
        bank_statement_import_id: import_id,
        bank_account_id: account,
        column_mapping: mapping,
        file_name: String::new(),
        file: read,
    };
    let options = payments::domain::ImportOptions {
        validate_only: false,
        skip_bad: false,
    };
    let nothing = Money::zero(Currency::EUR);
    let (import, lines) =
        payments::domain::BankStatementImport::receive(received, options, nothing, now);
    let key = Key {
        tenant: OURS,
        caller: "shop".to_owned(),
        method: "test".to_owned(),
        request_id: "cut short".to_owned(),
        fingerprint: [0; 32],
    };
    let started = start_in_tx(&mut tx, &key, "test", &serde_json::json!({}), now)
        .await
        .unwrap();
    let (Started::New(operation) | Started::Existing(operation)) = started;
    let operation_id = operation.operation_id;
    let stored = store::bank_statement_import::insert_in_tx(&mut tx, OURS, &import, operation_id);
    stored.await.unwrap();
    let keys = line_keys(account, &lines);
    let lines: Vec<_> = lines.into_iter().zip(keys).collect();
    let staged = store::import_row::stage_lines_in_tx(&mut tx, OURS, import_id, &lines).await;
    staged.unwrap();
    let watched = book_bank_statement::watch_in_tx(&mut tx, OURS, import_id, now).await;
    let _ = watched.unwrap();
    tx.commit().await.unwrap();
    import_id.0.to_string()
}

#[tokio::test]
async fn p7_an_import_that_was_cut_short_goes_on_by_itself() {
    let world = World::start().await;
    let bank = with_bank(&world, OURS).await;
    let import_id = staged(&world, &bank, &MARCH).await;
    let import = bank.read(&world, &import_id).await.unwrap();
    assert_eq!(
        (import.state(), import.new_count),
        (BankStatementImportState::Booking, 0)
    );
    world.clock.advance(SignedDuration::from_secs(31)).unwrap();
    let import = bank.completed(&world, &import_id).await;
    assert_eq!((import.new_count, import.in_review_count), (5, 4));
    let again = bank.import(&world, "r1", &MARCH).await;
    assert_eq!(again.duplicate_count, 5);
    world.books_add_up().await;
}
