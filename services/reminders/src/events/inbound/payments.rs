//! What we do with the events of payments: keep the customers' cash that lowers no invoice yet, and
//! plan their cases anew when it changes (CA-8).

use contracts::common::Event;
use contracts::payments as wire;
use events::ApplyError;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use opentelemetry::KeyValue;
use postgres::Tx;
use prost::Name as _;

use crate::app::App;
use crate::domain::cash::UnappliedCash;
use crate::domain::id::CustomerId;
use crate::events::reading::{amount, facts, parsed, required};
use crate::store::case_file::CaseFile;
use crate::store::cash;

/// Applies one event in the transaction of its batch.
pub fn apply<'a>(
    app: &'a App,
    tx: &'a mut Tx,
    event: &'a Event,
) -> BoxFuture<'a, Result<(), ApplyError>> {
    async move {
        let tenant = parsed(&event.tenant_id, "tenant_id")?;
        if event.r#type != wire::UnappliedCashChanged::full_name() {
            return Ok(());
        }
        let told: wire::UnappliedCashChanged = facts(event)?;
        let entry = required(told.unapplied_cash, "unapplied_cash")?;
        let known = UnappliedCash {
            customer_id: CustomerId::new(parsed(&entry.customer_id, "customer_id")?),
            unapplied_amount: amount(entry.unapplied_amount.as_ref(), "unapplied_amount")?,
            reserved_amount: amount(entry.reserved_amount.as_ref(), "reserved_amount")?,
            version: entry.version,
        };
        if cash::upsert_in_tx(tx, tenant, &known).await? {
            let (customer_id, now) = (known.customer_id, app.clock.now());
            let file = CaseFile::lock_of_customer_in_tx(tx, tenant, customer_id, now).await?;
            if let Some(file) = file {
                app.pending.add(file.save_in_tx(tx, "").await?);
            }
        }
        let labels = [KeyValue::new("type", event.r#type.clone())];
        app.metrics.applied_events.add(1, &labels);
        Ok(())
    }
    .boxed()
}
