//! The charts. Owns what they look like: one palette for ages from calm to grave, amounts in
//! thousands, tooltips without a script. Numbers go from exact decimals into the chart's document as
//! they are written; a drawing is the only place where they lose digits.

use anyhow::Context as _;
use charts_rs::{BarChart, LineChart};
use money::{Currency, Decimal};
use serde_json::{Map, Value, json};

use crate::demo::proof::aging::BUCKETS;
use crate::demo::proof::history::{Cash, Cure, Receivables};

/// Ages from not due to more than 90 days.
const AGES: [&str; BUCKETS.len()] = ["#2f6f9f", "#8fb8d6", "#f2c14e", "#e8833a", "#b3261e"];

/// Currencies, steps, and what else stands side by side.
const SERIES: [&str; 6] = [
    "#2f6f9f", "#e8833a", "#4c8c4a", "#7b5ea7", "#b3261e", "#5b6770",
];

/// A currency for people: `Euro (EUR)`.
pub(super) fn named(currency: &Currency) -> String {
    format!("{} ({})", currency.name(), currency.code())
}

/// Receivables by age, a column for each end of a month.
///
/// # Errors
/// It cannot be drawn.
pub(super) fn aging(receivables: &Receivables) -> anyhow::Result<String> {
    let mut series = Vec::new();
    for (place, bucket) in BUCKETS.iter().enumerate() {
        let values = receivables
            .months
            .iter()
            .map(|month| month.buckets.get(place).copied());
        let data = values.map(number).collect::<anyhow::Result<Vec<_>>>()?;
        series.push(json!({"name": bucket, "data": data, "stack": "open"}));
    }
    let months = receivables.months.iter();
    let labels: Vec<String> = months
        .map(|month| month.date.strftime("%b %Y").to_string())
        .collect();
    let sums = receivables
        .months
        .iter()
        .map(|month| month.buckets.iter().sum());
    let axis = axis(receivables.currency.code(), sums);
    bars(&document(&series, (&labels, &axis), &AGES))
}

/// Cash, a step a week: columns would be too thin for a book of years.
///
/// # Errors
/// It cannot be drawn.
pub(super) fn cash(cash: &Cash) -> anyhow::Result<String> {
    let amounts = cash.weeks.iter().map(|(_, amount)| number(Some(*amount)));
    let data = amounts.collect::<anyhow::Result<Vec<_>>>()?;
    // An area is filled down to the lowest mark, which below 0 would look like cash.
    let fill = cash
        .weeks
        .iter()
        .all(|(_, amount)| !amount.is_sign_negative());
    let none = json!({"type": "none"});
    let series = [json!({
        "name": "cash in", "data": data, "step": "middle", "fill": fill, "symbol": none
    })];
    let weeks = cash.weeks.iter();
    let labels: Vec<String> = weeks
        .map(|(monday, _)| monday.strftime("%d %b %y").to_string())
        .collect();
    let amounts = cash.weeks.iter().map(|(_, amount)| *amount);
    let axis = axis(cash.currency.code(), amounts);
    lines(&document(&series, (&labels, &axis), &SERIES))
}

/// Days sales outstanding, a line a currency.
///
/// # Errors
/// It cannot be drawn.
pub(super) fn dso(receivables: &[Receivables]) -> anyhow::Result<String> {
    let mut series = Vec::new();
    for one in receivables {
        let values = one.months.iter().map(|month| number(month.dso));
        let data = values.collect::<anyhow::Result<Vec<_>>>()?;
        series.push(json!({"name": one.currency.code(), "data": data}));
    }
    let months = receivables.first().into_iter().flat_map(|one| &one.months);
    let labels: Vec<String> = months
        .map(|month| month.date.strftime("%b %Y").to_string())
        .collect();
    let months = receivables.iter().flat_map(|one| &one.months);
    let axis = axis("days", months.filter_map(|month| month.dso));
    lines(&document(&series, (&labels, &axis), &SERIES))
}

