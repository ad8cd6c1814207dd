//! Parts that several announcements have: amounts, tallies, invoices.

use contracts::agency as wire;
use contracts::common::Money as WireMoney;
use contracts::convert::money_to_wire;
use money::Money;

use crate::domain::identity::InvoiceId;
use crate::domain::placement::PlacementAmounts;
use crate::domain::placement_batch::Tally;

/// The amounts of a placement after what happened.
pub(super) fn after(amounts: PlacementAmounts, commission: Money) -> wire::PlacementAmounts {
    wire::PlacementAmounts {
        placed_amount: Some(money_to_wire(amounts.placed())),
        recovered_amount: Some(money_to_wire(amounts.recovered())),
        direct_amount: Some(money_to_wire(amounts.direct())),
        adjusted_amount: Some(money_to_wire(amounts.adjusted())),
        open_amount: Some(money_to_wire(amounts.open())),
        commission_amount: Some(money_to_wire(commission)),
    }
}

/// What one side counts in a batch.
pub(super) fn tally_to_wire(tally: &Tally) -> wire::BatchAcknowledgement {
    wire::BatchAcknowledgement {
        placement_count: tally.placement_count,
        amounts: all(tally.amounts.values().copied()),
    }
}

/// One amount a currency.
pub(super) fn all(amounts: impl IntoIterator<Item = Money>) -> Vec<WireMoney> {
    amounts.into_iter().map(money_to_wire).collect()
}

/// Invoices by their identities.
pub(super) fn texts(invoice_ids: &[InvoiceId]) -> Vec<String> {
    invoice_ids.iter().map(InvoiceId::to_string).collect()
}
