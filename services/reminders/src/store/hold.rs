//! Holds and the invoices they bear on. Whoever changes one holds the row of its case.

use std::collections::BTreeSet;

use calendar::Timestamp;
use jiff_sqlx::ToSqlx as _;
use money::Money;
use postgres::{DbError, TenantId, Tx};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::row;
use crate::domain::hold::{Ended, Hold, HoldReason, HoldScope, HoldState};
use crate::domain::id::{CaseId, CustomerId, HoldId, InvoiceId};

#[derive(sqlx::Decode)]
pub(super) struct Row {
    hold_id: Uuid,
    case_id: Uuid,
    customer_id: Uuid,
    whole_case: bool,
    held_amount: Option<Decimal>,
    currency: Option<String>,
    reason: String,
    subject_id: Option<Uuid>,
    state: String,
    end_date: Option<jiff_sqlx::Date>,
    note: String,
    placed_time: jiff_sqlx::Timestamp,
    placed_by: String,
    ended_time: Option<jiff_sqlx::Timestamp>,
    ended_by: Option<String>,
    release_note: Option<String>,
    revision: i64,
    invoice_ids: Vec<Uuid>,
}

row::nested!(Row);

impl Row {
    pub(super) fn into_hold(self) -> Result<Hold, DbError> {
        let scope = match self.whole_case {
            true => HoldScope::Case,
            false => {
                HoldScope::Invoices(self.invoice_ids.into_iter().map(InvoiceId::new).collect())
            }
        };
        let held_amount = self.held_amount.zip(self.currency.as_deref());
        let held_amount = held_amount.map(|(amount, currency)| row::money(amount, currency));
        let ended = row::time(self.ended_time).zip(self.ended_by);
        Ok(Hold {
            hold_id: HoldId::new(self.hold_id),
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            scope,
            held_amount: held_amount.transpose()?,
            reason: row::named("reason", &self.reason)?,
            subject_id: self.subject_id,
            state: row::named("state", &self.state)?,
            end_date: row::date(self.end_date),
            note: self.note,
            placed_time: self.placed_time.to_jiff(),
            placed_by: self.placed_by,
            ended: ended.map(|(time, by)| Ended {
                time,
                by,
                note: self.release_note.unwrap_or_default(),
            }),
            revision: self.revision,
        })
    }
}

/// Holds, with the invoices they bear on; an ended one with those it bore on last.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT hold_id, case_id, customer_id, whole_case, held_amount, currency, reason,
                      subject_id, state, end_date, note, placed_time, placed_by, ended_time,
                      ended_by, release_note, revision,
                      ARRAY(SELECT invoice_id FROM hold_invoice about
                             WHERE about.tenant_id = hold.tenant_id
                               AND about.hold_id = hold.hold_id
                               AND about.released_time IS NOT DISTINCT FROM hold.ended_time
                             ORDER BY invoice_id) AS "invoice_ids!"
                 FROM hold "# + $rest,
            $($arguments)*
        )
    };
}

