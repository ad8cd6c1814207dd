//! Owns the measures of how well invoices turn into money, each with its formula in words, because
//! the same name means different things elsewhere (ME-3). Undefined stays undefined: never infinity
//! and never 0 (ME-7). Must not find the inputs: the store sums them as of the end of the period.

use money::{Decimal, Money, MoneyError, Rounding};

use super::{Coded, SettledSums};

/// A measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureKind {
    /// Days sales outstanding.
    Dso,
    /// Best possible DSO: of what is not due.
    BestPossibleDso,
    /// DSO less best possible DSO.
    AverageDaysDelinquent,
    /// Collection effectiveness index.
    CollectionEffectiveness,
    /// Share of the receivables that is not due.
    PercentCurrent,
    /// Share of the receivables that is past due.
    PercentPastDue,
    /// Days from the invoice date to the payment that closed it.
    AverageDaysToPay,
    /// The same, weighted by the invoices' gross amounts.
    WeightedDaysToPay,
    /// Days from the due date to the payment that closed it, early as 0.
    AverageDaysLateEarlyAsZero,
    /// The same, early as negative.
    AverageDaysLateSigned,
    /// Share of the invoices closed by payment that were closed late.
    PercentSettledLate,
}

impl Coded for FigureKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Dso, "DSO"),
        (Self::BestPossibleDso, "BEST_POSSIBLE_DSO"),
        (Self::AverageDaysDelinquent, "AVERAGE_DAYS_DELINQUENT"),
        (Self::CollectionEffectiveness, "COLLECTION_EFFECTIVENESS"),
        (Self::PercentCurrent, "PERCENT_CURRENT"),
        (Self::PercentPastDue, "PERCENT_PAST_DUE"),
        (Self::AverageDaysToPay, "AVERAGE_DAYS_TO_PAY"),
        (Self::WeightedDaysToPay, "WEIGHTED_DAYS_TO_PAY"),
        (
            Self::AverageDaysLateEarlyAsZero,
            "AVERAGE_DAYS_LATE_EARLY_AS_ZERO",
        ),
        (Self::AverageDaysLateSigned, "AVERAGE_DAYS_LATE_SIGNED"),
        (Self::PercentSettledLate, "PERCENT_SETTLED_LATE"),
    ];
}

/// What a figure is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FigureUnit {
    /// Days.
    Days,
    /// Percent.
    Percent,
}

/// One figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure {
    /// Which measure.
    pub kind: FigureKind,
    /// Its value, rounded half away from zero to four digits; `None` where it is undefined.
    pub value: Option<Decimal>,
    /// What it is counted in.
    pub unit: FigureUnit,
    /// The formula in words, with the names of the inputs.
    pub formula: &'static str,
    /// Why it is undefined; empty where it has a value.
    pub undefined_reason: &'static str,
}

/// What the figures of one currency and period are computed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FigureInputs {
    /// Days of the period, both ends included.
    pub day_count: i32,
    /// Outstanding at the end of the day before the period, customer credit not taken off.
    pub opening_amount: Money,
    /// Invoiced in the period, by invoice date, voided invoices left out.
    pub sales_amount: Money,
    /// Outstanding and not due at the end of the period.
    pub closing_not_due_amount: Money,
    /// Outstanding and past due at the end of the period.
    pub closing_past_due_amount: Money,
    /// Customer credit at the end of the period: 0 or negative (ME-7).
    pub closing_customer_credit_amount: Money,
    /// Credited in the period.
    pub credited_amount: Money,
    /// Written off in the period, less what was reinstated.
    pub written_off_amount: Money,
    /// Invoices with an invoice date in the period.
    pub invoiced_count: i64,
    /// Those of them that have or had a dispute.
    pub disputed_count: i64,
    /// The invoices closed by payment in the period.
    pub settled: SettledSums,
}

const NO_SALES: &str = "nothing was invoiced in the period";
const NOTHING_OUTSTANDING: &str = "nothing is outstanding at the end of the period";
const NOTHING_TO_COLLECT: &str = "nothing was due for collection in the period";
const NOTHING_SETTLED: &str = "no invoice was closed by payment in the period";

/// A fraction that is a figure, with why it has no value when its denominator is nothing.
struct Fraction {
    kind: FigureKind,
    numerator: Decimal,
    denominator: Decimal,
    formula: &'static str,
    undefined: &'static str,
}

