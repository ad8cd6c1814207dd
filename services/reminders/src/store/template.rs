//! Templates: the names under which versions of words stand. Whoever changes one holds its row.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::code::Code;
use crate::domain::debtor::Channel;
use crate::domain::id::TemplateId;
use crate::domain::template::Template;

struct Row {
    template_id: Uuid,
    template_code: String,
    display_name: String,
    channel: String,
    active_version: Option<i32>,
    latest_version: i32,
    created_time: jiff_sqlx::Timestamp,
    revision: i64,
}

impl Row {
    fn into_template(self) -> Result<Template, DbError> {
        Ok(Template {
            template_id: TemplateId::new(self.template_id),
            template_code: row::named("template_code", &self.template_code)?,
            display_name: self.display_name,
            channel: row::named("channel", &self.channel)?,
            active_version: self.active_version,
            latest_version: self.latest_version,
            created_time: self.created_time.to_jiff(),
            revision: self.revision,
        })
    }
}

/// How a template is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// By its identity.
    Id(TemplateId),
    /// By its short name.
    Code(Code),
}

/// Stores a new template; `false`: its code is taken, and nothing is written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    template: &Template,
) -> Result<bool, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO template (tenant_id, template_id, template_code, display_name, channel,
                               active_version, latest_version, created_time, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT ON CONSTRAINT template_code_taken DO NOTHING",
        tenant.uuid(),
        template.template_id.uuid(),
        template.template_code.as_str(),
        template.display_name,
        template.channel.name(),
        template.active_version,
        template.latest_version,
        template.created_time.to_sqlx() as _,
        template.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Stores which versions a template has.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    template: &Template,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE template SET active_version = $3, latest_version = $4, revision = $5
          WHERE tenant_id = $1 AND template_id = $2",
        tenant.uuid(),
        template.template_id.uuid(),
        template.active_version,
        template.latest_version,
        template.revision,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A template, locked until the transaction ends.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    template_id: TemplateId,
) -> Result<Option<Template>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT template_id, template_code, display_name, channel, active_version, latest_version,
                created_time, revision
           FROM template WHERE tenant_id = $1 AND template_id = $2 FOR UPDATE",
        tenant.uuid(),
        template_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_template)
    .transpose()
}

/// A template, to read.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    key: &Key,
) -> Result<Option<Template>, DbError> {
    let (template_id, template_code) = match key {
        Key::Id(id) => (Some(id.uuid()), None),
        Key::Code(code) => (None, Some(code.as_str())),
    };
    sqlx::query_as!(
        Row,
        "SELECT template_id, template_code, display_name, channel, active_version, latest_version,
                created_time, revision
           FROM template
          WHERE tenant_id = $1 AND (template_id = $2 OR template_code = $3)",
        tenant.uuid(),
        template_id,
        template_code,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_template)
    .transpose()
}

/// Templates behind a code, by code; only of one channel, if one is named.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    channel: Option<Channel>,
    after: Option<&String>,
    limit: i64,
) -> Result<Vec<Template>, DbError> {
    sqlx::query_as!(
        Row,
        r#"SELECT template_id, template_code, display_name, channel, active_version,
                  latest_version, created_time, revision
             FROM template
            WHERE tenant_id = $1 AND ($2::text IS NULL OR channel = $2)
              AND ($3::text IS NULL OR template_code COLLATE "C" > $3)
            ORDER BY template_code COLLATE "C" LIMIT $4"#,
        tenant.uuid(),
        channel.map(Channel::name),
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_template)
    .collect()
}

/// The channels of the templates with a version in force, by code.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn active_channels_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
) -> Result<BTreeMap<Code, Channel>, DbError> {
    let rows = sqlx::query!(
        "SELECT template_code, channel FROM template
          WHERE tenant_id = $1 AND active_version IS NOT NULL",
        tenant.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|found| {
            let code: Code = row::named("template_code", &found.template_code)?;
            Ok((code, row::named("channel", &found.channel)?))
        })
        .collect()
}
