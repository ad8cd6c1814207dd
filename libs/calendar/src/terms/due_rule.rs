//! Owns the way from an invoice date to a due date: steps, taken in order (DD-1 … DD-5). The order
//! is the data's, because "30 days end of month" means two different things (DD-2).

use jiff::civil::Date;

use super::{TermsError, within};
use crate::{DateOutOfRange, add_days, add_months, end_of_month, on_day};

const MOST_STEPS: usize = 8;
/// Ten years: longer terms are a mistake in the number.
const MOST_DAYS: u16 = 3_650;
const MOST_MONTHS: u16 = 120;

/// The steps from the invoice date to the due date: one at least, eight at most.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueRule(Vec<DueStep>);

/// One step from a date to the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DueStep {
    /// That many days later.
    AddDays(u16),
    /// That many months later; a day that the month lacks becomes its last (DD-5).
    AddMonths(u16),
    /// The end of the month.
    EndOfMonth,
    /// That day of the same month, which may be earlier; clamped like DD-5.
    OnDay(i8),
    /// That day of the following month; clamped like DD-5.
    OnDayOfNextMonth(i8),
    /// `10th prox`: that day of the following month, or one month later after the cut-off (DD-4).
    Proximo {
        /// The day of the month; clamped like DD-5.
        day: i8,
        /// Up to which day a date still counts for its own month; without one, every day does.
        cut_off: Option<CutOff>,
    },
}

/// The last day of the month on which `prox` still means the next month (DD-4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutOff {
    /// The day of the month.
    pub day: i8,
    /// Whether that day itself still counts for its own month.
    pub inclusive: bool,
}

impl DueRule {
    /// A rule from its steps.
    ///
    /// # Errors
    /// [`TermsError::OutOfLimits`] for no step or too many, more than ten years, or a day that no
    /// month has.
    pub fn try_new(steps: Vec<DueStep>) -> Result<Self, TermsError> {
        within("the number of steps of a rule", steps.len(), 1, MOST_STEPS)?;
        steps.iter().try_for_each(DueStep::check)?;
        Ok(Self(steps))
    }

    /// The steps in order.
    #[must_use]
    pub fn steps(&self) -> &[DueStep] {
        &self.0
    }

    /// The due date of an invoice of `invoice_date`, not yet adjusted to business days.
    ///
    /// # Errors
    /// [`DateOutOfRange`] at the end of the calendar.
    pub fn due_date(&self, invoice_date: Date) -> Result<Date, DateOutOfRange> {
        self.0
            .iter()
            .try_fold(invoice_date, |date, step| step.take(date))
    }

    /// The length of a rule that is made of days alone.
    pub(super) fn fixed_days(&self) -> Option<u32> {
        self.0.iter().try_fold(0_u32, |sum, step| match step {
            DueStep::AddDays(days) => sum.checked_add(u32::from(*days)),
            _ => None,
        })
    }
}

impl DueStep {
    fn take(&self, date: Date) -> Result<Date, DateOutOfRange> {
        match *self {
            Self::AddDays(days) => add_days(date, i32::from(days)),
            Self::AddMonths(months) => add_months(date, i32::from(months)),
            Self::EndOfMonth => Ok(end_of_month(date)),
            Self::OnDay(day) => Ok(on_day(date, day)),
            Self::OnDayOfNextMonth(day) => Ok(on_day(add_months(date, 1)?, day)),
            Self::Proximo { day, cut_off } => {
                let late = cut_off.is_some_and(|cut_off| cut_off.is_past(date));
                let months = if late { 2 } else { 1 };
                Ok(on_day(add_months(date, months)?, day))
            }
        }
    }

    fn check(&self) -> Result<(), TermsError> {
        match *self {
            Self::AddDays(days) => check_days(days),
            Self::AddMonths(months) => {
                within("a number of months", months.into(), 0, MOST_MONTHS.into())
            }
            Self::EndOfMonth => Ok(()),
            Self::OnDay(day) | Self::OnDayOfNextMonth(day) => check_day(day),
            Self::Proximo { day, cut_off } => {
                check_day(day)?;
                cut_off.map_or(Ok(()), |cut_off| check_day(cut_off.day))
            }
        }
    }
}

impl CutOff {
    fn is_past(self, date: Date) -> bool {
        if self.inclusive {
            date.day() > self.day
        } else {
            date.day() >= self.day
        }
    }
}

pub(super) fn check_days(days: u16) -> Result<(), TermsError> {
    within("a number of days", days.into(), 0, MOST_DAYS.into())
}

