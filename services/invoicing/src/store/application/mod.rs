//! Applications of money and their reversals, with every answer that was given to an id, refusals
//! too, for ever.
//!
//! The id of an item is what protects it: whoever has locked the receivables of a batch asks here
//! for the answers that its ids have, decides on the others, and adds their answers. Twins that lock
//! no receivable in common meet at the primary key; the later one adds less than it brought, is told
//! so, and must give its transaction up.

mod answer;
mod list;
mod load;
mod reversal;

pub use answer::{Answered, StoredAnswer, answers_in_tx, insert_in_tx};
pub use list::{Filter, list_in_tx};
pub use load::{find_in_tx, invoices_of_in_tx, lock_in_tx};
pub use reversal::{
    AnsweredReversal, answers_in_tx as reversal_answers_in_tx,
    insert_in_tx as insert_reversals_in_tx,
};
