//! Agencies.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::agency::{Agency, AgencyProfile, AgencyState};
use crate::domain::identity::AgencyId;

struct Row {
    agency_id: Uuid,
    external_id: Option<String>,
    display_name: String,
    legal_name: String,
    country_code: String,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    state: String,
    suspension_note: Option<String>,
    created_time: jiff_sqlx::Timestamp,
    version: i64,
}

impl Row {
    fn into_agency(self) -> Result<Agency, DbError> {
        Ok(Agency {
            agency_id: AgencyId::new(self.agency_id),
            external_id: self.external_id,
            profile: AgencyProfile {
                display_name: self.display_name,
                legal_name: self.legal_name,
                contact_email: self.contact_email,
                contact_phone: self.contact_phone,
            },
            country: row::country(&self.country_code)?,
            state: row::named("state", AgencyState::from_name(&self.state))?,
            suspension_note: self.suspension_note,
            created_time: self.created_time.to_jiff(),
            version: self.version,
        })
    }
}

/// Stores a new agency; `false`: its external identity is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, agency: &Agency) -> Result<bool, DbError> {
    let profile = &agency.profile;
    let inserted = sqlx::query!(
        "INSERT INTO agency (tenant_id, agency_id, external_id, display_name, legal_name,
                             country_code, contact_email, contact_phone, state, suspension_note,
                             created_time, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
         ON CONFLICT ON CONSTRAINT agency_external_id DO NOTHING",
        tenant.uuid(),
        agency.agency_id.uuid(),
        agency.external_id,
        profile.display_name,
        profile.legal_name,
        agency.country.code(),
        profile.contact_email,
        profile.contact_phone,
        agency.state.name(),
        agency.suspension_note,
        agency.created_time.to_sqlx() as _,
        agency.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what may change of an agency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(tx: &mut Tx, tenant: TenantId, agency: &Agency) -> Result<(), DbError> {
    let profile = &agency.profile;
    sqlx::query!(
        "UPDATE agency
            SET display_name = $3, legal_name = $4, contact_email = $5, contact_phone = $6,
                state = $7, suspension_note = $8, version = $9
          WHERE tenant_id = $1 AND agency_id = $2",
        tenant.uuid(),
        agency.agency_id.uuid(),
        profile.display_name,
        profile.legal_name,
        profile.contact_email,
        profile.contact_phone,
        agency.state.name(),
        agency.suspension_note,
        agency.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An agency, locked: its agreements and the numbers of its batches follow under this lock.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
) -> Result<Option<Agency>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT agency_id, external_id, display_name, legal_name, country_code, contact_email,
                contact_phone, state, suspension_note, created_time, version
           FROM agency WHERE tenant_id = $1 AND agency_id = $2 FOR UPDATE",
        tenant.uuid(),
        agency_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_agency)
    .transpose()
}

/// An agency by its identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
) -> Result<Option<Agency>, DbError> {
    let found = find_all_in_tx(tx, tenant, &[agency_id]).await?;
    Ok(found.into_iter().next())
}

/// Those agencies that there are, by identity.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_ids: &[AgencyId],
) -> Result<Vec<Agency>, DbError> {
    let ids: Vec<Uuid> = agency_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query_as!(
        Row,
        "SELECT agency_id, external_id, display_name, legal_name, country_code, contact_email,
                contact_phone, state, suspension_note, created_time, version
           FROM agency WHERE tenant_id = $1 AND agency_id = ANY ($2) ORDER BY agency_id",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_agency)
    .collect()
}

/// An agency by its identity in the tenant's own system.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_external_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    external_id: &str,
) -> Result<Option<Agency>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT agency_id, external_id, display_name, legal_name, country_code, contact_email,
                contact_phone, state, suspension_note, created_time, version
           FROM agency WHERE tenant_id = $1 AND external_id = $2",
        tenant.uuid(),
        external_id,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_agency)
    .transpose()
}

/// Agencies behind a name and identity, by name.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    state: Option<AgencyState>,
    after: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Vec<Agency>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT agency_id, external_id, display_name, legal_name, country_code, contact_email,
                contact_phone, state, suspension_note, created_time, version
           FROM agency
          WHERE tenant_id = $1 AND ($2::text IS NULL OR state = $2)
            AND ($3::text IS NULL OR (display_name, agency_id) > ($3, $4::uuid))
          ORDER BY display_name, agency_id LIMIT $5",
        tenant.uuid(),
        state.map(AgencyState::name),
        after.map(|(name, _)| name.as_str()),
        after.map(|(_, agency_id)| *agency_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_agency)
    .collect()
}
