//! How agencies do.

use std::collections::BTreeMap;

use calendar::Date;
use contracts::agency as wire;
use contracts::common;
use contracts::convert::money_to_wire;
use money::{Currency, Decimal, decimal_string};
use runtime::{Refusal, Violations};

use super::field;
use super::mirror::Mirror as _;
use crate::domain::agency_result::{AgencyResult, RecoveryMonth};
use crate::domain::identity::AgencyId;
use crate::domain::placement::CloseCode;
use crate::rpc::error;
use crate::store::agency_result::Filter;

/// Which placements are compared, and until which day payments count.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault, or (DATES_REVERSED).
pub fn filter_from_wire(
    request: &wire::GetAgencyResultsRequest,
) -> Result<(Filter, Option<Date>), Refusal> {
    let mut violations = Violations::new();
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let currency = match &request.currency_code {
        None => Some(None),
        Some(code) => {
            field::typed(&mut violations, "currency_code", code, Currency::try_new).map(Some)
        }
    };
    let from = request.placement_from_date.as_ref();
    let from = field::optional_date(&mut violations, "placement_from_date", from);
    let to = request.placement_to_date.as_ref();
    let to = field::optional_date(&mut violations, "placement_to_date", to);
    let as_of = request.as_of_date.as_ref();
    let as_of = field::optional_date(&mut violations, "as_of_date", as_of);
    let values = (agency_id, currency, from, to, as_of);
    let (agency_id, currency, from_date, to_date, as_of) = violations.complete(values)?;
    if from_date.zip(to_date).is_some_and(|(from, to)| to < from) {
        return Err(error::dates_reversed("placement_to_date"));
    }
    let filter = Filter {
        agency_id: agency_id.map(AgencyId::new),
        currency,
        from_date,
        to_date,
    };
    Ok((filter, as_of))
}

/// The result of an agency for the wire, under its name for people.
#[must_use]
pub fn result_to_wire(
    result: &AgencyResult,
    names: &BTreeMap<AgencyId, String>,
) -> wire::AgencyResult {
    let close = |(code, count): (&CloseCode, &usize)| wire::CloseCount {
        close_code: code.wire(),
        placement_count: i32::try_from(*count).unwrap_or(i32::MAX),
    };
    wire::AgencyResult {
        agency_id: result.agency_id.to_string(),
        display_name: names.get(&result.agency_id).cloned().unwrap_or_default(),
        currency_code: result.currency.to_string(),
        placement_count: i32::try_from(result.placement_count).unwrap_or(i32::MAX),
        placed_amount: Some(money_to_wire(result.placed)),
        recovered_amount: Some(money_to_wire(result.recovered)),
        direct_amount: Some(money_to_wire(result.direct)),
        commission_amount: Some(money_to_wire(result.commission)),
        net_amount: Some(money_to_wire(result.net)),
        open_amount: Some(money_to_wire(result.open)),
        recovery_ratio: Some(ratio(result.recovery_ratio)),
        net_recovery_ratio: Some(ratio(result.net_recovery_ratio)),
        months: result.months.iter().map(month_to_wire).collect(),
        close_counts: result.close_counts.iter().map(close).collect(),
        small_sample: result.small_sample,
    }
}

fn month_to_wire(month: &RecoveryMonth) -> wire::RecoveryMonth {
    wire::RecoveryMonth {
        month: month.month,
        matured_amount: Some(money_to_wire(month.matured)),
        recovered_amount: Some(money_to_wire(month.recovered)),
        commission_amount: Some(money_to_wire(month.commission)),
        net_amount: Some(money_to_wire(month.net)),
        cumulative_recovery_ratio: month.cumulative_recovery_ratio.map(ratio),
    }
}

fn ratio(value: Decimal) -> common::Decimal {
    common::Decimal {
        value: decimal_string(value),
    }
}
