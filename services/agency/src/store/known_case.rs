//! The projections of reminders: cases, how far reminding has come, and channels that customers
//! opted out of.

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::identity::{CaseId, CustomerId, InvoiceId};

/// Stores the case of a customer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    case_id: CaseId,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_case (tenant_id, customer_id, case_id) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        customer_id.uuid(),
        case_id.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The case of a customer, if reminders has announced it.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<CaseId>, DbError> {
    let case_id = sqlx::query_scalar!(
        "SELECT case_id FROM known_case WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(case_id.map(CaseId::new))
}

/// Stores the step that was taken for each invoice. A lower level than the one known begins a new
/// climb, whose last step has not been taken yet.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn step_taken_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    levels: &BTreeMap<InvoiceId, i32>,
    step_date: Date,
) -> Result<(), DbError> {
    let (ids, levels): (Vec<Uuid>, Vec<i32>) =
        levels.iter().map(|(id, level)| (id.uuid(), *level)).unzip();
    sqlx::query!(
        "INSERT INTO known_ladder (tenant_id, invoice_id, level, completed, last_step_date)
         SELECT $1, taken.invoice_id, taken.level, false, $4
           FROM unnest($2::uuid[], $3::int[]) AS taken (invoice_id, level)
         ON CONFLICT (tenant_id, invoice_id) DO UPDATE
            SET level = excluded.level, last_step_date = excluded.last_step_date,
                completed = known_ladder.completed AND known_ladder.level <= excluded.level",
        tenant.uuid(),
        &ids,
        &levels,
        step_date.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores that the last step was taken for an invoice.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn ladder_completed_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    invoice_id: InvoiceId,
    level: i32,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_ladder (tenant_id, invoice_id, level, completed)
         VALUES ($1, $2, $3, true)
         ON CONFLICT (tenant_id, invoice_id) DO UPDATE
            SET level = excluded.level, completed = true",
        tenant.uuid(),
        invoice_id.uuid(),
        level,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores what a customer said about a channel, unless a later word is known.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_consent_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    (channel, opted_out): (&str, bool),
    effective_time: Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO known_consent (tenant_id, customer_id, channel, opted_out, effective_time)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant_id, customer_id, channel) DO UPDATE
            SET opted_out = excluded.opted_out, effective_time = excluded.effective_time
          WHERE known_consent.effective_time <= excluded.effective_time",
        tenant.uuid(),
        customer_id.uuid(),
        channel,
        opted_out,
        effective_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The channels that each customer opted out of.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn opted_out_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_ids: &[CustomerId],
) -> Result<BTreeMap<CustomerId, BTreeSet<String>>, DbError> {
    let ids: Vec<Uuid> = customer_ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        "SELECT customer_id, channel FROM known_consent
          WHERE tenant_id = $1 AND customer_id = ANY ($2) AND opted_out",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut found: BTreeMap<CustomerId, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        let channels = found.entry(CustomerId::new(row.customer_id)).or_default();
        channels.insert(row.channel);
    }
    Ok(found)
}
