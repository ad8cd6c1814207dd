//! How tests wait: for a condition, with a deadline. A sleep on its own is either too short on a
//! busy machine or too long on every other, and a test that is switched off shows nothing.

use syn::visit::Visit;

use crate::Finding;
use crate::source::{Source, is_for_tests, occurrences};

/// Sleeps in tests, and tests that do not run.
#[must_use]
pub fn breaches(sources: &[Source]) -> Vec<Finding> {
    sources.iter().flat_map(breaches_in).collect()
}

fn breaches_in(source: &Source) -> Vec<Finding> {
    let mut sleeps = Sleeps {
        in_tests: usize::from(source.is_test_code()),
        ..Sleeps::default()
    };
    sleeps.visit_file(&source.syntax);
    let sleeps = sleeps.lines.into_iter().map(|line| {
        let remedy = "wait for the condition with testkit, or move a manual clock";
        source.finding(line, "a test sleeps", remedy)
    });
    let ignored = occurrences(&source.test_tokens, &["#", "[", "ignore"]).map(|place| {
        source.finding(
            place[0].line,
            "a test is switched off",
            "mend it or remove it",
        )
    });
    sleeps.chain(ignored).collect()
}

/// Calls of `sleep` in tests. One inside a loop is the pause between two looks at a condition.
#[derive(Default)]
struct Sleeps {
    in_tests: usize,
    in_loops: usize,
    lines: Vec<usize>,
}

impl Visit<'_> for Sleeps {
    fn visit_item(&mut self, item: &syn::Item) {
        let deeper = usize::from(is_for_tests(item));
        self.in_tests += deeper;
        syn::visit::visit_item(self, item);
        self.in_tests -= deeper;
    }

    fn visit_expr_loop(&mut self, one: &syn::ExprLoop) {
        self.in_loops += 1;
        syn::visit::visit_expr_loop(self, one);
        self.in_loops -= 1;
    }

    fn visit_expr_while(&mut self, one: &syn::ExprWhile) {
        self.in_loops += 1;
        syn::visit::visit_expr_while(self, one);
        self.in_loops -= 1;
    }

    fn visit_expr_call(&mut self, call: &syn::ExprCall) {
        if let syn::Expr::Path(path) = &*call.func
            && let Some(last) = path.path.segments.last()
            && last.ident == "sleep"
            && self.in_tests > 0
            && self.in_loops == 0
        {
            self.lines.push(last.ident.span().start().line);
        }
        syn::visit::visit_expr_call(self, call);
    }
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
    fn looking_again_after_a_pause_is_waiting() {
        let polls =
            "fn until() { while !done() { sleep(d); } loop { if done() { break; } sleep(d); } }";
        assert_eq!(found("libs/x/tests/suite/a.rs", polls), 0);
    }

    #[test]
    fn code_that_serves_may_sleep() {
        assert_eq!(
            found("libs/x/src/a.rs", "fn f() { tokio::time::sleep(d).await; }"),
            0
        );
    }
}
