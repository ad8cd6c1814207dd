//! The reasons that the code knows: every service's own list, and what all have from the runtime.
//! A client finds a reason in a method's comment, so comments and lists name the same; and what the
//! code refuses with stands in its list.

use std::collections::{BTreeMap, BTreeSet};

use architecture::Finding;
use architecture::source::{Source, occurrences};
use prost_reflect::MethodDescriptor;
use runtime::Reason;

use crate::protos::{Placed, Protos, service_of};
use crate::reasons;

/// Who has a list of its own: the services, and the feeds that each of them serves.
pub const SERVICES: [&str; 6] = [
    "credit",
    "invoicing",
    "payments",
    "reminders",
    "agency",
    "events",
];

/// Whose reasons stand in its comments alone: it is no service of an installation.
const SANDBOX: &str = "sandbox";

/// The list of a service; each has a type of its own.
macro_rules! list {
    ($service:ident) => {
        $service::rpc::error::REASONS
            .iter()
            .map(|one| Reason::new(one.name, one.code, one.meaning))
            .collect()
    };
}

/// The reasons of a service's own; none for a name that is not in [`SERVICES`].
#[must_use]
pub fn of(service: &str) -> Vec<Reason> {
    match service {
        "credit" => list!(credit),
        "invoicing" => list!(invoicing),
        "payments" => list!(payments),
        "reminders" => list!(reminders),
        "agency" => list!(agency),
        "events" => events::REASONS.to_vec(),
        _ => Vec::new(),
    }
}

/// The reason of this name that a service can refuse with, its own or one that all have.
#[must_use]
pub fn find(service: &str, name: &str) -> Option<Reason> {
    let own = of(service).into_iter();
    let all = own.chain(runtime::REASONS.iter().copied());
    all.into_iter().find(|reason| reason.name == name)
}

/// Which methods' comments name which words that could be reasons.
pub struct Mentions(BTreeMap<(String, String), Vec<String>>);

impl Mentions {
    /// Those of all methods, in the order of the files.
    #[must_use]
    pub fn of(protos: &Protos) -> Self {
        let mut found: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
        for method in protos.methods() {
            for word in words(&method.comment()) {
                let key = (service_of(&method.file()), word);
                found.entry(key).or_default().push(method.name().to_owned());
            }
        }
        Self(found)
    }

    /// The methods of a service that name a reason.
    #[must_use]
    pub fn of_reason(&self, service: &str, name: &str) -> &[String] {
        let key = (service.to_owned(), name.to_owned());
        self.0.get(&key).map_or(&[], Vec::as_slice)
    }
}

/// Reasons that no comment names: a client meets them unprepared.
#[must_use]
pub fn unnamed(protos: &Protos) -> Vec<Finding> {
    let mentions = Mentions::of(protos);
    let mut found = Vec::new();
    for service in SERVICES {
        for reason in of(service) {
            if mentions.of_reason(service, reason.name).is_empty() {
                let file = format!("proto/recoup/{service}/v1");
                let what = format!("no method says when it fails with {}", reason.name);
                let remedy = "say so in its comment, or take it out of the service's REASONS";
                found.push(Finding::new(file, 1, what, remedy));
            }
        }
    }
    found
}

/// What comments name and nobody knows: a reason that the code does not have, or has under another
/// code; a word that is neither a reason nor a value of an enum, most likely a reason misspelt.
#[must_use]
pub fn unknown(protos: &Protos) -> Vec<Finding> {
    let mut found = Vec::new();
    for (refusal, method) in reasons::named(protos) {
        if refusal.service == SANDBOX {
            continue;
        }
        let known = find(&refusal.service, &refusal.reason);
        if known.is_none_or(|known| known.code != refusal.code) {
            let what = format!("no code refuses with {} ({})", refusal.code, refusal.reason);
            found.push(method.finding(what, "see REASONS in the service's rpc/error.rs"));
        }
    }
    let values = values(protos);
    for method in protos.methods() {
        let strange = |word: &String| !is_known(&method, word, &values);
        for word in words(&method.comment()).into_iter().filter(strange) {
            let what = format!("{word} is no code, no reason and no value of an enum");
            found.push(method.finding(what, "see REASONS in the service's rpc/error.rs"));
        }
    }
    found
}

