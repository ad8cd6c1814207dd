//! Owns which days money may count from: never one in the future, never before the money was here.
//! Must not know what today is; it is told, in the tenant's zone.

use jiff::civil::Date;

/// Why a day was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DayError {
    /// After today.
    #[error("{day} is in the future: today is {today}")]
    InFuture {
        /// The day that was given.
        day: Date,
        /// Today in the tenant's zone.
        today: Date,
    },
    /// Before the money counts itself.
    #[error("{day} is before the receipt date, {receipt_date}")]
    BeforeReceipt {
        /// The day that was given.
        day: Date,
        /// The day the receipt counts from.
        receipt_date: Date,
    },
}

/// Refuses a day after today.
///
/// # Errors
/// [`DayError::InFuture`].
pub fn not_in_future(day: Date, today: Date) -> Result<(), DayError> {
    if day > today {
        return Err(DayError::InFuture { day, today });
    }
    Ok(())
}

/// Refuses a day before the receipt date, or after today. A receipt whose own day is still to come,
/// as banks' value dates can be, may be undone on that day and not earlier.
///
/// # Errors
/// [`DayError`].
pub fn since_receipt(day: Date, receipt_date: Date, today: Date) -> Result<(), DayError> {
    if day < receipt_date {
        return Err(DayError::BeforeReceipt { day, receipt_date });
    }
    not_in_future(day, today.max(receipt_date))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn ca_7_a_correction_counts_from_the_receipt_date_to_today() {
        let (receipt, today) = (date(2026, 3, 1), date(2026, 3, 10));
        let check = |day| since_receipt(day, receipt, today);
        assert_eq!(check(receipt), Ok(()));
        assert_eq!(check(today), Ok(()));
        let early = date(2026, 2, 28);
        let before = DayError::BeforeReceipt {
            day: early,
            receipt_date: receipt,
        };
        assert_eq!(check(early), Err(before));
        let late = date(2026, 3, 11);
        assert_eq!(check(late), Err(DayError::InFuture { day: late, today }));
    }

    #[test]
    fn money_with_a_value_date_to_come_can_be_undone_on_that_day() {
        let (receipt, today) = (date(2026, 3, 12), date(2026, 3, 10));
        assert_eq!(since_receipt(receipt, receipt, today), Ok(()));
        assert!(since_receipt(today, receipt, today).is_err());
        assert!(since_receipt(date(2026, 3, 13), receipt, today).is_err());
    }
}