fn check_day(day: i8) -> Result<(), TermsError> {
    within(
        "a day of the month",
        usize::try_from(day).unwrap_or(0),
        1,
        31,
    )
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;
    use crate::PaymentTerms;

    fn due(text: &str, invoice_date: Date) -> Date {
        let terms: PaymentTerms = text.parse().unwrap();
        terms.parts()[0].due.due_date(invoice_date).unwrap()
    }

    #[test]
    fn dd_1_net_30() {
        assert_eq!(due("net 30", date(2026, 1, 31)), date(2026, 3, 2));
        assert_eq!(due("net 0", date(2026, 1, 31)), date(2026, 1, 31));
    }

    #[test]
    fn dd_2_both_orders_of_end_of_month() {
        assert_eq!(due("net 30 eom", date(2026, 1, 15)), date(2026, 2, 28));
        assert_eq!(due("eom + 30", date(2026, 1, 15)), date(2026, 3, 2));
    }

    #[test]
    fn dd_3_end_of_month_on_a_day() {
        assert_eq!(
            due("net 30 eom next 10", date(2026, 1, 15)),
            date(2026, 3, 10)
        );
        assert_eq!(
            due("net 30 eom next 31", date(2026, 3, 1)),
            date(2026, 4, 30)
        );
    }

    #[test]
    fn dd_4_proximo() {
        for day in [1, 15, 31] {
            assert_eq!(due("10 prox", date(2026, 1, day)), date(2026, 2, 10));
        }
        assert_eq!(due("31 prox", date(2026, 1, 31)), date(2026, 2, 28));
        assert_eq!(due("10 prox", date(2026, 12, 5)), date(2027, 1, 10));
    }

    #[test]
    fn dd_4_the_cut_off_day_itself_is_a_setting() {
        assert_eq!(
            due("10 prox cutoff 20", date(2026, 1, 19)),
            date(2026, 2, 10)
        );
        assert_eq!(
            due("10 prox cutoff 20", date(2026, 1, 20)),
            date(2026, 2, 10)
        );
        assert_eq!(
            due("10 prox cutoff 20", date(2026, 1, 21)),
            date(2026, 3, 10)
        );
        assert_eq!(
            due("10 prox cutoff 20 exclusive", date(2026, 1, 19)),
            date(2026, 2, 10)
        );
        assert_eq!(
            due("10 prox cutoff 20 exclusive", date(2026, 1, 20)),
            date(2026, 3, 10)
        );
    }

    #[test]
    fn dd_5_months_clamp() {
        assert_eq!(due("+ 1 month", date(2026, 1, 31)), date(2026, 2, 28));
        assert_eq!(due("+ 1 month", date(2024, 1, 31)), date(2024, 2, 29));
    }

    #[test]
    fn limits() {
        let rule = |steps| DueRule::try_new(steps).map(|_| ());
        let refused = |what, least, most| Err(TermsError::OutOfLimits { what, least, most });
        assert_eq!(rule(vec![]), refused("the number of steps of a rule", 1, 8));
        assert_eq!(
            rule(vec![DueStep::EndOfMonth; 9]),
            refused("the number of steps of a rule", 1, 8)
        );
        assert_eq!(
            rule(vec![DueStep::AddDays(3_651)]),
            refused("a number of days", 0, 3_650)
        );
        assert_eq!(
            rule(vec![DueStep::AddMonths(121)]),
            refused("a number of months", 0, 120)
        );
        for day in [i8::MIN, -1, 0, 32, i8::MAX] {
            assert_eq!(
                rule(vec![DueStep::OnDay(day)]),
                refused("a day of the month", 1, 31)
            );
        }
        let cut_off = Some(CutOff {
            day: 0,
            inclusive: true,
        });
        assert!(rule(vec![DueStep::Proximo { day: 10, cut_off }]).is_err());
    }

    proptest! {
        #[test]
        fn any_date_has_a_due_date_or_an_error(year in -9999i16..=9999, month in 1i8..=12, day in 1i8..=28, days in 0u16..=3_650, other in 1i8..=31) {
            let cut_off = Some(CutOff { day: other, inclusive: false });
            let steps = vec![
                DueStep::AddDays(days),
                DueStep::AddMonths(1),
                DueStep::Proximo { day: other, cut_off },
                DueStep::EndOfMonth,
                DueStep::OnDayOfNextMonth(other),
            ];
            let invoice_date = Date::new(year, month, day).unwrap();
            if let Ok(due) = DueRule::try_new(steps).unwrap().due_date(invoice_date) {
                prop_assert!(due > invoice_date);
            }
        }
    }
}
