//! Exchange rates.

use std::collections::BTreeSet;

use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::{common, credit as wire};
use jiff::Timestamp;
use money::{Decimal, decimal_string, parse_decimal};
use runtime::{Refusal, Violations};

use super::field;
use crate::domain::DatedRate;

/// The most rates in a request.
const MOST_RATES: usize = 500;

/// The rates to record, at `now`.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn rates_from_wire(
    rates: &[wire::ExchangeRate],
    now: Timestamp,
) -> Result<Vec<DatedRate>, Refusal> {
    let mut violations = Violations::new();
    let count = (1..=MOST_RATES).contains(&rates.len());
    violations.check(count, "rates", "must be 1 to 500");
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for (index, rate) in rates.iter().take(MOST_RATES).enumerate() {
        let rate = violations.within(format!("rates[{index}]"), |violations| {
            rate_from_wire(violations, rate, now)
        });
        let Some(rate) = rate else { continue };
        let once = seen.insert((rate.currency, rate.rate_date));
        let path = format!("rates[{index}]");
        violations.check(once, path, "names a currency and day twice");
        found.push(rate);
    }
    violations.finish().map(|()| found)
}

fn rate_from_wire(
    violations: &mut Violations,
    rate: &wire::ExchangeRate,
    now: Timestamp,
) -> Option<DatedRate> {
    let currency = field::currency(violations, "currency_code", &rate.currency_code);
    let rate_date = field::date(violations, "rate_date", rate.rate_date.as_ref());
    let value = violations.required("rate", rate.rate.as_ref());
    let value =
        value.and_then(|value| violations.parsed("rate", parse_decimal(&value.value, 15, 12)));
    if let Some(value) = value {
        violations.check(value > Decimal::ZERO, "rate", "must be above 0");
    }
    let source = field::text(violations, "source", &rate.source, 100);
    Some(DatedRate {
        currency: currency?,
        rate_date: rate_date?,
        rate: value?,
        source: source?,
        created_time: now,
    })
}

/// A rate for the wire.
#[must_use]
pub fn rate_to_wire(rate: &DatedRate) -> wire::ExchangeRate {
    wire::ExchangeRate {
        currency_code: rate.currency.to_string(),
        rate_date: Some(date_to_wire(rate.rate_date)),
        rate: Some(common::Decimal {
            value: decimal_string(rate.rate),
        }),
        source: rate.source.clone(),
        created_time: Some(instant_to_wire(rate.created_time)),
    }
}
