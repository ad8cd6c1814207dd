//! The built programs of the services: beside the test that runs, so of the same build. Must not
//! build anything: a test that calls cargo would wait for whoever called the test.

use std::env;
use std::path::{Path, PathBuf};

/// The program of a service.
#[must_use]
pub fn of_service(service: &str) -> PathBuf {
    let program = folder().join(service);
    assert!(
        program.is_file(),
        "{} is not built; together with the tests, so that it has fault points: \
         cargo build --workspace --bins --tests",
        program.display()
    );
    program
}

/// `target/debug`, above the `deps` of the test.
fn folder() -> PathBuf {
    let test = env::current_exe().expect("the path of the test");
    let deps = test.parent().filter(|folder| folder.ends_with("deps"));
    let folder = deps.and_then(Path::parent);
    folder.expect("a test in target/<profile>/deps").to_owned()
}
