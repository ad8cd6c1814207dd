//! Figures with their inputs.

use contracts::convert::money_to_wire;
use contracts::{common, invoicing as wire};
use money::{Currency, MoneyError, decimal_string};
use runtime::{Refusal, Violations};

use super::field;
use crate::domain::{CustomerId, Figure, FigureInputs, FigureKind, FigureUnit};
use crate::store::figure::Period;

/// The longest period, in days after its first.
const MOST_DAYS: i32 = 3660;

/// The period that is asked for.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn period_from_wire(request: &wire::GetFiguresRequest) -> Result<Period, Refusal> {
    let mut violations = Violations::new();
    let from_date = field::date(&mut violations, "from_date", request.from_date.as_ref());
    let to_date = field::date(&mut violations, "to_date", request.to_date.as_ref());
    if let Some((from_date, to_date)) = from_date.zip(to_date) {
        let days = from_date.until(to_date).map_or(-1, |span| span.get_days());
        let within = (0..=MOST_DAYS).contains(&days);
        let text = format_args!("is at most {MOST_DAYS} days after from_date and not before it");
        violations.check(within, "to_date", text);
    }
    let customer = request.customer_id.as_deref();
    let customer_id = field::filter_id(&mut violations, "customer_id", customer);
    let code = request.currency_code.as_deref();
    let currency = field::filter_currency(&mut violations, "currency_code", code);
    let (from_date, to_date) = violations.complete((from_date, to_date))?;
    Ok(Period {
        from_date,
        to_date,
        customer_id: customer_id.map(CustomerId),
        currency,
    })
}

/// The figures of a currency and what they were computed from.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn figures_to_wire(
    currency: Currency,
    inputs: &FigureInputs,
) -> Result<wire::CurrencyFigures, MoneyError> {
    Ok(wire::CurrencyFigures {
        currency_code: currency.code().to_owned(),
        inputs: Some(inputs_to_wire(inputs)?),
        figures: inputs.figures()?.iter().map(figure_to_wire).collect(),
    })
}

fn inputs_to_wire(inputs: &FigureInputs) -> Result<wire::FigureInputs, MoneyError> {
    let closing = inputs.closing_amount()?;
    Ok(wire::FigureInputs {
        day_count: inputs.day_count,
        opening_amount: Some(money_to_wire(inputs.opening_amount)),
        sales_amount: Some(money_to_wire(inputs.sales_amount)),
        closing_amount: Some(money_to_wire(closing)),
        closing_not_due_amount: Some(money_to_wire(inputs.closing_not_due_amount)),
        closing_past_due_amount: Some(money_to_wire(inputs.closing_past_due_amount)),
        closing_customer_credit_amount: Some(money_to_wire(inputs.closing_customer_credit_amount)),
        credited_amount: Some(money_to_wire(inputs.credited_amount)),
        written_off_amount: Some(money_to_wire(inputs.written_off_amount)),
        invoiced_count: inputs.invoiced_count,
        settled_count: inputs.settled.count,
        settled_late_count: inputs.settled.late_count,
        settled_amount: Some(money_to_wire(inputs.settled.amount)),
        disputed_count: inputs.disputed_count,
    })
}

fn figure_to_wire(figure: &Figure) -> wire::Figure {
    wire::Figure {
        kind: kind_to_wire(figure.kind).into(),
        value: figure.value.map(|value| common::Decimal {
            value: decimal_string(value),
        }),
        unit: unit_to_wire(figure.unit).into(),
        formula: figure.formula.to_owned(),
        undefined_reason: figure.undefined_reason.to_owned(),
    }
}

const fn kind_to_wire(kind: FigureKind) -> wire::FigureKind {
    match kind {
        FigureKind::Dso => wire::FigureKind::Dso,
        FigureKind::BestPossibleDso => wire::FigureKind::BestPossibleDso,
        FigureKind::AverageDaysDelinquent => wire::FigureKind::AverageDaysDelinquent,
        FigureKind::CollectionEffectiveness => wire::FigureKind::CollectionEffectiveness,
        FigureKind::PercentCurrent => wire::FigureKind::PercentCurrent,
        FigureKind::PercentPastDue => wire::FigureKind::PercentPastDue,
        FigureKind::AverageDaysToPay => wire::FigureKind::AverageDaysToPay,
        FigureKind::WeightedDaysToPay => wire::FigureKind::WeightedDaysToPay,
        FigureKind::AverageDaysLateEarlyAsZero => wire::FigureKind::AverageDaysLateEarlyAsZero,
        FigureKind::AverageDaysLateSigned => wire::FigureKind::AverageDaysLateSigned,
        FigureKind::PercentSettledLate => wire::FigureKind::PercentSettledLate,
    }
}

const fn unit_to_wire(unit: FigureUnit) -> wire::FigureUnit {
    match unit {
        FigureUnit::Days => wire::FigureUnit::Days,
        FigureUnit::Percent => wire::FigureUnit::Percent,
    }
}
