//! One `cargo check` in which the SQL macros ask databases instead of committed data, and write down
//! what they are told.
//!
//! Cargo calls `rustc.sh` in place of the compiler and keeps what that makes apart from every other
//! build. It would skip crates whose files have not changed, so each service's `lib.rs` is dated now
//! for the moment, and dated back afterwards, or other builds would make it again.

use std::env;
use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};

use crate::services::Service;

/// Compiles `services` with `urls` in the environment; afterwards `scratch` has one folder of data
/// for each.
pub(crate) fn with_databases(
    root: &Path,
    services: &[Service],
    urls: &[(String, String)],
    scratch: &Path,
) -> Result<()> {
    if scratch.exists() {
        fs::remove_dir_all(scratch)?;
    }
    let mut redated = Vec::new();
    for service in services {
        fs::create_dir_all(scratch.join(&service.name))?;
        redated.push(Redated::now(
            &root.join(service.folder()).join("src/lib.rs"),
        )?);
    }
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(root)
        .args(["check", "--quiet", "--locked"]);
    cargo.args(
        services
            .iter()
            .flat_map(|service| ["--package", service.name.as_str()]),
    );
    cargo.env(
        "RUSTC_WORKSPACE_WRAPPER",
        root.join("tests/queries/rustc.sh"),
    );
    cargo.env("QUERY_DATA_DIR", scratch);
    cargo.env("SQLX_OFFLINE", "false");
    cargo.envs(urls.iter().map(|(name, url)| (name, url)));
    let status = cargo.status().context("run cargo")?;
    ensure!(
        status.success(),
        "a service does not compile against its migrated database"
    );
    Ok(())
}

/// A file that is dated now, until this value ends.
struct Redated {
    file: File,
    before: SystemTime,
}

impl Redated {
    fn now(path: &Path) -> Result<Self> {
        let doing = || format!("date {}", path.display());
        let file = File::options()
            .append(true)
            .open(path)
            .with_context(doing)?;
        let before = file
            .metadata()
            .and_then(|data| data.modified())
            .with_context(doing)?;
        // The file's own clock decides what cargo takes for newer.
        #[expect(clippy::disallowed_methods, reason = "file dates are real time")]
        file.set_modified(SystemTime::now()).with_context(doing)?;
        Ok(Self { file, before })
    }
}

impl Drop for Redated {
    fn drop(&mut self) {
        // If it fails, the next build does some work twice.
        let _ = self.file.set_modified(self.before);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn files_get_their_date_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lib.rs");
        fs::write(&path, "").unwrap();
        let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        File::options()
            .append(true)
            .open(&path)
            .unwrap()
            .set_modified(old)
            .unwrap();
        let modified = || fs::metadata(&path).unwrap().modified().unwrap();
        let redated = Redated::now(&path).unwrap();
        assert!(modified() > old);
        drop(redated);
        assert_eq!(modified(), old);
    }
}
