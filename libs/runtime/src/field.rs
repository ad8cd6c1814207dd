//! Single fields of a request: each function reads one, and notes what is wrong with it. A `None`
//! always stands for a noted violation; an optional field that is absent is `Some(None)`.
//!
//! What every service reads alike, so that a malformed identity or day is told in the same words
//! everywhere. Must not know what a field means: a form that one service alone has stands in that
//! service's `rpc/wire`.

use std::collections::BTreeMap;
use std::fmt::Display;

use contracts::convert::{date_from_wire, instant_from_wire, money_from_wire};
use contracts::{common, google};
use jiff::Timestamp;
use jiff::civil::Date;
use money::{Currency, Money};
use uuid::Uuid;

use crate::{FieldViolation, Refusal, Violations};

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

/// A text of 1 to `max_chars` characters, on one line.
pub fn text(
    violations: &mut Violations,
    field: &str,
    text: &str,
    max_chars: usize,
) -> Option<String> {
    let checked = violations.required_text(field, text, max_chars);
    checked.map(str::to_owned)
}

/// A text of at most `max_chars` characters, on one line.
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
    typed(violations, field, text, uuid)
}

/// An identity that may be empty.
pub fn optional_id(violations: &mut Violations, field: &str, text: &str) -> Option<Option<Uuid>> {
    optional_typed(violations, field, text, uuid)
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

/// The identity in a request that has nothing else.
///
/// # Errors
/// INVALID_ARGUMENT, naming the field.
pub fn only_id(field: &str, text: &str) -> Result<Uuid, Refusal> {
    let mut violations = Violations::new();
    let found = id(&mut violations, field, text);
    violations.complete((found,)).map(|(id,)| id)
}

fn uuid(text: &str) -> Result<Uuid, &'static str> {
    Uuid::try_parse(text).map_err(|_| "is not a UUID")
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

/// A currency that must be there.
pub fn currency(violations: &mut Violations, field: &str, code: &str) -> Option<Currency> {
    typed(violations, field, code, Currency::try_new)
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
) -> Option<BTreeMap<Currency, Money>> {
    let mut found = BTreeMap::new();
    for (index, amount) in amounts.iter().enumerate() {
        let path = format!("{field}[{index}]");
        let amount = violations.parsed(&path, money_from_wire(amount))?;
        violations.check(!amount.is_negative(), &path, "must not be negative");
        let before = found.insert(amount.currency(), amount);
        violations.check(before.is_none(), &path, "names a currency twice");
    }
    Some(found)
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

#[cfg(test)]
mod tests {
    use super::*;

    const V4: &str = "9b2f1c3e-5d4a-4f6b-8c7d-0e1f2a3b4c5d";
    const V7: &str = "01970000-0000-7000-8000-000000000001";

    /// What a reading gives, and what it notes.
    fn read<T>(reading: impl FnOnce(&mut Violations) -> T) -> (T, Vec<String>) {
        let mut violations = Violations::new();
        let value = reading(&mut violations);
        let noted = violations.into_found();
        let noted = noted
            .into_iter()
            .map(|one| format!("{} {}", one.field, one.description));
        (value, noted.collect())
    }

    fn none() -> Vec<String> {
        Vec::new()
    }

    fn noted(what: &str) -> Vec<String> {
        vec![what.to_owned()]
    }

    fn money(amount: &str, currency: &str) -> common::Money {
        let currency = Currency::try_new(currency).unwrap();
        contracts::convert::money_to_wire(Money::parse(amount, currency).unwrap())
    }

    #[test]
    fn what_must_be_there_is_required_and_what_may_be_absent_is_not() {
        assert_eq!(read(|v| id(v, "a", "")), (None, noted("a is required")));
        assert_eq!(read(|v| date(v, "a", None)), (None, noted("a is required")));
        assert_eq!(read(|v| currency(v, "a", "")).1, noted("a is required"));
        assert_eq!(read(|v| text(v, "a", " ", 9)).1, noted("a is required"));
        assert_eq!(
            read(|v| positive_money(v, "a", None)).1,
            noted("a is required")
        );

        assert_eq!(read(|v| optional_id(v, "a", "")), (Some(None), none()));
        assert_eq!(read(|v| new_id(v, "a", "")), (Some(None), none()));
        assert_eq!(read(|v| optional_date(v, "a", None)), (Some(None), none()));
        assert_eq!(
            read(|v| optional_instant(v, "a", None)),
            (Some(None), none())
        );
        assert_eq!(
            read(|v| optional_text(v, "a", "", 9)),
            (Some(String::new()), none())
        );
    }

    #[test]
    fn what_is_malformed_is_no_value() {
        assert_eq!(read(|v| id(v, "a", "7")), (None, noted("a is not a UUID")));
        assert_eq!(
            read(|v| optional_id(v, "a", "7")).1,
            noted("a is not a UUID")
        );
        assert_eq!(read(|v| optional_id(v, "a", "7")).0, None);

        let day = google::r#type::Date {
            year: 2026,
            month: 2,
            day: 30,
        };
        assert_eq!(read(|v| date(v, "a", Some(&day))).0, None);
        assert_eq!(read(|v| optional_date(v, "a", Some(&day))).1.len(), 1);
        let instant = prost_types::Timestamp {
            seconds: 0,
            nanos: -1,
        };
        let (value, noted) = read(|v| optional_instant(v, "a", Some(&instant)));
        assert_eq!((value, noted.len()), (None, 1));
    }

    #[test]
    fn a_new_identity_rises_with_time() {
        let v7 = Uuid::try_parse(V7).unwrap();
        assert_eq!(read(|v| new_id(v, "a", V7)), (Some(Some(v7)), none()));
        assert_eq!(
            read(|v| new_id(v, "a", V4)),
            (None, noted("a is not a UUIDv7"))
        );
        assert!(only_id("a", V4).is_ok() && only_id("a", "x").is_err());
    }

    #[test]
    fn an_amount_to_move_is_above_0() {
        let (amount, found) = read(|v| positive_money(v, "a", Some(&money("0.01", "EUR"))));
        assert_eq!(
            (amount.map(|it| it.is_positive()), found),
            (Some(true), none())
        );
        for amount in ["0.00", "-1.00"] {
            let found = read(|v| positive_money(v, "a", Some(&money(amount, "EUR")))).1;
            assert_eq!(found, noted("a must be above 0"), "{amount}");
        }
    }

    #[test]
    fn amounts_have_each_currency_once_and_none_below_0() {
        let three = [
            money("0.00", "EUR"),
            money("5.00", "USD"),
            money("1.00", "EUR"),
        ];
        let found = read(|v| amounts(v, "a", &three)).1;
        assert_eq!(found, noted("a[2] names a currency twice"));
        let found = read(|v| amounts(v, "a", &[money("-1.00", "EUR")])).1;
        assert_eq!(found, noted("a[0] must not be negative"));
        let (two, found) = read(|v| amounts(v, "a", &three[..2]));
        assert_eq!((two.map(|two| two.len()), found), (Some(2), none()));
    }

    #[test]
    fn a_mask_names_fields_that_can_be_set() {
        let of = |paths: &[&str]| prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        };
        let known = ["name", "note"];
        assert_eq!(mask(Some(&of(&["note"])), &known).unwrap(), ["note"]);
        assert!(mask(None, &known).is_err() && mask(Some(&of(&[])), &known).is_err());
        let refusal = mask(Some(&of(&["name", "state", "id"])), &known).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "REQUEST_INVALID: update_mask state is no field that can be set, and 1 more"
        );
    }

    #[test]
    fn a_change_brings_the_etag_of_what_it_changes() {
        assert!(required_etag(&etag(7)).is_ok());
        assert!(required_etag("").is_err());
    }
}
