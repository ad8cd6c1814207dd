//! A data directory for one run, deleted afterwards. Runs that were killed could not delete theirs;
//! the next run does it for them.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};
use tempfile::TempDir;

use crate::Result;
use crate::data_dir::lock_file;
use crate::error::Doing;
use crate::process::live_pid;

const PREFIX: &str = "recoup-stores-";

/// A directory younger than this may belong to a run that has not taken its lock yet.
const SETTLING_TIME: Duration = Duration::from_secs(10);

/// A few clusters, each with its write-ahead log at its largest (1 GiB).
const PLENTY_BYTES: u64 = 4 << 30;

/// A temporary data directory, deleted with this value: keep it longer than the stores in it.
#[derive(Debug)]
pub struct ScratchDir(TempDir);

impl ScratchDir {
    /// Makes one where making files is cheap, and deletes those that killed runs left behind.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn create() -> Result<Self> {
        let parent = parent();
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

/// TMPDIR where it is set; else memory where there is plenty, else the usual folder.
///
/// A database is some 300 files. On a disk the making of them, not fsync, is what a test waits for:
/// 300 ms measured for a copy, against 30 ms in memory. What tests ask of Postgres stays true there:
/// a committed change outlives every crash but the machine's.
fn parent() -> PathBuf {
    let memory = Path::new("/dev/shm");
    let chosen = std::env::var_os("TMPDIR").is_some_and(|value| !value.is_empty());
    match !chosen && free_bytes(memory) >= PLENTY_BYTES {
        true => memory.to_owned(),
        false => std::env::temp_dir(),
    }
}

/// 0 for what is no folder we can write to.
fn free_bytes(folder: &Path) -> u64 {
    if access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        return 0;
    }
    statvfs(folder).map_or(0, |found| {
        found
            .blocks_available()
            .saturating_mul(found.fragment_size())
    })
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
