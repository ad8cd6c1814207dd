//! The data directory: what lies where, whose it is, and that one supervisor uses it at a time.
//!
//! ```text
//! <data_dir>/            0711, of the supervisor: the servers' user passes through
//!   supervisor.lock      held while a supervisor lives, with its process id
//!   log/                 of the supervisor: the servers get open files
//!   postgres/  redis/    0700, of the servers' user
//!   run/                 0700, of the servers' user: sockets and pid files
//! ```

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::error::Doing;
use crate::process::POLL_INTERVAL;
use crate::server_user::ServerUser;
use crate::urls::POSTGRES_PORT;
use crate::{Result, StoresError};

/// Kernel limit of a socket path, 108 bytes, less its closing zero.
const SOCKET_PATH_LIMIT: usize = 107;

/// A supervisor that was killed gives up the lock when the kernel has cleared it away.
const LOCK_PATIENCE: Duration = Duration::from_secs(2);

/// A data directory this process holds until the value is dropped.
#[derive(Debug)]
pub(crate) struct DataDir {
    path: PathBuf,
    /// Closed on exec, so that a server which outlives a killed supervisor does not hold the lock.
    _lock: File,
}

impl DataDir {
    /// Creates what is missing and takes the lock.
    pub(crate) async fn open(path: &Path, user: &ServerUser) -> Result<Self> {
        let doing = || format!("create {}", path.display());
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(path)
            .doing(doing)?;
        let path = path.canonicalize().doing(doing)?;
        user.check_reach(&path)?;
        for socket in [postgres_socket(&path), redis_socket(&path)] {
            check_socket_path(&socket)?;
        }
        let lock = lock(&path).await?;
        let data_dir = Self { path, _lock: lock };
        DirBuilder::new()
            .recursive(true)
            .mode(0o711)
            .create(data_dir.log_dir())
            .doing(doing)?;
        user.create_private_dir(&data_dir.run_dir())?;
        user.create_private_dir(&data_dir.redis_dir())?;
        Ok(data_dir)
    }

    /// The cluster. initdb makes it, in a folder beside it that is renamed once whole.
    pub(crate) fn postgres_dir(&self) -> PathBuf {
        self.path.join("postgres")
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn redis_dir(&self) -> PathBuf {
        self.path.join("redis")
    }

    pub(crate) fn run_dir(&self) -> PathBuf {
        self.path.join("run")
    }

    pub(crate) fn redis_socket(&self) -> PathBuf {
        redis_socket(&self.path)
    }

    pub(crate) fn redis_pid_file(&self) -> PathBuf {
        self.run_dir().join("redis.pid")
    }

    fn log_dir(&self) -> PathBuf {
        self.path.join("log")
    }

    /// Opens the log of `server` twice, for its two output streams.
    pub(crate) fn log_streams(&self, server: &str) -> Result<(Stdio, Stdio)> {
        let path = self.log_dir().join(format!("{server}.log"));
        let doing = || format!("open {}", path.display());
        let out = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&path)
            .doing(doing)?;
        let err = out.try_clone().doing(doing)?;
        Ok((out.into(), err.into()))
    }

    /// The last lines `server` logged.
    pub(crate) fn log_tail(&self, server: &str) -> String {
        const LINES: usize = 20;
        let path = self.log_dir().join(format!("{server}.log"));
        let log = fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LINES)..].join("\n")
    }
}

fn postgres_socket(data_dir: &Path) -> PathBuf {
    data_dir
        .join("run")
        .join(format!(".s.PGSQL.{POSTGRES_PORT}"))
}

fn redis_socket(data_dir: &Path) -> PathBuf {
    data_dir.join("run").join("redis.sock")
}

fn check_socket_path(path: &Path) -> Result<()> {
    let bytes = path.as_os_str().as_bytes().len();
    if bytes > SOCKET_PATH_LIMIT {
        return Err(StoresError::SocketPathTooLong {
            path: path.to_owned(),
            bytes,
        });
    }
    Ok(())
}

pub(crate) fn lock_file(data_dir: &Path) -> PathBuf {
    data_dir.join("supervisor.lock")
}

async fn lock(data_dir: &Path) -> Result<File> {
    let path = lock_file(data_dir);
    let doing = || format!("lock {}", path.display());
    let mut options = OpenOptions::new();
    let mut file = options
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(&path)
        .doing(doing)?;
    let give_up = Instant::now() + LOCK_PATIENCE;
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if Instant::now() < give_up => {
                sleep(POLL_INTERVAL).await;
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).doing(doing)?;
                let path = data_dir.to_owned();
                return Err(StoresError::DataDirInUse {
                    path,
                    holder: holder.trim().to_owned(),
                });
            }
            Err(TryLockError::Error(source)) => Err(source).doing(doing)?,
        }
    }
    file.rewind().doing(doing)?;
    file.set_len(0).doing(doing)?;
    writeln!(file, "{}", std::process::id()).doing(doing)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_path_must_fit_into_107_bytes() {
        let fits = PathBuf::from(format!("/{}", "x".repeat(106)));
        assert!(check_socket_path(&fits).is_ok());
        let error = check_socket_path(&fits.join("y")).unwrap_err().to_string();
        assert!(
            error.contains("is 109 bytes long, the limit is 107"),
            "{error}"
        );
    }
}
