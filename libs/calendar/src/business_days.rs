//! Owns business days: which days are, and what becomes of a date that is not (DD-10). A calendar
//! is data with an id and a version, so that a stored date can name what it was adjusted by.
//!
//! Must not hold a holiday rule in code, and must not answer for years that the data
//! does not cover: silence there would read as "a business day".

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// The files of `data/`, made by `data/generate.py` but for the weekends.
const FILES: [&str; 13] = [
    include_str!("../data/at.toml"),
    include_str!("../data/de.toml"),
    include_str!("../data/es.toml"),
    include_str!("../data/fr.toml"),
    include_str!("../data/gb.toml"),
    include_str!("../data/gb-nir.toml"),
    include_str!("../data/gb-sct.toml"),
    include_str!("../data/it.toml"),
    include_str!("../data/jp.toml"),
    include_str!("../data/nl.toml"),
    include_str!("../data/pl.toml"),
    include_str!("../data/us.toml"),
    include_str!("../data/weekend.toml"),
];

static BUILT_IN: LazyLock<Result<BTreeMap<String, BusinessCalendar>, CalendarError>> =
    LazyLock::new(|| {
        let calendars = FILES.into_iter().map(BusinessCalendar::from_toml);
        calendars
            .map(|read| read.map(|calendar| (calendar.id.clone(), calendar)))
            .collect()
    });

/// The business days of one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusinessCalendar {
    id: String,
    version: String,
    name: String,
    first_year: i16,
    last_year: i16,
    weekend: Vec<Weekday>,
    holidays: BTreeMap<Date, String>,
}

/// What becomes of a date that is not a business day (DD-10).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Convention {
    /// It stays; the calendar is not asked.
    None,
    /// The next business day.
    Following,
    /// The business day before.
    Preceding,
    /// The next business day, unless that is in the next month: then the one before.
    ModifiedFollowing,
}

/// A date after adjustment, with what is needed to explain and repeat it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdjustedDate {
    /// The date to act on.
    pub date: Date,
    /// The date before adjustment.
    pub unadjusted: Date,
    /// The convention that was applied.
    pub convention: Convention,
    /// [`BusinessCalendar::id`] of the calendar that was used.
    pub calendar_id: String,
    /// [`BusinessCalendar::version`] of the calendar that was used.
    pub calendar_version: String,
}

/// Why a calendar gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No calendar of that id is compiled in.
    #[error("there is no business calendar of that id")]
    Unknown,
    /// The day is in a year that the calendar has no data for.
    #[error("calendar {calendar_id} covers the years {first_year} to {last_year}, not {day}")]
    NotCovered {
        /// The calendar.
        calendar_id: String,
        /// The first covered year.
        first_year: i16,
        /// The last covered year.
        last_year: i16,
        /// The day asked for, or reached while looking for a business day.
        day: Date,
    },
    /// A calendar file is not one.
    #[error("not a calendar file: {0}")]
    Malformed(String),
}

