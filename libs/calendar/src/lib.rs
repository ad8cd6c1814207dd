//! Time as a receivables system needs it: clocks, business days, payment-term dates, day counts,
//! time zones and permitted hours.
//!
//! Owns every computation from dates to dates, and the one place where the time of day is read:
//! [`Clock`]. Dates are [`Date`] (a day in somebody's calendar), instants are [`Timestamp`] (UTC);
//! only a [`Zone`] turns one into the other, and it always says what happens when a wall time is
//! skipped or repeated (P22).
//!
//! Must not know invoices, reminders or tenants, must not read settings, and must not touch the
//! network or a database. Holidays are data compiled in from `data/`, never rules in code.
//!
//! | module | owns |
//! |---|---|
//! | [`Clock`], [`ManualClock`] | now: the system's, or one that a test or the sandbox moves |
//! | [`add_days`], [`add_months`], [`days_past_due`], … | arithmetic of days (DD-5, DD-10) |
//! | [`terms`] | payment terms as data and as text (DD-1 … DD-8, ED-1) |
//! | [`BusinessCalendar`] | business days and adjusted dates (DD-10) |
//! | [`DayCount`] | days and years that interest is counted by (IT-1) |
//! | [`Zone`], [`DailyWindow`] | local days, wall times, permitted hours (CC-2) |

mod business_days;
mod clock;
mod daily_window;
mod dates;
mod day_count;
pub mod terms;
mod zone;

pub use business_days::{AdjustedDate, BusinessCalendar, CalendarError, Convention};
pub use clock::{Clock, ClockError, ManualClock};
pub use daily_window::{DailyWindow, WindowError};
pub use dates::{
    DateOutOfRange, add_days, add_months, days_past_due, end_of_month, is_overdue, on_day,
};
pub use day_count::{DayCount, UnknownDayCount, YearFraction};
pub use jiff::civil::{Date, DateTime, Time};
pub use jiff::{SignedDuration, Timestamp};
pub use terms::PaymentTerms;
pub use zone::{InGap, InOverlap, Zone, ZoneError};
