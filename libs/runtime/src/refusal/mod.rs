//! Refusals: what a caller is told, and apart from it what the log says.
//!
//! One constructor for each row of the table of status codes, so that one
//! situation cannot get two codes. [`Refusal::into_status`] is the only place in
//! the program that builds a [`tonic::Status`]; there the cause of a bug stays in
//! the log, under an id that the caller can report. Must not decide whether
//! something is refused.

mod database;
mod item;
mod reasons;
mod status;
mod violations;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tonic::Code;

pub use reasons::{REASONS, Reason};
pub use tonic_types::FieldViolation;
pub use violations::{Complete, Violations};

/// After how long a caller may try again where nothing better is known.
pub(crate) const SOON: Duration = Duration::from_secs(1);

/// Why a call is not answered with OK. Small: the parts are on the heap.
#[derive(Debug)]
#[must_use = "a refusal is returned, not dropped"]
pub struct Refusal(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    reason: Cow<'static, str>,
    message: Cow<'static, str>,
    metadata: BTreeMap<String, String>,
    detail: Detail,
    retry_after: Option<Duration>,
    /// For the log only.
    cause: Option<String>,
    /// Whether the whole transaction may be done again.
    retryable: bool,
}

/// The standard detail message that the row of the table asks for.
#[derive(Debug)]
enum Detail {
    None,
    BadRequest(Vec<FieldViolation>),
    Resource { kind: &'static str, name: String },
    Precondition { kind: &'static str, subject: String },
}

impl Refusal {
    fn new(
        code: Code,
        reason: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self(Box::new(Parts {
            code,
            reason: reason.into(),
            message: message.into(),
            metadata: BTreeMap::new(),
            detail: Detail::None,
            retry_after: None,
            cause: None,
            retryable: false,
        }))
    }

    /// INVALID_ARGUMENT: fields are malformed or missing. All violations at once;
    /// [`Violations`] collects them.
    pub fn invalid(reason: &'static str, violations: Vec<FieldViolation>) -> Self {
        let message = violations::summary(&violations);
        let mut refusal = Self::new(Code::InvalidArgument, reason, message);
        refusal.0.detail = Detail::BadRequest(violations);
        refusal
    }

    /// NOT_FOUND: this tenant has no such thing. `kind` is the noun of the
    /// contract, for example `invoice`.
    pub fn not_found(reason: &'static str, kind: &'static str, name: impl fmt::Display) -> Self {
        Self::resource(Code::NotFound, reason, kind, name, "does not exist")
    }

    /// ALREADY_EXISTS: the natural key is taken by the one named.
    pub fn already_exists(
        reason: &'static str,
        kind: &'static str,
        name: impl fmt::Display,
    ) -> Self {
        Self::resource(Code::AlreadyExists, reason, kind, name, "exists already")
    }

    fn resource(
        code: Code,
        reason: &'static str,
        kind: &'static str,
        name: impl fmt::Display,
        what: &str,
    ) -> Self {
        let name = violations::shortened(name.to_string());
        let mut refusal = Self::new(code, reason, format!("{kind} {name} {what}"));
        refusal.0.detail = Detail::Resource { kind, name };
        refusal
    }

    /// FAILED_PRECONDITION: a rule says no. `kind` is the type of the rule, for
    /// example `STATE`, `subject` what it was applied to, for example
    /// `invoice/0190…`, `description` what the caller must change first.
    pub fn rule(
        reason: &'static str,
        kind: &'static str,
        subject: impl Into<String>,
        description: impl Into<String>,
    ) -> Self {
        let mut refusal = Self::new(Code::FailedPrecondition, reason, description.into());
        refusal.0.detail = Detail::Precondition {
            kind,
            subject: violations::shortened(subject.into()),
        };
        refusal
    }

    /// ABORTED: the caller's etag is not the current one, or somebody else was
    /// faster: read again, then decide again.
    pub fn stale(reason: &'static str) -> Self {
        Self::new(
            Code::Aborted,
            reason,
            "changed meanwhile: read it again and decide again",
        )
        .retry_after(SOON)
    }

    /// UNAUTHENTICATED: no token, or one that does not count.
    pub fn unauthenticated(reason: &'static str, message: &'static str) -> Self {
        Self::new(Code::Unauthenticated, reason, message)
    }

    /// PERMISSION_DENIED: known, but not allowed. Said before anything is looked
    /// up, so that it tells nothing about what exists.
    pub fn denied(reason: &'static str, message: &'static str) -> Self {
        Self::new(Code::PermissionDenied, reason, message)
    }

    /// RESOURCE_EXHAUSTED: over the rate or the load; the caller backs off.
    pub fn exhausted(reason: &'static str, retry_after: Duration) -> Self {
        Self::new(
            Code::ResourceExhausted,
            reason,
            "too many calls: try again later",
        )
        .retry_after(retry_after)
    }

    /// UNAVAILABLE: something that is needed is out of reach for now; the caller
    /// repeats with the same request id.
    pub fn unavailable(reason: &'static str, retry_after: Duration) -> Self {
        Self::new(
            Code::Unavailable,
            reason,
            "out of reach for now: repeat the same request",
        )
        .retry_after(retry_after)
    }

    /// DEADLINE_EXCEEDED: the caller's time is over. Whether the request acted is
    /// unknown to the caller, who repeats it with the same request id.
    pub fn deadline() -> Self {
        Self::new(
            Code::DeadlineExceeded,
            "DEADLINE_EXCEEDED",
            "the deadline has passed: repeat the same request",
        )
    }

    /// INTERNAL: a bug. The caller gets a fixed text and an error id; `cause` goes
    /// to the log under the same id. It must not carry personal data.
    pub fn internal(cause: impl fmt::Display) -> Self {
        Self::new(
            Code::Internal,
            "INTERNAL",
            "an internal error; report its error_id",
        )
        .caused_by(cause)
    }

    /// UNIMPLEMENTED: the contract knows the method, this process does not serve it.
    pub(crate) fn not_served() -> Self {
        Self::new(
            Code::Unimplemented,
            "METHOD_NOT_SERVED",
            "this server does not serve the method",
        )
    }

    /// Adds a stable key to the metadata of ErrorInfo.
    pub fn with_metadata(mut self, key: &str, value: impl fmt::Display) -> Self {
        self.0
            .metadata
            .insert(key.to_owned(), violations::shortened(value.to_string()));
        self
    }

    /// Says more exactly what happened than the fixed text of the row.
    pub fn with_message(mut self, message: impl Into<String>) -> Self {
        self.0.message = Cow::Owned(message.into());
        self
    }

    /// What the log says of it. Must not carry personal data.
    pub fn caused_by(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.0.retry_after = Some(delay);
        self
    }

    /// The code that the caller will see.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The reason that the caller will see.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.0.reason
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.reason, self.0.message)
    }
}

impl std::error::Error for Refusal {}
