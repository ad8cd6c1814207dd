//! How statements of reports are planned.

use postgres::{DbError, Tx};

/// Plans every statement of this transaction for the values that it is run with. A report of one
/// customer and one of all are the same statement: a plan that fits both would read the whole book
/// for the one. Planning costs a millisecond, and reports are few.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn plan_anew_in_tx(tx: &mut Tx) -> Result<(), DbError> {
    sqlx::query!("SET LOCAL plan_cache_mode = force_custom_plan")
        .execute(&mut **tx)
        .await?;
    Ok(())
}
