//! A private Postgres and a private Redis as child processes, and a mail server in this one, for the
//! development server, the demo, the fault runs and the tests.
//!
//! ```text
//! Stores::start ─ ServerUser   as whom the servers run (root steps down: initdb refuses root)
//!               ├ Binaries     where initdb, postgres and redis-server are
//!               ├ DataDir      the folders, the socket paths, one supervisor per folder
//!               ├ Postgres     initdb once, then the server; ready when it answers
//!               └ Redis        the server; ready when it answers
//! provision     ─ roles and databases of a service, in whatever Postgres
//! smtp          ─ a mail server that delivers nothing and keeps what it is given
//! with-stores   ─ the binary: stores around one command
//! ```
//!
//! It must not know a service, a table or a migration: `provision` makes empty databases and the
//! roles that own and use them. Everything here is real time and real processes, but for the time
//! that a mail came in, which is the business's; nothing of it runs in a cluster, where Postgres, Redis
//! and the mail server are somebody else's.

mod binaries;
mod config;
mod data_dir;
mod error;
mod postgres;
mod process;
pub mod provision;
mod redis;
mod scratch;
mod server;
mod server_user;
pub mod smtp;
mod stores;
mod urls;

pub use config::{PostgresSettings, RedisSettings, StoresConfig};
pub use error::StoresError;
pub use postgres::StopMode;
pub use process::end_with_parent;
pub use scratch::ScratchDir;
pub use server_user::default_data_dir;
pub use stores::Stores;
pub use urls::login_url;

/// Result of everything here.
pub type Result<T, E = StoresError> = std::result::Result<T, E>;

/// The superuser of the private Postgres.
pub const SUPERUSER: &str = "recoup";
