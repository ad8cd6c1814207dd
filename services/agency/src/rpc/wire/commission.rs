//! What agencies earned.

use contracts::agency as wire;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use runtime::{Refusal, Violations};

use super::decision::decision_to_wire;
use super::field;
use super::mirror::{self, Mirror as _};
use crate::domain::commission::Commission;
use crate::domain::decision::Decision;
use crate::domain::identity::{AgencyId, PlacementId};
use crate::store::commission::Filter;

/// What narrows a listing.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn filter_from_wire(request: &wire::ListCommissionsRequest) -> Result<Filter, Refusal> {
    let mut violations = Violations::new();
    let agency_id = request.agency_id.as_deref();
    let agency_id = field::optional_id(&mut violations, "agency_id", agency_id);
    let placement_id = request.placement_id.as_deref();
    let placement_id = field::optional_id(&mut violations, "placement_id", placement_id);
    let source = mirror::optional(&mut violations, "source", request.source);
    let settlement = mirror::optional(&mut violations, "settlement", request.settlement);
    let from = request.paid_from_date.as_ref();
    let from = field::optional_date(&mut violations, "paid_from_date", from);
    let to = request.paid_to_date.as_ref();
    let to = field::optional_date(&mut violations, "paid_to_date", to);
    let values = (agency_id, placement_id, source, settlement, from, to);
    let (agency_id, placement_id, source, settlement, from_date, to_date) =
        violations.complete(values)?;
    Ok(Filter {
        agency_id: agency_id.map(AgencyId::new),
        placement_id: placement_id.map(PlacementId::new),
        source,
        settlement,
        from_date,
        to_date,
    })
}

/// An entry for the wire, with why.
#[must_use]
pub fn commission_to_wire(entry: &Commission, decision: Option<&Decision>) -> wire::Commission {
    let (line, reversed) = (entry.remittance_line_id, entry.reversed_commission_id);
    wire::Commission {
        commission_id: entry.commission_id.to_string(),
        agency_id: entry.agency_id.to_string(),
        placement_id: entry.placement_id.to_string(),
        agreement_id: entry.agreement_id.to_string(),
        source: entry.source.wire(),
        remittance_line_id: line.map(|id| id.to_string()).unwrap_or_default(),
        receipt_id: entry.receipt_id.to_string(),
        reversed_commission_id: reversed.map(|id| id.to_string()).unwrap_or_default(),
        base_amount: Some(money_to_wire(entry.base_amount)),
        amount: Some(money_to_wire(entry.amount)),
        agreed_amount: Some(money_to_wire(entry.agreed_amount)),
        settlement: entry.settlement.wire(),
        paid_date: Some(date_to_wire(entry.paid_date)),
        booked_time: Some(instant_to_wire(entry.booked_time)),
        decision: decision.map(decision_to_wire),
    }
}
