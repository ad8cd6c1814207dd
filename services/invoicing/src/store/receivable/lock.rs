//! Locking the invoices that a change is about.

use std::collections::BTreeSet;

use money::Currency;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::load::{InvoiceRow, complete_in_tx};
use crate::domain::{CustomerId, InvoiceId, Receivable, Target};

/// The receivables that a transaction is going to change, gathered before it locks any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// These, whatever their state.
    pub invoices: BTreeSet<InvoiceId>,
    /// All that is open of these customers in these currencies.
    pub customers: BTreeSet<(CustomerId, &'static str)>,
}

impl Wanted {
    /// One invoice.
    #[must_use]
    pub fn invoice(invoice_id: InvoiceId) -> Self {
        Self {
            invoices: [invoice_id].into(),
            ..Self::default()
        }
    }

    /// Adds what money or credit of a customer may settle: the named invoices, or for a rule all
    /// that is open in its currency.
    pub fn add(&mut self, customer_id: CustomerId, currency: Currency, target: &Target) {
        match target {
            Target::Named(named) => self.invoices.extend(named.iter().map(|one| one.invoice_id)),
            Target::Rule(_) => {
                self.customers.insert((customer_id, currency.code()));
            }
        }
    }
}

/// Locks the wanted receivables in the order of their ids and answers them in that order, whole:
/// with every item, and the standing write-offs of those that have any. Unknown invoices, drafts and
/// void drafts are left out: nothing is owed on them.
///
/// To be called once in a transaction, before it locks anything that hangs on a customer.
///
/// # Errors
/// [`DbError`] of the statements; a deadlock or a lock wait that took too long is one that
/// [`postgres::retried`] repeats.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    wanted: &Wanted,
) -> Result<Vec<Receivable>, DbError> {
    let invoices: Vec<Uuid> = wanted.invoices.iter().map(|id| id.0).collect();
    let customers: Vec<Uuid> = wanted.customers.iter().map(|(id, _)| id.0).collect();
    let currencies: Vec<String> = wanted
        .customers
        .iter()
        .map(|(_, code)| (*code).to_owned())
        .collect();
    // Do not remove the ORDER BY: the rows are locked in the order in which they come out, and two
    // transactions that lock the same rows in other orders end in a deadlock. What was found open and
    // was closed while this waited for its lock comes out closed: the rules look at the state.
    let rows = sqlx::query_as!(
        InvoiceRow,
        r#"SELECT invoice_id, external_id, invoice_number AS "invoice_number!", customer_id, currency,
                invoice_date AS "invoice_date!", counts_from_date AS "counts_from_date!",
                gross_amount, state, disputed_whole, disputed_parts_amount, closed_date,
                closing_kind, last_entry_number, version
           FROM invoice
          WHERE tenant_id = $1 AND issued_time IS NOT NULL AND invoice_id IN (
                SELECT unnest($2::uuid[])
                 UNION
                SELECT i.invoice_id
                  FROM unnest($3::uuid[], $4::text[]) AS w (customer_id, currency)
                  JOIN invoice i ON i.tenant_id = $1 AND i.customer_id = w.customer_id
                                AND i.currency = w.currency::char(3) AND i.state = 'ISSUED')
          ORDER BY invoice_id
            FOR UPDATE OF invoice"#,
        tenant.uuid(),
        &invoices,
        &customers,
        &currencies,
    )
    .fetch_all(&mut **tx)
    .await?;
    complete_in_tx(tx, tenant, rows).await
}
