//! The two gRPC services about feeds, the same in every service of Recoup. A process
//! that holds several services serves each of them once, over all: a call goes to the
//! service that it names.

mod event_feed;
mod parked_events;

use contracts::events::event_feed_service_server::EventFeedServiceServer;
use contracts::events::parked_event_service_server::ParkedEventServiceServer;
use postgres::TenantId;
use runtime::{Call, Reason, Refusal, Services, bounded};

pub use event_feed::EventFeed;
pub use parked_events::ParkedEvents;

/// Every reason of these two services; those that every call has are the runtime's.
#[rustfmt::skip]
pub const REASONS: &[Reason] = &[
    Reason::new("SOURCE_NOT_SERVED", "INVALID_ARGUMENT", "The server has no feed of that source: the violation lists those it has."),
    Reason::new("SERVICE_NOT_SERVED", "INVALID_ARGUMENT", "The server is not that service: the violation lists those it is."),
    Reason::new("PARKED_EVENT_NOT_FOUND", "NOT_FOUND", "There is no such parked event."),
];

/// The scope with which a token without a tenant reads the events of all.
const ALL_TENANTS: &str = "feed:all";

/// The longest name of a source, a type or a subject.
const MAX_NAME_CHARS: usize = 200;

/// What is wrong with such a name. The database takes no NUL.
fn name_fault(name: &str) -> Option<&'static str> {
    if name.chars().count() > MAX_NAME_CHARS {
        Some("is longer than 200 characters")
    } else if name.chars().any(char::is_control) {
        Some("contains control characters")
    } else {
        None
    }
}

/// `services` and these two.
#[must_use]
pub fn served(services: Services, feed: EventFeed, parked: ParkedEvents) -> Services {
    services
        .with(bounded!(EventFeedServiceServer::new(feed)))
        .with(bounded!(ParkedEventServiceServer::new(parked)))
}

/// Whose events a token reads: its tenant's, or all with no tenant and the scope.
fn tenant_of(call: &Call) -> Result<Option<TenantId>, Refusal> {
    match call.tenant_if_any() {
        Some(tenant) => Ok(Some(tenant)),
        None if call.has_scope(ALL_TENANTS) => Ok(None),
        None => Err(Refusal::denied(
            "SCOPE_MISSING",
            "a token without a tenant reads the feed with the scope feed:all",
        )),
    }
}
