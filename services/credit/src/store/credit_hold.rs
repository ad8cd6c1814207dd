//! Holds.

use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{
    CreditHold, CreditHoldId, CreditHoldKind, CreditHoldState, CustomerId, HoldOverride,
};

/// The holds of a customer that are not released, without the decisions behind them: what orders are
/// judged by.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn standing_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<Vec<CreditHold>, DbError> {
    let rows = sqlx::query!(
        "SELECT credit_hold_id, kind, state, reason, end_date, placed_by, placed_time,
                override_reason, override_until, overridden_by, overridden_time, version
           FROM credit_hold
          WHERE tenant_id = $1 AND customer_id = $2 AND state <> 'RELEASED'
          ORDER BY placed_time, credit_hold_id",
        tenant.uuid(),
        customer_id.0,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|hold| {
            let said = hold.override_reason.zip(row::date(hold.override_until));
            let by = hold.overridden_by.zip(hold.overridden_time);
            let hold_override =
                said.zip(by)
                    .map(|((reason, until_date), (by, time))| HoldOverride {
                        reason,
                        until_date,
                        overridden_by: by,
                        overridden_time: time.to_jiff(),
                    });
            Ok(CreditHold {
                credit_hold_id: CreditHoldId(hold.credit_hold_id),
                customer_id,
                kind: row::coded::<CreditHoldKind>("kind", &hold.kind)?,
                state: row::coded::<CreditHoldState>("state", &hold.state)?,
                reason: hold.reason,
                end_date: row::date(hold.end_date),
                decision: None,
                placed_by: hold.placed_by,
                placed_time: hold.placed_time.to_jiff(),
                hold_override,
                release: None,
                version: hold.version,
            })
        })
        .collect()
}
