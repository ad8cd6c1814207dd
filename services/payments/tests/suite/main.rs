//! Payments over gRPC, against a real Postgres and Redis, one database a test. Invoicing is played
//! by a server that implements its contract and fails as it is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod books;
mod feeds;
mod fixture;
mod invoicing_peer;
mod played_feed;
