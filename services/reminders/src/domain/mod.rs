//! The rules of reminding, pure: whether, when, how and for how much a debtor is contacted.
//!
//! Everything that a rule needs comes as an argument, the time included, and what it decides goes
//! back as a value: the facts are read and written elsewhere. So nothing here may wait, ask a
//! database or a peer, or look at a clock.
//!
//! How a reminder comes about, from top to bottom:
//!
//! 1. [`strategy`] says which steps a customer's ladder has; [`ladder`] says which of them is due
//!    for one invoice on a day, and when the next one will be (DU-1, DU-3, DU-9).
//! 2. [`judgement`] looks at all invoices of a case ([`situation`]) on a day and makes at most one [`letter`] of
//!    them, leaving out what a [`hold`], a minimum amount or unapplied cash keeps out (CA-8).
//! 3. [`contact`] says whether the debtor may be contacted at an instant, or from when on
//!    (CC-2, CC-10, CC-11, P17); [`plan`] makes of both when the case is looked at next.
//! 4. [`message`] carries the letter to its end; [`last_look`] is the last question before it
//!    leaves (P16, P18, P19); [`step_taking`] moves the invoices up once it has left.
//!
//! | module | owns |
//! |---|---|
//! | [`id`], [`code`], [`named`] | identities, short names, levels, stored spellings |
//! | [`decision`], [`reason`] | why something came out as it did |
//! | [`debtor`], [`zones`] | who is contacted, through what, in which time zones |
//! | [`strategy`], [`template`] | ladders and words, by version |
//! | [`content`] | what the words come to with the facts of a case (P34) |
//! | [`invoice`], [`case`], [`cash`] | what is owed and what came, as the feeds tell it (P24) |
//! | [`hold`], [`placement_hold`] | what keeps us quiet (P18, P19) |
//! | [`promise`] | words given, and what came of them (PR-1 to PR-4) |
//! | [`consent`], [`communication`] | what debtors said, and when we turned to whom |
//! | [`task`], [`dunning_run`] | work for people; many cases in one go |
//! | [`event`] | everything that is announced |

pub mod case;
pub mod cash;
pub mod code;
pub mod communication;
pub mod consent;
pub mod contact;
pub mod content;
pub mod debtor;
pub mod decision;
pub mod dunning_run;
pub mod event;
pub mod hold;
pub mod id;
pub mod invoice;
pub mod judgement;
pub mod ladder;
pub mod last_look;
pub mod letter;
pub mod message;
pub mod named;
pub mod placement_hold;
pub mod plan;
pub mod promise;
pub mod reason;
pub mod situation;
pub mod step_taking;
pub mod strategy;
pub mod task;
pub mod template;
pub mod zones;

#[cfg(test)]
mod model;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod stored_names;
