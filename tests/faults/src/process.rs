//! One service as a child process: started, killed, waited for. What it says goes to a log of its
//! own, whose end is told when it does something that nobody asked of it.

use std::fs::{self, OpenOptions};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use runtime::fault;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::binaries;

/// A process that is killed is gone within this.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// Lines of a log that are shown.
const SHOWN_LINES: usize = 30;

/// A running service. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `<service> --config <config> <arguments>`, with nothing of the environment of the test
    /// that could set anything, and with `point` armed.
    #[must_use]
    pub fn start(service: &str, arguments: &[&str], log: &Path, point: Option<&str>) -> Self {
        let output = || {
            let opened = OpenOptions::new().create(true).append(true).open(log);
            Stdio::from(opened.expect("the log of a process"))
        };
        let mut command = Command::new(binaries::of_service(service));
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(output())
            .stderr(output())
            .kill_on_drop(true);
        if let Some(point) = point {
            command.env(fault::VARIABLE, point);
        }
        let child = command.spawn();
        let child = child.unwrap_or_else(|error| panic!("{service}: {error}"));
        let log = log.to_owned();
        Self { child, log }
    }

    /// How it ended, if it has.
    pub fn has_ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the state of a process")
    }

    /// Waits for its end.
    pub async fn ended(&mut self, within: Duration) -> ExitStatus {
        match timeout(within, self.child.wait()).await {
            Ok(status) => status.expect("the end of a process"),
            Err(_) => panic!("not ended within {within:?}; it said:\n{}", self.said()),
        }
    }

    /// Kills it (SIGKILL) and waits until it is gone.
    pub async fn kill(&mut self) {
        self.signal(Signal::SIGKILL);
        let status = self.ended(GONE_WITHIN).await;
        assert_eq!(status.signal(), Some(9), "killed, it ended by {status}");
    }

    /// Waits until it dies at the point that is armed in it.
    pub async fn dies_at_its_point(&mut self, within: Duration) {
        let status = self.ended(within).await;
        let by = status.signal();
        assert_eq!(by, Some(6), "ended by {status}; it said:\n{}", self.said());
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok());
        let pid = pid.expect("a process that runs");
        kill(Pid::from_raw(pid), signal).expect("a signal that is delivered");
    }

    /// The end of what it said.
    #[must_use]
    pub fn said(&self) -> String {
        said(&self.log)
    }
}

/// The end of a log.
#[must_use]
pub fn said(log: &Path) -> String {
    let log = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&log);
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n")
}
