//! Who may depend on whom inside the workspace. Services know libraries, libraries know no service,
//! and no service knows another: it calls the contract or reads the feed.

use crate::Finding;
use crate::manifests::{Manifest, SECTIONS};

/// The program that runs all services in one process.
const SUITE_PROGRAM: &str = "recoup";

/// Crates that only one of ours may use, so that nothing else waits for them or leans on them.
const HOMES: [(&str, &str); 1] = [("typst", "documents")];

/// Libraries that compute and do no I/O. The clock may wait, so tokio is not among them.
const PURE: [&str; 2] = ["calendar", "money"];
const IO: [&str; 5] = ["axum", "contracts", "redis", "sqlx", "tonic"];

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Library,
    Service,
    Suite,
    Foreign,
}

/// Dependencies that point the wrong way.
#[must_use]
pub fn breaches(manifests: &[Manifest]) -> Vec<Finding> {
    let kind_of = |name: &str| {
        manifests
            .iter()
            .find(|one| one.name() == name)
            .map_or(Kind::Foreign, kind)
    };
    let mut found = Vec::new();
    for manifest in manifests {
        for section in SECTIONS {
            for (name, _) in manifest.dependencies(section) {
                if let Some((what, remedy)) = breach(manifest, section, name, kind_of(name)) {
                    found.push(manifest.finding(name, what, remedy));
                }
            }
        }
    }
    found
}

fn kind(manifest: &Manifest) -> Kind {
    match manifest.path.split('/').next() {
        Some("libs") => Kind::Library,
        Some("services") => Kind::Service,
        _ => Kind::Suite,
    }
}

fn breach(
    from: &Manifest,
    section: &str,
    to: &str,
    to_kind: Kind,
) -> Option<(String, &'static str)> {
    let name = from.name();
    let what = format!("{name} depends on {to}");
    let remedy = match (kind(from), to_kind) {
        (Kind::Library, Kind::Service) => "libraries hold mechanisms and know no service",
        (Kind::Library | Kind::Service, Kind::Suite) => "tests depend on code, never the reverse",
        (Kind::Service, Kind::Service) if name != SUITE_PROGRAM => {
            "call the contract or read the feed"
        }
        (Kind::Library | Kind::Service, _) if to == "testkit" && section != "dev-dependencies" => {
            "testkit is for [dev-dependencies]"
        }
        _ if PURE.contains(&name) && IO.contains(&to) && section == "dependencies" => {
            "this library computes and does no I/O"
        }
        _ if HOMES
            .iter()
            .any(|(krate, home)| to.starts_with(krate) && name != *home) =>
        {
            "only its home may use it: see HOMES in tests/architecture/src/direction.rs"
        }
        _ => return None,
    };
    Some((what, remedy))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(folder: &str, name: &str, section: &str, dependency: &str) -> Manifest {
        let text =
            format!("[package]\nname = \"{name}\"\n[{section}]\n{dependency}.workspace = true\n");
        Manifest::parse(&format!("{folder}/{name}/Cargo.toml"), &text).unwrap()
    }

    fn found(from: Manifest) -> Vec<String> {
        let others = [
            manifest("services", "credit", "dependencies", "tokio"),
            manifest("libs", "testkit", "dependencies", "tokio"),
            manifest("tests", "journeys", "dependencies", "credit"),
        ];
        let all: Vec<Manifest> = others.into_iter().chain([from]).collect();
        breaches(&all)
            .into_iter()
            .map(|one| format!("{}: {}", one.line, one.what))
            .collect()
    }

    #[test]
    fn services_and_libraries_do_not_know_other_services() {
        let library = manifest("libs", "events", "dev-dependencies", "credit");
        assert_eq!(found(library), ["4: events depends on credit"]);
        let service = manifest("services", "invoicing", "dependencies", "credit");
        assert_eq!(found(service), ["4: invoicing depends on credit"]);
        assert_eq!(
            found(manifest("services", "recoup", "dependencies", "credit")),
            [""; 0]
        );
    }

    #[test]
    fn code_does_not_know_tests() {
        let service = manifest("services", "invoicing", "dev-dependencies", "journeys");
        assert_eq!(found(service), ["4: invoicing depends on journeys"]);
        let normal = manifest("services", "invoicing", "dependencies", "testkit");
        assert_eq!(found(normal), ["4: invoicing depends on testkit"]);
        let dev = manifest("services", "invoicing", "dev-dependencies", "testkit");
        assert_eq!(found(dev), [""; 0]);
        assert_eq!(
            found(manifest("tests", "faults", "dependencies", "testkit")),
            [""; 0]
        );
    }

    #[test]
    fn some_crates_have_one_home() {
        let service = manifest("services", "invoicing", "dependencies", "typst-pdf");
        assert_eq!(found(service), ["4: invoicing depends on typst-pdf"]);
        assert_eq!(
            found(manifest("libs", "documents", "dependencies", "typst")),
            [""; 0]
        );
    }

    #[test]
    fn money_and_calendar_do_no_io() {
        let money = manifest("libs", "money", "dependencies", "sqlx");
        assert_eq!(found(money), ["4: money depends on sqlx"]);
    }
}
