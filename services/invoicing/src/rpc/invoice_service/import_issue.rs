//! The accepted rows of an import, issued: numbers for those that have none, then batch by batch one
//! write a table, and at the end the announcements, so that the feed waits for the shortest time.

use std::collections::BTreeMap;

use events::{NewEvent, append_in_tx};
use jiff::Timestamp;
use postgres::{TenantId, Tx};
use runtime::{Call, Refusal};

use super::import_judge::Accepted;
use super::known::issued;
use crate::app::App;
use crate::domain::{Invoice, NumberedDocument, Receivable};
use crate::events::outbound::announce;
use crate::rpc::error;
use crate::store;

/// Rows in one write.
const BATCH: usize = 500;

/// Issues the rows in their order.
///
/// # Errors
/// FAILED_PRECONDITION when a series has too few numbers left, ABORTED when somebody took an
/// external identity or a number since the rows were judged, or the database's.
pub(super) async fn issue_in_tx(
    app: &App,
    tx: &mut Tx,
    call: &Call,
    accepted: Vec<Accepted>,
    now: Timestamp,
) -> Result<(), Refusal> {
    let tenant = call.tenant();
    let mut drawn = draw_in_tx(tx, tenant, &accepted, now).await?;
    let mut told = Vec::with_capacity(accepted.len());
    let mut accepted = accepted.into_iter();
    loop {
        let batch = accepted.by_ref().take(BATCH);
        let issue = |row| issue(app, row, &mut drawn);
        let mut batch = batch.map(issue).collect::<Result<Vec<Invoice>, _>>()?;
        if batch.is_empty() {
            break;
        }
        told.extend(store_in_tx(tx, tenant, &mut batch, now).await?);
    }
    for told in told.chunks(BATCH) {
        append_in_tx(tx, tenant, call.traceparent(), told).await?;
    }
    Ok(())
}

/// Numbers of each series, as many as its rows need.
type Drawn = BTreeMap<String, std::vec::IntoIter<String>>;

async fn draw_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    accepted: &[Accepted],
    now: Timestamp,
) -> Result<Drawn, Refusal> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for row in accepted.iter().filter(|row| row.invoice_number.is_none()) {
        let series_code = row.invoice.content.series_code.as_str();
        *counts.entry(series_code).or_default() += 1;
    }
    let mut numbers = Drawn::new();
    for (series_code, count) in counts {
        let document = NumberedDocument::Invoice;
        let drawn =
            store::number_series::draw_in_tx(tx, tenant, series_code, document, count, now).await?;
        let drawn = drawn.map_err(|undrawn| error::undrawn(undrawn, series_code))?;
        numbers.insert(series_code.to_owned(), drawn.into_iter());
    }
    Ok(numbers)
}

fn issue(app: &App, row: Accepted, drawn: &mut Drawn) -> Result<Invoice, Refusal> {
    let mut invoice = row.invoice;
    let series = drawn.get_mut(&invoice.content.series_code);
    let number = row.invoice_number.or_else(|| series?.next());
    let number = number.ok_or_else(|| Refusal::internal("too few numbers were drawn"))?;
    app.stamped(|stamp| invoice.issue(row.plan, number, stamp))
        .map_err(Refusal::internal)?;
    Ok(invoice)
}

async fn store_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    batch: &mut [Invoice],
    now: Timestamp,
) -> Result<Vec<NewEvent>, Refusal> {
    let invoices: Vec<&Invoice> = batch.iter().collect();
    if !store::invoice::insert_in_tx(tx, tenant, &invoices, true).await? {
        return Err(Refusal::stale("LOST_RACE"));
    }
    let debts = batch.iter_mut().filter_map(Invoice::receivable_mut);
    let mut debts: Vec<&mut Receivable> = debts.collect();
    store::receivable::insert_items_in_tx(tx, tenant, &mut debts).await?;
    let told = batch.iter().map(|invoice| {
        let event = issued(invoice, true)?;
        announce(now, &event).map_err(Refusal::internal)
    });
    told.collect()
}
