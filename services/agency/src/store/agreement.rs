//! Agreements with their commission schedules. Who writes one holds the agency's row.

use std::collections::BTreeMap;

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Decimal, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::agreement::{Agreement, AgreementTerms, RemittanceMode, Validity};
use crate::domain::commission_schedule::{
    AgeBasis, CommissionMethod, CommissionSchedule, CommissionTier,
};
use crate::domain::identity::{AgencyId, AgreementId};

struct Row {
    agreement_id: Uuid,
    agency_id: Uuid,
    agreement_number: String,
    remittance_mode: String,
    commission_on_direct_payments: bool,
    final_demand_days: i32,
    commission_tail_days: i32,
    recall_notice_days: i32,
    valid_from_date: jiff_sqlx::Date,
    valid_to_date: Option<jiff_sqlx::Date>,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    version: i64,
}

impl Row {
    fn into_agreement(
        self,
        schedules: &mut BTreeMap<Uuid, Vec<CommissionSchedule>>,
    ) -> Result<Agreement, DbError> {
        let mode = RemittanceMode::from_name(&self.remittance_mode);
        Ok(Agreement {
            agreement_id: AgreementId::new(self.agreement_id),
            agency_id: AgencyId::new(self.agency_id),
            agreement_number: self.agreement_number,
            terms: AgreementTerms {
                commission_schedules: schedules.remove(&self.agreement_id).unwrap_or_default(),
                remittance_mode: row::named("remittance mode", mode)?,
                commission_on_direct_payments: self.commission_on_direct_payments,
                final_demand_days: self.final_demand_days,
                commission_tail_days: self.commission_tail_days,
                recall_notice_days: self.recall_notice_days,
            },
            validity: Validity {
                from: self.valid_from_date.to_jiff(),
                to: row::date(self.valid_to_date),
            },
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
            version: self.version,
        })
    }
}

/// Stores a new agreement; `false`: its number is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agreement: &Agreement,
) -> Result<bool, DbError> {
    let terms = &agreement.terms;
    let inserted = sqlx::query!(
        "INSERT INTO agreement (tenant_id, agreement_id, agency_id, agreement_number,
                                remittance_mode, commission_on_direct_payments,
                                final_demand_days, commission_tail_days, recall_notice_days,
                                valid_from_date, valid_to_date, created_time, created_by, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT ON CONSTRAINT agreement_number DO NOTHING",
        tenant.uuid(),
        agreement.agreement_id.uuid(),
        agreement.agency_id.uuid(),
        agreement.agreement_number,
        terms.remittance_mode.name(),
        terms.commission_on_direct_payments,
        terms.final_demand_days,
        terms.commission_tail_days,
        terms.recall_notice_days,
        agreement.validity.from.to_sqlx() as _,
        agreement.validity.to.map(|day| day.to_sqlx()) as _,
        agreement.created_time.to_sqlx() as _,
        agreement.created_by,
        agreement.version,
    )
    .execute(&mut **tx)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(false);
    }
    for schedule in &terms.commission_schedules {
        insert_schedule_in_tx(tx, tenant, agreement.agreement_id, schedule).await?;
    }
    Ok(true)
}

async fn insert_schedule_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agreement_id: AgreementId,
    schedule: &CommissionSchedule,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO commission_schedule (tenant_id, agreement_id, currency_code, method,
                                          age_basis)
         VALUES ($1, $2, $3, $4, $5)",
        tenant.uuid(),
        agreement_id.uuid(),
        schedule.currency().code(),
        schedule.method().name(),
        schedule.age_basis().name(),
    )
    .execute(&mut **tx)
    .await?;
    for (tier_number, tier) in (1..).zip(schedule.tiers()) {
        sqlx::query!(
            "INSERT INTO commission_tier (tenant_id, agreement_id, currency_code, tier_number,
                                          min_age_days, max_age_days, from_amount, below_amount,
                                          foreign_debtor, min_placement_number, rate)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
            tenant.uuid(),
            agreement_id.uuid(),
            schedule.currency().code(),
            tier_number,
            tier.min_age_days,
            tier.max_age_days,
            tier.from_amount.map(|amount| amount.amount()),
            tier.below_amount.map(|amount| amount.amount()),
            tier.foreign,
            tier.min_placement_number,
            tier.rate.ratio(),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Stores the last day of an agreement.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agreement: &Agreement,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE agreement SET valid_to_date = $3, version = $4
          WHERE tenant_id = $1 AND agreement_id = $2",
        tenant.uuid(),
        agreement.agreement_id.uuid(),
        agreement.validity.to.map(|day| day.to_sqlx()) as _,
        agreement.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An agreement by its identity.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agreement_id: AgreementId,
) -> Result<Option<Agreement>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT agreement_id, agency_id, agreement_number, remittance_mode,
                commission_on_direct_payments, final_demand_days, commission_tail_days,
                recall_notice_days, valid_from_date, valid_to_date, created_time, created_by,
                version
           FROM agreement WHERE tenant_id = $1 AND agreement_id = $2",
        tenant.uuid(),
        agreement_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = with_schedules_in_tx(tx, tenant, row.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

/// All agreements of these agencies, the earliest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn of_agencies_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_ids: &[AgencyId],
) -> Result<Vec<Agreement>, DbError> {
    let ids: Vec<Uuid> = agency_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT agreement_id, agency_id, agreement_number, remittance_mode,
                commission_on_direct_payments, final_demand_days, commission_tail_days,
                recall_notice_days, valid_from_date, valid_to_date, created_time, created_by,
                version
           FROM agreement WHERE tenant_id = $1 AND agency_id = ANY ($2)
          ORDER BY agency_id, valid_from_date",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    with_schedules_in_tx(tx, tenant, rows).await
}

