//! Owns the permitted hours of a policy: whether an instant lies in them in every zone where the
//! debtor may be, and when they next begin and end (CC-2, P17). Local time, local days: over a
//! change of the clocks it counts what the wall shows (P22).

use std::collections::BTreeSet;

use calendar::{
    BusinessCalendar, DailyWindow, Date, InGap, InOverlap, SignedDuration, Time, Timestamp, Zone,
};
use serde::{Deserialize, Serialize};

use super::policy::ContactPolicyDefinition;
use crate::domain::debtor::Channel;
use crate::domain::named::named;

/// How far ahead a permitted instant is looked for: closed dates may fill a year.
const HORIZON_DAYS: i64 = 400;

/// How many openings are tried at most; zones without a common hour would be tried for ever.
const MOST_OPENINGS: usize = 5_000;

named! {
    /// A day of the week.
    pub enum Weekday {
        /// Monday.
        Monday = "MONDAY",
        /// Tuesday.
        Tuesday = "TUESDAY",
        /// Wednesday.
        Wednesday = "WEDNESDAY",
        /// Thursday.
        Thursday = "THURSDAY",
        /// Friday.
        Friday = "FRIDAY",
        /// Saturday.
        Saturday = "SATURDAY",
        /// Sunday.
        Sunday = "SUNDAY",
    }
}

impl Weekday {
    /// The day of the week of a date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        match date.weekday().to_monday_one_offset() {
            1 => Self::Monday,
            2 => Self::Tuesday,
            3 => Self::Wednesday,
            4 => Self::Thursday,
            5 => Self::Friday,
            6 => Self::Saturday,
            _ => Self::Sunday,
        }
    }
}

/// A stretch of hours on some days of the week.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermittedHours {
    /// The days.
    pub weekdays: BTreeSet<Weekday>,
    /// From when, until when, local time; one that closes at the last instant of the day is open
    /// until midnight.
    pub window: DailyWindow,
    /// The channels it is for; none: all.
    pub channels: BTreeSet<Channel>,
}

impl PermittedHours {
    /// The hours from `start` (inside) to `end` (outside), to midnight where there is none. None
    /// unless the end comes after the start.
    #[must_use]
    pub fn window(start: Time, end: Option<Time>) -> Option<DailyWindow> {
        // Midnight is no time of the same day; the last nanosecond before it is given up.
        DailyWindow::try_new(start, end.unwrap_or(Time::MAX)).ok()
    }

    /// When it ends; none: at midnight.
    #[must_use]
    pub fn end(&self) -> Option<Time> {
        Some(self.window.close()).filter(|close| *close != Time::MAX)
    }

    fn is_for(&self, channel: Channel) -> bool {
        self.channels.is_empty() || self.channels.contains(&channel)
    }
}

/// Why no instant within a year is permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// The zones in which the debtor may be have no permitted hour in common, or there is none.
    NeverOpen,
    /// The holiday calendar says nothing about the year.
    CalendarNotCovered,
    /// There is no zone to look at the clock in.
    NoZone,
}

impl ContactPolicyDefinition {
    /// The first instant from `from` on at which the hours permit a contact through a channel in
    /// every one of `zones`: `from` itself if it is one.
    ///
    /// # Errors
    /// [`Closed`] when there is none within a year or so.
    pub fn first_permitted(
        &self,
        channel: Channel,
        zones: &[Zone],
        from: Timestamp,
    ) -> Result<Timestamp, Closed> {
        if zones.is_empty() {
            return Err(Closed::NoZone);
        }
        let horizon = SignedDuration::from_hours(24 * HORIZON_DAYS);
        let last = from.checked_add(horizon).unwrap_or(Timestamp::MAX);
        let mut candidate = from;
        for _ in 0..MOST_OPENINGS {
            let mut latest = candidate;
            for zone in zones {
                latest = latest.max(self.next_open(channel, zone, candidate, last)?);
            }
            if latest == candidate {
                return Ok(candidate);
            }
            candidate = latest;
        }
        Err(Closed::NeverOpen)
    }

    /// The end, exclusive, of the stretch of permitted time that holds at `begin`.
    #[must_use]
    pub fn permitted_until(&self, channel: Channel, zones: &[Zone], begin: Timestamp) -> Timestamp {
        let mut ends: Vec<Timestamp> = zones
            .iter()
            .flat_map(|zone| self.possible_ends(channel, zone, begin))
            .filter(|end| *end > begin)
            .collect();
        ends.sort_unstable();
        let closes = |end: &Timestamp| {
            let open = zones
                .iter()
                .all(|zone| self.is_open(channel, zone, *end).unwrap_or(false));
            !open
        };
        // Open around the clock: then the stretch is told as far as was looked.
        let furthest = ends.last().copied().unwrap_or(begin);
        ends.into_iter().find(closes).unwrap_or(furthest)
    }

