//! Owns how the CSV statements of a bank are written: which column means what, and how dates and
//! amounts look. Stored once, used for every file. Must not read files: [`super::statement_csv`]
//! does, by this.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::statement_csv::{AmountFormat, DateFormat, Encoding};
use super::{Coded, ColumnMappingId};

/// Columns of free text, at most.
pub const MOST_TEXT_COLUMNS: usize = 8;

/// A stored layout with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnMapping {
    /// Identity.
    pub column_mapping_id: ColumnMappingId,
    /// Name for people, unique in the tenant.
    pub display_name: String,
    /// The layout; an import keeps it as it was.
    pub layout: StatementLayout,
    /// When it was added.
    pub created_time: Timestamp,
    /// Rises by 1 with every change.
    pub version: i64,
}

/// Which column means what.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLayout {
    /// How the file is written.
    pub format: CsvFormat,
    /// The day on which the bank booked the line.
    pub booking_date: Column,
    /// The day from which the bank counts the money; `None`: the booking date.
    pub value_date: Option<Column>,
    /// Where the amount stands.
    pub amount: AmountColumns,
    /// The currency code; `None`: the account's.
    pub currency_code: Option<Column>,
    /// The payment reference.
    pub payment_reference: Option<Column>,
    /// The payer's free text, put together in this order.
    pub remittance_text: Vec<Column>,
    /// The payer's name.
    pub payer_name: Option<Column>,
    /// The payer's account.
    pub payer_account: Option<Column>,
    /// The bank's own identity of the line.
    pub bank_reference: Option<Column>,
}

/// How a CSV file is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsvFormat {
    /// The character set.
    pub encoding: Encoding,
    /// The character between columns.
    pub delimiter: u8,
    /// The character around columns that contain the delimiter, doubled inside.
    pub quote: u8,
    /// Lines to skip before anything is read.
    pub skip_line_count: u32,
    /// Whether the first line read has the names of the columns.
    pub has_header: bool,
    /// How amounts are written.
    pub amounts: AmountFormat,
    /// How dates are written.
    pub dates: DateFormat,
}

/// A column of a CSV file.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    /// By its name in the header.
    Header(String),
    /// By its place, from 1 on.
    Position(u32),
}

impl Column {
    /// How a person finds it.
    #[must_use]
    pub fn label(&self) -> String {
        match self {
            Self::Header(name) => name.clone(),
            Self::Position(position) => format!("column {position}"),
        }
    }
}

/// Where the amount stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AmountColumns {
    /// One column with a sign: what came in is positive.
    Signed(Column),
    /// One column for each direction.
    CreditDebit {
        /// What came in.
        credit: Column,
        /// What went out, with or without a sign.
        debit: Column,
    },
    /// One column without sign and one that tells the direction.
    Direction {
        /// The amount.
        amount: Column,
        /// The direction.
        direction: Column,
        /// What stands there for money that came in.
        credit_marks: Vec<String>,
        /// What stands there for money that went out.
        debit_marks: Vec<String>,
    },
}

/// What is wrong with a layout, by the field of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LayoutFault {
    /// The field, for example `format.delimiter`.
    pub field: &'static str,
    /// One sentence for a person.
    pub what: &'static str,
}

impl StatementLayout {
    /// Everything that is wrong with it; a layout without faults can be stored.
    #[must_use]
    pub fn faults(&self) -> Vec<LayoutFault> {
        let mut faults = self.format.faults();
        for (field, column) in self.columns() {
            let what = match column {
                Column::Header(_) if !self.format.has_header => "the file has no header",
                Column::Header(name) if name.trim().is_empty() => "a column has a name",
                Column::Position(0) => "positions count from 1",
                Column::Position(place) if *place > 1000 => "at most 1000 columns are read",
                _ => continue,
            };
            faults.push(LayoutFault { field, what });
        }
        if self.remittance_text.len() > MOST_TEXT_COLUMNS {
            let (field, what) = ("remittance_text", "at most 8 columns");
            faults.push(LayoutFault { field, what });
        }
        faults.extend(self.amount.faults());
        faults
    }

    /// All its columns, by the field of the contract.
    #[must_use]
    pub fn columns(&self) -> Vec<(&'static str, &Column)> {
        let mut columns = vec![("booking_date", &self.booking_date)];
        columns.extend(match &self.amount {
            AmountColumns::Signed(column) => vec![("signed_amount", column)],
            AmountColumns::CreditDebit { credit, debit } => {
                vec![
                    ("credit_debit.credit", credit),
                    ("credit_debit.debit", debit),
                ]
            }
            AmountColumns::Direction {
                amount, direction, ..
            } => vec![
                ("amount_direction.amount", amount),
                ("amount_direction.direction", direction),
            ],
        });
        let optional = [
            ("value_date", &self.value_date),
            ("currency_code", &self.currency_code),
            ("payment_reference", &self.payment_reference),
            ("payer_name", &self.payer_name),
            ("payer_account", &self.payer_account),
            ("bank_reference", &self.bank_reference),
        ];
        let given = optional.into_iter();
        columns.extend(given.filter_map(|(field, column)| Some((field, column.as_ref()?))));
        let texts = self.remittance_text.iter();
        columns.extend(texts.map(|column| ("remittance_text", column)));
        columns
    }
}