/// Percent of the invoices cured, a column a step; how many it reminded of stands below.
///
/// # Errors
/// It cannot be drawn.
pub(super) fn cures(cures: &[Cure]) -> anyhow::Result<String> {
    let rates = cures.iter().map(|cure| number(rate(cure)));
    let data = rates.collect::<anyhow::Result<Vec<_>>>()?;
    let series = [json!({"name": "cured", "data": data, "label_show": true})];
    let label = |cure: &Cure| format!("{} ({})", cure.step_code, cure.reminded);
    let labels: Vec<String> = cures.iter().map(label).collect();
    let axis = json!([{
        "axis_title": "percent", "axis_formatter": "{c}", "axis_min": 0, "axis_max": 100,
        "axis_split_number": 5
    }]);
    bars(&document(&series, (&labels, &axis), &SERIES))
}

fn rate(cure: &Cure) -> Option<Decimal> {
    let cured = Decimal::from(cure.cured).checked_mul(Decimal::ONE_HUNDRED)?;
    let rate = cured.checked_div(Decimal::from(cure.reminded))?;
    Some(money::round(rate, 1, money::Rounding::HalfAwayFromZero))
}

/// The highest marks of an axis, times a power of ten: each is easily parted in five.
const TOPS: [i64; 8] = [10, 15, 20, 25, 30, 40, 50, 75];

/// A value axis from 0 to a round number; below 0 it finds its own marks.
fn axis(title: &str, values: impl Iterator<Item = Decimal>) -> Value {
    let values: Vec<Decimal> = values.collect();
    let highest = values.iter().max().copied().unwrap_or_default();
    let below = values.iter().any(Decimal::is_sign_negative);
    match top(highest).filter(|_| !below) {
        Some(top) => json!([{
            "axis_title": title, "axis_formatter": "{t}", "axis_split_number": 5,
            "axis_min": 0, "axis_max": top
        }]),
        None => json!([{"axis_title": title, "axis_formatter": "{t}"}]),
    }
}

fn top(highest: Decimal) -> Option<u64> {
    let mut power = 1_i64;
    loop {
        let mut tops = TOPS.iter().filter_map(|top| top.checked_mul(power));
        if let Some(top) = tops.find(|top| Decimal::from(*top) >= highest) {
            return u64::try_from(top).ok();
        }
        power = power.checked_mul(10)?;
    }
}

fn lines(document: &Value) -> anyhow::Result<String> {
    let chart = LineChart::from_json(&document.to_string()).context("a line chart")?;
    chart.svg().context("drawing a line chart")
}

fn bars(document: &Value) -> anyhow::Result<String> {
    let chart = BarChart::from_json(&document.to_string()).context("a bar chart")?;
    chart.svg().context("drawing a bar chart")
}

/// What all charts have alike. A single series says in the heading what it is.
fn document(series: &[Value], (labels, y_axis): (&[String], &Value), colors: &[&str]) -> Value {
    let mut document = Map::new();
    for (key, value) in [
        ("width", json!(760)),
        ("height", json!(300)),
        (
            "margin",
            json!({"left": 8, "top": 10, "right": 16, "bottom": 6}),
        ),
        ("font_family", json!("Roboto")),
        ("compact", json!(true)),
        ("empty_text", json!("nothing to show")),
        ("legend_show", json!(series.len() > 1)),
        ("legend_category", json!("round_rect")),
        ("legend_font_size", json!(12)),
        ("x_axis_font_size", json!(11)),
        ("series_label_font_size", json!(11)),
        ("tooltip_show", json!(true)),
        ("series_colors", json!(colors)),
        ("series_list", json!(series)),
        ("x_axis_data", json!(labels)),
        ("y_axis_configs", y_axis.clone()),
    ] {
        document.insert(key.to_owned(), value);
    }
    Value::Object(document)
}

/// A decimal as a number of the document.
fn number(value: Option<Decimal>) -> anyhow::Result<Value> {
    let Some(value) = value else {
        return Ok(Value::Null);
    };
    let text = value.normalize().to_string();
    serde_json::from_str(&text).with_context(|| format!("the number {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_axis_ends_at_a_round_number_that_holds_all() {
        for (highest, expected) in [
            ("0", 10),
            ("10", 10),
            ("10.01", 15),
            ("52.9", 75),
            ("3374000", 4_000_000),
            ("99999999", 100_000_000),
        ] {
            assert_eq!(top(highest.parse().unwrap()), Some(expected), "{highest}");
        }
        assert_eq!(top(Decimal::MAX), None);
        let below = axis("EUR", [Decimal::ONE, -Decimal::ONE].into_iter());
        assert_eq!(below[0].get("axis_max"), None);
    }
}
