//! How well invoices turn into money, computed from the facts (ME-1, ME-5). The definitions are the
//! trade's; nothing is undefined silently: where a denominator is nothing there is no value (ME-7).

use anyhow::Context as _;
use jiff::civil::Date;
use money::{Currency, Decimal, Rounding};

use super::ledger::{Invoice, Ledger, Route};
use super::{Aging, Period, aging};

/// Digits of a figure after the point.
const DIGITS: u32 = 4;

/// The figures of one currency. Each is rounded half away from zero to four digits; `None` where it is
/// undefined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Figures {
    /// The currency.
    pub currency: Currency,
    /// Receivables by age at the end of the period.
    pub aging: Aging,
    /// Open at the end of the day before the period, credit not taken off.
    pub opening: Decimal,
    /// Invoiced in the period, without what was void at its end.
    pub sales: Decimal,
    /// Open at the end of the period, credit not taken off.
    pub closing: Decimal,
    /// What of it is not due.
    pub closing_not_due: Decimal,
    /// What of it is past due.
    pub closing_past_due: Decimal,
    /// Written off in the period, less what was reinstated.
    pub written_off: Decimal,
    /// Invoices that payment closed in the period.
    pub settled_count: i64,
    /// Days: closing / sales × days.
    pub dso: Option<Decimal>,
    /// Days: not due / sales × days.
    pub best_possible_dso: Option<Decimal>,
    /// Days: past due / sales × days.
    pub average_days_delinquent: Option<Decimal>,
    /// Percent: (opening + sales − closing − written off) / (opening + sales − not due).
    pub collection_effectiveness: Option<Decimal>,
    /// Percent of what is open that is not due.
    pub percent_current: Option<Decimal>,
    /// Percent of what is open that is past due.
    pub percent_past_due: Option<Decimal>,
    /// Days from invoice date to closing.
    pub average_days_to_pay: Option<Decimal>,
    /// The same, weighted by gross amounts.
    pub weighted_days_to_pay: Option<Decimal>,
    /// Days from the last due date to closing, early as 0.
    pub average_days_late_early_as_zero: Option<Decimal>,
    /// The same, early as negative.
    pub average_days_late_signed: Option<Decimal>,
    /// Percent of the invoices closed by payment that were closed late.
    pub percent_settled_late: Option<Decimal>,
}

/// The figures of every currency, by code.
///
/// # Errors
/// A sum too large to be written.
pub(super) fn of(ledger: &Ledger, period: Period) -> anyhow::Result<Vec<Figures>> {
    let currencies = ledger.currencies().into_iter();
    currencies
        .map(|one| of_currency(ledger, one, period))
        .collect()
}

/// The figures of one currency.
///
/// # Errors
/// A sum too large to be written.
pub(super) fn of_currency(
    ledger: &Ledger,
    currency: Currency,
    period: Period,
) -> anyhow::Result<Figures> {
    let Period { from_date, to_date } = period;
    let aging = aging::of(ledger, currency, to_date)?;
    let opening = aging::of(ledger, currency, from_date.yesterday()?)?.open();
    let (closing, not_due) = (aging.open(), aging.not_due());
    let past_due = sum([closing, -not_due])?;
    let sold = |invoice: &&Invoice| period.holds(invoice.invoice_date) && !invoice.is_void(to_date);
    let sales = sum(ledger
        .of(currency)
        .filter(sold)
        .map(|invoice| invoice.gross))?;
    let written_off = written_off(ledger, currency, period)?;
    let days = period.days();
    let paid = Paid::of(ledger, currency, period)?;
    let collectable = sum([opening, sales, -not_due])?;
    let collected = sum([opening, sales, -closing, -written_off])?;
    Ok(Figures {
        currency,
        aging,
        opening,
        sales,
        closing,
        closing_not_due: not_due,
        closing_past_due: past_due,
        written_off,
        settled_count: paid.count,
        dso: share(closing, days, sales)?,
        best_possible_dso: share(not_due, days, sales)?,
        average_days_delinquent: share(past_due, days, sales)?,
        collection_effectiveness: share(collected, 100, collectable)?,
        percent_current: share(not_due, 100, closing)?,
        percent_past_due: share(past_due, 100, closing)?,
        average_days_to_pay: paid.average(paid.days)?,
        weighted_days_to_pay: share(paid.weighted, 1, paid.gross)?,
        average_days_late_early_as_zero: paid.average(paid.late_days)?,
        average_days_late_signed: paid.average(paid.signed_days)?,
        percent_settled_late: share(Decimal::from(paid.late), 100, Decimal::from(paid.count))?,
    })
}

/// Every invoice that payment closed in the period, looked at one by one.
#[derive(Default)]
struct Paid {
    count: i64,
    late: i64,
    days: i64,
    late_days: i64,
    signed_days: i64,
    gross: Decimal,
    weighted: Decimal,
}

impl Paid {
    fn of(ledger: &Ledger, currency: Currency, period: Period) -> anyhow::Result<Self> {
        let mut paid = Self::default();
        for invoice in ledger.of(currency) {
            let Some((day, Route::Payment)) = invoice.settled(period.to_date) else {
                continue;
            };
            if period.holds(day) {
                paid.add(invoice, day)?;
            }
        }
        Ok(paid)
    }

