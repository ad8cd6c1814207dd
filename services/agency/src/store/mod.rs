//! The SQL of agency, one noun a file. Functions that join the caller's transaction
//! take it first, end in `_in_tx` and never commit. No rule is decided here.

pub mod agency;
pub mod agency_report;
pub mod agency_result;
pub mod agreement;
pub mod commission;
pub mod decision;
pub mod known_case;
pub mod known_cash;
pub mod known_customer;
pub mod known_hold;
pub mod known_invoice;
pub mod known_tenant;
pub mod placement;
pub mod placement_batch;
pub mod placement_entry;
pub mod placement_invoice;
pub mod placement_operation;
pub mod placement_policy;
pub mod placement_terms;
pub mod proposal_run;
pub mod remittance;
pub mod remittance_line;
mod row;
pub mod waiting;
