//! The vocabulary of refusals, read from the comments of methods: `Fails with NOT_FOUND
//! (INVOICE_NOT_FOUND); with FAILED_PRECONDITION (INVOICE_NOT_OPEN) when …`. Within one service a
//! reason goes with one code, or a client cannot act on it.

use std::collections::BTreeMap;

use architecture::Finding;
use prost_reflect::MethodDescriptor;

use crate::protos::{Placed, Protos, service_of};

/// The codes of the status table that carry a reason of a service.
pub(crate) const CODES: [&str; 11] = [
    "ABORTED",
    "ALREADY_EXISTS",
    "DEADLINE_EXCEEDED",
    "FAILED_PRECONDITION",
    "INTERNAL",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "UNAUTHENTICATED",
    "UNAVAILABLE",
];

/// One refusal that a method's comment names.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The service that refuses.
    pub service: String,
    /// UPPER_SNAKE.
    pub reason: String,
    /// The gRPC code.
    pub code: String,
}

/// All refusals that comments name, with the methods.
#[must_use]
pub fn named(protos: &Protos) -> Vec<(Refusal, MethodDescriptor)> {
    let mut found = Vec::new();
    for method in protos.methods() {
        let service = service_of(&method.file());
        for (code, reason) in read(&method.comment()) {
            found.push((
                Refusal {
                    service: service.clone(),
                    reason,
                    code,
                },
                method.clone(),
            ));
        }
    }
    found
}

/// Pairs of code and reason in the text: a reason in brackets belongs to the last code before it.
fn read(comment: &str) -> Vec<(String, String)> {
    let mut code = None;
    let mut found = Vec::new();
    let mut in_brackets = false;
    for word in comment.split_whitespace() {
        in_brackets |= word.starts_with('(');
        let bare = word.trim_matches(|letter: char| !letter.is_ascii_uppercase() && letter != '_');
        let is_reason = bare.contains('_')
            && bare
                .chars()
                .all(|one| one.is_ascii_uppercase() || one == '_');
        match (&code, in_brackets) {
            (_, false) if CODES.contains(&bare) => code = Some(bare.to_owned()),
            (Some(code), true) if is_reason => found.push((code.clone(), bare.to_owned())),
            _ => {}
        }
        in_brackets &= !word.contains(')');
    }
    found
}

/// Reasons that go with several codes.
#[must_use]
pub fn ambiguous(protos: &Protos) -> Vec<Finding> {
    let mut first: BTreeMap<(String, String), String> = BTreeMap::new();
    let mut found = Vec::new();
    for (refusal, method) in named(protos) {
        let key = (refusal.service.clone(), refusal.reason.clone());
        let code = first.entry(key).or_insert_with(|| refusal.code.clone());
        if *code != refusal.code {
            let what = format!(
                "{} comes with {} here and with {code} elsewhere",
                refusal.reason, refusal.code
            );
            found.push(method.finding(what, "one reason, one code: see the status table"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{protos, told};

    #[test]
    fn reasons_are_read_with_their_codes() {
        let comment = "Fails with NOT_FOUND (A_GONE, B_GONE), also late; with FAILED_PRECONDITION\n\
            (A_CLOSED) when closed (as told in EUR), (A_HELD).";
        let pairs = [
            ("NOT_FOUND", "A_GONE"),
            ("NOT_FOUND", "B_GONE"),
            ("FAILED_PRECONDITION", "A_CLOSED"),
            ("FAILED_PRECONDITION", "A_HELD"),
        ];
        let found = read(comment);
        let found: Vec<(&str, &str)> = found
            .iter()
            .map(|(code, reason)| (code.as_str(), reason.as_str()))
            .collect();
        assert_eq!(found, pairs);
        assert_eq!(read("Reads the limit (LIMIT)."), []);
    }

    #[test]
    fn one_reason_goes_with_one_code() {
        let service = |second: &str| {
            protos(&format!(
                "service S {{\n  // Fails with NOT_FOUND (A_GONE).\n  rpc A(M) returns (M);\n  \
                 // Fails with {second} (A_GONE).\n  rpc B(M) returns (M);\n}}\nmessage M {{}}"
            ))
        };
        assert_eq!(told(ambiguous(&service("NOT_FOUND"))), [""; 0]);
        assert_eq!(
            told(ambiguous(&service("ABORTED"))),
            ["6: A_GONE comes with ABORTED here and with NOT_FOUND elsewhere"]
        );
    }
}
