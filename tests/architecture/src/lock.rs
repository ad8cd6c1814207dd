//! What `Cargo.lock` may hold. `dependencies.toml` bans crates and lists those of which one version
//! must do; `advisories.toml` holds the versions from which known faults are mended. Both say why.

use anyhow::{Context, Result};
use cargo_metadata::semver::{Version, VersionReq};
use serde::Deserialize;

use crate::Finding;

/// The lock file.
#[derive(Debug, Deserialize)]
pub struct Lock {
    package: Vec<Locked>,
    /// To find the line of a package.
    #[serde(skip)]
    text: String,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: Version,
    /// `name`, or `name version` where there are several.
    #[serde(default)]
    dependencies: Vec<String>,
}

/// What `dependencies.toml` says about the lock.
#[derive(Debug, Deserialize)]
pub struct Policy {
    banned: Vec<Banned>,
    single: Single,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Banned {
    name: String,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Single {
    names: Vec<String>,
    /// Of these exactly one must be there.
    tls_providers: Vec<String>,
}

/// `advisories.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Advisories {
    advisory: Vec<Advisory>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    id: String,
    #[serde(rename = "crate")]
    krate: String,
    /// Requirements of which one must hold.
    patched: Vec<VersionReq>,
    /// What goes wrong below.
    reason: String,
    /// Why we live with a fault that no version mends.
    accepted: Option<String>,
}

impl Lock {
    /// Parses the lock file.
    ///
    /// # Errors
    /// When it is not one.
    pub fn parse(text: &str) -> Result<Self> {
        let lock: Self = toml::from_str(text).context("cannot parse Cargo.lock")?;
        Ok(Self {
            text: text.to_owned(),
            ..lock
        })
    }

    fn versions<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Locked> {
        self.package
            .iter()
            .filter(move |package| package.name == name)
    }

    fn finding(&self, name: &str, what: String, remedy: &str) -> Finding {
        let header = format!("name = \"{name}\"");
        let line = self
            .text
            .lines()
            .position(|line| line == header)
            .map_or(1, |index| index + 1);
        Finding::new("Cargo.lock", line, what, remedy)
    }

    /// Who depends on a crate directly.
    fn dependents(&self, name: &str) -> String {
        let needs = |package: &&Locked| {
            package
                .dependencies
                .iter()
                .any(|one| one.split(' ').next() == Some(name))
        };
        let found: Vec<&str> = self
            .package
            .iter()
            .filter(needs)
            .map(|package| package.name.as_str())
            .collect();
        found.join(", ")
    }
}

impl Policy {
    /// Parses `dependencies.toml`.
    ///
    /// # Errors
    /// When a key is missing.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("cannot parse dependencies.toml")
    }
}

impl Advisories {
    /// Parses `advisories.toml`.
    ///
    /// # Errors
    /// When a key is missing or unknown.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("cannot parse advisories.toml")
    }
}

/// Crates that must not be there at all.
#[must_use]
pub fn banned(lock: &Lock, policy: &Policy) -> Vec<Finding> {
    let present = policy
        .banned
        .iter()
        .filter(|one| lock.versions(&one.name).next().is_some());
    present
        .map(|one| {
            let what = format!("{} is banned: {}", one.name, one.reason);
            let remedy = format!(
                "switch off the feature that brings it: {}",
                lock.dependents(&one.name)
            );
            lock.finding(&one.name, what, &remedy)
        })
        .collect()
}

/// Crates that are there in several versions though their types meet.
#[must_use]
pub fn several_versions(lock: &Lock, policy: &Policy) -> Vec<Finding> {
    let mut found = Vec::new();
    for name in &policy.single.names {
        let versions: Vec<String> = lock
            .versions(name)
            .map(|package| package.version.to_string())
            .collect();
        if versions.len() > 1 {
            let what = format!("{name} is there as {}", versions.join(" and "));
            let remedy = format!("bring its users together: {}", lock.dependents(name));
            found.push(lock.finding(name, what, &remedy));
        }
    }
    found
}

