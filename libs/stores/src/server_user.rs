//! As whom the servers run, and which folders that user can reach. Postgres refuses to run as root,
//! so root steps down; anybody else runs them as himself.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::unistd::{User, geteuid};

use crate::error::Doing;
use crate::{Result, StoresError};

/// The user root steps down to; nobody else steps anywhere.
#[derive(Debug, Clone)]
pub(crate) struct ServerUser(Option<User>);

impl ServerUser {
    /// Root: the user `postgres`, else `nobody` (initdb wants an entry in the user database).
    pub(crate) fn of_this_process() -> Result<Self> {
        if !geteuid().is_root() {
            return Ok(Self(None));
        }
        for name in ["postgres", "nobody"] {
            if let Some(user) = User::from_name(name).doing(|| format!("look up user {name}"))? {
                return Ok(Self(Some(user)));
            }
        }
        Err(StoresError::NoServerUser)
    }

    /// Makes `command` run as this user, away from folders that user may not read.
    pub(crate) fn run_as(&self, command: &mut Command) {
        command.current_dir("/");
        if let Some(user) = &self.0 {
            command.uid(user.uid.as_raw()).gid(user.gid.as_raw());
        }
    }

    /// Creates `path` for this user alone; one that exists is left as it is.
    pub(crate) fn create_private_dir(&self, path: &Path) -> Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        let doing = || format!("create {}", path.display());
        fs::DirBuilder::new()
            .mode(0o700)
            .create(path)
            .doing(doing)?;
        match &self.0 {
            Some(user) => {
                let (uid, gid) = (user.uid.as_raw(), user.gid.as_raw());
                chown(path, Some(uid), Some(gid)).doing(doing)
            }
            None => Ok(()),
        }
    }

    /// Checks that this user may enter `path` and every folder above it.
    pub(crate) fn check_reach(&self, path: &Path) -> Result<()> {
        let Some(user) = &self.0 else { return Ok(()) };
        for folder in path.ancestors() {
            let found = fs::metadata(folder).doing(|| format!("read {}", folder.display()))?;
            let bit = match found.uid() == user.uid.as_raw() {
                true => 0o100,
                false if found.gid() == user.gid.as_raw() => 0o010,
                false => 0o001,
            };
            if found.permissions().mode() & bit == 0 {
                let user = user.name.clone();
                return Err(StoresError::NotReachable {
                    path: folder.to_owned(),
                    user,
                });
            }
        }
        Ok(())
    }
}

/// Where `recoup up` keeps its data unless told: `/var/lib/recoup` for root, whose home is closed
/// to the user the servers step down to; else `recoup` in the user's state directory, given the
/// values of XDG_STATE_HOME and HOME.
#[must_use]
pub fn default_data_dir(state_home: Option<&OsStr>, home: Option<&OsStr>) -> PathBuf {
    match geteuid().is_root() {
        true => PathBuf::from("/var/lib/recoup"),
        false => state_dir(state_home, home),
    }
}

/// By the XDG base directory rules, which ignore a relative path.
fn state_dir(state_home: Option<&OsStr>, home: Option<&OsStr>) -> PathBuf {
    match (
        state_home.map(Path::new).filter(|path| path.is_absolute()),
        home,
    ) {
        (Some(state_home), _) => state_home.join("recoup"),
        (None, Some(home)) => Path::new(home).join(".local/state/recoup"),
        (None, None) => std::env::temp_dir().join("recoup"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_users_data_is_state() {
        let home = Some(OsStr::new("/home/me"));
        let dir = |state_home: &str| state_dir(Some(OsStr::new(state_home)), home);
        assert_eq!(dir("/state"), Path::new("/state/recoup"));
        for ignored in ["", "state"] {
            assert_eq!(dir(ignored), Path::new("/home/me/.local/state/recoup"));
        }
    }
}
