//! Single fields: each reads one, and notes what is wrong with it. A `None` always stands for a
//! noted violation; an optional field that is absent is `Some(None)`.

use std::fmt::Display;

use contracts::convert::{date_from_wire, instant_from_wire, money_from_wire};
use contracts::{common, google};
use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Money, Rate};
use runtime::{Refusal, Violations};
use uuid::Uuid;

use crate::rpc::error;

/// A text with a form that must be there.
pub fn typed<T, E: Display>(
    violations: &mut Violations,
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<T> {
    if text.is_empty() {
        violations.add(field, "is required");
        return None;
    }
    violations.parsed(field, parse(text))
}

/// A text with a form that may be empty.
pub fn optional_typed<T, E: Display>(
    violations: &mut Violations,
    field: &str,
    text: &str,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Option<Option<T>> {
    if text.is_empty() {
        return Some(None);
    }
    violations.parsed(field, parse(text)).map(Some)
}

/// A text of 1 to `max_chars` characters.
pub fn text(
    violations: &mut Violations,
    field: &str,
    text: &str,
    max_chars: usize,
) -> Option<String> {
    let checked = violations.required_text(field, text, max_chars);
    checked.map(str::to_owned)
}

/// A text of at most `max_chars` characters.
pub fn optional_text(
    violations: &mut Violations,
    field: &str,
    text: &str,
    max_chars: usize,
) -> Option<String> {
    let checked = violations.optional_text(field, text, max_chars);
    checked.map(str::to_owned)
}

/// An identity that must be there.
pub fn id(violations: &mut Violations, field: &str, text: &str) -> Option<Uuid> {
    let parse = |text: &str| Uuid::try_parse(text).map_err(|_| "is not a UUID");
    typed(violations, field, text, parse)
}

/// A day that must be there.
pub fn date(
    violations: &mut Violations,
    field: &str,
    date: Option<&google::r#type::Date>,
) -> Option<Date> {
    let date = violations.required(field, date)?;
    violations.parsed(field, date_from_wire(date))
}

/// A day that may be absent.
pub fn optional_date(
    violations: &mut Violations,
    field: &str,
    date: Option<&google::r#type::Date>,
) -> Option<Option<Date>> {
    let Some(date) = date else { return Some(None) };
    violations.parsed(field, date_from_wire(date)).map(Some)
}

/// An instant that may be absent.
pub fn optional_instant(
    violations: &mut Violations,
    field: &str,
    instant: Option<&prost_types::Timestamp>,
) -> Option<Option<Timestamp>> {
    let Some(instant) = instant else {
        return Some(None);
    };
    let parsed = instant_from_wire(instant);
    violations.parsed(field, parsed).map(Some)
}

/// An amount above 0 that must be there.
pub fn positive_money(
    violations: &mut Violations,
    field: &str,
    amount: Option<&common::Money>,
) -> Option<Money> {
    let amount = violations.required(field, amount)?;
    let amount = violations.parsed(field, money_from_wire(amount))?;
    violations.check(amount.is_positive(), field, "must be above 0");
    Some(amount)
}

/// Amounts of 0 or more, each currency once.
pub fn amounts(
    violations: &mut Violations,
    field: &str,
    amounts: &[common::Money],
) -> Option<std::collections::BTreeMap<Currency, Money>> {
    let mut found = std::collections::BTreeMap::new();
    for (index, amount) in amounts.iter().enumerate() {
        let path = format!("{field}[{index}]");
        let amount = violations.parsed(&path, money_from_wire(amount))?;
        violations.check(!amount.is_negative(), &path, "must not be negative");
        let before = found.insert(amount.currency(), amount);
        violations.check(before.is_none(), &path, "names a currency twice");
    }
    Some(found)
}

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

/// A currency that must be there.
pub fn currency(violations: &mut Violations, field: &str, code: &str) -> Option<Currency> {
    typed(violations, field, code, Currency::try_new)
}

/// The identity in a request that has nothing else.
///
/// # Errors
/// INVALID_ARGUMENT, naming the field.
pub fn only_id(field: &str, text: &str) -> Result<Uuid, Refusal> {
    let mut violations = Violations::new();
    let found = id(&mut violations, field, text);
    violations.complete((found,)).map(|(id,)| id)
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

/// The etag of a version.
#[must_use]
pub fn etag(version: i64) -> String {
    version.to_string()
}
