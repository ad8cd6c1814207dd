//! The tenant's accounts whose statements are read.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::{AccountNumber, BankAccount, BankAccountId};

struct Row {
    bank_account_id: Uuid,
    display_name: String,
    account_number: String,
    bank_code: String,
    currency_code: String,
    statements_until_date: Option<jiff_sqlx::Date>,
    created_time: jiff_sqlx::Timestamp,
    version: i64,
}

impl Row {
    fn into_account(self) -> Result<BankAccount, DbError> {
        Ok(BankAccount {
            bank_account_id: BankAccountId(self.bank_account_id),
            display_name: self.display_name,
            account_number: AccountNumber::stored(self.account_number),
            bank_code: self.bank_code,
            currency: row::currency(&self.currency_code)?,
            statements_until_date: row::date(self.statements_until_date),
            created_time: self.created_time.to_jiff(),
            version: self.version,
        })
    }
}

/// Stores a new account; `false`: its identity or number is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    account: &BankAccount,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO bank_account (tenant_id, bank_account_id, display_name, account_number,
                                   bank_code, currency_code, statements_until_date, created_time,
                                   version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        account.bank_account_id.0,
        account.display_name,
        account.account_number.as_str(),
        account.bank_code,
        account.currency.code(),
        account.statements_until_date.map(|day| day.to_sqlx()) as _,
        account.created_time.to_sqlx() as _,
        account.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores what can change of an account.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    account: &BankAccount,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE bank_account
            SET display_name = $3, bank_code = $4, statements_until_date = $5, version = $6
          WHERE tenant_id = $1 AND bank_account_id = $2",
        tenant.uuid(),
        account.bank_account_id.0,
        account.display_name,
        account.bank_code,
        account.statements_until_date.map(|day| day.to_sqlx()) as _,
        account.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// An account.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    bank_account_id: BankAccountId,
) -> Result<Option<BankAccount>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT bank_account_id, display_name, account_number, bank_code, currency_code,
                statements_until_date, created_time, version
           FROM bank_account WHERE tenant_id = $1 AND bank_account_id = $2",
        tenant.uuid(),
        bank_account_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_account)
    .transpose()
}

/// An account, for who changes it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    bank_account_id: BankAccountId,
) -> Result<Option<BankAccount>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT bank_account_id, display_name, account_number, bank_code, currency_code,
                statements_until_date, created_time, version
           FROM bank_account WHERE tenant_id = $1 AND bank_account_id = $2 FOR UPDATE",
        tenant.uuid(),
        bank_account_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_account)
    .transpose()
}

/// Accounts behind a name and identity, by name.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<&(String, Uuid)>,
    limit: i64,
) -> Result<Vec<BankAccount>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT bank_account_id, display_name, account_number, bank_code, currency_code,
                statements_until_date, created_time, version
           FROM bank_account
          WHERE tenant_id = $1
            AND ($2::text IS NULL OR (display_name, bank_account_id) > ($2, $3::uuid))
          ORDER BY display_name, bank_account_id LIMIT $4",
        tenant.uuid(),
        after.map(|(name, _)| name.as_str()),
        after.map(|(_, bank_account_id)| *bank_account_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_account)
    .collect()
}
