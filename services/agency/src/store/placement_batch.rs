//! Batches of placements and their files. Who writes a new one holds the agency's row.

use std::collections::BTreeMap;

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::batch_file::BatchFile;
use crate::domain::identity::{AgencyId, PlacementBatchId, PlacementId};
use crate::domain::placement_batch::{PlacementBatch, PlacementBatchState, Tally};

struct Row {
    placement_batch_id: Uuid,
    agency_id: Uuid,
    batch_number: i32,
    state: String,
    placement_count: i32,
    active_count: i32,
    withdrawn_count: i32,
    invoice_count: i32,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    placed_time: Option<jiff_sqlx::Timestamp>,
    acknowledged_time: Option<jiff_sqlx::Timestamp>,
    acknowledged_count: Option<i32>,
    version: i64,
}

impl Row {
    fn into_batch(self, sums: &mut Sums) -> Result<PlacementBatch, DbError> {
        let id = self.placement_batch_id;
        let mut amounts = |side: &str| sums.remove(&(id, side.to_owned())).unwrap_or_default();
        Ok(PlacementBatch {
            placement_batch_id: PlacementBatchId::new(id),
            agency_id: AgencyId::new(self.agency_id),
            batch_number: self.batch_number,
            state: row::named("state", PlacementBatchState::from_name(&self.state))?,
            placement_count: self.placement_count,
            withdrawn_count: self.withdrawn_count,
            invoice_count: self.invoice_count,
            handed_over: Tally {
                placement_count: self.active_count,
                amounts: amounts(HANDED_OVER),
            },
            created_time: self.created_time.to_jiff(),
            created_by: self.created_by,
            placed_time: row::instant(self.placed_time),
            acknowledged_time: row::instant(self.acknowledged_time),
            acknowledgement: self.acknowledged_count.map(|placement_count| Tally {
                placement_count,
                amounts: amounts(ACKNOWLEDGED),
            }),
            version: self.version,
        })
    }
}

const HANDED_OVER: &str = "HANDED_OVER";
const ACKNOWLEDGED: &str = "ACKNOWLEDGED";

type Sums = BTreeMap<(Uuid, String), BTreeMap<money::Currency, money::Money>>;

/// The number that the next batch of an agency gets: no gap, as the agency's row is held.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn next_number_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
) -> Result<i32, DbError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT coalesce(max(batch_number), 0) + 1 AS "next!" FROM placement_batch
            WHERE tenant_id = $1 AND agency_id = $2"#,
        tenant.uuid(),
        agency_id.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// Stores a new batch.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    batch: &PlacementBatch,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO placement_batch (tenant_id, placement_batch_id, agency_id, batch_number,
                                      state, placement_count, active_count, withdrawn_count,
                                      invoice_count, created_time, created_by, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        tenant.uuid(),
        batch.placement_batch_id.uuid(),
        batch.agency_id.uuid(),
        batch.batch_number,
        batch.state.name(),
        batch.placement_count,
        batch.handed_over.placement_count,
        batch.withdrawn_count,
        batch.invoice_count,
        batch.created_time.to_sqlx() as _,
        batch.created_by,
        batch.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores how far a batch has come, with its sums.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    batch: &PlacementBatch,
) -> Result<(), DbError> {
    let acknowledged = batch.acknowledgement.as_ref();
    sqlx::query!(
        "UPDATE placement_batch
            SET state = $3, active_count = $4, withdrawn_count = $5, invoice_count = $6,
                placed_time = $7, acknowledged_time = $8, acknowledged_count = $9, version = $10
          WHERE tenant_id = $1 AND placement_batch_id = $2",
        tenant.uuid(),
        batch.placement_batch_id.uuid(),
        batch.state.name(),
        batch.handed_over.placement_count,
        batch.withdrawn_count,
        batch.invoice_count,
        batch.placed_time.map(|time| time.to_sqlx()) as _,
        batch.acknowledged_time.map(|time| time.to_sqlx()) as _,
        acknowledged.map(|said| said.placement_count),
        batch.version,
    )
    .execute(&mut **tx)
    .await?;
    let id = batch.placement_batch_id;
    write_sums_in_tx(tx, tenant, (id, HANDED_OVER), &batch.handed_over).await?;
    match acknowledged {
        Some(said) => write_sums_in_tx(tx, tenant, (id, ACKNOWLEDGED), said).await,
        None => Ok(()),
    }
}

