//! Versions of templates. The words are written once; where a version stands changes under the lock
//! of its template.

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use serde_json::Value;
use uuid::Uuid;

use super::row;
use crate::domain::code::Code;
use crate::domain::id::TemplateId;
use crate::domain::template::TemplateVersion;

struct Row {
    template_id: Uuid,
    template_code: String,
    version: i32,
    state: String,
    words: Value,
    change_note: String,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    activated_time: Option<jiff_sqlx::Timestamp>,
    activated_by: Option<String>,
}

impl Row {
    fn into_version(self) -> Result<TemplateVersion, DbError> {
        Ok(TemplateVersion {
            template_id: TemplateId::new(self.template_id),
            template_code: row::named("template_code", &self.template_code)?,
            version: self.version,
            state: row::named("state", &self.state)?,
            words: row::from_json("words", self.words)?,
            change_note: self.change_note,
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
            activated: row::time(self.activated_time).zip(self.activated_by),
        })
    }
}

/// Versions with the code of their template.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT template_id, template_code, version, state, words, change_note,
                      version.created_time, created_by, activated_time, activated_by
                 FROM template_version version
                 JOIN template USING (tenant_id, template_id) "# + $rest,
            $($arguments)*
        )
    };
}

/// Stores a new version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &TemplateVersion,
) -> Result<(), DbError> {
    let activated = version.activated.as_ref();
    sqlx::query!(
        "INSERT INTO template_version (tenant_id, template_id, version, state, words, change_note,
                                       created_time, created_by, activated_time, activated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        tenant.uuid(),
        version.template_id.uuid(),
        version.version,
        version.state.name(),
        row::to_json(&version.words)?,
        version.change_note,
        version.created_time.to_sqlx() as _,
        version.created_by,
        activated.map(|(time, _)| time.to_sqlx()) as _,
        activated.map(|(_, by)| by),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores where a version stands.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    version: &TemplateVersion,
) -> Result<(), DbError> {
    let activated = version.activated.as_ref();
    sqlx::query!(
        "UPDATE template_version SET state = $4, activated_time = $5, activated_by = $6
          WHERE tenant_id = $1 AND template_id = $2 AND version = $3",
        tenant.uuid(),
        version.template_id.uuid(),
        version.version,
        version.state.name(),
        activated.map(|(time, _)| time.to_sqlx()) as _,
        activated.map(|(_, by)| by),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// One version.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    template_id: TemplateId,
    version: i32,
) -> Result<Option<TemplateVersion>, DbError> {
    select!(
        "WHERE tenant_id = $1 AND template_id = $2 AND version = $3",
        tenant.uuid(),
        template_id.uuid(),
        version,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_version)
    .transpose()
}

/// The version in force of the template of a code: the words a step is written with.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn active_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    template_code: &Code,
) -> Result<Option<TemplateVersion>, DbError> {
    select!(
        "WHERE tenant_id = $1 AND template_code = $2 AND state = 'ACTIVE'",
        tenant.uuid(),
        template_code.as_str(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_version)
    .transpose()
}

/// Versions of a template below a number, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    template_id: TemplateId,
    below: Option<&i32>,
    limit: i64,
) -> Result<Vec<TemplateVersion>, DbError> {
    select!(
        "WHERE tenant_id = $1 AND template_id = $2 AND ($3::integer IS NULL OR version < $3)
              ORDER BY version DESC LIMIT $4",
        tenant.uuid(),
        template_id.uuid(),
        below,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_version)
    .collect()
}
