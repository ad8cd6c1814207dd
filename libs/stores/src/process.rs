//! One child process that never outlives this one, not even when this one is killed.
//!
//! Linux ties the parent-death signal to the *thread* that spawned the child, not to the process. A
//! test's runtime, or a runtime worker that became a blocking thread, ends long before the process
//! does, and would take the servers with it. So every child has a keeper: a thread that spawns it,
//! waits for it, and lives exactly as long.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::{Pid, getpid, getppid};
use tokio::sync::{oneshot, watch};
use tokio::time::timeout;

use crate::Result;
use crate::error::Doing;

/// How often a condition of another process is looked at.
pub(crate) const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// A running child process. Dropping it sends SIGINT, and SIGKILL after a while.
#[derive(Debug)]
pub(crate) struct ServerProcess {
    name: &'static str,
    pid: Pid,
    ended: watch::Receiver<Option<ExitStatus>>,
    /// True once the process id may belong to somebody else; held while signalling.
    reaped: Arc<Mutex<bool>>,
}

impl ServerProcess {
    /// Starts `command` in a process group of its own (a Ctrl-C at the terminal is ours to handle).
    pub(crate) async fn spawn(name: &'static str, mut command: Command) -> Result<Self> {
        command.process_group(0);
        end_with_parent(&mut command, Signal::SIGINT);
        let (spawned, started) = oneshot::channel();
        let (ended_tx, ended) = watch::channel(None);
        let reaped = Arc::new(Mutex::new(false));
        let reaped_by_keeper = Arc::clone(&reaped);
        thread::Builder::new()
            .name(format!("keep-{name}"))
            .spawn(move || match command.spawn() {
                Ok(mut child) => {
                    if spawned.send(Ok(child.id())).is_err() {
                        // Whoever asked is gone. Already ended is as good as killed.
                        let _ = child.kill();
                    }
                    ended_tx.send_replace(reap(child, &reaped_by_keeper));
                }
                Err(error) => {
                    // Whoever asked is gone and needs no reason.
                    let _ = spawned.send(Err(error));
                }
            })
            .doing(|| format!("start the keeper of {name}"))?;
        let keeper_died = |_| std::io::Error::other("its keeper ended");
        let pid: u32 = started
            .await
            .map_err(keeper_died)
            .and_then(|spawned: std::io::Result<u32>| spawned)
            .doing(|| format!("start {name}"))?;
        let pid = i32::try_from(pid).map(Pid::from_raw);
        let pid = pid
            .map_err(std::io::Error::other)
            .doing(|| format!("start {name}"))?;
        Ok(Self {
            name,
            pid,
            ended,
            reaped,
        })
    }

    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// How it ended, if it has.
    pub(crate) fn ended(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Sends `signal`; nothing happens to a process that has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        let reaped = self.reaped.lock().unwrap_or_else(PoisonError::into_inner);
        if !*reaped && let Err(error) = kill(self.pid, signal) {
            tracing::warn!(server = self.name, %signal, %error, "signal not delivered");
        }
    }

    /// Waits for its end, at most `patience`.
    pub(crate) async fn wait(&self, patience: Duration) -> Option<ExitStatus> {
        let mut ended = self.ended.clone();
        match timeout(patience, ended.wait_for(Option::is_some)).await {
            Ok(Ok(status)) => *status,
            Ok(Err(_)) | Err(_) => self.ended(),
        }
    }

    /// Sends `signal`, waits for the end, and kills after `patience`.
    pub(crate) async fn stop(&self, signal: Signal, patience: Duration) {
        self.signal(signal);
        // A fault run may have paused it (SIGSTOP), and a paused process sees no signal.
        self.signal(Signal::SIGCONT);
        if self.wait(patience).await.is_none() {
            tracing::warn!(server = self.name, "did not stop on {signal}: killing it");
            self.signal(Signal::SIGKILL);
            self.wait(patience).await;
        }
    }
}