/// Stores a new hold.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, hold: &Hold) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO hold (tenant_id, hold_id, case_id, customer_id, whole_case, held_amount,
                           currency, reason, subject_id, state, end_date, note, placed_time,
                           placed_by, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        tenant.uuid(),
        hold.hold_id.uuid(),
        hold.case_id.uuid(),
        hold.customer_id.uuid(),
        hold.scope == HoldScope::Case,
        hold.held_amount.as_ref().map(Money::amount),
        hold.held_amount.map(|amount| amount.currency().code()),
        hold.reason.name(),
        hold.subject_id,
        hold.state.name(),
        hold.end_date.map(|day| day.to_sqlx()) as _,
        hold.note,
        hold.placed_time.to_sqlx() as _,
        hold.placed_by,
        hold.revision,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "INSERT INTO hold_invoice (tenant_id, hold_id, invoice_id, exclusive)
         SELECT $1, $2, invoice_id, $3 FROM unnest($4::uuid[]) AS invoice_id",
        tenant.uuid(),
        hold.hold_id.uuid(),
        hold.reason == HoldReason::Placement,
        &invoices_of(hold),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores where a hold stands, and which invoices it has let go by `at`.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    hold: &Hold,
    at: Timestamp,
) -> Result<(), DbError> {
    let ended = hold.ended.as_ref();
    sqlx::query!(
        "UPDATE hold SET state = $3, ended_time = $4, ended_by = $5, release_note = $6, revision = $7
          WHERE tenant_id = $1 AND hold_id = $2",
        tenant.uuid(),
        hold.hold_id.uuid(),
        hold.state.name(),
        ended.map(|ended| ended.time.to_sqlx()) as _,
        ended.map(|ended| ended.by.as_str()),
        ended.map(|ended| ended.note.as_str()),
        hold.revision,
    )
    .execute(&mut **tx)
    .await?;
    let still_held = match hold.state {
        HoldState::Active => invoices_of(hold),
        HoldState::Released | HoldState::Expired => Vec::new(),
    };
    let released = ended.map_or(at, |ended| ended.time);
    sqlx::query!(
        "UPDATE hold_invoice SET released_time = $3
          WHERE tenant_id = $1 AND hold_id = $2 AND released_time IS NULL
            AND invoice_id <> ALL ($4)",
        tenant.uuid(),
        hold.hold_id.uuid(),
        released.to_sqlx() as _,
        &still_held,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn invoices_of(hold: &Hold) -> Vec<Uuid> {
    let named = hold.scope.invoice_ids().into_iter();
    named.map(InvoiceId::uuid).collect()
}

/// One hold.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    hold_id: HoldId,
) -> Result<Option<Hold>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND hold_id = $2",
        tenant.uuid(),
        hold_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.map(Row::into_hold).transpose()
}

/// The holds that follow a fact: a dispute, promise, plan or placement. At most one is active.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_subject_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reason: HoldReason,
    subject_id: Uuid,
) -> Result<Vec<Hold>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND subject_id = $2 AND reason = $3 ORDER BY hold_id",
        tenant.uuid(),
        subject_id,
        reason.name(),
    )
    .fetch_all(&mut **tx)
    .await?;
    found.into_iter().map(Row::into_hold).collect()
}

/// The invoices a hold was placed with.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn original_invoices_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    hold_id: HoldId,
) -> Result<BTreeSet<InvoiceId>, DbError> {
    let found = sqlx::query_scalar!(
        "SELECT invoice_id FROM hold_invoice WHERE tenant_id = $1 AND hold_id = $2",
        tenant.uuid(),
        hold_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(found.into_iter().map(InvoiceId::new).collect())
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this case.
    pub case_id: Option<CaseId>,
    /// Only those that bear, or bore, on this invoice, those of its whole case included.
    pub invoice_id: Option<InvoiceId>,
    /// Only with this reason.
    pub reason: Option<HoldReason>,
    /// Only in this state.
    pub state: Option<HoldState>,
}

/// Where a listing goes on: time and identity of the last hold that was shown.
pub type Place = (Timestamp, Uuid);

/// Holds behind a place, newest first.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Hold>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1
           AND ($2::uuid IS NULL OR case_id = $2)
           AND ($3::uuid IS NULL
                OR EXISTS (SELECT FROM hold_invoice about
                            WHERE about.tenant_id = $1 AND about.invoice_id = $3
                              AND about.hold_id = hold.hold_id)
                OR (whole_case AND case_id = (SELECT of.case_id FROM case_invoice of
                                               WHERE of.tenant_id = $1 AND of.invoice_id = $3)))
           AND ($4::text IS NULL OR reason = $4)
           AND ($5::text IS NULL OR state = $5)
           AND ($6::timestamptz IS NULL OR (placed_time, hold_id) < ($6, $7::uuid))
         ORDER BY placed_time DESC, hold_id DESC LIMIT $8",
        tenant.uuid(),
        filter.case_id.map(CaseId::uuid),
        filter.invoice_id.map(InvoiceId::uuid),
        filter.reason.map(HoldReason::name),
        filter.state.map(HoldState::name),
        after.map(|(time, _)| time.to_sqlx()) as _,
        after.map(|(_, hold_id)| *hold_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    found.into_iter().map(Row::into_hold).collect()
}
