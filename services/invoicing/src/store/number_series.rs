//! Number series.

use futures_util::TryStreamExt as _;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{Coded as _, NumberSeries, NumberedDocument};

/// Why a series was not added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// Another series has its code.
    Code,
    /// Another series has its prefix.
    Prefix,
}

/// Adds a series, or tells what of it is taken. Nothing is written then, and the
/// transaction goes on.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series: &NumberSeries,
) -> Result<Result<(), Taken>, DbError> {
    let inserted = sqlx::query!(
        "INSERT INTO number_series (tenant_id, series_code, document, prefix, minimum_digits,
                                    first_number, next_number, created_time)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
         ON CONFLICT DO NOTHING",
        tenant.uuid(),
        series.code,
        series.document.code(),
        series.prefix,
        i16::from(series.minimum_digits),
        series.first_number,
        series.next_number,
        series.create_time.map(|time| time.to_sqlx()) as _,
    )
    .execute(&mut **tx)
    .await?
    .rows_affected();
    if inserted == 1 {
        return Ok(Ok(()));
    }
    let code_is_taken = sqlx::query_scalar!(
        r#"SELECT count(*) > 0 AS "taken!" FROM number_series
            WHERE tenant_id = $1 AND series_code = $2"#,
        tenant.uuid(),
        series.code,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(Err(if code_is_taken {
        Taken::Code
    } else {
        Taken::Prefix
    }))
}

/// Adds the series that every tenant has, where they are not there yet.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn add_built_in_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    now: Timestamp,
) -> Result<(), DbError> {
    for document in [NumberedDocument::Invoice, NumberedDocument::CreditNote] {
        // Taken: it is there already. A new one cannot take its code or prefix, as
        // whoever adds one comes through here first.
        let _ = insert_in_tx(tx, tenant, &NumberSeries::built_in(document, Some(now))).await?;
    }
    Ok(())
}

struct Row {
    series_code: String,
    document: String,
    prefix: String,
    minimum_digits: i16,
    first_number: i64,
    next_number: i64,
    created_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_series(self) -> Result<NumberSeries, DbError> {
        Ok(NumberSeries {
            code: self.series_code,
            document: row::coded("document", &self.document)?,
            prefix: self.prefix,
            minimum_digits: row::read("number of digits", u8::try_from(self.minimum_digits))?,
            first_number: self.first_number,
            next_number: self.next_number,
            create_time: Some(self.created_time.to_jiff()),
        })
    }
}

/// Why no number was drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undrawn {
    /// There is no series of that code for such documents.
    NotFound,
    /// It has no numbers left.
    Exhausted,
}

/// Draws the next `count` numbers of a series for documents that the caller stores in this
/// transaction. The series is locked until its end, so that whoever draws next begins behind what
/// was committed: no gap, no repetition (P12). To be called last before the documents are stored.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn draw_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series_code: &str,
    document: NumberedDocument,
    count: usize,
    now: Timestamp,
) -> Result<Result<Vec<String>, Undrawn>, DbError> {
    let mut found = lock_in_tx(tx, tenant, series_code).await?;
    if found.is_none() {
        add_built_in_in_tx(tx, tenant, now).await?;
        found = lock_in_tx(tx, tenant, series_code).await?;
    }
    let Some(mut series) = found.filter(|series| series.document == document) else {
        return Ok(Err(Undrawn::NotFound));
    };
    let Ok(drawn) = series.draw(count) else {
        return Ok(Err(Undrawn::Exhausted));
    };
    sqlx::query!(
        "UPDATE number_series SET next_number = $3 WHERE tenant_id = $1 AND series_code = $2",
        tenant.uuid(),
        series_code,
        series.next_number,
    )
    .execute(&mut **tx)
    .await?;
    Ok(Ok(drawn))
}

async fn lock_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series_code: &str,
) -> Result<Option<NumberSeries>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT series_code, document, prefix, minimum_digits, first_number, next_number,
                created_time
           FROM number_series WHERE tenant_id = $1 AND series_code = $2
            FOR NO KEY UPDATE",
        tenant.uuid(),
        series_code,
    )
    .fetch_optional(&mut **tx)
    .await?
    .map(Row::into_series)
    .transpose()
}

/// All series, which stay all until the end of the transaction: who adds one waits
/// ([`hold_off_imports_in_tx`]), who draws numbers does not. So numbers from elsewhere can be
/// compared with what a series would draw.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn all_held_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    now: Timestamp,
) -> Result<Vec<NumberSeries>, DbError> {
    add_built_in_in_tx(tx, tenant, now).await?;
    sqlx::query_as!(
        Row,
        "SELECT series_code, document, prefix, minimum_digits, first_number, next_number,
                created_time
           FROM number_series WHERE tenant_id = $1
          ORDER BY series_code FOR KEY SHARE",
        tenant.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_series)
    .collect()
}

/// Waits for the imports that hold the series ([`all_held_in_tx`]), and lets no other begin until
/// the end of the transaction. The built-in series must be there.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn hold_off_imports_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<(), DbError> {
    sqlx::query!(
        "SELECT FROM number_series WHERE tenant_id = $1 ORDER BY series_code FOR UPDATE",
        tenant.uuid(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// A number of an invoice that the series would draw, if there is one.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn number_in_use_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    series: &NumberSeries,
) -> Result<Option<String>, DbError> {
    let mut numbers = sqlx::query_scalar!(
        r#"SELECT invoice_number AS "invoice_number!" FROM invoice
            WHERE tenant_id = $1 AND starts_with(invoice_number, $2)"#,
        tenant.uuid(),
        series.prefix,
    )
    .fetch(&mut **tx);
    while let Some(number) = numbers.try_next().await? {
        if series.would_draw(&number) {
            return Ok(Some(number));
        }
    }
    Ok(None)
}

/// Series after a code, by code, the built-in ones included whether or not they were
/// stored yet.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    after: Option<&str>,
    limit: i64,
) -> Result<Vec<NumberSeries>, DbError> {
    let mut series = sqlx::query_as!(
        Row,
        "SELECT series_code, document, prefix, minimum_digits, first_number, next_number,
                created_time
           FROM number_series
          WHERE tenant_id = $1 AND ($2::text IS NULL OR series_code COLLATE \"C\" > $2)
          ORDER BY series_code COLLATE \"C\" LIMIT $3",
        tenant.uuid(),
        after,
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_series)
    .collect::<Result<Vec<_>, _>>()?;
    if series.is_empty() && !any_in_tx(tx, tenant).await? {
        let built_in = [NumberedDocument::CreditNote, NumberedDocument::Invoice]
            .map(|document| NumberSeries::built_in(document, None));
        let behind = |one: &NumberSeries| after.is_none_or(|after| one.code.as_str() > after);
        series.extend(built_in.into_iter().filter(behind));
    }
    Ok(series)
}

/// Whether the tenant has stored series.
async fn any_in_tx(tx: &mut Tx, tenant: TenantId) -> Result<bool, DbError> {
    Ok(sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM number_series WHERE tenant_id = $1) AS "any!""#,
        tenant.uuid(),
    )
    .fetch_one(&mut **tx)
    .await?)
}
