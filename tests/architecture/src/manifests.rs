//! The manifests of our crates: versions of foreign crates stand in one place, the root manifest, and
//! every crate takes lints, edition and licence from there.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::{Finding, tree};

/// One crate of the workspace.
pub struct Manifest {
    /// `Cargo.toml`, relative to the root of the checkout.
    pub path: String,
    text: String,
    table: Table,
}

/// What a crate takes from the root manifest.
const INHERITED: [&str; 5] = ["edition", "license", "publish", "rust-version", "version"];

impl Manifest {
    /// Parses one manifest.
    ///
    /// # Errors
    /// When it is not TOML.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let table = text
            .parse()
            .with_context(|| format!("cannot parse {path}"))?;
        Ok(Self {
            path: path.to_owned(),
            text: text.to_owned(),
            table,
        })
    }

    /// The package's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.package("name")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    fn package(&self, key: &str) -> Option<&Value> {
        self.table.get("package")?.get(key)
    }

    /// The dependencies of one section: `dependencies`, `dev-dependencies` or `build-dependencies`.
    pub fn dependencies(&self, section: &str) -> impl Iterator<Item = (&str, &Value)> {
        let entries = self
            .table
            .get(section)
            .and_then(Value::as_table)
            .into_iter()
            .flatten();
        entries.map(|(name, value)| (name.as_str(), value))
    }

    /// A finding at the line that starts with `key`.
    pub fn finding(&self, key: &str, what: impl Into<String>, remedy: &str) -> Finding {
        let starts_here = |line: &str| {
            line.strip_prefix(key)
                .is_some_and(|rest| rest.starts_with([' ', '.', '=']))
        };
        let line = self
            .text
            .lines()
            .position(starts_here)
            .map_or(1, |index| index + 1);
        Finding::new(&self.path, line, what, remedy)
    }
}

/// The sections a dependency can stand in.
pub const SECTIONS: [&str; 3] = ["dependencies", "dev-dependencies", "build-dependencies"];

/// The manifests of this checkout's crates.
///
/// # Errors
/// When one cannot be read.
pub fn all() -> Result<Vec<Manifest>> {
    let manifests = tree::files()?
        .into_iter()
        .filter(|path| path.ends_with("/Cargo.toml"));
    manifests
        .map(|path| Manifest::parse(&path, &tree::read(&path)?))
        .collect()
}

/// Versions outside the root manifest, and crates that go their own way.
#[must_use]
pub fn breaches(manifests: &[Manifest]) -> Vec<Finding> {
    manifests
        .iter()
        .flat_map(|one| own_versions(one).into_iter().chain(own_ways(one)))
        .collect()
}

fn own_versions(manifest: &Manifest) -> Vec<Finding> {
    let entries = SECTIONS
        .iter()
        .flat_map(|section| manifest.dependencies(section));
    entries
        .filter(|(_, value)| !is_inherited(Some(value)))
        .map(|(name, _)| {
            let what = format!("`{name}` has a version or path of its own");
            manifest.finding(
                name,
                what,
                "list it in [workspace.dependencies], write .workspace = true",
            )
        })
        .collect()
}

fn own_ways(manifest: &Manifest) -> Vec<Finding> {
    let inherits = |key: &&&str| !is_inherited(manifest.package(key));
    let mut found: Vec<Finding> = INHERITED
        .iter()
        .filter(inherits)
        .map(|key| {
            let what = format!("`{key}` is not the workspace's");
            manifest.finding(key, what, "write .workspace = true")
        })
        .collect();
    if !is_inherited(manifest.table.get("lints")) {
        found.push(manifest.finding("[lints]", "the lints are off", "[lints] workspace = true"));
    }
    if manifest.package("description").is_none() {
        found.push(manifest.finding("name", "no description", "say what the crate owns"));
    }
    found
}

fn is_inherited(value: Option<&Value>) -> bool {
    value
        .and_then(|value| value.get("workspace"))
        .and_then(Value::as_bool)
        == Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[package]\nname = \"x\"\ndescription = \"X.\"\nversion.workspace = true\n\
        edition.workspace = true\nrust-version.workspace = true\nlicense.workspace = true\n\
        publish.workspace = true\n[lints]\nworkspace = true\n[dependencies]\ntokio.workspace = true\n";

    fn found(text: &str) -> Vec<String> {
        let manifest = Manifest::parse("libs/x/Cargo.toml", text).unwrap();
        breaches(&[manifest])
            .iter()
            .map(|one| format!("{}: {}", one.line, one.what))
            .collect()
    }

    #[test]
    fn a_manifest_that_inherits_passes() {
        assert_eq!(found(GOOD), [""; 0]);
    }

    #[test]
    fn own_versions_lints_and_licences_are_found() {
        let own = GOOD.replace("tokio.workspace = true", "tokio = \"1\"");
        assert_eq!(
            found(&own),
            ["12: `tokio` has a version or path of its own"]
        );
        let unlinted = GOOD.replace("[lints]\nworkspace = true\n", "");
        assert_eq!(found(&unlinted), ["1: the lints are off"]);
        let licensed = GOOD.replace("license.workspace = true", "license = \"MIT\"");
        assert_eq!(found(&licensed), ["7: `license` is not the workspace's"]);
        let silent = GOOD.replace("description = \"X.\"\n", "");
        assert_eq!(found(&silent), ["2: no description"]);
    }
}
