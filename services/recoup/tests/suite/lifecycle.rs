//! Starting, stopping, starting again.

use std::fs;
use std::path::Path;
use std::time::Duration;

use contracts::invoicing::number_series_service_client::NumberSeriesServiceClient;
use contracts::invoicing::{
    CreateNumberSeriesRequest, ListNumberSeriesRequest, ListNumberSeriesResponse, NumberSeries,
    NumberedDocument,
};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use stores::ScratchDir;
use testkit::eventually;

use crate::child::{Up, recoup};
use crate::serving::with_token;

/// The process ids of the two servers, from the files they write.
fn servers(data_dir: &Path) -> [Pid; 2] {
    ["postgres/postmaster.pid", "run/redis.pid"].map(|file| {
        let text = fs::read_to_string(data_dir.join(file)).unwrap();
        Pid::from_raw(text.lines().next().unwrap().trim().parse().unwrap())
    })
}

fn is_gone(pid: Pid) -> bool {
    kill(pid, None) == Err(Errno::ESRCH)
}

async fn series(up: &Up) -> ListNumberSeriesResponse {
    let mut client = NumberSeriesServiceClient::new(up.channel().await);
    let request = with_token(ListNumberSeriesRequest::default(), &up.token);
    client
        .list_number_series(request)
        .await
        .unwrap()
        .into_inner()
}

/// Two threads: waiting for the child must not keep a client from closing its connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn p38_sigterm_and_ctrl_c_end_it_in_time_and_leave_no_process() {
    let folder = ScratchDir::create().unwrap();
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let up = Up::start(folder.path());
        // Neither an idle client nor one that says nothing at all may hold it for long.
        let silent = std::net::TcpStream::connect(&up.address).unwrap();
        let channel = up.channel().await;
        let servers = servers(folder.path());
        assert!(!servers.into_iter().any(is_gone));
        let (status, took) = up.stop(signal);
        assert!(status.success(), "{signal}: {status}");
        assert!(took < Duration::from_secs(12), "{signal}: {took:?}");
        assert!(servers.into_iter().all(is_gone), "{signal}: {servers:?}");
        drop((channel, silent));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_second_start_finds_keys_and_data_of_the_first() {
    let folder = ScratchDir::create().unwrap();
    let first = Up::start(folder.path());
    let mut client = NumberSeriesServiceClient::new(first.channel().await);
    let series_wanted = NumberSeries {
        series_code: "2026".to_owned(),
        document: NumberedDocument::Invoice.into(),
        prefix: "2026-".to_owned(),
        minimum_digits: 4,
        first_number: 1,
        ..NumberSeries::default()
    };
    let request = CreateNumberSeriesRequest {
        request_id: "series-2026".to_owned(),
        series: Some(series_wanted),
    };
    client
        .create_number_series(with_token(request, &first.token))
        .await
        .unwrap();
    let (token, before) = (first.token.clone(), series(&first).await);
    assert_eq!(before.series.len(), 3);
    assert!(first.stop(Signal::SIGTERM).0.success());

    let mut second = Up::start(folder.path());
    second.token = token;
    assert_eq!(series(&second).await, before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn killed_it_leaves_nothing_running_and_can_start_again() {
    let folder = ScratchDir::create().unwrap();
    let up = Up::start(folder.path());
    let servers = servers(folder.path());
    up.stop(Signal::SIGKILL);
    eventually(
        Duration::from_secs(15),
        "both servers are gone",
        async || servers.into_iter().all(is_gone),
    )
    .await;
    series(&Up::start(folder.path())).await;
}

#[test]
fn two_at_a_time_do_not_share_a_folder() {
    let folder = ScratchDir::create().unwrap();
    let _up = Up::start(folder.path());
    let second = recoup(folder.path())
        .args(["up", "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert!(!second.status.success());
    let told = String::from_utf8(second.stderr).unwrap();
    assert!(
        told.contains("recoup: ") && told.contains("in use"),
        "{told}"
    );
}

#[test]
fn an_unknown_setting_is_named() {
    let folder = ScratchDir::create().unwrap();
    let mut command = recoup(folder.path());
    let refused = command
        .arg("up")
        .env("RECOUP_UP__SERVER__LISTN", "x")
        .output()
        .unwrap();
    assert!(!refused.status.success());
    let told = String::from_utf8(refused.stderr).unwrap();
    assert!(told.contains("RECOUP_UP__SERVER__LISTN"), "{told}");
}
