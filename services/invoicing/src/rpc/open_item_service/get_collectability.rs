//! GetCollectability: the last look before a message leaves or a debt is placed.

use std::collections::BTreeSet;

use contracts::convert::{instant_to_wire, money_to_wire};
use contracts::invoicing::collectability_result::Outcome;
use contracts::invoicing::{
    Collectability, CollectabilityResult, GetCollectabilityRequest, GetCollectabilityResponse,
};
use runtime::{Call, Refusal, Violations};

use crate::SERVICE;
use crate::app::App;
use crate::domain::{InvoiceBalance, InvoiceId};
use crate::rpc::error;
use crate::rpc::wire::balance::balance_to_wire;
use crate::rpc::wire::field;
use crate::store;

/// The most invoices of a look.
const MOST_INVOICES: usize = 1000;

/// One statement, on the pool that changes are made on: what reads are served from may be a replica
/// that is behind, and a payment that was committed there must not be overlooked (P16).
pub async fn handle(
    app: &App,
    call: Call,
    request: GetCollectabilityRequest,
) -> Result<GetCollectabilityResponse, Refusal> {
    let invoices = invoices_from_wire(&request)?;
    let look_time = app.clock.now();
    let mut tx = app.db.begin(&call).await?;
    let balances = store::balance::find_in_tx(&mut tx, call.tenant(), &invoices).await?;
    tx.commit().await?;
    let results = invoices.iter().map(|invoice_id| {
        let outcome = match balances.get(invoice_id) {
            Some(balance) => Outcome::Collectability(collectability(balance)?),
            None => Outcome::Refusal(error::invoice_not_found(invoice_id.0).into_item(SERVICE)),
        };
        Ok(CollectabilityResult {
            invoice_id: invoice_id.0.to_string(),
            outcome: Some(outcome),
        })
    });
    Ok(GetCollectabilityResponse {
        results: results.collect::<Result<_, Refusal>>()?,
        look_time: Some(instant_to_wire(look_time)),
    })
}

fn collectability(balance: &InvoiceBalance) -> Result<Collectability, Refusal> {
    let collectable_amount = balance.collectable_amount().map_err(Refusal::internal)?;
    Ok(Collectability {
        balance: Some(balance_to_wire(balance)),
        collectable_amount: Some(money_to_wire(collectable_amount)),
    })
}

/// The invoices in the order of the request, each once.
fn invoices_from_wire(request: &GetCollectabilityRequest) -> Result<Vec<InvoiceId>, Refusal> {
    let mut violations = Violations::new();
    let asked = &request.invoice_ids;
    let fits = (1..=MOST_INVOICES).contains(&asked.len());
    violations.check(fits, "invoice_ids", "has 1 to 1000 entries");
    let mut invoices = Vec::with_capacity(asked.len().min(MOST_INVOICES));
    let mut seen = BTreeSet::new();
    for (index, text) in asked.iter().take(MOST_INVOICES).enumerate() {
        let field = format!("invoice_ids[{index}]");
        let Some(id) = field::id(&mut violations, &field, text) else {
            continue;
        };
        violations.check(seen.insert(id), &field, "is named twice");
        invoices.push(InvoiceId(id));
    }
    violations.finish().map(|()| invoices)
}
