//! Owns the change between instants and local days or wall times. Uses the time-zone data that is
//! compiled in, never the machine's, so that every replica and every test computes the same.
//!
//! Must not hide what a clock change does: a wall time can be skipped (spring) or happen twice
//! (autumn), and the caller says what is meant then (P22).

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{AmbiguousOffset, Offset, TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Serialize};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// A time zone of the IANA database, such as `Europe/Berlin`; cheap to clone. As JSON its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Zone(TimeZone);

/// What a wall time means that the zone's clocks skip, such as 02:30 on the day they go forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InGap {
    /// The first instant after the skipped stretch: when the clocks have passed the wall time.
    End,
    /// An error.
    Reject,
}

/// What a wall time means that happens twice, such as 01:30 on the night the clocks go back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InOverlap {
    /// The first time.
    First,
    /// The second time.
    Second,
    /// An error.
    Reject,
}

/// Why a zone or a wall time was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZoneError {
    /// No such name in the IANA database.
    #[error("not a time zone of the IANA database; a name such as Europe/Berlin was expected")]
    Unknown,
    /// The wall time is skipped by a clock change, and the caller rejects those.
    #[error("the wall time {0} does not exist: the clocks skip it")]
    Skipped(DateTime),
    /// The wall time happens twice, and the caller rejects those.
    #[error("the wall time {0} happens twice: the clocks go back over it")]
    Repeated(DateTime),
    /// At the very ends of the calendar.
    #[error("the wall time is outside the years that can be represented")]
    OutOfRange,
}

