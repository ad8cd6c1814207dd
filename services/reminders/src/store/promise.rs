//! Promises with the invoices they name, what counts towards them and how they were judged. Whoever
//! changes one holds the row of its case.

mod counted;
mod judgement;

use calendar::Date;
use jiff_sqlx::ToSqlx as _;
use money::Rate;
use postgres::{DbError, TenantId, Tx};
use rust_decimal::Decimal;
use uuid::Uuid;

use super::row;
use crate::domain::debtor::Channel;
use crate::domain::id::{CaseId, CustomerId, InvoiceId, PromiseId};
use crate::domain::promise::{Promise, PromiseState};

pub use judgement::decision_ids_in_tx;

struct Row {
    promise_id: Uuid,
    case_id: Uuid,
    customer_id: Uuid,
    promised_amount: Decimal,
    currency: String,
    promised_date: jiff_sqlx::Date,
    grace_days: i32,
    tolerance_ratio: Decimal,
    state: String,
    level: i32,
    channel: Option<String>,
    taken_by: String,
    note: String,
    superseded_by_promise_id: Option<Uuid>,
    created_time: jiff_sqlx::Timestamp,
    revision: i64,
    invoice_ids: Vec<Uuid>,
    /// In the order in which it came.
    counted: Vec<counted::Row>,
    /// Oldest first.
    judgements: Vec<judgement::Row>,
}

impl Row {
    fn into_promise(self) -> Result<Promise, DbError> {
        let counted = self.counted.into_iter().map(counted::Row::into_counted);
        let judgements = self.judgements.into_iter();
        let judgements = judgements.map(judgement::Row::into_judgement);
        Ok(Promise {
            promise_id: PromiseId::new(self.promise_id),
            case_id: CaseId::new(self.case_id),
            customer_id: CustomerId::new(self.customer_id),
            invoice_ids: self.invoice_ids.into_iter().map(InvoiceId::new).collect(),
            promised_amount: row::money(self.promised_amount, &self.currency)?,
            promised_date: self.promised_date.to_jiff(),
            grace_days: self.grace_days,
            tolerance: row::read("tolerance_ratio", Rate::try_new(self.tolerance_ratio))?,
            state: row::named("state", &self.state)?,
            level: self.level,
            channel: row::named_if_any("channel", self.channel.as_deref())?,
            taken_by: self.taken_by,
            note: self.note,
            counted: counted.collect::<Result<_, DbError>>()?,
            judgements: judgements.collect::<Result<_, DbError>>()?,
            superseded_by: self.superseded_by_promise_id.map(PromiseId::new),
            created_time: self.created_time.to_jiff(),
            revision: self.revision,
        })
    }
}

/// Promises, whole.
macro_rules! select {
    ($rest:literal, $($arguments:tt)*) => {
        sqlx::query_as!(
            Row,
            r#"SELECT promise_id, case_id, customer_id, promised_amount, currency, promised_date,
                      grace_days, tolerance_ratio, state, level, channel, taken_by, note,
                      superseded_by_promise_id, created_time, revision,
                      ARRAY(SELECT invoice_id FROM promise_invoice named
                             WHERE named.tenant_id = promise.tenant_id
                               AND named.promise_id = promise.promise_id) AS "invoice_ids!",
                      ARRAY(SELECT ROW(source_id, invoice_id, kind, amount, counted.currency,
                                       fact_date)
                              FROM promise_counted counted
                             WHERE counted.tenant_id = promise.tenant_id
                               AND counted.promise_id = promise.promise_id
                               AND reversed_time IS NULL
                             ORDER BY counted_time, source_id, invoice_id, kind)
                          AS "counted!: Vec<counted::Row>",
                      ARRAY(SELECT ROW(judgement.state, effective_date, received_amount,
                                       judgement.currency, kept_ratio, outcome, rules,
                                       policy_version, facts, decided_time)
                              FROM promise_judgement judgement
                              JOIN decision USING (tenant_id, decision_id)
                             WHERE tenant_id = promise.tenant_id
                               AND judgement.promise_id = promise.promise_id
                             ORDER BY number) AS "judgements!: Vec<judgement::Row>"
                 FROM promise "# + $rest,
            $($arguments)*
        )
    };
}

