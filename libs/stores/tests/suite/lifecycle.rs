//! Start, stop, crash and start again: what is written stays, and one supervisor at a time.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use redis::AsyncCommands;
use stores::{ScratchDir, StopMode, Stores, StoresConfig, StoresError};

use crate::{connect, redis, run, start};

#[tokio::test]
async fn data_survives_a_restart() {
    let scratch = ScratchDir::create().unwrap();
    let stores = start(&scratch).await;
    run(
        stores.superuser_url(),
        "CREATE TABLE kept AS SELECT 7 AS number",
    )
    .await;
    let () = redis(stores.redis_url())
        .await
        .set("kept", 7)
        .await
        .unwrap();
    stores.stop().await.unwrap();
    assert_eq!((stores.postgres_pid(), stores.redis_pid()), (None, None));
    drop(stores);

    let stores = start(&scratch).await;
    let mut postgres = connect(stores.superuser_url()).await;
    let number: i32 = sqlx::query_scalar("SELECT number FROM kept")
        .fetch_one(&mut postgres)
        .await
        .unwrap();
    let in_redis: i32 = redis(stores.redis_url()).await.get("kept").await.unwrap();
    assert_eq!((number, in_redis), (7, 7));
}

#[tokio::test]
async fn settings_are_fixed_and_can_be_added_to() {
    let scratch = ScratchDir::create().unwrap();
    let mut config = StoresConfig::new(scratch.path());
    config.postgres.max_connections = 33;
    config
        .postgres
        .settings
        .push(("work_mem".to_owned(), "7MB".to_owned()));
    config
        .redis
        .settings
        .push(("maxmemory".to_owned(), "50mb".to_owned()));
    let stores = Stores::start(config).await.unwrap();

    let mut postgres = connect(stores.superuser_url()).await;
    for (setting, value) in [
        ("max_connections", "33"),
        ("work_mem", "7MB"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
        ("listen_addresses", ""),
        ("TimeZone", "UTC"),
        ("server_encoding", "UTF8"),
        ("lc_collate", "C.UTF-8"),
    ] {
        let shown: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut postgres)
            .await
            .unwrap();
        assert_eq!(shown, value, "{setting}");
    }
    let mut redis = redis(stores.redis_url()).await;
    for (setting, value) in [
        ("maxmemory", "52428800"),
        ("maxmemory-policy", "noeviction"),
        ("port", "0"),
    ] {
        let mut ask = redis::cmd("CONFIG");
        let (_, shown): (String, String) = ask
            .arg("GET")
            .arg(setting)
            .query_async(&mut redis)
            .await
            .unwrap();
        assert_eq!(shown, value, "{setting}");
    }
}

#[tokio::test]
async fn each_server_stops_and_starts_alone() {
    let scratch = ScratchDir::create().unwrap();
    let stores = start(&scratch).await;
    run(stores.superuser_url(), "CREATE TABLE acknowledged (id int)").await;

    // As in a power cut: what was committed is there after recovery.
    stores.stop_postgres(StopMode::Immediate).await.unwrap();
    assert_eq!(stores.postgres_pid(), None);
    let () = redis(stores.redis_url())
        .await
        .set("while postgres is gone", 1)
        .await
        .unwrap();
    let again = stores.stop_postgres(StopMode::Fast).await.unwrap_err();
    assert!(matches!(again, StoresError::WrongState { .. }), "{again}");
    stores.start_postgres().await.unwrap();
    run(
        stores.superuser_url(),
        "INSERT INTO acknowledged VALUES (1)",
    )
    .await;

    stores.kill_redis().await.unwrap();
    assert_eq!(stores.redis_pid(), None);
    run(
        stores.superuser_url(),
        "INSERT INTO acknowledged VALUES (2)",
    )
    .await;
    stores.start_redis().await.unwrap();
    let twice = stores.start_redis().await.unwrap_err();
    assert!(matches!(twice, StoresError::WrongState { .. }), "{twice}");
    let () = redis(stores.redis_url())
        .await
        .set("back", 1)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_paused_server_can_be_stopped() {
    let scratch = ScratchDir::create().unwrap();
    let stores = start(&scratch).await;
    for pid in [stores.postgres_pid().unwrap(), stores.redis_pid().unwrap()] {
        kill(Pid::from_raw(pid), Signal::SIGSTOP).unwrap();
    }
    let began = tokio::time::Instant::now();
    stores.stop().await.unwrap();
    assert!(
        began.elapsed().as_secs() < 10,
        "killed after the patience, not continued"
    );
}

#[tokio::test]
async fn a_data_directory_has_one_supervisor() {
    let scratch = ScratchDir::create().unwrap();
    let first = start(&scratch).await;
    let second = Stores::start(StoresConfig::new(scratch.path()))
        .await
        .unwrap_err();
    let us = std::process::id().to_string();
    assert!(
        matches!(&second, StoresError::DataDirInUse { holder, .. } if *holder == us),
        "{second}"
    );
    drop(first);
    start(&scratch).await;
}

#[tokio::test]
async fn a_half_made_cluster_is_made_anew() {
    let scratch = ScratchDir::create().unwrap();
    let half_made = scratch.path().join("postgres.making");
    fs::create_dir(&half_made).unwrap();
    fs::write(half_made.join("PG_VERSION"), "15\n").unwrap();
    start(&scratch).await;
    assert!(!half_made.exists());
}

#[tokio::test]
async fn a_server_that_fails_says_why() {
    let scratch = ScratchDir::create().unwrap();
    let mut config = StoresConfig::new(scratch.path());
    config
        .postgres
        .settings
        .push(("shared_buffers".to_owned(), "plenty".to_owned()));
    let error = Stores::start(config).await.unwrap_err().to_string();
    assert!(
        error.contains("postgres ended") && error.contains("\"plenty\""),
        "{error}"
    );
}

#[tokio::test]
async fn a_long_path_is_refused_before_anything_starts() {
    let scratch = ScratchDir::create().unwrap();
    let deep = scratch.path().join("x".repeat(100));
    let error = Stores::start(StoresConfig::new(&deep)).await.unwrap_err();
    assert!(
        matches!(error, StoresError::SocketPathTooLong { .. }),
        "{error}"
    );
    assert!(!deep.join("postgres").exists());
}

/// Only root steps down to another user; the plain user's way is tried in `with_stores`.
#[tokio::test]
async fn root_steps_down_and_says_which_folder_is_closed() {
    let scratch = ScratchDir::create().unwrap();
    let stores = start(&scratch).await;
    let supervisor = fs::metadata("/proc/self").unwrap().uid();
    for pid in [stores.postgres_pid().unwrap(), stores.redis_pid().unwrap()] {
        let server = fs::metadata(format!("/proc/{pid}")).unwrap().uid();
        assert_eq!(server == supervisor, !geteuid().is_root());
        assert_ne!(server, 0);
    }
    let sockets = fs::metadata(scratch.path().join("run")).unwrap();
    assert_eq!(sockets.permissions().mode() & 0o777, 0o700);

    let closed = scratch.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let started = Stores::start(StoresConfig::new(closed.join("data"))).await;
    match geteuid().is_root() {
        true => {
            let error = started.unwrap_err();
            let named = matches!(&error, StoresError::NotReachable { path, .. } if *path == closed);
            assert!(named, "{error}");
        }
        false => drop(started.unwrap()),
    }
}
