//! How the figures came about, for charts: month by month, week by week, step by step. From the same
//! facts, by the same walk.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use jiff::ToSpan as _;
use jiff::civil::Date;
use money::{Currency, Decimal};
use sqlx::PgConnection;
use uuid::Uuid;

use super::aging::BUCKETS;
use super::databases::Databases;
use super::ledger::{Ledger, Route, currency};
use super::{Period, aging, figures};

/// Days over which a point of the DSO looks back.
pub const DSO_DAYS: i64 = 90;

/// Days within which a debt must be paid to count as cured by a step.
pub const CURE_DAYS: i64 = 14;

/// Everything that is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct History {
    /// Receivables of each currency, by code.
    pub receivables: Vec<Receivables>,
    /// Cash of each currency, by code.
    pub cash: Vec<Cash>,
    /// Steps by level.
    pub cures: Vec<Cure>,
}

/// What was open of one currency over time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receivables {
    /// The currency.
    pub currency: Currency,
    /// The ends of months, and the end of the period.
    pub months: Vec<Month>,
}

/// One end of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// The day.
    pub date: Date,
    /// What was open then, by [`BUCKETS`].
    pub buckets: [Decimal; BUCKETS.len()],
    /// Days sales outstanding over the last [`DSO_DAYS`]; `None` where the book does not reach back
    /// so far.
    pub dso: Option<Decimal>,
}

/// Cash that came in, less what went back, in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cash {
    /// The currency.
    pub currency: Currency,
    /// Mondays, without a gap, and the cash of the week that begins there.
    pub weeks: Vec<(Date, Decimal)>,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cure {
    /// The step.
    pub step_code: String,
    /// Its place on the ladder, from 1 on.
    pub level: i16,
    /// Invoices that it reminded of, [`CURE_DAYS`] or more before the end of the period.
    pub reminded: i64,
    /// Those of them that were paid in full within [`CURE_DAYS`].
    pub cured: i64,
}

/// Reads all of it.
///
/// # Errors
/// A database does not answer, or a sum is too large.
pub(super) async fn read(
    databases: &mut Databases,
    ledger: &Ledger,
    (tenant, period): (Uuid, Period),
) -> anyhow::Result<History> {
    let receivables = ledger.currencies().into_iter().map(|currency| {
        let months = ends_of_months(period).into_iter();
        let months = months.map(|date| month(ledger, currency, (period, date)));
        Ok(Receivables {
            currency,
            months: months.collect::<anyhow::Result<_>>()?,
        })
    });
    Ok(History {
        receivables: receivables.collect::<anyhow::Result<_>>()?,
        cash: cash(&mut databases.payments, tenant, period).await?,
        cures: cures(&mut databases.reminders, ledger, (tenant, period)).await?,
    })
}

fn ends_of_months(period: Period) -> Vec<Date> {
    let mut ends = Vec::new();
    let mut end = period.from_date.last_of_month();
    while end < period.to_date {
        ends.push(end);
        match end.tomorrow() {
            Ok(next) => end = next.last_of_month(),
            Err(_) => break,
        }
    }
    ends.push(period.to_date);
    ends
}

fn month(
    ledger: &Ledger,
    currency: Currency,
    (period, date): (Period, Date),
) -> anyhow::Result<Month> {
    let from_date = date.checked_sub(DSO_DAYS.saturating_sub(1).days())?;
    let dso = if from_date < period.from_date {
        None
    } else {
        let to_date = date;
        figures::of_currency(ledger, currency, Period { from_date, to_date })?.dso
    };
    let buckets = aging::of(ledger, currency, date)?.buckets;
    Ok(Month { date, buckets, dso })
}

async fn cash(
    payments: &mut PgConnection,
    tenant: Uuid,
    period: Period,
) -> anyhow::Result<Vec<Cash>> {
    let sql = "SELECT currency_code, entry_date,
                      CASE kind WHEN 'RECEIVED' THEN amount ELSE - amount END
                 FROM receipt_entry
                WHERE tenant_id = $1 AND kind IN ('RECEIVED', 'REFUNDED', 'RETURNED')";
    let rows: Vec<(String, jiff_sqlx::Date, Decimal)> =
        sqlx::query_as(sql).bind(tenant).fetch_all(payments).await?;
    let mut by_currency: BTreeMap<String, BTreeMap<Date, Decimal>> = BTreeMap::new();
    for (code, date, amount) in rows {
        let weeks = by_currency.entry(code).or_insert_with(|| mondays(period));
        let week = weeks.entry(monday(date.to_jiff())).or_default();
        *week = week.checked_add(amount).context("the cash of a week")?;
    }
    let of_currency = |(code, weeks): (String, BTreeMap<Date, Decimal>)| {
        Ok(Cash {
            currency: currency(&code)?,
            weeks: weeks.into_iter().collect(),
        })
    };
    by_currency.into_iter().map(of_currency).collect()
}

