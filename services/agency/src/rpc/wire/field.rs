//! Single fields, as [`runtime::field`] reads them, and the forms that agency alone has.

use contracts::common;
use contracts::convert::money_from_wire;
use money::{Money, Rate};
use runtime::{Refusal, Violations};
use uuid::Uuid;

use crate::rpc::error;

pub use runtime::field::{
    amounts, currency, date, etag, id, only_id, optional_date, optional_text, optional_typed,
    positive_money, text, typed,
};

/// An amount that may be absent.
pub fn optional_money(
    violations: &mut Violations,
    field: &str,
    amount: Option<&common::Money>,
) -> Option<Option<Money>> {
    let Some(amount) = amount else {
        return Some(None);
    };
    violations.parsed(field, money_from_wire(amount)).map(Some)
}

/// A rate that must be there.
pub fn rate(
    violations: &mut Violations,
    field: &str,
    rate: Option<&common::Decimal>,
) -> Option<Rate> {
    let rate = violations.required(field, rate)?;
    violations.parsed(field, Rate::parse(&rate.value))
}

/// Words of a person, which may have several lines; none where there are none.
pub fn optional_note(
    violations: &mut Violations,
    field: &str,
    note: &str,
    max_chars: usize,
) -> Option<Option<String>> {
    let fits = note.chars().count() <= max_chars;
    violations.check(
        fits,
        field,
        format_args!("is longer than {max_chars} characters"),
    );
    let plain = note.chars().all(|sign| !sign.is_control() || sign == '\n');
    violations.check(plain, field, "contains control characters");
    (fits && plain).then(|| Some(note.to_owned()).filter(|note| !note.is_empty()))
}

/// Words of a person that must be there.
pub fn note(
    violations: &mut Violations,
    field: &str,
    note: &str,
    max_chars: usize,
) -> Option<String> {
    violations.check(!note.trim().is_empty(), field, "is required");
    optional_note(violations, field, note, max_chars)?
}

/// An identity that narrows a listing.
pub fn optional_id(
    violations: &mut Violations,
    field: &str,
    text: Option<&str>,
) -> Option<Option<Uuid>> {
    match text {
        None => Some(None),
        Some(text) => id(violations, field, text).map(Some),
    }
}

/// At most `most` identities, each once.
pub fn ids(
    violations: &mut Violations,
    field: &str,
    texts: &[String],
    most: usize,
) -> Option<Vec<Uuid>> {
    let fits = texts.len() <= most;
    violations.check(fits, field, format_args!("has more than {most} entries"));
    let mut found = Vec::new();
    for (index, text) in texts.iter().take(most).enumerate() {
        let path = format!("{field}[{index}]");
        let one = id(violations, &path, text)?;
        violations.check(!found.contains(&one), path, "is named twice");
        found.push(one);
    }
    fits.then_some(found)
}

/// The paths of a mask, if each is among `allowed` and there is one.
///
/// # Errors
/// INVALID_ARGUMENT (REQUEST_INVALID) for a mask without paths, (FIELD_NOT_UPDATABLE) for a path
/// that cannot be set.
pub fn mask(
    mask: Option<&prost_types::FieldMask>,
    allowed: &[&'static str],
) -> Result<Vec<&'static str>, Refusal> {
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    let mut violations = Violations::new();
    violations.check(!paths.is_empty(), "update_mask", "names no field");
    violations.finish()?;
    let known = |path: &String| {
        let found = allowed.iter().find(|known| *known == path);
        found.copied().ok_or_else(|| error::not_updatable(path))
    };
    paths.iter().map(known).collect()
}
