//! Owns the hours of a day in which something is permitted (CC-2). Must not know days of the week
//! or holidays: those are a [`crate::BusinessCalendar`]'s, and the caller asks both.

use std::iter;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

use crate::{InGap, InOverlap, Zone, ZoneError};

/// Wall-clock hours of one day: open from `open`, closed from `close` on (CC-2: with 08:00 to
/// 21:00, 20:59:59 is inside and 21:00:00 is not).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Hours", into = "Hours")]
pub struct DailyWindow {
    open: Time,
    close: Time,
}

/// A window that is never open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a daily window opens before it closes, on the same day: {open} to {close} does not")]
pub struct WindowError {
    open: Time,
    close: Time,
}

impl DailyWindow {
    /// The hours from `open` (inside) to `close` (outside).
    ///
    /// # Errors
    /// [`WindowError`] unless `open` is before `close`; a window does not span midnight.
    pub fn try_new(open: Time, close: Time) -> Result<Self, WindowError> {
        if open < close {
            Ok(Self { open, close })
        } else {
            Err(WindowError { open, close })
        }
    }

    /// The first wall time inside.
    #[must_use]
    pub fn open(&self) -> Time {
        self.open
    }

    /// The first wall time outside.
    #[must_use]
    pub fn close(&self) -> Time {
        self.close
    }

    /// Whether the clocks of `zone` show a time inside at `instant`.
    #[must_use]
    pub fn contains(&self, instant: Timestamp, zone: &Zone) -> bool {
        let wall = zone.local_datetime(instant).time();
        self.open <= wall && wall < self.close
    }

    /// The first instant from `instant` on that is inside: `instant` itself if it is.
    ///
    /// Over a clock change this is what the wall shows: an opening time that is skipped opens when
    /// the gap ends; hours that are repeated are inside both times.
    ///
    /// # Errors
    /// [`ZoneError::OutOfRange`] at the very end of the calendar.
    pub fn next_open(&self, instant: Timestamp, zone: &Zone) -> Result<Timestamp, ZoneError> {
        if self.contains(instant, zone) {
            return Ok(instant);
        }
        // Opening happens at the opening time or at a clock change, never otherwise. A week is
        // more than enough: at worst a day is missing and on the next the whole window is skipped.
        let week = iter::successors(Some(zone.local_date(instant)), |day| day.tomorrow().ok());
        week.take(7)
            .flat_map(|day| self.openings(day, zone))
            .chain(zone.next_change(instant))
            .filter(|opening| *opening > instant && self.contains(*opening, zone))
            .min()
            .ok_or(ZoneError::OutOfRange)
    }

    /// The instants at which the wall shows the opening time of `day`: one, or two.
    fn openings(&self, day: Date, zone: &Zone) -> impl Iterator<Item = Timestamp> {
        let wall: DateTime = day.to_datetime(self.open);
        [InOverlap::First, InOverlap::Second]
            .into_iter()
            .filter_map(move |which| zone.instant_of(wall, InGap::End, which).ok())
    }
}

/// The stored form; reading it checks the order.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hours {
    open: Time,
    close: Time,
}

impl From<DailyWindow> for Hours {
    fn from(window: DailyWindow) -> Self {
        Self {
            open: window.open,
            close: window.close,
        }
    }
}

impl TryFrom<Hours> for DailyWindow {
    type Error = WindowError;

