//! What customers said about channels. Only added to.

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};
use uuid::Uuid;

use super::row;
use crate::domain::consent::{Consent, ConsentState};
use crate::domain::debtor::Channel;
use crate::domain::id::{ConsentId, CustomerId};

#[derive(sqlx::Decode)]
pub(super) struct Row {
    consent_id: Uuid,
    customer_id: Uuid,
    channel: String,
    state: String,
    effective_time: jiff_sqlx::Timestamp,
    evidence: String,
    recorded_by: String,
    recorded_time: jiff_sqlx::Timestamp,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_consent(self) -> Result<Consent, DbError> {
        Ok(Consent {
            consent_id: ConsentId::new(self.consent_id),
            customer_id: CustomerId::new(self.customer_id),
            channel: row::named("channel", &self.channel)?,
            state: row::named("state", &self.state)?,
            effective_time: self.effective_time.to_jiff(),
            evidence: self.evidence,
            recorded_by: self.recorded_by,
            recorded_time: self.recorded_time.to_jiff(),
        })
    }
}

/// Adds an entry.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, consent: &Consent) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO consent (tenant_id, consent_id, customer_id, channel, state, effective_time,
                              evidence, recorded_by, recorded_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        tenant.uuid(),
        consent.consent_id.uuid(),
        consent.customer_id.uuid(),
        consent.channel.name(),
        consent.state.name(),
        consent.effective_time.to_sqlx() as _,
        consent.evidence,
        consent.recorded_by,
        consent.recorded_time.to_sqlx() as _,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The entry that counts for a customer and channel at an instant.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn in_force_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
    channel: Channel,
    at: Timestamp,
) -> Result<Option<Consent>, DbError> {
    // The order is that of domain::consent::in_force: do not change one without the other.
    sqlx::query_as!(
        Row,
        "SELECT consent_id, customer_id, channel, state, effective_time, evidence, recorded_by,
                recorded_time
           FROM consent
          WHERE tenant_id = $1 AND customer_id = $2 AND channel = $3 AND effective_time <= $4
          ORDER BY effective_time DESC, recorded_time DESC, consent_id DESC LIMIT 1",
        tenant.uuid(),
        customer_id.uuid(),
        channel.name(),
        at.to_sqlx() as _,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_consent)
    .transpose()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this customer.
    pub customer_id: Option<CustomerId>,
    /// Only about this channel.
    pub channel: Option<Channel>,
    /// Only with this content.
    pub state: Option<ConsentState>,
    /// Also those that were overtaken by later ones.
    pub include_overtaken: bool,
}

/// Where a listing goes on: effective time and identity of the last entry that was shown.
pub type Place = (Timestamp, Uuid);

/// Entries behind a place, latest first, each with whether it counts for its customer and channel.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<(Consent, bool)>, DbError> {
    let rows = sqlx::query!(
        r#"SELECT consent_id, customer_id, channel, state, effective_time, evidence, recorded_by,
                  recorded_time, in_force AS "in_force!"
             FROM consent listed,
                  LATERAL (SELECT NOT EXISTS (
                      SELECT FROM consent later
                       WHERE later.tenant_id = $1 AND later.customer_id = listed.customer_id
                         AND later.channel = listed.channel
                         AND (later.effective_time, later.recorded_time, later.consent_id)
                           > (listed.effective_time, listed.recorded_time, listed.consent_id)
                  ) AS in_force) AS standing
            WHERE tenant_id = $1
              AND ($2::uuid IS NULL OR customer_id = $2)
              AND ($3::text IS NULL OR channel = $3)
              AND ($4::text IS NULL OR state = $4)
              AND ($5 OR in_force)
              AND ($6::timestamptz IS NULL OR (effective_time, consent_id) < ($6, $7::uuid))
            ORDER BY effective_time DESC, consent_id DESC LIMIT $8"#,
        tenant.uuid(),
        filter.customer_id.map(CustomerId::uuid),
        filter.channel.map(Channel::name),
        filter.state.map(ConsentState::name),
        filter.include_overtaken,
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, consent_id)| *consent_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    rows.into_iter()
        .map(|found| {
            let consent = Row {
                consent_id: found.consent_id,
                customer_id: found.customer_id,
                channel: found.channel,
                state: found.state,
                effective_time: found.effective_time,
                evidence: found.evidence,
                recorded_by: found.recorded_by,
                recorded_time: found.recorded_time,
            };
            Ok((consent.into_consent()?, found.in_force))
        })
        .collect()
}

/// Locks the customer's record until the transaction ends, so that what is said of them is entered and
/// announced one after the other; `false`: there is no such customer.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn lock_customer_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<bool, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT customer_id FROM customer WHERE tenant_id = $1 AND customer_id = $2 FOR UPDATE",
        tenant.uuid(),
        customer_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// How many entries a customer has: the version under which the newest is announced.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn count_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    customer_id: CustomerId,
) -> Result<i64, DbError> {
    let count = sqlx::query_scalar!(
        r#"SELECT count(*) AS "count!" FROM consent WHERE tenant_id = $1 AND customer_id = $2"#,
        tenant.uuid(),
        customer_id.uuid(),
    );
    Ok(count.fetch_one(&mut **tx).await?)
}
