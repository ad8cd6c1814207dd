//! Who the tenant is, as credit's feed tells: as whom reminders are written.

use calendar::Zone;
use postgres::{DbError, TenantId, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::row;
use crate::domain::content::{Account, Sender};

/// As whom reminders are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantProfile {
    /// Name of the legal entity.
    pub legal_name: String,
    /// Its address, in lines.
    pub postal_lines: Vec<String>,
    /// The tenant's days begin and end in it.
    pub zone: Zone,
    /// ISO 4217.
    pub home_currency: String,
    /// The calendar of its business days.
    pub calendar_code: String,
    /// BCP 47.
    pub language: String,
    /// Name in the From of mails.
    pub sender_name: String,
    /// Address in the From of mails.
    pub sender_email: String,
    /// Where answers go.
    pub reply_to_email: Option<String>,
    /// Telephone for questions.
    pub sender_phone: Option<String>,
    /// Where to pay to, the preferred account of a currency first.
    pub payee_accounts: Vec<PayeeAccount>,
    /// Of two the higher counts.
    pub version: i64,
}

/// An account to pay to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeAccount {
    /// In whose name.
    pub holder_name: String,
    /// IBAN or national number.
    pub account_number: String,
    /// BIC or national code.
    pub bank_code: String,
    /// Name of the bank.
    pub bank_name: String,
    /// ISO 4217.
    pub currency_code: String,
}

struct Row {
    legal_name: String,
    postal_lines: Vec<String>,
    time_zone: String,
    home_currency: String,
    calendar_code: String,
    language: String,
    sender_name: String,
    sender_email: String,
    reply_to_email: Option<String>,
    sender_phone: Option<String>,
    payee_accounts: Value,
    version: i64,
}

impl Row {
    fn into_profile(self) -> Result<TenantProfile, DbError> {
        Ok(TenantProfile {
            legal_name: self.legal_name,
            postal_lines: self.postal_lines,
            zone: row::read("time_zone", Zone::parse(&self.time_zone))?,
            home_currency: self.home_currency,
            calendar_code: self.calendar_code,
            language: self.language,
            sender_name: self.sender_name,
            sender_email: self.sender_email,
            reply_to_email: self.reply_to_email,
            sender_phone: self.sender_phone,
            payee_accounts: row::from_json("payee_accounts", self.payee_accounts)?,
            version: self.version,
        })
    }
}

/// Takes over what the feed tells, unless it is older than what is known (P24).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO tenant_profile (tenant_id, legal_name, postal_lines, time_zone, home_currency,
                                     calendar_code, language, sender_name, sender_email,
                                     reply_to_email, sender_phone, payee_accounts, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
         ON CONFLICT (tenant_id) DO UPDATE
            SET legal_name = EXCLUDED.legal_name, postal_lines = EXCLUDED.postal_lines,
                time_zone = EXCLUDED.time_zone, home_currency = EXCLUDED.home_currency,
                calendar_code = EXCLUDED.calendar_code, language = EXCLUDED.language,
                sender_name = EXCLUDED.sender_name, sender_email = EXCLUDED.sender_email,
                reply_to_email = EXCLUDED.reply_to_email, sender_phone = EXCLUDED.sender_phone,
                payee_accounts = EXCLUDED.payee_accounts, version = EXCLUDED.version
          WHERE tenant_profile.version < EXCLUDED.version",
        tenant.uuid(),
        profile.legal_name,
        &profile.postal_lines,
        profile.zone.name(),
        profile.home_currency,
        profile.calendar_code,
        profile.language,
        profile.sender_name,
        profile.sender_email,
        profile.reply_to_email,
        profile.sender_phone,
        row::to_json(&profile.payee_accounts)?,
        profile.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The profile, if the feed has told of it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<Option<TenantProfile>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT legal_name, postal_lines, time_zone, home_currency, calendar_code, language,
                sender_name, sender_email, reply_to_email, sender_phone, payee_accounts, version
           FROM tenant_profile WHERE tenant_id = $1",
        tenant.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_profile)
    .transpose()
}

/// As templates tell of it.
impl From<&TenantProfile> for Sender {
    fn from(profile: &TenantProfile) -> Self {
        let account = |account: &PayeeAccount| Account {
            currency_code: account.currency_code.clone(),
            account: account.account_number.clone(),
            bank_name: account.bank_name.clone(),
        };
        Self {
            name: profile.sender_name.clone(),
            email: profile
                .reply_to_email
                .as_ref()
                .unwrap_or(&profile.sender_email)
                .clone(),
            phone: profile.sender_phone.clone().unwrap_or_default(),
            address: profile.postal_lines.clone(),
            bank_accounts: profile.payee_accounts.iter().map(account).collect(),
        }
    }
}
