//! Single fields, as [`runtime::field`] reads them, and the forms that reminders alone has:
//! identities come as the domain's own types.

use std::collections::BTreeSet;

use calendar::Timestamp;
use contracts::convert::instant_from_wire;
use runtime::{FieldViolation, Refusal, Violations};
use uuid::Uuid;

pub use runtime::field::{
    date, etag, optional_date, optional_instant, optional_typed, positive_money, text, typed,
};

/// The most invoices that one request names.
const MOST_INVOICES: usize = 500;

/// The longest name of a segment.
pub const SEGMENT_CHARS: usize = 100;

/// The longest code of a step, and somewhat more: a listing may ask for one that is none.
pub const CODE_CHARS: usize = 100;

/// Words of a person of at most `max_chars` characters, perhaps of several lines.
pub fn note(
    violations: &mut Violations,
    field: &str,
    note: &str,
    max_chars: usize,
) -> Option<String> {
    let fits = note.chars().count() <= max_chars;
    violations.check(
        fits,
        field,
        format_args!("is longer than {max_chars} characters"),
    );
    let plain = note
        .chars()
        .all(|sign| !sign.is_control() || matches!(sign, '\n' | '\t'));
    violations.check(plain, field, "contains control characters");
    (fits && plain).then(|| note.to_owned())
}

/// Words of a person that must be there, perhaps of several lines.
pub fn required_note(
    violations: &mut Violations,
    field: &str,
    text: &str,
    max_chars: usize,
) -> Option<String> {
    if text.trim().is_empty() {
        violations.add(field, "is required");
        return None;
    }
    note(violations, field, text, max_chars)
}

/// An identity that must be there.
pub fn id<T>(
    violations: &mut Violations,
    field: &str,
    text: &str,
    of: impl Fn(Uuid) -> T,
) -> Option<T> {
    runtime::field::id(violations, field, text).map(of)
}

/// An identity that may be empty.
pub fn optional_id<T>(
    violations: &mut Violations,
    field: &str,
    text: &str,
    of: impl Fn(Uuid) -> T,
) -> Option<Option<T>> {
    runtime::field::optional_id(violations, field, text).map(|id| id.map(of))
}

/// An identity that narrows a listing; absent: none. What is wrong with it is noted.
pub fn filter_id<T>(
    violations: &mut Violations,
    field: &str,
    text: Option<&str>,
    of: impl Fn(Uuid) -> T,
) -> Option<T> {
    text.and_then(|text| id(violations, field, text, of))
}

/// Identities, at most 500, each once.
pub fn ids<T: Ord + Copy>(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    of: impl Fn(Uuid) -> T,
) -> Option<BTreeSet<T>> {
    if texts.len() > MOST_INVOICES {
        violations.add(field, format_args!("has more than {MOST_INVOICES}"));
        return None;
    }
    let mut found = BTreeSet::new();
    let mut sound = true;
    for (place, text) in texts.iter().enumerate() {
        let path = format!("{field}[{place}]");
        match id(violations, &path, text, &of) {
            Some(id) if !found.insert(id) => violations.add(path, "is named twice"),
            Some(_) => {}
            None => sound = false,
        }
    }
    sound.then_some(found)
}

/// The identity in a request that has nothing else.
///
/// # Errors
/// INVALID_ARGUMENT, naming the field.
pub fn only_id<T>(field: &str, text: &str, of: impl Fn(Uuid) -> T) -> Result<T, Refusal> {
    runtime::field::only_id(field, text).map(of)
}

/// A text that narrows a listing, where it is there.
pub fn filter_text(violations: &mut Violations, field: &str, text: Option<&str>, most: usize) {
    if let Some(text) = text {
        violations.optional_text(field, text, most);
    }
}

/// A stated alternative of an enum that narrows a listing; `set` is whether the field is there.
pub fn filter_stated<T>(
    violations: &mut Violations,
    field: &str,
    set: bool,
    stated: Option<T>,
) -> Option<T> {
    match set {
        true => violations.required(field, stated),
        false => None,
    }
}

/// Stated alternatives of an enum, each once.
pub fn stated_set<W: TryFrom<i32>, T: Ord + Copy>(
    violations: &mut Violations,
    field: &str,
    numbers: &[i32],
    parse: impl Fn(W) -> Option<T>,
) -> Option<BTreeSet<T>> {
    let mut found = BTreeSet::new();
    let mut sound = true;
    for (place, number) in numbers.iter().enumerate() {
        let path = format!("{field}[{place}]");
        let stated = W::try_from(*number).ok().and_then(&parse);
        match violations.required(&path, stated) {
            Some(stated) if !found.insert(stated) => violations.add(path, "is named twice"),
            Some(_) => {}
            None => sound = false,
        }
    }
    sound.then_some(found)
}

/// A country, ISO 3166-1 alpha-2.
///
/// # Errors
/// Anything else than two capital letters.
pub fn country(text: &str) -> Result<String, &'static str> {
    let fits = text.len() == 2 && text.bytes().all(|letter| letter.is_ascii_uppercase());
    fits.then(|| text.to_owned())
        .ok_or("is not two capital letters, as ISO 3166-1 has them")
}

/// A language in the form of BCP 47: subtags of letters and digits, the first of two or three letters.
///
/// # Errors
/// Anything else.
pub fn language(text: &str) -> Result<String, &'static str> {
    let mut subtags = text.split('-');
    let primary = subtags.next().unwrap_or_default();
    let first = (2..=3).contains(&primary.len())
        && primary.bytes().all(|letter| letter.is_ascii_alphabetic());
    let others = subtags.all(|subtag| {
        (1..=8).contains(&subtag.len()) && subtag.bytes().all(|sign| sign.is_ascii_alphanumeric())
    });
    (first && others && text.len() <= 35)
        .then(|| text.to_owned())
        .ok_or("is not a language of BCP 47")
}

/// An instant that must be there.
pub fn instant(
    violations: &mut Violations,
    field: &str,
    instant: Option<&prost_types::Timestamp>,
) -> Option<Timestamp> {
    let instant = violations.required(field, instant)?;
    violations.parsed(field, instant_from_wire(instant))
}

/// Notes that a request lacks the etag that it must bring.
pub fn required_etag(violations: &mut Violations, etag: &str) {
    violations.check(!etag.is_empty(), "etag", "is required");
}

/// The violation of a rule in a field of a request that could be read, for a reason of its own.
#[must_use]
pub fn violation(field: &str, problem: impl Into<String>) -> FieldViolation {
    FieldViolation::new(field, problem)
}
