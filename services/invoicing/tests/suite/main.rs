//! Invoicing over gRPC, against a real Postgres, one database a test.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod aging;
mod application_answers;
mod application_model;
mod application_races;
mod apply_credits;
mod books;
mod credit_feed;
mod credit_note;
mod customer_credit;
mod dice;
mod dispute;
mod figures;
mod fixture;
mod invoice;
mod invoice_import;
mod invoice_import_bad;
mod issue;
mod issue_races;
mod ledger;
mod list_applications;
mod list_invoices;
mod number_series;
mod office;
mod open_item;
mod order;
mod paid;
mod real_book;
mod receivable;
mod reverse_applications;
mod shop;
mod till;
mod void;
mod write_off;
