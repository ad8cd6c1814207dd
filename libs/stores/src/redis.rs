//! The private Redis: the server on a Unix socket, with an append-only file. What is in it may be
//! lost at any time: it holds hints only.

use std::process::{Command, Stdio};
use std::sync::Arc;

use ::redis::{Client, RedisError, cmd};

use crate::binaries::Binaries;
use crate::data_dir::DataDir;
use crate::server::Server;
use crate::server_user::ServerUser;
use crate::urls::redis_url;
use crate::{RedisSettings, Result};

/// The server, running or not.
#[derive(Debug)]
pub(crate) struct Redis {
    pub(crate) server: Server,
    binaries: Binaries,
    user: ServerUser,
    data_dir: Arc<DataDir>,
    settings: RedisSettings,
    url: String,
}

impl Redis {
    pub(crate) fn try_new(
        binaries: Binaries,
        user: ServerUser,
        data_dir: Arc<DataDir>,
        settings: RedisSettings,
    ) -> Result<Self> {
        let pid_file = data_dir.redis_pid_file();
        let server = Server::new("redis", "redis-server", pid_file, Arc::clone(&data_dir));
        let url = redis_url(&data_dir.redis_socket())?;
        Ok(Self {
            server,
            binaries,
            user,
            data_dir,
            settings,
            url,
        })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Starts the server; returns when it answers, its file loaded.
    pub(crate) async fn start(&self) -> Result<()> {
        self.server.wait_for_predecessor().await?;
        self.server
            .launch(self.serve_command()?, || self.answers())
            .await
    }

    fn serve_command(&self) -> Result<Command> {
        let (out, err) = self.data_dir.log_streams(self.server.name)?;
        let mut command = Command::new(&self.binaries.redis_server);
        command.env_clear().env("PATH", "/usr/bin:/bin");
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        self.user.run_as(&mut command);
        command.args([
            "--port",
            "0",
            "--unixsocketperm",
            "700",
            "--daemonize",
            "no",
        ]);
        command
            .arg("--unixsocket")
            .arg(self.data_dir.redis_socket());
        command.arg("--pidfile").arg(self.data_dir.redis_pid_file());
        command.arg("--dir").arg(self.data_dir.redis_dir());
        command.args([
            "--save",
            "",
            "--appendonly",
            "yes",
            "--maxmemory-policy",
            "noeviction",
        ]);
        for (name, value) in &self.settings.settings {
            command.arg(format!("--{name}")).arg(value);
        }
        Ok(command)
    }

    /// PING is refused while the file loads.
    async fn answers(&self) -> bool {
        self.ping().await.is_ok()
    }

    async fn ping(&self) -> Result<String, RedisError> {
        let client = Client::open(self.url.as_str())?;
        let mut connection = client.get_multiplexed_async_connection().await?;
        cmd("PING").query_async(&mut connection).await
    }
}
