//! Credit notes: written once with their lines and with what they lowered, and never changed.

mod insert;
mod line;
mod list;
mod load;

use postgres::{DbError, TenantId, Tx};

use self::load::load_in_tx;
use crate::domain::{CreditNote, CreditNoteId, CustomerCreditId, DocumentTotals, InvoiceId};
use crate::store::row;

pub use insert::insert_in_tx;
pub use list::{Filter, list_in_tx};

/// What a credit note is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreditNoteKey {
    /// Its identity.
    Id(CreditNoteId),
    /// The foreign system's own identity.
    External(String),
    /// Its number.
    Number(String),
}

/// A stored credit note, and the credit that came of it, if any did.
#[derive(Debug, Clone)]
pub struct StoredNote {
    /// The note.
    pub credit_note: CreditNote,
    /// The credit.
    pub customer_credit_id: Option<CustomerCreditId>,
}

/// One credit note.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &CreditNoteKey,
) -> Result<Option<StoredNote>, DbError> {
    let id =
        match key {
            CreditNoteKey::Id(id) => Some(id.0),
            CreditNoteKey::External(external_id) => sqlx::query_scalar!(
                "SELECT credit_note_id FROM credit_note WHERE tenant_id = $1 AND external_id = $2",
                tenant.uuid(),
                external_id,
            )
            .fetch_optional(&mut **tx)
            .await?,
            CreditNoteKey::Number(number) => {
                sqlx::query_scalar!(
                    "SELECT credit_note_id FROM credit_note
              WHERE tenant_id = $1 AND credit_note_number = $2",
                    tenant.uuid(),
                    number,
                )
                .fetch_optional(&mut **tx)
                .await?
            }
        };
    match id {
        Some(id) => Ok(load_in_tx(tx, tenant, &[id]).await?.pop()),
        None => Ok(None),
    }
}

/// The sums of the notes that correct an invoice whose lock is held.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn totals_of_invoice_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
) -> Result<Vec<DocumentTotals>, DbError> {
    let rows = sqlx::query!(
        "SELECT currency, net_amount, tax_amount, gross_amount, taxes
           FROM credit_note WHERE tenant_id = $1 AND invoice_id = $2
          ORDER BY issued_time, credit_note_id",
        tenant.uuid(),
        invoice_id.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    let totals = rows.into_iter().map(|row| {
        let currency = row::currency(&row.currency)?;
        Ok(DocumentTotals {
            net_amount: row::money(row.net_amount, currency)?,
            taxes: row::from_json("taxes", row.taxes)?,
            tax_amount: row::money(row.tax_amount, currency)?,
            gross_amount: row::money(row.gross_amount, currency)?,
        })
    });
    totals.collect()
}
