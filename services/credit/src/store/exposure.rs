//! What a customer uses of a limit, and the row that everybody who changes it locks first (P11).

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{CustomerId, Position};

/// The locked exposure of a customer.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    version: i64,
}

/// Locks the exposure of a customer for the rest of the transaction; `None`: there is no such
/// customer. What is read after it is current: everybody who changes it waits here.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Locked>, DbError> {
    let version = sqlx::query_scalar!(
        "SELECT version FROM exposure WHERE tenant_id = $1 AND customer_id = $2 FOR UPDATE",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(version.map(|version| Locked { version }))
}

/// Locks the exposures of customers for the rest of the transaction, in the order of their
/// identities; answers whose there are.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeSet<CustomerId>, DbError> {
    let locked = sqlx::query_scalar!(
        "SELECT customer_id FROM exposure WHERE tenant_id = $1 AND customer_id = ANY ($2)
          ORDER BY customer_id FOR UPDATE",
        tenant.uuid(),
        &row::ids(customers),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(locked.into_iter().map(CustomerId).collect())
}

/// After what is known of customers changed: counts anew since when anything is due that they do not
/// dispute as a whole, and raises the versions, so that an order that was decided on before must look
/// again.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn recount_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE exposure
            SET version = version + 1,
                oldest_due_date = (
                    SELECT min(item.due_date)
                      FROM known_invoice AS known
                      JOIN known_open_item AS item USING (tenant_id, invoice_id)
                     WHERE known.tenant_id = $1 AND known.customer_id = exposure.customer_id
                       AND known.open_amount > 0 AND known.open_amount > known.disputed_amount
                       AND item.closed_date IS NULL)
          WHERE tenant_id = $1 AND customer_id = ANY ($2)",
        tenant.uuid(),
        &row::ids(customers),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Raises the version of the exposure that was decided on, on the condition that it is still that
/// one; `false`: it is not, and nothing may be written.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn raise_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    locked: Locked,
) -> Result<bool, DbError> {
    let raised = sqlx::query!(
        "UPDATE exposure SET version = version + 1
          WHERE tenant_id = $1 AND customer_id = $2 AND version = $3",
        tenant.uuid(),
        customer_id.0,
        locked.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(raised.rows_affected() == 1)
}

/// What a customer owes, has ordered and has paid, a position for each currency. Orders that are
/// expected to be invoiced after `horizon` are left out (EX-1).
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn positions_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    horizon: Option<Date>,
) -> Result<Vec<Position>, DbError> {
    let one = BTreeMap::from([(customer_id, horizon)]);
    let mut found = positions_of_all_in_tx(tx, tenant, &one).await?;
    Ok(found.remove(&customer_id).unwrap_or_default())
}

/// As [`positions_in_tx`], of several customers, each with the horizon of their orders.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn positions_of_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    horizons: &BTreeMap<CustomerId, Option<Date>>,
) -> Result<BTreeMap<CustomerId, Vec<Position>>, DbError> {
    let days = horizons.values().map(|day| day.map(|day| day.to_sqlx()));
    let days: Vec<_> = days.collect();
    let rows = sqlx::query!(
        r#"WITH asked AS (
               SELECT * FROM UNNEST($2::uuid[], $3::date[]) AS asked (customer_id, horizon)),
           known AS (
               SELECT customer_id, currency, open_invoice_amount, received_amount, applied_amount,
                      customer_credit_amount
                 FROM currency_position
                WHERE tenant_id = $1 AND customer_id = ANY ($2)),
           ordered AS (
               SELECT reservation.customer_id, reservation.currency,
                      sum(reservation.remaining_amount) AS amount
                 FROM asked JOIN reservation USING (customer_id)
                WHERE reservation.tenant_id = $1
                  AND reservation.state IN ('RESERVED', 'CONFIRMED')
                  AND (asked.horizon IS NULL OR reservation.expected_invoice_date IS NULL
                       OR reservation.expected_invoice_date <= asked.horizon)
                GROUP BY reservation.customer_id, reservation.currency)
           SELECT customer_id AS "customer_id!", currency AS "currency!",
                  coalesce(known.open_invoice_amount, 0) AS "open_invoice_amount!",
                  coalesce(ordered.amount, 0) AS "reserved_amount!",
                  coalesce(known.received_amount, 0) AS "received_amount!",
                  coalesce(known.applied_amount, 0) AS "applied_amount!",
                  coalesce(known.customer_credit_amount, 0) AS "customer_credit_amount!"
             FROM known FULL JOIN ordered USING (customer_id, currency)
            ORDER BY customer_id, currency"#,
        tenant.uuid(),
        &row::ids(horizons.keys().copied()),
        &days as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    let mut positions: BTreeMap<CustomerId, Vec<Position>> = BTreeMap::new();
    for found in rows {
        let money = |amount| row::money(amount, &found.currency);
        let position = Position {
            open_invoice_amount: money(found.open_invoice_amount)?,
            reserved_amount: money(found.reserved_amount)?,
            received_amount: money(found.received_amount)?,
            applied_amount: money(found.applied_amount)?,
            customer_credit_amount: money(found.customer_credit_amount)?,
        };
        let customer_id = CustomerId(found.customer_id);
        positions.entry(customer_id).or_default().push(position);
    }
    Ok(positions)
}

/// The earliest due date of anything that a customer has open; `None`: nothing is.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn oldest_due_date_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<Date>, DbError> {
    let found = oldest_due_dates_in_tx(tx, tenant, [customer_id]).await?;
    Ok(found.into_values().next())
}

/// As [`oldest_due_date_in_tx`], of those of several customers who have anything open.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn oldest_due_dates_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<BTreeMap<CustomerId, Date>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT customer_id, oldest_due_date AS "oldest_due_date!" FROM exposure
            WHERE tenant_id = $1 AND customer_id = ANY ($2) AND oldest_due_date IS NOT NULL"#,
        tenant.uuid(),
        &row::ids(customers),
    )
    .fetch_all(&mut **tx)
    .await?;
    let dates = rows.into_iter().map(|found| {
        let date = found.oldest_due_date.to_jiff();
        (CustomerId(found.customer_id), date)
    });
    Ok(dates.collect())
}
