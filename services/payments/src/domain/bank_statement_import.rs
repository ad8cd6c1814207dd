//! Owns the import of a statement: what is done with a file that was read, how far it is, and what
//! came of its rows. Whole or not at all, unless bad rows are to be skipped. Must not read files nor
//! book lines.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Money, MoneyError};

use super::{
    BankAccountId, BankLine, BankStatementImportId, Coded, ColumnMapping, RowFault, StatementFile,
    StatementLine,
};

/// Bad rows that are kept with an import.
pub const MOST_REJECTED_ROWS: usize = 10_000;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum BankStatementImportState {
    /// All rows were checked, none booked, because only that was asked. Final.
    Validated,
    /// At least one row is bad and nothing was booked. Final.
    Refused,
    /// Lines are being booked.
    Booking,
    /// All lines are booked; they are being matched.
    Matching,
    /// Every line is matched, in review, or no receipt. Final.
    Completed,
}

impl Coded for BankStatementImportState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Validated, "VALIDATED"),
        (Self::Refused, "REFUSED"),
        (Self::Booking, "BOOKING"),
        (Self::Matching, "MATCHING"),
        (Self::Completed, "COMPLETED"),
    ];
}

/// How to treat the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ImportOptions {
    /// Check every row and book none.
    pub validate_only: bool,
    /// Leave bad rows out and book the others.
    pub skip_bad: bool,
}

/// A bank statement that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankStatementImport {
    /// Identity.
    pub bank_statement_import_id: BankStatementImportId,
    /// The account it is of.
    pub bank_account_id: BankAccountId,
    /// The mapping it was read by, as it was then.
    pub column_mapping: ColumnMapping,
    /// Name of the file.
    pub file_name: String,
    /// How far it is.
    pub state: BankStatementImportState,
    /// Rows in the file.
    pub row_count: u32,
    /// Rows that are bad.
    pub rejected_count: u32,
    /// Lines that were there already.
    pub duplicate_count: u32,
    /// New lines by what became of them; kept up to date by whoever reads it.
    pub lines: LineCounts,
    /// Sum of what came in on the new lines.
    pub credit_amount: Money,
    /// Sum of what went out on the new lines, negative.
    pub debit_amount: Money,
    /// First and last booking date of the good rows.
    pub booking_dates: Option<(Date, Date)>,
    /// The bad rows, the first [`MOST_REJECTED_ROWS`] faults.
    pub rejected_rows: Vec<RowFault>,
    /// When the file was received.
    pub created_time: Timestamp,
    /// When it came to a final state.
    pub ended_time: Option<Timestamp>,
}

/// New lines of an import by what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LineCounts {
    /// Waiting to be matched.
    pub waiting: u32,
    /// Matched without a person.
    pub matched: u32,
    /// In review.
    pub in_review: u32,
    /// Resolved by a person.
    pub resolved: u32,
    /// No receipts.
    pub not_a_receipt: u32,
}

impl LineCounts {
    /// New lines in all.
    #[must_use]
    pub fn new_count(&self) -> u32 {
        let counts = [
            self.waiting,
            self.matched,
            self.in_review,
            self.resolved,
            self.not_a_receipt,
        ];
        counts.into_iter().fold(0, u32::saturating_add)
    }
}

/// A file as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceivedStatement {
    /// The identity of the import.
    pub bank_statement_import_id: BankStatementImportId,
    /// The account it is of.
    pub bank_account_id: BankAccountId,
    /// The mapping it was read by.
    pub column_mapping: ColumnMapping,
    /// Name of the file.
    pub file_name: String,
    /// What was read.
    pub file: StatementFile,
}

impl BankStatementImport {
    /// Takes a file that was read: the import, and the lines to book, which are none unless it is
    /// BOOKING. The sums are of the account's currency, `nothing` being zero of it.
    #[must_use]
    pub fn receive(
        received: ReceivedStatement,
        options: ImportOptions,
        nothing: Money,
        time: Timestamp,
    ) -> (Self, Vec<StatementLine>) {
        let file = received.file;
        let is_bad = file.rejected_count > 0;
        let state = match options {
            _ if options.validate_only => BankStatementImportState::Validated,
            _ if is_bad && !options.skip_bad => BankStatementImportState::Refused,
            _ => BankStatementImportState::Booking,
        };
        let is_booking = state == BankStatementImportState::Booking;
        let booking_dates = file.booking_dates();
        let mut rejected_rows = file.faults;
        rejected_rows.truncate(MOST_REJECTED_ROWS);
        let import = Self {
            bank_statement_import_id: received.bank_statement_import_id,
            bank_account_id: received.bank_account_id,
            column_mapping: received.column_mapping,
            file_name: received.file_name,
            state,
            row_count: file.row_count,
            rejected_count: file.rejected_count,
            duplicate_count: 0,
            lines: LineCounts::default(),
            credit_amount: nothing,
            debit_amount: nothing,
            booking_dates,
            rejected_rows,
            created_time: time,
            ended_time: (!is_booking).then_some(time),
        };
        let lines = if is_booking { file.lines } else { Vec::new() };
        (import, lines)
    }

