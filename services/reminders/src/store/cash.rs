//! The customers' cash that lowers no invoice yet, as payments' feed tells of it.

use postgres::{DbError, TenantId, Tx};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::row;
use crate::domain::cash::UnappliedCash;
use crate::domain::id::CustomerId;

#[derive(sqlx::Decode)]
pub(super) struct Row {
    customer_id: Uuid,
    currency: String,
    unapplied_amount: Decimal,
    reserved_amount: Decimal,
    version: i64,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_cash(self) -> Result<UnappliedCash, DbError> {
        Ok(UnappliedCash {
            customer_id: CustomerId::new(self.customer_id),
            unapplied_amount: row::money(self.unapplied_amount, &self.currency)?,
            reserved_amount: row::money(self.reserved_amount, &self.currency)?,
            version: self.version,
        })
    }
}

/// Takes over what the feed tells, unless it is older than what is known (P24); tells whether it was
/// newer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn upsert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    cash: &UnappliedCash,
) -> Result<bool, DbError> {
    let written = sqlx::query!(
        "INSERT INTO unapplied_cash (tenant_id, customer_id, currency, unapplied_amount,
                                     reserved_amount, version)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (tenant_id, customer_id, currency) DO UPDATE
            SET unapplied_amount = EXCLUDED.unapplied_amount,
                reserved_amount = EXCLUDED.reserved_amount, version = EXCLUDED.version
          WHERE unapplied_cash.version < EXCLUDED.version",
        tenant.uuid(),
        cash.customer_id.uuid(),
        cash.unapplied_amount.currency().code(),
        cash.unapplied_amount.amount(),
        cash.reserved_amount.amount(),
        cash.version,
    )
    .execute(&mut **tx)
    .await?;
    Ok(written.rows_affected() == 1)
}
