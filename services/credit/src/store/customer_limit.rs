//! Limits that were set for one customer. Append-only: the latest counts.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Decimal;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{CreditLimit, CustomerId, CustomerLimit};

/// The limit that was set last for a customer; `None`: none was, or it was given back to the policy.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<CustomerLimit>, DbError> {
    let found = find_all_in_tx(tx, tenant, [customer_id]).await?;
    Ok(found.into_values().next())
}

/// As [`find_in_tx`], of those of several customers for whom one was set.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeMap<CustomerId, CustomerLimit>, DbError> {
    let rows = sqlx::query!(
        "SELECT DISTINCT ON (customer_id) customer_id, by_policy, amount, currency,
                valid_until_date, reason, set_by, set_time
           FROM customer_limit WHERE tenant_id = $1 AND customer_id = ANY ($2)
          ORDER BY customer_id, version DESC",
        tenant.uuid(),
        &row::ids(customers),
    )
    .fetch_all(&mut **tx)
    .await?;
    let own = rows.into_iter().filter(|found| !found.by_policy);
    let limits = own.map(|found| {
        let limit = CustomerLimit {
            credit_limit: limit(found.amount, found.currency.as_deref())?,
            valid_until_date: row::date(found.valid_until_date),
            reason: found.reason,
            set_by: found.set_by,
            set_time: found.set_time.to_jiff(),
        };
        Ok((CustomerId(found.customer_id), limit))
    });
    limits.collect()
}

/// How often a limit was set for a customer: the version of what is in force.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn version_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<i64, DbError> {
    let version = sqlx::query_scalar!(
        r#"SELECT coalesce(max(version), 0) AS "version!" FROM customer_limit
            WHERE tenant_id = $1 AND customer_id = $2"#,
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(version)
}

/// A limit that is set or given back, by whom and why.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    /// The limit; `None`: the policy's holds again.
    pub limit: Option<&'a CustomerLimit>,
    /// Why. Personal data.
    pub reason: &'a str,
    /// Who.
    pub set_by: &'a str,
    /// When.
    pub set_time: Timestamp,
}

/// Adds the setting of version `version`.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    version: i64,
    setting: &Setting<'_>,
) -> Result<(), DbError> {
    let amount = setting.limit.and_then(|limit| match limit.credit_limit {
        CreditLimit::Amount(amount) => Some(amount),
        CreditLimit::NoLimit => None,
    });
    let until = setting.limit.and_then(|limit| limit.valid_until_date);
    sqlx::query!(
        "INSERT INTO customer_limit (tenant_id, customer_id, version, by_policy, amount, currency,
                                     valid_until_date, reason, set_by, set_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        customer_id.0,
        version,
        setting.limit.is_none(),
        amount.map(|amount| amount.amount()),
        amount.map(|amount| amount.currency().to_string()),
        until.map(|day| day.to_sqlx()) as _,
        setting.reason,
        setting.set_by,
        setting.set_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn limit(amount: Option<Decimal>, currency: Option<&str>) -> Result<CreditLimit, DbError> {
    match (amount, currency) {
        (Some(amount), Some(currency)) => Ok(CreditLimit::Amount(row::money(amount, currency)?)),
        _ => Ok(CreditLimit::NoLimit),
    }
}