fn is_known(method: &MethodDescriptor, word: &str, values: &BTreeSet<String>) -> bool {
    let service = service_of(&method.file());
    find(&service, word).is_some()
        || service == SANDBOX
        || reasons::CODES.contains(&word)
        || values
            .iter()
            .any(|value| value.ends_with(&format!("_{word}")))
}

fn values(protos: &Protos) -> BTreeSet<String> {
    let values = protos.enums().into_iter().flat_map(|one| {
        let names: Vec<String> = one.values().map(|value| value.name().to_owned()).collect();
        names
    });
    values.collect()
}

/// The words of a comment in UPPER_SNAKE, each once.
fn words(comment: &str) -> BTreeSet<String> {
    let is_part = |one: char| one.is_ascii_alphanumeric() || one == '_';
    let words = comment.split(|one| !is_part(one));
    let upper = |word: &&str| {
        word.contains('_')
            && word
                .chars()
                .all(|one| one.is_ascii_uppercase() || one == '_')
    };
    words.filter(upper).map(str::to_owned).collect()
}

/// Refusals in the code whose reason stands in no list.
#[must_use]
pub fn unlisted(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test_code()) {
        let service = service_of_code(source);
        for made in occurrences(&source.tokens, &["Refusal", "::", "_", "(", "_"]) {
            let Some(name) = literal(&made[4].text) else {
                continue;
            };
            if service != SANDBOX && find(service, name).is_none() {
                let what = format!("{name} is a reason of no list");
                found.push(source.finding(made[4].line, what, "add it to REASONS of its service"));
            }
        }
    }
    found
}

/// Whose list a file's reasons stand in.
fn service_of_code(source: &Source) -> &str {
    match source.service() {
        Some("recoup") => SANDBOX,
        Some(service) => service,
        None if source.path.starts_with("libs/events/") => "events",
        None => "runtime",
    }
}

/// What a literal says, if it could be a reason.
fn literal(token: &str) -> Option<&str> {
    let text = token.strip_prefix('"')?.strip_suffix('"')?;
    let is_name = |one: char| one.is_ascii_uppercase() || one == '_';
    (!text.is_empty() && text.chars().all(is_name)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{protos, told};

    fn method(comment: &str) -> Protos {
        protos(&format!(
            "enum State {{ STATE_LET_GO = 0; }}\nservice S {{\n  // {comment}\n  \
             rpc A(M) returns (M);\n}}\nmessage M {{}}"
        ))
    }

    #[test]
    fn comments_name_what_the_code_knows() {
        let known =
            "Fails with NOT_FOUND (CUSTOMER_NOT_FOUND) when LET_GO, with ABORTED (LOST_RACE).";
        assert_eq!(told(unknown(&method(known))), [""; 0]);
        assert_eq!(
            told(unknown(&method("Fails with ABORTED (CUSTOMER_NOT_FOUND)."))),
            ["5: no code refuses with ABORTED (CUSTOMER_NOT_FOUND)"]
        );
        assert_eq!(
            told(unknown(&method(
                "A row is rejected with CUSTOMER_NOT_FUOND."
            ))),
            ["5: CUSTOMER_NOT_FUOND is no code, no reason and no value of an enum"]
        );
    }

    #[test]
    fn reasons_are_named_by_a_comment() {
        let silent = told(unnamed(&method("Does it.")));
        let of_credit = "1: no method says when it fails with CUSTOMER_NOT_FOUND".to_owned();
        assert!(silent.contains(&of_credit));
        let says = told(unnamed(&method(
            "A row is rejected with CUSTOMER_NOT_FOUND.",
        )));
        // Invoicing's and payments' are others.
        let left = |all: &[String]| all.iter().filter(|one| **one == of_credit).count();
        assert_eq!(left(&silent), left(&says) + 1);
    }

    #[test]
    fn code_refuses_with_what_is_listed() {
        let code = |path: &str| {
            let text = r#"fn f() -> Refusal { Refusal::not_found("CASE_NOT_FOUND", "case", 1) }"#;
            told(unlisted(&[Source::parse(path, text).unwrap()]))
        };
        assert_eq!(code("services/reminders/src/rpc/error.rs"), [""; 0]);
        let strange = ["1: CASE_NOT_FOUND is a reason of no list"];
        assert_eq!(code("services/credit/src/rpc/error.rs"), strange);
        assert_eq!(code("services/credit/tests/suite/main.rs"), [""; 0]);
    }
}
