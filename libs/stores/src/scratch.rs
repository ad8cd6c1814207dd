//! A data directory for one run, deleted afterwards. Runs that were killed could not delete theirs;
//! the next run does it for them.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::Result;
use crate::data_dir::lock_file;
use crate::error::Doing;
use crate::process::live_pid;

const PREFIX: &str = "recoup-stores-";

/// A directory younger than this may belong to a run that has not taken its lock yet.
const SETTLING_TIME: Duration = Duration::from_secs(10);

/// A temporary data directory, deleted with this value: keep it longer than the stores in it.
#[derive(Debug)]
pub struct ScratchDir(TempDir);

impl ScratchDir {
    /// Makes one in the system's folder for temporary files, and deletes those that killed runs
    /// left behind.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create() -> Result<Self> {
        let parent = std::env::temp_dir();
        delete_abandoned(&parent);
        let doing = || format!("create a folder in {}", parent.display());
        let dir = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir_in(&parent)
            .doing(doing)?;
        // tempfile closes it to others, but the user the servers run as has to pass.
        fs::set_permissions(dir.path(), Permissions::from_mode(0o711)).doing(doing)?;
        Ok(Self(dir))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

/// Best effort: what cannot be read or deleted is another user's, or next time's.
fn delete_abandoned(parent: &Path) {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for path in entries
        .map(|entry| entry.path())
        .filter(|path| is_abandoned(path))
    {
        match fs::remove_dir_all(&path) {
            Ok(()) => tracing::info!(path = %path.display(), "deleted what a killed run left"),
            Err(error) => tracing::debug!(path = %path.display(), %error, "not deleted"),
        }
    }
}

/// No supervisor holds it, none is about to, and its servers are gone.
fn is_abandoned(path: &Path) -> bool {
    let ours = path
        .file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
    let age = fs::metadata(path).and_then(|found| found.modified()).ok();
    let settled = age
        .and_then(|at| at.elapsed().ok())
        .is_some_and(|age| age > SETTLING_TIME);
    let free = || File::open(lock_file(path)).is_ok_and(|lock| lock.try_lock().is_ok());
    ours && settled
        && free()
        && live_pid(&path.join("postgres/postmaster.pid"), "postgres").is_none()
        && live_pid(&path.join("run/redis.pid"), "redis-server").is_none()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    /// A folder as a run leaves it, last changed `age` ago.
    fn left_behind(parent: &Path, name: &str, age: Duration) -> PathBuf {
        let dir = parent.join(name);
        fs::create_dir(&dir).unwrap();
        fs::write(lock_file(&dir), "1\n").unwrap();
        let then = fs::metadata(&dir).unwrap().modified().unwrap() - age;
        File::open(&dir).unwrap().set_modified(then).unwrap();
        dir
    }

    #[test]
    fn only_what_nobody_holds_is_deleted() {
        let parent = tempfile::tempdir().unwrap();
        let old = Duration::from_secs(3600);
        let abandoned = left_behind(parent.path(), "recoup-stores-a", old);
        let held = left_behind(parent.path(), "recoup-stores-b", old);
        let young = left_behind(parent.path(), "recoup-stores-c", Duration::ZERO);
        let foreign = left_behind(parent.path(), "other", old);
        let lock = File::open(lock_file(&held)).unwrap();
        lock.try_lock().unwrap();

        delete_abandoned(parent.path());

        assert!(!abandoned.exists());
        assert!(held.exists() && young.exists() && foreign.exists());
    }
}
