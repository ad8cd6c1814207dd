//! The call that a handler works for: who calls, which method, until when, within
//! which trace. Comes from the credential and the transport, never from a message.

use std::sync::Arc;

use contracts::Mutation;
use contracts::access::Method;
use postgres::idempotency::Key;
use postgres::{Scope, TenantId, audit};
use sha2::{Digest as _, Sha256};
use tonic::Request;
use tonic_types::FieldViolation;
use uuid::Uuid;

use crate::auth::Caller;
use crate::{Deadline, Refusal};

/// The longest request id.
const MAX_REQUEST_ID_CHARS: usize = 128;

/// One call, as admitted by the server. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Call {
    caller: Arc<Caller>,
    method: &'static Method,
    deadline: Option<Deadline>,
    traceparent: Arc<str>,
    request_id: Arc<str>,
}

impl Call {
    pub(crate) fn new(
        caller: Arc<Caller>,
        method: &'static Method,
        deadline: Option<Deadline>,
        traceparent: String,
    ) -> Self {
        Self {
            caller,
            method,
            deadline,
            traceparent: traceparent.into(),
            request_id: "".into(),
        }
    }

    /// The call behind a request that this server admitted.
    ///
    /// # Errors
    /// INTERNAL when the request did not come through the server: a fault in how
    /// the process was put together.
    pub fn of<T>(request: &Request<T>) -> Result<Self, Refusal> {
        let call = request.extensions().get::<Self>();
        call.cloned()
            .ok_or_else(|| Refusal::internal("a request that the server did not admit"))
    }

    /// The tenant whose data the call is about. For a method with `any_tenant`
    /// called by a token without one, the nil tenant, which owns nothing; such
    /// methods ask [`Call::tenant_if_any`].
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.caller.tenant.unwrap_or(TenantId::new(Uuid::nil()))
    }

    /// The tenant, unless the token reads across tenants.
    #[must_use]
    pub fn tenant_if_any(&self) -> Option<TenantId> {
        self.caller.tenant
    }

    /// The person or program that wants it. Personal data: for the audit log, not
    /// for logs.
    #[must_use]
    pub fn actor(&self) -> &str {
        &self.caller.actor
    }

    /// The application that calls; for one of our own services its name.
    #[must_use]
    pub fn caller(&self) -> &str {
        &self.caller.caller
    }

    /// The service of Recoup that calls, if it is one.
    #[must_use]
    pub fn peer(&self) -> Option<&str> {
        self.caller.peer.as_deref()
    }

    /// Whether the token lists a scope beyond the method's own.
    #[must_use]
    pub fn has_scope(&self, scope: &str) -> bool {
        self.caller.scopes.contains(scope)
    }

    /// The method that was called.
    #[must_use]
    pub fn method(&self) -> &'static Method {
        self.method
    }

    /// Until when the caller waits; none for streams.
    #[must_use]
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// W3C trace context to be stored with what the call causes; empty where there
    /// is none.
    #[must_use]
    pub fn traceparent(&self) -> &str {
        &self.traceparent
    }

    /// The caller's name for the request; empty for reads.
    #[must_use]
    pub fn request_id(&self) -> &str {
        &self.request_id
    }

    /// The same call under the request id of its message; for imports, which bring
    /// it in the first message of their stream.
    #[must_use]
    pub fn with_request_id(mut self, request_id: &str) -> Self {
        self.request_id = request_id.into();
        self
    }

    /// What makes the request act once: tenant, caller, method and request id, and
    /// a hash of its content (P3, P4). Fields that this version does not know are
    /// not content.
    ///
    /// # Errors
    /// INVALID_ARGUMENT, REQUEST_INVALID: the request id is missing or too long.
    pub fn key<M: Mutation>(&self, request: &M) -> Result<Key, Refusal> {
        check_request_id(request.request_id())?;
        let mut content = request.clone();
        content.clear_request_id();
        Ok(Key {
            tenant: self.tenant(),
            caller: self.caller.caller.clone(),
            method: self.method.path.to_owned(),
            request_id: request.request_id().to_owned(),
            fingerprint: Sha256::digest(content.encode_to_vec()).into(),
        })
    }

    /// The audit entry of what this call changed: `subject` is the aggregate, for
    /// example `invoice/0190…`, `recorded_time` the business clock's.
    #[must_use]
    pub fn audit(
        &self,
        subject: impl Into<String>,
        facts: serde_json::Value,
        recorded_time: jiff::Timestamp,
    ) -> audit::Entry {
        audit::Entry {
            tenant: self.tenant(),
            actor: self.caller.actor.clone(),
            caller: self.caller.caller.clone(),
            method: self.method.path.to_owned(),
            request_id: self.request_id.to_string(),
            subject: subject.into(),
            facts,
            traceparent: self.traceparent.to_string(),
            recorded_time,
        }
    }
}

