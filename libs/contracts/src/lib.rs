//! The generated gRPC contracts of Recoup.
//!
//! Owns the generated messages, clients and servers, the descriptor set for
//! reflection, the table of who may call which method, and the conversions of
//! the common types. Nothing else is written by hand here: what a message means
//! is said in `proto/`, what a service does with it in the service.

pub mod access;
pub mod convert;

#[expect(
    missing_docs,
    clippy::all,
    clippy::allow_attributes,
    clippy::allow_attributes_without_reason,
    clippy::as_conversions,
    reason = "generated; documented in proto/"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/recoup.rs"));
}

pub use generated::{google, recoup};
pub use recoup::agency::v1 as agency;
pub use recoup::common::v1 as common;
pub use recoup::credit::v1 as credit;
pub use recoup::events::v1 as events;
pub use recoup::invoicing::v1 as invoicing;
pub use recoup::payments::v1 as payments;
pub use recoup::reminders::v1 as reminders;
pub use recoup::sandbox::v1 as sandbox;

/// The encoded `FileDescriptorSet` of all contracts, imports, comments and
/// custom options included.
pub const DESCRIPTOR_SET: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/descriptors.bin"));

/// A request that changes something: the caller names it, so that a repeat is
/// answered and not done again. Implemented for every request with a
/// `request_id`.
pub trait Mutation: prost::Message + Clone + Default {
    /// The caller's name for this request.
    fn request_id(&self) -> &str;

    /// Empties the request id: what is left is the content that a repeat must
    /// have in common with the first request.
    fn clear_request_id(&mut self);
}

include!(concat!(env!("OUT_DIR"), "/mutations.rs"));
