//! Owns who the tenant is: its legal entity, its zone and books, as whom it writes, where it is
//! paid. Must not know its customers.

use calendar::{BusinessCalendar, Zone};
use jiff::Timestamp;
use jiff::civil::Date;
use money::Currency;
use serde::{Deserialize, Serialize};

use super::{EmailAddress, Language, PayeeAccount, PhoneNumber, PostalAddress};

/// The oldest rate that may convert an amount, in days: a month bridges every holiday.
pub const MOST_RATE_AGE_DAYS: u16 = 31;

/// Who the tenant is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantProfile {
    /// The zone in which its business days begin and end. Never changes.
    pub zone: Zone,
    /// The currency of its books. Never changes.
    pub home_currency: Currency,
    /// What may change.
    pub details: TenantDetails,
    /// When it was created.
    pub created_time: Timestamp,
    /// Rises with every change, from 1.
    pub version: i64,
}

/// What of a tenant may change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantDetails {
    /// The legal entity that the debts are owed to.
    pub legal_name: String,
    /// Its registered address.
    pub address: PostalAddress,
    /// Number in the register of companies; empty where it has none.
    pub registration_number: String,
    /// Tax identity; empty where it has none.
    pub tax_number: String,
    /// The business-day calendar it works by.
    pub calendar_code: String,
    /// Language for customers whose own has no text.
    pub language: Language,
    /// As whom it writes.
    pub sender: Sender,
    /// Where it is paid, the preferred account of a currency first.
    pub payee_accounts: Vec<PayeeAccount>,
    /// How old a rate may be to convert an amount, 0 to [`MOST_RATE_AGE_DAYS`].
    pub rate_max_age_days: u16,
}

/// As whom a tenant writes to customers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sender {
    /// Name that customers know.
    pub display_name: String,
    /// Address that messages come from.
    pub email: EmailAddress,
    /// Address for answers; `None`: the same.
    pub reply_to_email: Option<EmailAddress>,
    /// Telephone for questions.
    pub phone: Option<PhoneNumber>,
}

/// Why a profile was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TenantProfileError {
    /// No calendar of that code is compiled in.
    #[error("there is no business-day calendar {0}")]
    CalendarUnknown(String),
}

impl TenantProfile {
    /// A new profile.
    ///
    /// # Errors
    /// [`TenantProfileError::CalendarUnknown`].
    pub fn try_new(
        zone: Zone,
        home_currency: Currency,
        details: TenantDetails,
        created_time: Timestamp,
    ) -> Result<Self, TenantProfileError> {
        details.check()?;
        Ok(Self {
            zone,
            home_currency,
            details,
            created_time,
            version: 1,
        })
    }

    /// Puts other details in the place of these. The same ones change nothing; answers whether
    /// anything changed.
    ///
    /// # Errors
    /// [`TenantProfileError::CalendarUnknown`].
    pub fn change(&mut self, details: TenantDetails) -> Result<bool, TenantProfileError> {
        details.check()?;
        if self.details == details {
            return Ok(false);
        }
        self.details = details;
        self.version = self.version.saturating_add(1);
        Ok(true)
    }

    /// The tenant's day at an instant.
    #[must_use]
    pub fn day_of(&self, instant: Timestamp) -> Date {
        self.zone.local_date(instant)
    }
}

impl TenantDetails {
    fn check(&self) -> Result<(), TenantProfileError> {
        check_calendar(&self.calendar_code)
            .map_err(|UnknownCalendar(code)| TenantProfileError::CalendarUnknown(code))
    }
}

/// A code of a calendar that is not compiled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownCalendar(pub String);

/// Refuses a calendar that nobody could ask.
pub(super) fn check_calendar(code: &str) -> Result<(), UnknownCalendar> {
    match BusinessCalendar::built_in(code) {
        Ok(_) => Ok(()),
        Err(_) => Err(UnknownCalendar(code.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use crate::domain::samples::tenant_profile;

    use super::*;

    #[test]
    fn the_day_is_that_of_the_tenants_zone() {
        let profile = tenant_profile();
        let late = "2026-03-31T22:30:00Z".parse().unwrap();
        assert_eq!(profile.day_of(late), date(2026, 4, 1));
    }

    #[test]
    fn a_change_raises_the_version_and_the_same_again_does_not() {
        let mut profile = tenant_profile();
        let mut other = profile.details.clone();
        other.legal_name = "Muster Handels GmbH".to_owned();
        assert_eq!(profile.change(other.clone()), Ok(true));
        assert_eq!(profile.change(other), Ok(false));
        assert_eq!(profile.version, 2);
    }

    #[test]
    fn a_calendar_that_nobody_has_is_refused_and_nothing_changes() {
        let mut profile = tenant_profile();
        let mut other = profile.details.clone();
        other.calendar_code = "ATLANTIS".to_owned();
        let unknown = TenantProfileError::CalendarUnknown("ATLANTIS".to_owned());
        assert_eq!(profile.change(other), Err(unknown));
        assert_eq!(profile, tenant_profile());
    }
}
