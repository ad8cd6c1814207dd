//! The lines of remittances. Who changes one holds the row of its placement.

use std::collections::BTreeMap;

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::agreement::RemittanceMode;
use crate::domain::identity::{
    AgencyId, CommissionId, CustomerId, InvoiceId, PlacementId, ReceiptId, RemittanceId,
    RemittanceLineId,
};
use crate::domain::remittance_line::{RemittanceLine, RemittanceLineState};

/// A line, and when it was imported, by which listings go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedLine {
    /// When.
    pub imported_time: Timestamp,
    /// The line.
    pub line: RemittanceLine,
}

struct Row {
    imported_time: jiff_sqlx::Timestamp,
    remittance_line_id: Uuid,
    remittance_id: Uuid,
    remittance_reference: String,
    agency_id: Uuid,
    line_number: i32,
    line_reference: String,
    placement_id: Uuid,
    customer_id: Uuid,
    invoice_id: Option<Uuid>,
    paid_date: jiff_sqlx::Date,
    mode: String,
    currency_code: String,
    gross_amount: Decimal,
    commission_amount: Decimal,
    report_reference: Option<String>,
    note: Option<String>,
    state: String,
    parked_reason: Option<String>,
    receipt_id: Uuid,
    receipt_recorded: bool,
    applied_amount: Decimal,
    agreed_commission_amount: Option<Decimal>,
    commission_id: Option<Uuid>,
    booked_time: Option<jiff_sqlx::Timestamp>,
    tries: i32,
    next_check_time: Option<jiff_sqlx::Timestamp>,
}

impl Row {
    fn into_line(self) -> Result<ImportedLine, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let agreed = self.agreed_commission_amount;
        let agreed = agreed.map(|amount| row::money(amount, currency));
        let line = RemittanceLine {
            remittance_line_id: RemittanceLineId::new(self.remittance_line_id),
            remittance_id: RemittanceId::new(self.remittance_id),
            remittance_reference: self.remittance_reference,
            agency_id: AgencyId::new(self.agency_id),
            line_number: self.line_number,
            line_reference: self.line_reference,
            placement_id: PlacementId::new(self.placement_id),
            customer_id: CustomerId::new(self.customer_id),
            invoice_id: self.invoice_id.map(InvoiceId::new),
            paid_date: self.paid_date.to_jiff(),
            mode: row::named("mode", RemittanceMode::from_name(&self.mode))?,
            gross: row::money(self.gross_amount, currency)?,
            kept_back: row::money(self.commission_amount, currency)?,
            report_reference: self.report_reference,
            note: self.note,
            state: row::named("state", RemittanceLineState::from_name(&self.state))?,
            parked_reason: self.parked_reason,
            receipt_id: ReceiptId::new(self.receipt_id),
            receipt_recorded: self.receipt_recorded,
            applied: row::money(self.applied_amount, currency)?,
            agreed_commission: agreed.transpose()?,
            commission_id: self.commission_id.map(CommissionId::new),
            booked_time: row::instant(self.booked_time),
            tries: self.tries,
            next_check_time: row::instant(self.next_check_time),
        };
        Ok(ImportedLine {
            imported_time: self.imported_time.to_jiff(),
            line,
        })
    }
}

/// Stores a new line.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    line: &RemittanceLine,
    imported_time: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO remittance_line (tenant_id, remittance_line_id, remittance_id, line_number,
                                      line_reference, placement_id, customer_id, invoice_id,
                                      paid_date, mode, currency_code, gross_amount,
                                      commission_amount, report_reference, note, state,
                                      receipt_id, receipt_recorded, applied_amount,
                                      imported_time, tries, next_check_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19, $20, $21, $22)",
        tenant.uuid(),
        line.remittance_line_id.uuid(),
        line.remittance_id.uuid(),
        line.line_number,
        line.line_reference,
        line.placement_id.uuid(),
        line.customer_id.uuid(),
        line.invoice_id.map(InvoiceId::uuid),
        line.paid_date.to_sqlx() as _,
        line.mode.name(),
        line.gross.currency().code(),
        line.gross.amount(),
        line.kept_back.amount(),
        line.report_reference,
        line.note,
        line.state.name(),
        line.receipt_id.uuid(),
        line.receipt_recorded,
        line.applied.amount(),
        imported_time.to_sqlx() as _,
        line.tries,
        line.next_check_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores where a line stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    line: &RemittanceLine,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE remittance_line
            SET state = $3, parked_reason = $4, receipt_recorded = $5, applied_amount = $6,
                agreed_commission_amount = $7, commission_id = $8, booked_time = $9, tries = $10,
                next_check_time = $11
          WHERE tenant_id = $1 AND remittance_line_id = $2",
        tenant.uuid(),
        line.remittance_line_id.uuid(),
        line.state.name(),
        line.parked_reason,
        line.receipt_recorded,
        line.applied.amount(),
        line.agreed_commission.map(|amount| amount.amount()),
        line.commission_id.map(CommissionId::uuid),
        line.booked_time.map(|time| time.to_sqlx()) as _,
        line.tries,
        line.next_check_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Which lines are meant: those of which everything that is set holds.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// This line.
    pub line_id: Option<RemittanceLineId>,
    /// The line of this receipt.
    pub receipt_id: Option<ReceiptId>,
    /// Those of this remittance.
    pub remittance_id: Option<RemittanceId>,
    /// Those for this placement.
    pub placement_id: Option<PlacementId>,
    /// Those in one of these states; none: in any.
    pub states: Vec<RemittanceLineState>,
    /// Those whose commission differs, or agrees.
    pub commission_differs: Option<bool>,
}

