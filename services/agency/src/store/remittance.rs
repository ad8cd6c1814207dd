//! Remittances: the heads, with counts and sums over their lines. Who writes a new one holds the
//! agency's row.

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::agreement::RemittanceMode;
use crate::domain::identity::{AgencyId, RemittanceId};
use crate::domain::remittance::{Remittance, RemittanceState};

struct Row {
    remittance_id: Uuid,
    agency_id: Uuid,
    remittance_reference: String,
    remittance_date: jiff_sqlx::Date,
    mode: String,
    currency_code: String,
    line_count: i32,
    booked_count: i32,
    parked_count: i32,
    gross_amount: Decimal,
    commission_amount: Decimal,
    imported_time: jiff_sqlx::Timestamp,
    imported_by: String,
    booked_time: Option<jiff_sqlx::Timestamp>,
    version: i64,
}

impl Row {
    fn into_remittance(self) -> Result<Remittance, DbError> {
        let currency = row::currency(&self.currency_code)?;
        Ok(Remittance {
            remittance_id: RemittanceId::new(self.remittance_id),
            agency_id: AgencyId::new(self.agency_id),
            remittance_reference: self.remittance_reference,
            remittance_date: self.remittance_date.to_jiff(),
            mode: row::named("mode", RemittanceMode::from_name(&self.mode))?,
            currency,
            line_count: self.line_count,
            booked_count: self.booked_count,
            parked_count: self.parked_count,
            gross: row::money(self.gross_amount, currency)?,
            commission: row::money(self.commission_amount, currency)?,
            imported_time: self.imported_time.to_jiff(),
            imported_by: self.imported_by,
            booked_time: row::instant(self.booked_time),
            version: self.version,
        })
    }
}

/// Stores a remittance, or what has changed of it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn save_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    remittance: &Remittance,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO remittance (tenant_id, remittance_id, agency_id, remittance_reference,
                                 remittance_date, mode, currency_code, line_count, booked_count,
                                 parked_count, gross_amount, commission_amount, imported_time,
                                 imported_by, booked_time, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (tenant_id, remittance_id) DO UPDATE
            SET line_count = excluded.line_count, booked_count = excluded.booked_count,
                parked_count = excluded.parked_count, gross_amount = excluded.gross_amount,
                commission_amount = excluded.commission_amount,
                booked_time = excluded.booked_time, version = excluded.version",
        tenant.uuid(),
        remittance.remittance_id.uuid(),
        remittance.agency_id.uuid(),
        remittance.remittance_reference,
        remittance.remittance_date.to_sqlx() as _,
        remittance.mode.name(),
        remittance.currency.code(),
        remittance.line_count,
        remittance.booked_count,
        remittance.parked_count,
        remittance.gross.amount(),
        remittance.commission.amount(),
        remittance.imported_time.to_sqlx() as _,
        remittance.imported_by,
        remittance.booked_time.map(|time| time.to_sqlx()) as _,
        remittance.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A remittance, locked: its counts follow its lines under this lock.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    remittance_id: RemittanceId,
) -> Result<Option<Remittance>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT remittance_id, agency_id, remittance_reference, remittance_date, mode,
                currency_code, line_count, booked_count, parked_count, gross_amount,
                commission_amount, imported_time, imported_by, booked_time, version
           FROM remittance WHERE tenant_id = $1 AND remittance_id = $2 FOR UPDATE",
        tenant.uuid(),
        remittance_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_remittance)
    .transpose()
}

/// A remittance by its identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    remittance_id: RemittanceId,
) -> Result<Option<Remittance>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT remittance_id, agency_id, remittance_reference, remittance_date, mode,
                currency_code, line_count, booked_count, parked_count, gross_amount,
                commission_amount, imported_time, imported_by, booked_time, version
           FROM remittance WHERE tenant_id = $1 AND remittance_id = $2",
        tenant.uuid(),
        remittance_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_remittance)
    .transpose()
}

/// The identity of an agency's remittance of this number.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn id_of_reference_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    remittance_reference: &str,
) -> Result<Option<RemittanceId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT remittance_id FROM remittance
          WHERE tenant_id = $1 AND agency_id = $2 AND remittance_reference = $3",
        tenant.uuid(),
        agency_id.uuid(),
        remittance_reference,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.map(RemittanceId::new))
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this agency.
    pub agency_id: Option<AgencyId>,
    /// Only in one of these states; none: in any.
    pub states: Vec<RemittanceState>,
    /// Only of this day or later.
    pub from_date: Option<Date>,
    /// Only of this day or earlier.
    pub to_date: Option<Date>,
}

/// Remittances behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Remittance>, DbError> {
    let states = filter.states.iter();
    let states: Vec<String> = states.map(|state| state.name().to_owned()).collect();
    sqlx::query_as!(
        Row,
        "SELECT remittance_id, agency_id, remittance_reference, remittance_date, mode,
                currency_code, line_count, booked_count, parked_count, gross_amount,
                commission_amount, imported_time, imported_by, booked_time, version
           FROM remittance
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR agency_id = $2)
            AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
            AND ($4::date IS NULL OR remittance_date >= $4)
            AND ($5::date IS NULL OR remittance_date <= $5)
            AND ($6::timestamptz IS NULL OR (imported_time, remittance_id) < ($6, $7::uuid))
          ORDER BY imported_time DESC, remittance_id DESC LIMIT $8",
        tenant.uuid(),
        filter.agency_id.map(AgencyId::uuid),
        &states,
        filter.from_date.map(|day| day.to_sqlx()) as _,
        filter.to_date.map(|day| day.to_sqlx()) as _,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, remittance_id)| *remittance_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_remittance)
    .collect()
}
