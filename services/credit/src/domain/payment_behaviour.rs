//! Owns how a customer pays: averages over the invoices that were closed by payment in the twelve
//! months up to a day, each named for what it averages (ME-5), and whether they pay sooner or later
//! than before. Must not count what was credited or written off: that says nothing about paying.

use std::collections::BTreeMap;

use calendar::{DateOutOfRange, DayCount, add_days, add_months};
use jiff::civil::Date;
use money::{Currency, Decimal, Money, MoneyError, Rounding};

use super::Coded;

/// Digits after the point of averages and ratios.
const DIGITS: u32 = 4;
/// Fewer invoices in a period than this tell nothing.
const FEWEST_FOR_A_TREND: usize = 3;
/// A difference of fewer days than this is chance.
const TREND_DAYS: u32 = 3;

/// An invoice that was closed by payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettledInvoice {
    /// Its date.
    pub invoice_date: Date,
    /// The due date of its last item.
    pub due_date: Date,
    /// The day of the payment that closed it.
    pub settled_date: Date,
    /// Its gross amount, above 0.
    pub gross_amount: Money,
}

/// Whether a customer pays sooner or later than before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PaymentTrend {
    /// At least three days sooner.
    Improving,
    /// Within three days of what it was.
    Stable,
    /// At least three days later.
    Worsening,
}

impl Coded for PaymentTrend {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Improving, "IMPROVING"),
        (Self::Stable, "STABLE"),
        (Self::Worsening, "WORSENING"),
    ];
}

/// How a customer pays. Averages are days; `None` where there is no invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentBehaviour {
    /// The first day of the twelve months.
    pub from_date: Date,
    /// The last day of the twelve months.
    pub to_date: Date,
    /// Invoices closed by payment.
    pub settled_count: usize,
    /// Those that were closed after the due date of their last item.
    pub late_count: usize,
    /// Late ones as a ratio of all.
    pub late_ratio: Option<Decimal>,
    /// From the invoice date to the payment that closed it.
    pub average_days_to_pay: Option<Decimal>,
    /// From the due date to the payment, paid early counting as 0.
    pub average_days_late_early_as_zero: Option<Decimal>,
    /// The same, paid early counting as negative.
    pub average_days_late_signed: Option<Decimal>,
    /// By amount, by currency.
    pub currencies: Vec<CurrencyBehaviour>,
    /// `None`: too few invoices to tell.
    pub trend: Option<PaymentTrend>,
    /// The average days to pay of the last three months.
    pub recent_average_days_to_pay: Option<Decimal>,
    /// The average days to pay of the nine months before.
    pub earlier_average_days_to_pay: Option<Decimal>,
    /// The day of the last payment that closed an invoice, in the twelve months or before.
    pub last_settled_date: Option<Date>,
}

/// How a customer pays in one currency, by amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyBehaviour {
    /// Gross amounts of the invoices closed by payment.
    pub settled_amount: Money,
    /// Those of them that were closed late.
    pub late_amount: Money,
    /// Days to pay, weighted by the gross amounts.
    pub weighted_days_to_pay: Decimal,
}

/// Why behaviour cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BehaviourError {
    /// The twelve months begin before the calendar does.
    #[error(transparent)]
    Date(#[from] DateOutOfRange),
    /// Sums beyond what money and decimals hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl SettledInvoice {
    fn days_to_pay(&self) -> i32 {
        DayCount::Act365.days(self.invoice_date, self.settled_date)
    }

    fn days_late(&self) -> i32 {
        DayCount::Act365.days(self.due_date, self.settled_date)
    }

    fn is_late(&self) -> bool {
        self.settled_date > self.due_date
    }
}

