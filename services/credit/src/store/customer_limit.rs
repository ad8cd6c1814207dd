//! Limits that were set for one customer. Append-only: the latest counts.

use money::Decimal;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{CreditLimit, CustomerId, CustomerLimit};

/// The limit that was set last for a customer; `None`: none was, or it was given back to the policy.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Option<CustomerLimit>, DbError> {
    let found = sqlx::query!(
        "SELECT by_policy, amount, currency, valid_until_date, reason, set_by, set_time
           FROM customer_limit WHERE tenant_id = $1 AND customer_id = $2
          ORDER BY version DESC LIMIT 1",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_optional(&mut **tx)
    .await?;
    let Some(found) = found.filter(|found| !found.by_policy) else {
        return Ok(None);
    };
    Ok(Some(CustomerLimit {
        credit_limit: limit(found.amount, found.currency.as_deref())?,
        valid_until_date: row::date(found.valid_until_date),
        reason: found.reason,
        set_by: found.set_by,
        set_time: found.set_time.to_jiff(),
    }))
}

fn limit(amount: Option<Decimal>, currency: Option<&str>) -> Result<CreditLimit, DbError> {
    match (amount, currency) {
        (Some(amount), Some(currency)) => Ok(CreditLimit::Amount(row::money(amount, currency)?)),
        _ => Ok(CreditLimit::NoLimit),
    }
}
