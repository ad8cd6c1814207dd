//! What is owed on issued invoices, and the history of it.
//!
//! Whoever changes what is owed goes the same way, for one receivable or for hundreds:
//!
//! ```text
//! lock_in_tx  SELECT … FOR UPDATE of the invoices in the order of their ids, then the items and
//!             the write-offs they need, as they are once the locks are held
//! (domain)    decides on each, one after the other, in memory
//! save_in_tx  one UNNEST write a table: entries are added, balances and versions are set
//! ```
//!
//! The row of the invoice is the lock of everything beneath it: items, entries, write-offs, what is
//! disputed. So no item is read for a change without that lock, and because all locks of a
//! transaction are taken by one statement in one order, two transactions cannot wait for each other.
//! Reads that change nothing need no lock and do not come through here.
//!
//! A receivable that comes to be is stored by [`insert_items_in_tx`], after its invoice.

mod entry;
mod item;
mod load;
mod lock;
mod save;
mod written_off;

pub use entry::{entries_in_tx, history_in_tx};
pub use item::{insert_items_in_tx, of_invoices_in_tx};
pub use load::load_in_tx;
pub use lock::{Wanted, lock_in_tx};
pub use save::{save_in_tx, unsaved};
pub use written_off::of_invoices_in_tx as write_offs_in_tx;
pub(super) use written_off::{Row as WriteOffRow, with_items_in_tx};
