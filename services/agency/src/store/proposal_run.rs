//! Proposal runs and their customers; what each customer came to stands beneath.

mod item;

use std::collections::BTreeMap;

use calendar::{Date, Timestamp};
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::identity::{CustomerId, ProposalRunId};
use crate::domain::proposal_run::{ProposalRun, ProposalRunState};

pub use item::{Item, insert_item_in_tx, list_items_in_tx};

/// A run with how far it has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRun {
    /// The run.
    pub run: ProposalRun,
    /// Only these customers; none: all with something overdue.
    pub only: Option<Vec<CustomerId>>,
    /// The last customer that was judged.
    pub last_customer_id: Option<CustomerId>,
}

struct Row {
    proposal_run_id: Uuid,
    run_date: jiff_sqlx::Date,
    policy_version: i32,
    validate_only: bool,
    state: String,
    only_customer_ids: Option<Vec<Uuid>>,
    last_customer_id: Option<Uuid>,
    customer_count: i32,
    judged_count: i32,
    proposed_count: i32,
    excluded_count: i32,
    created_time: jiff_sqlx::Timestamp,
    created_by: String,
    completed_time: Option<jiff_sqlx::Timestamp>,
    version: i64,
}

impl Row {
    fn into_run(self, sums: &mut Sums) -> Result<StoredRun, DbError> {
        let only = self.only_customer_ids;
        Ok(StoredRun {
            run: ProposalRun {
                proposal_run_id: ProposalRunId::new(self.proposal_run_id),
                run_date: self.run_date.to_jiff(),
                policy_version: self.policy_version,
                validate_only: self.validate_only,
                state: row::named("state", ProposalRunState::from_name(&self.state))?,
                customer_count: self.customer_count,
                judged_count: self.judged_count,
                proposed_count: self.proposed_count,
                excluded_count: self.excluded_count,
                proposed_amounts: sums.remove(&self.proposal_run_id).unwrap_or_default(),
                created_time: self.created_time.to_jiff(),
                created_by: self.created_by,
                completed_time: row::instant(self.completed_time),
                version: self.version,
            },
            only: only.map(|ids| ids.into_iter().map(CustomerId::new).collect()),
            last_customer_id: self.last_customer_id.map(CustomerId::new),
        })
    }
}

