//! The money of customers that lowers no invoice: a sum over their receipts (CA-6). Its rows are
//! locked after the receipts, in the order of the key.

use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::row::money;
use crate::domain::{CashShift, CashShifts, CustomerId, UnappliedCash};

struct Row {
    customer_id: Uuid,
    currency_code: String,
    unapplied_amount: Decimal,
    reserved_amount: Decimal,
    version: i64,
}

impl Row {
    fn into_cash(self) -> Result<UnappliedCash, DbError> {
        Ok(UnappliedCash {
            customer_id: CustomerId(self.customer_id),
            unapplied_amount: money(self.unapplied_amount, &self.currency_code)?,
            reserved_amount: money(self.reserved_amount, &self.currency_code)?,
            version: self.version,
        })
    }
}

/// Shifts the cash of customers by what receipts changed, and tells what is left of those that
/// changed.
///
/// # Errors
/// [`DbError`] of the statements.
pub(super) async fn shift_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    shifts: &CashShifts,
) -> Result<Vec<UnappliedCash>, DbError> {
    let shifts: Vec<CashShift> = shifts.iter().collect();
    if shifts.is_empty() {
        return Ok(Vec::new());
    }
    let mut left = add_in_tx(tx, tenant, &shifts).await?;
    let is_new = |shift: &CashShift| {
        let key = (shift.customer_id, shift.unapplied.currency());
        left.iter()
            .all(|cash: &UnappliedCash| key != (cash.customer_id, cash.unapplied_amount.currency()))
    };
    let new: Vec<CashShift> = shifts.iter().copied().filter(is_new).collect();
    if !new.is_empty() {
        left.extend(begin_in_tx(tx, tenant, &new).await?);
    }
    left.sort_by_key(|cash| (cash.customer_id, cash.unapplied_amount.currency()));
    Ok(left)
}

/// Adds to the rows that are there.
async fn add_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    shifts: &[CashShift],
) -> Result<Vec<UnappliedCash>, DbError> {
    sqlx::query_as!(
        Row,
        "WITH wanted AS (
             SELECT * FROM unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[])
                        AS n (customer_id, currency_code, unapplied, reserved)),
         locked AS (
             SELECT c.customer_id, c.currency_code, n.unapplied, n.reserved
               FROM unapplied_cash AS c
               JOIN wanted AS n ON (c.customer_id, c.currency_code)
                                 = (n.customer_id, n.currency_code)
              WHERE c.tenant_id = $1
              ORDER BY c.customer_id, c.currency_code FOR UPDATE OF c)
         UPDATE unapplied_cash AS c
            SET unapplied_amount = c.unapplied_amount + locked.unapplied,
                reserved_amount = c.reserved_amount + locked.reserved, version = c.version + 1
           FROM locked
          WHERE c.tenant_id = $1
            AND (c.customer_id, c.currency_code) = (locked.customer_id, locked.currency_code)
         RETURNING c.customer_id, c.currency_code, c.unapplied_amount, c.reserved_amount,
                   c.version",
        tenant.uuid(),
        &column(shifts, |shift| shift.customer_id.0),
        &column(shifts, |shift| shift.unapplied.currency().code().to_owned()),
        &column::<_, Decimal>(shifts, |shift| shift.unapplied.amount()),
        &column::<_, Decimal>(shifts, |shift| shift.reserved.amount()),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_cash)
    .collect()
}

/// Begins rows. The first change of one is never below 0; where another transaction began it at
/// this moment, it is added to that.
async fn begin_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    shifts: &[CashShift],
) -> Result<Vec<UnappliedCash>, DbError> {
    sqlx::query_as!(
        Row,
        "INSERT INTO unapplied_cash AS c (tenant_id, customer_id, currency_code,
                                          unapplied_amount, reserved_amount, version)
         SELECT $1, n.customer_id, n.currency_code, n.unapplied, n.reserved, 1
           FROM unnest($2::uuid[], $3::text[], $4::numeric[], $5::numeric[])
                  AS n (customer_id, currency_code, unapplied, reserved)
          ORDER BY n.customer_id, n.currency_code
         ON CONFLICT (tenant_id, customer_id, currency_code) DO UPDATE
            SET unapplied_amount = c.unapplied_amount + excluded.unapplied_amount,
                reserved_amount = c.reserved_amount + excluded.reserved_amount,
                version = c.version + 1
         RETURNING customer_id, currency_code, unapplied_amount, reserved_amount, version",
        tenant.uuid(),
        &column(shifts, |shift| shift.customer_id.0),
        &column(shifts, |shift| shift.unapplied.currency().code().to_owned()),
        &column::<_, Decimal>(shifts, |shift| shift.unapplied.amount()),
        &column::<_, Decimal>(shifts, |shift| shift.reserved.amount()),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_cash)
    .collect()
}

/// What a customer has left, by currency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Vec<UnappliedCash>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT customer_id, currency_code, unapplied_amount, reserved_amount, version
           FROM unapplied_cash WHERE tenant_id = $1 AND customer_id = $2
          ORDER BY currency_code",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_cash)
    .collect()
}
