//! The binary: stores around a command, as root and as a plain user, and nothing left of it however
//! it ends.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use stores::ScratchDir;
use testkit::eventually;

use crate::{DEADLINE, connect, run, start};

/// `nobody`, when root runs the tests.
const PLAIN_USER: u32 = 65534;

fn with_stores(data_dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-stores"));
    command.arg("--data-dir").arg(data_dir).stdin(Stdio::null());
    command
}

/// Runs `script` in a shell with stores around it.
fn around(mut with_stores: Command, script: &str) -> Output {
    with_stores
        .args(["--", "sh", "-c", script])
        .output()
        .unwrap()
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap())
}

/// Starts it without a command and reads the URLs it prints.
fn start_supervisor(data_dir: &Path) -> (Child, String) {
    let mut child = with_stores(data_dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let postgres = lines.next().unwrap().unwrap();
    let redis = lines.next().unwrap().unwrap();
    assert!(
        redis.starts_with("RECOUP_TEST_REDIS=redis+unix:///"),
        "{redis}"
    );
    (
        child,
        postgres
            .strip_prefix("RECOUP_TEST_POSTGRES=")
            .unwrap()
            .to_owned(),
    )
}

/// Live processes that work in `data_dir` or name it in their command line.
fn processes_in(data_dir: &Path) -> Vec<PathBuf> {
    let wanted = data_dir.canonicalize().unwrap();
    let wanted_bytes = wanted.to_string_lossy().into_owned();
    let all = fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .map(|entry| entry.path());
    let ours = |path: &PathBuf| {
        let cwd = fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&wanted));
        let line = fs::read(path.join("cmdline")).unwrap_or_default();
        cwd || String::from_utf8_lossy(&line).contains(&wanted_bytes)
    };
    all.filter(ours).collect()
}

#[test]
fn the_command_gets_the_urls_and_its_exit_code_is_ours() {
    let scratch = ScratchDir::create().unwrap();
    let script = "echo $RECOUP_TEST_POSTGRES $RECOUP_TEST_REDIS; exit 7";
    let output = around(with_stores(scratch.path()), script);
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.starts_with("postgres://recoup@localhost:5432/postgres?host=/"),
        "{out}"
    );
    assert!(out.contains(" redis+unix:///"), "{out}");
    assert_eq!(output.status.code(), Some(7));
    assert_eq!(processes_in(scratch.path()), Vec::<PathBuf>::new());

    let killed = around(with_stores(scratch.path()), "kill -9 $$");
    assert_eq!(killed.status.code(), Some(128 + 9));
}

#[test]
fn a_plain_user_needs_no_rights() {
    let scratch = ScratchDir::create().unwrap();
    // The build's own folder may be closed to others, and memory to programs.
    let open = tempfile::tempdir().unwrap();
    fs::set_permissions(open.path(), fs::Permissions::from_mode(0o711)).unwrap();
    let program = open.path().join("with-stores");
    fs::copy(env!("CARGO_BIN_EXE_with-stores"), &program).unwrap();
    let data_dir = scratch.path().join("data");
    fs::create_dir(&data_dir).unwrap();
    fs::set_permissions(&data_dir, fs::Permissions::from_mode(0o777)).unwrap();
    let mut command = Command::new(&program);
    command.arg("--data-dir").arg(&data_dir).current_dir("/");
    if geteuid().is_root() {
        command.uid(PLAIN_USER).gid(PLAIN_USER);
    }
    let output = around(command, "id -u; test -n \"$RECOUP_TEST_REDIS\"");
    let uid: u32 = String::from_utf8(output.stdout)
        .unwrap()
        .trim()
        .parse()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{error}");
    assert_ne!(uid, 0);
}

#[test]
fn what_cannot_start_is_told_on_one_line() {
    let scratch = ScratchDir::create().unwrap();
    let mut command = with_stores(scratch.path());
    command
        .env("RECOUP_PG_BIN", "/nonexistent")
        .env("RUST_BACKTRACE", "1");
    let output = around(command, "true");
    let error = String::from_utf8(output.stderr).unwrap();
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(
        error.starts_with("with-stores: postgres not found"),
        "{error}"
    );
    assert_eq!(output.status.code(), Some(1));
}

#[tokio::test]
async fn signals_reach_the_command_and_it_may_end_in_its_own_way() {
    let scratch = ScratchDir::create().unwrap();
    let ready = scratch.path().join("ready");
    let script = format!(
        "trap 'exit 42' TERM; touch {}; while :; do sleep 0.05; done",
        ready.display()
    );
    let mut command = with_stores(scratch.path());
    let mut child = command.args(["--", "sh", "-c", &script]).spawn().unwrap();
    eventually(DEADLINE, "the command runs", async || ready.exists()).await;
    kill(pid_of(&child), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(42));
    assert_eq!(processes_in(scratch.path()), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn a_killed_supervisor_leaves_nothing_running() {
    let scratch = ScratchDir::create().unwrap();
    let ready = scratch.path().join("ready");
    let script = format!("touch {}; exec sleep 600", ready.display());
    let mut command = with_stores(scratch.path());
    let mut child = command.args(["--", "sh", "-c", &script]).spawn().unwrap();
    eventually(DEADLINE, "the command runs", async || ready.exists()).await;
    // The supervisor itself, Postgres and its workers, and Redis.
    assert!(processes_in(scratch.path()).len() > 5);
    child.kill().unwrap();
    child.wait().unwrap();
    let nothing = async || processes_in(scratch.path()).is_empty();
    eventually(DEADLINE, "nothing of it runs", nothing).await;
}

#[tokio::test]
async fn the_next_start_waits_for_what_a_killed_supervisor_left() {
    let scratch = ScratchDir::create().unwrap();
    let (mut child, postgres) = start_supervisor(scratch.path());
    run(
        &postgres,
        "CREATE TABLE kept AS SELECT generate_series(1, 100000) AS number",
    )
    .await;
    // An open session makes the shutdown of Postgres take its time.
    let _session = connect(&postgres).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        !processes_in(scratch.path()).is_empty(),
        "gone before it could be in the way"
    );

    let stores = start(&scratch).await;
    let count: i64 = sqlx::query_scalar("SELECT count(*) FROM kept")
        .fetch_one(&mut connect(stores.superuser_url()).await)
        .await
        .unwrap();
    assert_eq!(count, 100_000);
}

#[test]
fn ctrl_c_ends_it_in_order() {
    let scratch = ScratchDir::create().unwrap();
    let (mut child, _) = start_supervisor(scratch.path());
    kill(pid_of(&child), Signal::SIGINT).unwrap();
    assert!(child.wait().unwrap().success());
    assert_eq!(processes_in(scratch.path()), Vec::<PathBuf>::new());
}
