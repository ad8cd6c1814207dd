//! The rows of a remittance: what they name looked up, and the report on them.

use std::collections::BTreeMap;

use contracts::common::{ImportReport, ImportState, RejectedRow};
use postgres::{TenantId, Tx};
use runtime::Refusal;
use uuid::Uuid;

use crate::domain::identity::{AgencyId, PlacementId};
use crate::domain::placement::{Placement, PlacementInvoice};
use crate::domain::remittance_row::{KnownPlacement, NamedInvoice, RemittanceRow};
use crate::rpc::named;
use crate::rpc::wire::remittance::ReadRow;
use crate::store;

/// Faults that are told.
const MOST_TOLD: usize = 10_000;

/// The rows with placement and invoice looked up, in their order.
///
/// # Errors
/// The database's.
pub(super) async fn looked_up_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    read: &[ReadRow],
) -> Result<Vec<RemittanceRow>, Refusal> {
    let mut named = Vec::with_capacity(read.len());
    for row in read {
        named.push(named::placement_in_tx(tx, tenant, agency_id, &row.placement).await?);
    }
    let ids: Vec<PlacementId> = named.iter().copied().flatten().collect();
    let placements = store::placement::find_all_in_tx(tx, tenant, &ids).await?;
    let by_id = |one: Placement| (one.placement_id, one);
    let placements: BTreeMap<PlacementId, Placement> = placements.into_iter().map(by_id).collect();
    let invoices = store::placement_invoice::of_all_in_tx(tx, tenant, &ids).await?;
    let looked_up = read.iter().zip(named).map(|(read, id)| {
        let placement = id.and_then(|id| placements.get(&id));
        let own = id.and_then(|id| invoices.get(&id)).map(Vec::as_slice);
        RemittanceRow {
            placement: placement.map(known),
            invoice: invoice_of(read.invoice_number.as_deref(), own.unwrap_or_default()),
            ..read.row.clone()
        }
    });
    Ok(looked_up.collect())
}

fn known(placement: &Placement) -> KnownPlacement {
    KnownPlacement {
        placement_id: placement.placement_id,
        agency_id: placement.agency_id,
        customer_id: placement.customer_id,
        currency: placement.currency(),
        was_active: placement.was_active(),
    }
}

fn invoice_of(number: Option<&str>, invoices: &[PlacementInvoice]) -> NamedInvoice {
    let Some(number) = number else {
        return NamedInvoice::Any;
    };
    let found = invoices
        .iter()
        .find(|one| one.is_included() && one.invoice_number == number);
    found.map_or(NamedInvoice::Unknown, |one| {
        NamedInvoice::Known(one.invoice_id)
    })
}

/// The report: counts, and the bad rows in the order of their numbers.
pub(super) fn report_of(
    state: ImportState,
    row_count: usize,
    (imported, unchanged): (usize, usize),
    rejected: [Vec<RejectedRow>; 2],
) -> ImportReport {
    let count = |count: usize| i32::try_from(count).unwrap_or(i32::MAX);
    let mut rejected_rows = rejected.concat();
    rejected_rows.sort_by_key(|row| row.row_number);
    let mut numbers: Vec<i32> = rejected_rows.iter().map(|row| row.row_number).collect();
    numbers.dedup();
    rejected_rows.truncate(MOST_TOLD);
    let nothing = state == ImportState::Refused;
    ImportReport {
        import_id: Uuid::now_v7().to_string(),
        state: state.into(),
        row_count: count(row_count),
        imported_count: if nothing { 0 } else { count(imported) },
        unchanged_count: count(unchanged),
        rejected_count: count(numbers.len()),
        rejected_rows,
    }
}
