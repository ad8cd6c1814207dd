//! Printed statements, good and bad, and any bytes at all.

use jiff::civil::date;
use money::Money;
use proptest::prelude::*;

use super::*;
use crate::domain::code::assert_complete;
use crate::domain::samples::{eur, layout};
use crate::domain::{AmountColumns, Column};

const STATEMENT: &str = "\
Buchung;Valuta;Betrag;Währung;Referenz;Text 1;Text 2;Name;IBAN;Bankref
02.03.2026;03.03.2026;1.234,56;EUR;RF18539007547034;Rechnung;INV-000123;Müller GmbH;DE89370400440532013000;B1
02.03.2026;;-12,00;EUR;;Gebühren;;Bank;;B2
";

fn read(text: &str) -> Result<StatementFile, FileError> {
    read_statement(text.as_bytes(), &layout(), Currency::EUR)
}

fn faults(rows: &str) -> Vec<(u32, String, RowReason)> {
    let header = STATEMENT.lines().next().unwrap();
    let file = read(&format!("{header}\n{rows}")).unwrap();
    let told = |fault: &RowFault| (fault.row_number, fault.column.clone(), fault.reason);
    file.faults.iter().map(told).collect()
}

#[test]
fn a_statement_is_read() {
    let file = read(STATEMENT).unwrap();
    assert_eq!((file.row_count, file.rejected_count), (2, 0));
    let first = &file.lines[0];
    assert_eq!(first.row_number, 2);
    assert_eq!(first.booking_date, date(2026, 3, 2));
    assert_eq!(first.value_date, date(2026, 3, 3));
    assert_eq!(first.amount, eur("1234.56"));
    assert_eq!(first.remittance.payment_reference, "RF18539007547034");
    assert_eq!(first.remittance.text, "Rechnung INV-000123");
    assert_eq!(first.remittance.payer_name, "Müller GmbH");
    assert_eq!(first.remittance.payer_account, "DE89370400440532013000");
    assert_eq!(
        (
            first.bank_reference.as_str(),
            first.remittance.instrument_reference.as_str()
        ),
        ("B1", "B1")
    );
    let second = &file.lines[1];
    assert_eq!(
        second.value_date, second.booking_date,
        "where the bank says none"
    );
    assert_eq!(second.amount, eur("-12.00"));
    assert_eq!(
        file.booking_dates(),
        Some((date(2026, 3, 2), date(2026, 3, 2)))
    );
}

#[test]
fn the_same_in_windows_1252() {
    let mut windows = layout();
    windows.format.encoding = Encoding::Windows1252;
    let bytes: Vec<u8> = STATEMENT
        .chars()
        .map(|letter| u8::try_from(letter).unwrap())
        .collect();
    let read_back = read_statement(&bytes, &windows, Currency::EUR).unwrap();
    assert_eq!(read_back, read(STATEMENT).unwrap());
    let error = read_statement(&bytes, &layout(), Currency::EUR).unwrap_err();
    let place = STATEMENT.chars().position(|letter| letter == 'ä').unwrap() + 1;
    assert_eq!(error, FileError::Encoding { byte: place });
}

#[test]
fn every_fault_names_its_row_and_column() {
    use RowReason::*;
    let told = faults(
        "30.02.2026;31.04.2026;12.50;USD;;;;;;\n\
         02.03.2026;;1,00;EUR\n\
         \n\
         02.03.2026;;1,005;EUR;;;;;;\n\
         02.03.2026;;1,00;EUR;;a\u{1};;;;\n",
    );
    let expected = [
        (2, "Buchung", InvalidDate),
        (2, "Valuta", InvalidDate),
        (2, "Währung", CurrencyMismatch),
        (2, "Betrag", InvalidAmount),
        (3, "", ColumnCountMismatch),
        (5, "Betrag", InvalidAmount),
        (6, "Text 1", InvalidText),
    ];
    assert_eq!(
        told,
        expected.map(|(row, column, reason)| (row, column.to_owned(), reason))
    );
}

#[test]
fn a_cell_is_never_repeated_in_what_is_told() {
    let header = STATEMENT.lines().next().unwrap();
    let file = read(&format!("{header}\nErika Mustermann;x;DE89;Erika;;;;;;\n")).unwrap();
    assert_eq!(file.faults.len(), 4);
    assert!(
        file.faults
            .iter()
            .all(|fault| !fault.message.contains("Erika"))
    );
}

#[test]
fn a_file_that_is_not_what_the_mapping_says_is_refused_whole() {
    let error = read("Datum;Betrag\n02.03.2026;1,00\n").unwrap_err();
    assert_eq!(
        error,
        FileError::Column {
            column: "Buchung".into(),
            count: 0
        }
    );
    let cut = read(&format!("{STATEMENT}02.03.2026;;\"1,00")).unwrap_err();
    assert_eq!(cut, FileError::Csv { line: 4 });
    assert_eq!(
        read("").unwrap_err(),
        FileError::Column {
            column: "Buchung".into(),
            count: 0
        }
    );
    let huge = vec![b'a'; MOST_BYTES + 1];
    let error = read_statement(&huge, &layout(), Currency::EUR);
    assert_eq!(error, Err(FileError::TooLarge));
}