/// What narrows a listing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Filter {
    /// Only of this agency.
    pub agency_id: Option<AgencyId>,
    /// Only valid on this day.
    pub valid_on_date: Option<Date>,
}

/// Agreements behind an agency, first day and identity: by agency, the newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: Filter,
    after: Option<&(Uuid, Date, Uuid)>,
    limit: i64,
) -> Result<Vec<Agreement>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT agreement_id, agency_id, agreement_number, remittance_mode,
                commission_on_direct_payments, final_demand_days, commission_tail_days,
                recall_notice_days, valid_from_date, valid_to_date, created_time, created_by,
                version
           FROM agreement
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR agency_id = $2)
            AND ($3::date IS NULL OR (valid_from_date <= $3
                                      AND coalesce(valid_to_date, 'infinity') >= $3))
            AND ($4::uuid IS NULL OR agency_id > $4
                 OR (agency_id = $4 AND (valid_from_date < $5::date
                     OR (valid_from_date = $5 AND agreement_id > $6::uuid))))
          ORDER BY agency_id, valid_from_date DESC, agreement_id LIMIT $7",
        tenant.uuid(),
        filter.agency_id.map(AgencyId::uuid),
        filter.valid_on_date.map(|day| day.to_sqlx()) as _,
        after.map(|(agency_id, _, _)| *agency_id),
        after.map(|(_, day, _)| day.to_sqlx()) as _,
        after.map(|(_, _, agreement_id)| *agreement_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    with_schedules_in_tx(tx, tenant, rows).await
}

async fn with_schedules_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<Agreement>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.agreement_id).collect();
    let mut schedules = schedules_in_tx(tx, tenant, &ids).await?;
    let with_schedules = |row: Row| row.into_agreement(&mut schedules);
    rows.into_iter().map(with_schedules).collect()
}

struct TierRow {
    agreement_id: Uuid,
    currency_code: String,
    method: String,
    age_basis: String,
    min_age_days: Option<i32>,
    max_age_days: Option<i32>,
    from_amount: Option<Decimal>,
    below_amount: Option<Decimal>,
    foreign_debtor: Option<bool>,
    min_placement_number: Option<i32>,
    rate: Decimal,
}

impl TierRow {
    fn tier(&self, currency: Currency) -> Result<CommissionTier, DbError> {
        let bound = |amount: Option<Decimal>| -> Result<Option<Money>, DbError> {
            let bound = amount.map(|amount| row::money(amount, currency));
            bound.transpose()
        };
        Ok(CommissionTier {
            min_age_days: self.min_age_days,
            max_age_days: self.max_age_days,
            from_amount: bound(self.from_amount)?,
            below_amount: bound(self.below_amount)?,
            foreign: self.foreign_debtor,
            min_placement_number: self.min_placement_number,
            rate: row::rate(self.rate)?,
        })
    }
}

async fn schedules_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agreement_ids: &[Uuid],
) -> Result<BTreeMap<Uuid, Vec<CommissionSchedule>>, DbError> {
    let rows = sqlx::query_as!(
        TierRow,
        "SELECT s.agreement_id, s.currency_code, s.method, s.age_basis, t.min_age_days,
                t.max_age_days, t.from_amount, t.below_amount, t.foreign_debtor,
                t.min_placement_number, t.rate
           FROM commission_schedule s
           JOIN commission_tier t USING (tenant_id, agreement_id, currency_code)
          WHERE s.tenant_id = $1 AND s.agreement_id = ANY ($2)
          ORDER BY s.agreement_id, s.currency_code, t.tier_number",
        tenant.uuid(),
        agreement_ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<Uuid, Vec<CommissionSchedule>> = BTreeMap::new();
    let of_one = |one: &TierRow, other: &TierRow| {
        (one.agreement_id, &one.currency_code) == (other.agreement_id, &other.currency_code)
    };
    for tiers in rows.chunk_by(of_one) {
        let Some(first) = tiers.first() else { continue };
        let currency = row::currency(&first.currency_code)?;
        let tiers: Result<Vec<_>, _> = tiers.iter().map(|tier| tier.tier(currency)).collect();
        let method = CommissionMethod::from_name(&first.method);
        let basis = AgeBasis::from_name(&first.age_basis);
        let schedule = CommissionSchedule::try_new(
            currency,
            row::named("commission method", method)?,
            row::named("age basis", basis)?,
            tiers?,
        );
        let schedules = found.entry(first.agreement_id).or_default();
        schedules.push(row::read("commission schedule", schedule)?);
    }
    Ok(found)
}
