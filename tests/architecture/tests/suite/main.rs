//! The rules over this checkout.

use std::error::Error;

use architecture::edges::Edges;
use architecture::lock::{Advisories, Lock};
use architecture::{
    Finding, direction, edges, layout, licences, lock, manifests, migrations, patience, purity,
    refusals, shape, sql, tree, verdict,
};

/// Not anyhow's error: that would print a backtrace under each list of findings.
type Result<T> = std::result::Result<T, Box<dyn Error>>;

const ADVISORIES: &str = include_str!("../../advisories.toml");
const DEPENDENCIES: &str = include_str!("../../dependencies.toml");
const MIGRATIONS: &str = include_str!("../../migrations.lock");

fn none(found: Vec<Finding>) -> Result<()> {
    Ok(verdict(found)?)
}

fn cargo_lock() -> Result<Lock> {
    Ok(Lock::parse(&tree::read("Cargo.lock")?)?)
}

fn lock_policy() -> Result<lock::Policy> {
    Ok(lock::Policy::parse(DEPENDENCIES)?)
}

fn texts(wanted: impl Fn(&str) -> bool) -> Result<Vec<(String, String)>> {
    let paths = tree::files()?.into_iter().filter(|path| wanted(path));
    paths
        .map(|path| Ok((path.clone(), tree::read(&path)?)))
        .collect()
}

/// One test for all rules about sources: parsing them takes longer than all the rules do.
#[test]
fn sources_are_as_they_should_be() -> Result<()> {
    let rules = [
        shape::long_files,
        shape::long_functions,
        shape::missing_headers,
        shape::empty_names,
        purity::breaches,
        sql::misplaced,
        sql::commits_of_others,
        refusals::misplaced,
        patience::breaches,
    ];
    let sources = tree::sources()?;
    let clients = edges::clients(&texts(|path| path.ends_with(".proto"))?);
    let mut found: Vec<Finding> = rules.iter().flat_map(|rule| rule(&sources)).collect();
    found.extend(edges::unlisted_calls(
        &sources,
        &clients,
        &Edges::of_this_checkout()?,
    ));
    none(found)
}

#[test]
fn the_root_has_the_layouts_names_only() -> Result<()> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(tree::root())? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    none(layout::strangers_in_root(&names))
}

#[test]
fn each_folder_of_the_root_has_a_readme() -> Result<()> {
    none(layout::unexplained_folders(&tree::files()?))
}

#[test]
fn services_have_the_same_files() -> Result<()> {
    none(layout::odd_services(&tree::files()?))
}

#[test]
fn each_crate_has_one_test_binary() -> Result<()> {
    none(layout::spare_test_binaries(&tree::files()?))
}

#[test]
fn manifests_inherit_from_the_root() -> Result<()> {
    none(manifests::breaches(&manifests::all()?))
}

#[test]
fn dependencies_point_one_way() -> Result<()> {
    none(direction::breaches(&manifests::all()?))
}

#[test]
fn calls_between_services_have_no_cycle() -> Result<()> {
    none(edges::cycles(&Edges::of_this_checkout()?))
}

#[test]
fn feeds_that_services_read_are_listed() -> Result<()> {
    none(edges::unlisted_feeds(
        &tree::files()?,
        &Edges::of_this_checkout()?,
    ))
}

#[test]
fn landed_migrations_stay_as_they_are() -> Result<()> {
    none(migrations::unlocked(
        &texts(migrations::is_migration)?,
        MIGRATIONS,
    ))
}

#[test]
fn tenant_tables_are_protected_and_keyed_by_tenant() -> Result<()> {
    none(migrations::open_tenant_tables(&texts(
        migrations::is_migration,
    )?))
}

#[test]
fn no_banned_crate_is_locked() -> Result<()> {
    none(lock::banned(&cargo_lock()?, &lock_policy()?))
}

#[test]
fn crates_whose_types_meet_have_one_version() -> Result<()> {
    Ok(verdict(lock::several_versions(
        &cargo_lock()?,
        &lock_policy()?,
    ))?)
}

#[test]
fn there_is_exactly_one_tls_provider() -> Result<()> {
    Ok(verdict(lock::tls_providers(
        &cargo_lock()?,
        &lock_policy()?,
    ))?)
}

#[test]
fn known_faults_are_mended() -> Result<()> {
    none(lock::below_floor(
        &cargo_lock()?,
        &Advisories::parse(ADVISORIES)?,
    ))
}

#[test]
fn licences_are_permissive() -> Result<()> {
    none(licences::breaches(
        &licences::crates()?,
        &licences::Policy::parse(DEPENDENCIES)?,
    ))
}
