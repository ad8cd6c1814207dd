//! The figures as invoicing tells them beside those of the proof: they must be the same to the last
//! digit.

use anyhow::{Context as _, ensure};
use contracts::common::Decimal as WireDecimal;
use contracts::common::Money as WireMoney;
use contracts::invoicing::{AgingTable, CurrencyFigures, FigureKind};
use money::{Currency, Decimal, parse_decimal};

use super::figures::Reading;
use super::proof::{Aging, Figures};
use super::table::Table;

/// What invoicing told, in the form of the proof.
///
/// # Errors
/// An answer that lacks a part.
pub fn told(reading: &Reading) -> anyhow::Result<Vec<Figures>> {
    let of_currency = |told: &CurrencyFigures| {
        let mut tables = reading.aging.tables.iter();
        let aging = tables.find(|table| table.currency_code == told.currency_code);
        figures(told, aging).with_context(|| told.currency_code.clone())
    };
    reading.figures.iter().map(of_currency).collect()
}

fn figures(told: &CurrencyFigures, aging: Option<&AgingTable>) -> anyhow::Result<Figures> {
    let inputs = told.inputs.as_ref().context("no inputs")?;
    let value = |kind: FigureKind| {
        let mut figures = told.figures.iter();
        let figure = figures.find(|figure| figure.kind() == kind);
        let value = figure
            .with_context(|| format!("no {kind:?}"))?
            .value
            .as_ref();
        value.map(decimal).transpose()
    };
    Ok(Figures {
        currency: Currency::try_new(&told.currency_code)?,
        aging: aging.map(aged).transpose()?.unwrap_or_default(),
        opening: amount(inputs.opening_amount.as_ref())?,
        sales: amount(inputs.sales_amount.as_ref())?,
        closing: amount(inputs.closing_amount.as_ref())?,
        closing_not_due: amount(inputs.closing_not_due_amount.as_ref())?,
        closing_past_due: amount(inputs.closing_past_due_amount.as_ref())?,
        written_off: amount(inputs.written_off_amount.as_ref())?,
        settled_count: inputs.settled_count,
        dso: value(FigureKind::Dso)?,
        best_possible_dso: value(FigureKind::BestPossibleDso)?,
        average_days_delinquent: value(FigureKind::AverageDaysDelinquent)?,
        collection_effectiveness: value(FigureKind::CollectionEffectiveness)?,
        percent_current: value(FigureKind::PercentCurrent)?,
        percent_past_due: value(FigureKind::PercentPastDue)?,
        average_days_to_pay: value(FigureKind::AverageDaysToPay)?,
        weighted_days_to_pay: value(FigureKind::WeightedDaysToPay)?,
        average_days_late_early_as_zero: value(FigureKind::AverageDaysLateEarlyAsZero)?,
        average_days_late_signed: value(FigureKind::AverageDaysLateSigned)?,
        percent_settled_late: value(FigureKind::PercentSettledLate)?,
    })
}

fn aged(table: &AgingTable) -> anyhow::Result<Aging> {
    let mut aging = Aging {
        customer_credit: amount(table.customer_credit_amount.as_ref())?,
        outstanding: amount(table.outstanding_amount.as_ref())?,
        ..Aging::default()
    };
    ensure!(
        table.buckets.len() == aging.buckets.len(),
        "{} buckets",
        table.buckets.len()
    );
    for (place, bucket) in table.buckets.iter().enumerate() {
        aging.buckets[place] = amount(bucket.amount.as_ref())?;
        aging.item_counts[place] = bucket.item_count;
    }
    Ok(aging)
}

fn amount(told: Option<&WireMoney>) -> anyhow::Result<Decimal> {
    let told = told.context("an answer without an amount")?;
    Ok(parse_decimal(&told.amount, 18, 4)?)
}

fn decimal(told: &WireDecimal) -> anyhow::Result<Decimal> {
    Ok(parse_decimal(&told.value, 18, 8)?)
}

/// Each figure of the service beside the naive one, and every difference.
#[must_use]
pub fn beside(told: &[Figures], naive: &[Figures]) -> (Table, Vec<String>) {
    let mut table = Table::of(
        "Figures recomputed by naive SQL",
        &["currency", "values compared", "equal"],
    );
    let mut failures = Vec::new();
    for one in told {
        let other = naive.iter().find(|naive| naive.currency == one.currency);
        let equal = other == Some(one);
        if !equal {
            failures.push(format!(
                "the figures of {}: told {one:?}, found {other:?}",
                one.currency.code()
            ));
        }
        let equal = if equal { "yes" } else { "no" };
        table.row([one.currency.code(), "31", equal].map(str::to_owned));
    }
    if told.len() != naive.len() {
        failures.push(format!(
            "figures of {} currencies, found {}",
            told.len(),
            naive.len()
        ));
    }
    (table, failures)
}