/// Anything but exactly one TLS provider.
#[must_use]
pub fn tls_providers(lock: &Lock, policy: &Policy) -> Vec<Finding> {
    let providers = policy.single.tls_providers.iter();
    let present: Vec<&String> = providers
        .filter(|name| lock.versions(name).next().is_some())
        .collect();
    match present.as_slice() {
        [_one] => Vec::new(),
        [] => vec![lock.finding("ring", "no TLS provider".to_owned(), "rustls needs one")],
        [_, others @ ..] => others
            .iter()
            .map(|name| {
                let remedy = format!("keep the first only; brought by {}", lock.dependents(name));
                lock.finding(name, format!("{name} is a second TLS provider"), &remedy)
            })
            .collect(),
    }
}

/// Versions in which a known fault is not mended.
#[must_use]
pub fn below_floor(lock: &Lock, advisories: &Advisories) -> Vec<Finding> {
    let mut found = Vec::new();
    for advisory in advisories
        .advisory
        .iter()
        .filter(|advisory| advisory.accepted.is_none())
    {
        for package in lock.versions(&advisory.krate) {
            if !advisory
                .patched
                .iter()
                .any(|patched| patched.matches(&package.version))
            {
                let what = format!(
                    "{} {}: {} ({})",
                    package.name, package.version, advisory.reason, advisory.id
                );
                found.push(lock.finding(&package.name, what, "cargo update to a mended version"));
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: &str = "[single]\nnames = [\"tonic\"]\ntls_providers = [\"ring\", \"aws-lc-rs\"]\n\
        [[banned]]\nname = \"git2\"\nreason = \"builds a C library\"\n";
    const ADVISORIES: &str = "[[advisory]]\nid = \"RUSTSEC-2024-0332\"\ncrate = \"h2\"\n\
        patched = [\"^0.3.26\", \">=0.4.4\"]\nreason = \"flood\"\n\
        [[advisory]]\nid = \"RUSTSEC-2023-0071\"\ncrate = \"rsa\"\npatched = []\nreason = \"timing\"\n\
        accepted = \"public keys only\"\n";

    fn lock(packages: &[(&str, &str)]) -> Lock {
        let entry = |(name, version): &(&str, &str)| {
            format!(
                "[[package]]\nname = \"{name}\"\nversion = \"{version}\"\ndependencies = [\"git2\"]\n"
            )
        };
        Lock::parse(&packages.iter().map(entry).collect::<String>()).unwrap()
    }

    fn what(found: &[Finding]) -> Vec<String> {
        found
            .iter()
            .map(|one| format!("{}: {}", one.line, one.what))
            .collect()
    }

    #[test]
    fn banned_crates_are_found_with_who_brings_them() {
        let found = banned(
            &lock(&[("x", "1.0.0"), ("git2", "0.20.0")]),
            &Policy::parse(POLICY).unwrap(),
        );
        assert_eq!(what(&found), ["6: git2 is banned: builds a C library"]);
        assert!(
            found[0].remedy.ends_with("brings it: x, git2"),
            "{}",
            found[0].remedy
        );
    }

    #[test]
    fn two_versions_of_one_crate_are_found() {
        let policy = Policy::parse(POLICY).unwrap();
        let found = several_versions(&lock(&[("tonic", "0.13.0"), ("tonic", "0.14.9")]), &policy);
        assert_eq!(what(&found), ["2: tonic is there as 0.13.0 and 0.14.9"]);
        assert!(several_versions(&lock(&[("tonic", "0.14.9")]), &policy).is_empty());
    }

    #[test]
    fn there_is_exactly_one_tls_provider() {
        let policy = Policy::parse(POLICY).unwrap();
        let found = |packages| tls_providers(&lock(packages), &policy).len();
        assert_eq!(found(&[("ring", "0.17.14")]), 0);
        assert_eq!(found(&[("ring", "0.17.14"), ("aws-lc-rs", "1.0.0")]), 1);
        assert_eq!(found(&[("x", "1.0.0")]), 1);
    }

    #[test]
    fn faulty_versions_are_found_unless_accepted() {
        let advisories = Advisories::parse(ADVISORIES).unwrap();
        let found =
            |version| below_floor(&lock(&[("h2", version), ("rsa", "0.9.10")]), &advisories);
        assert_eq!(
            what(&found("0.4.3")),
            ["2: h2 0.4.3: flood (RUSTSEC-2024-0332)"]
        );
        assert!(found("0.4.4").is_empty());
        assert!(found("0.3.27").is_empty());
    }
}
