//! Rows into credit notes.

use std::collections::BTreeMap;

use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::{StoredNote, line};
use crate::domain::{
    Allocation, CauseKind, CreditNote, CreditNoteHeader, CreditNoteId, CreditNoteReason,
    CustomerCreditId, CustomerId, DocumentTotals, InvoiceId, Line,
};
use crate::store::{allocation, row};

struct Row {
    credit_note_id: Uuid,
    external_id: Option<String>,
    credit_note_number: String,
    customer_id: Uuid,
    invoice_id: Option<Uuid>,
    reason: String,
    note: String,
    credit_note_date: jiff_sqlx::Date,
    currency: String,
    net_amount: Decimal,
    tax_amount: Decimal,
    gross_amount: Decimal,
    taxes: Value,
    customer_credit_id: Option<Uuid>,
    customer_credit_amount: Decimal,
    issued_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn stored(self, lines: Vec<Line>, allocations: Vec<Allocation>) -> Result<StoredNote, DbError> {
        let currency = row::currency(&self.currency)?;
        let credit_note = CreditNote {
            header: CreditNoteHeader {
                credit_note_id: CreditNoteId(self.credit_note_id),
                external_id: self.external_id,
                credit_note_number: self.credit_note_number,
                reason: row::coded::<CreditNoteReason>("reason", &self.reason)?,
                note: self.note,
                credit_note_date: self.credit_note_date.to_jiff(),
            },
            customer_id: CustomerId(self.customer_id),
            invoice_id: self.invoice_id.map(InvoiceId),
            lines,
            totals: DocumentTotals {
                net_amount: row::money(self.net_amount, currency)?,
                taxes: row::from_json("taxes", self.taxes)?,
                tax_amount: row::money(self.tax_amount, currency)?,
                gross_amount: row::money(self.gross_amount, currency)?,
            },
            allocations,
            customer_credit_amount: row::money(self.customer_credit_amount, currency)?,
            issued_time: self.issued_time.to_jiff(),
        };
        Ok(StoredNote {
            credit_note,
            customer_credit_id: self.customer_credit_id.map(CustomerCreditId),
        })
    }
}

/// These notes, whole, in the order of `notes`; unknown ones are left out.
pub(super) async fn load_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    notes: &[Uuid],
) -> Result<Vec<StoredNote>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT credit_note_id, external_id, credit_note_number, customer_id, invoice_id, reason,
                note, credit_note_date, currency, net_amount, tax_amount, gross_amount, taxes,
                customer_credit_id, customer_credit_amount, issued_time
           FROM credit_note WHERE tenant_id = $1 AND credit_note_id = ANY ($2)",
        tenant.uuid(),
        notes,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut lines = line::of_notes_in_tx(tx, tenant, notes).await?;
    let kind = CauseKind::CreditNote;
    let mut allocations = allocation::of_documents_in_tx(tx, tenant, kind, notes).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let id = row.credit_note_id;
        let lines = lines.remove(&id).unwrap_or_default();
        let allocations = allocations.remove(&id).unwrap_or_default();
        found.insert(id, row.stored(lines, allocations)?);
    }
    Ok(notes.iter().filter_map(|id| found.remove(id)).collect())
}
