//! What both servers have in common: wait for one of before, spawn, wait for the first answer, stop.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::Signal;
use tokio::time::{Instant, sleep, timeout};

use crate::data_dir::DataDir;
use crate::process::{POLL_INTERVAL, ServerProcess, live_pid};
use crate::{Result, StoresError};

/// Covers crash recovery of a large cluster, or loading a large append-only file, on a slow disk.
pub(crate) const START_PATIENCE: Duration = Duration::from_secs(60);

/// After it a server that should stop is killed, and a start gives up waiting for one of before.
const STOP_PATIENCE: Duration = Duration::from_secs(15);

/// One attempt to get an answer; a server that starts may accept a connection and say nothing yet.
const ANSWER_PATIENCE: Duration = Duration::from_secs(1);

/// A server that can be started and stopped any number of times.
#[derive(Debug)]
pub(crate) struct Server {
    /// Its name in errors, in traces and of its log.
    pub(crate) name: &'static str,
    /// The program's file name, by which a pid file is believed.
    program: &'static str,
    pid_file: PathBuf,
    data_dir: Arc<DataDir>,
    process: Mutex<Option<ServerProcess>>,
}

impl Server {
    pub(crate) fn new(
        name: &'static str,
        program: &'static str,
        pid_file: PathBuf,
        data_dir: Arc<DataDir>,
    ) -> Self {
        Self {
            name,
            program,
            pid_file,
            data_dir,
            process: Mutex::new(None),
        }
    }

    /// A server whose supervisor was killed needs a second or two to end. Starting beside it fails
    /// ("lock file already exists") or, with Redis, ruins the append-only file.
    pub(crate) async fn wait_for_predecessor(&self) -> Result<()> {
        if self.pid().is_some() {
            return Err(StoresError::WrongState {
                server: self.name,
                state: "running already",
            });
        }
        let give_up = Instant::now() + STOP_PATIENCE;
        while live_pid(&self.pid_file, self.program).is_some() {
            if Instant::now() >= give_up {
                return Err(self.too_slow("did not end after its supervisor did", STOP_PATIENCE));
            }
            sleep(POLL_INTERVAL).await;
        }
        Ok(())
    }

    /// Runs `command` and returns once `answers` says so.
    pub(crate) async fn launch<Answer: Future<Output = bool>>(
        &self,
        command: Command,
        answers: impl Fn() -> Answer,
    ) -> Result<()> {
        let began = Instant::now();
        let process = ServerProcess::spawn(self.name, command).await?;
        while timeout(ANSWER_PATIENCE, answers()).await != Ok(true) {
            if let Some(status) = process.ended() {
                return Err(self.ended_early(self.name, &status.to_string()));
            }
            if began.elapsed() >= START_PATIENCE {
                return Err(self.too_slow("did not answer", START_PATIENCE));
            }
            sleep(POLL_INTERVAL).await;
        }
        let (pid, elapsed_ms) = (process.pid().as_raw(), began.elapsed().as_millis());
        tracing::info!(server = self.name, pid, elapsed_ms, "ready");
        *self.slot() = Some(process);
        Ok(())
    }

    /// Sends `signal` and returns when the server is gone.
    pub(crate) async fn stop(&self, signal: Signal) -> Result<()> {
        let process = self
            .slot()
            .take()
            .filter(|process| process.ended().is_none());
        let not_running = StoresError::WrongState {
            server: self.name,
            state: "not running",
        };
        process
            .ok_or(not_running)?
            .stop(signal, STOP_PATIENCE)
            .await;
        Ok(())
    }

    /// Process id, while it runs.
    pub(crate) fn pid(&self) -> Option<i32> {
        let slot = self.slot();
        slot.as_ref()
            .filter(|process| process.ended().is_none())
            .map(|p| p.pid().as_raw())
    }

    pub(crate) fn ended_early(&self, server: &'static str, status: &str) -> StoresError {
        let log = self.data_dir.log_tail(self.name);
        StoresError::EndedEarly {
            server,
            status: status.to_owned(),
            log,
        }
    }

    pub(crate) fn too_slow(&self, what: &'static str, patience: Duration) -> StoresError {
        let (seconds, log) = (patience.as_secs(), self.data_dir.log_tail(self.name));
        StoresError::TooSlow {
            server: self.name,
            what,
            seconds,
            log,
        }
    }

    fn slot(&self) -> MutexGuard<'_, Option<ServerProcess>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