    /// Where the hours of a zone may end within three days: closing times and midnights.
    fn possible_ends(&self, channel: Channel, zone: &Zone, begin: Timestamp) -> Vec<Timestamp> {
        let mut days = vec![zone.local_date(begin)];
        for _ in 0..3 {
            days.extend(days.last().and_then(|day| day.tomorrow().ok()));
        }
        let hours = self
            .permitted_hours
            .iter()
            .filter(|hours| hours.is_for(channel));
        let closings: Vec<Time> = hours.map(|hours| hours.window.close()).collect();
        let closing = |day: &Date| {
            let walls = closings.iter().map(|close| day.to_datetime(*close));
            let instants =
                walls.filter_map(|wall| zone.instant_of(wall, InGap::End, InOverlap::First).ok());
            instants
                .chain(zone.start_of_day(*day).ok())
                .collect::<Vec<_>>()
        };
        days.iter().flat_map(closing).collect()
    }

    /// The first instant from `from` on, `last` at most, at which the hours are open in one zone.
    fn next_open(
        &self,
        channel: Channel,
        zone: &Zone,
        from: Timestamp,
        last: Timestamp,
    ) -> Result<Timestamp, Closed> {
        let mut candidate = from;
        while candidate <= last {
            let day = zone.local_date(candidate);
            if self.is_closed_on(day)? {
                candidate = start_of_next_day(zone, day)?;
                continue;
            }
            let weekday = Weekday::of(day);
            let hours = self
                .permitted_hours
                .iter()
                .filter(|hours| hours.is_for(channel) && hours.weekdays.contains(&weekday));
            let openings = hours.filter_map(|hours| hours.window.next_open(candidate, zone).ok());
            match openings.min() {
                Some(opening) if zone.local_date(opening) == day => return Ok(opening),
                _ => candidate = start_of_next_day(zone, day)?,
            }
        }
        Err(Closed::NeverOpen)
    }

    fn is_open(&self, channel: Channel, zone: &Zone, at: Timestamp) -> Result<bool, Closed> {
        Ok(self.next_open(channel, zone, at, at)? == at)
    }

    /// Whether nobody is contacted on a day: a closed date, or a holiday of the calendar.
    fn is_closed_on(&self, day: Date) -> Result<bool, Closed> {
        if self.closed_dates.contains(&day) {
            return Ok(true);
        }
        let Some(code) = &self.calendar_code else {
            return Ok(false);
        };
        let calendar = BusinessCalendar::built_in(code).map_err(|_| Closed::CalendarNotCovered)?;
        // Asked for its years only: weekends are the policy's own, a holiday is the calendar's.
        calendar
            .is_business_day(day)
            .map_err(|_| Closed::CalendarNotCovered)?;
        Ok(calendar.holiday_name(day).is_some())
    }
}

fn start_of_next_day(zone: &Zone, day: Date) -> Result<Timestamp, Closed> {
    let next = day.tomorrow().map_err(|_| Closed::NeverOpen)?;
    zone.start_of_day(next).map_err(|_| Closed::NeverOpen)
}

#[cfg(test)]
mod tests {
    use calendar::DateTime;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::domain::samples::{self, hours};
    use crate::domain::zones::Zones;

    fn zone(name: &str) -> Zone {
        Zone::parse(name).unwrap()
    }

    fn wall(zone: &Zone, text: &str) -> Timestamp {
        let wall: DateTime = text.parse().unwrap();
        zone.instant_of(wall, InGap::Reject, InOverlap::Reject)
            .unwrap()
    }

    fn regulation_f() -> ContactPolicyDefinition {
        ContactPolicyDefinition {
            permitted_hours: vec![hours(Weekday::ALL, "08:00", "21:00")],
            calendar_code: None,
            ..samples::office_hours()
        }
    }

    fn first(policy: &ContactPolicyDefinition, zones: &[Zone], from: Timestamp) -> Timestamp {
        policy.first_permitted(Channel::Email, zones, from).unwrap()
    }