impl FigureInputs {
    /// Outstanding at the end of the period, customer credit not taken off.
    ///
    /// # Errors
    /// [`MoneyError`] for other currencies or too large amounts.
    pub fn closing_amount(&self) -> Result<Money, MoneyError> {
        self.closing_not_due_amount
            .checked_add(self.closing_past_due_amount)
    }

    /// All figures, in the order of their kinds.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn figures(&self) -> Result<Vec<Figure>, MoneyError> {
        let mut fractions = self.of_balances()?;
        fractions.extend(self.of_payments()?);
        fractions.into_iter().map(Fraction::figure).collect()
    }

    /// ME-1, data set A.
    fn of_balances(&self) -> Result<Vec<Fraction>, MoneyError> {
        let days = Decimal::from(self.day_count);
        let closing = self.closing_amount()?;
        let (not_due, past_due) = (self.closing_not_due_amount, self.closing_past_due_amount);
        let of_sales = |kind, amount: Money, formula| {
            Ok::<_, MoneyError>(Fraction {
                kind,
                numerator: times(amount.amount(), days)?,
                denominator: self.sales_amount.amount(),
                formula,
                undefined: NO_SALES,
            })
        };
        let of_closing = |kind, amount: Money, formula| {
            Ok::<_, MoneyError>(Fraction {
                kind,
                numerator: times(amount.amount(), Decimal::ONE_HUNDRED)?,
                denominator: closing.amount(),
                formula,
                undefined: NOTHING_OUTSTANDING,
            })
        };
        Ok(vec![
            of_sales(
                FigureKind::Dso,
                closing,
                "closing_amount / sales_amount x day_count",
            )?,
            of_sales(
                FigureKind::BestPossibleDso,
                not_due,
                "closing_not_due_amount / sales_amount x day_count",
            )?,
            of_sales(
                FigureKind::AverageDaysDelinquent,
                past_due,
                "(closing_amount - closing_not_due_amount) / sales_amount x day_count",
            )?,
            self.collection_effectiveness(closing)?,
            of_closing(
                FigureKind::PercentCurrent,
                not_due,
                "closing_not_due_amount / closing_amount x 100",
            )?,
            of_closing(
                FigureKind::PercentPastDue,
                past_due,
                "closing_past_due_amount / closing_amount x 100",
            )?,
        ])
    }

    /// A write-off lowers the closing balance and must not pass for collecting (ME-7).
    fn collection_effectiveness(&self, closing: Money) -> Result<Fraction, MoneyError> {
        let to_collect = self.opening_amount.checked_add(self.sales_amount)?;
        let closing = closing.checked_add(self.written_off_amount)?;
        let collected = to_collect.checked_sub(closing)?;
        let collectable = to_collect.checked_sub(self.closing_not_due_amount)?;
        Ok(Fraction {
            kind: FigureKind::CollectionEffectiveness,
            numerator: times(collected.amount(), Decimal::ONE_HUNDRED)?,
            denominator: collectable.amount(),
            formula: "(opening_amount + sales_amount - closing_amount - written_off_amount) / \
                (opening_amount + sales_amount - closing_not_due_amount) x 100",
            undefined: NOTHING_TO_COLLECT,
        })
    }

    /// ME-5.
    fn of_payments(&self) -> Result<Vec<Fraction>, MoneyError> {
        let settled = &self.settled;
        let by_count = |kind, numerator: Decimal, formula| Fraction {
            kind,
            numerator,
            denominator: Decimal::from(settled.count),
            formula,
            undefined: NOTHING_SETTLED,
        };
        let late = times(Decimal::from(settled.late_count), Decimal::ONE_HUNDRED)?;
        Ok(vec![
            by_count(
                FigureKind::AverageDaysToPay,
                Decimal::from(settled.days_to_pay),
                "sum of days from invoice date to closing / settled_count",
            ),
            Fraction {
                kind: FigureKind::WeightedDaysToPay,
                numerator: settled.weighted_days,
                denominator: settled.amount.amount(),
                formula: "sum of gross amount x days from invoice date to closing / settled_amount",
                undefined: NOTHING_SETTLED,
            },
            by_count(
                FigureKind::AverageDaysLateEarlyAsZero,
                Decimal::from(settled.days_late_early_as_zero),
                "sum of days from last due date to closing, early as 0 / settled_count",
            ),
            by_count(
                FigureKind::AverageDaysLateSigned,
                Decimal::from(settled.days_late_signed),
                "sum of days from last due date to closing, early as negative / settled_count",
            ),
            by_count(
                FigureKind::PercentSettledLate,
                late,
                "settled_late_count / settled_count x 100",
            ),
        ])
    }
}

