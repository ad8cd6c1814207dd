//! Invoices as documents: what they say, from the draft on. What is owed on them is stored by
//! [`super::receivable`]; here it is only joined to them when they are read.
//!
//! The row of an invoice is locked before it is changed, draft or not, and there is one statement
//! that reads all of it: who looks for invoices by something else finds their ids first.

mod find;
mod insert;
mod line;
mod list;
mod load;
mod update;

pub use find::{exists_in_tx, external_ids_in_tx, find_in_tx, lock_in_tx, numbers_taken_in_tx};
pub use insert::insert_in_tx;
pub use list::{Filter, list_in_tx};
pub use load::load_in_tx;
pub use update::{note_void_in_tx, revise_in_tx, update_in_tx};

use crate::domain::InvoiceId;

/// What an invoice is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvoiceKey {
    /// Its identity.
    Id(InvoiceId),
    /// The foreign system's own identity.
    External(String),
    /// Its number.
    Number(String),
}
