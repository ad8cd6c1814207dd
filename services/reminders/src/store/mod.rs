//! The SQL of reminders, one noun a file. Every function joins the caller's transaction and says so
//! in its name; none commits. Rows become values of the domain here and nowhere else.

pub mod communication;
pub mod consent;
pub mod contact_policy;
pub mod decision;
pub mod frequency;
pub mod hold;
pub mod promise;
mod row;
pub mod strategy;
pub mod strategy_version;
pub mod task;
pub mod template;
pub mod template_version;
