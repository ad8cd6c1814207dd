//! Receipts, their application to invoices, unapplied cash, refunds, reversals, bank statements and their matching.

pub mod domain;