impl PaymentBehaviour {
    /// How they paid in the twelve months up to `to_date`; `settled` may hold more than those.
    ///
    /// # Errors
    /// [`BehaviourError`].
    pub fn measure(settled: &[SettledInvoice], to_date: Date) -> Result<Self, BehaviourError> {
        let from_date = add_days(add_months(to_date, -12)?, 1)?;
        let recent_from = add_days(add_months(to_date, -3)?, 1)?;
        let known = settled.iter().filter(|one| one.settled_date <= to_date);
        let last_settled_date = known.clone().map(|one| one.settled_date).max();
        let counted: Vec<SettledInvoice> = known
            .filter(|one| from_date <= one.settled_date)
            .copied()
            .collect();
        let (recent, earlier): (Vec<SettledInvoice>, Vec<SettledInvoice>) = counted
            .iter()
            .partition(|one| recent_from <= one.settled_date);
        let late_count = counted.iter().filter(|one| one.is_late()).count();
        Ok(Self {
            from_date,
            to_date,
            settled_count: counted.len(),
            late_count,
            late_ratio: quotient(Decimal::from(late_count), Decimal::from(counted.len())),
            average_days_to_pay: average(&counted, SettledInvoice::days_to_pay),
            average_days_late_early_as_zero: average(&counted, |one| one.days_late().max(0)),
            average_days_late_signed: average(&counted, SettledInvoice::days_late),
            currencies: by_currency(&counted)?,
            trend: trend(&recent, &earlier),
            recent_average_days_to_pay: average(&recent, SettledInvoice::days_to_pay),
            earlier_average_days_to_pay: average(&earlier, SettledInvoice::days_to_pay),
            last_settled_date,
        })
    }
}

fn average(invoices: &[SettledInvoice], days: impl Fn(&SettledInvoice) -> i32) -> Option<Decimal> {
    let sum: i64 = invoices.iter().map(|one| i64::from(days(one))).sum();
    quotient(Decimal::from(sum), Decimal::from(invoices.len()))
}

/// `None` where there is nothing to divide by.
fn quotient(sum: Decimal, count: Decimal) -> Option<Decimal> {
    let exact = sum.checked_div(count)?;
    Some(money::round(exact, DIGITS, Rounding::HalfAwayFromZero))
}

/// Judged on the exact averages: days of the one times invoices of the other, so that rounding
/// decides nothing.
fn trend(recent: &[SettledInvoice], earlier: &[SettledInvoice]) -> Option<PaymentTrend> {
    if recent.len().min(earlier.len()) < FEWEST_FOR_A_TREND {
        return None;
    }
    let days = |invoices: &[SettledInvoice]| -> i64 {
        invoices
            .iter()
            .map(|one| i64::from(one.days_to_pay()))
            .sum()
    };
    let count = |invoices: &[SettledInvoice]| Decimal::from(invoices.len());
    let of_recent = Decimal::from(days(recent)).checked_mul(count(earlier))?;
    let of_earlier = Decimal::from(days(earlier)).checked_mul(count(recent))?;
    let difference = of_recent.checked_sub(of_earlier)?;
    let threshold = count(recent)
        .checked_mul(count(earlier))?
        .checked_mul(TREND_DAYS.into())?;
    Some(if difference >= threshold {
        PaymentTrend::Worsening
    } else if difference.abs() >= threshold {
        PaymentTrend::Improving
    } else {
        PaymentTrend::Stable
    })
}

fn by_currency(invoices: &[SettledInvoice]) -> Result<Vec<CurrencyBehaviour>, MoneyError> {
    let mut grouped: BTreeMap<Currency, Vec<&SettledInvoice>> = BTreeMap::new();
    for one in invoices {
        let group = grouped.entry(one.gross_amount.currency()).or_default();
        group.push(one);
    }
    grouped
        .into_iter()
        .map(|(currency, group)| in_currency(currency, &group))
        .collect()
}