impl FigureKind {
    /// What it is counted in.
    #[must_use]
    pub fn unit(self) -> FigureUnit {
        match self {
            Self::CollectionEffectiveness
            | Self::PercentCurrent
            | Self::PercentPastDue
            | Self::PercentSettledLate => FigureUnit::Percent,
            Self::Dso
            | Self::BestPossibleDso
            | Self::AverageDaysDelinquent
            | Self::AverageDaysToPay
            | Self::WeightedDaysToPay
            | Self::AverageDaysLateEarlyAsZero
            | Self::AverageDaysLateSigned => FigureUnit::Days,
        }
    }
}

impl Fraction {
    fn figure(self) -> Result<Figure, MoneyError> {
        let value = ratio(self.numerator, self.denominator)?;
        Ok(Figure {
            kind: self.kind,
            unit: self.kind.unit(),
            formula: self.formula,
            undefined_reason: if value.is_none() { self.undefined } else { "" },
            value,
        })
    }
}

/// One month of sales, for the count-back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MonthOfSales {
    /// Its days.
    pub day_count: i32,
    /// What was invoiced in it.
    pub sales_amount: Money,
}

/// DSO by counting back (ME-2): the months' sales are taken off the closing balance from the newest
/// back, each full month counting its days, the last one pro rata. `None` when the months that are
/// given do not come to the balance.
///
/// # Errors
/// [`MoneyError`] for other currencies or too large amounts.
pub fn count_back_dso(
    closing_amount: Money,
    newest_first: &[MonthOfSales],
) -> Result<Option<Decimal>, MoneyError> {
    let mut left = closing_amount;
    let mut days = Decimal::ZERO;
    for month in newest_first {
        if !left.is_positive() {
            break;
        }
        let month_days = Decimal::from(month.day_count);
        let counted = if left.try_cmp(&month.sales_amount)?.is_ge() {
            left = left.checked_sub(month.sales_amount)?;
            month_days
        } else {
            let sales = month.sales_amount.amount();
            let part = times(left.amount(), month_days)?.checked_div(sales);
            left = Money::zero(left.currency());
            part.ok_or(MoneyError::DivisionByZero)?
        };
        days = days.checked_add(counted).ok_or(MoneyError::Overflow)?;
    }
    let days = money::round(days, 4, Rounding::HalfAwayFromZero);
    Ok((!left.is_positive()).then_some(days))
}

fn times(left: Decimal, right: Decimal) -> Result<Decimal, MoneyError> {
    left.checked_mul(right).ok_or(MoneyError::Overflow)
}

/// Rounded half away from zero to four digits; `None` of nothing.
fn ratio(numerator: Decimal, denominator: Decimal) -> Result<Option<Decimal>, MoneyError> {
    if denominator.is_zero() {
        return Ok(None);
    }
    let exact = numerator
        .checked_div(denominator)
        .ok_or(MoneyError::Overflow)?;
    Ok(Some(money::round(exact, 4, Rounding::HalfAwayFromZero)))
}

#[cfg(test)]
mod tests {
    use money::Currency;
    use rust_decimal::dec;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::eur;

    fn data_set_a() -> FigureInputs {
        FigureInputs {
            day_count: 90,
            opening_amount: eur("900000"),
            sales_amount: eur("1500000"),
            closing_not_due_amount: eur("780000"),
            closing_past_due_amount: eur("270000"),
            closing_customer_credit_amount: eur("0"),
            credited_amount: eur("0"),
            written_off_amount: eur("0"),
            invoiced_count: 0,
            disputed_count: 0,
            settled: SettledSums::none(Currency::EUR),
        }
    }

    fn value(inputs: &FigureInputs, kind: FigureKind) -> Option<Decimal> {
        let figures = inputs.figures().unwrap();
        let figure = figures
            .into_iter()
            .find(|figure| figure.kind == kind)
            .unwrap();
        assert_eq!(figure.value.is_none(), !figure.undefined_reason.is_empty());
        figure.value
    }

    fn percent_digits(value: Option<Decimal>) -> Decimal {
        money::round(value.unwrap(), 2, Rounding::HalfAwayFromZero)
    }

