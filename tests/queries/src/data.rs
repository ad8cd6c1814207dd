//! Query data as files: what differs between two folders of it, and replacing one by the other.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A file of query data that is not as it should be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    path: PathBuf,
    kind: &'static str,
    /// What is in it.
    text: String,
}

impl Difference {
    /// One line: kind, path, and the beginning of the SQL.
    pub(crate) fn told(&self, root: &Path) -> String {
        let path = self.path.strip_prefix(root).unwrap_or(&self.path);
        let sql = self
            .text
            .lines()
            .find_map(|line| line.trim().strip_prefix("\"query\": "));
        let start: String = sql.unwrap_or_default().chars().take(100).collect();
        format!("{}: {} {start}", path.display(), self.kind)
    }
}

/// What `committed` would have to change to equal `fresh`.
pub(crate) fn differences(committed: &Path, fresh: &Path) -> Result<Vec<Difference>> {
    let (old, new) = (read(committed)?, read(fresh)?);
    let tell = |name: &String, kind, text: &str| Difference {
        path: committed.join(name),
        kind,
        text: text.to_owned(),
    };
    let mut found = Vec::new();
    for (name, text) in &new {
        match old.get(name) {
            None => found.push(tell(name, "missing", text)),
            Some(committed) if committed != text => found.push(tell(name, "stale", text)),
            Some(_) => {}
        }
    }
    let spare = old.iter().filter(|(name, _)| !new.contains_key(*name));
    found.extend(spare.map(|(name, text)| tell(name, "no longer used", text)));
    Ok(found)
}

/// Makes `committed` equal to `fresh`.
pub(crate) fn replace(committed: &Path, fresh: &Path) -> Result<()> {
    if committed.exists() {
        fs::remove_dir_all(committed)?;
    }
    fs::create_dir_all(committed)?;
    for (name, text) in read(fresh)? {
        fs::write(committed.join(name), text)?;
    }
    Ok(())
}

/// The files of a folder, by name; none where there is no folder.
fn read(folder: &Path) -> Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    if !folder.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).with_context(|| format!("read {}", folder.display()))? {
        let entry = entry?;
        found.insert(
            entry.file_name().to_string_lossy().into_owned(),
            fs::read_to_string(entry.path())?,
        );
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    #[test]
    fn missing_stale_and_spare_data_is_told() {
        let committed = folder(&[("same", "1"), ("stale", "1"), ("spare", "1")]);
        let query = "{\n  \"query\": \"SELECT 1\"\n}";
        let fresh = folder(&[("same", "1"), ("stale", "2"), ("new", query)]);
        let found = differences(committed.path(), fresh.path()).unwrap();
        let told: Vec<String> = found.iter().map(|one| one.told(committed.path())).collect();
        let expected = [
            "new: missing \"SELECT 1\"",
            "stale: stale ",
            "spare: no longer used ",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn replaced_data_has_no_differences() {
        let committed = folder(&[("spare", "1")]);
        let fresh = folder(&[("new", "2")]);
        replace(committed.path(), fresh.path()).unwrap();
        assert_eq!(differences(committed.path(), fresh.path()).unwrap(), []);
        replace(&committed.path().join("none"), fresh.path()).unwrap();
        assert!(committed.path().join("none/new").is_file());
    }
}
