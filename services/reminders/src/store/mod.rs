//! The SQL of reminders, one noun a file. Every function joins the caller's transaction and says so
//! in its name; none commits. Rows become values of the domain here and nowhere else.

pub mod case;
pub mod case_file;
pub mod case_invoice;
pub mod cash;
pub mod communication;
pub mod consent;
pub mod contact_policy;
pub mod customer;
pub mod decision;
pub mod dispute;
pub mod dunning_run;
pub mod frequency;
pub mod hold;
pub mod message;
pub mod promise;
mod row;
pub mod strategy;
pub mod strategy_impact;
pub mod strategy_version;
pub mod task;
pub mod template;
pub mod template_version;
pub mod tenant_profile;
pub mod waiting;
