//! The reasons that every service has in common: what a call can fail with before its handler, and
//! what befalls any handler. Those of a service's own stand in its `rpc/error.rs`.

/// A reason as `google.rpc.ErrorInfo` carries it. The table of all in the contracts' documentation
/// is generated from lists of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// UPPER_SNAKE, stable.
    pub name: &'static str,
    /// The gRPC code it comes with.
    pub code: &'static str,
    /// What it means and what the caller does about it.
    pub meaning: &'static str,
}

impl Reason {
    /// One entry of a list.
    #[must_use]
    pub const fn new(name: &'static str, code: &'static str, meaning: &'static str) -> Self {
        Self {
            name,
            code,
            meaning,
        }
    }
}

const INVALID: &str = "INVALID_ARGUMENT";
const DENIED: &str = "PERMISSION_DENIED";
const EXHAUSTED: &str = "RESOURCE_EXHAUSTED";

/// Every reason of the runtime.
#[rustfmt::skip]
pub const REASONS: &[Reason] = &[
    Reason::new("TOKEN_MISSING", "UNAUTHENTICATED", "Exactly one `authorization` entry with a bearer token is needed."),
    Reason::new("TOKEN_INVALID", "UNAUTHENTICATED", "The token does not count here: wrong issuer, key, signature or audience, or not yet valid."),
    Reason::new("TOKEN_EXPIRED", "UNAUTHENTICATED", "The token has expired: get a new one."),
    Reason::new("SCOPE_MISSING", DENIED, "The token lacks the scope of the method; the metadata `scope` names it."),
    Reason::new("TENANT_MISSING", DENIED, "The token names no tenant."),
    Reason::new("PEER_NOT_ALLOWED", DENIED, "Only certain services call the method, or a service's token came without its certificate."),
    Reason::new("METHOD_UNKNOWN", DENIED, "No contract lists the method."),
    Reason::new("METHOD_NOT_SERVED", "UNIMPLEMENTED", "The contract knows the method, this server does not serve it."),
    Reason::new("REQUEST_INVALID", INVALID, "Fields are missing or malformed: `BadRequest` names them, the first twelve."),
    Reason::new("REQUEST_MALFORMED", INVALID, "The message cannot be decoded as the method's type."),
    Reason::new("REQUEST_TOO_LARGE", INVALID, "The message is larger than the server takes."),
    Reason::new("REQUEST_COMPRESSED", INVALID, "The server takes messages uncompressed."),
    Reason::new("REQUEST_ID_REUSED", INVALID, "The request_id was used for a request with other content: choose another."),
    Reason::new("PAGE_INVALID", INVALID, "The page size is out of range, or the token is not of this listing with these filters."),
    Reason::new("REQUEST_IN_PROGRESS", "ABORTED", "The request with this id is still running: ask again."),
    Reason::new("LOST_RACE", "ABORTED", "Others changed the same, again and again: read it again and decide again."),
    Reason::new("PEER_BUSY", "ABORTED", "The service that had to be asked lost a race: repeat the same request."),
    Reason::new("RATE_EXCEEDED", EXHAUSTED, "The tenant calls more often than it may: wait as long as `RetryInfo` says."),
    Reason::new("OVERLOADED", EXHAUSTED, "The server has as many calls as it takes: wait as long as `RetryInfo` says."),
    Reason::new("DATABASE_BUSY", EXHAUSTED, "No connection became free in time: wait as long as `RetryInfo` says."),
    Reason::new("DATABASE_UNAVAILABLE", "UNAVAILABLE", "The database is out of reach: repeat the same request."),
    Reason::new("PEER_UNAVAILABLE", "UNAVAILABLE", "The service that had to be asked is out of reach; the metadata `peer` names it. Repeat the same request."),
    Reason::new("ISSUER_UNREACHABLE", "UNAVAILABLE", "The keys of the token's issuer could not be read yet: repeat the same request."),
    Reason::new("STREAM_BROKEN", "UNAVAILABLE", "The stream of the request ended in the middle: repeat the same request."),
    Reason::new("DRAINING", "UNAVAILABLE", "The server ends: repeat the same request, another will answer."),
    Reason::new("DEADLINE_EXCEEDED", "DEADLINE_EXCEEDED", "The deadline has passed; whether the request acted is unknown. Repeat the same request."),
    Reason::new("INTERNAL", "INTERNAL", "A bug: report the `error_id` in the metadata."),
];
