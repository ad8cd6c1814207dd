//! Owns the code of a country. Must not know which codes are given out: a code that no country has
//! harms nobody here, it only makes a debtor foreign.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A country by its ISO 3166-1 alpha-2 code: two capital letters.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Country([u8; 2]);

/// A text that is no country code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a country code is two capital letters, such as DE")]
pub struct MalformedCountry;

impl Country {
    /// The country of a code.
    ///
    /// # Errors
    /// [`MalformedCountry`].
    pub fn try_new(code: &str) -> Result<Self, MalformedCountry> {
        let letters: [u8; 2] = code.as_bytes().try_into().map_err(|_| MalformedCountry)?;
        match letters.iter().all(u8::is_ascii_uppercase) {
            true => Ok(Self(letters)),
            false => Err(MalformedCountry),
        }
    }

    /// The two letters.
    #[must_use]
    pub fn code(&self) -> &str {
        // The default is unreachable: the letters are ASCII.
        std::str::from_utf8(&self.0).unwrap_or("??")
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Country {
    type Err = MalformedCountry;

    fn from_str(code: &str) -> Result<Self, MalformedCountry> {
        Self::try_new(code)
    }
}

impl From<Country> for String {
    fn from(country: Country) -> Self {
        country.code().to_owned()
    }
}

impl TryFrom<String> for Country {
    type Error = MalformedCountry;

    fn try_from(code: String) -> Result<Self, MalformedCountry> {
        Self::try_new(&code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_two_capital_letters_are_a_country() {
        assert_eq!(Country::try_new("DE").unwrap().to_string(), "DE");
        for code in ["", "D", "DEU", "de", "D1", "É"] {
            assert_eq!(Country::try_new(code), Err(MalformedCountry), "{code:?}");
        }
    }
}
