//! Owns in which time zone a debtor lives: the known one, or where none is known every zone of the
//! country, all of which must allow a contact (P17). Must not know hours or holidays.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use calendar::{Date, Timestamp, Zone, ZoneError};

/// One country a line: its code, then its zones.
const TABLE: &str = include_str!("country-zones.txt");

static BY_COUNTRY: LazyLock<BTreeMap<&'static str, Vec<Zone>>> = LazyLock::new(|| {
    let rows = TABLE.lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once(' '))
        .map(|(country, zones)| {
            // A name that the compiled-in database lacks is left out; a test sees that none is.
            let known = zones.split(' ').filter_map(|name| Zone::parse(name).ok());
            (country, known.collect())
        })
        .collect()
});

/// The zones in which a debtor may be: one where it is known, else those of the country.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zones {
    candidates: Vec<Zone>,
    known: bool,
}

impl Zones {
    /// The zone that is known, or the candidates of a country (ISO 3166-1 alpha-2). None for a
    /// country without any: then nobody can say what time it is there.
    #[must_use]
    pub fn of(zone: Option<Zone>, country_code: &str) -> Self {
        match zone {
            Some(zone) => Self {
                candidates: vec![zone],
                known: true,
            },
            None => Self {
                candidates: BY_COUNTRY.get(country_code).cloned().unwrap_or_default(),
                known: false,
            },
        }
    }

    /// Every zone in which a contact must be permitted.
    #[must_use]
    pub fn candidates(&self) -> &[Zone] {
        &self.candidates
    }

    /// Whether the debtor's own zone is known.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// The zone whose calendar gives the debtor's days: the known one, else the first of the
    /// country, else UTC. Days only; hours are asked of all candidates.
    #[must_use]
    pub fn for_days(&self) -> Zone {
        self.candidates.first().cloned().unwrap_or_else(Zone::utc)
    }

    /// The debtor's day at an instant.
    #[must_use]
    pub fn local_date(&self, instant: Timestamp) -> Date {
        self.for_days().local_date(instant)
    }

    /// The first instant of a day of the debtor's.
    ///
    /// # Errors
    /// [`ZoneError::OutOfRange`] at the very ends of the calendar.
    pub fn start_of_day(&self, date: Date) -> Result<Timestamp, ZoneError> {
        self.for_days().start_of_day(date)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_zone_of_the_table_is_in_the_database() {
        let mut countries = 0;
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let (country, zones) = line.split_once(' ').unwrap();
            let names: Vec<&str> = zones.split(' ').collect();
            assert_eq!(BY_COUNTRY[country].len(), names.len(), "{line}");
            assert_eq!(country.len(), 2);
            countries += 1;
        }
        assert!(countries > 240, "{countries}");
    }

    #[test]
    fn p17_an_unknown_zone_means_every_zone_of_the_country() {
        let names = |country| {
            let zones = Zones::of(None, country);
            zones
                .candidates()
                .iter()
                .map(|zone| zone.name().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names("FR"), ["Europe/Paris"]);
        let american = names("US");
        for name in ["America/New_York", "America/Phoenix", "Pacific/Honolulu"] {
            assert!(american.contains(&name.to_owned()), "{name}");
        }
        assert_eq!(names("XX"), [""; 0]);
    }

    #[test]
    fn the_known_zone_is_the_only_one() {
        let zones = Zones::of(Some(Zone::parse("America/Phoenix").unwrap()), "US");
        assert!(zones.is_known());
        assert_eq!(zones.candidates().len(), 1);
        let evening: Timestamp = "2026-03-02T06:30Z".parse().unwrap();
        assert_eq!(
            zones.local_date(evening),
            calendar::Date::constant(2026, 3, 1)
        );
    }
}