    #[test]
    fn me_1_data_set_a() {
        let a = data_set_a();
        assert_eq!(value(&a, FigureKind::Dso), Some(dec!(63.0)));
        assert_eq!(value(&a, FigureKind::BestPossibleDso), Some(dec!(46.8)));
        assert_eq!(
            value(&a, FigureKind::AverageDaysDelinquent),
            Some(dec!(16.2))
        );
        let effectiveness = value(&a, FigureKind::CollectionEffectiveness);
        assert_eq!(effectiveness, Some(dec!(83.3333)));
        assert_eq!(
            percent_digits(value(&a, FigureKind::PercentCurrent)),
            dec!(74.29)
        );
        assert_eq!(
            percent_digits(value(&a, FigureKind::PercentPastDue)),
            dec!(25.71)
        );
    }

    #[test]
    fn me_2_counting_back() {
        let month = |day_count, sales| MonthOfSales {
            day_count,
            sales_amount: eur(sales),
        };
        let months = [
            month(31, "400000"),
            month(30, "0"),
            month(31, "600000"),
            month(28, "100"),
        ];
        let back = |closing| count_back_dso(eur(closing), &months).unwrap();
        assert_eq!(back("100000"), Some(dec!(7.75)));
        assert_eq!(back("400000"), Some(dec!(31)));
        assert_eq!(back("400001"), Some(dec!(61.0001)));
        assert_eq!(back("700000"), Some(dec!(76.5)));
        assert_eq!(back("0"), Some(dec!(0)));
        assert_eq!(back("1000101"), None);
    }

    #[test]
    fn me_3_the_same_name_with_sales_by_the_month_is_another_figure() {
        let mut a = data_set_a();
        a.sales_amount = eur("500000");
        let oracle = value(&a, FigureKind::CollectionEffectiveness);
        assert_eq!(percent_digits(oracle), dec!(56.45));
    }

    #[test]
    fn me_5_early_as_zero_and_as_negative_are_two_figures() {
        let mut a = data_set_a();
        a.settled = SettledSums {
            count: 3,
            late_count: 1,
            amount: eur("600"),
            days_to_pay: 70,
            weighted_days: dec!(22000),
            days_late_early_as_zero: 10,
            days_late_signed: -2,
        };
        assert_eq!(value(&a, FigureKind::AverageDaysToPay), Some(dec!(23.3333)));
        assert_eq!(
            value(&a, FigureKind::WeightedDaysToPay),
            Some(dec!(36.6667))
        );
        let as_zero = value(&a, FigureKind::AverageDaysLateEarlyAsZero);
        assert_eq!(as_zero, Some(dec!(3.3333)));
        let signed = value(&a, FigureKind::AverageDaysLateSigned);
        assert_eq!(signed, Some(dec!(-0.6667)));
        assert_eq!(
            value(&a, FigureKind::PercentSettledLate),
            Some(dec!(33.3333))
        );
    }

    #[test]
    fn me_7_undefined_is_neither_infinity_nor_zero() {
        let mut nothing = data_set_a();
        nothing.opening_amount = eur("0");
        nothing.sales_amount = eur("0");
        nothing.closing_not_due_amount = eur("0");
        nothing.closing_past_due_amount = eur("0");
        for figure in nothing.figures().unwrap() {
            assert_eq!(figure.value, None, "{:?}", figure.kind);
        }
        let mut no_sales = data_set_a();
        no_sales.sales_amount = eur("0");
        assert_eq!(value(&no_sales, FigureKind::Dso), None);
        assert!(value(&no_sales, FigureKind::PercentCurrent).is_some());
    }

    #[test]
    fn me_7_a_write_off_does_not_improve_effectiveness() {
        let mut written_off = data_set_a();
        written_off.closing_past_due_amount = eur("170000");
        written_off.written_off_amount = eur("100000");
        let kind = FigureKind::CollectionEffectiveness;
        assert_eq!(value(&written_off, kind), value(&data_set_a(), kind));
    }

    #[test]
    fn every_kind_comes_once_in_order_with_its_formula() {
        assert_complete::<FigureKind>(11);
        let figures = data_set_a().figures().unwrap();
        let kinds = figures.iter().map(|figure| figure.kind);
        assert!(kinds.eq(FigureKind::CODES.iter().map(|(kind, _)| *kind)));
        assert!(figures.iter().all(|figure| !figure.formula.is_empty()));
    }
}
