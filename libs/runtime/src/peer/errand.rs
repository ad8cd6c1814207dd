//! For whom a peer is asked, and until when.

use std::time::Duration;

use postgres::TenantId;

use crate::{Call, Deadline};

/// The actor of what nobody asked for: jobs and feed handlers.
const SYSTEM: &str = "system";

/// For whom a peer is asked, and until when. Made from the call that is being
/// answered (`&call`), or by a job.
#[derive(Debug, Clone)]
pub struct Errand {
    tenant: Option<TenantId>,
    actor: String,
    deadline: Option<Deadline>,
    traceparent: String,
}

impl Errand {
    /// What a job or a feed handler does for a tenant. `traceparent` is the one that
    /// was stored with its cause, or empty.
    #[must_use]
    pub fn of_job(tenant: TenantId, traceparent: &str) -> Self {
        Self {
            tenant: Some(tenant),
            ..Self::across_tenants(traceparent)
        }
    }

    /// What a job does for no tenant: reading the feed of all of them.
    #[must_use]
    pub fn across_tenants(traceparent: &str) -> Self {
        Self {
            tenant: None,
            actor: SYSTEM.to_owned(),
            deadline: None,
            traceparent: traceparent.to_owned(),
        }
    }

    /// The same, to be done within this time unless its deadline is nearer.
    #[must_use]
    pub fn until(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(self.deadline.map_or(deadline, |own| own.min(deadline)));
        self
    }

    /// The same, with a deadline if it has none.
    pub(super) fn within(mut self, wait: Duration) -> Self {
        self.deadline.get_or_insert_with(|| Deadline::after(wait));
        self
    }

    pub(super) fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    pub(super) fn actor(&self) -> &str {
        &self.actor
    }

    pub(super) fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    pub(super) fn traceparent(&self) -> &str {
        &self.traceparent
    }
}

impl From<&Call> for Errand {
    fn from(call: &Call) -> Self {
        Self {
            tenant: call.tenant_if_any(),
            actor: call.actor().to_owned(),
            deadline: call.deadline(),
            traceparent: call.traceparent().to_owned(),
        }
    }
}
