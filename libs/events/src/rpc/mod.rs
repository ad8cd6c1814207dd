//! The two gRPC services about feeds, the same in every service of Recoup. A process
//! that holds several services serves each of them once, over all: a call goes to the
//! service that it names.

mod event_feed;
mod parked_events;

use postgres::TenantId;
use runtime::{Call, Refusal};

pub use event_feed::EventFeed;
pub use parked_events::ParkedEvents;

/// The scope with which a token without a tenant reads the events of all.
const ALL_TENANTS: &str = "feed:all";

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
