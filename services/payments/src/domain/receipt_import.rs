//! Owns the import of receipts that another system recorded: how far it is, and what came of its
//! rows. Must not record nor apply.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{
    ApplicationId, Coded, CustomerId, PlannedApplication, ReceiptApplication,
    ReceiptApplicationState, ReceiptImportId,
};

/// Faults, and refusals, that are kept with an import.
pub const MOST_REPORTED_ROWS: usize = 10_000;

/// How far an import is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptImportState {
    /// All rows were checked, none recorded, because only that was asked. Final.
    Validated,
    /// At least one row is bad and nothing was recorded. Final.
    Refused,
    /// The receipts are recorded; they are being applied as their rows say.
    Applying,
    /// Every row is done. Final.
    Completed,
}

impl Coded for ReceiptImportState {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Validated, "VALIDATED"),
        (Self::Refused, "REFUSED"),
        (Self::Applying, "APPLYING"),
        (Self::Completed, "COMPLETED"),
    ];
}

/// An import of receipts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptImport {
    /// Identity.
    pub receipt_import_id: ReceiptImportId,
    /// How far it is.
    pub state: ReceiptImportState,
    /// Rows received.
    pub row_count: u32,
    /// Rows that were recorded; of one that was only checked, that would be.
    pub imported_count: u32,
    /// Rows that were there already with the same content.
    pub unchanged_count: u32,
    /// Rows that are bad.
    pub rejected_count: u32,
    /// Receipts that were applied as their row says, at least in part.
    pub applied_count: u32,
    /// The faults of bad rows, the first [`MOST_REPORTED_ROWS`].
    pub rejected_rows: Vec<RowReport>,
    /// Rows whose application invoicing refused, the first [`MOST_REPORTED_ROWS`].
    pub refused_applications: Vec<RowReport>,
    /// When it was received.
    pub created_time: Timestamp,
    /// When it came to a final state.
    pub ended_time: Option<Timestamp>,
}

/// Something that is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RowReport {
    /// The number the caller gave the row.
    pub row_number: i32,
    /// The foreign system's identity in the row.
    pub external_id: String,
    /// The field at fault.
    pub field: String,
    /// UPPER_SNAKE.
    pub reason: String,
    /// One sentence for a person.
    pub message: String,
}

/// A recorded row that is being applied: what was asked, and what is asked after that while money is
/// left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplyingRow {
    /// The field of the row that says what to apply to.
    pub field: String,
    /// Whose items are settled.
    pub customer_id: Option<CustomerId>,
    /// The applications made so far.
    pub application_ids: Vec<ApplicationId>,
    /// What is asked after them.
    pub planned: Vec<PlannedApplication>,
}

/// What came of a row that was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// At least in part.
    Applied,
    /// Not at all: the reason and what it says.
    Refused(String, String),
}

impl ReceiptImport {
    /// Counts a row that is done.
    pub fn count(&mut self, row_number: i32, external_id: &str, field: &str, outcome: RowOutcome) {
        let (reason, message) = match outcome {
            RowOutcome::Applied => {
                self.applied_count += 1;
                return;
            }
            RowOutcome::Refused(reason, message) => (reason, message),
        };
        if self.refused_applications.len() < MOST_REPORTED_ROWS {
            self.refused_applications.push(RowReport {
                row_number,
                external_id: external_id.to_owned(),
                field: field.to_owned(),
                reason,
                message,
            });
        }
    }

    /// Every row is done.
    pub fn complete(&mut self, time: Timestamp) {
        self.state = ReceiptImportState::Completed;
        self.ended_time = Some(time);
        self.refused_applications.sort_by_key(|row| row.row_number);
    }
}

impl ApplyingRow {
    /// The next application to make, if money is left and something is planned. `made` are those made
    /// so far, all of them answered.
    pub fn next(&mut self, made: &[ReceiptApplication]) -> Option<PlannedApplication> {
        let money_is_left = made
            .last()
            .is_none_or(|last| last.rest_amount.is_positive());
        (money_is_left && !self.planned.is_empty()).then(|| self.planned.remove(0))
    }

    /// What came of it, when nothing is to be asked any more.
    #[must_use]
    pub fn outcome(made: &[ReceiptApplication]) -> RowOutcome {
        let applied = |one: &ReceiptApplication| one.state != ReceiptApplicationState::Refused;
        if made.iter().any(applied) {
            return RowOutcome::Applied;
        }
        let refusal = made.iter().rev().find_map(|one| one.refusal.as_ref());
        refusal.map_or_else(
            || RowOutcome::Refused("NOTHING_OPEN".to_owned(), String::new()),
            |refusal| RowOutcome::Refused(refusal.reason.clone(), refusal.message.clone()),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{applied, named, receipt};
    use crate::domain::{ApplicationTarget, Because};

    fn planned(targets: usize) -> ApplyingRow {
        let target: ApplicationTarget = named(&[1]);
        let one = PlannedApplication {
            target,
            because: Because::Named,
        };
        ApplyingRow {
            field: "invoices".into(),
            customer_id: None,
            application_ids: Vec::new(),
            planned: vec![one; targets],
        }
    }

    #[test]
    fn a_row_goes_on_while_money_is_left_and_something_is_planned() {
        let mut row = planned(2);
        assert!(row.next(&[]).is_some());
        let mut money = receipt("100.00");
        let whole = applied(&mut money, "100.00");
        assert_eq!(
            row.next(std::slice::from_ref(&whole)),
            None,
            "nothing is left"
        );
        assert_eq!(ApplyingRow::outcome(&[whole]), RowOutcome::Applied);
        let mut none = planned(0);
        assert_eq!(none.next(&[]), None);
    }

    #[test]
    fn codes() {
        assert_complete::<ReceiptImportState>(4);
    }
}
