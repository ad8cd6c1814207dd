//! Collecting everything that is wrong with a request before it is refused. Must
//! not know what the fields mean: the checks come from the service.

use std::fmt;

use tonic_types::FieldViolation;

use super::Refusal;

/// The most violations that are listed. They travel in one HTTP/2 header, which
/// clients bound at 8 KiB.
const LISTED: usize = 12;

/// The most characters of a text that came from the caller.
const TEXT: usize = 120;

/// The field violations of one request, collected while it is parsed.
///
/// ```
/// # use runtime::{Refusal, Violations};
/// # fn parse(customer: &str, days: i32) -> Result<(u64, u32), Refusal> {
/// let mut violations = Violations::new();
/// let customer = violations.parsed("customer_id", customer.parse::<u64>());
/// let days = violations.parsed("days", u32::try_from(days));
/// violations.check(days != Some(0), "days", "must be at least 1");
/// violations.complete((customer, days))
/// # }
/// # assert!(parse("12", 3).is_ok() && parse("x", 3).is_err() && parse("12", 0).is_err());
/// ```
#[derive(Debug, Default)]
pub struct Violations {
    found: Vec<FieldViolation>,
    path: Vec<String>,
}

impl Violations {
    /// None so far.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Notes that `field` is wrong and why.
    pub fn add(&mut self, field: impl fmt::Display, description: impl fmt::Display) {
        if self.found.len() < LISTED {
            let field = self.full(field);
            self.found.push(FieldViolation::new(
                field,
                shortened(description.to_string()),
            ));
        }
    }

    /// Notes a violation unless `holds`.
    pub fn check(&mut self, holds: bool, field: impl fmt::Display, description: impl fmt::Display) {
        if !holds {
            self.add(field, description);
        }
    }

    /// The parsed value, or `None` and a violation with the error's text.
    pub fn parsed<T, E: fmt::Display>(
        &mut self,
        field: impl fmt::Display,
        result: Result<T, E>,
    ) -> Option<T> {
        result.map_err(|error| self.add(field, error)).ok()
    }

    /// The value of a field that must be there.
    pub fn required<T>(&mut self, field: impl fmt::Display, value: Option<T>) -> Option<T> {
        self.check(value.is_some(), field, "is required");
        value
    }

    /// A text that must be there, of at most `max_chars` characters, without
    /// control characters.
    pub fn required_text<'a>(
        &mut self,
        field: impl fmt::Display,
        text: &'a str,
        max_chars: usize,
    ) -> Option<&'a str> {
        if text.trim().is_empty() {
            self.add(field, "is required");
            return None;
        }
        self.optional_text(field, text, max_chars)
    }

    /// A text that may be empty, of at most `max_chars` characters, without
    /// control characters.
    pub fn optional_text<'a>(
        &mut self,
        field: impl fmt::Display,
        text: &'a str,
        max_chars: usize,
    ) -> Option<&'a str> {
        if text.chars().count() > max_chars {
            self.add(field, format_args!("is longer than {max_chars} characters"));
            None
        } else if text.chars().any(char::is_control) {
            self.add(field, "contains control characters");
            None
        } else {
            Some(text)
        }
    }

    /// Parses a nested message: the fields noted by `parse` stand under `field`,
    /// for example `lines[3].quantity`.
    pub fn within<T>(&mut self, field: impl fmt::Display, parse: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(field.to_string());
        let parsed = parse(self);
        self.path.pop();
        parsed
    }

    /// What was noted, for the report of an import.
    #[must_use]
    pub fn into_found(self) -> Vec<FieldViolation> {
        self.found
    }

    /// Whether nothing is wrong so far.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The parsed values, if nothing is wrong and none is missing.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, REQUEST_INVALID, with everything that was noted.
    pub fn complete<T: Complete>(self, values: T) -> Result<T::Values, Refusal> {
        match values.all() {
            Some(values) if self.found.is_empty() => Ok(values),
            _ => Err(self.refuse()),
        }
    }

    /// Nothing wrong.
    ///
    /// # Errors
    /// As [`Violations::complete`].
    pub fn finish(self) -> Result<(), Refusal> {
        if self.found.is_empty() {
            Ok(())
        } else {
            Err(self.refuse())
        }
    }

    fn refuse(self) -> Refusal {
        Refusal::invalid("REQUEST_INVALID", self.found)
    }

    fn full(&self, field: impl fmt::Display) -> String {
        let mut full = self.path.join(".");
        if !full.is_empty() {
            full.push('.');
        }
        shortened(full + &field.to_string())
    }
}

