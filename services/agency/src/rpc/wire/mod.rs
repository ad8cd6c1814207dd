//! Contract ⇄ domain, one noun a file. In: everything that is wrong, by field, at
//! once. Out: values only, no decisions.

pub mod agency;
pub mod agency_report;
pub mod agency_result;
pub mod agreement;
pub mod balance;
pub mod commission;
pub mod decision;
pub mod field;
pub mod mirror;
pub mod placement;
pub mod placement_batch;
pub mod placement_policy;
pub mod proposal_run;
pub mod remittance;
