//! Agency over gRPC, against a real Postgres, one database a test; its peers are played.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod agencies;
mod agreements;
mod batches;
mod fixture;
mod ledger;
mod peers;
mod placements;
mod policies;
mod protocol;
mod remittances;
mod runs;
mod samples;
