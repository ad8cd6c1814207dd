//! The envelope of an announcement: whose event it is, what it is about, and when it happened.

use events::NewEvent;
use jiff::Timestamp;
use postgres::TenantId;
use prost::{Message, Name};

use crate::domain::event::{Event, Subject};

/// An event on its way into the feed.
pub(super) struct Told<'a> {
    pub(super) tenant: TenantId,
    pub(super) time: Timestamp,
    pub(super) event: &'a Event,
}

impl Told<'_> {
    /// What happened, told by `data`.
    pub(super) fn by<M: Message + Name>(&self, data: &M) -> NewEvent {
        let subject = subject_id(self.tenant, self.event.subject);
        NewEvent::new(subject, self.event.subject_version, self.time, data)
    }
}

/// What the event is about, as consumers name it.
pub(super) fn subject_id(tenant: TenantId, subject: Subject) -> String {
    match subject {
        Subject::Tenant => tenant.to_string(),
        Subject::Agency(id) => id.to_string(),
        Subject::Agreement(id) => id.to_string(),
        Subject::Placement(id) => id.to_string(),
        Subject::PlacementBatch(id) => id.to_string(),
        Subject::ProposalRun(id) => id.to_string(),
        Subject::Remittance(id) => id.to_string(),
    }
}
