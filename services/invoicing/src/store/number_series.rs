//! Number series.

use jiff::Timestamp;
use jiff_sqlx::ToSqlx as _;
use postgres::{DbError, TenantId, Tx};

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
        series.create_time.to_sqlx() as _,
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
        let _ = insert_in_tx(tx, tenant, &NumberSeries::built_in(document, now)).await?;
    }
    Ok(())
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
    now: Timestamp,
) -> Result<Vec<NumberSeries>, DbError> {
    let rows = sqlx::query!(
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
    .await?;
    let mut series = Vec::with_capacity(rows.len());
    for row in rows {
        let document = NumberedDocument::from_code(&row.document)
            .ok_or_else(|| sqlx::Error::Decode("a document of no kind".into()))?;
        series.push(NumberSeries {
            code: row.series_code,
            document,
            prefix: row.prefix,
            minimum_digits: u8::try_from(row.minimum_digits)
                .map_err(|error| sqlx::Error::Decode(error.into()))?,
            first_number: row.first_number,
            next_number: row.next_number,
            create_time: row.created_time.to_jiff(),
        });
    }
    if series.is_empty() && !any_in_tx(tx, tenant).await? {
        let built_in = [NumberedDocument::CreditNote, NumberedDocument::Invoice]
            .map(|document| NumberSeries::built_in(document, now));
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
