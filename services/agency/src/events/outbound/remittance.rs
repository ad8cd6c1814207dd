//! A line of a remittance that was booked.

use contracts::agency as wire;
use contracts::convert::{date_to_wire, money_to_wire};
use money::Money;

use crate::domain::event::PlacementReference;
use crate::domain::remittance_line::RemittanceLine;
use crate::rpc::wire::placement::reference_to_wire;

/// The line with what came of it net, how its commission differs from the terms, and what the
/// placement amounts to after it.
pub(super) fn line_booked(
    placement: &PlacementReference,
    line: &RemittanceLine,
    (net, commission_difference): (Money, Money),
    amounts: wire::PlacementAmounts,
) -> wire::RemittanceLineBooked {
    wire::RemittanceLineBooked {
        placement: Some(reference_to_wire(placement)),
        remittance_line_id: line.remittance_line_id.to_string(),
        remittance_id: line.remittance_id.to_string(),
        remittance_reference: line.remittance_reference.clone(),
        line_reference: line.line_reference.clone(),
        receipt_id: line.receipt_id.to_string(),
        paid_date: Some(date_to_wire(line.paid_date)),
        gross_amount: Some(money_to_wire(line.gross)),
        applied_amount: Some(money_to_wire(line.applied)),
        commission_amount: Some(money_to_wire(line.kept_back)),
        net_amount: Some(money_to_wire(net)),
        commission_difference_amount: Some(money_to_wire(commission_difference)),
        amounts: Some(amounts),
    }
}
