//! Single fields, as [`runtime::field`] reads them, and the forms that invoicing alone has.

use contracts::common;
use money::{Currency, Decimal, Money, parse_decimal};
use runtime::Violations;
use uuid::Uuid;

pub use runtime::field::{
    currency, date, etag, id, mask, new_id, only_id, optional_date, optional_text, optional_typed,
    positive_money, required_etag, text, typed,
};

/// The longest explanation, in characters.
const MOST_EXPLANATION: usize = 2000;

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

/// An identity that narrows a listing, where the caller gives one.
pub fn filter_id(violations: &mut Violations, field: &str, text: Option<&str>) -> Option<Uuid> {
    text.and_then(|text| id(violations, field, text))
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

/// A currency that narrows a reading, where the caller gives one.
pub fn filter_currency(
    violations: &mut Violations,
    field: &str,
    code: Option<&str>,
) -> Option<Currency> {
    code.and_then(|code| currency(violations, field, code))
}
