//! How the services use Postgres.
//!
//! Owns the pools and the guard against cancelled transactions ([`Database`],
//! [`Tx`]), the retry of a whole transaction ([`retried`]), what makes a request
//! act once ([`idempotency`], [`operations`]), the audit log ([`audit`]), keyset
//! pages ([`pages`]) and the one runner of migrations ([`migrations`]).
//!
//! Knows no business noun and opens no transaction that the caller does not
//! see: functions that join a transaction take it first, end in `_in_tx` and
//! never commit.

mod activity;
pub mod audit;
mod column;
mod config;
mod database;
mod error;
pub mod idempotency;
pub mod migrations;
pub mod operations;
mod own_connection;
pub mod pages;
mod pool;
mod retry;
mod tenant;
mod tx;

pub use activity::Activity;
pub use column::column;
pub use config::{PoolSizes, PostgresConfig};
pub use database::{Database, Scope};
pub use error::DbError;
pub use own_connection::OwnConnection;
pub use retry::{Retryable, retried};
pub use tenant::TenantId;
pub use tx::Tx;
