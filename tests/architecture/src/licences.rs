//! What the crates that we build with may be licensed under: `dependencies.toml` has the list, and
//! the crates that are allowed one more licence each, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result};
use cargo_metadata::MetadataCommand;
use serde::Deserialize;
use spdx::{Expression, ParseMode};

use crate::{Finding, tree};

/// Where the lists stand.
pub const POLICY: &str = "tests/architecture/dependencies.toml";

/// A crate and what its manifest says about its licence.
#[derive(Debug)]
pub struct Licensed {
    /// Name of the package.
    pub name: String,
    /// SPDX expression.
    pub licence: Option<String>,
}

/// What `dependencies.toml` says about licences.
#[derive(Debug, Deserialize)]
pub struct Policy {
    licences: Licences,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licences {
    /// SPDX identifiers, with their exception where they have one.
    allowed: BTreeSet<String>,
    exceptions: BTreeMap<String, Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    licence: String,
    #[expect(
        dead_code,
        reason = "read by people; required, so that none is added without one"
    )]
    reason: String,
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

/// The crates of this checkout's build, on the platform that we ship for.
///
/// # Errors
/// When cargo cannot tell.
pub fn crates() -> Result<Vec<Licensed>> {
    let metadata = MetadataCommand::new()
        .manifest_path(tree::root().join("Cargo.toml"))
        .other_options(
            ["--locked", "--filter-platform", "x86_64-unknown-linux-gnu"].map(String::from),
        )
        .exec()?;
    let licensed = |package: cargo_metadata::Package| Licensed {
        name: package.name.to_string(),
        licence: package.license,
    };
    Ok(metadata.packages.into_iter().map(licensed).collect())
}

/// Crates under other licences, and exceptions that nothing needs.
#[must_use]
pub fn breaches(crates: &[Licensed], policy: &Policy) -> Vec<Finding> {
    let licences = &policy.licences;
    let mut found = Vec::new();
    let mut needed = BTreeSet::new();
    for one in crates {
        if licences.allow(one, None) {
            continue;
        }
        match licences.exceptions.get(&one.name) {
            Some(exception) if licences.allow(one, Some(exception)) => {
                needed.insert(&one.name);
            }
            _ => found.push(Finding::new(
                POLICY,
                1,
                format!(
                    "{} is under {}",
                    one.name,
                    one.licence.as_deref().unwrap_or("no licence")
                ),
                "use another crate, or add an exception with its reason",
            )),
        }
    }
    let spare = licences
        .exceptions
        .keys()
        .filter(|name| !needed.contains(name));
    found.extend(spare.map(|name| {
        Finding::new(
            POLICY,
            1,
            format!("nothing needs the exception for {name}"),
            "remove it",
        )
    }));
    found
}

impl Licences {
    fn allow(&self, one: &Licensed, exception: Option<&Exception>) -> bool {
        let Some(expression) = one.licence.as_deref() else {
            return false;
        };
        let Ok(parsed) = Expression::parse_mode(expression, ParseMode::LAX) else {
            return false;
        };
        parsed.evaluate(|requirement| {
            let wanted = requirement.to_string();
            self.allowed.contains(&wanted) || exception.is_some_and(|one| one.licence == wanted)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTS: &str = "[licences]\nallowed = [\"MIT\", \"Apache-2.0\", \"Apache-2.0 WITH LLVM-exception\"]\n\
        [licences.exceptions]\nroots = { licence = \"CDLA-Permissive-2.0\", reason = \"data\" }\n";

    fn found(crates: &[(&str, Option<&str>)]) -> Vec<String> {
        let crates: Vec<Licensed> = crates
            .iter()
            .map(|(name, licence)| Licensed {
                name: (*name).to_owned(),
                licence: licence.map(str::to_owned),
            })
            .collect();
        let findings = breaches(&crates, &Policy::parse(LISTS).unwrap());
        findings.into_iter().map(|one| one.what).collect()
    }

    const ROOTS: (&str, Option<&str>) = ("roots", Some("CDLA-Permissive-2.0"));

    #[test]
    fn expressions_are_evaluated() {
        let fine = [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/Apache-2.0",
            "MIT AND Apache-2.0 WITH LLVM-exception",
        ];
        for licence in fine {
            assert_eq!(found(&[ROOTS, ("x", Some(licence))]), [""; 0]);
        }
        assert_eq!(
            found(&[ROOTS, ("x", Some("MIT AND GPL-3.0"))]),
            ["x is under MIT AND GPL-3.0"]
        );
        assert_eq!(found(&[ROOTS, ("x", None)]), ["x is under no licence"]);
        assert_eq!(
            found(&[ROOTS, ("x", Some("my own"))]),
            ["x is under my own"]
        );
    }

    #[test]
    fn an_exception_is_for_one_crate_and_needed() {
        let other = ("y", Some("CDLA-Permissive-2.0"));
        assert_eq!(found(&[ROOTS, other]), ["y is under CDLA-Permissive-2.0"]);
        assert_eq!(
            found(&[("x", Some("MIT"))]),
            ["nothing needs the exception for roots"]
        );
    }
}