/// Lines behind one of them, in the order in which they were imported.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid, i32)>,
    limit: Option<i64>,
) -> Result<Vec<ImportedLine>, DbError> {
    let states = filter.states.iter();
    let states: Vec<String> = states.map(|state| state.name().to_owned()).collect();
    sqlx::query_as!(
        Row,
        "SELECT l.imported_time, l.remittance_line_id, l.remittance_id, r.remittance_reference, r.agency_id,
                l.line_number, l.line_reference, l.placement_id, l.customer_id, l.invoice_id,
                l.paid_date, l.mode, l.currency_code, l.gross_amount, l.commission_amount,
                l.report_reference, l.note, l.state, l.parked_reason, l.receipt_id,
                l.receipt_recorded, l.applied_amount, l.agreed_commission_amount,
                l.commission_id, l.booked_time, l.tries, l.next_check_time
           FROM remittance_line l JOIN remittance r USING (tenant_id, remittance_id)
          WHERE l.tenant_id = $1
            AND ($2::uuid IS NULL OR l.remittance_line_id = $2)
            AND ($3::uuid IS NULL OR l.receipt_id = $3)
            AND ($4::uuid IS NULL OR l.remittance_id = $4)
            AND ($5::uuid IS NULL OR l.placement_id = $5)
            AND (cardinality($6::text[]) = 0 OR l.state = ANY ($6))
            AND ($7::boolean IS NULL OR (l.commission_difference_amount <> 0) = $7)
            AND ($8::timestamptz IS NULL
                 OR (l.imported_time, l.remittance_id, l.line_number) > ($8, $9::uuid, $10::int))
          ORDER BY l.imported_time, l.remittance_id, l.line_number LIMIT $11",
        tenant.uuid(),
        filter.line_id.map(RemittanceLineId::uuid),
        filter.receipt_id.map(ReceiptId::uuid),
        filter.remittance_id.map(RemittanceId::uuid),
        filter.placement_id.map(PlacementId::uuid),
        &states,
        filter.commission_differs,
        after.map(|(time, _, _)| time.to_sqlx()) as _,
        after.map(|(_, remittance_id, _)| *remittance_id),
        after.map(|(_, _, number)| *number),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_line)
    .collect()
}

/// One line; a change locks the row of its placement first and reads it again.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    line_id: RemittanceLineId,
) -> Result<Option<RemittanceLine>, DbError> {
    let filter = Filter {
        line_id: Some(line_id),
        ..Filter::default()
    };
    let found = list_in_tx(tx, tenant, &filter, None, Some(1)).await?;
    Ok(found.into_iter().next().map(|one| one.line))
}

/// The line of a receipt, if it came in a remittance.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_of_receipt_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    receipt_id: ReceiptId,
) -> Result<Option<RemittanceLine>, DbError> {
    let filter = Filter {
        receipt_id: Some(receipt_id),
        ..Filter::default()
    };
    let found = list_in_tx(tx, tenant, &filter, None, Some(1)).await?;
    Ok(found.into_iter().next().map(|one| one.line))
}

/// All lines of a remittance, by their reference.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_remittance_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    remittance_id: RemittanceId,
) -> Result<BTreeMap<String, RemittanceLine>, DbError> {
    let filter = Filter {
        remittance_id: Some(remittance_id),
        ..Filter::default()
    };
    let found = list_in_tx(tx, tenant, &filter, None, None).await?;
    let by_reference = |one: ImportedLine| (one.line.line_reference.clone(), one.line);
    Ok(found.into_iter().map(by_reference).collect())
}