    /// Counts a new line that was booked.
    ///
    /// # Errors
    /// [`MoneyError`] when sums exceed what an amount can hold.
    pub fn count_new(&mut self, line: &BankLine) -> Result<(), MoneyError> {
        if line.amount.is_positive() {
            self.credit_amount = self.credit_amount.checked_add(line.amount)?;
            self.lines.waiting += 1;
        } else {
            self.debit_amount = self.debit_amount.checked_add(line.amount)?;
            self.lines.not_a_receipt += 1;
        }
        Ok(())
    }

    /// Goes on as far as its lines are: from BOOKING, when all are booked, to MATCHING; from there,
    /// when none is waiting any more, to COMPLETED. Whether it has just come to be booked, which is
    /// announced once.
    pub fn go_on(&mut self, all_booked: bool, time: Timestamp) -> bool {
        let just_booked = all_booked && self.state == BankStatementImportState::Booking;
        if just_booked {
            self.state = BankStatementImportState::Matching;
        }
        if self.state == BankStatementImportState::Matching && self.lines.waiting == 0 {
            self.state = BankStatementImportState::Completed;
            self.ended_time = Some(time);
        }
        just_booked
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{NOW, eur, row_fault, statement, statement_line};

    fn receive(bad: u32, options: ImportOptions) -> (BankStatementImport, usize) {
        let faults = (0..bad).map(row_fault).collect();
        let file = StatementFile {
            row_count: 2 + bad,
            lines: vec![statement_line("1.00"), statement_line("2.00")],
            faults,
            rejected_count: bad,
        };
        let (import, lines) = BankStatementImport::receive(statement(file), options, eur("0"), NOW);
        (import, lines.len())
    }

    const PLAIN: ImportOptions = ImportOptions {
        validate_only: false,
        skip_bad: false,
    };

    #[test]
    fn a_file_is_booked_whole_or_not_at_all() {
        use BankStatementImportState::{Booking, Refused, Validated};
        let skip_bad = ImportOptions {
            skip_bad: true,
            ..PLAIN
        };
        let validate_only = ImportOptions {
            validate_only: true,
            ..PLAIN
        };
        for (bad, options, state, booked) in [
            (0, PLAIN, Booking, 2),
            (1, PLAIN, Refused, 0),
            (1, skip_bad, Booking, 2),
            (0, validate_only, Validated, 0),
            (1, validate_only, Validated, 0),
        ] {
            let (import, lines) = receive(bad, options);
            assert_eq!((import.state, lines), (state, booked), "{bad} {options:?}");
            assert_eq!(import.ended_time.is_some(), state != Booking);
            assert_eq!(import.rejected_count, bad);
        }
    }

    #[test]
    fn only_so_many_bad_rows_are_kept() {
        let (import, _) = receive(10_001, PLAIN);
        assert_eq!(
            (import.rejected_rows.len(), import.rejected_count),
            (10_000, 10_001)
        );
    }

    #[test]
    fn an_import_goes_on_by_what_became_of_its_lines() {
        let (mut import, _) = receive(0, PLAIN);
        import.lines.waiting = 1;
        assert!(!import.go_on(false, NOW));
        assert_eq!(import.state, BankStatementImportState::Booking);
        assert!(import.go_on(true, NOW));
        assert_eq!(import.state, BankStatementImportState::Matching);
        assert!(!import.go_on(true, NOW), "announced once");
        import.lines = LineCounts {
            matched: 1,
            in_review: 1,
            ..LineCounts::default()
        };
        assert!(!import.go_on(true, NOW));
        assert_eq!(import.state, BankStatementImportState::Completed);
        assert_eq!(
            (import.lines.new_count(), import.ended_time),
            (2, Some(NOW))
        );
    }

    #[test]
    fn a_file_without_lines_is_complete_once_booked() {
        let (mut import, _) = receive(0, PLAIN);
        assert!(import.go_on(true, NOW));
        assert_eq!(import.state, BankStatementImportState::Completed);
    }

    #[test]
    fn codes() {
        assert_complete::<BankStatementImportState>(5);
    }
}