/// A transaction of the call: its tenant's, with no statement running longer than
/// its caller waits.
impl From<&Call> for Scope {
    fn from(call: &Call) -> Self {
        Self {
            tenant: call.tenant(),
            left: call.deadline.map(Deadline::left),
        }
    }
}

/// # Errors
/// INVALID_ARGUMENT, REQUEST_INVALID.
pub(crate) fn check_request_id(id: &str) -> Result<(), Refusal> {
    let fault = if id.is_empty() {
        "is required: a name of your choice for this request"
    } else if id.chars().count() > MAX_REQUEST_ID_CHARS || id.chars().any(char::is_control) {
        "must have 1 to 128 characters and no control characters"
    } else {
        return Ok(());
    };
    Err(Refusal::invalid(
        "REQUEST_INVALID",
        vec![FieldViolation::new("request_id", fault)],
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::events::ReplayParkedEventsRequest;
    use std::time::Duration;

    const PATH: &str = "/recoup.events.v1.ParkedEventService/ReplayParkedEvents";

    fn call(tenant: Option<TenantId>) -> Call {
        let caller = Caller {
            actor: "ada".into(),
            caller: "shop".into(),
            tenant,
            scopes: ["feed:operate".to_owned()].into(),
            peer: None,
        };
        let method = contracts::access::method(PATH).unwrap();
        Call::new(
            Arc::new(caller),
            method,
            Some(Deadline::after(Duration::from_secs(1))),
            "".into(),
        )
    }

    fn request(request_id: &str, subject: &str) -> ReplayParkedEventsRequest {
        ReplayParkedEventsRequest {
            request_id: request_id.into(),
            subject: subject.into(),
            ..Default::default()
        }
    }

    #[tokio::test]
    async fn p4_the_fingerprint_is_of_the_content_without_the_request_id() {
        let call = call(Some(TenantId::new(Uuid::now_v7())));
        let first = call.key(&request("r1", "a")).unwrap();
        assert_eq!(
            first.fingerprint,
            call.key(&request("r2", "a")).unwrap().fingerprint
        );
        assert_ne!(
            first.fingerprint,
            call.key(&request("r1", "b")).unwrap().fingerprint
        );
        assert_eq!((&*first.caller, &*first.method), ("shop", PATH));
    }

    #[tokio::test]
    async fn a_request_without_a_fit_id_is_refused_by_the_field() {
        for id in ["", "a\nb", &"x".repeat(129)] {
            let refusal = call(None).key(&request(id, "a")).unwrap_err();
            assert_eq!(refusal.code(), tonic::Code::InvalidArgument);
            assert!(format!("{refusal:?}").contains("request_id"));
        }
    }

    #[tokio::test]
    async fn p28_a_token_without_a_tenant_owns_nothing() {
        let call = call(None);
        assert!(call.tenant().uuid().is_nil() && call.tenant_if_any().is_none());
        let scope = Scope::from(&call);
        assert!(scope.left.unwrap() <= Duration::from_secs(1));
    }
}