async fn write_sums_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (id, side): (PlacementBatchId, &str),
    tally: &Tally,
) -> Result<(), DbError> {
    sqlx::query!(
        "DELETE FROM placement_batch_amount
          WHERE tenant_id = $1 AND placement_batch_id = $2 AND side = $3",
        tenant.uuid(),
        id.uuid(),
        side,
    )
    .execute(&mut **tx)
    .await?;
    for amount in tally.amounts.values() {
        sqlx::query!(
            "INSERT INTO placement_batch_amount (tenant_id, placement_batch_id, side,
                                                 currency_code, amount)
             VALUES ($1, $2, $3, $4, $5)",
            tenant.uuid(),
            id.uuid(),
            side,
            amount.currency().code(),
            amount.amount(),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// A batch, locked: its counts and sums follow its placements under this lock.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    id: PlacementBatchId,
) -> Result<Option<PlacementBatch>, DbError> {
    sqlx::query_scalar!(
        "SELECT version FROM placement_batch
          WHERE tenant_id = $1 AND placement_batch_id = $2 FOR UPDATE",
        tenant.uuid(),
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    find_in_tx(tx, tenant, id).await
}

/// A batch, to read.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    id: PlacementBatchId,
) -> Result<Option<PlacementBatch>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT placement_batch_id, agency_id, batch_number, state, placement_count,
                active_count, withdrawn_count, invoice_count, created_time, created_by,
                placed_time, acknowledged_time, acknowledged_count, version
           FROM placement_batch WHERE tenant_id = $1 AND placement_batch_id = $2",
        tenant.uuid(),
        id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = with_sums_in_tx(tx, tenant, row.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

/// Batches behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    (agency_id, states): (Option<AgencyId>, &[PlacementBatchState]),
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<PlacementBatch>, DbError> {
    let states: Vec<String> = states.iter().map(|state| state.name().to_owned()).collect();
    let rows = sqlx::query_as!(
        Row,
        "SELECT placement_batch_id, agency_id, batch_number, state, placement_count,
                active_count, withdrawn_count, invoice_count, created_time, created_by,
                placed_time, acknowledged_time, acknowledged_count, version
           FROM placement_batch
          WHERE tenant_id = $1 AND ($2::uuid IS NULL OR agency_id = $2)
            AND (cardinality($3::text[]) = 0 OR state = ANY ($3))
            AND ($4::timestamptz IS NULL OR (created_time, placement_batch_id) < ($4, $5::uuid))
          ORDER BY created_time DESC, placement_batch_id DESC LIMIT $6",
        tenant.uuid(),
        agency_id.map(AgencyId::uuid),
        &states,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, id)| *id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    with_sums_in_tx(tx, tenant, rows).await
}

async fn with_sums_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<PlacementBatch>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.placement_batch_id).collect();
    let found = sqlx::query!(
        "SELECT placement_batch_id, side, currency_code, amount FROM placement_batch_amount
          WHERE tenant_id = $1 AND placement_batch_id = ANY ($2)",
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut sums = Sums::new();
    for row in found {
        let currency = row::currency(&row.currency_code)?;
        let of_side = sums.entry((row.placement_batch_id, row.side)).or_default();
        of_side.insert(currency, row::money(row.amount, currency)?);
    }
    rows.into_iter()
        .map(|row| row.into_batch(&mut sums))
        .collect()
}

/// The placements of a batch, in the order of their identities.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn placements_of_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    id: PlacementBatchId,
) -> Result<Vec<PlacementId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND placement_batch_id = $2 ORDER BY placement_id",
        tenant.uuid(),
        id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(PlacementId::new).collect())
}

/// The placements of an agency that wait to be placed and that no batch has taken, those approved
/// first first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn approved_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    agency_id: AgencyId,
    limit: i64,
) -> Result<Vec<PlacementId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT placement_id FROM placement
          WHERE tenant_id = $1 AND agency_id = $2 AND state = 'APPROVED'
            AND placement_batch_id IS NULL
          ORDER BY judged_time, placement_id LIMIT $3",
        tenant.uuid(),
        agency_id.uuid(),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(PlacementId::new).collect())
}

/// Stores the file of a batch, for good.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_file_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    id: PlacementBatchId,
    file: &BatchFile,
) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO placement_batch_file (tenant_id, placement_batch_id, content, byte_count,
                                           sha256, row_count)
         VALUES ($1, $2, $3::bytea, length($3::bytea), decode($4, 'hex'), $5)",
        tenant.uuid(),
        id.uuid(),
        file.content,
        file.sha256_hex,
        file.row_count,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A part of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FilePart {
    /// The bytes; none: they went with a person.
    pub content: Option<Vec<u8>>,
    /// Bytes of the whole file.
    pub byte_count: i64,
    /// SHA-256 of the whole file, lower-case hexadecimal.
    pub sha256_hex: String,
    /// Rows of the whole file.
    pub row_count: i32,
}

/// The part of a file that begins behind `offset`, at most `limit` bytes.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_file_part_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    id: PlacementBatchId,
    (offset, limit): (i32, i32),
) -> Result<Option<FilePart>, DbError> {
    Ok(sqlx::query_as!(
        FilePart,
        r#"SELECT substring(content FROM $3 + 1 FOR $4) AS content, byte_count,
                  encode(sha256, 'hex') AS "sha256_hex!", row_count
             FROM placement_batch_file WHERE tenant_id = $1 AND placement_batch_id = $2"#,
        tenant.uuid(),
        id.uuid(),
        offset,
        limit,
    )
    .fetch_optional(&mut **tx)
    .await?)
}
