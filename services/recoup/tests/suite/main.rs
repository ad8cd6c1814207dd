//! The program `recoup` as a child process, as people run it, and its parts in this process.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod child;
mod client;
mod demo;
mod import;
mod lifecycle;
mod mail;
mod proof;
mod python;
mod sandbox;
mod serving;
mod story;
mod tokens;