    fn add(&mut self, invoice: &Invoice, day: Date) -> anyhow::Result<()> {
        let due_date = invoice
            .last_due_date()
            .context("an invoice without an item")?;
        let to_pay = aging::days(invoice.invoice_date, day);
        let late = aging::days(due_date, day);
        let weighted = invoice.gross.checked_mul(Decimal::from(to_pay));
        let plus = |sum: i64, more: i64| sum.checked_add(more).context("a sum of days");
        self.count = plus(self.count, 1)?;
        self.late = plus(self.late, i64::from(late > 0))?;
        self.days = plus(self.days, to_pay)?;
        self.late_days = plus(self.late_days, late.max(0))?;
        self.signed_days = plus(self.signed_days, late)?;
        self.gross = sum([self.gross, invoice.gross])?;
        self.weighted = sum([self.weighted, weighted.context("weighted days")?])?;
        Ok(())
    }

    fn average(&self, days: i64) -> anyhow::Result<Option<Decimal>> {
        share(Decimal::from(days), 1, Decimal::from(self.count))
    }
}

impl Period {
    /// Whether a day is in it.
    fn holds(self, day: Date) -> bool {
        (self.from_date..=self.to_date).contains(&day)
    }

    /// Its days, both ends included.
    fn days(self) -> i64 {
        aging::days(self.from_date, self.to_date).saturating_add(1)
    }
}

fn written_off(ledger: &Ledger, currency: Currency, period: Period) -> anyhow::Result<Decimal> {
    let steps = ledger.of(currency).flat_map(|invoice| &invoice.steps);
    let written_off = steps.filter(|step| {
        matches!(step.kind.as_str(), "WRITE_OFF" | "REINSTATEMENT") && period.holds(step.date)
    });
    sum(written_off.map(|step| -step.amount))
}

fn sum(amounts: impl IntoIterator<Item = Decimal>) -> anyhow::Result<Decimal> {
    let mut sum = Decimal::ZERO;
    for amount in amounts {
        sum = sum.checked_add(amount).context("a sum too large")?;
    }
    Ok(sum)
}

/// `part × times / whole`; nothing of nothing.
fn share(part: Decimal, times: i64, whole: Decimal) -> anyhow::Result<Option<Decimal>> {
    if whole.is_zero() {
        return Ok(None);
    }
    let product = part.checked_mul(Decimal::from(times));
    let share = product.and_then(|product| product.checked_div(whole));
    let share = share.context("a share too large")?;
    Ok(Some(money::round(
        share,
        DIGITS,
        Rounding::HalfAwayFromZero,
    )))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::demo::proof::ledger::tests::invoice;

    /// March of data set A, in thousands: opening 900, sales 1 500, closing 1 050, of which 780 are
    /// not due; over 90 days (ME-1).
    fn data_set_a() -> (Ledger, Period) {
        let mut old = invoice(date(2025, 12, 1), date(2025, 12, 31), 900);
        old.step("ALLOCATION", "APPLICATION", -630, date(2026, 1, 30));
        let mut quick = invoice(date(2026, 1, 1), date(2026, 1, 31), 720);
        quick.step("ALLOCATION", "APPLICATION", -720, date(2026, 1, 21));
        let ledger = Ledger {
            invoices: vec![
                old,
                quick,
                invoice(date(2026, 3, 10), date(2026, 4, 9), 780),
            ],
            credits: Vec::new(),
        };
        let period = Period {
            from_date: date(2026, 1, 1),
            to_date: date(2026, 3, 31),
        };
        (ledger, period)
    }

    fn decimal(text: &str) -> Option<Decimal> {
        Some(text.parse().unwrap())
    }

    #[test]
    fn me_1_data_set_a() {
        let (ledger, period) = data_set_a();
        let [figures] = of(&ledger, period).unwrap()[..] else {
            panic!("one currency");
        };
        assert_eq!(figures.dso, decimal("63"));
        assert_eq!(figures.best_possible_dso, decimal("46.8"));
        assert_eq!(figures.average_days_delinquent, decimal("16.2"));
        assert_eq!(figures.collection_effectiveness, decimal("83.3333"));
        assert_eq!(figures.percent_current, decimal("74.2857"));
        assert_eq!(figures.percent_past_due, decimal("25.7143"));
    }

    #[test]
    fn me_5_days_to_pay_and_late() {
        let (mut ledger, period) = data_set_a();
        let mut late = invoice(date(2026, 1, 1), date(2026, 1, 31), 240);
        late.step("ALLOCATION", "APPLICATION", -240, date(2026, 2, 10));
        ledger.invoices.push(late);
        let figures = of_currency(&ledger, Currency::EUR, period).unwrap();
        assert_eq!(figures.settled_count, 2);
        // 20 days for 720, 40 days for 240; 10 days early, 10 days late.
        assert_eq!(figures.average_days_to_pay, decimal("30"));
        assert_eq!(figures.weighted_days_to_pay, decimal("25"));
        assert_eq!(figures.average_days_late_early_as_zero, decimal("5"));
        assert_eq!(figures.average_days_late_signed, decimal("0"));
        assert_eq!(figures.percent_settled_late, decimal("50"));
    }

    #[test]
    fn me_7_a_write_off_is_no_collecting_and_nothing_has_no_share() {
        let (mut ledger, period) = data_set_a();
        let effectiveness = |ledger: &Ledger| {
            let figures = of_currency(ledger, Currency::EUR, period).unwrap();
            figures.collection_effectiveness
        };
        let before = effectiveness(&ledger);
        ledger.invoices[0].step("WRITE_OFF", "WRITE_OFF", -100, date(2026, 3, 1));
        assert_eq!(effectiveness(&ledger), before);
        let empty = of_currency(&Ledger::default(), Currency::EUR, period).unwrap();
        assert_eq!(
            (empty.dso, empty.percent_past_due, empty.average_days_to_pay),
            (None, None, None)
        );
    }
}
