//! Owns what came with money: the texts of payer and bank, cleaned and of bounded length. All of it
//! may be personal data. Must not interpret them: [`super::quote`] and [`super::matching`] do.

use serde::{Deserialize, Serialize};

/// Longest payment reference, in characters.
pub const PAYMENT_REFERENCE_LENGTH: usize = 140;
/// Longest free text.
pub const TEXT_LENGTH: usize = 2000;
/// Longest name of a payer.
pub const PAYER_NAME_LENGTH: usize = 140;
/// Longest account number of a payer.
pub const PAYER_ACCOUNT_LENGTH: usize = 64;
/// Longest number of a cheque, or identity of a payment at bank or processor.
pub const INSTRUMENT_REFERENCE_LENGTH: usize = 128;

/// What the payer said about the money. Empty texts are absent ones.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remittance {
    /// The payment reference that was quoted as a field of its own.
    pub payment_reference: String,
    /// Free text.
    pub text: String,
    /// Who paid, as the bank names them.
    pub payer_name: String,
    /// The account it was paid from.
    pub payer_account: String,
    /// Number of the cheque, or identity of the payment at bank or processor.
    pub instrument_reference: String,
}

/// Why a text was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Longer than its field.
    #[error("at most {0} characters are allowed")]
    TooLong(usize),
    /// A control character: no database stores NUL, and no person reads the others.
    #[error("control characters are not allowed")]
    ControlCharacter,
}

/// A text without blanks around it, and with one space for every run of blanks and line breaks.
///
/// # Errors
/// [`TextError`], for what is left.
pub fn clean_text(text: &str, longest: usize) -> Result<String, TextError> {
    let mut clean = String::with_capacity(text.len().min(longest));
    for word in text.split_whitespace() {
        if !clean.is_empty() {
            clean.push(' ');
        }
        clean.push_str(word);
    }
    if clean.chars().any(char::is_control) {
        return Err(TextError::ControlCharacter);
    }
    if clean.chars().count() > longest {
        return Err(TextError::TooLong(longest));
    }
    Ok(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_line_breaks_become_one_space() {
        assert_eq!(
            clean_text("  INV 1\r\n\tINV\u{a0}2 ", 20),
            Ok("INV 1 INV 2".into())
        );
        assert_eq!(clean_text(" \n ", 20), Ok(String::new()));
    }

    #[test]
    fn what_nobody_can_store_or_read_is_refused() {
        assert_eq!(clean_text("a\0b", 20), Err(TextError::ControlCharacter));
        assert_eq!(
            clean_text("a\u{1b}[31m", 20),
            Err(TextError::ControlCharacter)
        );
        assert_eq!(clean_text("äöü", 3), Ok("äöü".into()));
        assert_eq!(clean_text("äöü!", 3), Err(TextError::TooLong(3)));
    }
}
