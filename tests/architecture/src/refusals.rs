//! Where a gRPC status may be made: in `rpc/error.rs`, where a service's reasons are mapped, and in
//! `libs/runtime`, which knows the table of codes. Made anywhere else, the same fault soon has two
//! codes, and a database's error text reaches a caller.

use crate::Finding;
use crate::source::{Source, occurrences};

/// Calls of `Status::…` in other places.
#[must_use]
pub fn misplaced(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| !may_make_status(source))
        .flat_map(made_in)
        .collect()
}

fn may_make_status(source: &Source) -> bool {
    source.path.starts_with("libs/runtime/")
        || source.is_test_code()
        || source.in_service_src() == Some("rpc/error.rs")
}

fn made_in(source: &Source) -> Vec<Finding> {
    let tokens = source.tokens.as_slice();
    let calls = occurrences(tokens, &["Status", "::", "_", "("]);
    // A variant of somebody's own enum of that name starts with a capital.
    let made = calls.filter(|place| place[2].text.starts_with(char::is_lowercase));
    made.map(|place| {
        let what = format!("`Status::{}` is made here", place[2].text);
        source.finding(
            place[0].line,
            what,
            "return a runtime::Refusal; rpc/error.rs maps reasons",
        )
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str) -> usize {
        let text = "fn f() -> Status { Status::internal(err.to_string()) }";
        misplaced(&[Source::parse(path, text).unwrap()]).len()
    }

    #[test]
    fn a_status_is_made_in_two_places_only() {
        assert_eq!(
            found("services/credit/src/rpc/customers/get_customer.rs"),
            1
        );
        assert_eq!(found("libs/events/src/serve.rs"), 1);
        assert_eq!(found("services/credit/src/rpc/error.rs"), 0);
        assert_eq!(found("libs/runtime/src/refusal.rs"), 0);
        assert_eq!(found("services/credit/tests/suite/customers.rs"), 0);
    }
}
