//! Owns the stable names of enum values, as tables and events' facts hold them: UPPER_SNAKE, the
//! contract's value without its prefix. Must not be derived from Rust names: those may change.

/// An enum whose values have stable names.
pub trait Coded: Copy + PartialEq + 'static {
    /// Every value with its name.
    const CODES: &'static [(Self, &'static str)];

    /// The name of this value; empty only for a value that the list forgot, which a test of the
    /// enum excludes.
    fn code(self) -> &'static str {
        let row = Self::CODES.iter().find(|(value, _)| *value == self);
        row.map_or("", |(_, code)| code)
    }

    /// The value of a name; `None` for a name that is none.
    fn from_code(code: &str) -> Option<Self> {
        let row = Self::CODES.iter().find(|(_, name)| *name == code);
        row.map(|(value, _)| *value)
    }
}

/// Every value is listed once and found again by its name; used by the tests of the enums.
#[cfg(test)]
pub(crate) fn assert_complete<T: Coded + std::fmt::Debug>(count: usize) {
    assert_eq!(T::CODES.len(), count);
    for (value, code) in T::CODES {
        assert_eq!(value.code(), *code);
        assert_eq!(T::from_code(code), Some(*value));
        assert!(
            code.bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        );
    }
    assert_eq!(T::from_code("NO_SUCH_CODE"), None);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        CauseKind, ClosingKind, CreditNoteReason, DisputeReason, DisputeResolution, EntryKind,
        InvoiceState, NumberedDocument, OpenItemKind, ReversalReason, TaxCategory, WriteOffReason,
        WriteOffState,
    };

    /// The values that the first list after `constraint` allows.
    fn allowed(sql: &str, constraint: &str) -> Vec<String> {
        let (_, check) = sql.split_once(constraint).unwrap();
        let (_, list) = check.split_once(" IN (").unwrap();
        let (list, _) = list.split_once(')').unwrap();
        let values = list
            .split(',')
            .map(|value| value.trim().trim_matches('\'').to_owned());
        values.collect()
    }

    fn assert_stored<T: Coded>(sql: &str, constraint: &str) {
        let codes: Vec<_> = T::CODES.iter().map(|(_, code)| *code).collect();
        assert_eq!(allowed(sql, constraint), codes, "{constraint}");
    }

    #[test]
    fn the_tables_allow_exactly_the_names_of_the_values() {
        let series = include_str!("../../migrations/0102_number_series.sql");
        assert_stored::<NumberedDocument>(series, "document");
        let invoice = include_str!("../../migrations/0103_invoice.sql");
        assert_stored::<InvoiceState>(invoice, "CONSTRAINT invoice_state");
        assert_stored::<ClosingKind>(invoice, "CONSTRAINT invoice_closing_kind");
        let line = include_str!("../../migrations/0104_invoice_line.sql");
        assert_stored::<TaxCategory>(line, "CONSTRAINT invoice_line_tax_category");
        let item = include_str!("../../migrations/0105_open_item.sql");
        assert_stored::<OpenItemKind>(item, "CONSTRAINT open_item_kind");
        let entry = include_str!("../../migrations/0106_invoice_entry.sql");
        assert_stored::<EntryKind>(entry, "CONSTRAINT invoice_entry_kind");
        assert_stored::<CauseKind>(entry, "CONSTRAINT invoice_entry_cause_kind");
        let reversal = include_str!("../../migrations/0109_application_reversal.sql");
        assert_stored::<ReversalReason>(reversal, "CONSTRAINT application_reversal_reason");
        let note = include_str!("../../migrations/0110_credit_note.sql");
        assert_stored::<CreditNoteReason>(note, "CONSTRAINT credit_note_reason");
        let dispute = include_str!("../../migrations/0116_dispute.sql");
        assert_stored::<DisputeReason>(dispute, "CONSTRAINT dispute_reason");
        assert_stored::<DisputeResolution>(dispute, "CONSTRAINT dispute_resolution");
        let write_off = include_str!("../../migrations/0117_write_off.sql");
        assert_stored::<WriteOffState>(write_off, "CONSTRAINT write_off_state");
        assert_stored::<WriteOffReason>(write_off, "CONSTRAINT write_off_reason");
    }
}