impl CsvFormat {
    fn faults(&self) -> Vec<LayoutFault> {
        let mut faults = Vec::new();
        let mut tell = |is_wrong: bool, field, what| {
            if is_wrong {
                faults.push(LayoutFault { field, what });
            }
        };
        let printable = |sign: u8| sign == b'\t' || (sign.is_ascii() && !sign.is_ascii_control());
        let mark = |sign: u8| printable(sign) && !sign.is_ascii_alphanumeric();
        tell(
            !mark(self.delimiter),
            "format.delimiter",
            "a sign of ASCII, or a tab",
        );
        tell(!mark(self.quote), "format.quote", "a sign of ASCII");
        let same = self.delimiter == self.quote;
        tell(same, "format.quote", "another sign than the delimiter");
        let skips_too_many = self.skip_line_count > 100;
        tell(skips_too_many, "format.skip_line_count", "0 to 100");
        let group = self.amounts.group_mark;
        let clash = group == Some(self.amounts.decimal_mark.sign());
        tell(
            clash,
            "format.group_mark",
            "another mark than the decimal mark",
        );
        let no_mark = group.is_some_and(|sign| sign.is_alphanumeric() || "+-".contains(sign));
        tell(
            no_mark,
            "format.group_mark",
            "no letter, digit or sign of a number",
        );
        faults
    }
}

impl AmountColumns {
    fn faults(&self) -> Vec<LayoutFault> {
        let Self::Direction {
            credit_marks,
            debit_marks,
            ..
        } = self
        else {
            return Vec::new();
        };
        let both = [
            ("amount_direction.credit_marks", credit_marks),
            ("amount_direction.debit_marks", debit_marks),
        ];
        let is_bad =
            |marks: &[String]| marks.is_empty() || marks.iter().any(|mark| mark.trim().is_empty());
        let bad = both.into_iter().filter(|(_, marks)| is_bad(marks));
        let what = "at least one mark, none of them empty";
        let mut faults: Vec<_> = bad.map(|(field, _)| LayoutFault { field, what }).collect();
        let trimmed = |mark: &String| mark.trim().to_owned();
        let debits: Vec<String> = debit_marks.iter().map(trimmed).collect();
        if credit_marks
            .iter()
            .map(trimmed)
            .any(|mark| debits.contains(&mark))
        {
            let (field, what) = ("amount_direction.debit_marks", "a mark means one direction");
            faults.push(LayoutFault { field, what });
        }
        faults
    }
}

impl Coded for Encoding {
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Utf8, "UTF8"), (Self::Windows1252, "WINDOWS_1252")];
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::layout;

    fn fields(layout: &StatementLayout) -> Vec<&'static str> {
        layout.faults().iter().map(|fault| fault.field).collect()
    }

    #[test]
    fn a_layout_is_stored_as_it_is_read() {
        let layout = layout();
        assert_eq!(layout.faults(), []);
        let json = serde_json::to_string(&layout).unwrap();
        assert_eq!(
            serde_json::from_str::<StatementLayout>(&json).unwrap(),
            layout
        );
    }

    #[test]
    fn all_faults_are_told_at_once() {
        let mut bad = layout();
        bad.format.delimiter = b'"';
        bad.format.skip_line_count = 101;
        bad.format.amounts.group_mark = Some(',');
        bad.booking_date = Column::Position(0);
        bad.remittance_text = vec![Column::Position(1); 9];
        let expected = [
            "format.quote",
            "format.skip_line_count",
            "format.group_mark",
            "booking_date",
            "remittance_text",
        ];
        assert_eq!(fields(&bad), expected);
    }

    #[test]
    fn names_need_a_header() {
        let mut bad = layout();
        bad.format.has_header = false;
        assert_eq!(fields(&bad).len(), bad.columns().len());
    }

    #[test]
    fn a_mark_means_one_direction() {
        let mut bad = layout();
        let marks = |marks: &[&str]| marks.iter().map(|mark| (*mark).to_owned()).collect();
        bad.amount = AmountColumns::Direction {
            amount: Column::Position(2),
            direction: Column::Position(3),
            credit_marks: marks(&["C", "H"]),
            debit_marks: marks(&["D", " H "]),
        };
        assert_eq!(fields(&bad), ["amount_direction.debit_marks"]);
        if let AmountColumns::Direction { debit_marks, .. } = &mut bad.amount {
            debit_marks.clear();
        }
        assert_eq!(fields(&bad), ["amount_direction.debit_marks"]);
    }

    #[test]
    fn codes() {
        assert_complete::<Encoding>(2);
    }
}