    #[test]
    fn cc_2_a_second_before_nine_in_the_evening_is_permitted_and_nine_is_not() {
        for name in ["America/New_York", "America/Phoenix", "Pacific/Honolulu"] {
            let zones = [zone(name)];
            let next = |text| first(&regulation_f(), &zones, wall(&zones[0], text));
            let morning = wall(&zones[0], "2026-06-02T08:00");
            assert_eq!(
                next("2026-06-01T20:59:59"),
                wall(&zones[0], "2026-06-01T20:59:59")
            );
            assert_eq!(next("2026-06-01T21:00"), morning, "{name}");
            assert_eq!(next("2026-06-02T07:59:59"), morning, "{name}");
        }
    }

    #[test]
    fn p17_an_unknown_zone_needs_an_hour_in_all_of_them() {
        let zones = Zones::of(None, "US");
        let from: Timestamp = "2026-06-01T10:00Z".parse().unwrap();
        let opens = first(&regulation_f(), zones.candidates(), from);
        // Eight o'clock in Honolulu is the last to come; in New York it is two by then.
        assert_eq!(opens, wall(&zone("Pacific/Honolulu"), "2026-06-01T08:00"));
        let until = regulation_f().permitted_until(Channel::Email, zones.candidates(), opens);
        assert_eq!(until, wall(&zone("America/New_York"), "2026-06-01T21:00"));
    }

    #[test]
    fn p17_zones_without_a_common_hour_permit_none() {
        let policy = ContactPolicyDefinition {
            permitted_hours: vec![hours(Weekday::ALL, "09:00", "17:00")],
            ..regulation_f()
        };
        let zones = Zones::of(None, "RU");
        let from: Timestamp = "2026-06-01T10:00Z".parse().unwrap();
        let none = policy.first_permitted(Channel::Email, zones.candidates(), from);
        assert_eq!(none, Err(Closed::NeverOpen));
        assert_eq!(
            policy.first_permitted(Channel::Email, &[], from),
            Err(Closed::NoZone)
        );
    }

    #[test]
    fn cc_10_weekends_and_holidays_are_passed_over() {
        let berlin = [zone("Europe/Berlin")];
        let next = |text| first(&samples::office_hours(), &berlin, wall(&berlin[0], text));
        // Good Friday 2026 is 3 April, Easter Monday the 6th.
        let after_easter = wall(&berlin[0], "2026-04-07T09:00");
        assert_eq!(next("2026-04-02T17:00"), after_easter);
        assert_eq!(next("2026-04-04T12:00"), after_easter);
        let noon = wall(&berlin[0], "2026-04-02T12:00");
        assert_eq!(next("2026-04-02T12:00"), noon);
    }

    #[test]
    fn cc_10_a_calendar_that_says_nothing_about_the_year_permits_nothing() {
        let berlin = [zone("Europe/Berlin")];
        let from = wall(&berlin[0], "2040-04-02T12:00");
        let answer = samples::office_hours().first_permitted(Channel::Email, &berlin, from);
        assert_eq!(answer, Err(Closed::CalendarNotCovered));
    }

    #[test]
    fn hours_are_per_channel() {
        let mut policy = regulation_f();
        policy.permitted_hours[0].channels.insert(Channel::Call);
        let berlin = [zone("Europe/Berlin")];
        let noon = wall(&berlin[0], "2026-06-01T12:00");
        assert_eq!(
            policy.first_permitted(Channel::Call, &berlin, noon),
            Ok(noon)
        );
        assert_eq!(
            policy.first_permitted(Channel::Email, &berlin, noon),
            Err(Closed::NeverOpen)
        );
    }

    #[test]
    fn p22_both_changes_of_the_clocks() {
        let berlin = [zone("Europe/Berlin")];
        let night = ContactPolicyDefinition {
            permitted_hours: vec![hours(Weekday::ALL, "02:30", "04:00")],
            ..regulation_f()
        };
        // 29 March 2026: from two to three, half past two is skipped.
        let before = wall(&berlin[0], "2026-03-29T01:00");
        let gap_ends: Timestamp = "2026-03-29T01:00Z".parse().unwrap();
        assert_eq!(first(&night, &berlin, before), gap_ends);
        // 25 October 2026: half past two comes twice; between them the wall shows two o'clock.
        let first_time: Timestamp = "2026-10-25T00:30Z".parse().unwrap();
        let evening = wall(&berlin[0], "2026-10-24T22:00");
        assert_eq!(first(&night, &berlin, evening), first_time);
        let fell_back: Timestamp = "2026-10-25T01:00Z".parse().unwrap();
        let second_time: Timestamp = "2026-10-25T01:30Z".parse().unwrap();
        assert_eq!(first(&night, &berlin, fell_back), second_time);
    }