/// Stores a new promise.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn insert_in_tx(tx: &mut Tx, tenant: TenantId, promise: &Promise) -> Result<(), DbError> {
    sqlx::query!(
        "INSERT INTO promise (tenant_id, promise_id, case_id, customer_id, promised_amount,
                              currency, promised_date, grace_days, tolerance_ratio, state, level,
                              channel, taken_by, note, superseded_by_promise_id, created_time,
                              revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        tenant.uuid(),
        promise.promise_id.uuid(),
        promise.case_id.uuid(),
        promise.customer_id.uuid(),
        promise.promised_amount.amount(),
        promise.promised_amount.currency().code(),
        promise.promised_date.to_sqlx() as _,
        promise.grace_days,
        promise.tolerance.ratio(),
        promise.state.name(),
        promise.level,
        promise.channel.map(Channel::name),
        promise.taken_by,
        promise.note,
        promise.superseded_by.map(PromiseId::uuid),
        promise.created_time.to_sqlx() as _,
        promise.revision,
    )
    .execute(&mut **tx)
    .await?;
    let invoice_ids: Vec<Uuid> = promise.invoice_ids.iter().map(|id| id.uuid()).collect();
    sqlx::query!(
        "INSERT INTO promise_invoice (tenant_id, promise_id, invoice_id)
         SELECT $1, $2, invoice_id FROM unnest($3::uuid[]) AS invoice_id",
        tenant.uuid(),
        promise.promise_id.uuid(),
        &invoice_ids,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Stores what became of a promise since it was read as `before`: its state, what counts by now, and
/// judgements that were added.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn update_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    before: &Promise,
    promise: &Promise,
    now: calendar::Timestamp,
) -> Result<(), DbError> {
    sqlx::query!(
        "UPDATE promise SET state = $3, superseded_by_promise_id = $4, revision = $5
          WHERE tenant_id = $1 AND promise_id = $2",
        tenant.uuid(),
        promise.promise_id.uuid(),
        promise.state.name(),
        promise.superseded_by.map(PromiseId::uuid),
        promise.revision,
    )
    .execute(&mut **tx)
    .await?;
    counted::save_in_tx(tx, tenant, before, promise, now).await?;
    judgement::append_in_tx(tx, tenant, before.judgements.len(), promise).await
}

/// One promise, whole.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    promise_id: PromiseId,
) -> Result<Option<Promise>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND promise_id = $2",
        tenant.uuid(),
        promise_id.uuid(),
    )
    .fetch_optional(&mut **tx)
    .await?;
    found.map(Row::into_promise).transpose()
}

/// Every promise of a case, whole, by promised date.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn of_case_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    case_id: CaseId,
) -> Result<Vec<Promise>, DbError> {
    let found = select!(
        "WHERE tenant_id = $1 AND case_id = $2 ORDER BY promised_date, promise_id",
        tenant.uuid(),
        case_id.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    found.into_iter().map(Row::into_promise).collect()
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this case.
    pub case_id: Option<CaseId>,
    /// Only those that name this invoice.
    pub invoice_id: Option<InvoiceId>,
    /// Only in one of these states; none: in any.
    pub states: Vec<PromiseState>,
    /// Only for this day or later.
    pub from: Option<Date>,
    /// Only for this day or earlier.
    pub to: Option<Date>,
}

/// Where a listing goes on: day and identity of the last promise that was shown.
pub type Place = (Date, Uuid);

/// Promises behind a place, whole, by promised date.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&Place>,
    limit: i64,
) -> Result<Vec<Promise>, DbError> {
    let states: Vec<String> = filter
        .states
        .iter()
        .map(|state| state.name().to_owned())
        .collect();
    let found = select!(
        "WHERE tenant_id = $1
           AND ($2::uuid IS NULL OR case_id = $2)
           AND ($3::uuid IS NULL OR EXISTS (
                   SELECT FROM promise_invoice named
                    WHERE named.tenant_id = $1 AND named.invoice_id = $3
                      AND named.promise_id = promise.promise_id))
           AND (cardinality($4::text[]) = 0 OR state = ANY ($4))
           AND ($5::date IS NULL OR promised_date >= $5)
           AND ($6::date IS NULL OR promised_date <= $6)
           AND ($7::date IS NULL OR (promised_date, promise_id) > ($7, $8::uuid))
         ORDER BY promised_date, promise_id LIMIT $9",
        tenant.uuid(),
        filter.case_id.map(CaseId::uuid),
        filter.invoice_id.map(InvoiceId::uuid),
        &states,
        filter.from.map(|day| day.to_sqlx()) as _,
        filter.to.map(|day| day.to_sqlx()) as _,
        after.map(|(day, _)| day.to_sqlx()) as _,
        after.map(|(_, promise_id)| *promise_id),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?;
    found.into_iter().map(Row::into_promise).collect()
}