/// Stores a new run.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    stored: &StoredRun,
) -> Result<(), DbError> {
    let run = &stored.run;
    let only: Option<Vec<Uuid>> = stored
        .only
        .as_ref()
        .map(|ids| ids.iter().map(|id| id.uuid()).collect());
    sqlx::query!(
        "INSERT INTO proposal_run (tenant_id, proposal_run_id, run_date, policy_version,
                                   validate_only, state, only_customer_ids, customer_count,
                                   judged_count, proposed_count, excluded_count, created_time,
                                   created_by, version)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
        tenant.uuid(),
        run.proposal_run_id.uuid(),
        run.run_date.to_sqlx() as _,
        run.policy_version,
        run.validate_only,
        run.state.name(),
        only.as_deref(),
        run.customer_count,
        run.judged_count,
        run.proposed_count,
        run.excluded_count,
        run.created_time.to_sqlx() as _,
        run.created_by,
        run.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores how far a run has come.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    stored: &StoredRun,
) -> Result<(), DbError> {
    let run = &stored.run;
    sqlx::query!(
        "UPDATE proposal_run
            SET state = $3, last_customer_id = $4, customer_count = $5, judged_count = $6,
                proposed_count = $7, excluded_count = $8, completed_time = $9, version = $10
          WHERE tenant_id = $1 AND proposal_run_id = $2",
        tenant.uuid(),
        run.proposal_run_id.uuid(),
        run.state.name(),
        stored.last_customer_id.map(CustomerId::uuid),
        run.customer_count,
        run.judged_count,
        run.proposed_count,
        run.excluded_count,
        run.completed_time.map(|time| time.to_sqlx()) as _,
        run.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A run, locked.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    run_id: ProposalRunId,
) -> Result<Option<StoredRun>, DbError> {
    sqlx::query_scalar!(
        "SELECT version FROM proposal_run
          WHERE tenant_id = $1 AND proposal_run_id = $2 FOR UPDATE",
        tenant.uuid(),
        run_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    find_in_tx(tx, tenant, run_id).await
}

/// A run, to read.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    run_id: ProposalRunId,
) -> Result<Option<StoredRun>, DbError> {
    let row = sqlx::query_as!(
        Row,
        "SELECT proposal_run_id, run_date, policy_version, validate_only, state,
                only_customer_ids, last_customer_id, customer_count, judged_count,
                proposed_count, excluded_count, created_time, created_by, completed_time, version
           FROM proposal_run WHERE tenant_id = $1 AND proposal_run_id = $2",
        tenant.uuid(),
        run_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    let found = with_sums_in_tx(tx, tenant, row.into_iter().collect()).await?;
    Ok(found.into_iter().next())
}

/// Runs behind an instant and identity, newest first.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    validate_only: Option<bool>,
    after: Option<&(Timestamp, Uuid)>,
    limit: i64,
) -> Result<Vec<ProposalRun>, DbError> {
    let rows = sqlx::query_as!(
        Row,
        "SELECT proposal_run_id, run_date, policy_version, validate_only, state,
                only_customer_ids, last_customer_id, customer_count, judged_count,
                proposed_count, excluded_count, created_time, created_by, completed_time, version
           FROM proposal_run
          WHERE tenant_id = $1 AND ($2::boolean IS NULL OR validate_only = $2)
            AND ($3::timestamptz IS NULL OR (created_time, proposal_run_id) < ($3, $4::uuid))
          ORDER BY created_time DESC, proposal_run_id DESC LIMIT $5",
        tenant.uuid(),
        validate_only,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, run_id)| *run_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    let found = with_sums_in_tx(tx, tenant, rows).await?;
    Ok(found.into_iter().map(|stored| stored.run).collect())
}

type Sums = BTreeMap<Uuid, BTreeMap<Currency, Money>>;

async fn with_sums_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rows: Vec<Row>,
) -> Result<Vec<StoredRun>, DbError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.proposal_run_id).collect();
    let found = sqlx::query!(
        r#"SELECT proposal_run_id, currency_code, sum(amount) AS "amount!" FROM proposal_item
            WHERE tenant_id = $1 AND proposal_run_id = ANY ($2) AND outcome = 'PROPOSED'
            GROUP BY proposal_run_id, currency_code"#,
        tenant.uuid(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut sums = Sums::new();
    for row in found {
        let currency = row::currency(&row.currency_code)?;
        let of_run = sums.entry(row.proposal_run_id).or_default();
        of_run.insert(currency, row::money(row.amount, currency)?);
    }
    rows.into_iter()
        .map(|row| row.into_run(&mut sums))
        .collect()
}

/// How many customers have something overdue on a day.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn count_customers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    only: Option<&[CustomerId]>,
    run_date: Date,
) -> Result<i32, DbError> {
    let only: Option<Vec<Uuid>> = only.map(|ids| ids.iter().map(|id| id.uuid()).collect());
    Ok(sqlx::query_scalar!(
        r#"SELECT count(DISTINCT customer_id)::int AS "count!" FROM known_invoice
            WHERE tenant_id = $1 AND oldest_due_date < $2
              AND ($3::uuid[] IS NULL OR customer_id = ANY ($3))"#,
        tenant.uuid(),
        run_date.to_sqlx() as _,
        only.as_deref(),
    )
    .fetch_one(&mut **tx)
    .await?)
}

/// The next customers of a run with something overdue, in the order of their identities.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn next_customers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    stored: &StoredRun,
    limit: i64,
) -> Result<Vec<CustomerId>, DbError> {
    let only: Option<Vec<Uuid>> = stored
        .only
        .as_ref()
        .map(|ids| ids.iter().map(|id| id.uuid()).collect());
    let found = sqlx::query_scalar!(
        "SELECT DISTINCT customer_id FROM known_invoice
          WHERE tenant_id = $1 AND oldest_due_date < $2
            AND ($3::uuid[] IS NULL OR customer_id = ANY ($3))
            AND ($4::uuid IS NULL OR customer_id > $4)
          ORDER BY customer_id LIMIT $5",
        tenant.uuid(),
        stored.run.run_date.to_sqlx() as _,
        only.as_deref(),
        stored.last_customer_id.map(CustomerId::uuid),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(CustomerId::new).collect())
}