impl Drop for ServerProcess {
    /// For owners that did not stop it, say a test that panicked: the data directory may be deleted
    /// next, so this blocks until the process is gone.
    fn drop(&mut self) {
        const PATIENCE: Duration = Duration::from_secs(5);
        for signal in [Signal::SIGINT, Signal::SIGKILL] {
            let give_up = Instant::now() + PATIENCE;
            self.signal(signal);
            while self.ended().is_none() && Instant::now() < give_up {
                thread::sleep(POLL_INTERVAL / 4);
            }
        }
    }
}

/// Blocks until `child` has ended. It stays a zombie, keeping its id, until `reaped` says so.
fn reap(mut child: Child, reaped: &Mutex<bool>) -> Option<ExitStatus> {
    if let Ok(pid) = i32::try_from(child.id()) {
        let ended = WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT;
        while waitid(Id::Pid(Pid::from_raw(pid)), ended) == Err(nix::Error::EINTR) {}
    }
    let mut reaped = reaped.lock().unwrap_or_else(PoisonError::into_inner);
    *reaped = true;
    child.wait().ok()
}

/// Has the kernel send `signal` to the process `command` becomes when the *thread* that spawns it
/// ends: spawn from a thread that lives long enough, such as the main one.
#[expect(
    unsafe_code,
    reason = "std offers no safe way to set the parent-death signal, and without it a killed \
              supervisor leaves its servers behind"
)]
pub fn end_with_parent(command: &mut Command, signal: Signal) {
    let parent = getpid();
    // SAFETY: the closure runs between fork and exec of a process with threads, where only
    // async-signal-safe calls are allowed: it makes two system calls, allocates nothing and takes
    // no lock. std runs it after the change of user, which would clear the setting.
    unsafe {
        command.pre_exec(move || {
            prctl::set_pdeathsig(signal)?;
            // The parent may have been killed before the setting stood.
            if getppid() == parent {
                Ok(())
            } else {
                Err(nix::Error::ESRCH.into())
            }
        });
    }
}

/// The process id in `pid_file`, if that process lives and runs `program`: ids are used again, and
/// a zombie that nobody reaps (a container without an init) holds nothing any more.
pub(crate) fn live_pid(pid_file: &Path, program: &str) -> Option<i32> {
    let pid: i32 = fs::read_to_string(pid_file)
        .ok()?
        .lines()
        .next()?
        .trim()
        .parse()
        .ok()?;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, state) = stat.split_once('(')?.1.rsplit_once(") ")?;
    (name == program && !state.starts_with('Z')).then_some(pid)
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use nix::unistd::gettid;

    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("600");
        command
    }

    #[tokio::test]
    async fn a_process_outlives_the_thread_that_asked_for_it() {
        let asking = thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            let process = runtime
                .unwrap()
                .block_on(ServerProcess::spawn("sleep", sleeper()));
            (process.unwrap(), gettid())
        });
        let (process, asker) = asking.join().unwrap();
        // Joined is not gone: the kernel sends the signal while it clears the thread away.
        while Path::new(&format!("/proc/self/task/{asker}")).exists() {
            tokio::task::yield_now().await;
        }
        process.stop(Signal::SIGTERM, LONG).await;
        // Were it tied to that thread, SIGINT would have come first.
        assert_eq!(process.ended().unwrap().signal(), Some(15));
    }

    #[tokio::test]
    async fn dropping_ends_the_process_and_its_pid_file_reads_dead() {
        let process = ServerProcess::spawn("sleep", sleeper()).await.unwrap();
        let dir = tempfile::tempdir().unwrap();
        let pid_file = dir.path().join("pid");
        fs::write(&pid_file, format!("{}\nmore\n", process.pid())).unwrap();
        assert_eq!(live_pid(&pid_file, "sleep"), Some(process.pid().as_raw()));
        assert_eq!(live_pid(&pid_file, "postgres"), None);
        drop(process);
        assert_eq!(live_pid(&pid_file, "sleep"), None);
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_an_error() {
        let command = Command::new("/nonexistent/program");
        let error = ServerProcess::spawn("program", command).await.unwrap_err();
        assert!(error.to_string().starts_with("start program: "), "{error}");
    }
}
