//! Lines and sums of documents.

use contracts::convert::money_to_wire;
use contracts::{common, invoicing as wire};
use money::{Currency, Decimal, Rate, decimal_string};
use runtime::Violations;

use super::field;
use super::terms::ratio_to_wire;
use crate::domain::{Coded as _, DocumentTotals, Line, LineError, Tax, TaxCategory, TaxTotal};

/// The most lines of a document.
pub const MOST_LINES: usize = 500;

/// The lines of a new document, 1 to 500; `None`: something is noted.
pub fn lines_from_wire(
    violations: &mut Violations,
    field: &str,
    lines: &[wire::InvoiceLine],
    currency: Option<Currency>,
) -> Option<Vec<Line>> {
    let fits = (1..=MOST_LINES).contains(&lines.len());
    violations.check(fits, field, "has 1 to 500 entries");
    let line = |(index, line): (usize, &wire::InvoiceLine)| {
        violations.within(format!("{field}[{index}]"), |violations| {
            line_from_wire(violations, line, currency)
        })
    };
    // All are read, so that everything that is wrong is told at once.
    let read: Vec<Option<Line>> = lines
        .iter()
        .take(MOST_LINES)
        .enumerate()
        .map(line)
        .collect();
    read.into_iter().collect()
}

fn line_from_wire(
    violations: &mut Violations,
    line: &wire::InvoiceLine,
    currency: Option<Currency>,
) -> Option<Line> {
    let description = field::text(violations, "description", &line.description, 500);
    let quantity = field::decimal(violations, "quantity", line.quantity.as_ref());
    let unit = field::optional_text(violations, "unit", &line.unit, 16);
    let unit_price = field::decimal(violations, "unit_price", line.unit_price.as_ref());
    let tax = tax_from_wire(violations, line);
    let (description, quantity, unit, unit_price, tax) =
        (description?, quantity?, unit?, unit_price?, tax?);
    let line = Line::try_new(description, quantity, unit, unit_price, tax, currency?);
    let at_fault = |error: LineError| {
        let field = match error {
            LineError::UnitPrice => "unit_price",
            LineError::Money(_) => "quantity",
            LineError::TaxRatio | LineError::TaxCategory => "tax_ratio",
        };
        violations.add(field, error);
    };
    line.map_err(at_fault).ok()
}

fn tax_from_wire(violations: &mut Violations, line: &wire::InvoiceLine) -> Option<Tax> {
    let category = field::typed(violations, "tax_category", &line.tax_category, |code| {
        TaxCategory::from_code(code).ok_or("is one of S, Z, E, AE, G, K, O")
    });
    let ratio = violations.required("tax_ratio", line.tax_ratio.as_ref());
    let ratio = ratio.and_then(|ratio| violations.parsed("tax_ratio", Rate::parse(&ratio.value)));
    let tax = Tax::try_new(category?, ratio?);
    violations.parsed("tax_ratio", tax)
}

/// The lines of a document, numbered from 1 on.
#[must_use]
pub fn lines_to_wire(lines: &[Line]) -> Vec<wire::InvoiceLine> {
    let numbered = (1_i32..).zip(lines);
    numbered
        .map(|(number, line)| line_to_wire(number, line))
        .collect()
}

fn line_to_wire(line_number: i32, line: &Line) -> wire::InvoiceLine {
    wire::InvoiceLine {
        line_number,
        description: line.description.clone(),
        quantity: Some(decimal(line.quantity)),
        unit: line.unit.clone(),
        unit_price: Some(decimal(line.unit_price)),
        tax_category: line.tax.category.code().to_owned(),
        tax_ratio: Some(ratio_to_wire(line.tax.ratio)),
        net_amount: Some(money_to_wire(line.net_amount)),
    }
}

fn decimal(value: Decimal) -> common::Decimal {
    common::Decimal {
        value: decimal_string(value),
    }
}

/// The sums of a document.
#[must_use]
pub fn totals_to_wire(totals: &DocumentTotals) -> wire::DocumentTotals {
    let tax = |total: &TaxTotal| wire::TaxTotal {
        tax_category: total.tax.category.code().to_owned(),
        tax_ratio: Some(ratio_to_wire(total.tax.ratio)),
        taxable_amount: Some(money_to_wire(total.taxable_amount)),
        tax_amount: Some(money_to_wire(total.tax_amount)),
    };
    wire::DocumentTotals {
        net_amount: Some(money_to_wire(totals.net_amount)),
        tax_totals: totals.taxes.iter().map(tax).collect(),
        tax_amount: Some(money_to_wire(totals.tax_amount)),
        gross_amount: Some(money_to_wire(totals.gross_amount)),
    }
}
