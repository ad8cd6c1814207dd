//! Payments over gRPC, against a real Postgres and Redis, one database a test. Invoicing is played
//! by a server that implements its contract and fails as it is told.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod application;
mod bank_account;
mod bank_line;
mod bank_statement;
mod books;
mod column_mapping;
mod feeds;
mod fixture;
mod invoicing_peer;
mod money_protocol;
mod played_book;
mod receipt;
mod receipt_import;
mod samples;
mod statements;
mod storm;
