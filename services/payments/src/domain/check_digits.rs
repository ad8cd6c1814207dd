//! Owns check digits: whether an account number or a reference can be what it looks like. A slip of
//! one digit, or two neighbours swapped, never passes MOD 97. Must not know which references exist.

/// A kind of reference that proves itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceScheme {
    /// ISO 11649: `RF`, two check digits, up to 21 letters and digits.
    CreditorReference,
    /// Switzerland: 27 digits, the last by the table of the payment slips.
    SwissQr,
    /// Belgium: 10 digits and two check digits.
    BelgianStructured,
}

/// The scheme by which a reference of letters and digits alone, in capitals, proves itself.
#[must_use]
pub fn scheme_of(compact: &str) -> Option<ReferenceScheme> {
    if is_creditor_reference(compact) {
        return Some(ReferenceScheme::CreditorReference);
    }
    if is_swiss_qr(compact) {
        return Some(ReferenceScheme::SwissQr);
    }
    is_belgian(compact).then_some(ReferenceScheme::BelgianStructured)
}

/// Whether a text of letters and digits alone, in capitals, looks like an IBAN: two letters for the
/// country, two check digits, and what identifies the account.
#[must_use]
pub fn looks_like_iban(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes.iter().take(2).all(u8::is_ascii_uppercase)
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && is_alphanumeric(compact)
}

/// Whether an IBAN's check digits are right.
#[must_use]
pub fn is_iban(compact: &str) -> bool {
    looks_like_iban(compact) && mod97_of_rotated(compact) == Some(1)
}

fn is_creditor_reference(compact: &str) -> bool {
    let bytes = compact.as_bytes();
    (5..=25).contains(&bytes.len())
        && compact.starts_with("RF")
        && bytes.iter().skip(2).take(2).all(u8::is_ascii_digit)
        && is_alphanumeric(compact)
        && mod97_of_rotated(compact) == Some(1)
}

/// ISO 7064 MOD 97-10 over the text with its first four characters put last.
fn mod97_of_rotated(compact: &str) -> Option<u32> {
    let (head, tail) = compact.split_at_checked(4)?;
    mod97(tail.chars().chain(head.chars()))
}

/// The remainder by 97, letters counting as 10 to 35.
fn mod97(characters: impl Iterator<Item = char>) -> Option<u32> {
    let mut remainder = 0_u32;
    for character in characters {
        let value = character.to_digit(36)?;
        let shift = if value > 9 { 100 } else { 10 };
        // At most 96 * 100 + 35.
        remainder = (remainder * shift + value) % 97;
    }
    Some(remainder)
}

/// The carry of the recursive MOD 10 of Swiss payment slips.
const SWISS_CARRY: [u32; 10] = [0, 9, 4, 6, 8, 2, 7, 1, 3, 5];

fn is_swiss_qr(compact: &str) -> bool {
    let Some(digits) = digits(compact, 27) else {
        return false;
    };
    let mut carry = 0_usize;
    for digit in digits.iter().take(26) {
        let place = (carry + usize::try_from(*digit).unwrap_or(0)) % 10;
        carry = SWISS_CARRY
            .get(place)
            .and_then(|next| usize::try_from(*next).ok())
            .unwrap_or(0);
    }
    let check = u32::try_from((10 - carry) % 10).ok();
    // All zeros would pass and says nothing.
    digits.last().copied() == check && digits.iter().any(|digit| *digit != 0)
}

fn is_belgian(compact: &str) -> bool {
    let Some(digits) = digits(compact, 12) else {
        return false;
    };
    let number = |part: &[u32]| {
        part.iter()
            .fold(0_u64, |number, digit| number * 10 + u64::from(*digit))
    };
    let Some((body, check)) = digits.split_at_checked(10) else {
        return false;
    };
    let remainder = match number(body) % 97 {
        0 => 97,
        other => other,
    };
    number(body) > 0 && number(check) == remainder
}

fn digits(text: &str, length: usize) -> Option<Vec<u32>> {
    let digits: Option<Vec<u32>> = text.chars().map(|letter| letter.to_digit(10)).collect();
    digits.filter(|digits| digits.len() == length)
}

fn is_alphanumeric(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn examples_of_the_standards() {
        // ISO 11649, as printed by its users.
        assert_eq!(
            scheme_of("RF18539007547034"),
            Some(ReferenceScheme::CreditorReference)
        );
        assert_eq!(
            scheme_of("RF18000000000539007547034"),
            Some(ReferenceScheme::CreditorReference)
        );
        // The sample payment part of the Swiss implementation guidelines.
        assert_eq!(
            scheme_of("210000000003139471430009017"),
            Some(ReferenceScheme::SwissQr)
        );
        // Belgium: +++090/9337/55493+++.
        assert_eq!(
            scheme_of("090933755493"),
            Some(ReferenceScheme::BelgianStructured)
        );
    }

    #[test]
    fn slips_do_not_pass() {
        for garbled in [
            "RF18539007547043",
            "RF18539007547035",
            "RF81539007547034",
            "210000000003139471430009071",
            "090933755439",
            "000000000000",
            "INV000001",
            "RF18",
            "",
        ] {
            assert_eq!(scheme_of(garbled), None, "{garbled}");
        }
    }

    #[test]
    fn ibans() {
        for right in [
            "DE89370400440532013000",
            "GB29NWBK60161331926819",
            "NO9386011117947",
        ] {
            assert!(is_iban(right), "{right}");
        }
        assert!(!is_iban("DE89370400440532013001"));
        assert!(looks_like_iban("DE89370400440532013001"));
        assert!(!looks_like_iban("370400440532013000"));
        assert!(!looks_like_iban("de89370400440532013000"));
    }

    proptest! {
        /// MOD 97 finds every digit typed for another and every letter for another, so that a
        /// garbled reference is never taken.
        #[test]
        fn ca_1_one_wrong_character_is_always_found(
            body in "[0-9A-Z]{1,21}",
            place in 0_usize..21,
            step in 1_u8..26,
        ) {
            let check = 98 - mod97(body.chars().chain("RF00".chars())).unwrap();
            let right = format!("RF{check:02}{body}");
            prop_assert_eq!(scheme_of(&right), Some(ReferenceScheme::CreditorReference));
            let place = place % body.len();
            let mut wrong = body.into_bytes();
            wrong[place] = match wrong[place] {
                digit @ b'0'..=b'9' => b'0' + (digit - b'0' + 1 + step % 9) % 10,
                letter => b'A' + (letter - b'A' + step) % 26,
            };
            let wrong = String::from_utf8(wrong).unwrap();
            prop_assert_eq!(scheme_of(&format!("RF{check:02}{wrong}")), None);
        }
    }
}
