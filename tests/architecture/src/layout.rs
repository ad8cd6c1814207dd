//! Where things lie, so that a newcomer finds a rule, a table or a job without asking: the names in
//! the root, a README in each folder of it, the same files in every service, one test binary a crate.

use crate::Finding;

/// What the root shows.
const ROOT: [&str; 9] = [
    "Cargo.lock",
    "Cargo.toml",
    "Makefile",
    "README.md",
    "helm",
    "libs",
    "proto",
    "services",
    "tests",
];

/// What a service's folder may hold, and its `src/`.
const SERVICE: [&str; 8] = [
    ".sqlx",
    "Cargo.toml",
    "README.md",
    "build.rs",
    "config.default.toml",
    "migrations",
    "sqlx.toml",
    "src",
];
const SERVICE_SRC: [&str; 11] = [
    "app.rs",
    "clients.rs",
    "config.rs",
    "domain",
    "events",
    "jobs",
    "lib.rs",
    "main.rs",
    "metrics.rs",
    "rpc",
    "store",
];
/// What every service has.
const SERVICE_NEEDS: [&str; 7] = [
    "Cargo.toml",
    "config.default.toml",
    "sqlx.toml",
    "src/app.rs",
    "src/lib.rs",
    "src/main.rs",
    "src/metrics.rs",
];

/// The program that holds all services; it is not one of them.
const SUITE_PROGRAM: &str = "recoup";

/// Visible names in the root beyond the layout's; `target` is the build's own.
#[must_use]
pub fn strangers_in_root(names: &[String]) -> Vec<Finding> {
    let visible = names
        .iter()
        .filter(|name| !name.starts_with('.') && *name != "target");
    let strangers = visible.filter(|name| !ROOT.contains(&name.as_str()));
    strangers
        .map(|name| {
            Finding::new(
                name,
                1,
                "not a name of the layout",
                "put it where it belongs",
            )
        })
        .collect()
}

/// Folders of the root that hold files but no README.
#[must_use]
pub fn unexplained_folders(files: &[String]) -> Vec<Finding> {
    let is_folder = |name: &&&str| {
        files
            .iter()
            .any(|file| file.starts_with(&format!("{name}/")))
    };
    let folders = ROOT
        .iter()
        .filter(is_folder)
        .map(|name| format!("{name}/README.md"));
    folders
        .filter(|readme| !files.contains(readme))
        .map(|readme| {
            Finding::new(
                readme,
                1,
                "missing",
                "say what the folder holds and how to use it",
            )
        })
        .collect()
}

/// Files of services in other places than the layout's, and files that a service lacks.
#[must_use]
pub fn odd_services(files: &[String]) -> Vec<Finding> {
    let mut found = Vec::new();
    for service in services(files) {
        let folder = format!("services/{service}/");
        let inside: Vec<&str> = files
            .iter()
            .filter_map(|file| file.strip_prefix(&folder))
            .collect();
        for odd in inside.iter().filter(|file| !has_a_place(file)) {
            let remedy = "each service has the same files: see the layout in services/README.md";
            found.push(Finding::new(
                format!("{folder}{odd}"),
                1,
                "no place for this",
                remedy,
            ));
        }
        // A service begins with its program; before that it is rules and tables.
        let begun = inside.contains(&"src/main.rs");
        let missing = |need: &&&str| begun && !inside.contains(need);
        for need in SERVICE_NEEDS.iter().filter(missing) {
            let remedy = "every service has it";
            found.push(Finding::new(
                format!("{folder}{need}"),
                1,
                "missing",
                remedy,
            ));
        }
    }
    found
}

fn has_a_place(file: &str) -> bool {
    let first = |path: &str| path.split('/').next().unwrap_or_default().to_owned();
    match file.strip_prefix("src/") {
        Some(inner) => SERVICE_SRC.contains(&first(inner).as_str()),
        None => file.starts_with("tests/suite/") || SERVICE.contains(&first(file).as_str()),
    }
}

fn services(files: &[String]) -> Vec<&str> {
    let manifests = files.iter().filter_map(|file| {
        file.strip_prefix("services/")?
            .strip_suffix("/Cargo.toml")
            .filter(|name| !name.contains('/'))
    });
    manifests.filter(|name| *name != SUITE_PROGRAM).collect()
}

/// Test binaries other than `tests/suite/main.rs`: each costs a link of tens of megabytes.
#[must_use]
pub fn spare_test_binaries(files: &[String]) -> Vec<Finding> {
    let crates = files
        .iter()
        .filter_map(|file| file.strip_suffix("Cargo.toml"));
    let binaries = crates.flat_map(|folder| {
        files.iter().filter(move |file| {
            file.strip_prefix(folder)
                .and_then(|inside| inside.strip_prefix("tests/"))
                .is_some_and(is_spare_binary)
        })
    });
    binaries
        .map(|file| {
            Finding::new(
                file,
                1,
                "a test binary of its own",
                "make it a module of tests/suite",
            )
        })
        .collect()
}

fn is_spare_binary(inside_tests: &str) -> bool {
    let parts: Vec<&str> = inside_tests.split('/').collect();
    match parts.as_slice() {
        [file] => file.ends_with(".rs"),
        [folder, "main.rs"] => *folder != "suite",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|&path| path.to_owned()).collect()
    }

    fn places(found: &[Finding]) -> Vec<&str> {
        found.iter().map(|one| one.path.as_str()).collect()
    }

    #[test]
    fn the_root_has_the_layouts_names_only() {
        let found = strangers_in_root(&paths(&[".ci", "Makefile", "docs", "libs", "target"]));
        assert_eq!(places(&found), ["docs"]);
    }

    #[test]
    fn each_folder_of_the_root_is_explained() {
        let found = unexplained_folders(&paths(&["libs/README.md", "libs/x.rs", "proto/buf.yaml"]));
        assert_eq!(places(&found), ["proto/README.md"]);
    }

    #[test]
    fn services_have_the_same_files() {
        let mut files = paths(&[
            "services/credit/src/models/x.rs",
            "services/recoup/src/demo.rs",
        ]);
        files.extend(
            SERVICE_NEEDS
                .iter()
                .map(|need| format!("services/credit/{need}")),
        );
        assert_eq!(
            places(&odd_services(&files)),
            ["services/credit/src/models/x.rs"]
        );
        let spine = ["services/credit/src/app.rs", "services/credit/src/main.rs"];
        files.retain(|file| !spine.contains(&file.as_str()));
        assert_eq!(odd_services(&files).len(), 1);
        files.push("services/credit/src/main.rs".to_owned());
        assert!(places(&odd_services(&files)).contains(&"services/credit/src/app.rs"));
    }

    #[test]
    fn a_crate_has_one_test_binary() {
        let found = spare_test_binaries(&paths(&[
            "libs/x/Cargo.toml",
            "libs/x/tests/suite/main.rs",
            "libs/x/tests/suite/more.rs",
            "libs/x/tests/quick.rs",
            "libs/x/tests/slow/main.rs",
        ]));
        assert_eq!(
            places(&found),
            ["libs/x/tests/quick.rs", "libs/x/tests/slow/main.rs"]
        );
    }
}
