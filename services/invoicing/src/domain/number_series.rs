//! Owns the numbers of documents: their form, and drawing the next ones without gap or repetition
//! (P12). A series row is locked while it draws, and only for documents that are accepted. Must not
//! know what a document says.

use jiff::Timestamp;

use super::Coded;

/// What a series numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NumberedDocument {
    /// Invoices.
    Invoice,
    /// Credit notes.
    CreditNote,
}

impl Coded for NumberedDocument {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Invoice, "INVOICE"),
        (Self::CreditNote, "CREDIT_NOTE"),
    ];
}

/// A row of numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NumberSeries {
    /// Name, unique in the tenant.
    pub code: String,
    /// What it numbers.
    pub document: NumberedDocument,
    /// What stands before the digits; does not end in a digit.
    pub prefix: String,
    /// Digits at least, filled up with zeros.
    pub minimum_digits: u8,
    /// The first number.
    pub first_number: i64,
    /// The number that will be drawn next.
    pub next_number: i64,
    /// When it was added; `None` for a built-in one that nobody has drawn from yet.
    pub create_time: Option<Timestamp>,
}

/// Why a series was refused, or drew nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SeriesError {
    /// The code breaks its form.
    #[error("a series code is 1 to 16 letters, digits or hyphens")]
    Code,
    /// The prefix breaks its form.
    #[error("a prefix is 1 to 16 printable characters, the last of them no digit")]
    Prefix,
    /// Too few or too many digits.
    #[error("a number has at least 1 to 12 digits")]
    MinimumDigits,
    /// A first number below 1, or too large to leave room.
    #[error("a series starts at 1 or later")]
    FirstNumber,
    /// The series has no numbers left.
    #[error("the series has no numbers left")]
    Exhausted,
}

/// Digits that the running number can grow to; far below the end of an i64.
const MOST_DIGITS: usize = 15;
const LAST_NUMBER: i64 = 999_999_999_999_999;

impl NumberSeries {
    /// A new series.
    ///
    /// # Errors
    /// [`SeriesError`] names the field that breaks its form.
    pub fn try_new(
        code: String,
        document: NumberedDocument,
        prefix: String,
        minimum_digits: i32,
        first_number: i64,
        create_time: Timestamp,
    ) -> Result<Self, SeriesError> {
        let is_code_byte = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if !(1..=16).contains(&code.len()) || !code.bytes().all(is_code_byte) {
            return Err(SeriesError::Code);
        }
        let fits = (1..=16).contains(&prefix.chars().count());
        let ends_in_digit = prefix.chars().last().is_none_or(char::is_numeric);
        if !fits || ends_in_digit || prefix.chars().any(char::is_control) {
            return Err(SeriesError::Prefix);
        }
        let minimum_digits = u8::try_from(minimum_digits)
            .ok()
            .filter(|digits| (1..=12).contains(digits))
            .ok_or(SeriesError::MinimumDigits)?;
        if !(1..=LAST_NUMBER).contains(&first_number) {
            return Err(SeriesError::FirstNumber);
        }
        Ok(Self {
            code,
            document,
            prefix,
            minimum_digits,
            first_number,
            next_number: first_number,
            create_time: Some(create_time),
        })
    }

    /// The series that every tenant has: `INV` with `INV-`, `CN` with `CN-`, six digits, from 1 on.
    #[must_use]
    pub fn built_in(document: NumberedDocument, create_time: Option<Timestamp>) -> Self {
        let code = match document {
            NumberedDocument::Invoice => "INV",
            NumberedDocument::CreditNote => "CN",
        };
        Self {
            code: code.to_owned(),
            document,
            prefix: format!("{code}-"),
            minimum_digits: 6,
            first_number: 1,
            next_number: 1,
            create_time,
        }
    }

    /// Draws the next `count` numbers, rising by one. All or none.
    ///
    /// # Errors
    /// [`SeriesError::Exhausted`]; nothing is drawn then.
    pub fn draw(&mut self, count: usize) -> Result<Vec<String>, SeriesError> {
        let after = i64::try_from(count)
            .ok()
            .and_then(|count| self.next_number.checked_add(count))
            .filter(|after| *after <= LAST_NUMBER)
            .ok_or(SeriesError::Exhausted)?;
        let drawn = (self.next_number..after).map(|number| self.format(number));
        let drawn = drawn.collect();
        self.next_number = after;
        Ok(drawn)
    }

