//! A check: what must hold, how often it was looked at, and where it does not.

use std::fmt::Display;

use crate::demo::table::{Column, Table};

/// Faults of one check that are told one by one.
const TOLD: usize = 20;

/// One thing that must hold of many rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The promise or rule, such as `P1`.
    pub rule: &'static str,
    /// What must hold, in words.
    pub what: &'static str,
    /// How many rows, sums or mails were compared.
    pub compared: usize,
    /// Where it does not hold, a line each.
    pub faults: Vec<String>,
}

impl Check {
    /// A check that has not looked at anything yet.
    pub(super) fn of(rule: &'static str, what: &'static str) -> Self {
        Self {
            rule,
            what,
            compared: 0,
            faults: Vec::new(),
        }
    }

    /// Compares once more; `told` says of what, and what is wrong.
    pub(super) fn look(&mut self, holds: bool, told: impl FnOnce() -> String) {
        self.compared = self.compared.saturating_add(1);
        if !holds {
            self.faults.push(told());
        }
    }

    /// Compares two values that must be the same.
    pub(super) fn same<T: PartialEq + Display>(&mut self, of: impl Display, left: T, right: T) {
        let holds = left == right;
        self.look(holds, || format!("{of}: {left} against {right}"));
    }

    /// Whether it holds everywhere.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }

    /// The faults with the name of the check, the first ones one by one.
    #[must_use]
    pub fn failures(&self) -> Vec<String> {
        let name = |fault: &String| format!("{} {}: {fault}", self.rule, self.what);
        let mut told: Vec<String> = self.faults.iter().take(TOLD).map(name).collect();
        let left = self.faults.len().saturating_sub(TOLD);
        if left > 0 {
            told.push(format!("{} {}: and {left} more", self.rule, self.what));
        }
        told
    }

    /// Checks as a table.
    #[must_use]
    pub fn table(checks: &[Self]) -> Table {
        let columns = [
            ("rule", false),
            ("must hold", false),
            ("compared", true),
            ("faults", true),
        ];
        let column = |(title, numeric): (&str, bool)| Column {
            title: title.to_owned(),
            numeric,
        };
        let rows = checks.iter().map(|check| {
            vec![
                check.rule.to_owned(),
                check.what.to_owned(),
                check.compared.to_string(),
                check.faults.len().to_string(),
            ]
        });
        Table {
            title: "Proof".to_owned(),
            note: "Read from the five databases by plain SQL, beside the services.".to_owned(),
            columns: columns.map(column).into(),
            rows: rows.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_named_and_not_told_without_end() {
        let mut check = Check::of("P8", "a balance is the sum of its entries");
        check.same("item 1", 5, 5);
        assert!(check.holds() && check.failures().is_empty());
        for item in 0..25 {
            check.same(format!("item {item}"), 5, 6);
        }
        let failures = check.failures();
        assert_eq!(
            (check.compared, check.faults.len(), failures.len()),
            (26, 25, 21)
        );
        assert_eq!(
            failures[0],
            "P8 a balance is the sum of its entries: item 0: 5 against 6"
        );
        assert!(failures[20].ends_with("and 5 more"));
        let table = Check::table(&[check]);
        assert_eq!(
            table.rows,
            [["P8", "a balance is the sum of its entries", "26", "25"]]
        );
    }
}
