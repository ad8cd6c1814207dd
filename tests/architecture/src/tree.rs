//! The checkout: where its root is and which files it has. Reads, never writes.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use walkdir::{DirEntry, WalkDir};

use crate::source::Source;

/// The folders that hold our code and contracts.
const OURS: [&str; 5] = ["helm", "libs", "proto", "services", "tests"];

/// Root of the checkout.
#[must_use]
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_path_buf()
}

/// Text of one file, by its path relative to the root.
///
/// # Errors
/// When it cannot be read.
pub fn read(path: &str) -> Result<String> {
    fs::read_to_string(root().join(path)).with_context(|| format!("cannot read {path}"))
}

/// All our files, relative to the root and sorted, without what builds and tools leave behind.
///
/// # Errors
/// When a folder cannot be read.
pub fn files() -> Result<Vec<String>> {
    let root = root();
    let mut found = Vec::new();
    for folder in OURS
        .map(|name| root.join(name))
        .iter()
        .filter(|folder| folder.is_dir())
    {
        for entry in WalkDir::new(folder).into_iter().filter_entry(is_ours) {
            let entry = entry?;
            if entry.file_type().is_file() {
                found.push(
                    entry
                        .path()
                        .strip_prefix(&root)?
                        .to_string_lossy()
                        .into_owned(),
                );
            }
        }
    }
    found.sort();
    Ok(found)
}

/// All our Rust sources, parsed.
///
/// # Errors
/// When one cannot be read or is not Rust.
pub fn sources() -> Result<Vec<Source>> {
    let rust = files()?.into_iter().filter(|path| path.ends_with(".rs"));
    rust.map(|path| Source::parse(&path, &read(&path)?))
        .collect()
}

fn is_ours(entry: &DirEntry) -> bool {
    let name = entry.file_name().to_string_lossy();
    !name.starts_with('.') && name != "target" && name != "__pycache__"
}
