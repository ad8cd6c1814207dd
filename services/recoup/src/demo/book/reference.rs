//! Owns payment references with check digits (ISO 11649), and what payers make of them.

use super::chance::Dice;

/// The creditor reference of the nth invoice: always of the same length, so that a shortened one is
/// never another's, and far from the numbers of invoices.
#[must_use]
pub fn creditor_reference(number: u64) -> String {
    let body = (number * 7_368_787 + 113_117_099) % 1_000_000_000;
    let body = format!("{body:09}");
    // Letters count as 10 to 35: `RF00` behind the body is 271500.
    let value = format!("{body}271500").parse::<u64>().unwrap_or(0);
    format!("RF{:02}{body}", 98 - value % 97)
}

/// How a payer quotes what they pay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quote {
    /// The payment reference, as asked for.
    Clean,
    /// The number of the invoice instead.
    Number,
    /// The numbers of several invoices that one transfer pays.
    Several,
    /// The reference, or the number, with two digits swapped.
    Swapped,
    /// The reference without its end.
    Truncated,
    /// The number without its letters.
    PrefixLost,
    /// Nothing of the kind.
    Missing,
}

impl Quote {
    /// How one invoice is quoted: of a hundred transfers so many each. The rates of the demo.
    pub const WEIGHTS: [(Self, u32); 6] = [
        (Self::Clean, 58),
        (Self::Number, 14),
        (Self::Swapped, 7),
        (Self::Truncated, 6),
        (Self::PrefixLost, 7),
        (Self::Missing, 8),
    ];

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "reference as asked for",
            Self::Number => "invoice number instead",
            Self::Several => "several invoices in one transfer",
            Self::Swapped => "digits swapped",
            Self::Truncated => "truncated",
            Self::PrefixLost => "prefix lost",
            Self::Missing => "missing",
        }
    }

    /// What the payer writes, for invoices with these references and numbers. `turn` decides where
    /// there are several ways.
    #[must_use]
    pub fn written(self, invoices: &[(&str, &str)], turn: u32) -> String {
        let (reference, number) = invoices.first().copied().unwrap_or_default();
        match self {
            Self::Clean => reference.to_owned(),
            Self::Number => format!("Invoice {number}"),
            Self::Several => {
                let numbers: Vec<&str> = invoices.iter().map(|(_, number)| *number).collect();
                numbers.join(", ")
            }
            Self::Swapped if turn.is_multiple_of(2) => swapped(reference),
            Self::Swapped => format!("Invoice {}", swapped(number)),
            Self::Truncated => reference[..reference.len() - 3].to_owned(),
            Self::PrefixLost => {
                let digits = number.trim_start_matches(|sign: char| !sign.is_ascii_digit());
                format!("Payment {digits}")
            }
            Self::Missing => ["Thank you", "Monthly payment", "As agreed"]
                .into_iter()
                .nth(usize::try_from(turn % 3).unwrap_or(0))
                .unwrap_or_default()
                .to_owned(),
        }
    }

    /// A way for one invoice.
    pub fn thrown(dice: &mut Dice) -> Self {
        dice.weighed(&Self::WEIGHTS)
    }
}

/// The text with the last two neighbouring digits swapped that are not the same.
#[must_use]
pub fn swapped(text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let places = (1..letters.len()).rev();
    let differ = |place: &usize| {
        let (one, other) = (letters[place - 1], letters[*place]);
        one.is_ascii_digit() && other.is_ascii_digit() && one != other
    };
    if let Some(place) = places.into_iter().find(differ) {
        letters.swap(place - 1, place);
    }
    letters.into_iter().collect()
}
