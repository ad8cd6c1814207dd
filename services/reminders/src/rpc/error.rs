//! The reasons with which reminders refuses, and the one code of each.

/// A reason of this service's vocabulary, as `google.rpc.ErrorInfo` carries it. The list of all of
/// them is [`REASONS`]; the contracts' documentation is generated from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    /// UPPER_SNAKE, stable.
    pub name: &'static str,
    /// The gRPC code it comes with.
    pub code: &'static str,
    /// What it means and what the caller does about it.
    pub meaning: &'static str,
}

/// Every reason of this service's own; those that every service has are the runtime's.
pub const REASONS: &[Reason] = &[];
