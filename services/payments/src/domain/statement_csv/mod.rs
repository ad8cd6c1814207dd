//! Bank statements as CSV: from the bytes of a file and a layout to the lines of a statement, each
//! row that cannot be read named with its column. A file that cannot be read whole is refused with
//! the position, and nothing of it counts.
//!
//! | module | owns |
//! |---|---|
//! | `encoding` | character sets |
//! | `table` | header, records, numbers of lines |
//! | `date_format`, `amount_format` | how dates and amounts are written |
//! | `row` | one record: cells, faults |
//!
//! Must not know which lines are there already: [`super::line_identity`] does.

mod amount_format;
mod date_format;
mod encoding;
mod row;
mod table;

use std::collections::HashMap;

use jiff::civil::Date;
use money::{Currency, Money};
use serde::{Deserialize, Serialize};

pub use amount_format::{AmountFormat, DecimalMark};
pub use date_format::{DateFormat, DateFormatError};
pub use encoding::Encoding;
pub use table::MOST_BYTES;

use super::{Coded, Remittance, StatementLayout};
use row::Reading;
use table::{Table, text_of};

/// A line of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLine {
    /// Its line in the file, from 1 on, header included.
    pub row_number: u32,
    /// The day on which the bank booked it.
    pub booking_date: Date,
    /// The day from which the bank counts the money.
    pub value_date: Date,
    /// What came in; negative for what went out.
    pub amount: Money,
    /// What the payer said about it.
    pub remittance: Remittance,
    /// The bank's own identity of it; empty where it has none.
    pub bank_reference: String,
}

/// A file that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementFile {
    /// Records that are not blank, header not counted.
    pub row_count: u32,
    /// The rows that could be read.
    pub lines: Vec<StatementLine>,
    /// What is wrong with the others, by row.
    pub faults: Vec<RowFault>,
    /// How many rows could not be read.
    pub rejected_count: u32,
}

/// Something in a row that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowFault {
    /// The line in the file.
    pub row_number: u32,
    /// The column, by name or place; empty where it is the row as a whole.
    pub column: String,
    /// What is wrong.
    pub reason: RowReason,
    /// One sentence for a person, without what the cell says.
    pub message: String,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RowReason {
    /// No date in the format, or one that does not exist.
    InvalidDate,
    /// No amount in the format, or one that the currency cannot have.
    InvalidAmount,
    /// A text that is too long, or has control characters; a reference that contradicts another.
    InvalidText,
    /// Another currency than the account's.
    CurrencyMismatch,
    /// More or fewer columns than the first line.
    ColumnCountMismatch,
    /// A mark that means no direction.
    DirectionUnknown,
}

impl Coded for RowReason {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::InvalidDate, "INVALID_DATE"),
        (Self::InvalidAmount, "INVALID_AMOUNT"),
        (Self::InvalidText, "INVALID_TEXT"),
        (Self::CurrencyMismatch, "CURRENCY_MISMATCH"),
        (Self::ColumnCountMismatch, "COLUMN_COUNT_MISMATCH"),
        (Self::DirectionUnknown, "DIRECTION_UNKNOWN"),
    ];
}

/// Why a file as a whole cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// `FILE_TOO_LARGE`.
    #[error("a file has at most {MOST_BYTES} bytes")]
    TooLarge,
    /// `FILE_NOT_READABLE`: a byte that is none of the character set.
    #[error("byte {byte} is not of the mapping's character set")]
    Encoding {
        /// Its place in the file, from 1 on.
        byte: usize,
    },
    /// `FILE_NOT_READABLE`: a quote that is never closed.
    #[error("the record that begins on line {line} does not end: a quote is open")]
    Csv {
        /// The line on which the record begins.
        line: u32,
    },
    /// `COLUMN_MISSING`: no column of that name or place, or more than one of that name.
    #[error("the file has {count} columns that are {column:?}, not one")]
    Column {
        /// The name or the place.
        column: String,
        /// How many there are.
        count: usize,
    },
}

/// Reads a statement. Rows with faults are told; whether the others count is the import's to say.
///
/// # Errors
/// [`FileError`] when the file cannot be read whole.
pub fn read_statement(
    bytes: &[u8],
    layout: &StatementLayout,
    currency: Currency,
) -> Result<StatementFile, FileError> {
    let text = text_of(bytes, &layout.format)?;
    let mut table = Table::open(&text, &layout.format)?;
    let reading = Reading::of(&table, layout, currency)?;
    let mut file = StatementFile {
        row_count: 0,
        lines: Vec::new(),
        faults: Vec::new(),
        rejected_count: 0,
    };
    while let Some(row) = table.next_row()? {
        file.row_count += 1;
        match reading.read(&row) {
            Ok(line) => file.lines.push(line),
            Err(faults) => {
                file.rejected_count += 1;
                file.faults.extend(faults);
            }
        }
    }
    let column = layout.bank_reference.as_ref();
    file.refuse_contradictions(&column.map(super::Column::label).unwrap_or_default());
    Ok(file)
}

impl StatementFile {
    /// First and last booking date of the rows that could be read.
    #[must_use]
    pub fn booking_dates(&self) -> Option<(Date, Date)> {
        let dates = || self.lines.iter().map(|line| line.booking_date);
        Some((dates().min()?, dates().max()?))
    }

    /// Two lines of one file with one bank reference, but of different days or amounts: the bank's
    /// reference identifies nothing here, and to take the second for the first would lose money.
    fn refuse_contradictions(&mut self, column: &str) {
        let mut first: HashMap<String, (Date, Money, u32)> = HashMap::new();
        let mut faults = Vec::new();
        self.lines.retain(|line| {
            if line.bank_reference.is_empty() {
                return true;
            }
            let seen = (line.booking_date, line.amount, line.row_number);
            let (date, amount, row) = *first.entry(line.bank_reference.clone()).or_insert(seen);
            if (date, amount) == (line.booking_date, line.amount) {
                return true;
            }
            faults.push(RowFault {
                row_number: line.row_number,
                column: column.to_owned(),
                reason: RowReason::InvalidText,
                message: format!("line {row} has the same reference, with another day or amount"),
            });
            false
        });
        self.rejected_count += u32::try_from(faults.len()).unwrap_or(u32::MAX);
        self.faults.append(&mut faults);
        self.faults.sort_by_key(|fault| fault.row_number);
    }
}

#[cfg(test)]
mod tests;
