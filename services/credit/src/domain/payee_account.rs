//! Owns the accounts that customers are asked to pay to, and the check digits of an IBAN: one digit
//! wrong on a letter, and money goes astray. Must not know banks.

use money::Currency;
use serde::{Deserialize, Serialize};

/// An account to pay to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeAccount {
    /// Its holder.
    pub holder_name: String,
    /// IBAN, or what the bank uses otherwise.
    pub account_number: AccountNumber,
    /// The bank's BIC or routing number; empty where it has none.
    pub bank_code: String,
    /// Name of the bank; empty where nobody says.
    pub bank_name: String,
    /// The currency it takes.
    pub currency: Currency,
}

/// The number of an account. An IBAN is kept without blanks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountNumber(String);

/// Why a number of an account was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountNumberError {
    /// Empty, too long, or with signs that no account number has.
    #[error("is not an account number of 1 to 64 letters, digits, blanks, - or /")]
    Malformed,
    /// It looks like an IBAN, and its check digits say that a digit is wrong.
    #[error("is an IBAN whose check digits are wrong")]
    CheckDigits,
}

impl AccountNumber {
    /// Checks the form, and the check digits of what looks like an IBAN.
    ///
    /// # Errors
    /// [`AccountNumberError`].
    pub fn try_new(text: &str) -> Result<Self, AccountNumberError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" -/".contains(&byte);
        if !(1..=64).contains(&text.len())
            || text.trim() != text
            || text.is_empty()
            || !text.bytes().all(allowed)
        {
            return Err(AccountNumberError::Malformed);
        }
        let compact = text.replace(' ', "");
        if !looks_like_iban(&compact) {
            return Ok(Self(text.to_owned()));
        }
        if iban_remainder(&compact) == 1 {
            Ok(Self(compact))
        } else {
            Err(AccountNumberError::CheckDigits)
        }
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AccountNumber {
    type Error = AccountNumberError;

    fn try_from(text: String) -> Result<Self, AccountNumberError> {
        Self::try_new(&text)
    }
}

impl From<AccountNumber> for String {
    fn from(number: AccountNumber) -> Self {
        number.0
    }
}

/// Country, two check digits, 11 to 30 letters and digits (ISO 13616).
fn looks_like_iban(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

/// The number modulo 97, its first four signs moved to the end and letters read as 10 to 35
/// (ISO 7064). Right check digits leave 1.
fn iban_remainder(compact: &str) -> u32 {
    let rotated = compact.chars().skip(4).chain(compact.chars().take(4));
    rotated
        .filter_map(|sign| sign.to_digit(36))
        .fold(0, |remainder: u32, value| {
            // A remainder is below 97, so nothing here exceeds 97 * 100 + 35.
            let shift = if value < 10 { 10 } else { 100 };
            remainder.saturating_mul(shift).saturating_add(value) % 97
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_iban_is_checked_by_its_check_digits_and_kept_without_blanks() {
        // The registry's own examples.
        for good in [
            "DE89 3704 0044 0532 0130 00",
            "GB29NWBK60161331926819",
            "FR1420041010050500013M02606",
            "NO9386011117947",
        ] {
            let number = AccountNumber::try_new(good).unwrap();
            assert_eq!(number.as_str(), good.replace(' ', ""));
        }
        for wrong in ["DE89370400440532013001", "GB92NWBK60161331926819"] {
            let refused = AccountNumber::try_new(wrong);
            assert_eq!(refused, Err(AccountNumberError::CheckDigits), "{wrong}");
        }
    }

    #[test]
    fn what_is_no_iban_stays_as_the_bank_writes_it() {
        for other in ["123456789", "12-3456 78/9", "7"] {
            assert_eq!(AccountNumber::try_new(other).unwrap().as_str(), other);
        }
        for bad in ["", " 12", "12\n", "12;34", &"1".repeat(65)] {
            let refused = AccountNumber::try_new(bad);
            assert_eq!(refused, Err(AccountNumberError::Malformed), "{bad:?}");
        }
    }
}
