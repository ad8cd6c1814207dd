//! The invoices of placements.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::debt::OpenParts;
use crate::domain::identity::{InvoiceId, PlacementId};
use crate::domain::placement::{ExclusionReason, PlacementInvoice, PlacementInvoiceState};

/// Stores the invoices of a placement, or what has changed of them.
///
/// # Errors
/// [`DbError`] of the statement; by the constraint `placement_invoice_held` when another placement
/// holds one of them (P19).
pub async fn save_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    invoices: &[PlacementInvoice],
) -> Result<(), DbError> {
    for invoice in invoices {
        sqlx::query!(
            "INSERT INTO placement_invoice (tenant_id, placement_id, invoice_id, invoice_number,
                                            invoice_external_id, invoice_date, oldest_due_date,
                                            level, earlier_placements, state, drop_reason,
                                            currency_code, placed_principal, placed_fees,
                                            placed_interest, placed_version, open_amount,
                                            open_version, held)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17,
                     $18, $19)
             ON CONFLICT (tenant_id, placement_id, invoice_id) DO UPDATE
                SET oldest_due_date = excluded.oldest_due_date,
                    earlier_placements = excluded.earlier_placements, state = excluded.state,
                    drop_reason = excluded.drop_reason,
                    placed_principal = excluded.placed_principal,
                    placed_fees = excluded.placed_fees,
                    placed_interest = excluded.placed_interest,
                    placed_version = excluded.placed_version,
                    open_amount = excluded.open_amount, open_version = excluded.open_version,
                    held = excluded.held",
            tenant.uuid(),
            placement_id.uuid(),
            invoice.invoice_id.uuid(),
            invoice.invoice_number,
            invoice.invoice_external_id,
            invoice.invoice_date.to_sqlx() as _,
            invoice.oldest_due_date.to_sqlx() as _,
            invoice.level,
            invoice.earlier_placements,
            invoice.state.name(),
            invoice.drop_reason.map(ExclusionReason::name),
            invoice.open.currency().code(),
            invoice.placed.principal.amount(),
            invoice.placed.fees.amount(),
            invoice.placed.interest.amount(),
            invoice.placed_version,
            invoice.open.amount(),
            invoice.open_version,
            invoice.held,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

struct Row {
    placement_id: Uuid,
    invoice_id: Uuid,
    invoice_number: String,
    invoice_external_id: Option<String>,
    invoice_date: jiff_sqlx::Date,
    oldest_due_date: jiff_sqlx::Date,
    level: i32,
    earlier_placements: i32,
    state: String,
    drop_reason: Option<String>,
    currency_code: String,
    placed_principal: Decimal,
    placed_fees: Decimal,
    placed_interest: Decimal,
    placed_version: i64,
    open_amount: Decimal,
    open_version: i64,
    held: bool,
}

impl Row {
    fn into_invoice(self) -> Result<PlacementInvoice, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let state = PlacementInvoiceState::from_name(&self.state);
        let reason = self.drop_reason.as_deref();
        Ok(PlacementInvoice {
            invoice_id: InvoiceId::new(self.invoice_id),
            invoice_number: self.invoice_number,
            invoice_external_id: self.invoice_external_id,
            invoice_date: self.invoice_date.to_jiff(),
            oldest_due_date: self.oldest_due_date.to_jiff(),
            level: self.level,
            earlier_placements: self.earlier_placements,
            state: row::named("invoice state", state)?,
            drop_reason: row::named_if("drop reason", reason, ExclusionReason::from_name)?,
            placed: OpenParts {
                principal: row::money(self.placed_principal, currency)?,
                fees: row::money(self.placed_fees, currency)?,
                interest: row::money(self.placed_interest, currency)?,
            },
            placed_version: self.placed_version,
            open: row::money(self.open_amount, currency)?,
            open_version: self.open_version,
            held: self.held,
        })
    }
}

/// The invoices of placements, the oldest due date of each first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_ids: &[PlacementId],
) -> Result<BTreeMap<PlacementId, Vec<PlacementInvoice>>, DbError> {
    let ids: Vec<Uuid> = placement_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"SELECT placement_id, invoice_id, invoice_number, invoice_external_id, invoice_date,
                  oldest_due_date, level, earlier_placements, state, drop_reason, currency_code,
                  placed_principal, placed_fees, placed_interest, placed_version, open_amount,
                  open_version, held
             FROM placement_invoice
            WHERE tenant_id = $1 AND placement_id = ANY ($2)
            ORDER BY placement_id, oldest_due_date, invoice_date, invoice_number COLLATE "C""#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<PlacementId, Vec<PlacementInvoice>> = BTreeMap::new();
    for row in rows {
        let placement_id = PlacementId::new(row.placement_id);
        found
            .entry(placement_id)
            .or_default()
            .push(row.into_invoice()?);
    }
    Ok(found)
}

/// The invoices of one placement, the oldest due date first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
) -> Result<Vec<PlacementInvoice>, DbError> {
    let mut found = of_all_in_tx(tx, tenant, &[placement_id]).await?;
    Ok(found.remove(&placement_id).unwrap_or_default())
}

/// Which of the invoices another placement holds.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn held_elsewhere_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    invoice_ids: &[InvoiceId],
) -> Result<Vec<InvoiceId>, DbError> {
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query_scalar!(
        "SELECT invoice_id FROM placement_invoice
          WHERE tenant_id = $1 AND placement_id <> $2 AND invoice_id = ANY ($3) AND held
          ORDER BY invoice_id",
        tenant.uuid(),
        placement_id.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(InvoiceId::new).collect())
}

/// How many placements of each invoice were ACTIVE before this one; none for those not listed.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn earlier_placements_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    invoice_ids: &[InvoiceId],
) -> Result<BTreeMap<InvoiceId, i32>, DbError> {
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"SELECT i.invoice_id, count(*)::int AS "count!"
             FROM placement_invoice i JOIN placement p USING (tenant_id, placement_id)
            WHERE i.tenant_id = $1 AND i.placement_id <> $2 AND i.invoice_id = ANY ($3)
              AND i.state = 'INCLUDED' AND p.activated_time IS NOT NULL
            GROUP BY i.invoice_id"#,
        tenant.uuid(),
        placement_id.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let counted = rows.into_iter();
    Ok(counted
        .map(|row| (InvoiceId::new(row.invoice_id), row.count))
        .collect())
}

/// The placements that have one of the invoices, in the order in which they are locked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn placements_of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_ids: &[InvoiceId],
) -> Result<Vec<PlacementId>, DbError> {
    let ids: Vec<Uuid> = invoice_ids.iter().map(|id| id.uuid()).collect();
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT placement_id FROM placement_invoice
          WHERE tenant_id = $1 AND invoice_id = ANY ($2) ORDER BY placement_id",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(PlacementId::new).collect())
}
