//! The fault points: that the processes under test have them, and that a release has not.

use std::process::Command;

use faults::{Installation, Plan, SERVICES, Tally};
use runtime::fault;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_processes_under_test_have_fault_points() {
    let tally = Tally::of("points");
    let mut world = Installation::start(Plan::default()).await;
    for service in SERVICES {
        tally.begun(1);
        world.kill(service).await;
        world.start_armed(service, fault::STARTED);
        world.dies(service).await;
        tally.fired(fault::STARTED, 1);
        world.start_again(service).await;
        tally.acknowledged(1);
    }
    tally.end(&[fault::STARTED], &[]);
}

#[test]
fn a_release_has_no_fault_points() {
    let features_of = |edges: &str| {
        let output = Command::new(env!("CARGO"))
            .args(["tree", "--workspace", "--locked", "--offline"])
            .args(["--edges", edges, "--prefix", "none"])
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let point = "runtime feature \"fault-points\"";
    // Tests turn it on; so the name is right, and would be found where it is.
    assert!(features_of("features").contains(point));
    // What is built without tests is a release.
    assert!(!features_of("features,no-dev").contains(point));
}
