//! Files good and bad: every fault by its row and column.

use jiff::civil::date;

use super::*;

const MAPPING: &str = include_str!("../../../mappings/ibm-late-payments.toml");
const NAMES: &str = "countryCode,customerID,invoiceNumber,InvoiceDate,DueDate,InvoiceAmount,\
                     Disputed,SettledDate";
const GOOD: &str = "391,0379-NEVHP,0000611365,1/2/2013,2/1/2013,55.94,No,1/15/2013";

fn mapping() -> Mapping {
    Mapping::parse(MAPPING).unwrap()
}

fn read(rows: &[&str]) -> Book {
    let text = [&[NAMES], rows].concat().join("\n");
    Book::read(text.as_bytes(), &mapping()).unwrap()
}

fn faults(rows: &[&str]) -> Vec<String> {
    read(rows).faults.iter().map(ToString::to_string).collect()
}

#[test]
fn a_good_row_is_read_as_it_is_meant() {
    let disputed = "391,0379-NEVHP,7,1/2/2013,2/1/2013,55.9,Yes,3/3/2013";
    let early = "391,0379-NEVHP,8,1/2/2013,2/1/2013,55.9,Yes,1/3/2013";
    let open = "391,0379-NEVHP,9,1/2/2013,2/1/2013,55.9,Yes,";
    let book = read(&[GOOD, disputed, early, open]);
    assert_eq!(book.faults, []);
    let first = &book.receivables[0];
    assert_eq!((first.row, first.number.as_str()), (2, "0000611365"));
    assert_eq!(
        (first.customer.as_str(), first.segment.as_str()),
        ("0379-NEVHP", "391")
    );
    assert_eq!(first.amount.to_amount_string(), "55.94");
    assert_eq!(first.disputed_date, None);
    let disputed = |place: usize| book.receivables[place].disputed_date;
    assert_eq!(disputed(1), Some(date(2013, 2, 1)), "on the due date");
    assert_eq!(
        disputed(2),
        Some(date(2013, 1, 3)),
        "or when it was settled before"
    );
    assert_eq!(disputed(3), Some(date(2013, 2, 1)));
    assert_eq!(book.receivables[3].settled_date, None);
}

#[test]
fn every_fault_names_its_row_and_column() {
    let table = [
        (
            "1/2/2013",
            "1/32/2013",
            "InvoiceDate",
            "no date as %m/%d/%Y writes it",
        ),
        ("1/2/2013", "2013-01-02", "InvoiceDate", "no date"),
        ("2/1/2013", "", "DueDate", "\"\" is no date"),
        (
            "2/1/2013",
            "2/2/2013",
            "DueDate",
            "the terms say 2013-02-01",
        ),
        ("2/1/2013", "1/1/2013", "DueDate", "before the invoice"),
        (
            "1/15/2013",
            "1/1/2013",
            "SettledDate",
            "before it was invoiced on 2013-01-02",
        ),
        ("1/15/2013", "soon", "SettledDate", "no date"),
        ("55.94", "-55.94", "InvoiceAmount", "negative"),
        ("55.94", "0.00", "InvoiceAmount", "nothing is owed"),
        ("55.94", "55.941", "InvoiceAmount", "no amount in USD"),
        ("55.94", "55.94 EUR", "InvoiceAmount", "no amount in USD"),
        ("55.94", "", "InvoiceAmount", "no amount in USD"),
        ("0000611365", "", "invoiceNumber", "is empty"),
        ("0379-NEVHP", " ", "customerID", "is empty"),
        (",No,", ",Perhaps,", "Disputed", "none of Yes, No"),
        ("391,", "39 1,", "countryCode", "at most 32 letters"),
        (
            "391,",
            "",
            "invoiceNumber",
            "the row has 7 cells, the names 8",
        ),
    ];
    for (from, to, column, why) in table {
        let other = "391,0379-NEVHP,2,1/2/2013,2/1/2013,1.00,No,1/15/2013";
        let found = faults(&[other, &GOOD.replacen(from, to, 1)]);
        assert_eq!(found.len(), 1, "{to:?}: {found:?}");
        let expected = format!("row 3, column {column}: ");
        assert!(
            found[0].starts_with(&expected) && found[0].contains(why),
            "{found:?}"
        );
    }
}

#[test]
fn all_faults_of_a_row_are_told_at_once() {
    let found = faults(&["391,,,1/2/2013,x,-1,Perhaps,1/1/2013"]);
    let columns: Vec<&str> = found
        .iter()
        .map(|fault| fault.split([' ', ':']).nth(3).unwrap())
        .collect();
    let expected = [
        "invoiceNumber",
        "customerID",
        "InvoiceAmount",
        "DueDate",
        "Disputed",
    ];
    assert_eq!(columns, expected, "{found:?}");
}

#[test]
fn rows_with_one_number_are_all_bad_whichever_is_right() {
    let other = "391,0379-NEVHP,2,1/2/2013,2/1/2013,1.00,No,1/15/2013";
    let book = read(&[GOOD, other, GOOD]);
    let told: Vec<String> = book.faults.iter().map(ToString::to_string).collect();
    let expected = [
        "row 2, column invoiceNumber: \"0000611365\" is in row 4 too",
        "row 4, column invoiceNumber: \"0000611365\" is in row 2 too",
    ];
    assert_eq!(told, expected);
    assert_eq!((book.receivables.len(), book.row_count), (1, 3));
}

#[test]
fn a_customer_has_one_segment() {
    let elsewhere = "406,0379-NEVHP,2,1/2/2013,2/1/2013,1.00,No,1/15/2013";
    let found = faults(&[GOOD, elsewhere]);
    let expected = "row 3, column countryCode: \"406\", but the customer has \"391\" in row 2";
    assert_eq!(found, [expected]);
}

#[test]
fn a_currency_that_is_not_the_mappings_is_foreign() {
    let text = MAPPING.replace("segment = ", "currency = \"Currency\"\nsegment = ");
    let mapping = Mapping::parse(&text).unwrap();
    let file = format!("{NAMES},Currency\n{GOOD},EUR\n");
    let book = Book::read(file.as_bytes(), &mapping).unwrap();
    let expected = "row 2, column Currency: \"EUR\" is foreign: the mapping says USD";
    assert_eq!(book.faults[0].to_string(), expected);
}

#[test]
fn a_missing_column_is_named_with_those_that_are_there() {
    let names = NAMES.replace("SettledDate", "PaidDate");
    let error = Book::read(names.as_bytes(), &mapping())
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("row 1, column SettledDate: missing"),
        "{error}"
    );
    assert!(error.contains("PaidDate"), "{error}");
    let twice = format!("{NAMES},Disputed");
    let error = Book::read(twice.as_bytes(), &mapping())
        .unwrap_err()
        .to_string();
    assert!(error.contains("column Disputed: there are two"), "{error}");
}

#[test]
fn the_mark_of_a_spreadsheet_is_no_part_of_the_first_name() {
    let text = format!("\u{feff}{NAMES}\n{GOOD}\n");
    let book = Book::read(text.as_bytes(), &mapping()).unwrap();
    assert_eq!((book.receivables.len(), book.faults.len()), (1, 0));
}
