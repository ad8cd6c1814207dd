//! Owns how dates are written in a file: the letters of strptime that a date needs, read strictly.
//! Must not guess between day and month.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// How dates are written, for example `%d.%m.%Y`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DateFormat(Vec<Part>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Part {
    /// `%Y`: four digits.
    Year,
    /// `%y`: two digits of this century. Statements are younger than that.
    ShortYear,
    /// `%m`: one digit or two, two where another number follows at once.
    Month,
    /// `%d`: the same.
    Day,
    /// What stands between.
    Literal(char),
}

/// Why a date format was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a date format has %d, %m and one of %Y and %y, each once, and signs between them")]
pub struct DateFormatError;

impl DateFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// [`DateFormatError`].
    pub fn try_new(format: &str) -> Result<Self, DateFormatError> {
        let mut parts = Vec::new();
        let mut letters = format.chars();
        while let Some(letter) = letters.next() {
            parts.push(match letter {
                '%' => match letters.next() {
                    Some('Y') => Part::Year,
                    Some('y') => Part::ShortYear,
                    Some('m') => Part::Month,
                    Some('d') => Part::Day,
                    _ => return Err(DateFormatError),
                },
                sign if sign.is_ascii_digit() || sign.is_control() => return Err(DateFormatError),
                sign => Part::Literal(sign),
            });
        }
        let count = |wanted: &[Part]| parts.iter().filter(|part| wanted.contains(part)).count();
        let complete = count(&[Part::Day]) == 1
            && count(&[Part::Month]) == 1
            && count(&[Part::Year, Part::ShortYear]) == 1
            && parts.len() <= 16;
        complete.then_some(Self(parts)).ok_or(DateFormatError)
    }

    /// Reads a date, blanks around it aside; `None` for what is none, as 30 February.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Date> {
        let mut rest = text.trim();
        let (mut year, mut month, mut day) = (None, None, None);
        for (place, part) in self.0.iter().enumerate() {
            let number_follows = self.0.get(place + 1).is_some_and(Part::is_number);
            let least = if number_follows { 2 } else { 1 };
            let taken = match part {
                Part::Literal(sign) => {
                    rest = rest.strip_prefix(*sign)?;
                    continue;
                }
                Part::Year => (&mut year, 4, 4),
                Part::ShortYear => (&mut year, 2, 2),
                Part::Month => (&mut month, least, 2),
                Part::Day => (&mut day, least, 2),
            };
            let (field, least, most) = taken;
            let digits = rest
                .bytes()
                .take(most)
                .take_while(u8::is_ascii_digit)
                .count();
            if digits < least {
                return None;
            }
            let (number, after) = rest.split_at_checked(digits)?;
            let number: i16 = number.parse().ok()?;
            let century = if *part == Part::ShortYear { 2000 } else { 0 };
            *field = Some(century + number);
            rest = after;
        }
        if !rest.is_empty() {
            return None;
        }
        let short = |number: Option<i16>| i8::try_from(number?).ok();
        Date::new(year?, short(month)?, short(day)?).ok()
    }
}

impl Part {
    fn is_number(&self) -> bool {
        !matches!(self, Self::Literal(_))
    }
}

impl fmt::Display for DateFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.0 {
            match part {
                Part::Year => f.write_str("%Y")?,
                Part::ShortYear => f.write_str("%y")?,
                Part::Month => f.write_str("%m")?,
                Part::Day => f.write_str("%d")?,
                Part::Literal(sign) => write!(f, "{sign}")?,
            }
        }
        Ok(())
    }
}

impl From<DateFormat> for String {
    fn from(format: DateFormat) -> Self {
        format.to_string()
    }
}

impl TryFrom<String> for DateFormat {
    type Error = DateFormatError;

    fn try_from(format: String) -> Result<Self, DateFormatError> {
        Self::try_new(&format)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn parse(format: &str, text: &str) -> Option<Date> {
        DateFormat::try_new(format).unwrap().parse(text)
    }

    #[test]
    fn dates_of_banks() {
        let expected = Some(date(2026, 3, 9));
        for (format, text) in [
            ("%d.%m.%Y", "09.03.2026"),
            ("%d.%m.%Y", " 9.3.2026 "),
            ("%d.%m.%y", "09.03.26"),
            ("%Y-%m-%d", "2026-03-09"),
            ("%Y%m%d", "20260309"),
            ("%m/%d/%Y", "3/9/2026"),
            ("%d%m%y", "090326"),
            ("den %d/%m %Y", "den 9/3 2026"),
        ] {
            assert_eq!(parse(format, text), expected, "{format} {text}");
        }
    }

    #[test]
    fn what_is_no_date_in_that_format() {
        for (format, text) in [
            ("%d.%m.%Y", "30.02.2026"),
            ("%d.%m.%Y", "09/03/2026"),
            ("%d.%m.%Y", "09.03.26"),
            ("%d.%m.%Y", "09.03.2026 12:00"),
            ("%d.%m.%Y", "13.13.2026"),
            ("%d.%m.%Y", ""),
            ("%d.%m.%Y", "+9.3.2026"),
            ("%Y%m%d", "2026309"),
            ("%Y-%m-%d", "٢٠٢٦-٠٣-٠٩"),
        ] {
            assert_eq!(parse(format, text), None, "{format} {text}");
        }
    }

    #[test]
    fn a_format_names_day_month_and_year_once() {
        for format in ["%d.%m.%Y", "%y%m%d"] {
            assert_eq!(DateFormat::try_new(format).unwrap().to_string(), format);
        }
        for format in [
            "",
            "%d.%m",
            "%d.%m.%Y.%y",
            "%d.%m.%Y %H",
            "%d.%m.%Y%",
            "%d1%m%Y",
        ] {
            assert_eq!(
                DateFormat::try_new(format),
                Err(DateFormatError),
                "{format}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_a_date_or_not(format in "[%dmYy./ -]{0,12}", text in "\\PC{0,20}") {
            if let Ok(format) = DateFormat::try_new(&format) {
                let _ = format.parse(&text);
            }
        }
    }
}