/// Parsed fields of which each may be missing: a tuple of up to ten `Option`s.
pub trait Complete {
    /// The same without the `Option`s.
    type Values;

    /// All values, if none is missing.
    fn all(self) -> Option<Self::Values>;
}

macro_rules! complete {
    ($($name:ident)+) => {
        impl<$($name),+> Complete for ($(Option<$name>,)+) {
            type Values = ($($name,)+);

            #[expect(non_snake_case, reason = "each value is named like its type")]
            fn all(self) -> Option<Self::Values> {
                let ($($name,)+) = self;
                Some(($($name?,)+))
            }
        }
    };
}

complete!(A);
complete!(A B);
complete!(A B C);
complete!(A B C D);
complete!(A B C D E);
complete!(A B C D E F);
complete!(A B C D E F G);
complete!(A B C D E F G H);
complete!(A B C D E F G H I);
complete!(A B C D E F G H I J);

/// What stands in the text of the status: the first violation, and how many more.
pub(super) fn summary(violations: &[FieldViolation]) -> String {
    match violations {
        [] => "the request is malformed".to_owned(),
        [only] => format!("{} {}", only.field, only.description),
        [first, rest @ ..] => {
            format!(
                "{} {}, and {} more",
                first.field,
                first.description,
                rest.len()
            )
        }
    }
}

/// Cuts what came from the caller to a length that fits a header.
pub(super) fn shortened(mut text: String) -> String {
    if let Some((end, _)) = text.char_indices().nth(TEXT) {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_violations_are_told_at_once_with_their_full_paths() {
        let mut violations = Violations::new();
        let number = violations.parsed("number", "x".parse::<u8>());
        let name = violations.required_text("name", " ", 10);
        violations.within("lines[3]", |line| {
            line.within("price", |price| price.add("currency_code", "is unknown"));
            line.check(true, "quantity", "never said");
        });
        let refusal = violations.complete((number, name)).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "REQUEST_INVALID: number invalid digit found in string, and 2 more"
        );
        let fields = format!("{refusal:?}");
        assert!(fields.contains("lines[3].price.currency_code") && !fields.contains("quantity"));
    }

    #[test]
    fn values_without_violations_come_through_and_a_violation_without_a_value_refuses() {
        let mut violations = Violations::new();
        let text = violations.required_text("name", "Ada", 3);
        assert_eq!(violations.complete((text, Some(1))).unwrap(), ("Ada", 1));

        let mut violations = Violations::new();
        violations.check(false, "name", "is taken");
        assert!(violations.complete((Some(1),)).is_err());
    }

    #[test]
    fn p33_a_flood_of_violations_stays_small() {
        let mut violations = Violations::new();
        for line in 0..10_000 {
            violations.add(
                format_args!("lines[{line}].{}", "x".repeat(999)),
                "é".repeat(999),
            );
        }
        let status = violations.finish().unwrap_err().into_status("invoicing");
        assert!(
            status.details().len() < 8 * 1024,
            "{}",
            status.details().len()
        );
        assert!(violations_text("a\u{0}b").is_none() && violations_text("ab\ncd").is_none());
    }

    fn violations_text(text: &str) -> Option<&str> {
        Violations::new().optional_text("name", text, 10)
    }
}
