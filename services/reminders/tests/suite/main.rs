//! Reminders over gRPC, against a real Postgres, Redis and SMTP server, one database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod communication;
mod consent;
mod contact_policy;
mod feeds;
mod fixture;
mod hold;
mod invoicing_peer;
mod promise;
mod samples;
mod sending;
mod service;
mod stage;
mod strategy;
mod task;
mod template;
