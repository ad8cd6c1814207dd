//! What a customer uses of a limit, and the row that everybody who changes it locks first (P11).

use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Money};
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
/// [`DbError`] of the statements.
pub async fn positions_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    horizon: Option<Date>,
) -> Result<Vec<Position>, DbError> {
    let mut positions: BTreeMap<Currency, Position> = BTreeMap::new();
    let known = sqlx::query!(
        "SELECT currency, open_invoice_amount, received_amount, applied_amount,
                customer_credit_amount
           FROM currency_position WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    for known in known {
        let money = |amount| row::money(amount, &known.currency);
        let currency = row::currency(&known.currency)?;
        let position = Position {
            open_invoice_amount: money(known.open_invoice_amount)?,
            reserved_amount: Money::zero(currency),
            received_amount: money(known.received_amount)?,
            applied_amount: money(known.applied_amount)?,
            customer_credit_amount: money(known.customer_credit_amount)?,
        };
        positions.insert(currency, position);
    }
    let reserved = sqlx::query!(
        r#"SELECT currency, sum(remaining_amount) AS "amount!" FROM reservation
            WHERE tenant_id = $1 AND customer_id = $2 AND state IN ('RESERVED', 'CONFIRMED')
              AND ($3::date IS NULL OR expected_invoice_date IS NULL
                   OR expected_invoice_date <= $3)
            GROUP BY currency"#,
        tenant.uuid(),
        customer_id.0,
        horizon.map(|day| day.to_sqlx()) as _,
    )
    .fetch_all(&mut **tx)
    .await?;
    for reserved in reserved {
        let amount = row::money(reserved.amount, &reserved.currency)?;
        let currency = amount.currency();
        let position = positions.entry(currency);
        let position = position.or_insert_with(|| Position::nothing(currency));
        position.reserved_amount = amount;
    }
    Ok(positions.into_values().collect())
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
    let found = sqlx::query_scalar!(
        "SELECT oldest_due_date FROM exposure WHERE tenant_id = $1 AND customer_id = $2",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row::date(found.flatten()))
}
