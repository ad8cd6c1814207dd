//! What we do with the events of agency. Placements are held and released by calls, before agency
//! announces anything; the feed only mends what our database has lost, as after it was restored to an
//! older time: an active placement is held, an ended one is not (P19, P40).

use std::collections::BTreeSet;

use contracts::agency as wire;
use contracts::common::Event;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::Name as _;
use uuid::Uuid;

use crate::app::App;
use crate::domain::hold::{Ended, HoldReason, HoldState};
use crate::domain::id::{CustomerId, HoldId, InvoiceId, PlacementId};
use crate::domain::placement_hold::{PlaceHold, ReleaseHold, place};
use crate::events::reading::{facts, parsed, required};
use crate::store::case_file::CaseFile;
use crate::store::hold;

/// As whom the feed places and releases.
const AGENCY: &str = "agency";

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant = parsed(&event.tenant_id, "tenant_id")?;
        let kind = event.r#type.as_str();
        if kind == wire::PlacementActivated::full_name() {
            let told: wire::PlacementActivated = facts(event)?;
            let is_placed = |one: &&wire::PlacementInvoice| {
                one.state() == wire::PlacementInvoiceState::Included
            };
            let placed = told.invoices.iter().filter(is_placed);
            let ids: Vec<String> = placed.map(|one| one.invoice_id.clone()).collect();
            activated(app, tx, tenant, told.placement, &ids).await?;
        } else if kind == wire::PlacementWithdrawn::full_name() {
            let told: wire::PlacementWithdrawn = facts(event)?;
            ended(app, tx, tenant, told.placement, None).await?;
        } else if kind == wire::PlacementRecalled::full_name() {
            let told: wire::PlacementRecalled = facts(event)?;
            ended(app, tx, tenant, told.placement, None).await?;
        } else if kind == wire::PlacementClosed::full_name() {
            let told: wire::PlacementClosed = facts(event)?;
            // What is to follow was said in the call that we have lost: a person decides.
            ended(app, tx, tenant, told.placement, Some(HoldReason::Review)).await?;
        } else {
            return Ok(());
        }
        let labels = [KeyValue::new("type", kind.to_owned())];
        app.metrics.applied_events.add(1, &labels);
        Ok(())
    }
    .boxed()
}

async fn activated(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    placement: Option<wire::PlacementReference>,
    invoice_ids: &[String],
) -> Result<(), ApplyError> {
    let placement = required(placement, "placement")?;
    let placement_id: Uuid = parsed(&placement.placement_id, "placement_id")?;
    let held = hold::of_subject_in_tx(tx, tenant, HoldReason::Placement, placement_id).await?;
    if !held.is_empty() {
        return Ok(());
    }
    let Some(mut file) = file_of(app, tx, tenant, &placement.customer_id).await? else {
        return Ok(());
    };
    let ids = invoice_ids
        .iter()
        .map(|id| parsed(id, "invoice_id").map(InvoiceId::new));
    let asked = PlaceHold {
        hold_id: HoldId::new(Uuid::now_v7()),
        placement_id: PlacementId::new(placement_id),
        invoice_ids: ids.collect::<Result<_, ApplyError>>()?,
        by: AGENCY.to_owned(),
        at: file.now,
    };
    let named: Vec<InvoiceId> = asked.invoice_ids.iter().copied().collect();
    file.look_up_in_tx(tx, &named).await?;
    let known: BTreeSet<InvoiceId> = file.invoices.iter().map(|one| one.invoice_id).collect();
    let placed = place(&mut file.case, asked, &file.holds, &BTreeSet::new(), &known);
    let placed = placed.map_err(|error| ApplyError::Poison(error.to_string()))?;
    if let Some(event) = placed.event {
        file.add_hold_in_tx(tx, placed.hold, event).await?;
    }
    app.pending.add(file.save_in_tx(tx, "").await?);
    Ok(())
}

async fn ended(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    placement: Option<wire::PlacementReference>,
    successor: Option<HoldReason>,
) -> Result<(), ApplyError> {
    let placement = required(placement, "placement")?;
    let placement_id: Uuid = parsed(&placement.placement_id, "placement_id")?;
    let Some(mut file) = file_of(app, tx, tenant, &placement.customer_id).await? else {
        return Ok(());
    };
    let held = hold::of_subject_in_tx(tx, tenant, HoldReason::Placement, placement_id).await?;
    let Some(held) = held.into_iter().find(|one| one.state == HoldState::Active) else {
        return Ok(());
    };
    let original = hold::original_invoices_in_tx(tx, tenant, held.hold_id).await?;
    let asked = ReleaseHold {
        invoice_ids: BTreeSet::new(),
        successor: successor.map(|reason| (HoldId::new(Uuid::now_v7()), reason)),
        ended: Ended {
            time: file.now,
            by: AGENCY.to_owned(),
            note: String::new(),
        },
    };
    file.release_placement_in_tx(tx, held, asked, &original)
        .await?
        .map_err(|error| ApplyError::Poison(error.to_string()))?;
    app.pending.add(file.save_in_tx(tx, "").await?);
    Ok(())
}

async fn file_of(
    app: &App,
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: &str,
) -> Result<Option<CaseFile>, ApplyError> {
    let customer_id = CustomerId::new(parsed(customer_id, "customer_id")?);
    let now = app.clock.now();
    Ok(CaseFile::lock_of_customer_in_tx(tx, tenant, customer_id, now).await?)
}
