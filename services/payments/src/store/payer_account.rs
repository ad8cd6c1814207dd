//! For whom money came from an account before: learnt from matches, and forgotten with them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use crate::domain::CustomerId;

/// By how many matches each customer's claim to an account changes.
pub type Lessons = BTreeMap<(String, CustomerId), i32>;

/// Counts matches that stand, or no longer do. In key order; a claim that no match supports is
/// forgotten.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn learn_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    lessons: &Lessons,
    now: Timestamp,
) -> Result<(), DbError> {
    let learnt = |by: fn(i32) -> i32| -> (Vec<String>, Vec<Uuid>, Vec<i32>) {
        let counted = lessons.iter().filter(|(_, change)| by(**change) > 0);
        let mut columns = (Vec::new(), Vec::new(), Vec::new());
        for ((account, customer), change) in counted {
            columns.0.push(account.clone());
            columns.1.push(customer.0);
            columns.2.push(by(*change));
        }
        columns
    };
    let (accounts, customers, counts) = learnt(|change| change);
    sqlx::query!(
        "INSERT INTO payer_account AS p
                (tenant_id, account_key, customer_id, match_count, last_seen_time)
         SELECT $1, n.account_key, n.customer_id, n.count, $5
           FROM unnest($2::text[], $3::uuid[], $4::integer[]) AS n (account_key, customer_id, count)
         ON CONFLICT (tenant_id, account_key, customer_id) DO UPDATE
            SET match_count = p.match_count + excluded.match_count,
                last_seen_time = excluded.last_seen_time",
        tenant.uuid(),
        &accounts,
        &customers,
        &counts,
        now.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    let (accounts, customers, counts) = learnt(i32::saturating_neg);
    sqlx::query!(
        "UPDATE payer_account AS p SET match_count = greatest(p.match_count - n.count, 0)
           FROM unnest($2::text[], $3::uuid[], $4::integer[]) AS n (account_key, customer_id, count)
          WHERE p.tenant_id = $1 AND p.account_key = n.account_key
            AND p.customer_id = n.customer_id",
        tenant.uuid(),
        &accounts,
        &customers,
        &counts,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "DELETE FROM payer_account AS p
          USING unnest($2::text[], $3::uuid[]) AS n (account_key, customer_id)
          WHERE p.tenant_id = $1 AND p.account_key = n.account_key
            AND p.customer_id = n.customer_id AND p.match_count = 0",
        tenant.uuid(),
        &accounts,
        &customers,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The customers behind accounts, by account.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn customers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    account_keys: &[String],
) -> Result<BTreeMap<String, Vec<CustomerId>>, DbError> {
    let rows = sqlx::query!(
        "SELECT account_key, customer_id FROM payer_account
          WHERE tenant_id = $1 AND account_key = ANY ($2)
          ORDER BY account_key, customer_id",
        tenant.uuid(),
        account_keys,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut behind: BTreeMap<String, Vec<CustomerId>> = BTreeMap::new();
    for row in rows {
        let customers = behind.entry(row.account_key).or_default();
        customers.push(CustomerId(row.customer_id));
    }
    Ok(behind)
}
