//! The program `recoup`: every service in one process, with a private Postgres and Redis.
//!
//! | module | what it owns |
//! |---|---|
//! | [`services`] | the list of the services; starting them behind one server |
//! | [`installation`] | stores, databases, services and server, from start to drain |
//! | [`settings`] | what is decided here of each service's settings |
//! | [`keys`] | the signing keys of an installation |
//! | [`data_dir`] | where an installation lives |
//! | [`mail`] | where its mails go |
//! | [`sandbox`] | the clock of all services, and the hand that moves it |
//! | [`client`] | the commands that read from a running installation |
//! | [`import`] | the command that lives through another system's records |
//! | [`up`], [`token`], [`demo`] | the other commands |
//!
//! It has no rule and no table: a service behaves here as it does alone, through the same `App`
//! and the same handlers, and they call each other over gRPC as everywhere. For development,
//! tests and demonstrations; a cluster runs the services one by one.

pub mod client;
pub mod data_dir;
pub mod demo;
pub mod import;
pub mod installation;
pub mod keys;
pub mod mail;
pub mod sandbox;
pub mod services;
pub mod settings;
pub mod token;
pub mod up;
