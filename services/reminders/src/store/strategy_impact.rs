//! The cases with something owed, as far as a strategy looks at them.

use calendar::{Timestamp, Zone};
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::debtor::DebtorKind;
use crate::domain::id::CaseId;

/// How many cases are read at a time.
pub const PAGE: usize = 500;

/// A case, as far as a strategy looks at it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Served {
    /// Which one.
    pub case_id: CaseId,
    /// The customer's segment.
    pub segment: String,
    /// What the law takes the customer for.
    pub kind: DebtorKind,
    /// The customer's country.
    pub country_code: String,
    /// The customer's zone, where it is known.
    pub zone: Option<Zone>,
    /// When the customer last got a message.
    pub last_message_time: Option<Timestamp>,
}

/// The cases behind one in order of identity, [`PAGE`] at most.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn open_cases_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<CaseId>,
) -> Result<Vec<Served>, DbError> {
    let rows = sqlx::query!(
        "SELECT case_id, customer.segment, kind, country_code, time_zone, last_message_time
           FROM collection_case JOIN customer USING (tenant_id, customer_id)
          WHERE tenant_id = $1 AND state = 'OPEN' AND ($2::uuid IS NULL OR case_id > $2)
          ORDER BY case_id LIMIT $3",
        tenant.uuid(),
        after.map(CaseId::uuid),
        i64::try_from(PAGE).unwrap_or(i64::MAX),
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|found| {
            let zone = found.time_zone.as_deref().map(Zone::parse).transpose();
            Ok(Served {
                case_id: CaseId::new(found.case_id),
                segment: found.segment,
                kind: row::named("kind", &found.kind)?,
                country_code: found.country_code,
                zone: row::read("time_zone", zone)?,
                last_message_time: row::time(found.last_message_time),
            })
        })
        .collect()
}
