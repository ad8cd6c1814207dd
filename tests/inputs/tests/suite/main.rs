//! Every method of all five services, as `recoup up --sandbox` serves them, is sent what it must
//! refuse.
//!
//! ```text
//! up           `recoup up` as a child process: its tokens, its databases
//! contract     the methods, and a client that calls any of them
//! tenant       a tenant with one of everything (tenant.json), whose identities requests name
//! sample       a request that is sound, by the names and types of its fields
//! spoil        one field of it spoilt, in each way that its type allows
//! judge        what a method may answer to that
//! rows         what the databases hold
//! ```

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod bad_input;
mod contract;
mod default_deny;
mod foreign_ids;
mod judge;
mod rows;
mod sample;
mod spoil;
mod tenant;
mod up;
