//! `recoup up` as a child process: it is told to stop at the end of the test, however that ends.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tonic::transport::Channel;

/// The program, on its own data directory, without what the environment of the test says.
pub fn recoup(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_recoup"));
    command.env("RECOUP_DATA_DIR", data_dir);
    command
}

/// A running `recoup up`.
pub struct Up {
    child: Child,
    /// Where it answers, `127.0.0.1:port`.
    pub address: String,
    /// Where its admin endpoint is.
    pub admin_address: String,
    /// Where it says that its mails are.
    pub mail: String,
    /// The token that it printed.
    pub token: String,
}

impl Up {
    /// Starts one and returns when it has said that it is up.
    pub fn start(data_dir: &Path) -> Self {
        Self::start_with(data_dir, &[])
    }

    /// The same, with more options.
    pub fn start_with(data_dir: &Path, options: &[&str]) -> Self {
        Self::start_in(data_dir, options, &[])
    }

    /// The same, with settings in its environment.
    pub fn start_in(data_dir: &Path, options: &[&str], settings: &[(&str, &str)]) -> Self {
        let mut command = recoup(data_dir);
        command.envs(settings.iter().copied());
        command.args([
            "up",
            "--listen",
            "127.0.0.1:0",
            "--admin-listen",
            "127.0.0.1:0",
        ]);
        command.args(options);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = |start: &str| {
            let line = lines.find_map(|line| line.ok()?.strip_prefix(start).map(str::to_owned));
            line.unwrap_or_else(|| panic!("recoup up ended without saying {start:?}"))
        };
        let first = said("recoup is up at http://");
        let (address, rest) = first.split_once(' ').unwrap();
        let admin = rest.split_once("http://").unwrap().1;
        let mail = said("mail   ");
        let token = said("token  ");
        // The rest of its output goes nowhere, but it must not be cut off.
        std::thread::spawn(move || lines.for_each(drop));
        Self {
            address: address.to_owned(),
            admin_address: admin.trim_end_matches("/metrics").to_owned(),
            mail,
            token,
            child,
        }
    }

    pub async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// Sends `signal`; the status, and how long the end took.
    pub fn stop(mut self, signal: Signal) -> (ExitStatus, Duration) {
        let began = Instant::now();
        kill(self.pid(), signal).unwrap();
        (self.child.wait().unwrap(), began.elapsed())
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).unwrap())
    }
}

impl Drop for Up {
    /// A second time it does nothing: the process is gone and waited for.
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}
