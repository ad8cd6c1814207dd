//! The fault points: which there are, that the processes under test have them, and that a release
//! has not.

use std::process::Command;

use faults::{Installation, Plan, SERVICES, Tally};
use runtime::fault;

/// Where the money protocol can be cut, from the request to the booked answer, with the service that
/// is there.
pub const APPLY: [(&str, &str); 8] = [
    ("payments", "payments.apply.before_begin"),
    ("payments", "payments.apply.before_commit"),
    ("payments", "payments.apply.reserved"),
    ("invoicing", "invoicing.apply_credits.before_commit"),
    ("invoicing", "invoicing.apply_credits.committed"),
    ("payments", "payments.operation.answered"),
    ("payments", "payments.operation.before_commit"),
    ("payments", "payments.operation.booked"),
];

/// And its mirror.
pub const REVERSE: [(&str, &str); 7] = [
    ("payments", "payments.reverse.before_commit"),
    ("payments", "payments.reverse.marked"),
    ("invoicing", "invoicing.reverse_applications.before_commit"),
    ("invoicing", "invoicing.reverse_applications.committed"),
    ("payments", "payments.operation.answered"),
    ("payments", "payments.operation.before_commit"),
    ("payments", "payments.operation.booked"),
];

/// Where issuing an invoice can be cut; some time after the first.
pub const ISSUE: [(&str, &str); 3] = [
    ("invoicing", "invoicing.issue.before_begin@3"),
    ("invoicing", "invoicing.issue.before_commit@4"),
    ("invoicing", "invoicing.issue.committed@5"),
];

/// Where a message can be cut, from the queue to its end.
pub const SEND: [(&str, &str); 7] = [
    ("reminders", "reminders.send.before_claim"),
    ("reminders", "reminders.send.claimed"),
    ("reminders", "reminders.send.before_hand_off"),
    ("reminders", "reminders.send.handing_off"),
    ("reminders", "reminders.send.handed_over"),
    ("reminders", "reminders.send.before_settled"),
    ("reminders", "reminders.send.settled"),
];

/// Where a placement can be cut, from the request to ACTIVE.
pub const PLACE: [(&str, &str); 9] = [
    ("agency", "agency.place.before_commit"),
    ("agency", "agency.place.pending_hold"),
    ("reminders", "reminders.place_hold.before_commit"),
    ("reminders", "reminders.place_hold.committed"),
    ("agency", "agency.place.hold_answered"),
    ("agency", "agency.place.hold_booked"),
    ("agency", "agency.place.looked"),
    ("agency", "agency.place.before_active"),
    ("agency", "agency.place.active"),
];

/// Where the reader of a feed can be cut.
pub const CONSUME: [&str; 4] = [
    "events.consumer.cursor_moved",
    "events.consumer.in_batch",
    "events.consumer.before_commit",
    "events.consumer.committed",
];

/// Their names, for the end of a scenario.
pub fn names(points: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    points.iter().map(|(_, point)| *point).collect()
}

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
