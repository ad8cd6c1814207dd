//! Contact rules: whether a debtor may be contacted through a channel at an instant, and if not,
//! from when on (CC-2, CC-5, CC-10, CC-11, P17).
//!
//! Owns the policy (dated data, never changed), its hours in the debtor's zone, its caps, and the one
//! verdict. Must not know what the contact is about, beyond the invoices it counts for, and must not
//! be asked at planning in place of at sending: a plan is only a plan.

mod caps;
mod hours;
mod policy;
mod verdict;

pub use caps::{ContactMade, FrequencyCap, FrequencyMeasure, FrequencyScope};
pub use hours::{Closed, PermittedHours, Weekday};
pub use policy::{ContactPolicy, ContactPolicyDefinition, ContactPolicyError, Fault, policy_for};
pub use verdict::{ContactAnswer, ContactQuestion, ContactVerdict, check};
