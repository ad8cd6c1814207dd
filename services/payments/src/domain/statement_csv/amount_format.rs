//! Owns how amounts are written in a file: decimal mark, groups of digits, signs before or behind.
//! Read strictly: an amount that could be read in two ways is none.

use money::{Decimal, parse_decimal};
use serde::{Deserialize, Serialize};

/// How amounts are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AmountFormat {
    /// The mark between whole and fraction.
    pub decimal_mark: DecimalMark,
    /// The mark between groups of digits; `None`: no mark is allowed. A blank stands for every kind
    /// of blank, an apostrophe for both kinds.
    pub group_mark: Option<char>,
}

/// The mark between whole and fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum DecimalMark {
    /// `.`
    Point,
    /// `,`
    Comma,
}

impl DecimalMark {
    /// The mark as it is written.
    #[must_use]
    pub fn sign(self) -> char {
        match self {
            Self::Point => '.',
            Self::Comma => ',',
        }
    }
}

/// Digits before the mark.
const INTEGER_DIGITS: u32 = 15;
/// Digits after it that are not trailing zeros: banks send up to five (RD-1).
const FRACTION_DIGITS: u32 = 5;

impl AmountFormat {
    /// Reads an amount; `None` for what is none. A sign may stand before or behind.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<Decimal> {
        let (negative, digits) = without_sign(text.trim())?;
        let (whole, fraction) = match digits.split_once(self.decimal_mark.sign()) {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction),
            None => (digits, ""),
        };
        let whole = self.without_groups(whole)?;
        let whole = match whole.trim_start_matches('0') {
            "" if whole.is_empty() && fraction.is_empty() => return None,
            "" => "0",
            significant => significant,
        };
        let fraction = fraction.trim_end_matches('0');
        let sign = if negative { "-" } else { "" };
        let point = if fraction.is_empty() { "" } else { "." };
        let canonical = format!("{sign}{whole}{point}{fraction}");
        parse_decimal(&canonical, INTEGER_DIGITS, FRACTION_DIGITS).ok()
    }

    /// The digits before the mark. Groups are whole: the last has three digits, the others two (as
    /// in India) or three, the first may be shorter. So `1.50` is never 150.
    fn without_groups(&self, whole: &str) -> Option<String> {
        let is_mark = |letter: char| match self.group_mark {
            None => false,
            Some(mark) if mark.is_whitespace() => letter.is_whitespace(),
            Some('\'' | '’') => matches!(letter, '\'' | '’'),
            Some(mark) => letter == mark,
        };
        let groups: Vec<&str> = whole.split(is_mark).collect();
        let (last, others) = groups.split_last()?;
        let are_whole = match others.split_first() {
            None => true,
            Some((first, middle)) => {
                last.len() == 3
                    && (1..=3).contains(&first.len())
                    && middle.iter().all(|group| (2..=3).contains(&group.len()))
            }
        };
        are_whole.then(|| groups.concat())
    }
}

/// Whether it is negative, and the rest. Two signs are none.
fn without_sign(text: &str) -> Option<(bool, &str)> {
    let signs = ['-', '−', '+'];
    let is_negative = |sign: &str| sign != "+";
    let unsigned = text.trim_start_matches(signs);
    let before = text.strip_suffix(unsigned)?;
    let digits = unsigned.trim_end_matches(signs);
    let behind = unsigned.strip_prefix(digits)?;
    let negative = match (before, behind) {
        ("", "") => false,
        ("", one) | (one, "") if one.chars().count() == 1 => is_negative(one),
        _ => return None,
    };
    Some((negative, digits.trim()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rust_decimal::dec;

    use super::*;

    const GERMAN: AmountFormat = AmountFormat {
        decimal_mark: DecimalMark::Comma,
        group_mark: Some('.'),
    };
    const PLAIN: AmountFormat = AmountFormat {
        decimal_mark: DecimalMark::Point,
        group_mark: None,
    };

    #[test]
    fn amounts_of_banks() {
        for (text, expected) in [
            ("1.234,56", dec!(1234.56)),
            ("1234,5", dec!(1234.5)),
            ("-1.234,56", dec!(-1234.56)),
            ("1.234,56-", dec!(-1234.56)),
            ("− 12,00", dec!(-12)),
            ("+0012,00000", dec!(12)),
            (",50", dec!(0.5)),
            ("1.234", dec!(1234)),
            ("0", dec!(0)),
            ("12,34567", dec!(12.34567)),
        ] {
            assert_eq!(GERMAN.parse(text), Some(expected), "{text}");
        }
        let spaced = AmountFormat {
            group_mark: Some(' '),
            ..GERMAN
        };
        assert_eq!(
            spaced.parse("1\u{a0}234\u{202f}567,89"),
            Some(dec!(1234567.89))
        );
        let swiss = AmountFormat {
            group_mark: Some('\''),
            ..PLAIN
        };
        assert_eq!(swiss.parse("1’234'567.05"), Some(dec!(1234567.05)));
        let indian = AmountFormat {
            group_mark: Some(','),
            ..PLAIN
        };
        assert_eq!(indian.parse("12,34,567.00"), Some(dec!(1234567)));
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_amount() {
        for text in [
            "",
            "-",
            "1.50",
            "1.2.345,00",
            "1..234",
            ".234",
            "1,2,3",
            "1,",
            ",",
            "1 234,00",
            "-12,00-",
            "--1",
            "1e5",
            "€ 1,00",
            "1,234567",
            "1234567890123456",
            "0x10",
            "١",
            "1,00 EUR",
        ] {
            assert_eq!(GERMAN.parse(text), None, "{text:?}");
        }
        assert_eq!(PLAIN.parse("1,234.56"), None);
        assert_eq!(PLAIN.parse("1234.56"), Some(dec!(1234.56)));
    }

    proptest! {
        #[test]
        fn any_text_is_an_amount_or_not(text in "\\PC{0,20}", group in any::<char>()) {
            let format = AmountFormat { group_mark: Some(group), ..GERMAN };
            let _ = format.parse(&text);
            let _ = PLAIN.parse(&text);
        }

        #[test]
        fn a_written_amount_is_read_back(units in -10_i64.pow(15)..10_i64.pow(15), scale in 0_u32..5) {
            let amount = Decimal::new(units, scale);
            prop_assert_eq!(PLAIN.parse(&amount.to_string()), Some(amount));
            let german = amount.to_string().replace('.', ",");
            prop_assert_eq!(GERMAN.parse(&german), Some(amount));
        }
    }
}