    #[test]
    fn p22_the_morning_after_the_clocks_changed_opens_at_the_same_wall_time() {
        for (name, saturday, sunday) in [
            ("Europe/Berlin", "2026-03-28T22:00", "2026-03-29T08:00"),
            ("Europe/Berlin", "2026-10-24T22:00", "2026-10-25T08:00"),
            ("America/New_York", "2026-03-07T22:00", "2026-03-08T08:00"),
            ("America/New_York", "2026-10-31T22:00", "2026-11-01T08:00"),
            ("Australia/Sydney", "2026-04-04T22:00", "2026-04-05T08:00"),
            ("America/Sao_Paulo", "2018-11-03T22:00", "2018-11-04T08:00"),
        ] {
            let zones = [zone(name)];
            let opens = first(&regulation_f(), &zones, wall(&zones[0], saturday));
            assert_eq!(opens, wall(&zones[0], sunday), "{name}");
        }
    }

    #[test]
    fn to_midnight_is_open_until_the_day_ends() {
        let policy = ContactPolicyDefinition {
            permitted_hours: vec![hours(&[Weekday::Monday], "08:00", "24:00")],
            ..regulation_f()
        };
        let berlin = [zone("Europe/Berlin")];
        let late = wall(&berlin[0], "2026-06-01T23:59:59");
        assert_eq!(first(&policy, &berlin, late), late);
        assert_eq!(policy.permitted_hours[0].end(), None);
        let midnight = wall(&berlin[0], "2026-06-02T00:00");
        assert_eq!(
            first(&policy, &berlin, midnight),
            wall(&berlin[0], "2026-06-08T08:00")
        );
        let noon = wall(&berlin[0], "2026-06-01T12:00");
        let until = policy.permitted_until(Channel::Email, &berlin, noon);
        assert!(wall(&berlin[0], "2026-06-01T23:59:59") < until && until <= midnight);
    }

    const ZONES: [&str; 7] = [
        "Europe/Berlin",
        "America/New_York",
        "America/Phoenix",
        "Pacific/Honolulu",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/Sao_Paulo",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(samples::config().cases / 10))]

        #[test]
        fn p17_what_is_permitted_is_permitted_in_every_zone_and_nothing_before_it(
            names in prop::collection::vec(select(&ZONES[..]), 1..4),
            start in 0i8..20,
            length in 1i8..12,
            days in prop::collection::btree_set(0usize..7, 1..8),
            // Two years that hold every kind of change, in quarters of an hour.
            quarter in 0i64..(2 * 365 * 96),
        ) {
            let zones: Vec<Zone> = names.iter().map(|name| zone(name)).collect();
            let days: Vec<Weekday> = days.into_iter().map(|day| Weekday::ALL[day]).collect();
            let end = format!("{:02}:00", (start + length).min(24));
            let policy = ContactPolicyDefinition {
                permitted_hours: vec![hours(&days, &format!("{start:02}:00"), &end)],
                ..regulation_f()
            };
            let epoch: Timestamp = "2026-01-01T00:00Z".parse().unwrap();
            let at = |quarter: i64| {
                epoch.checked_add(SignedDuration::from_mins(15 * quarter)).unwrap()
            };
            let open = |instant: Timestamp| zones.iter().all(|zone| {
                let wall = zone.local_datetime(instant);
                days.contains(&Weekday::of(wall.date()))
                    && wall.hour() >= start
                    && wall.hour() < (start + length).min(24)
            });
            // All these zones change on the quarter hour, so that a quarter is open as a whole.
            let naive = (quarter..quarter + 15 * 96).map(at).find(|instant| open(*instant));
            let found = policy.first_permitted(Channel::Email, &zones, at(quarter));
            if let Some(expected) = naive {
                prop_assert_eq!(found, Ok(expected));
                let until = policy.permitted_until(Channel::Email, &zones, expected);
                prop_assert!(until > expected);
                let mut inside = expected;
                while inside < until {
                    prop_assert!(open(inside), "{inside} in {until}");
                    inside = inside.checked_add(SignedDuration::from_mins(15)).unwrap();
                }
            } else if let Ok(found) = found {
                prop_assert!(open(found) && found > at(quarter + 15 * 96 - 1));
            }
        }
    }
}
