//! Where an installation lives. Must not create it: the stores do, with the rights they need.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use runtime::config::environment;

/// The option that every command has.
#[derive(Debug, Clone, clap::Args)]
pub struct DataDir {
    /// Folder of the databases and keys [default: /var/lib/recoup for root, else recoup in the
    /// user's state directory]
    #[arg(long, env = "RECOUP_DATA_DIR")]
    data_dir: Option<PathBuf>,
}

impl DataDir {
    /// The folder chosen, if one was.
    #[must_use]
    pub fn chosen(&self) -> Option<&Path> {
        self.data_dir.as_deref()
    }

    /// The folder chosen, else the default for this user.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        let variable = |name| environment().find_map(|(key, value)| (key == name).then_some(value));
        let (state_home, home) = (variable("XDG_STATE_HOME"), variable("HOME"));
        self.data_dir.clone().unwrap_or_else(|| {
            stores::default_data_dir(
                state_home.as_deref().map(OsStr::new),
                home.as_deref().map(OsStr::new),
            )
        })
    }
}
