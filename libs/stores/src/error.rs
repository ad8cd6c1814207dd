//! What can go wrong while starting servers on somebody's machine, each with what to do about it.

use std::io;
use std::path::PathBuf;

/// A failure to find, start, stop or set up a server.
#[derive(Debug, thiserror::Error)]
pub enum StoresError {
    /// A server program is not on this machine.
    #[error("{program} not found ({looked}): install {package}")]
    NotInstalled {
        /// The program looked for.
        program: &'static str,
        /// Where it was looked for.
        looked: String,
        /// What to install to get it.
        package: &'static str,
    },
    /// A Unix socket path does not fit into the kernel's address structure.
    #[error(
        "socket path {path} is {bytes} bytes long, the limit is 107: choose a shorter data directory"
    )]
    SocketPathTooLong {
        /// The path that does not fit.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// Another live process supervises the same data directory.
    #[error("{path} is in use by process {holder}")]
    DataDirInUse {
        /// The data directory.
        path: PathBuf,
        /// Process id of the supervisor that holds it, as it wrote it down.
        holder: String,
    },
    /// The user the servers step down to cannot reach the data directory or the programs.
    #[error(
        "the servers run as user {user}, who may not enter {path}: use a folder below another one \
         (for data, /var/lib/recoup)"
    )]
    NotReachable {
        /// The first folder on the way that is closed.
        path: PathBuf,
        /// The user the servers run as.
        user: String,
    },
    /// Root needs an unprivileged user to run the servers as.
    #[error("started as root, and there is neither a user postgres nor a user nobody to run as")]
    NoServerUser,
    /// A server ended before it answered.
    #[error("{server} ended ({status}) before it was ready; its log ends:\n{log}")]
    EndedEarly {
        /// Which server.
        server: &'static str,
        /// How it ended.
        status: String,
        /// The last lines of its log.
        log: String,
    },
    /// A server runs but did not answer, or one of before did not end, in the time given.
    #[error("{server} {what} within {seconds} s; its log ends:\n{log}")]
    TooSlow {
        /// Which server.
        server: &'static str,
        /// What it did not do.
        what: &'static str,
        /// The time given, in seconds.
        seconds: u64,
        /// The last lines of its log.
        log: String,
    },
    /// The server is running already, or is not running.
    #[error("{server} is {state}")]
    WrongState {
        /// Which server.
        server: &'static str,
        /// What it is, against the request.
        state: &'static str,
    },
    /// Another process provisions this Postgres all the time.
    #[error("another provisioning of this Postgres did not end within {seconds} s")]
    Busy {
        /// The time given, in seconds.
        seconds: u64,
    },
    /// A service or database name that is not a plain lower-case identifier.
    #[error("{0:?} is no name for a service or database: use a to z, 0 to 9 and _, at most 52")]
    InvalidName(String),
    /// A URL that does not name a database server.
    #[error("{0:?} is no Postgres URL")]
    InvalidUrl(String),
    /// The operating system refused.
    #[error("{doing}: {source}")]
    Io {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: io::Error,
    },
    /// Postgres refused.
    #[error("{doing}: {source}")]
    Sql {
        /// What was being done.
        doing: String,
        /// Why it failed.
        source: sqlx::Error,
    },
}

/// Says what was being done when the operating system refused.
pub(crate) trait Doing<T> {
    /// Names the action; evaluated only on failure.
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, StoresError>;
}

impl<T> Doing<T> for Result<T, io::Error> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, StoresError> {
        self.map_err(|source| StoresError::Io {
            doing: action(),
            source,
        })
    }
}

impl<T> Doing<T> for Result<T, nix::Error> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, StoresError> {
        self.map_err(io::Error::from).doing(action)
    }
}

impl<T> Doing<T> for Result<T, sqlx::Error> {
    fn doing(self, action: impl FnOnce() -> String) -> Result<T, StoresError> {
        self.map_err(|source| StoresError::Sql {
            doing: action(),
            source,
        })
    }
}
