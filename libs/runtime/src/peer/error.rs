//! What came of asking a peer, when it was not an answer.

use std::collections::HashMap;

use tonic::{Code, Status};
use tonic_types::StatusExt as _;

use crate::Refusal;
use crate::refusal::SOON;
use crate::telemetry::code_name;

/// A peer did not answer, or refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{peer} answered {} ({reason})", code_name(*code))]
pub struct PeerError {
    /// The peer.
    pub peer: &'static str,
    /// What it answered; UNAVAILABLE where it could not be reached.
    pub code: Code,
    /// Its reason, or PEER_UNAVAILABLE, or DEADLINE_EXCEEDED.
    pub reason: String,
    /// The metadata of its reason.
    pub metadata: HashMap<String, String>,
}

impl PeerError {
    pub(super) fn late(peer: &'static str) -> Self {
        Self::own(peer, Code::DeadlineExceeded, "DEADLINE_EXCEEDED")
    }

    pub(super) fn known_down(peer: &'static str) -> Self {
        Self::own(peer, Code::Unavailable, "PEER_UNAVAILABLE")
    }

    fn own(peer: &'static str, code: Code, reason: &str) -> Self {
        Self {
            peer,
            code,
            reason: reason.to_owned(),
            metadata: HashMap::new(),
        }
    }

    /// Every answer of ours has an ErrorInfo. Without one, the status was made by a
    /// transport on the way, and nothing is known of the peer.
    #[must_use]
    pub fn from_status(peer: &'static str, status: &Status) -> Self {
        match status.get_details_error_info() {
            Some(info) => Self {
                peer,
                code: status.code(),
                reason: info.reason,
                metadata: info.metadata,
            },
            None => Self::known_down(peer),
        }
    }

    /// Whether nothing was answered, so that asking again may help. Whether it acted
    /// is not known.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.code == Code::Unavailable
    }

    /// Whether the peer has decided and done nothing: a refusal of a rule, of a field
    /// or of a right. In all other cases whether it acted is not known, and the same
    /// request has to be asked again.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self.code,
            Code::InvalidArgument
                | Code::NotFound
                | Code::AlreadyExists
                | Code::FailedPrecondition
                | Code::PermissionDenied
                | Code::Unauthenticated
        )
    }

    /// Whether it counts against the peer.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self.code, Code::Unavailable | Code::DeadlineExceeded)
    }

    /// For the metrics.
    pub(super) fn outcome(&self) -> &'static str {
        match self.code {
            Code::Unavailable => "unavailable",
            Code::DeadlineExceeded => "late",
            _ if self.is_refusal() => "refused",
            _ => "failed",
        }
    }
}

impl From<PeerError> for Refusal {
    /// For a handler that has no answer of its own to a peer's refusal: out of reach
    /// and overloaded are UNAVAILABLE, too late is too late, a lost race is one. Any
    /// other refusal means that we asked wrongly: a bug.
    fn from(error: PeerError) -> Self {
        match error.code {
            Code::Unavailable | Code::ResourceExhausted => out_of_reach(error.peer),
            Code::DeadlineExceeded => too_late(error.peer),
            Code::Aborted => Self::stale("PEER_BUSY").with_metadata("peer", error.peer),
            _ => return Self::internal(error),
        }
        .caused_by(error)
    }
}

pub(super) fn out_of_reach(peer: &'static str) -> Refusal {
    Refusal::unavailable("PEER_UNAVAILABLE", SOON).with_metadata("peer", peer)
}

pub(super) fn too_late(peer: &'static str) -> Refusal {
    Refusal::deadline().with_metadata("peer", peer)
}
