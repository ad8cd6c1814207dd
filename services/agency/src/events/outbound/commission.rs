//! An entry of commission, with the decision that it rests on.

use contracts::agency as wire;
use contracts::convert::{date_to_wire, money_to_wire};

use crate::domain::commission::Commission;
use crate::domain::decision::Decision;
use crate::domain::event::PlacementReference;
use crate::rpc::wire::decision::decision_to_wire;
use crate::rpc::wire::mirror::Mirror as _;
use crate::rpc::wire::placement::reference_to_wire;

/// What the agency earned, or what of it was taken back.
pub(super) fn booked(
    placement: &PlacementReference,
    commission: &Commission,
    decision: &Decision,
) -> wire::CommissionBooked {
    let line = commission.remittance_line_id;
    let reversed = commission.reversed_commission_id;
    wire::CommissionBooked {
        placement: Some(reference_to_wire(placement)),
        commission_id: commission.commission_id.to_string(),
        agreement_id: commission.agreement_id.to_string(),
        source: commission.source.wire(),
        remittance_line_id: line.map(|id| id.to_string()).unwrap_or_default(),
        receipt_id: commission.receipt_id.to_string(),
        reversed_commission_id: reversed.map(|id| id.to_string()).unwrap_or_default(),
        base_amount: Some(money_to_wire(commission.base_amount)),
        amount: Some(money_to_wire(commission.amount)),
        agreed_amount: Some(money_to_wire(commission.agreed_amount)),
        settlement: commission.settlement.wire(),
        paid_date: Some(date_to_wire(commission.paid_date)),
        decision: Some(decision_to_wire(decision)),
    }
}
