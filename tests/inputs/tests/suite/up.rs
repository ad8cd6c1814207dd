//! `recoup up --sandbox` as a child process, from the program that was built beside this test.

use std::env;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use contracts::access::METHODS;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use postgres::TenantId;
use runtime::tokens::{Grant, SigningKey};
use stores::ScratchDir;
use tonic::transport::Channel;

/// Where the clock stands at first: a Friday morning in Berlin.
const START: &str = "2026-01-02T08:00:00Z";

/// Whom tokens are meant for.
pub const AUDIENCE: &str = "recoup";

/// An installation; it ends with this value.
pub struct Up {
    child: Child,
    data_dir: ScratchDir,
    /// Where it answers.
    pub channel: Channel,
}

impl Up {
    /// Starts one on data of its own, and returns when it has said that it is up.
    pub fn start() -> Self {
        let data_dir = ScratchDir::create().unwrap();
        let mut command = Command::new(program());
        command.env("RECOUP_DATA_DIR", data_dir.path());
        command.args(["up", "--sandbox", "--start", START]);
        command.args(["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"]);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let address = lines.find_map(|line| {
            let line = line.ok()?;
            let rest = line.strip_prefix("recoup is up at ")?;
            rest.split(' ').next().map(str::to_owned)
        });
        let address = address.expect("recoup up ended without saying that it is up");
        // What it says of faults tells why a test fails; the rest is read so that it is not cut off.
        std::thread::spawn(move || {
            let faults = lines.map_while(Result::ok);
            faults
                .filter(|line| line.contains("ERROR"))
                .for_each(|line| eprintln!("{line}"));
        });
        let channel = Channel::from_shared(address).unwrap().connect_lazy();
        Self {
            child,
            data_dir,
            channel,
        }
    }

    /// A token of a tenant for everything; `peer`: as which of our own services it calls.
    pub fn token(&self, tenant: TenantId, peer: Option<&str>) -> String {
        let scopes: Vec<&str> = METHODS.iter().map(|method| method.scope).collect();
        self.sign(peer.unwrap_or("recoup"), Some(tenant), &scopes.join(" "))
    }

    /// A token that an issuer of this installation signs.
    pub fn sign(&self, issuer: &str, tenant: Option<TenantId>, scope: &str) -> String {
        let key = SigningKey::from_pem(&self.private_key(issuer)).unwrap();
        key.sign(&grant(issuer, tenant, scope)).unwrap()
    }

    /// The private key of an issuer, PEM.
    pub fn private_key(&self, issuer: &str) -> String {
        let file = self.data_dir.path().join(format!("keys/{issuer}.pem"));
        std::fs::read_to_string(file).unwrap()
    }

    /// The database of a service, as superuser.
    pub fn database_url(&self, service: &str) -> String {
        let sockets = self.data_dir.path().join("run");
        let sockets = sockets.to_string_lossy();
        format!("postgres://recoup@localhost:5432/{service}?host={sockets}")
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.child.id().try_into().unwrap());
        // It may have ended already, and is waited for in any case.
        let _ = kill(pid, Signal::SIGTERM);
        let _ = self.child.wait();
    }
}

/// What a token says.
pub fn grant<'a>(issuer: &'a str, tenant: Option<TenantId>, scope: &'a str) -> Grant<'a> {
    Grant {
        issuer,
        audience: AUDIENCE,
        subject: "ada",
        client_id: None,
        tenant,
        scope,
        on_behalf_of: None,
        valid_for: Duration::from_secs(3600),
    }
}

/// `target/debug/recoup`, above the `deps` of this test.
fn program() -> PathBuf {
    let test = env::current_exe().unwrap();
    let folder = test.parent().and_then(Path::parent).unwrap();
    let program = folder.join("recoup");
    let missing = "is not built: cargo build --package recoup";
    assert!(program.is_file(), "{} {missing}", program.display());
    program
}
