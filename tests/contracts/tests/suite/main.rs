//! The rules over the contracts of this checkout: one test a rule.

use std::error::Error;

use architecture::edges::Edges;
use architecture::{Finding, verdict};
use contract_tests::protos::Protos;
use contract_tests::{access, fields, mutations, pages, reasons, table, vocabulary};

/// Not anyhow's error: that would print a backtrace under each list of findings.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn none(check: impl FnOnce(&Protos) -> Vec<Finding>) -> Result<()> {
    Ok(verdict(check(&Protos::of_this_checkout()?))?)
}

#[test]
fn every_method_says_who_may_call() -> Result<()> {
    none(access::scopes)
}

#[test]
fn methods_are_kept_for_services_that_may_call() -> Result<()> {
    let edges = Edges::of_this_checkout()?;
    none(|protos| access::peers(protos, &edges))
}

#[test]
fn changes_have_a_request_id() -> Result<()> {
    none(mutations::request_ids)
}

#[test]
fn calls_are_unary_but_for_imports_and_feeds() -> Result<()> {
    none(mutations::streams)
}

#[test]
fn nothing_is_deleted_and_updates_are_guarded() -> Result<()> {
    none(mutations::verbs)
}

#[test]
fn tenant_and_actor_come_from_the_token() -> Result<()> {
    none(mutations::borrowed_identities)
}

#[test]
fn lists_are_read_in_pages() -> Result<()> {
    none(pages::breaches)
}

#[test]
fn fields_are_exact_and_named() -> Result<()> {
    none(fields::breaches)
}

#[test]
fn enums_stand_alone_and_have_no_meaning_for_zero() -> Result<()> {
    none(fields::enums)
}

#[test]
fn services_borrow_messages_only_where_they_call() -> Result<()> {
    let edges = Edges::of_this_checkout()?;
    none(|protos| fields::borrowed_messages(protos, &edges))
}

#[test]
fn a_reason_goes_with_one_code() -> Result<()> {
    none(reasons::ambiguous)
}

#[test]
fn comments_name_reasons_that_the_code_knows() -> Result<()> {
    none(vocabulary::unknown)
}

#[test]
fn every_reason_of_the_code_is_named_in_a_comment() -> Result<()> {
    none(vocabulary::unnamed)
}

#[test]
fn the_code_refuses_with_reasons_of_its_vocabulary() -> Result<()> {
    let sources = architecture::tree::sources()?;
    Ok(verdict(vocabulary::unlisted(&sources))?)
}

#[test]
fn the_table_of_reasons_is_current() -> Result<()> {
    let committed = architecture::tree::read(table::FILE)?;
    let renewed = table::renewed(&committed, &Protos::of_this_checkout()?)?;
    let changed = committed
        .lines()
        .zip(renewed.lines())
        .position(|(old, new)| old != new);
    let line = changed.unwrap_or(committed.lines().count());
    let found = (committed != renewed).then(|| table::outdated(line + 1));
    Ok(verdict(found.into_iter().collect())?)
}
