//! Owns which ISO 4217 codes are money and how many digits they have (RD-1). The table itself is
//! the library's; must not add currencies or exponents of its own.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::CurrencyError;

/// A currency that can be owed: an ISO 4217 code with a known number of digits.
///
/// Superseded currencies (HRK) and funds (CLF) are accepted, because old books and some countries'
/// invoices carry them. Metals, test codes and units of account are not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// Euro, 2 digits.
    pub const EUR: Self = Self(iso_currency::Currency::EUR);
    /// Pound sterling, 2 digits.
    pub const GBP: Self = Self(iso_currency::Currency::GBP);
    /// Japanese yen, no digits.
    pub const JPY: Self = Self(iso_currency::Currency::JPY);
    /// United States dollar, 2 digits.
    pub const USD: Self = Self(iso_currency::Currency::USD);

    /// The currency of a code of three capital letters.
    ///
    /// # Errors
    /// [`CurrencyError`], which says whether the code is malformed, unknown, or not money.
    pub fn try_new(code: &str) -> Result<Self, CurrencyError> {
        let letters: [u8; 3] = code
            .as_bytes()
            .try_into()
            .map_err(|_| CurrencyError::Malformed)?;
        if !letters.iter().all(u8::is_ascii_uppercase) {
            return Err(CurrencyError::Malformed);
        }
        let listed =
            iso_currency::Currency::from_code(code).ok_or(CurrencyError::Unknown(letters))?;
        if listed.is_special() || listed.exponent().is_none() {
            return Err(CurrencyError::NotMoney(letters));
        }
        Ok(Self(listed))
    }

    /// The three letters, such as `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The English name, such as `Euro`.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Digits after the point (RD-1): 0 for JPY, 2 for most, 3 for KWD, 4 for CLF.
    #[must_use]
    pub fn digits(self) -> u32 {
        // The default is unreachable: `try_new` refuses a code without an exponent, and the
        // constants have one.
        self.0.exponent().map_or(2, u32::from)
    }
}

/// By code, so that lists per currency come out in the order that people expect.
impl Ord for Currency {
    fn cmp(&self, other: &Self) -> Ordering {
        self.code().cmp(other.code())
    }
}

impl PartialOrd for Currency {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    fn from_str(code: &str) -> Result<Self, CurrencyError> {
        Self::try_new(code)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::try_new(&code).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digits_of(code: &str) -> u32 {
        Currency::try_new(code).unwrap().digits()
    }

    #[test]
    fn rd_1_exponents() {
        for code in ["JPY", "KRW", "CLP"] {
            assert_eq!(digits_of(code), 0, "{code}");
        }
        for code in ["EUR", "USD", "GBP", "CHF", "PLN"] {
            assert_eq!(digits_of(code), 2, "{code}");
        }
        for code in ["KWD", "BHD", "JOD", "OMR", "TND"] {
            assert_eq!(digits_of(code), 3, "{code}");
        }
        assert_eq!(digits_of("CLF"), 4);
    }

    #[test]
    fn every_accepted_code_prints_itself_and_has_at_most_four_digits() {
        let mut accepted = 0;
        for (a, b, c) in (b'A'..=b'Z')
            .flat_map(|a| (b'A'..=b'Z').flat_map(move |b| (b'A'..=b'Z').map(move |c| (a, b, c))))
        {
            let code = String::from_utf8(vec![a, b, c]).unwrap();
            if let Ok(currency) = Currency::try_new(&code) {
                assert_eq!(currency.to_string(), code);
                assert!(currency.digits() <= 4, "{code}");
                accepted += 1;
            }
        }
        assert!(accepted > 150, "only {accepted} currencies");
    }

    #[test]
    fn what_is_not_money_is_refused_with_its_reason() {
        for code in ["XXX", "XTS", "XAU", "XAG", "XPT", "XDR", "XAD"] {
            let letters = code.as_bytes().try_into().unwrap();
            assert_eq!(
                Currency::try_new(code),
                Err(CurrencyError::NotMoney(letters))
            );
        }
        assert_eq!(
            Currency::try_new("ABC"),
            Err(CurrencyError::Unknown(*b"ABC"))
        );
        for code in ["", "EU", "EURO", "eur", "E R", "€", "ÉU"] {
            assert_eq!(
                Currency::try_new(code),
                Err(CurrencyError::Malformed),
                "{code:?}"
            );
        }
        assert_eq!(
            CurrencyError::NotMoney(*b"XAU").to_string(),
            "XAU is not money: it is a metal, a test code or a unit of account"
        );
    }

    #[test]
    fn order_is_by_code() {
        let mut list = ["XCG", "USD", "AMD", "ANG", "EUR"]
            .iter()
            .filter_map(|code| Currency::try_new(code).ok())
            .collect::<Vec<_>>();
        list.sort();
        assert!(list.is_sorted_by_key(|currency| currency.code()));
        assert!(list.len() >= 4);
    }

    #[test]
    fn serde_is_the_code() {
        assert_eq!(serde_json::to_string(&Currency::JPY).unwrap(), "\"JPY\"");
        assert_eq!(
            serde_json::from_str::<Currency>("\"JPY\"").unwrap(),
            Currency::JPY
        );
        assert!(serde_json::from_str::<Currency>("\"XAU\"").is_err());
    }
}