    /// Whether the series would ever draw this text: a document from elsewhere must not have it.
    #[must_use]
    pub fn would_draw(&self, text: &str) -> bool {
        let Some(digits) = text.strip_prefix(&self.prefix) else {
            return false;
        };
        if digits.len() > MOST_DIGITS || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return false;
        }
        let number = digits.parse::<i64>();
        number.is_ok_and(|number| number >= self.first_number && self.format(number) == text)
    }

    fn format(&self, number: i64) -> String {
        let width = usize::from(self.minimum_digits);
        format!("{}{number:0width$}", self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::code::assert_complete;

    fn series(prefix: &str, digits: i32, first: i64) -> Result<NumberSeries, SeriesError> {
        NumberSeries::try_new(
            "A-1".into(),
            NumberedDocument::Invoice,
            prefix.into(),
            digits,
            first,
            Timestamp::UNIX_EPOCH,
        )
    }

    #[test]
    fn p12_numbers_follow_each_other() {
        let mut invoices = NumberSeries::built_in(NumberedDocument::Invoice, None);
        assert_eq!(invoices.draw(2).unwrap(), ["INV-000001", "INV-000002"]);
        assert_eq!(invoices.draw(0).unwrap(), [""; 0]);
        assert_eq!(invoices.draw(1).unwrap(), ["INV-000003"]);
        let mut year = series("2026-", 2, 99).unwrap();
        assert_eq!(year.draw(2).unwrap(), ["2026-99", "2026-100"]);
    }

    #[test]
    fn p12_an_exhausted_series_draws_nothing() {
        let mut last = series("A", 1, LAST_NUMBER - 1).unwrap();
        assert_eq!(last.draw(2), Err(SeriesError::Exhausted));
        assert_eq!(last.next_number, LAST_NUMBER - 1);
        assert_eq!(last.draw(usize::MAX), Err(SeriesError::Exhausted));
        assert_eq!(last.draw(1).unwrap(), ["A999999999999998"]);
    }

    #[test]
    fn forms_are_checked() {
        assert!(series("2026-", 12, 1).is_ok());
        for prefix in ["", "2026", "INV٣", "a\nb", "a prefix of more than 16"] {
            assert_eq!(series(prefix, 6, 1), Err(SeriesError::Prefix), "{prefix:?}");
        }
        assert_eq!(series("A", 0, 1), Err(SeriesError::MinimumDigits));
        assert_eq!(series("A", 13, 1), Err(SeriesError::MinimumDigits));
        assert_eq!(series("A", 6, 0), Err(SeriesError::FirstNumber));
        let unnamed = NumberSeries::try_new(
            "a_b".into(),
            NumberedDocument::CreditNote,
            "A".into(),
            6,
            1,
            Timestamp::UNIX_EPOCH,
        );
        assert_eq!(unnamed, Err(SeriesError::Code));
        assert_complete::<NumberedDocument>(2);
    }

    #[test]
    fn numbers_from_elsewhere_that_a_series_would_draw_are_known() {
        let series = series("R-", 4, 10).unwrap();
        for taken in ["R-0010", "R-0011", "R-12345"] {
            assert!(series.would_draw(taken), "{taken}");
        }
        for free in [
            "R-0009",
            "R-10",
            "R-00011",
            "R-",
            "R-12a4",
            "S-0010",
            "R-9999999999999999",
        ] {
            assert!(!series.would_draw(free), "{free}");
        }
    }

    proptest! {
        #[test]
        fn p12_what_is_drawn_was_reserved_and_never_repeats(
            first in 1i64..100_000,
            digits in 1i32..=12,
            counts in prop::collection::vec(0usize..20, 1..10),
        ) {
            let mut series = series("X-", digits, first).unwrap();
            let mut drawn = Vec::new();
            for count in counts {
                drawn.extend(series.draw(count).unwrap());
            }
            for (expected, number) in (first..).zip(&drawn) {
                prop_assert!(series.would_draw(number));
                prop_assert_eq!(number[2..].parse::<i64>().unwrap(), expected);
            }
        }
    }
}
