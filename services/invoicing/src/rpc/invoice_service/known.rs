//! What credit has announced and an invoice needs, and what is told once it is issued.

use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::domain::{Customer, Invoice, InvoicingEvent};
use crate::rpc::error;
use crate::rpc::wire::content::CustomerKey;
use crate::store;

/// The customer with all terms granted.
///
/// # Errors
/// UNAVAILABLE (CUSTOMER_NOT_YET_KNOWN), or the database's.
pub(super) async fn customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &CustomerKey,
) -> Result<Customer, Refusal> {
    let found = match key {
        CustomerKey::Id(customer_id) => {
            store::customer::find_in_tx(tx, tenant, *customer_id).await?
        }
        CustomerKey::External(external_id) => {
            store::customer::find_external_in_tx(tx, tenant, external_id).await?
        }
    };
    found.ok_or_else(|| error::customer_not_yet_known(key))
}

/// What others are told of an invoice that was just issued.
///
/// # Errors
/// INTERNAL when it was not.
pub(super) fn issued(invoice: &Invoice, imported: bool) -> Result<InvoicingEvent, Refusal> {
    let debt = invoice.receivable();
    let debt = debt.ok_or_else(|| Refusal::internal("an issued invoice without a receivable"))?;
    Ok(InvoicingEvent::InvoiceIssued {
        balance_after: debt.balance().map_err(Refusal::internal)?,
        invoice: Box::new(invoice.clone()),
        imported,
    })
}
