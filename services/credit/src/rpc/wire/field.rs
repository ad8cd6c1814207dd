//! Single fields, as [`runtime::field`] reads them, and the forms that credit alone has.

use contracts::common;
use money::Rate;
use runtime::Violations;

pub use runtime::field::{
    amounts, currency, date, etag, id, mask, new_id, only_id, optional_date, optional_instant,
    optional_text, optional_typed, positive_money, required_etag, text, typed,
};

/// A ratio of 0 to 1; absent: 0.
pub fn ratio(
    violations: &mut Violations,
    field: &str,
    ratio: Option<&common::Decimal>,
) -> Option<Rate> {
    let Some(ratio) = ratio else {
        return Some(Rate::ZERO);
    };
    let ratio = violations.parsed(field, Rate::parse(&ratio.value))?;
    let within = Rate::ZERO <= ratio && ratio <= Rate::ONE;
    violations.check(within, field, "must be 0 to 1");
    Some(ratio)
}

/// A number of days of 0 to `most`.
pub fn days(violations: &mut Violations, field: &str, days: i32, most: u16) -> Option<u16> {
    let within = u16::try_from(days).ok().filter(|days| *days <= most);
    violations.parsed(field, within.ok_or_else(|| format!("must be 0 to {most}")))
}

/// A number of days of 0 to `most` that may be absent.
pub fn optional_days(
    violations: &mut Violations,
    field: &str,
    value: Option<i32>,
    most: u16,
) -> Option<Option<u16>> {
    match value {
        None => Some(None),
        Some(value) => days(violations, field, value, most).map(Some),
    }
}
