//! Reminders over gRPC, against a real Postgres, Redis and SMTP server, one database a test.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod case;
mod communication;
mod consent;
mod contact_policy;
mod dunning_run;
mod feeds;
mod fixture;
mod hold;
mod invoicing_peer;
mod message;
mod placement_hold;
mod promise;
mod samples;
mod sending;
mod service;
mod stage;
mod strategy;
mod task;
mod template;
