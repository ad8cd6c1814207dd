//! What agencies earned. Append-only.

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::commission::{Commission, CommissionSettlement, CommissionSource};
use crate::domain::identity::{
    AgencyId, AgreementId, ApplicationId, CommissionId, DecisionId, PlacementId, ReceiptId,
    RemittanceLineId,
};

struct Row {
    commission_id: Uuid,
    agency_id: Uuid,
    placement_id: Uuid,
    agreement_id: Uuid,
    source: String,
    remittance_line_id: Option<Uuid>,
    receipt_id: Uuid,
    application_id: Option<Uuid>,
    reversed_commission_id: Option<Uuid>,
    currency_code: String,
    base_amount: Decimal,
    amount: Decimal,
    agreed_amount: Decimal,
    settlement: String,
    earns: bool,
    paid_date: jiff_sqlx::Date,
    booked_time: jiff_sqlx::Timestamp,
    decision_id: Uuid,
}

impl Row {
    fn into_commission(self) -> Result<Commission, DbError> {
        let currency = row::currency(&self.currency_code)?;
        let settlement = CommissionSettlement::from_name(&self.settlement);
        Ok(Commission {
            commission_id: CommissionId::new(self.commission_id),
            agency_id: AgencyId::new(self.agency_id),
            placement_id: PlacementId::new(self.placement_id),
            agreement_id: AgreementId::new(self.agreement_id),
            source: row::named("source", CommissionSource::from_name(&self.source))?,
            remittance_line_id: self.remittance_line_id.map(RemittanceLineId::new),
            receipt_id: ReceiptId::new(self.receipt_id),
            application_id: self.application_id.map(ApplicationId::new),
            reversed_commission_id: self.reversed_commission_id.map(CommissionId::new),
            base_amount: row::money(self.base_amount, currency)?,
            amount: row::money(self.amount, currency)?,
            agreed_amount: row::money(self.agreed_amount, currency)?,
            settlement: row::named("settlement", settlement)?,
            earns: self.earns,
            paid_date: self.paid_date.to_jiff(),
            booked_time: self.booked_time.to_jiff(),
            decision_id: DecisionId::new(self.decision_id),
        })
    }
}

/// Stores an entry; its decision is there already.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    commission: &Commission,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO commission (tenant_id, commission_id, agency_id, placement_id, agreement_id,
                                 source, remittance_line_id, receipt_id, application_id,
                                 reversed_commission_id, currency_code, base_amount, amount,
                                 agreed_amount, settlement, earns, paid_date, booked_time,
                                 decision_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,
                 $19)",
        tenant.uuid(),
        commission.commission_id.uuid(),
        commission.agency_id.uuid(),
        commission.placement_id.uuid(),
        commission.agreement_id.uuid(),
        commission.source.name(),
        commission.remittance_line_id.map(RemittanceLineId::uuid),
        commission.receipt_id.uuid(),
        commission.application_id.map(ApplicationId::uuid),
        commission.reversed_commission_id.map(CommissionId::uuid),
        commission.base_amount.currency().code(),
        commission.base_amount.amount(),
        commission.amount.amount(),
        commission.agreed_amount.amount(),
        commission.settlement.name(),
        commission.earns,
        commission.paid_date.to_sqlx() as _,
        commission.booked_time.to_sqlx() as _,
        commission.decision_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The entry for a direct payment that has not been taken back.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_direct_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    placement_id: PlacementId,
    application_id: ApplicationId,
) -> Result<Option<Commission>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT commission_id, agency_id, placement_id, agreement_id, source, remittance_line_id,
                receipt_id, application_id, reversed_commission_id, currency_code, base_amount,
                amount, agreed_amount, settlement, earns, paid_date, booked_time, decision_id
           FROM commission c
          WHERE tenant_id = $1 AND placement_id = $2 AND application_id = $3
            AND source = 'DIRECT_PAYMENT'
            AND NOT EXISTS (SELECT FROM commission r
                             WHERE r.tenant_id = c.tenant_id
                               AND r.reversed_commission_id = c.commission_id)",
        tenant.uuid(),
        placement_id.uuid(),
        application_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_commission)
    .transpose()
}

/// An entry by its identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    commission_id: CommissionId,
) -> Result<Option<Commission>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT commission_id, agency_id, placement_id, agreement_id, source, remittance_line_id,
                receipt_id, application_id, reversed_commission_id, currency_code, base_amount,
                amount, agreed_amount, settlement, earns, paid_date, booked_time, decision_id
           FROM commission WHERE tenant_id = $1 AND commission_id = $2",
        tenant.uuid(),
        commission_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_commission)
    .transpose()
}

/// What narrows a listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only of this agency.
    pub agency_id: Option<AgencyId>,
    /// Only of this placement.
    pub placement_id: Option<PlacementId>,
    /// Only for this.
    pub source: Option<CommissionSource>,
    /// Only those that the agency gets so.
    pub settlement: Option<CommissionSettlement>,
    /// Only for payments of this day or later.
    pub from_date: Option<Date>,
    /// Only for payments of this day or earlier.
    pub to_date: Option<Date>,
}

/// Entries behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<Commission>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT commission_id, agency_id, placement_id, agreement_id, source, remittance_line_id,
                receipt_id, application_id, reversed_commission_id, currency_code, base_amount,
                amount, agreed_amount, settlement, earns, paid_date, booked_time, decision_id
           FROM commission
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR agency_id = $2)
            AND ($3::uuid IS NULL OR placement_id = $3) AND ($4::text IS NULL OR source = $4)
            AND ($5::text IS NULL OR settlement = $5)
            AND ($6::date IS NULL OR paid_date >= $6) AND ($7::date IS NULL OR paid_date <= $7)
            AND ($8::timestamptz IS NULL OR (booked_time, commission_id) < ($8, $9::uuid))
          ORDER BY booked_time DESC, commission_id DESC LIMIT $10",
        tenant.uuid(),
        filter.agency_id.map(AgencyId::uuid),
        filter.placement_id.map(PlacementId::uuid),
        filter.source.map(CommissionSource::name),
        filter.settlement.map(CommissionSettlement::name),
        filter.from_date.map(Date::to_sqlx) as _,
        filter.to_date.map(Date::to_sqlx) as _,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, commission_id)| *commission_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_commission)
    .collect()
}
