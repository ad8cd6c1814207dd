//! The demo comes out as it must, the same every time, and cleans up.

use std::fs;
use std::path::Path;
use std::process::Output;

use stores::ScratchDir;

use crate::child::recoup;

/// A small book, from the first order to agencies.
fn demo(folder: &Path, out: &Path) -> Output {
    let mut command = recoup(&folder.join("unused"));
    command.args(["demo", "--customers", "10", "--months", "3", "--out"]);
    // Where it makes its own folder of databases.
    command.arg(out).env("TMPDIR", folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn the_demo_tells_the_same_story_twice_and_starts_clean() {
    let folder = ScratchDir::create().unwrap();
    let out = ScratchDir::create().unwrap();
    let first = demo(folder.path(), out.path());
    let told = text(&first.stdout);
    assert!(first.status.success(), "{told}{}", text(&first.stderr));
    for title in [
        "Aging by due date",
        "Figures of the whole time",
        "Cash matched without a human",
        "Messages by step",
        "Promises to pay",
        "Placements and recovery",
    ] {
        assert!(told.contains(title), "{title} is not in\n{told}");
    }

    let left_over = out.path().join("left-over");
    fs::write(&left_over, "of an earlier run").unwrap();
    let second = demo(folder.path(), out.path());
    assert_eq!(text(&second.stdout), told, "{}", text(&second.stderr));
    assert!(
        !left_over.exists(),
        "the folder of the run before is replaced"
    );
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_folder_that_no_demo_wrote_is_left_alone() {
    let folder = ScratchDir::create().unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "not ours").unwrap();
    let refused = demo(folder.path(), folder.path());
    assert!(!refused.status.success());
    assert!(text(&refused.stderr).contains("not a folder of an earlier demo"));
    assert!(precious.exists());
}
