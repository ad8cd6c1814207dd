//! The client commands: what people ask of a running installation, over its public gRPC API.
//!
//! | module | what it owns |
//! |---|---|
//! | [`connection`] | address, token, the channel that shows it with every call |
//! | [`refused`] | what a refusal says to a person: what, which field, what now |
//! | [`page`] | gathering entries over the pages of a listing |
//! | [`find`] | reading one thing by whichever of its names was given |
//! | [`output`] | tables, or proto JSON |
//! | [`words`] | enums as people write them |
//! | [`cell`] | amounts, days and instants as text |
//! | [`customer`] … [`figures`] | the commands, a noun a file |
//!
//! They only read. Must not decide or compute anything: they show what a service answers.

pub mod aging;
pub mod case;
pub mod cell;
pub mod connection;
pub mod customer;
pub mod figures;
pub mod find;
pub mod invoice;
pub mod output;
pub mod page;
pub mod placement;
pub mod receipt;
pub mod refused;
pub mod words;

use crate::client::connection::Connection;
use crate::client::output::Format;

/// What every client command has: whom to ask, and how to show the answer.
#[derive(Debug, Clone, clap::Args)]
pub struct Asking {
    #[command(flatten)]
    connection: Connection,
    /// How the answer is shown
    #[arg(long, value_enum, default_value_t = Format::Table)]
    output: Format,
}
