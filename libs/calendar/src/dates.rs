//! Owns the arithmetic of days: adding days and months, month ends, days past due. Must not know
//! business days; those need a calendar, and the caller must name it.

use jiff::ToSpan;
use jiff::civil::Date;

/// A date beyond the years that can be represented (-9999 to 9999).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the date is outside the years that can be represented")]
pub struct DateOutOfRange;

/// `date` plus `days`, which may be negative.
///
/// # Errors
/// [`DateOutOfRange`].
pub fn add_days(date: Date, days: i32) -> Result<Date, DateOutOfRange> {
    // As days by the civil calendar, not as 24 hours: there is no zone here.
    let span = jiff::Span::new()
        .try_days(days)
        .map_err(|_| DateOutOfRange)?;
    date.checked_add(span).map_err(|_| DateOutOfRange)
}

/// `date` plus `months`, which may be negative. A day that the month lacks becomes its last (DD-5).
///
/// A series of instalments adds to its first date every time, not to the one before (PP-4), or the
/// 31st would stay the 28th from February on.
///
/// # Errors
/// [`DateOutOfRange`].
pub fn add_months(date: Date, months: i32) -> Result<Date, DateOutOfRange> {
    let span = jiff::Span::new()
        .try_months(months)
        .map_err(|_| DateOutOfRange)?;
    date.checked_add(span).map_err(|_| DateOutOfRange)
}

/// The last day of the month of `date`.
#[must_use]
pub fn end_of_month(date: Date) -> Date {
    date.last_of_month()
}

/// The given day (1 to 31) of the month of `date`; a day that the month lacks becomes its last,
/// one below 1 its first.
#[must_use]
pub fn on_day(date: Date, day: i8) -> Date {
    let day = day.clamp(1, date.days_in_month());
    let first = date.first_of_month();
    // A day inside the month: adding cannot leave the calendar.
    first.saturating_add(i32::from(day).saturating_sub(1).days())
}

/// How many days `as_of` is after `due`: 0 on the due date and before. Overdue starts the day
/// after the due date (DD-10).
#[must_use]
pub fn days_past_due(due: Date, as_of: Date) -> i32 {
    (as_of - due).get_days().max(0)
}

/// Whether something due on `due` and unpaid is overdue on `as_of`: not on the due date itself.
#[must_use]
pub fn is_overdue(due: Date, as_of: Date) -> bool {
    as_of > due
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn dd_1_net_30_over_a_short_month() {
        assert_eq!(add_days(date(2026, 1, 31), 30), Ok(date(2026, 3, 2)));
        assert_eq!(add_days(date(2026, 3, 2), -30), Ok(date(2026, 1, 31)));
    }

    #[test]
    fn dd_5_months_clamp() {
        assert_eq!(add_months(date(2026, 1, 31), 1), Ok(date(2026, 2, 28)));
        assert_eq!(add_months(date(2024, 1, 31), 1), Ok(date(2024, 2, 29)));
        assert_eq!(add_months(date(2026, 3, 31), -1), Ok(date(2026, 2, 28)));
    }

    #[test]
    fn pp_4_a_series_keeps_its_anchor_day() {
        let series: Vec<_> = (0..3)
            .map(|n| add_months(date(2026, 1, 31), n).unwrap())
            .collect();
        assert_eq!(
            series,
            [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)]
        );
    }

    #[test]
    fn days_within_a_month() {
        assert_eq!(end_of_month(date(2024, 2, 1)), date(2024, 2, 29));
        assert_eq!(on_day(date(2026, 2, 28), 15), date(2026, 2, 15));
        assert_eq!(on_day(date(2026, 2, 1), 31), date(2026, 2, 28));
        assert_eq!(on_day(date(2026, 1, 9), 0), date(2026, 1, 1));
    }

    #[test]
    fn dd_10_overdue_starts_the_day_after() {
        let due = date(2026, 3, 31);
        assert_eq!(days_past_due(due, date(2026, 3, 30)), 0);
        assert_eq!(days_past_due(due, due), 0);
        assert!(!is_overdue(due, due));
        assert_eq!(days_past_due(due, date(2026, 4, 1)), 1);
        assert!(is_overdue(due, date(2026, 4, 1)));
        assert_eq!(days_past_due(due, date(2027, 3, 31)), 365);
    }

    #[test]
    fn the_ends_of_the_calendar_are_errors() {
        assert_eq!(add_days(Date::MAX, 1), Err(DateOutOfRange));
        assert_eq!(add_days(Date::MIN, -1), Err(DateOutOfRange));
        assert_eq!(add_days(Date::MIN, i32::MAX), Err(DateOutOfRange));
        assert_eq!(add_months(Date::MAX, i32::MAX), Err(DateOutOfRange));
        assert_eq!(days_past_due(Date::MIN, Date::MAX), 7_304_483);
        assert_eq!(on_day(Date::MAX, 31), Date::MAX);
    }
}
