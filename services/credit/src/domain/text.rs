//! Owns the texts that have a form: codes, languages, addresses of e-mail, telephone numbers. Must
//! not know whether what they name exists.

use serde::{Deserialize, Serialize};

/// Declares a text that is checked once, where it comes in, and is what it says ever after.
macro_rules! checked_text {
    ($(#[$doc:meta])* $name:ident, $error:ident = $says:literal, $holds:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        #[doc = concat!("A text that is no [`", stringify!($name), "`].")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
        #[error($says)]
        pub struct $error;

        impl $name {
            #[doc = concat!("Checks the form.\n\n# Errors\n[`", stringify!($error), "`].")]
            pub fn try_new(text: &str) -> Result<Self, $error> {
                let holds: fn(&str) -> bool = $holds;
                if holds(text) {
                    Ok(Self(text.to_owned()))
                } else {
                    Err($error)
                }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;

            fn try_from(text: String) -> Result<Self, $error> {
                Self::try_new(&text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }
    };
}

checked_text!(
    /// A country by its ISO 3166-1 alpha-2 code. A code that no country has harms nobody here.
    CountryCode,
    MalformedCountryCode = "is not two capital letters, such as DE",
    |text| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
);

checked_text!(
    /// A language by its BCP 47 tag, such as `de-AT`.
    Language,
    MalformedLanguage = "is not a BCP 47 language tag, such as de-AT",
    is_language_tag
);

checked_text!(
    /// The group of customers that policies and strategies treat alike.
    Segment,
    MalformedSegment = "is not 1 to 32 letters, digits, - or _",
    is_short_code
);

checked_text!(
    /// The name of a credit policy.
    PolicyCode,
    MalformedPolicyCode = "is not 1 to 32 letters, digits, - or _",
    is_short_code
);

checked_text!(
    /// An address of e-mail. Personal data.
    EmailAddress,
    MalformedEmailAddress = "is not an e-mail address",
    is_email_address
);

checked_text!(
    /// A telephone number in E.164. Personal data.
    PhoneNumber,
    MalformedPhoneNumber = "is not a telephone number in E.164, such as +4930123456",
    is_phone_number
);

impl PolicyCode {
    /// The policy of customers that name none.
    #[must_use]
    pub fn standard() -> Self {
        Self("standard".to_owned())
    }
}

fn is_short_code(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=32).contains(&text.len()) && text.bytes().all(allowed)
}

/// The form only: a language of 2 to 8 letters, then subtags of 1 to 8 letters and digits.
fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    text.len() <= 35
        && (2..=8).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len())
                && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
        })
}

/// One `@`, something before it, a domain of several labels after it, nothing that a mail header
/// would read as its own (P34). Whether somebody reads there only a message can tell.
fn is_email_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else {
        return false;
    };
    let local_holds =
        |character: char| character.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(character);
    let label_holds = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .chars()
                .all(|character| character.is_alphanumeric() || character == '-')
    };
    text.len() <= 254
        && (1..=64).contains(&local.len())
        && local.chars().all(local_holds)
        && domain.contains('.')
        && domain.split('.').all(label_holds)
}

fn is_phone_number(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (3..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_takes_what_it_should_and_nothing_else() {
        let all = |good: &[&str], bad: &[&str], holds: fn(&str) -> bool| {
            for text in good {
                assert!(holds(text), "{text:?} is refused");
            }
            for text in bad {
                assert!(!holds(text), "{text:?} is taken");
            }
        };
        all(&["DE", "US"], &["", "D", "DEU", "de", "D1", "É"], |text| {
            CountryCode::try_new(text).is_ok()
        });
        all(
            &["de", "de-AT", "zh-Hant-TW", "es-419"],
            &["", "d", "de_AT", "de-", "-de", "12", "de-AT\n"],
            |text| Language::try_new(text).is_ok(),
        );
        all(
            &["smb", "key-accounts_2"],
            &["", "a b", "é", &"x".repeat(33)],
            |text| Segment::try_new(text).is_ok(),
        );
        all(
            &["ap@example.com", "a.b+c@mail.example.co.uk"],
            &[
                "",
                "ap",
                "@example.com",
                "ap@example",
                "a@b@example.com",
                "ap@example.com\r\nBcc: x@example.com",
                "a b@example.com",
                "ap@-example.com",
                "<ap@example.com>",
            ],
            |text| EmailAddress::try_new(text).is_ok(),
        );
        all(
            &["+4930123456", "+15550100"],
            &[
                "",
                "+",
                "0301234",
                "+0301234",
                "+49 30",
                "+1234567890123456",
            ],
            |text| PhoneNumber::try_new(text).is_ok(),
        );
    }
}
