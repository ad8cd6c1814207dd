//! The rules of the contracts that buf cannot check, as pure functions from the descriptor set to
//! findings. Names, packages and comments are buf's; what a method means is the services'.
//!
//! ```text
//! protos       our files in a descriptor set; where a descriptor stands in its file
//! access       scopes, who may call, and that it agrees with the list of calls
//! mutations    request ids, etags, streams: how a change is asked for
//! pages        how lists are read
//! fields       types and names of fields, presence of enums' zero
//! reasons      the vocabulary of refusals in the comments
//! vocabulary   the reasons that the code knows, and whether comments and code agree
//! table        both as the table in proto/README.md
//! ```

pub mod access;
pub mod fields;
pub mod mutations;
pub mod pages;
pub mod protos;
pub mod reasons;
pub mod table;
pub mod vocabulary;

#[cfg(test)]
mod sample;
