//! How languages write dates and amounts. A language that is not listed gets what cannot be misread:
//! ISO dates, plain amounts. Must not translate words.

use calendar::Date;
use money::Money;

/// How one language writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Conventions {
    /// Between thousands; none: nothing.
    thousands: Option<char>,
    /// Between whole units and their parts.
    decimal: char,
    /// Whether the currency stands before the amount.
    currency_first: bool,
    /// As strftime says it.
    date: &'static str,
}

/// A space at which no line is broken.
const NO_BREAK: char = '\u{a0}';

/// Language, thousands, decimal, currency first, date. The first row whose tag fits counts: an exact
/// tag stands before the primary language.
const TABLE: &[(&str, char, char, bool, &str)] = &[
    ("en-us", ',', '.', true, "%B %-d, %Y"),
    ("en", ',', '.', true, "%-d %B %Y"),
    ("de-ch", '\u{2019}', '.', true, "%d.%m.%Y"),
    ("de", '.', ',', false, "%d.%m.%Y"),
    ("fr", NO_BREAK, ',', false, "%d/%m/%Y"),
    ("es-mx", ',', '.', true, "%d/%m/%Y"),
    ("es", '.', ',', false, "%d/%m/%Y"),
    ("it", '.', ',', false, "%d/%m/%Y"),
    ("pt", '.', ',', false, "%d/%m/%Y"),
    ("nl", '.', ',', false, "%d-%m-%Y"),
    ("da", '.', ',', false, "%d.%m.%Y"),
    ("nb", NO_BREAK, ',', false, "%d.%m.%Y"),
    ("nn", NO_BREAK, ',', false, "%d.%m.%Y"),
    ("no", NO_BREAK, ',', false, "%d.%m.%Y"),
    ("sv", NO_BREAK, ',', false, "%Y-%m-%d"),
    ("fi", NO_BREAK, ',', false, "%-d.%-m.%Y"),
    ("pl", NO_BREAK, ',', false, "%d.%m.%Y"),
    ("cs", NO_BREAK, ',', false, "%-d. %-m. %Y"),
    ("sk", NO_BREAK, ',', false, "%-d. %-m. %Y"),
    ("tr", '.', ',', false, "%d.%m.%Y"),
    ("ja", ',', '.', false, "%Y/%m/%d"),
    ("zh", ',', '.', false, "%Y-%m-%d"),
];

const PLAIN: Conventions = Conventions {
    thousands: None,
    decimal: '.',
    currency_first: false,
    date: "%Y-%m-%d",
};

impl Conventions {
    /// The conventions of a language, BCP 47.
    pub(super) fn of(language: &str) -> Self {
        let tag = language.to_ascii_lowercase().replace('_', "-");
        let primary = tag.split('-').next().unwrap_or_default();
        let row = |wanted: &str| TABLE.iter().find(|(known, ..)| *known == wanted);
        row(&tag).or_else(|| row(primary)).map_or(
            PLAIN,
            |(_, thousands, decimal, currency_first, date)| Self {
                thousands: Some(*thousands),
                decimal: *decimal,
                currency_first: *currency_first,
                date,
            },
        )
    }

    /// A date: `10.03.2026`, `March 10, 2026`.
    pub(super) fn date(self, date: Date) -> String {
        date.strftime(self.date).to_string()
    }

    /// An amount with its currency: `1.234,50 EUR`, `USD 1,234.50`.
    pub(super) fn amount(self, amount: Money) -> String {
        let text = amount.to_amount_string();
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", text.as_str()),
        };
        let (whole, parts) = digits.split_once('.').unwrap_or((digits, ""));
        let mut number = format!("{sign}{}", self.grouped(whole));
        if !parts.is_empty() {
            number.push(self.decimal);
            number.push_str(parts);
        }
        let currency = amount.currency().code();
        match self.currency_first {
            true => format!("{currency}{NO_BREAK}{number}"),
            false => format!("{number}{NO_BREAK}{currency}"),
        }
    }

    fn grouped(self, whole: &str) -> String {
        let Some(between) = self.thousands else {
            return whole.to_owned();
        };
        let mut grouped = String::new();
        for (place, digit) in whole.chars().enumerate() {
            let left = whole.len().saturating_sub(place);
            if place > 0 && left.is_multiple_of(3) {
                grouped.push(between);
            }
            grouped.push(digit);
        }
        grouped
    }
}

#[cfg(test)]
mod tests {
    use money::Currency;

    use super::*;

    fn written(language: &str, amount: &str, currency: Currency) -> String {
        let amount = Money::parse(amount, currency).unwrap();
        let text = Conventions::of(language).amount(amount);
        text.replace(NO_BREAK, " ")
    }

    #[test]
    fn amounts_are_written_as_the_language_writes_them() {
        let million = |language| written(language, "1234567.50", Currency::EUR);
        assert_eq!(million("de"), "1.234.567,50 EUR");
        assert_eq!(million("de-CH"), "EUR 1\u{2019}234\u{2019}567.50");
        assert_eq!(million("de-AT"), "1.234.567,50 EUR");
        assert_eq!(million("en-GB"), "EUR 1,234,567.50");
        assert_eq!(million("fr"), "1 234 567,50 EUR");
        assert_eq!(million("xx"), "1234567.50 EUR");
        assert_eq!(written("en", "100.00", Currency::EUR), "EUR 100.00");
        assert_eq!(written("de", "-1000.00", Currency::EUR), "-1.000,00 EUR");
    }

    #[test]
    fn rd_1_a_currency_without_parts_has_none() {
        let yen = Currency::try_new("JPY").unwrap();
        assert_eq!(written("ja", "12345", yen), "12,345 JPY");
        let dinar = Currency::try_new("KWD").unwrap();
        assert_eq!(written("en", "1.5", dinar), "KWD 1.500");
    }

    #[test]
    fn dates_are_written_as_the_language_writes_them() {
        let day = Date::constant(2026, 3, 5);
        let written = |language| Conventions::of(language).date(day);
        assert_eq!(written("de"), "05.03.2026");
        assert_eq!(written("en-US"), "March 5, 2026");
        assert_eq!(written("en"), "5 March 2026");
        assert_eq!(written("fi"), "5.3.2026");
        assert_eq!(written(""), "2026-03-05");
    }
}
