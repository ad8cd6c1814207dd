//! Owns the tenant's bank accounts and how an account number is written and compared. Must not know
//! statements: they name their account.

use jiff::Timestamp;
use jiff::civil::Date;
use money::Currency;

use super::BankAccountId;
use super::check_digits::{is_iban, looks_like_iban};

/// Longest account number, in characters.
pub const ACCOUNT_NUMBER_LENGTH: usize = 64;

/// An account of the tenant whose statements are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankAccount {
    /// Identity.
    pub bank_account_id: BankAccountId,
    /// Name for people.
    pub display_name: String,
    /// Its number; never changes.
    pub account_number: AccountNumber,
    /// The bank's BIC or routing number; empty where it has none.
    pub bank_code: String,
    /// The currency of its amounts; never changes.
    pub currency: Currency,
    /// The last booking date of any statement: until when our knowledge of payments reaches (CA-8).
    pub statements_until_date: Option<Date>,
    /// When it was added.
    pub created_time: Timestamp,
    /// Rises by 1 with every change.
    pub version: i64,
}

impl BankAccount {
    /// Takes note of a statement up to a day; an older one changes nothing.
    pub fn statement_booked(&mut self, until: Date) {
        self.statements_until_date = self.statements_until_date.max(Some(until));
        self.version += 1;
    }
}

/// The number of an account: an IBAN with right check digits, without blanks and in capitals, or
/// what a bank uses otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AccountNumber(String);

/// Why an account number was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountNumberError {
    /// Empty, or too long.
    #[error("an account number has 1 to {ACCOUNT_NUMBER_LENGTH} characters")]
    Length,
    /// Something that no account number has.
    #[error("an account number has letters, digits and what stands between them")]
    Character,
    /// It is written like an IBAN, and its check digits are wrong.
    #[error("the check digits of the IBAN are wrong")]
    CheckDigits,
}

impl AccountNumber {
    /// Reads a number as a person writes it.
    ///
    /// # Errors
    /// [`AccountNumberError`].
    pub fn try_new(text: &str) -> Result<Self, AccountNumberError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > ACCOUNT_NUMBER_LENGTH {
            return Err(AccountNumberError::Length);
        }
        if text.chars().any(char::is_control) || !text.chars().any(char::is_alphanumeric) {
            return Err(AccountNumberError::Character);
        }
        let compact = compact(text);
        if looks_like_iban(&compact) {
            return if is_iban(&compact) {
                Ok(Self(compact))
            } else {
                Err(AccountNumberError::CheckDigits)
            };
        }
        Ok(Self(text.to_owned()))
    }

    /// A stored number.
    #[must_use]
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The text by which the accounts of payers are compared: letters and digits in capitals. `None` for
/// one too short to mean an account, as the `0` or `N/A` that banks fill in.
#[must_use]
pub fn account_key(text: &str) -> Option<String> {
    let compact = compact(text);
    let digits = compact.bytes().filter(|byte| (b'1'..=b'9').contains(byte));
    (compact.len() >= 5 && digits.count() >= 2).then_some(compact)
}

fn compact(text: &str) -> String {
    let kept = text.chars().filter(|letter| letter.is_alphanumeric());
    kept.flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::samples::NOW;

    #[test]
    fn an_iban_is_checked_and_written_in_one_way() {
        let number = AccountNumber::try_new(" de89 3704 0044 0532 0130 00 ").unwrap();
        assert_eq!(number.as_str(), "DE89370400440532013000");
        let wrong = AccountNumber::try_new("DE89 3704 0044 0532 0130 01");
        assert_eq!(wrong, Err(AccountNumberError::CheckDigits));
    }

    #[test]
    fn what_a_bank_uses_otherwise_stays_as_it_is() {
        assert_eq!(
            AccountNumber::try_new("12-3456 78/9").unwrap().as_str(),
            "12-3456 78/9"
        );
        assert_eq!(AccountNumber::try_new(" "), Err(AccountNumberError::Length));
        assert_eq!(
            AccountNumber::try_new(&"1".repeat(65)),
            Err(AccountNumberError::Length)
        );
        assert_eq!(
            AccountNumber::try_new("--"),
            Err(AccountNumberError::Character)
        );
        assert_eq!(
            AccountNumber::try_new("1\u{0}2"),
            Err(AccountNumberError::Character)
        );
    }

    #[test]
    fn accounts_of_payers_are_compared_without_blanks_and_fillers_are_none() {
        assert_eq!(
            account_key("gb29 nwbk 6016 1331 9268 19").unwrap(),
            "GB29NWBK60161331926819"
        );
        assert_eq!(account_key("12-3456"), Some("123456".into()));
        for filler in ["", "0", "0000000000", "N/A", "NOTPROVIDED", "1234"] {
            assert_eq!(account_key(filler), None, "{filler:?}");
        }
    }

    #[test]
    fn ca_8_an_older_statement_does_not_move_what_we_know_back() {
        let mut account = BankAccount {
            bank_account_id: BankAccountId(Uuid::from_u128(1)),
            display_name: "Giro".into(),
            account_number: AccountNumber::try_new("1234567").unwrap(),
            bank_code: String::new(),
            currency: Currency::EUR,
            statements_until_date: None,
            created_time: NOW,
            version: 1,
        };
        account.statement_booked(date(2026, 3, 10));
        account.statement_booked(date(2026, 3, 5));
        assert_eq!(account.statements_until_date, Some(date(2026, 3, 10)));
    }
}