    fn try_from(hours: Hours) -> Result<Self, WindowError> {
        Self::try_new(hours.open, hours.close)
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use jiff::civil::time;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;

    fn contact_hours() -> DailyWindow {
        DailyWindow::try_new(time(8, 0, 0, 0), time(21, 0, 0, 0)).unwrap()
    }

    fn local(zone: &Zone, wall: &str) -> Timestamp {
        zone.instant_of(wall.parse().unwrap(), InGap::Reject, InOverlap::Reject)
            .unwrap()
    }

    #[test]
    fn cc_2_the_last_second_is_inside_and_the_hour_is_not() {
        for name in [
            "America/New_York",
            "America/Phoenix",
            "Pacific/Honolulu",
            "Europe/Berlin",
        ] {
            let zone = Zone::parse(name).unwrap();
            let inside = |wall| contact_hours().contains(local(&zone, wall), &zone);
            assert!(!inside("2026-06-01T07:59:59.999999999"), "{name}");
            assert!(inside("2026-06-01T08:00:00"), "{name}");
            assert!(inside("2026-06-01T20:59:59"), "{name}");
            assert!(!inside("2026-06-01T21:00:00"), "{name}");
        }
    }

    #[test]
    fn cc_2_the_next_opening_is_today_tomorrow_or_now() {
        let zone = Zone::parse("America/New_York").unwrap();
        let next = |wall| {
            contact_hours()
                .next_open(local(&zone, wall), &zone)
                .unwrap()
        };
        assert_eq!(next("2026-06-01T05:00"), local(&zone, "2026-06-01T08:00"));
        assert_eq!(
            next("2026-06-01T12:34:56"),
            local(&zone, "2026-06-01T12:34:56")
        );
        assert_eq!(next("2026-06-01T21:00"), local(&zone, "2026-06-02T08:00"));
        // The night the clocks go forward is an hour shorter.
        assert_eq!(next("2026-03-07T21:00"), local(&zone, "2026-03-08T08:00"));
        let night = next("2026-03-07T21:00").duration_since(local(&zone, "2026-03-07T21:00"));
        assert_eq!(night, SignedDuration::from_hours(10));
    }

    #[test]
    fn p22_an_opening_inside_the_gap_is_the_end_of_the_gap() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let early = DailyWindow::try_new(time(2, 30, 0, 0), time(4, 0, 0, 0)).unwrap();
        let before = local(&zone, "2026-03-29T01:00");
        assert_eq!(
            early.next_open(before, &zone),
            Ok(local(&zone, "2026-03-29T03:00"))
        );
        // A window that is skipped whole opens on the next day.
        let skipped = DailyWindow::try_new(time(2, 0, 0, 0), time(3, 0, 0, 0)).unwrap();
        assert_eq!(
            skipped.next_open(before, &zone),
            Ok(local(&zone, "2026-03-30T02:00"))
        );
    }

    #[test]
    fn p22_repeated_hours_are_inside_both_times() {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        let window = DailyWindow::try_new(time(1, 0, 0, 0), time(2, 30, 0, 0)).unwrap();
        let closed: Timestamp = "2026-10-25T00:45Z".parse().unwrap();
        assert!(!window.contains(closed, &zone));
        assert_eq!(
            window.next_open(closed, &zone),
            Ok("2026-10-25T01:00Z".parse().unwrap())
        );
    }

    #[test]
    fn a_window_opens_before_it_closes() {
        assert!(DailyWindow::try_new(time(21, 0, 0, 0), time(8, 0, 0, 0)).is_err());
        assert!(DailyWindow::try_new(time(8, 0, 0, 0), time(8, 0, 0, 0)).is_err());
        let json = r#"{"open":"08:00:00","close":"21:00:00"}"#;
        assert_eq!(serde_json::to_string(&contact_hours()).unwrap(), json);
        assert_eq!(
            serde_json::from_str::<DailyWindow>(json).unwrap(),
            contact_hours()
        );
        assert!(
            serde_json::from_str::<DailyWindow>(r#"{"open":"21:00","close":"08:00"}"#).is_err()
        );
    }

    #[test]
    fn the_end_of_the_calendar_is_an_error() {
        let night = DailyWindow::try_new(time(0, 0, 0, 0), time(0, 1, 0, 0)).unwrap();
        assert_eq!(
            night.next_open(Timestamp::MAX, &Zone::utc()),
            Err(ZoneError::OutOfRange)
        );
    }

    /// Quarters of an hour around both clock changes of 2026 in all six zones.
    fn quarter_hours() -> impl Strategy<Value = Timestamp> {
        let changes = [
            "2026-03-08T00:00Z",
            "2026-03-29T00:00Z",
            "2026-04-04T12:00Z",
        ];
        let more = [
            "2026-10-03T12:00Z",
            "2026-10-25T00:00Z",
            "2026-11-01T00:00Z",
        ];
        let start = select([changes, more].concat());
        (start, -100i64..200).prop_map(|(start, quarters)| {
            let start: Timestamp = start.parse().unwrap();
            start + SignedDuration::from_mins(15 * quarters)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000)))]

        #[test]
        fn p22_next_open_is_what_watching_the_clock_would_find(
            instant in quarter_hours(),
            name in select(vec![
                "America/New_York", "Europe/London", "Australia/Lord_Howe",
                "America/Phoenix", "Pacific/Honolulu", "Europe/Berlin",
            ]),
            open in 0i8..90,
            quarters in 1i8..20,
        ) {
            let zone = Zone::parse(name).unwrap();
            let wall = |quarter: i8| time(quarter / 4, quarter % 4 * 15, 0, 0);
            let window = DailyWindow::try_new(wall(open), wall((open + quarters).min(95))).unwrap();
            let quarter = SignedDuration::from_mins(15);
            let watched = iter::successors(Some(instant), |now| Some(*now + quarter))
                .find(|now| window.contains(*now, &zone));
            prop_assert_eq!(window.next_open(instant, &zone).ok(), watched);
        }
    }
}
