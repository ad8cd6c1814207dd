//! Owns what an agency is and whether it gets new placements. Must not know what it earns (see
//! [`agreement`](super::agreement)) nor what it has been given.

use calendar::Timestamp;

use super::country::Country;
use super::event::{Event, Fact, Subject};
use super::identity::AgencyId;
use super::named::named;

named! {
    /// Whether an agency gets new placements.
    pub enum AgencyState {
        /// It does.
        Active = "ACTIVE",
        /// It does not; the placements it has go on.
        Suspended = "SUSPENDED",
    }
}

/// What describes an agency and may be changed at any time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyProfile {
    /// Name for people.
    pub display_name: String,
    /// Name in contracts and files.
    pub legal_name: String,
    /// Where it is written to.
    pub contact_email: Option<String>,
    /// Where it is called, E.164.
    pub contact_phone: Option<String>,
}

/// A company that collects debts for the tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agency {
    /// Identity.
    pub agency_id: AgencyId,
    /// Its identity in the tenant's own system; never changes.
    pub external_id: Option<String>,
    /// Names and contacts.
    pub profile: AgencyProfile,
    /// Where it sits; a debtor elsewhere is foreign to it. Never changes.
    pub country: Country,
    /// Whether it gets new placements.
    pub state: AgencyState,
    /// Why it is suspended.
    pub suspension_note: Option<String>,
    /// When it was created.
    pub created_time: Timestamp,
    /// Counts its changes from 1; the etag, and the version in events.
    pub version: i64,
}

/// Why an agency cannot be changed or used so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AgencyError {
    /// It gets no new placements (AGENCY_SUSPENDED).
    #[error("the agency is suspended")]
    Suspended,
    /// It gets placements already (AGENCY_NOT_SUSPENDED).
    #[error("the agency is not suspended")]
    NotSuspended,
}

impl Agency {
    /// A new agency; it gets placements once it has an agreement.
    #[must_use]
    pub fn create(
        agency_id: AgencyId,
        external_id: Option<String>,
        country: Country,
        profile: AgencyProfile,
        at: Timestamp,
    ) -> (Self, Event) {
        let mut agency = Self {
            agency_id,
            external_id,
            profile,
            country,
            state: AgencyState::Active,
            suspension_note: None,
            created_time: at,
            version: 0,
        };
        let created = Fact::AgencyCreated {
            external_id: agency.external_id.clone(),
            display_name: agency.profile.display_name.clone(),
            country,
        };
        let event = agency.announce(created);
        (agency, event)
    }

    /// Changes what describes it. Nobody is told: others know it by its identity.
    pub fn describe(&mut self, profile: AgencyProfile) {
        self.profile = profile;
        self.version = self.version.saturating_add(1);
    }

    /// Gives it no new placements from now on.
    ///
    /// # Errors
    /// [`AgencyError::Suspended`].
    pub fn suspend(&mut self, note: String, suspended_by: &str) -> Result<Event, AgencyError> {
        self.check_takes_placements()?;
        self.state = AgencyState::Suspended;
        self.suspension_note = Some(note);
        Ok(self.announce(Fact::AgencySuspended {
            suspended_by: suspended_by.to_owned(),
        }))
    }

    /// Gives it placements again.
    ///
    /// # Errors
    /// [`AgencyError::NotSuspended`].
    pub fn reinstate(&mut self, reinstated_by: &str) -> Result<Event, AgencyError> {
        if self.state != AgencyState::Suspended {
            return Err(AgencyError::NotSuspended);
        }
        self.state = AgencyState::Active;
        self.suspension_note = None;
        Ok(self.announce(Fact::AgencyReinstated {
            reinstated_by: reinstated_by.to_owned(),
        }))
    }

    /// Whether a debt may be placed with it.
    ///
    /// # Errors
    /// [`AgencyError::Suspended`].
    pub fn check_takes_placements(&self) -> Result<(), AgencyError> {
        match self.state {
            AgencyState::Active => Ok(()),
            AgencyState::Suspended => Err(AgencyError::Suspended),
        }
    }

    fn announce(&mut self, fact: Fact) -> Event {
        self.version = self.version.saturating_add(1);
        Event {
            subject: Subject::Agency(self.agency_id),
            subject_version: self.version,
            fact,
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn agency() -> Agency {
        let profile = AgencyProfile {
            display_name: "Firm but fair".to_owned(),
            legal_name: "Firm but fair Ltd".to_owned(),
            contact_email: None,
            contact_phone: None,
        };
        let country = Country::try_new("DE").unwrap();
        let id = AgencyId::new(Uuid::from_u128(1));
        Agency::create(id, None, country, profile, Timestamp::UNIX_EPOCH).0
    }

    #[test]
    fn a_suspended_agency_gets_nothing_until_it_is_reinstated() {
        let mut agency = agency();
        assert_eq!(agency.check_takes_placements(), Ok(()));
        assert_eq!(agency.reinstate("ada"), Err(AgencyError::NotSuspended));
        let event = agency.suspend("complaints".to_owned(), "ada").unwrap();
        assert_eq!(event.subject_version, 2);
        assert_eq!(agency.suspension_note.as_deref(), Some("complaints"));
        assert_eq!(agency.check_takes_placements(), Err(AgencyError::Suspended));
        assert_eq!(
            agency.suspend(String::new(), "ada"),
            Err(AgencyError::Suspended)
        );
        agency.reinstate("ada").unwrap();
        assert_eq!(
            (agency.state, agency.suspension_note.take()),
            (AgencyState::Active, None)
        );
    }

    #[test]
    fn every_change_makes_a_new_version() {
        let mut agency = agency();
        let mut profile = agency.profile.clone();
        profile.display_name = "Fair".to_owned();
        agency.describe(profile);
        assert_eq!(agency.version, 2);
        assert_eq!(agency.profile.display_name, "Fair");
    }
}
