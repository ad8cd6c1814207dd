//! Where the mails of an installation go: to the server that it is told or that reminders' own
//! settings name, else into a folder, so that whoever tries it out can read what debtors would get.
//! Must not decide what is written to whom: reminders does.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use calendar::Clock;
use serde::Deserialize;
use stores::smtp::SmtpSink;

/// Where mails go.
#[derive(Debug)]
pub struct Mail {
    /// The server to write to in place of the one in reminders' settings.
    server: Option<SocketAddr>,
    /// The one of our own, which ends with this value.
    catcher: Option<SmtpSink>,
}

/// What is asked of reminders' settings.
#[derive(Deserialize)]
struct Settings {
    smtp: Smtp,
}

#[derive(Deserialize)]
struct Smtp {
    host: String,
}

impl Mail {
    /// To `server`; without one, to the server of reminders' settings; without that either, into
    /// `folder`, each mail with the time of `clock`.
    ///
    /// # Errors
    /// A wrong setting, or a folder that cannot be made.
    pub async fn start(
        server: Option<SocketAddr>,
        folder: PathBuf,
        clock: &Clock,
    ) -> anyhow::Result<Self> {
        if server.is_some() || leaves_by_settings()? {
            let catcher = None;
            return Ok(Self { server, catcher });
        }
        let catcher = SmtpSink::start_in(folder, clock.clone()).await?;
        Ok(Self {
            server: Some(catcher.addr()),
            catcher: Some(catcher),
        })
    }

    /// The server that reminders is to write to; `None`: as its settings say.
    #[must_use]
    pub fn server(&self) -> Option<SocketAddr> {
        self.server
    }

    /// Where the mails are; `None` where they leave.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        self.catcher.as_ref().and_then(SmtpSink::folder)
    }
}

fn leaves_by_settings() -> anyhow::Result<bool> {
    let settings: Settings = reminders::config::layers(None)?.build()?;
    Ok(!settings.smtp.host.is_empty())
}
