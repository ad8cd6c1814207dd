//! The rules of the agency service: pure, synchronous, and exact. Nothing here reads a clock, makes
//! an identity, or knows a database or a wire: instants, days and identities are given, and what
//! others must be asked is said and not done.
//!
//! ```text
//! agency              who collects, and whether they get new debts
//! agreement           what was agreed, and on which days debts are placed under it
//! commission_schedule tiers by age, amount, country and number (AY-4)
//! commission_terms    the rates of one placement, fixed when it was placed (AY-5)
//! commission          what was earned on each payment, and taken back (AY-3, AY-6, AY-7)
//! debt                invoices and debtors, as the feeds tell of them
//! excluded_fact       what forbids a placement
//! placement_rule      what a rule asks for
//! placement_policy    rules by version
//! allocation          which agency a customer falls to (AY-9)
//! proposal            what a customer's debts come to under the policy
//! proposal_run        one pass over many customers
//! placement           the debt on its way to the agency and back (P19, AY-8)
//! placement_batch     placements handed over together, and agreed on (AY-2)
//! batch_file          the file (AY-1, P34)
//! agency_report       what an agency says was paid
//! remittance          what it passes on: head, sums, state
//! remittance_row      its rows as they come
//! remittance_line     its lines, on their way to payments (P9, P20)
//! remittance_booking  lines booked with their commission, and taken back (AY-6)
//! agency_result       how agencies do (AY-9)
//! decision            why something was decided
//! event               what is told of all this
//! ```

// P10: money is never added up unchecked.
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod agency;
pub mod agency_report;
pub mod agency_result;
pub mod agreement;
pub mod allocation;
pub mod batch_file;
pub mod commission;
pub mod commission_schedule;
pub mod commission_terms;
pub mod country;
pub mod debt;
pub mod decision;
pub mod event;
pub mod excluded_fact;
pub mod identity;
mod named;
pub mod placement;
pub mod placement_batch;
pub mod placement_policy;
pub mod placement_rule;
pub mod proposal;
pub mod proposal_run;
pub mod remittance;
pub mod remittance_booking;
pub mod remittance_line;
pub mod remittance_row;

/// 2 000 cases, or as many as `PROPTEST_CASES` asks for if that is more (P10).
#[cfg(test)]
fn cases() -> proptest::test_runner::Config {
    let asked = proptest::test_runner::Config::default().cases;
    proptest::test_runner::Config::with_cases(asked.max(2_000))
}
