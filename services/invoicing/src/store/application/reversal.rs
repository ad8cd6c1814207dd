//! Applications taken back, and the answers to it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use postgres::{DbError, TenantId, Tx, column};
use uuid::Uuid;

use super::StoredAnswer;
use crate::domain::{
    ApplicationId, ApplicationReversal, CauseKind, Coded as _, EntryCause, ReversalId,
    ReversalOrder, ReversalReason,
};
use crate::store::{allocation, row};

/// A new answer to a reversal.
#[derive(Debug)]
pub struct AnsweredReversal<'a> {
    /// What was asked.
    pub order: &'a ReversalOrder,
    /// Hash of it.
    pub fingerprint: [u8; 32],
    /// What came of it; `None`: it was refused.
    pub reversal: Option<&'a ApplicationReversal>,
    /// The result, encoded.
    pub answer: Vec<u8>,
    /// When it was answered.
    pub time: Timestamp,
}

/// The answers that these ids have.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn answers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[ReversalId],
) -> Result<BTreeMap<ReversalId, StoredAnswer>, DbError> {
    let rows = sqlx::query!(
        "SELECT reversal_id, fingerprint, answer FROM application_reversal
          WHERE tenant_id = $1 AND reversal_id = ANY ($2)",
        tenant.uuid(),
        &column(ids, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let stored = rows.into_iter().map(|row| {
        let (fingerprint, answer) = (row.fingerprint, row.answer);
        let stored = StoredAnswer {
            fingerprint,
            answer,
        };
        (ReversalId(row.reversal_id), stored)
    });
    Ok(stored.collect())
}

/// Stores new answers, what the reversals among them re-opened, and that their applications are
/// taken back. `false`: an id got its answer meanwhile, and the transaction must be given up.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    answers: &[AnsweredReversal<'_>],
) -> Result<bool, DbError> {
    let state = |one: &AnsweredReversal| match one.reversal {
        Some(_) => "REVERSED".to_owned(),
        None => "REFUSED".to_owned(),
    };
    // In the order of the ids, as with applications.
    let inserted = sqlx::query!(
        "INSERT INTO application_reversal (tenant_id, reversal_id, application_id, fingerprint,
                                           state, reason, reversal_date, answer, reversed_time)
         SELECT $1, n.reversal_id, n.application_id, n.fingerprint, n.state, n.reason,
                n.reversal_date::date, n.answer, n.reversed_time::timestamptz
           FROM unnest($2::uuid[], $3::uuid[], $4::bytea[], $5::text[], $6::text[], $7::text[],
                       $8::bytea[], $9::text[])
                AS n (reversal_id, application_id, fingerprint, state, reason, reversal_date,
                      answer, reversed_time)
          ORDER BY n.reversal_id
             ON CONFLICT ON CONSTRAINT application_reversal_pkey DO NOTHING",
        tenant.uuid(),
        &column(answers, |one| one.order.reversal_id.0),
        &column(answers, |one| one.order.application_id.0),
        &column(answers, |one| one.fingerprint.to_vec()),
        &column(answers, state),
        &column(answers, |one| one.order.reason.code().to_owned()),
        &column(answers, |one| one.order.reversal_date.to_string()),
        &column(answers, |one| one.answer.clone()),
        &column(answers, |one| one.time.to_string()),
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if u64::try_from(answers.len()) != Ok(inserted) {
        return Ok(false);
    }
    let done: Vec<&ApplicationReversal> = answers.iter().filter_map(|one| one.reversal).collect();
    let documents = column(&done, |one| {
        let cause = EntryCause::Reversal(one.reversal_id);
        (cause, one.reopened.as_slice())
    });
    allocation::insert_in_tx(tx, tenant, &documents).await?;
    sqlx::query!(
        "UPDATE application SET state = 'REVERSED'
          WHERE tenant_id = $1 AND application_id = ANY ($2)",
        tenant.uuid(),
        &column(&done, |one| one.application_id.0),
    )
    .execute(&mut **tx)
    .await?;
    Ok(true)
}

/// The reversals that stand of these applications, by application.
pub(super) async fn of_applications_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    applications: &[Uuid],
) -> Result<BTreeMap<Uuid, ApplicationReversal>, DbError> {
    let rows = sqlx::query!(
        "SELECT reversal_id, application_id, reason, reversal_date, reversed_time
           FROM application_reversal
          WHERE tenant_id = $1 AND application_id = ANY ($2) AND state = 'REVERSED'",
        tenant.uuid(),
        applications,
    )
    .fetch_all(&mut **tx)
    .await?;
    let ids = column(&rows, |row| row.reversal_id);
    let kind = CauseKind::Reversal;
    let mut reopened = allocation::of_documents_in_tx(tx, tenant, kind, &ids).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let reversal = ApplicationReversal {
            reversal_id: ReversalId(row.reversal_id),
            application_id: ApplicationId(row.application_id),
            reason: row::coded::<ReversalReason>("reason", &row.reason)?,
            reversal_date: row.reversal_date.to_jiff(),
            reopened: reopened.remove(&row.reversal_id).unwrap_or_default(),
            reversed_time: row.reversed_time.to_jiff(),
        };
        found.insert(row.application_id, reversal);
    }
    Ok(found)
}