fn mondays(period: Period) -> BTreeMap<Date, Decimal> {
    let first = monday(period.from_date);
    let weeks = first
        .series(1.week())
        .take_while(|day| *day <= period.to_date);
    weeks.map(|day| (day, Decimal::ZERO)).collect()
}

fn monday(date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset());
    date.saturating_sub(back.days())
}

async fn cures(
    reminders: &mut PgConnection,
    ledger: &Ledger,
    (tenant, period): (Uuid, Period),
) -> anyhow::Result<Vec<Cure>> {
    let sql = "SELECT line.step_code, line.level, line.invoice_id,
                      min((message.sent_time AT TIME ZONE 'UTC')::date)
                 FROM message_line line JOIN message USING (tenant_id, message_id)
                WHERE tenant_id = $1 AND message.state = 'SENT'
                GROUP BY line.step_code, line.level, line.invoice_id";
    let rows: Vec<(String, i16, Uuid, jiff_sqlx::Date)> = sqlx::query_as(sql)
        .bind(tenant)
        .fetch_all(reminders)
        .await?;
    let reminded: BTreeSet<Uuid> = rows.iter().map(|(_, _, invoice, _)| *invoice).collect();
    let paid: BTreeMap<Uuid, Date> = ledger
        .invoices
        .iter()
        .filter(|invoice| reminded.contains(&invoice.invoice_id))
        .filter_map(|invoice| match invoice.settled(period.to_date) {
            Some((day, Route::Payment)) => Some((invoice.invoice_id, day)),
            _ => None,
        })
        .collect();
    let mut cures: BTreeMap<(i16, String), Cure> = BTreeMap::new();
    for (step_code, level, invoice_id, sent) in rows {
        let last_day = sent.to_jiff().checked_add(CURE_DAYS.days())?;
        if last_day > period.to_date {
            continue;
        }
        let key = (level, step_code.clone());
        let cure = cures.entry(key).or_insert(Cure {
            step_code,
            level,
            reminded: 0,
            cured: 0,
        });
        let cured = paid.get(&invoice_id).is_some_and(|day| *day <= last_day);
        cure.reminded = cure.reminded.saturating_add(1);
        cure.cured = cure.cured.saturating_add(i64::from(cured));
    }
    Ok(cures.into_values().collect())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::demo::proof::ledger::tests::invoice;

    const PERIOD: Period = Period {
        from_date: date(2026, 1, 5),
        to_date: date(2026, 5, 10),
    };

    #[test]
    fn months_end_with_the_period_and_weeks_have_no_gap() {
        let ends = ends_of_months(PERIOD);
        let days = [(1, 31), (2, 28), (3, 31), (4, 30), (5, 10)];
        assert_eq!(ends, days.map(|(month, day)| date(2026, month, day)));
        let weeks: Vec<Date> = mondays(PERIOD).into_keys().collect();
        assert_eq!((weeks[0], weeks.len()), (date(2026, 1, 5), 18));
        assert_eq!(monday(date(2026, 5, 10)), *weeks.last().unwrap());
    }

    #[test]
    fn dso_looks_back_as_far_as_the_book_goes() {
        let ledger = Ledger {
            invoices: vec![invoice(date(2026, 3, 1), date(2026, 3, 31), 100)],
            credits: Vec::new(),
        };
        let at = |day| month(&ledger, Currency::EUR, (PERIOD, day)).unwrap();
        assert_eq!(at(date(2026, 3, 31)).dso, None);
        let april = at(date(2026, 4, 30));
        assert_eq!(april.dso, Some(Decimal::from(90)));
        assert_eq!(april.buckets, [0, 100, 0, 0, 0].map(Decimal::from));
    }
}
