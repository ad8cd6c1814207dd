//! Single fields: each reads one, and notes what is wrong with it. A `None` always stands for a
//! noted violation; an optional field that is absent is `Some(None)`.

use std::fmt::Display;

use contracts::convert::{date_from_wire, money_from_wire};
use contracts::{common, google};
use jiff::civil::Date;
use money::{Currency, Decimal, Money, parse_decimal};
use runtime::{FieldViolation, Refusal, Violations};
use uuid::Uuid;

/// The longest explanation, in characters.
const MOST_EXPLANATION: usize = 2000;

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

/// An explanation of at most 2000 characters that must be there where the reason alone says too
/// little.
pub fn explanation(
    violations: &mut Violations,
    field: &str,
    explanation: &str,
    is_required: bool,
) -> Option<String> {
    if is_required {
        text(violations, field, explanation, MOST_EXPLANATION)
    } else {
        optional_text(violations, field, explanation, MOST_EXPLANATION)
    }
}

/// An identity that must be there.
pub fn id(violations: &mut Violations, field: &str, text: &str) -> Option<Uuid> {
    let parse = |text: &str| Uuid::try_parse(text).map_err(|_| "is not a UUID");
    typed(violations, field, text, parse)
}

/// An identity that narrows a listing, where the caller gives one.
pub fn filter_id(violations: &mut Violations, field: &str, text: Option<&str>) -> Option<Uuid> {
    text.and_then(|text| id(violations, field, text))
}

/// The identity of something new, where the caller brings one: a UUIDv7, so that identities rise
/// with time.
pub fn new_id(violations: &mut Violations, field: &str, text: &str) -> Option<Option<Uuid>> {
    let parse = |text: &str| match Uuid::try_parse(text) {
        Ok(id) if id.get_version_num() == 7 => Ok(id),
        _ => Err("is not a UUIDv7"),
    };
    optional_typed(violations, field, text, parse)
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

/// An amount above 0 that may be absent.
pub fn optional_positive_money(
    violations: &mut Violations,
    field: &str,
    amount: Option<&common::Money>,
) -> Option<Option<Money>> {
    match amount {
        None => Some(None),
        some => positive_money(violations, field, some).map(Some),
    }
}

/// An exact number that must be there: a quantity or a price.
pub fn decimal(
    violations: &mut Violations,
    field: &str,
    number: Option<&common::Decimal>,
) -> Option<Decimal> {
    let number = violations.required(field, number)?;
    violations.parsed(field, parse_decimal(&number.value, 15, 12))
}

/// A currency that must be there.
pub fn currency(violations: &mut Violations, field: &str, code: &str) -> Option<Currency> {
    typed(violations, field, code, Currency::try_new)
}

/// A currency that narrows a reading, where the caller gives one.
pub fn filter_currency(
    violations: &mut Violations,
    field: &str,
    code: Option<&str>,
) -> Option<Currency> {
    code.and_then(|code| currency(violations, field, code))
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
/// INVALID_ARGUMENT, naming the mask.
pub fn mask(
    mask: Option<&prost_types::FieldMask>,
    allowed: &[&'static str],
) -> Result<Vec<&'static str>, Refusal> {
    let mut violations = Violations::new();
    let paths = mask.map(|mask| mask.paths.as_slice()).unwrap_or_default();
    violations.check(!paths.is_empty(), "update_mask", "names no field");
    let mut found = Vec::new();
    for path in paths {
        match allowed.iter().find(|known| *known == path) {
            Some(known) => found.push(*known),
            None => {
                let text = format!("{path} is no field that can be set");
                violations.add("update_mask", text);
            }
        }
    }
    violations.finish().map(|()| found)
}

/// The etag of a version.
#[must_use]
pub fn etag(version: i64) -> String {
    version.to_string()
}

/// Refuses a request without the etag that it must bring.
///
/// # Errors
/// INVALID_ARGUMENT.
pub fn required_etag(etag: &str) -> Result<(), Refusal> {
    if etag.is_empty() {
        let violation = FieldViolation::new("etag", "is required");
        return Err(Refusal::invalid("REQUEST_INVALID", vec![violation]));
    }
    Ok(())
}
