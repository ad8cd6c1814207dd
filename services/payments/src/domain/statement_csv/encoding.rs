//! Owns the character sets of statement files. Must not guess: the mapping names the set, and bytes
//! outside it are an error with their position.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Encoding {
    /// UTF-8; a byte order mark is skipped.
    Utf8,
    /// Windows-1252, which files of ISO-8859-1 are read by too.
    #[serde(rename = "WINDOWS_1252")]
    Windows1252,
}

/// What Windows-1252 has at 0x80 to 0x9F, where ISO-8859-1 has control characters. The five bytes
/// that mean nothing there stay control characters, which no text is accepted with.
const WINDOWS_1252_SIGNS: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

impl Encoding {
    /// The text of a file.
    ///
    /// # Errors
    /// The place of the first byte that is none of the set, counted from 1.
    pub(super) fn decode(self, bytes: &[u8]) -> Result<Cow<'_, str>, usize> {
        match self {
            Self::Utf8 => {
                let text = std::str::from_utf8(bytes).map_err(|error| error.valid_up_to() + 1)?;
                Ok(Cow::Borrowed(text.strip_prefix('\u{feff}').unwrap_or(text)))
            }
            Self::Windows1252 if bytes.is_ascii() => {
                std::str::from_utf8(bytes).map(Cow::Borrowed).map_err(|_| 1)
            }
            Self::Windows1252 => Ok(Cow::Owned(
                bytes.iter().copied().map(windows_1252).collect(),
            )),
        }
    }
}

fn windows_1252(byte: u8) -> char {
    let sign = usize::from(byte)
        .checked_sub(0x80)
        .and_then(|place| WINDOWS_1252_SIGNS.get(place));
    sign.copied().unwrap_or(char::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf_8_with_and_without_its_mark() {
        assert_eq!(
            Encoding::Utf8.decode("Müller".as_bytes()).unwrap(),
            "Müller"
        );
        assert_eq!(
            Encoding::Utf8.decode(b"\xef\xbb\xbfDate;").unwrap(),
            "Date;"
        );
        assert_eq!(Encoding::Utf8.decode(b"ab\xfcller"), Err(3));
        assert_eq!(Encoding::Utf8.decode(b"\xff\xfeD\0"), Err(1), "UTF-16");
    }

    #[test]
    fn windows_1252_reads_latin_1_too() {
        let read = |bytes| Encoding::Windows1252.decode(bytes).unwrap().into_owned();
        assert_eq!(read(b"M\xfcller"), "Müller");
        assert_eq!(read(b"12 \x80 \x96"), "12 € –");
        assert_eq!(read(b"plain"), "plain");
    }

    #[test]
    fn every_byte_of_windows_1252_is_one_character() {
        let all: Vec<u8> = (0..=255).collect();
        let text = Encoding::Windows1252.decode(&all).unwrap();
        assert_eq!(text.chars().count(), 256);
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters.dedup();
        assert_eq!(letters.len(), 256);
    }
}