impl BusinessCalendar {
    /// A calendar that is compiled in, by the country's code (`DE`, `GB`, `US`, …), `GB-SCT`,
    /// `GB-NIR`, or `WEEKEND` for Saturdays and Sundays only.
    ///
    /// # Errors
    /// [`CalendarError::Unknown`].
    pub fn built_in(id: &str) -> Result<&'static Self, CalendarError> {
        let calendars = BUILT_IN.as_ref().map_err(CalendarError::clone)?;
        calendars.get(id).ok_or(CalendarError::Unknown)
    }

    /// The ids of the calendars that are compiled in, in order.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        BUILT_IN
            .iter()
            .flat_map(|calendars| calendars.keys().map(String::as_str))
    }

    /// A calendar from a file in the form of those in `data/`.
    ///
    /// # Errors
    /// [`CalendarError::Malformed`], also if every day of the week is weekend.
    pub fn from_toml(text: &str) -> Result<Self, CalendarError> {
        let malformed = |reason: String| CalendarError::Malformed(reason);
        let file: File = toml::from_str(text).map_err(|error| malformed(error.to_string()))?;
        let weekend: Vec<Weekday> = file.weekend.into_iter().map(Weekday::from).collect();
        if Weekday::Monday
            .cycle_forward()
            .take(7)
            .all(|day| weekend.contains(&day))
        {
            return Err(malformed("every day of the week is weekend".to_owned()));
        }
        let outside = |day: &&Date| !(file.first_year..=file.last_year).contains(&day.year());
        if let Some(day) = file.holidays.keys().find(outside) {
            return Err(malformed(format!("{day} is outside the covered years")));
        }
        Ok(Self {
            id: file.id,
            version: file.version,
            name: file.name,
            first_year: file.first_year,
            last_year: file.last_year,
            weekend,
            holidays: file.holidays,
        })
    }

    /// The id, such as `DE`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The version of the data: the day it was made.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// What the calendar holds, in words.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The name of the holiday on `day`, if it is one.
    #[must_use]
    pub fn holiday_name(&self, day: Date) -> Option<&str> {
        self.holidays.get(&day).map(String::as_str)
    }

    /// Whether `day` is neither weekend nor holiday.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`].
    pub fn is_business_day(&self, day: Date) -> Result<bool, CalendarError> {
        if !(self.first_year..=self.last_year).contains(&day.year()) {
            return Err(self.not_covered(day));
        }
        Ok(!self.weekend.contains(&day.weekday()) && !self.holidays.contains_key(&day))
    }

    /// `date`, or the business day that the convention puts in its place (DD-10).
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`], except under [`Convention::None`].
    pub fn adjust(
        &self,
        date: Date,
        convention: Convention,
    ) -> Result<AdjustedDate, CalendarError> {
        let adjusted = match convention {
            Convention::None => date,
            Convention::Following => self.search(date, Date::tomorrow)?,
            Convention::Preceding => self.search(date, Date::yesterday)?,
            Convention::ModifiedFollowing => {
                let following = self.search(date, Date::tomorrow)?;
                if following.first_of_month() == date.first_of_month() {
                    following
                } else {
                    self.search(date, Date::yesterday)?
                }
            }
        };
        Ok(AdjustedDate {
            date: adjusted,
            unadjusted: date,
            convention,
            calendar_id: self.id.clone(),
            calendar_version: self.version.clone(),
        })
    }

    /// The business day that is `count` business days after `date` (before it, if negative);
    /// `date` itself, business day or not, if `count` is 0.
    ///
    /// # Errors
    /// [`CalendarError::NotCovered`].
    pub fn add_business_days(&self, date: Date, count: i32) -> Result<Date, CalendarError> {
        let step = if count < 0 {
            Date::yesterday
        } else {
            Date::tomorrow
        };
        let mut day = date;
        for _ in 0..count.unsigned_abs() {
            let next = step(day).map_err(|_| self.not_covered(day))?;
            day = self.search(next, step)?;
        }
        Ok(day)
    }

    /// The first business day from `day` on, in the direction of `step`. Ends: the covered years do.
    fn search(
        &self,
        mut day: Date,
        step: fn(Date) -> Result<Date, jiff::Error>,
    ) -> Result<Date, CalendarError> {
        while !self.is_business_day(day)? {
            day = step(day).map_err(|_| self.not_covered(day))?;
        }
        Ok(day)
    }

    fn not_covered(&self, day: Date) -> CalendarError {
        CalendarError::NotCovered {
            calendar_id: self.id.clone(),
            first_year: self.first_year,
            last_year: self.last_year,
            day,
        }
    }
}

/// The form of the files in `data/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    name: String,
    version: String,
    #[expect(dead_code, reason = "stands in the file for whoever reads it")]
    source: String,
    first_year: i16,
    last_year: i16,
    weekend: Vec<DayName>,
    holidays: BTreeMap<Date, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum DayName {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<DayName> for Weekday {
    fn from(name: DayName) -> Self {
        match name {
            DayName::Monday => Self::Monday,
            DayName::Tuesday => Self::Tuesday,
            DayName::Wednesday => Self::Wednesday,
            DayName::Thursday => Self::Thursday,
            DayName::Friday => Self::Friday,
            DayName::Saturday => Self::Saturday,
            DayName::Sunday => Self::Sunday,
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn calendar(id: &str) -> &'static BusinessCalendar {
        BusinessCalendar::built_in(id).unwrap()
    }

    fn adjusted(id: &str, day: Date, convention: Convention) -> Date {
        calendar(id).adjust(day, convention).unwrap().date
    }

    #[test]
    fn every_file_is_read_and_covers_its_years() {
        let ids: Vec<_> = BusinessCalendar::built_in_ids().collect();
        let expected = [
            "AT", "DE", "ES", "FR", "GB", "GB-NIR", "GB-SCT", "IT", "JP", "NL", "PL", "US",
            "WEEKEND",
        ];
        assert_eq!(ids, expected);
        for id in ids.into_iter().filter(|id| *id != "WEEKEND") {
            let calendar = calendar(id);
            assert_eq!(
                (calendar.first_year, calendar.last_year),
                (2011, 2032),
                "{id}"
            );
            for year in 2011..=2032 {
                let count = calendar
                    .holidays
                    .keys()
                    .filter(|day| day.year() == year)
                    .count();
                assert!(
                    (7..=22).contains(&count),
                    "{id} has {count} holidays in {year}"
                );
            }
        }
        assert_eq!(
            BusinessCalendar::built_in("XX"),
            Err(CalendarError::Unknown)
        );
    }

    #[test]
    fn holidays_that_are_well_known() {
        let cases = [
            ("US", date(2026, 11, 26), "Thanksgiving Day"),
            ("US", date(2026, 7, 3), "Independence Day (observed)"),
            (
                "GB",
                date(2022, 9, 19),
                "State Funeral of Queen Elizabeth II",
            ),
            ("GB", date(2026, 8, 31), "Late Summer Bank Holiday"),
            ("DE", date(2026, 5, 25), "Pentecost Monday"),
            ("FR", date(2026, 7, 14), "National Day"),
            ("JP", date(2026, 2, 11), "Foundation Day"),
            ("ES", date(2026, 10, 12), "National Day"),
            ("IT", date(2026, 4, 25), "Liberation Day"),
            ("NL", date(2026, 4, 27), "King's Day"),
            ("AT", date(2026, 10, 26), "National Day"),
            ("PL", date(2026, 11, 11), "National Independence Day"),
        ];
        for (id, day, name) in cases {
            assert_eq!(calendar(id).holiday_name(day), Some(name), "{id} {day}");
            assert_eq!(calendar(id).is_business_day(day), Ok(false), "{id} {day}");
        }
        // Scotland has no bank holiday at the end of August, England none on 2 January.
        assert_eq!(
            calendar("GB-SCT").is_business_day(date(2026, 8, 31)),
            Ok(true)
        );
        assert_eq!(
            calendar("GB-SCT").is_business_day(date(2026, 1, 2)),
            Ok(false)
        );
        assert_eq!(calendar("GB").is_business_day(date(2026, 1, 2)), Ok(true));
    }

    #[test]
    fn dd_10_each_convention() {
        // 31 May 2026 is a Sunday, the last day of its month.
        let sunday = date(2026, 5, 31);
        assert_eq!(adjusted("DE", sunday, Convention::None), sunday);
        assert_eq!(
            adjusted("DE", sunday, Convention::Following),
            date(2026, 6, 1)
        );
        assert_eq!(
            adjusted("DE", sunday, Convention::Preceding),
            date(2026, 5, 29)
        );
        assert_eq!(
            adjusted("DE", sunday, Convention::ModifiedFollowing),
            date(2026, 5, 29)
        );
        // Inside the month the modified one follows; Whit Monday is skipped too.
        let saturday = date(2026, 5, 23);
        assert_eq!(
            adjusted("DE", saturday, Convention::ModifiedFollowing),
            date(2026, 5, 26)
        );
        assert_eq!(
            adjusted("JP", saturday, Convention::Following),
            date(2026, 5, 25)
        );
        // A business day stays.
        for convention in [
            Convention::Following,
            Convention::Preceding,
            Convention::ModifiedFollowing,
        ] {
            assert_eq!(
                adjusted("US", date(2026, 6, 1), convention),
                date(2026, 6, 1)
            );
        }
    }

    #[test]
    fn dd_10_the_result_names_its_calendar() {
        let result = calendar("GB")
            .adjust(date(2026, 12, 25), Convention::Following)
            .unwrap();
        // Christmas on a Friday, the 26th a Saturday, its substitute on the Monday.
        assert_eq!(
            (result.date, result.unadjusted),
            (date(2026, 12, 29), date(2026, 12, 25))
        );
        assert_eq!(
            (&*result.calendar_id, &*result.calendar_version),
            ("GB", calendar("GB").version())
        );
        assert!(result.calendar_version.parse::<Date>().is_ok());
    }

    #[test]
    fn business_days_are_counted_in_both_directions() {
        let us = calendar("US");
        let wednesday = date(2026, 11, 25);
        assert_eq!(us.add_business_days(wednesday, 1), Ok(date(2026, 11, 27)));
        assert_eq!(us.add_business_days(wednesday, 3), Ok(date(2026, 12, 1)));
        assert_eq!(us.add_business_days(date(2026, 12, 1), -3), Ok(wednesday));
        let sunday = date(2026, 11, 29);
        assert_eq!(us.add_business_days(sunday, 0), Ok(sunday));
        assert_eq!(us.add_business_days(sunday, 1), Ok(date(2026, 11, 30)));
        assert_eq!(us.add_business_days(sunday, -1), Ok(date(2026, 11, 27)));
    }

    #[test]
    fn a_year_without_data_is_an_error_and_not_a_business_day() {
        let us = calendar("US");
        let not_covered = |day| CalendarError::NotCovered {
            calendar_id: "US".to_owned(),
            first_year: 2011,
            last_year: 2032,
            day,
        };
        let wednesday = date(2033, 1, 5);
        assert_eq!(us.is_business_day(wednesday), Err(not_covered(wednesday)));
        assert_eq!(
            us.is_business_day(date(2010, 12, 31)),
            Err(not_covered(date(2010, 12, 31)))
        );
        // 31 December 2032 is a holiday: the next business day is not known.
        let last = date(2032, 12, 31);
        assert_eq!(
            us.adjust(last, Convention::Following),
            Err(not_covered(date(2033, 1, 1)))
        );
        assert!(us.adjust(last, Convention::Preceding).is_ok());
        assert!(us.adjust(wednesday, Convention::None).is_ok());
        assert!(us.add_business_days(last, i32::MAX).is_err());
        assert!(calendar("WEEKEND").add_business_days(Date::MAX, 1).is_err());
    }

    #[test]
    fn malformed_files_are_refused() {
        let good = FILES[0];
        for (from, to) in [
            ("\"saturday\", \"sunday\"", "\"caturday\""),
            ("first_year = 2011", "first_year = 2012"),
            ("id = ", "identity = "),
            ("2011-01-01 = ", "2011-02-30 = "),
        ] {
            let bad = good.replace(from, to);
            assert_ne!(bad, good);
            assert!(
                matches!(
                    BusinessCalendar::from_toml(&bad),
                    Err(CalendarError::Malformed(_))
                ),
                "{to}"
            );
        }
        let all = "\"monday\", \"tuesday\", \"wednesday\", \"thursday\", \"friday\", \"saturday\", \"sunday\"";
        assert!(
            BusinessCalendar::from_toml(&good.replace("\"saturday\", \"sunday\"", all)).is_err()
        );
    }
}
