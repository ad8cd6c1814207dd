//! Disputes. Who writes one holds the lock of its invoice.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::{
    Coded as _, CreditNoteId, CustomerId, Dispute, DisputeEnding, DisputeId, DisputeReason,
    DisputeResolution, DisputeState, InvoiceId,
};

struct Row {
    dispute_id: Uuid,
    invoice_id: Uuid,
    invoice_number: String,
    customer_id: Uuid,
    reason: String,
    note: String,
    whole_invoice: bool,
    currency: String,
    amount: Decimal,
    disputed_date: jiff_sqlx::Date,
    opened_time: jiff_sqlx::Timestamp,
    resolution: Option<String>,
    resolution_note: Option<String>,
    credit_note_id: Option<Uuid>,
    resolved_date: Option<jiff_sqlx::Date>,
    resolved_time: Option<jiff_sqlx::Timestamp>,
    version: i64,
}

impl Row {
    fn into_dispute(self) -> Result<Dispute, DbError> {
        let ending = match (self.resolution, self.resolved_date, self.resolved_time) {
            (Some(resolution), Some(date), Some(time)) => Some(DisputeEnding {
                resolution: row::coded::<DisputeResolution>("resolution", &resolution)?,
                note: self.resolution_note.unwrap_or_default(),
                credit_note_id: self.credit_note_id.map(CreditNoteId),
                resolved_date: date.to_jiff(),
                resolved_time: time.to_jiff(),
            }),
            _ => None,
        };
        Ok(Dispute {
            dispute_id: DisputeId(self.dispute_id),
            invoice_id: InvoiceId(self.invoice_id),
            invoice_number: self.invoice_number,
            customer_id: CustomerId(self.customer_id),
            reason: row::coded::<DisputeReason>("reason", &self.reason)?,
            note: self.note,
            whole_invoice: self.whole_invoice,
            amount: row::money(self.amount, row::currency(&self.currency)?)?,
            disputed_date: self.disputed_date.to_jiff(),
            opened_time: self.opened_time.to_jiff(),
            ending,
            version: self.version,
        })
    }
}

/// The open disputes of an invoice whose lock is held, oldest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn open_of_invoice_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
) -> Result<Vec<Dispute>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT dispute_id, invoice_id, invoice_number, customer_id, reason, note, whole_invoice,
                currency, amount, disputed_date, opened_time, resolution, resolution_note,
                credit_note_id, resolved_date, resolved_time, version
           FROM dispute WHERE tenant_id = $1 AND invoice_id = $2 AND resolution IS NULL
          ORDER BY opened_time, dispute_id",
        tenant.uuid(),
        invoice_id.0,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_dispute)
    .collect()
}

/// Stores a new dispute; `false`: its identity is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dispute: &Dispute,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO dispute (tenant_id, dispute_id, invoice_id, invoice_number, customer_id,
                              reason, note, whole_invoice, currency, amount, disputed_date,
                              opened_time, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (tenant_id, dispute_id) DO NOTHING",
        tenant.uuid(),
        dispute.dispute_id.0,
        dispute.invoice_id.0,
        dispute.invoice_number,
        dispute.customer_id.0,
        dispute.reason.code(),
        dispute.note,
        dispute.whole_invoice,
        dispute.amount.currency().code(),
        dispute.amount.amount(),
        dispute.disputed_date.to_sqlx() as _,
        dispute.opened_time.to_sqlx() as _,
        dispute.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// A dispute as it is now. To change it, its invoice must be locked by an earlier statement: which
/// one that is never changes.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    dispute_id: DisputeId,
) -> Result<Option<Dispute>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT dispute_id, invoice_id, invoice_number, customer_id, reason, note, whole_invoice,
                currency, amount, disputed_date, opened_time, resolution, resolution_note,
                credit_note_id, resolved_date, resolved_time, version
           FROM dispute WHERE tenant_id = $1 AND dispute_id = $2",
        tenant.uuid(),
        dispute_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_dispute)
    .transpose()
}

/// What narrows a listing; all that is set must hold.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only of this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only in this state.
    pub state: Option<DisputeState>,
    /// Only with this reason.
    pub reason: Option<DisputeReason>,
}

/// Disputes behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Dispute>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT dispute_id, invoice_id, invoice_number, customer_id, reason, note, whole_invoice,
                currency, amount, disputed_date, opened_time, resolution, resolution_note,
                credit_note_id, resolved_date, resolved_time, version
           FROM dispute
          WHERE tenant_id = $1
            AND ($2::uuid IS NULL OR customer_id = $2)
            AND ($3::uuid IS NULL OR invoice_id = $3)
            AND ($4::bool IS NULL OR (resolution IS NULL) = $4)
            AND ($5::text IS NULL OR reason = $5)
            AND ($6::timestamptz IS NULL OR (opened_time, dispute_id) < ($6, $7::uuid))
          ORDER BY opened_time DESC, dispute_id DESC LIMIT $8",
        tenant.uuid(),
        filter.customer_id.map(|id| id.0),
        filter.invoice_id.map(|id| id.0),
        filter.state.map(|state| state == DisputeState::Open),
        filter.reason.map(|reason| reason.code()),
        after.map(|(opened, _)| opened.to_sqlx()) as _,
        after.map(|(_, dispute_id)| *dispute_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_dispute)
    .collect()
}

/// Stores how a dispute ended.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(tx: &mut Tx, tenant: TenantId, dispute: &Dispute) -> Result<(), DbError> {
    let ending = dispute.ending.as_ref();
    sqlx::query!(
        "UPDATE dispute
            SET resolution = $3, resolution_note = $4, credit_note_id = $5, resolved_date = $6,
                resolved_time = $7, version = $8
          WHERE tenant_id = $1 AND dispute_id = $2",
        tenant.uuid(),
        dispute.dispute_id.0,
        ending.map(|ending| ending.resolution.code()),
        ending.map(|ending| ending.note.as_str()),
        ending
            .and_then(|ending| ending.credit_note_id)
            .map(|id| id.0),
        ending.map(|ending| ending.resolved_date.to_sqlx()) as _,
        ending.map(|ending| ending.resolved_time.to_sqlx()) as _,
        dispute.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
