//! Contract ⇄ domain, one noun a file. In: everything that is wrong, by field, at
//! once. Out: values only, no decisions.

pub mod case;
pub mod communication;
pub mod consent;
pub mod contact_policy;
pub mod debtor;
pub mod decision;
pub mod dunning_run;
pub mod field;
pub mod hold;
pub mod message;
pub mod promise;
pub mod strategy;
pub mod task;
pub mod template;
