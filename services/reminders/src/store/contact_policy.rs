//! Contact policies. Dated data, only added to.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use calendar::Date;

use super::row;
use crate::domain::contact::ContactPolicy;
use crate::domain::debtor::DebtorKind;
use crate::domain::id::ContactPolicyId;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    contact_policy_id: Uuid,
    definition: Value,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_policy(self) -> Result<ContactPolicy, DbError> {
        Ok(ContactPolicy {
            contact_policy_id: ContactPolicyId::new(self.contact_policy_id),
            definition: row::from_json("definition", self.definition)?,
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
        })
    }
}

/// Stores a new policy; `false`: country and kind have one from the same day, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    policy: &ContactPolicy,
) -> Result<bool, DbError> {
    let definition = &policy.definition;
    let inserted = sqlx::query!(
        "INSERT INTO contact_policy (tenant_id, contact_policy_id, country_code, debtor_kind,
                                     valid_from_date, definition, created_time, created_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT (tenant_id, country_code, debtor_kind, valid_from_date) DO NOTHING",
        tenant.uuid(),
        policy.contact_policy_id.uuid(),
        definition.country_code,
        definition.debtor_kind.map(DebtorKind::name),
        definition.valid_from_date.to_sqlx() as _,
        row::to_json(definition)?,
        policy.created_time.to_sqlx() as _,
        policy.created_by,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// One policy.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    contact_policy_id: ContactPolicyId,
) -> Result<Option<ContactPolicy>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT contact_policy_id, definition, created_time, created_by
           FROM contact_policy WHERE tenant_id = $1 AND contact_policy_id = $2",
        tenant.uuid(),
        contact_policy_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_policy)
    .transpose()
}

/// The policies of exactly this country and kind, none standing for any.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_scope_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    country_code: Option<&str>,
    debtor_kind: Option<DebtorKind>,
) -> Result<Vec<ContactPolicy>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT contact_policy_id, definition, created_time, created_by
           FROM contact_policy
          WHERE tenant_id = $1 AND country_code IS NOT DISTINCT FROM $2
            AND debtor_kind IS NOT DISTINCT FROM $3
          ORDER BY valid_from_date",
        tenant.uuid(),
        country_code,
        debtor_kind.map(DebtorKind::name),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_policy)
    .collect()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only for this country.
    pub country_code: Option<String>,
    /// Only for this kind of debtor.
    pub debtor_kind: Option<DebtorKind>,
    /// Only those in force on this day.
    pub in_force_date: Option<Date>,
}

/// Where a listing goes on: the last policy that was shown. An absent country or kind is empty.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    country: String,
    kind: String,
    from: Date,
}

impl Place {
    /// The place of a policy.
    #[must_use]
    pub fn of(policy: &ContactPolicy) -> Self {
        let definition = &policy.definition;
        let kind = definition.debtor_kind.map(DebtorKind::name);
        Self {
            country: definition.country_code.clone().unwrap_or_default(),
            kind: kind.unwrap_or_default().to_owned(),
            from: definition.valid_from_date,
        }
    }
}

/// Policies behind a place: by country, then kind, then day, newest first; those for any first. In
/// force on a day is, of each country and kind, the one with the latest day that has come.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<ContactPolicy>, DbError> {
    let in_force = filter.in_force_date.map(|day| day.to_sqlx());
    sqlx::query_as!(
        Row,
        r#"SELECT contact_policy_id, definition, created_time, created_by
             FROM contact_policy listed
            WHERE tenant_id = $1
              AND ($2::text IS NULL OR country_code = $2)
              AND ($3::text IS NULL OR debtor_kind = $3)
              AND ($4::date IS NULL OR valid_from_date = (
                      SELECT max(valid_from_date) FROM contact_policy other
                       WHERE other.tenant_id = $1
                         AND other.country_code IS NOT DISTINCT FROM listed.country_code
                         AND other.debtor_kind IS NOT DISTINCT FROM listed.debtor_kind
                         AND other.valid_from_date <= $4))
              AND ($5::text IS NULL
                   OR (coalesce(country_code, ''), coalesce(debtor_kind, '')) > ($5, $6::text)
                   OR ((coalesce(country_code, ''), coalesce(debtor_kind, '')) = ($5, $6::text)
                       AND valid_from_date < $7::date))
            ORDER BY coalesce(country_code, ''), coalesce(debtor_kind, ''), valid_from_date DESC
            LIMIT $8"#,
        tenant.uuid(),
        filter.country_code,
        filter.debtor_kind.map(DebtorKind::name),
        in_force as _,
        after.map(|place| place.country.as_str()),
        after.map(|place| place.kind.as_str()),
        after.map(|place| place.from.to_sqlx()) as _,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_policy)
    .collect()
}
