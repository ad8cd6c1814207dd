//! Credit policies by version. Append-only.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;

use super::row;
use crate::domain::{CreditPolicy, PolicyCode};

struct Row {
    policy_code: String,
    version: i32,
    valid_from_date: jiff_sqlx::Date,
    segments: Value,
    note: String,
    published_by: String,
    published_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_policy(self) -> Result<CreditPolicy, DbError> {
        Ok(CreditPolicy {
            policy_code: row::read("policy code", PolicyCode::try_new(&self.policy_code))?,
            version: self.version,
            valid_from_date: self.valid_from_date.to_jiff(),
            segments: row::from_json("policy", self.segments)?,
            note: self.note,
            published_by: self.published_by,
            published_time: self.published_time.to_jiff(),
        })
    }
}

/// Stores a version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy: &CreditPolicy,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO credit_policy (tenant_id, policy_code, version, valid_from_date, segments,
                                    note, published_by, published_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        tenant.uuid(),
        policy.policy_code.as_str(),
        policy.version,
        policy.valid_from_date.to_sqlx() as _,
        row::to_json(&policy.segments)?,
        policy.note,
        policy.published_by,
        policy.published_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// All versions of a policy, oldest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn versions_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy_code: &PolicyCode,
) -> Result<Vec<CreditPolicy>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT policy_code, version, valid_from_date, segments, note, published_by,
                published_time
           FROM credit_policy WHERE tenant_id = $1 AND policy_code = $2 ORDER BY version",
        tenant.uuid(),
        policy_code.as_str(),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_policy)
    .collect()
}

/// Versions behind a code and version, by code, the latest first; only of one policy, if one is
/// named.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy_code: Option<&PolicyCode>,
    after: Option<&(String, i32)>,
    limit: i64,
) -> Result<Vec<CreditPolicy>, DbError> {
    sqlx::query_as!(
        Row,
        r#"SELECT policy_code, version, valid_from_date, segments, note, published_by,
                  published_time
             FROM credit_policy
            WHERE tenant_id = $1 AND ($2::text IS NULL OR policy_code = $2)
              AND ($3::text IS NULL OR policy_code COLLATE "C" > $3
                   OR (policy_code = $3 AND version < $4))
            ORDER BY policy_code COLLATE "C", version DESC LIMIT $5"#,
        tenant.uuid(),
        policy_code.map(PolicyCode::as_str),
        after.map(|(code, _)| code.as_str()),
        after.map(|(_, version)| *version),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_policy)
    .collect()
}
