//! The profile of a tenant: one row, and the lock between those who publish policies and those whose
//! customers come under them.

use calendar::Zone;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;

use super::row;
use crate::domain::{Language, TenantDetails, TenantProfile};

struct Row {
    legal_name: String,
    registration_number: String,
    tax_number: String,
    time_zone: String,
    home_currency: String,
    calendar_code: String,
    language: String,
    rate_max_age_days: i32,
    address: Value,
    sender: Value,
    payee_accounts: Value,
    created_time: jiff_sqlx::Timestamp,
    version: i64,
}

impl Row {
    fn into_profile(self) -> Result<TenantProfile, DbError> {
        Ok(TenantProfile {
            zone: row::read("zone", Zone::parse(&self.time_zone))?,
            home_currency: row::currency(&self.home_currency)?,
            details: TenantDetails {
                legal_name: self.legal_name,
                address: row::from_json("address", self.address)?,
                registration_number: self.registration_number,
                tax_number: self.tax_number,
                calendar_code: self.calendar_code,
                language: row::read("language", Language::try_new(&self.language))?,
                sender: row::from_json("sender", self.sender)?,
                payee_accounts: row::from_json("payee accounts", self.payee_accounts)?,
                rate_max_age_days: row::read("age", u16::try_from(self.rate_max_age_days))?,
            },
            created_time: self.created_time.to_jiff(),
            version: self.version,
        })
    }
}

/// Stores a new profile; `false`: there is one already, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
) -> Result<bool, DbError> {
    let details = &profile.details;
    let inserted = sqlx::query!(
        "INSERT INTO tenant_profile (tenant_id, legal_name, registration_number, tax_number,
                                     time_zone, home_currency, calendar_code, language,
                                     rate_max_age_days, address, sender, payee_accounts,
                                     created_time, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        details.legal_name,
        details.registration_number,
        details.tax_number,
        profile.zone.name(),
        profile.home_currency.code(),
        details.calendar_code,
        details.language.as_str(),
        i32::from(details.rate_max_age_days),
        row::to_json(&details.address)?,
        row::to_json(&details.sender)?,
        row::to_json(&details.payee_accounts)?,
        profile.created_time.to_sqlx() as _,
        profile.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what of a profile may change, and its version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
) -> Result<(), DbError> {
    let details = &profile.details;
    sqlx::query!(
        "UPDATE tenant_profile
            SET legal_name = $2, registration_number = $3, tax_number = $4, calendar_code = $5,
                language = $6, rate_max_age_days = $7, address = $8, sender = $9,
                payee_accounts = $10, version = $11
          WHERE tenant_id = $1",
        tenant.uuid(),
        details.legal_name,
        details.registration_number,
        details.tax_number,
        details.calendar_code,
        details.language.as_str(),
        i32::from(details.rate_max_age_days),
        row::to_json(&details.address)?,
        row::to_json(&details.sender)?,
        row::to_json(&details.payee_accounts)?,
        profile.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The profile, to read.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<TenantProfile>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT legal_name, registration_number, tax_number, time_zone, home_currency,
                calendar_code, language, rate_max_age_days, address, sender, payee_accounts,
                created_time, version
           FROM tenant_profile WHERE tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_profile)
    .transpose()
}

/// The profile, for who changes it or publishes a policy: alone.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<TenantProfile>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT legal_name, registration_number, tax_number, time_zone, home_currency,
                calendar_code, language, rate_max_age_days, address, sender, payee_accounts,
                created_time, version
           FROM tenant_profile WHERE tenant_id = $1 FOR UPDATE",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_profile)
    .transpose()
}

/// The profile, for who writes customers: together with others who do, while nobody publishes.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn share_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<TenantProfile>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT legal_name, registration_number, tax_number, time_zone, home_currency,
                calendar_code, language, rate_max_age_days, address, sender, payee_accounts,
                created_time, version
           FROM tenant_profile WHERE tenant_id = $1 FOR SHARE",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_profile)
    .transpose()
}