impl Zone {
    /// The zone of an IANA name, in any mix of cases.
    ///
    /// # Errors
    /// [`ZoneError::Unknown`]; abbreviations and offsets (`CET+1`, `+02:00`) are not names.
    pub fn parse(name: &str) -> Result<Self, ZoneError> {
        let zone = DATABASE.get(name).map_err(|_| ZoneError::Unknown)?;
        if zone.is_unknown() || zone.iana_name().is_none() {
            return Err(ZoneError::Unknown);
        }
        Ok(Self(zone))
    }

    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The name as the database spells it.
    #[must_use]
    pub fn name(&self) -> &str {
        // The default is unreachable: `parse` refuses zones without a name, and UTC has one.
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The day it is at `instant`.
    #[must_use]
    pub fn local_date(&self, instant: Timestamp) -> Date {
        self.local_datetime(instant).date()
    }

    /// What calendar and clock on the wall show at `instant`.
    #[must_use]
    pub fn local_datetime(&self, instant: Timestamp) -> DateTime {
        self.0.to_datetime(instant)
    }

    /// The first instant of `date`: midnight, or the end of the gap where the clocks skip midnight.
    ///
    /// # Errors
    /// [`ZoneError::OutOfRange`].
    pub fn start_of_day(&self, date: Date) -> Result<Timestamp, ZoneError> {
        self.instant_of(
            date.to_datetime(Time::midnight()),
            InGap::End,
            InOverlap::First,
        )
    }

    /// The instant of a wall time, with what is meant if it is skipped or happens twice.
    ///
    /// # Errors
    /// [`ZoneError::Skipped`] or [`ZoneError::Repeated`] if the caller rejects those;
    /// [`ZoneError::OutOfRange`].
    pub fn instant_of(
        &self,
        wall: DateTime,
        in_gap: InGap,
        in_overlap: InOverlap,
    ) -> Result<Timestamp, ZoneError> {
        let at = |offset: Offset| offset.to_timestamp(wall).map_err(|_| ZoneError::OutOfRange);
        match self.0.to_ambiguous_timestamp(wall).offset() {
            AmbiguousOffset::Unambiguous { offset } => at(offset),
            AmbiguousOffset::Gap { after, .. } => match in_gap {
                // Read with the later offset, a skipped wall time lies before the change.
                InGap::End => self.next_change(at(after)?).ok_or(ZoneError::OutOfRange),
                InGap::Reject => Err(ZoneError::Skipped(wall)),
            },
            AmbiguousOffset::Fold { before, after } => match in_overlap {
                InOverlap::First => at(before),
                InOverlap::Second => at(after),
                InOverlap::Reject => Err(ZoneError::Repeated(wall)),
            },
        }
    }

    /// The next instant after `instant` at which the clocks of this zone change.
    pub(crate) fn next_change(&self, instant: Timestamp) -> Option<Timestamp> {
        self.0
            .following(instant)
            .next()
            .map(|change| change.timestamp())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Zone {
    type Err = ZoneError;

    fn from_str(name: &str) -> Result<Self, ZoneError> {
        Self::parse(name)
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.name().to_owned()
    }
}

impl TryFrom<String> for Zone {
    type Error = ZoneError;

    fn try_from(name: String) -> Result<Self, ZoneError> {
        Self::parse(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn wall(text: &str) -> DateTime {
        text.parse().unwrap()
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn only_iana_names_are_zones() {
        assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
        assert_eq!(zone("UTC"), Zone::utc());
        for name in [
            "",
            "Berlin",
            "Europe/Atlantis",
            "+02:00",
            "CET+1",
            "Etc/Unknown",
            "../etc/passwd",
        ] {
            assert_eq!(Zone::parse(name), Err(ZoneError::Unknown), "{name:?}");
        }
        assert_eq!(
            serde_json::to_string(&zone("Asia/Tokyo")).unwrap(),
            "\"Asia/Tokyo\""
        );
        assert!(serde_json::from_str::<Zone>("\"Mars/Olympus\"").is_err());
    }

    /// Zone, skipped wall time, the instant the gap ends, repeated wall time, its two instants.
    const CHANGES: [(&str, &str, &str, &str, &str, &str); 4] = [
        (
            "America/New_York",
            "2026-03-08T02:30",
            "2026-03-08T07:00Z",
            "2026-11-01T01:30",
            "2026-11-01T05:30Z",
            "2026-11-01T06:30Z",
        ),
        (
            "Europe/London",
            "2026-03-29T01:15",
            "2026-03-29T01:00Z",
            "2026-10-25T01:15",
            "2026-10-25T00:15Z",
            "2026-10-25T01:15Z",
        ),
        (
            "Europe/Berlin",
            "2026-03-29T02:59:59",
            "2026-03-29T01:00Z",
            "2026-10-25T02:00",
            "2026-10-25T00:00Z",
            "2026-10-25T01:00Z",
        ),
        // Lord Howe Island changes by half an hour.
        (
            "Australia/Lord_Howe",
            "2026-10-04T02:15",
            "2026-10-03T15:30Z",
            "2026-04-05T01:45",
            "2026-04-04T14:45Z",
            "2026-04-04T15:15Z",
        ),
    ];

    #[test]
    fn p22_a_skipped_wall_time_is_the_end_of_the_gap_or_an_error() {
        for (name, skipped, end, ..) in CHANGES {
            let instant = |rule| zone(name).instant_of(wall(skipped), rule, InOverlap::First);
            assert_eq!(instant(InGap::End), Ok(at(end)), "{name}");
            assert_eq!(
                instant(InGap::Reject),
                Err(ZoneError::Skipped(wall(skipped))),
                "{name}"
            );
        }
    }

    #[test]
    fn p22_a_repeated_wall_time_is_the_first_the_second_or_an_error() {
        for (name, _, _, repeated, first, second) in CHANGES {
            let instant = |rule| zone(name).instant_of(wall(repeated), InGap::End, rule);
            assert_eq!(instant(InOverlap::First), Ok(at(first)), "{name}");
            assert_eq!(instant(InOverlap::Second), Ok(at(second)), "{name}");
            assert_eq!(
                instant(InOverlap::Reject),
                Err(ZoneError::Repeated(wall(repeated))),
                "{name}"
            );
        }
    }

    #[test]
    fn p22_zones_without_daylight_saving_have_neither() {
        for (name, hours) in [("America/Phoenix", 7), ("Pacific/Honolulu", 10)] {
            for day in wall("2026-01-01T02:30")
                .date()
                .series(jiff::Span::new().days(1))
                .take(365)
            {
                let morning = day.at(2, 30, 0, 0);
                let instant = zone(name).instant_of(morning, InGap::Reject, InOverlap::Reject);
                let expected =
                    at(&format!("{day}T02:30Z")) + jiff::SignedDuration::from_hours(hours);
                assert_eq!(instant, Ok(expected), "{name}");
            }
        }
    }

    #[test]
    fn p22_days_start_once_and_in_order_over_both_changes() {
        for name in [
            "America/New_York",
            "Europe/London",
            "Australia/Lord_Howe",
            "Europe/Berlin",
        ] {
            let zone = zone(name);
            let mut before = None;
            for day in wall("2026-01-01T00:00")
                .date()
                .series(jiff::Span::new().days(1))
                .take(365)
            {
                let start = zone.start_of_day(day).unwrap();
                assert_eq!(zone.local_date(start), day, "{name}");
                let just_before = start - jiff::SignedDuration::from_nanos(1);
                assert_eq!(
                    zone.local_date(just_before),
                    day.yesterday().unwrap(),
                    "{name}"
                );
                assert!(before < Some(start), "{name}");
                before = Some(start);
            }
        }
    }

    #[test]
    fn p22_a_day_without_midnight_starts_at_the_end_of_the_gap() {
        // Beirut's clocks go forward at midnight.
        let beirut = zone("Asia/Beirut");
        let day = wall("2026-03-29T00:00").date();
        let start = beirut.start_of_day(day).unwrap();
        assert_eq!(beirut.local_datetime(start), wall("2026-03-29T01:00"));
        // Samoa left out 30 December 2011 altogether.
        let apia = zone("Pacific/Apia");
        let start = apia.start_of_day(wall("2011-12-30T00:00").date()).unwrap();
        assert_eq!(apia.local_datetime(start), wall("2011-12-31T00:00"));
    }

    #[test]
    fn the_ends_of_the_calendar_are_errors() {
        assert_eq!(
            zone("Europe/Berlin").start_of_day(Date::MIN),
            Err(ZoneError::OutOfRange)
        );
        assert_eq!(
            zone("Pacific/Honolulu").start_of_day(Date::MAX),
            Err(ZoneError::OutOfRange)
        );
        for name in ["Pacific/Kiritimati", "Pacific/Honolulu"] {
            let _ = zone(name).local_date(Timestamp::MIN);
            let _ = zone(name).local_date(Timestamp::MAX);
        }
    }
}
