//! Agencies, agreements and commission, placements and their recall, batches, reports and remittances.

pub mod domain;
