//! The demo comes out as it must, and cleans up.

use std::fs;

use stores::ScratchDir;

use crate::child::recoup;

#[test]
fn the_demo_tells_its_story_and_leaves_nothing_behind() {
    let folder = ScratchDir::create().unwrap();
    let mut command = recoup(&folder.path().join("unused"));
    // Where it makes its own folder.
    let output = command
        .arg("demo")
        .env("TMPDIR", folder.path())
        .output()
        .unwrap();
    let (told, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{told}{errors}");
    for row in [
        "customers created",
        "requests repeated",
        "events in the feed of credit",
    ] {
        assert!(told.contains(row), "{told}");
    }
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}
