//! The customers that the rows of an import name, before the rows are judged: a platform imports its
//! customers into credit and its invoices here one right after the other, and the feed brings the
//! customers batch by batch. So the import waits as long as any come; a row of a customer that did
//! not come is bad.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use postgres::{TenantId, Tx};
use runtime::{Call, Refusal};
use tokio::time::{Instant, timeout};

use super::import_rows::Row;
use crate::app::App;
use crate::domain::{Customer, CustomerId};
use crate::rpc::wire::content::CustomerKey;
use crate::store;

/// How long none may come before the wait ends.
const PATIENCE: Duration = Duration::from_secs(1);
/// When to look again without having heard: another replica may be the one that reads the feed.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// Waits until all customers of the rows are known, or no more come.
///
/// # Errors
/// The database's.
pub(super) async fn await_customers(app: &App, call: &Call, rows: &[Row]) -> Result<(), Refusal> {
    let mut missing: BTreeSet<CustomerKey> = BTreeSet::new();
    missing.extend(rows.iter().map(|row| row.brought.customer.clone()));
    let mut last_came = Instant::now();
    loop {
        // Before the look, so that what is heard during it is not missed.
        let heard = app.heard.notified();
        let before = missing.len();
        let mut tx = app.db.begin_read(call).await?;
        let (ids, external_ids) = parts(missing.iter());
        let known =
            store::customer::names_in_tx(&mut tx, call.tenant(), &ids, &external_ids).await?;
        tx.commit().await?;
        for (customer_id, external_id) in known {
            missing.remove(&CustomerKey::Id(customer_id));
            external_id.map(|id| missing.remove(&CustomerKey::External(id)));
        }
        if missing.len() < before {
            last_came = Instant::now();
        }
        if missing.is_empty() || last_came.elapsed() > PATIENCE {
            return Ok(());
        }
        // Whether something was heard or not, the next look tells.
        let _ = timeout(LOOK_AGAIN, heard).await;
    }
}

/// The customers of the rows that are known, by each of their names.
///
/// # Errors
/// The database's.
pub(super) async fn customers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: &[Row],
) -> Result<BTreeMap<CustomerKey, Customer>, Refusal> {
    let named: BTreeSet<&CustomerKey> = rows.iter().map(|row| &row.brought.customer).collect();
    let (ids, external_ids) = parts(named.into_iter());
    let found = store::customer::find_all_in_tx(tx, tenant, &ids, &external_ids).await?;
    let keys = |customer: Customer| {
        let by_external_id = customer.external_id.clone().map(CustomerKey::External);
        let by_id = Some(CustomerKey::Id(customer.customer_id));
        [by_id, by_external_id]
            .into_iter()
            .flatten()
            .map(move |key| (key, customer.clone()))
    };
    Ok(found.into_iter().flat_map(keys).collect())
}

fn parts<'a>(keys: impl Iterator<Item = &'a CustomerKey>) -> (Vec<CustomerId>, Vec<String>) {
    let (mut ids, mut external_ids) = (Vec::new(), Vec::new());
    for key in keys {
        match key {
            CustomerKey::Id(customer_id) => ids.push(*customer_id),
            CustomerKey::External(external_id) => external_ids.push(external_id.clone()),
        }
    }
    (ids, external_ids)
}
