//! The answers to applications.

use std::collections::BTreeMap;

use jiff::Timestamp;
use money::Decimal;
use postgres::{DbError, TenantId, Tx, column};

use crate::domain::{Application, ApplicationId, Coded as _, CreditApplication, EntryCause};
use crate::store::{allocation, row};

/// What an id was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredAnswer {
    /// Hash of what was asked.
    pub fingerprint: Vec<u8>,
    /// The result, encoded, as it was answered.
    pub answer: Vec<u8>,
}

/// A new answer to an application.
#[derive(Debug)]
pub struct Answered<'a> {
    /// What was asked.
    pub order: &'a CreditApplication,
    /// Hash of it.
    pub fingerprint: [u8; 32],
    /// What came of it; `None`: it was refused.
    pub application: Option<&'a Application>,
    /// The result, encoded.
    pub answer: Vec<u8>,
    /// When it was answered.
    pub time: Timestamp,
}

impl Answered<'_> {
    fn state(&self) -> String {
        let state = self
            .application
            .map(|application| application.state().code());
        state.unwrap_or("REFUSED").to_owned()
    }

    /// What was allocated, what was kept as overpayment, and the rest.
    fn parts(&self) -> [Decimal; 3] {
        let parts = self.application.map(|one| {
            let kept = one.overpayment_tolerance_amount;
            [one.allocated_amount, kept, one.rest_amount].map(|part| part.amount())
        });
        parts.unwrap_or([Decimal::ZERO, Decimal::ZERO, self.order.amount.amount()])
    }
}

/// The answers that these ids have.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn answers_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    ids: &[ApplicationId],
) -> Result<BTreeMap<ApplicationId, StoredAnswer>, DbError> {
    let rows = sqlx::query!(
        "SELECT application_id, fingerprint, answer FROM application
          WHERE tenant_id = $1 AND application_id = ANY ($2)",
        tenant.uuid(),
        &column(ids, |id| id.0),
    )
    .fetch_all(&mut **tx)
    .await?;
    let stored = rows.into_iter().map(|row| {
        let id = ApplicationId(row.application_id);
        let (fingerprint, answer) = (row.fingerprint, row.answer);
        (
            id,
            StoredAnswer {
                fingerprint,
                answer,
            },
        )
    });
    Ok(stored.collect())
}

/// Stores new answers, and what the applications among them allocated. `false`: an id got its answer
/// meanwhile, and the transaction must be given up.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    answers: &[Answered<'_>],
) -> Result<bool, DbError> {
    let decisions = answers.iter().map(|one| {
        let decision = one.application.map(|application| &application.decision);
        decision.map(row::to_json).transpose()
    });
    let decisions = decisions.collect::<Result<Vec<_>, _>>()?;
    // In the order of the ids, so that twins with several in common wait for each other in one
    // direction only.
    let inserted = sqlx::query!(
        "INSERT INTO application (tenant_id, application_id, fingerprint, state, customer_id,
                                  receipt_id, currency, amount, receipt_date, allocated_amount,
                                  overpayment_tolerance_amount, rest_amount, decision, answer,
                                  applied_time)
         SELECT $1, n.application_id, n.fingerprint, n.state, n.customer_id, n.receipt_id,
                n.currency, n.amount, n.receipt_date::date, n.allocated_amount,
                n.overpayment_tolerance_amount, n.rest_amount, n.decision, n.answer,
                n.applied_time::timestamptz
           FROM unnest($2::uuid[], $3::bytea[], $4::text[], $5::uuid[], $6::uuid[], $7::text[],
                       $8::numeric[], $9::text[], $10::numeric[], $11::numeric[], $12::numeric[],
                       $13::jsonb[], $14::bytea[], $15::text[])
                AS n (application_id, fingerprint, state, customer_id, receipt_id, currency, amount,
                      receipt_date, allocated_amount, overpayment_tolerance_amount, rest_amount,
                      decision, answer, applied_time)
          ORDER BY n.application_id
             ON CONFLICT ON CONSTRAINT application_pkey DO NOTHING",
        tenant.uuid(),
        &column(answers, |one| one.order.application_id.0),
        &column(answers, |one| one.fingerprint.to_vec()),
        &column(answers, Answered::state),
        &column(answers, |one| one.order.customer_id.0),
        &column(answers, |one| one.order.receipt_id.0),
        &column(answers, |one| one.order.amount.currency().code().to_owned()),
        &column(answers, |one| one.order.amount.amount()),
        &column(answers, |one| one.order.receipt_date.to_string()),
        &column(answers, |one| one.parts()[0]),
        &column(answers, |one| one.parts()[1]),
        &column(answers, |one| one.parts()[2]),
        &decisions as _,
        &column(answers, |one| one.answer.clone()),
        &column(answers, |one| one.time.to_string()),
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if u64::try_from(answers.len()) != Ok(inserted) {
        return Ok(false);
    }
    let applied = answers.iter().filter_map(|one| one.application);
    let documents: Vec<_> = applied
        .map(|one| {
            let cause = EntryCause::Application(one.application_id);
            (cause, one.allocations.as_slice())
        })
        .collect();
    allocation::insert_in_tx(tx, tenant, &documents).await?;
    Ok(true)
}
