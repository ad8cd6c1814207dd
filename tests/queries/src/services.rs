//! The services that have SQL macros, and a migrated database for each. The migrations are read
//! from their folders, not compiled in: a service may not compile before its data is written.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use stores::provision::{self, Login};

/// A crate with SQL macros.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Service {
    /// Name of the crate, of its folder and of its database.
    pub(crate) name: String,
    /// The variable that its macros read the database's URL from.
    pub(crate) url_variable: String,
}

impl Service {
    /// Relative to the root of the checkout.
    pub(crate) fn folder(&self) -> PathBuf {
        Path::new("services").join(&self.name)
    }

    /// Makes its database, brings it up to date, and tells the owner's URL.
    pub(crate) async fn migrate(&self, root: &Path, superuser_url: &str) -> Result<String> {
        provision::service(superuser_url, &self.name).await?;
        let owner = Login::Owner.role(&self.name);
        let url = stores::login_url(superuser_url, &self.name, &owner)?;
        let mut parts = Vec::new();
        for folder in self.migration_folders(root)? {
            let part = Migrator::new(folder.as_path()).await;
            parts.push(part.with_context(|| format!("read {}", folder.display()))?);
        }
        let migrator = postgres::migrations::merged(&parts.iter().collect::<Vec<_>>());
        let migrated = postgres::migrations::run(&url, &migrator).await;
        migrated.with_context(|| format!("migrate the database of {}", self.name))?;
        Ok(url)
    }

    /// Those of the mechanisms, which every service has, and its own.
    fn migration_folders(&self, root: &Path) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        for library in folders(&root.join("libs"))? {
            found.push(library.join("migrations"));
        }
        found.push(root.join(self.folder()).join("migrations"));
        found.retain(|folder| folder.is_dir());
        Ok(found)
    }
}

/// The services that have a `sqlx.toml`, by name.
pub(crate) fn find(root: &Path) -> Result<Vec<Service>> {
    let mut found = Vec::new();
    for folder in folders(&root.join("services"))? {
        let config = folder.join("sqlx.toml");
        if config.is_file() {
            let name = folder.file_name().context("a folder without a name")?;
            let name = name.to_string_lossy().into_owned();
            let url_variable = url_variable(&fs::read_to_string(&config)?)
                .with_context(|| format!("{}: no database-url-var", config.display()))?;
            found.push(Service { name, url_variable });
        }
    }
    Ok(found)
}

fn url_variable(config: &str) -> Option<String> {
    let table: toml::Table = config.parse().ok()?;
    Some(
        table
            .get("common")?
            .get("database-url-var")?
            .as_str()?
            .to_owned(),
    )
}

fn folders(parent: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).with_context(|| format!("read {}", parent.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// Major version of the server.
pub(crate) async fn postgres_major(superuser_url: &str) -> Result<i32> {
    let mut connection = PgConnection::connect(superuser_url).await?;
    let version: i32 = sqlx::query_scalar("SELECT current_setting('server_version_num')::int")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(version / 10_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    #[test]
    fn services_with_macros_are_found_with_their_migrations() {
        let root = tempfile::tempdir().unwrap();
        let at = |part: &str| root.path().join(part);
        write(
            at("services/credit/sqlx.toml"),
            "[common]\ndatabase-url-var = \"CREDIT_URL\"\n",
        );
        write(at("services/credit/migrations/0100_a.sql"), "");
        write(at("services/recoup/Cargo.toml"), "");
        write(at("libs/timers/migrations/0020_timer.sql"), "");
        write(at("libs/money/Cargo.toml"), "");
        let found = find(root.path()).unwrap();
        let credit = Service {
            name: "credit".to_owned(),
            url_variable: "CREDIT_URL".to_owned(),
        };
        assert_eq!(found, [credit]);
        let folders = found[0].migration_folders(root.path()).unwrap();
        assert_eq!(
            folders,
            [
                at("libs/timers/migrations"),
                at("services/credit/migrations")
            ]
        );
    }

    #[test]
    fn a_config_without_variable_is_refused() {
        let root = tempfile::tempdir().unwrap();
        write(root.path().join("services/credit/sqlx.toml"), "[common]\n");
        assert!(
            find(root.path())
                .unwrap_err()
                .to_string()
                .contains("no database-url-var")
        );
    }
}
