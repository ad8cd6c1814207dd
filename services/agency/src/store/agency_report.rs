//! What agencies say was paid.

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::agency_report::{AgencyReport, AgencyReportState};
use crate::domain::identity::{
    AgencyId, AgencyReportId, CustomerId, PlacementId, RemittanceLineId,
};

struct Row {
    agency_report_id: Uuid,
    agency_id: Uuid,
    report_reference: String,
    placement_id: Uuid,
    customer_id: Uuid,
    currency_code: String,
    amount: Decimal,
    paid_date: jiff_sqlx::Date,
    state: String,
    remittance_line_id: Option<Uuid>,
    note: Option<String>,
    reported_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_report(self) -> Result<AgencyReport, DbError> {
        Ok(AgencyReport {
            agency_report_id: AgencyReportId::new(self.agency_report_id),
            agency_id: AgencyId::new(self.agency_id),
            report_reference: self.report_reference,
            placement_id: PlacementId::new(self.placement_id),
            customer_id: CustomerId::new(self.customer_id),
            amount: row::money(self.amount, row::currency(&self.currency_code)?)?,
            paid_date: self.paid_date.to_jiff(),
            state: row::named("state", AgencyReportState::from_name(&self.state))?,
            remittance_line_id: self.remittance_line_id.map(RemittanceLineId::new),
            note: self.note,
            reported_time: self.reported_time.to_jiff(),
        })
    }
}

/// Stores a new report; `false`: the agency has reported this number before, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    report: &AgencyReport,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO agency_report (tenant_id, agency_report_id, agency_id, report_reference,
                                    placement_id, customer_id, currency_code, amount, paid_date,
                                    state, note, reported_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT ON CONSTRAINT agency_report_reference DO NOTHING",
        tenant.uuid(),
        report.agency_report_id.uuid(),
        report.agency_id.uuid(),
        report.report_reference,
        report.placement_id.uuid(),
        report.customer_id.uuid(),
        report.amount.currency().code(),
        report.amount.amount(),
        report.paid_date.to_sqlx() as _,
        report.state.name(),
        report.note,
        report.reported_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores that a remittance has brought what was reported.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    report: &AgencyReport,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE agency_report SET state = $3, remittance_line_id = $4
          WHERE tenant_id = $1 AND agency_report_id = $2",
        tenant.uuid(),
        report.agency_report_id.uuid(),
        report.state.name(),
        report.remittance_line_id.map(RemittanceLineId::uuid),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The report of an agency of this number, locked.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_of_reference_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    report_reference: &str,
) -> Result<Option<AgencyReport>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT agency_report_id, agency_id, report_reference, placement_id, customer_id,
                currency_code, amount, paid_date, state, remittance_line_id, note, reported_time
           FROM agency_report
          WHERE tenant_id = $1 AND agency_id = $2 AND report_reference = $3 FOR UPDATE",
        tenant.uuid(),
        agency_id.uuid(),
        report_reference,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_report)
    .transpose()
}

/// Reports behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (agency_id, placement_id, state): (
        Option<AgencyId>,
        Option<PlacementId>,
        Option<AgencyReportState>,
    ),
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<AgencyReport>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT agency_report_id, agency_id, report_reference, placement_id, customer_id,
                currency_code, amount, paid_date, state, remittance_line_id, note, reported_time
           FROM agency_report
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR agency_id = $2)
            AND ($3::uuid IS NULL OR placement_id = $3) AND ($4::text IS NULL OR state = $4)
            AND ($5::timestamptz IS NULL OR (reported_time, agency_report_id) < ($5, $6::uuid))
          ORDER BY reported_time DESC, agency_report_id DESC LIMIT $7",
        tenant.uuid(),
        agency_id.map(AgencyId::uuid),
        placement_id.map(PlacementId::uuid),
        state.map(AgencyReportState::name),
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, report_id)| *report_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_report)
    .collect()
}
