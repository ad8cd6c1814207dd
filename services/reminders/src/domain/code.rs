//! Owns short names (of strategies, steps, templates) and levels. Must not know what bears them.

use std::fmt;
use std::num::TryFromIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest short name, in characters.
const LONGEST: usize = 40;

/// A short name in the grammar `[a-z][a-z0-9-]{0,39}`, such as `final-notice`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Code(String);

/// Not a short name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a short name is 1 to 40 of a-z, 0-9 and -, the first of them a letter")]
pub struct NotACode;

impl Code {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Code {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let starts = text.as_bytes().first().is_some_and(u8::is_ascii_lowercase);
        if starts && text.len() <= LONGEST && text.bytes().all(allowed) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotACode)
        }
    }
}

impl TryFrom<String> for Code {
    type Error = NotACode;

    fn try_from(text: String) -> Result<Self, NotACode> {
        text.parse()
    }
}

impl From<Code> for String {
    fn from(code: Code) -> Self {
        code.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// How far up a ladder an invoice is: the place of a step in its strategy, from 1 on; 0 is none.
/// Levels are compared by number, across versions of a strategy too.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Level(u8);

impl Level {
    /// No step was taken.
    pub const NONE: Self = Self(0);

    /// The level of this number.
    #[must_use]
    pub const fn new(number: u8) -> Self {
        Self(number)
    }

    /// The level of the step at this place of a strategy, counted from 0.
    #[must_use]
    pub fn of_place(place: usize) -> Self {
        // A strategy has at most 50 steps, so nothing is cut off.
        Self(u8::try_from(place).map_or(u8::MAX, |place| place.saturating_add(1)))
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }
}

/// As a column holds it.
impl From<Level> for i16 {
    fn from(level: Level) -> Self {
        Self::from(level.0)
    }
}

impl TryFrom<i16> for Level {
    type Error = TryFromIntError;

    fn try_from(number: i16) -> Result<Self, TryFromIntError> {
        u8::try_from(number).map(Self)
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_grammar_of_short_names() {
        for good in ["a", "final-notice", "level-2", &"a".repeat(40)] {
            assert_eq!(good.parse::<Code>().map(String::from), Ok(good.to_owned()));
        }
        for bad in ["", "-a", "1a", "A", "a_b", "ä", "a b", &"a".repeat(41)] {
            assert_eq!(bad.parse::<Code>(), Err(NotACode), "{bad:?}");
        }
    }

    #[test]
    fn levels_are_places_counted_from_one() {
        assert_eq!(Level::of_place(0), Level::new(1));
        assert_eq!(Level::of_place(49).number(), 50);
        assert_eq!(Level::of_place(1_000).number(), u8::MAX);
        assert!(Level::NONE < Level::new(1));
        assert_eq!(
            Level::try_from(i16::from(Level::new(50))),
            Ok(Level::new(50))
        );
        assert!(Level::try_from(-1).is_err());
    }
}
