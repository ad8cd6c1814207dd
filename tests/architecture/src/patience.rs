//! How tests wait: for a condition, with a deadline. A sleep is either too short on a busy machine
//! or too long on every other, and a test that is switched off shows nothing.

use crate::Finding;
use crate::source::{Source, occurrences};

/// Sleeps in tests, and tests that do not run.
#[must_use]
pub fn breaches(sources: &[Source]) -> Vec<Finding> {
    sources.iter().flat_map(breaches_in).collect()
}

fn breaches_in(source: &Source) -> Vec<Finding> {
    let tokens = source.test_tokens.as_slice();
    let sleeps = occurrences(tokens, &["sleep", "("]).map(|place| {
        let remedy = "wait for the condition with testkit, or move a manual clock";
        source.finding(place[0].line, "a test sleeps", remedy)
    });
    let ignored = occurrences(tokens, &["#", "[", "ignore"]).map(|place| {
        source.finding(
            place[0].line,
            "a test is switched off",
            "mend it or remove it",
        )
    });
    sleeps.chain(ignored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        breaches(&[Source::parse(path, text).unwrap()]).len()
    }

    #[test]
    fn sleeps_and_switched_off_tests_are_found() {
        let sleeping = "#[cfg(test)]\nmod tests { fn t() { tokio::time::sleep(d).await; } }";
        assert_eq!(found("libs/x/src/a.rs", sleeping), 1);
        assert_eq!(
            found("libs/x/tests/suite/a.rs", "fn t() { thread::sleep(d); }"),
            1
        );
        assert_eq!(
            found("libs/x/tests/suite/a.rs", "#[test] #[ignore] fn t() {}"),
            1
        );
    }

    #[test]
    fn code_that_serves_may_sleep() {
        assert_eq!(
            found("libs/x/src/a.rs", "fn f() { tokio::time::sleep(d).await; }"),
            0
        );
    }
}