#[test]
fn one_column_for_each_direction() {
    let mut two = layout();
    two.amount = AmountColumns::CreditDebit {
        credit: Column::Header("in".into()),
        debit: Column::Header("out".into()),
    };
    let amounts = |cells: &str| {
        let layout = StatementLayout {
            value_date: None,
            currency_code: None,
            payment_reference: None,
            remittance_text: Vec::new(),
            payer_name: None,
            payer_account: None,
            bank_reference: None,
            ..two.clone()
        };
        let text = format!("Buchung;in;out\n02.03.2026;{cells}\n");
        let file = read_statement(text.as_bytes(), &layout, Currency::EUR).unwrap();
        let fault = file.faults.first().map(|fault| fault.column.clone());
        file.lines
            .first()
            .map(|line| line.amount)
            .ok_or_else(|| fault.unwrap())
    };
    for (cells, expected) in [
        ("1,00;", Ok(eur("1.00"))),
        ("1,00;0,00", Ok(eur("1.00"))),
        (";2,00", Ok(eur("-2.00"))),
        (";-2,00", Ok(eur("-2.00"))),
        ("0,00;2,00", Ok(eur("-2.00"))),
        ("0,00;", Ok(eur("0.00"))),
        ("1,00;2,00", Err("out")),
        (";", Err("in")),
        ("-1,00;", Err("in")),
    ] {
        let told: Result<Money, String> = expected.map_err(str::to_owned);
        let read: Result<Money, String> = amounts(cells);
        assert_eq!(read, told, "{cells}");
    }
}

#[test]
fn a_column_that_tells_the_direction() {
    let mut marked = layout();
    marked.format.has_header = false;
    let column = Column::Position;
    marked.booking_date = column(1);
    marked.amount = AmountColumns::Direction {
        amount: column(2),
        direction: column(3),
        credit_marks: vec!["C".into(), "RC".into()],
        debit_marks: vec!["D".into()],
    };
    marked.value_date = None;
    marked.currency_code = None;
    marked.payment_reference = None;
    marked.remittance_text = vec![column(4)];
    marked.payer_name = None;
    marked.payer_account = None;
    marked.bank_reference = None;
    let text =
        "02.03.2026;5,00; C ;a\n02.03.2026;5,00;D;b\n02.03.2026;5,00;X;c\n02.03.2026;-5,00;D;d\n";
    let file = read_statement(text.as_bytes(), &marked, Currency::EUR).unwrap();
    let amounts: Vec<_> = file.lines.iter().map(|line| line.amount).collect();
    assert_eq!(amounts, [eur("5.00"), eur("-5.00")]);
    let told: Vec<_> = file
        .faults
        .iter()
        .map(|fault| (fault.row_number, fault.reason))
        .collect();
    assert_eq!(
        told,
        [
            (3, RowReason::DirectionUnknown),
            (4, RowReason::InvalidAmount)
        ]
    );
    marked.booking_date = column(9);
    let error = read_statement(text.as_bytes(), &marked, Currency::EUR).unwrap_err();
    assert_eq!(
        error,
        FileError::Column {
            column: "column 9".into(),
            count: 0
        }
    );
}

#[test]
fn one_reference_for_different_lines_is_a_fault_and_for_the_same_line_a_repetition() {
    let row = |amount: &str| format!("02.03.2026;;{amount};EUR;;;;;;B9\n");
    let told = faults(&format!("{}{}{}", row("1,00"), row("1,00"), row("2,00")));
    assert_eq!(told, [(4, "Bankref".to_owned(), RowReason::InvalidText)]);
}

#[test]
fn codes() {
    assert_complete::<RowReason>(6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

    #[test]
    fn p_33_any_bytes_are_read_or_refused(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
        windows in any::<bool>(),
        header in any::<bool>(),
        skip in 0_u32..3,
        delimiter in proptest::sample::select(vec![b';', b',', b'\t', b'|']),
    ) {
        let mut layout = layout();
        layout.format.encoding = if windows { Encoding::Windows1252 } else { Encoding::Utf8 };
        layout.format.has_header = header;
        layout.format.skip_line_count = skip;
        layout.format.delimiter = delimiter;
        layout.booking_date = Column::Position(1);
        let _ = read_statement(&bytes, &layout, Currency::EUR);
    }

    #[test]
    fn p_33_any_cells_are_read_or_told(
        cells in proptest::collection::vec("[0-9.,+\"\\-;\n€a ]{0,12}", 10..40),
    ) {
        let header = STATEMENT.lines().next().unwrap();
        let text = format!("{header}\n{}", cells.join(";"));
        if let Ok(file) = read(&text) {
            let read = u32::try_from(file.lines.len()).unwrap();
            prop_assert_eq!(file.row_count, read + file.rejected_count);
            prop_assert_eq!(file.faults.is_empty(), file.rejected_count == 0);
        }
    }
}
