//! What we do with the events of payments: keep the customers' cash that lowers no invoice yet, and
//! plan their cases anew when it changes (CA-8).

use std::collections::BTreeSet;

use contracts::common::Event;
use contracts::payments as wire;
use events::{ApplyError, Applying};
use futures_util::FutureExt as _;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use prost::Name as _;

use crate::app::App;
use crate::domain::cash::UnappliedCash;
use crate::domain::id::CustomerId;
use crate::events::reading::{amount, facts, parsed, required};
use crate::store::case_file::CaseFile;
use crate::store::cash;

/// Applies events in the transaction of their batch: all they tell is kept first, then each case is
/// planned anew once. A receipt that is booked and applied changes the cash three times.
pub fn apply<'a>(app: &'a App, tx: &'a mut Tx, events: &'a [&'a Event]) -> Applying<'a> {
    async move {
        let mut changed = BTreeSet::new();
        for event in events {
            if event.r#type != wire::UnappliedCashChanged::full_name() {
                continue;
            }
            let tenant: TenantId = parsed(&event.tenant_id, "tenant_id")?;
            let known = known(event)?;
            if cash::upsert_in_tx(tx, tenant, &known).await? {
                changed.insert((tenant, known.customer_id));
            }
            let labels = [KeyValue::new("type", event.r#type.clone())];
            app.metrics.applied_events.add(1, &labels);
        }
        let now = app.clock.now();
        for (tenant, customer_id) in changed {
            let file = CaseFile::lock_of_customer_in_tx(tx, tenant, customer_id, now).await?;
            if let Some(file) = file {
                app.pending.add(file.save_in_tx(tx, "").await?);
            }
        }
        Ok(())
    }
    .boxed()
}

fn known(event: &Event) -> Result<UnappliedCash, ApplyError> {
    let told: wire::UnappliedCashChanged = facts(event)?;
    let entry = required(told.unapplied_cash, "unapplied_cash")?;
    Ok(UnappliedCash {
        customer_id: CustomerId::new(parsed(&entry.customer_id, "customer_id")?),
        unapplied_amount: amount(entry.unapplied_amount.as_ref(), "unapplied_amount")?,
        reserved_amount: amount(entry.reserved_amount.as_ref(), "reserved_amount")?,
        version: entry.version,
    })
}