fn in_currency(
    currency: Currency,
    invoices: &[&SettledInvoice],
) -> Result<CurrencyBehaviour, MoneyError> {
    let settled_amount = Money::sum(currency, invoices.iter().map(|one| one.gross_amount))?;
    let late = invoices.iter().filter(|one| one.is_late());
    let mut weighted = Decimal::ZERO;
    for one in invoices {
        let days = Decimal::from(one.days_to_pay());
        let product = one.gross_amount.amount().checked_mul(days);
        let sum = product.and_then(|product| weighted.checked_add(product));
        weighted = sum.ok_or(MoneyError::Overflow)?;
    }
    Ok(CurrencyBehaviour {
        settled_amount,
        late_amount: Money::sum(currency, late.map(|one| one.gross_amount))?,
        weighted_days_to_pay: quotient(weighted, settled_amount.amount())
            .ok_or(MoneyError::DivisionByZero)?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::{eur, usd};

    use super::*;

    const TODAY: Date = date(2026, 3, 31);

    /// An invoice over `gross`, due 30 days after its date, closed `days` days after it.
    fn settled(settled_date: Date, days: i32, gross: Money) -> SettledInvoice {
        let invoice_date = add_days(settled_date, days.saturating_neg()).unwrap();
        SettledInvoice {
            invoice_date,
            due_date: add_days(invoice_date, 30).unwrap(),
            settled_date,
            gross_amount: gross,
        }
    }

    fn decimal(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn trends_have_stable_names() {
        assert_complete::<PaymentTrend>(3);
    }

    #[test]
    fn me_5_simple_weighted_signed_and_early_as_zero_are_four_numbers() {
        // 20, 30 and 55 days to pay: 10 early, on time, 25 late.
        let invoices = [
            settled(date(2026, 2, 1), 20, eur("100.00")),
            settled(date(2026, 2, 2), 30, eur("100.00")),
            settled(date(2026, 2, 3), 55, eur("800.00")),
        ];
        let behaviour = PaymentBehaviour::measure(&invoices, TODAY).unwrap();
        assert_eq!((behaviour.settled_count, behaviour.late_count), (3, 1));
        assert_eq!(behaviour.late_ratio, decimal("0.3333"));
        assert_eq!(behaviour.average_days_to_pay, decimal("35"));
        assert_eq!(behaviour.average_days_late_early_as_zero, decimal("8.3333"));
        assert_eq!(behaviour.average_days_late_signed, decimal("5"));
        let [euro] = &behaviour.currencies[..] else {
            panic!("one currency: {:?}", behaviour.currencies);
        };
        // (100 x 20 + 100 x 30 + 800 x 55) / 1000.
        assert_eq!(Some(euro.weighted_days_to_pay), decimal("49"));
        assert_eq!(
            (euro.settled_amount, euro.late_amount),
            (eur("1000.00"), eur("800.00"))
        );
    }

    #[test]
    fn without_invoices_nothing_is_averaged() {
        let behaviour = PaymentBehaviour::measure(&[], TODAY).unwrap();
        assert_eq!(behaviour.average_days_to_pay, None);
        assert_eq!((behaviour.late_ratio, behaviour.trend), (None, None));
        assert_eq!(behaviour.from_date, date(2025, 4, 1));
    }

    #[test]
    fn only_the_twelve_months_up_to_the_day_count() {
        let invoices = [
            settled(date(2025, 3, 31), 90, eur("1.00")),
            settled(date(2025, 4, 1), 30, eur("1.00")),
            settled(date(2026, 3, 31), 32, eur("1.00")),
            settled(date(2026, 4, 1), 90, usd("1.00")),
        ];
        let behaviour = PaymentBehaviour::measure(&invoices, TODAY).unwrap();
        assert_eq!(behaviour.settled_count, 2);
        assert_eq!(behaviour.average_days_to_pay, decimal("31"));
        assert_eq!(behaviour.last_settled_date, Some(TODAY));
    }

    #[test]
    fn the_trend_needs_three_days_and_three_invoices_on_either_side() {
        let earlier = date(2025, 10, 1);
        let recent = date(2026, 2, 1);
        let trend = |recent_days: &[i32]| {
            let before = [30, 30, 30].map(|days| settled(earlier, days, eur("1.00")));
            let now = recent_days
                .iter()
                .map(|days| settled(recent, *days, eur("1.00")));
            let invoices: Vec<SettledInvoice> = before.into_iter().chain(now).collect();
            PaymentBehaviour::measure(&invoices, TODAY).unwrap().trend
        };
        assert_eq!(trend(&[33, 33, 33]), Some(PaymentTrend::Worsening));
        assert_eq!(trend(&[33, 33, 32]), Some(PaymentTrend::Stable));
        assert_eq!(trend(&[27, 27, 27]), Some(PaymentTrend::Improving));
        assert_eq!(trend(&[99, 99]), None);
    }
}
