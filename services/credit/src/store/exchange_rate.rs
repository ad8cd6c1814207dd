//! Dated exchange rates. Append-only.

use calendar::add_days;
use jiff::civil::Date;
use jiff_sqlx::ToSqlx as _;
use money::{Currency, Decimal};
use postgres::{DbError, TenantId, Tx};

use super::row;
use crate::domain::{DatedRate, RateTable, TenantProfile};

struct Row {
    currency: String,
    rate_date: jiff_sqlx::Date,
    rate: Decimal,
    source: String,
    created_time: jiff_sqlx::Timestamp,
}

impl Row {
    fn into_rate(self) -> Result<DatedRate, DbError> {
        Ok(DatedRate {
            currency: row::currency(&self.currency)?,
            rate_date: self.rate_date.to_jiff(),
            rate: self.rate,
            source: self.source,
            created_time: self.created_time.to_jiff(),
        })
    }
}

/// Stores rates. One that somebody else recorded meanwhile refuses them all, by the primary key
/// `exchange_rate_pkey`.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn insert_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    rates: &[DatedRate],
) -> Result<(), DbError> {
    let text = |value: fn(&DatedRate) -> String| rates.iter().map(value).collect::<Vec<_>>();
    let values: Vec<Decimal> = rates.iter().map(|rate| rate.rate).collect();
    sqlx::query!(
        "INSERT INTO exchange_rate (tenant_id, currency, rate_date, rate, source, created_time)
         SELECT $1, r.currency, r.rate_date::date, r.rate, r.source, r.created_time::timestamptz
           FROM unnest($2::text[], $3::text[], $4::numeric[], $5::text[], $6::text[])
                    AS r (currency, rate_date, rate, source, created_time)",
        tenant.uuid(),
        &text(|rate| rate.currency.to_string()),
        &text(|rate| rate.rate_date.to_string()),
        &values,
        &text(|rate| rate.source.clone()),
        &text(|rate| rate.created_time.to_string()),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The recorded rates of these currencies and days, each pair of the two lists.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn find_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    wanted: &[(Currency, Date)],
) -> Result<Vec<DatedRate>, DbError> {
    let currencies: Vec<String> = wanted.iter().map(|(one, _)| one.to_string()).collect();
    let days: Vec<String> = wanted.iter().map(|(_, day)| day.to_string()).collect();
    sqlx::query_as!(
        Row,
        "SELECT r.currency, r.rate_date, r.rate, r.source, r.created_time
           FROM exchange_rate r
           JOIN unnest($2::text[], $3::text[]) AS w (currency, rate_date)
             ON r.currency = w.currency AND r.rate_date = w.rate_date::date
          WHERE r.tenant_id = $1",
        tenant.uuid(),
        &currencies,
        &days,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_rate)
    .collect()
}

/// The rates that may convert on a day, with all they tell: from the oldest on that the profile
/// allows; only of one currency, if one is named.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn converting_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
    currency: Option<Currency>,
    day: Date,
) -> Result<Vec<DatedRate>, DbError> {
    let age = i32::from(profile.details.rate_max_age_days);
    let oldest = add_days(day, age.saturating_neg()).unwrap_or(Date::MIN);
    sqlx::query_as!(
        Row,
        "SELECT currency, rate_date, rate, source, created_time FROM exchange_rate
          WHERE tenant_id = $1 AND rate_date BETWEEN $2 AND $3
            AND ($4::text IS NULL OR currency = $4)",
        tenant.uuid(),
        oldest.to_sqlx() as _,
        day.to_sqlx() as _,
        currency.map(Currency::code),
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_rate)
    .collect()
}

/// What converts on a day.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn table_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    profile: &TenantProfile,
    day: Date,
) -> Result<RateTable, DbError> {
    let rates = converting_in_tx(tx, tenant, profile, None, day).await?;
    let rows = rates
        .iter()
        .map(|rate| ((rate.currency, rate.rate_date), rate.rate));
    let age = profile.details.rate_max_age_days;
    Ok(RateTable::new(profile.home_currency, age, rows))
}

/// What narrows a listing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this currency.
    pub currency: Option<Currency>,
    /// Only of this day or later.
    pub from_date: Option<Date>,
    /// Only of this day or earlier.
    pub to_date: Option<Date>,
}

/// Rates behind a day and currency, newest day first, then by currency.
///
/// # Errors
/// [`DbError`] of the statement.
pub async fn list_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    filter: &Filter,
    after: Option<&(Date, String)>,
    limit: i64,
) -> Result<Vec<DatedRate>, DbError> {
    sqlx::query_as!(
        Row,
        "SELECT currency, rate_date, rate, source, created_time FROM exchange_rate
          WHERE tenant_id = $1
            AND ($2::text IS NULL OR currency = $2)
            AND ($3::date IS NULL OR rate_date >= $3)
            AND ($4::date IS NULL OR rate_date <= $4)
            AND ($5::date IS NULL OR rate_date < $5 OR (rate_date = $5 AND currency > $6))
          ORDER BY rate_date DESC, currency LIMIT $7",
        tenant.uuid(),
        filter.currency.map(Currency::code),
        filter.from_date.map(|day| day.to_sqlx()) as _,
        filter.to_date.map(|day| day.to_sqlx()) as _,
        after.map(|(day, _)| day.to_sqlx()) as _,
        after.map(|(_, currency)| currency.as_str()),
        limit,
    )
    .fetch_all(&mut **tx)
    .await?
    .into_iter()
    .map(Row::into_rate)
    .collect()
}
