//! The private Postgres: initdb once, then the server on a Unix socket. What is in it is no concern
//! of this module.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use nix::sys::signal::Signal;
use sqlx::{Connection, PgConnection};

use crate::binaries::Binaries;
use crate::data_dir::DataDir;
use crate::error::Doing;
use crate::process::ServerProcess;
use crate::server::{START_PATIENCE, Server};
use crate::server_user::ServerUser;
use crate::urls::{POSTGRES_PORT, postgres_url};
use crate::{PostgresSettings, Result, SUPERUSER};

/// How Postgres is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopMode {
    /// Sessions end, everything is written, the next start is quick.
    Fast,
    /// As in a power cut: nothing more is written, the next start recovers from the log.
    Immediate,
}

/// The server, running or not.
#[derive(Debug)]
pub(crate) struct Postgres {
    pub(crate) server: Server,
    binaries: Binaries,
    user: ServerUser,
    data_dir: Arc<DataDir>,
    settings: PostgresSettings,
    url: String,
}

impl Postgres {
    pub(crate) fn try_new(
        binaries: Binaries,
        user: ServerUser,
        data_dir: Arc<DataDir>,
        settings: PostgresSettings,
    ) -> Result<Self> {
        let pid_file = data_dir.postgres_dir().join("postmaster.pid");
        let server = Server::new("postgres", "postgres", pid_file, Arc::clone(&data_dir));
        let url = postgres_url(&data_dir.run_dir())?;
        Ok(Self {
            server,
            binaries,
            user,
            data_dir,
            settings,
            url,
        })
    }

    /// The superuser's URL of database `postgres`.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts the server, making the cluster first where there is none; returns when it answers.
    pub(crate) async fn start(&self) -> Result<()> {
        self.server.wait_for_predecessor().await?;
        if !self.data_dir.postgres_dir().is_dir() {
            self.init().await?;
        }
        self.server
            .launch(self.serve_command()?, || self.answers())
            .await
    }

    /// Stops the server; returns when it is gone.
    pub(crate) async fn stop(&self, mode: StopMode) -> Result<()> {
        self.server
            .stop(match mode {
                StopMode::Fast => Signal::SIGINT,
                StopMode::Immediate => Signal::SIGQUIT,
            })
            .await
    }

    /// Makes the cluster. A half-made one, left by a kill, is never taken for a whole one: only a
    /// finished cluster gets the name the server is started with.
    async fn init(&self) -> Result<()> {
        let whole = self.data_dir.postgres_dir();
        let making = whole.with_extension("making");
        let doing = || format!("make the cluster {}", whole.display());
        if making.exists() {
            fs::remove_dir_all(&making).doing(doing)?;
        }
        self.user.create_private_dir(&making)?;
        let initdb = ServerProcess::spawn("initdb", self.init_command(&making)?).await?;
        match initdb.wait(START_PATIENCE).await {
            Some(status) if status.success() => fs::rename(&making, &whole).doing(doing),
            Some(status) => Err(self.server.ended_early("initdb", &status.to_string())),
            None => Err(self.server.too_slow("had no cluster made", START_PATIENCE)),
        }
    }

    fn init_command(&self, cluster: &Path) -> Result<Command> {
        let mut command = self.command(&self.binaries.initdb)?;
        command
            .arg("--pgdata")
            .arg(cluster)
            .args(["--username", SUPERUSER])
            .args([
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                // `peer` would refuse root, who is not the user the server runs as. Who may reach the
                // socket at all is decided by the 0700 folder around it.
                "--auth-local=trust",
                "--auth-host=reject",
                "--no-sync",
                "--no-instructions",
            ]);
        Ok(command)
    }

    fn serve_command(&self) -> Result<Command> {
        let mut command = self.command(&self.binaries.postgres)?;
        command.arg("-D").arg(self.data_dir.postgres_dir());
        let (port, sessions) = (POSTGRES_PORT, self.settings.max_connections);
        let socket_dirs = quoted_in_list(&self.data_dir.run_dir().to_string_lossy());
        for fixed in [
            format!("port={port}"),
            "listen_addresses=".to_owned(),
            format!("unix_socket_directories={socket_dirs}"),
            "shared_buffers=64MB".to_owned(),
            // Statements are short and nobody replicates.
            "jit=off".to_owned(),
            "wal_level=minimal".to_owned(),
            "max_wal_senders=0".to_owned(),
            // Its tables grow from nothing within seconds: plans made before they were counted are
            // bad ones, and are kept.
            "autovacuum_naptime=5s".to_owned(),
            format!("max_connections={sessions}"),
            "timezone=UTC".to_owned(),
            "log_timezone=UTC".to_owned(),
        ] {
            command.arg("-c").arg(fixed);
        }
        for (name, value) in &self.settings.settings {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        Ok(command)
    }

    /// Common to both programs: the user, output to the log, and a bare environment, because an
    /// exported PGPORT, PGDATA or LC_ALL would change the cluster unsaid.
    fn command(&self, program: &Path) -> Result<Command> {
        let (out, err) = self.data_dir.log_streams(self.server.name)?;
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("LC_ALL", "C.UTF-8");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        self.user.run_as(&mut command);
        Ok(command)
    }

    async fn answers(&self) -> bool {
        match PgConnection::connect(&self.url).await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        }
    }
}

/// A folder in a list setting of Postgres: quoted, so that a comma or a blank stays inside it.
fn quoted_in_list(path: &str) -> String {
    format!("\"{}\"", path.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_comma_is_one_folder() {
        assert_eq!(quoted_in_list("/a, \"b\""), "\"/a, \"\"b\"\"\"");
    }
}
