//! `domain/` computes and nothing else: what it needs it is given, also the time. So its rules can
//! be read without a runtime in mind and tested without one.

use syn::visit::Visit;

use crate::Finding;
use crate::source::{Source, Token, occurrences, without_tests};

/// Crates that mean I/O or the wire.
const FOREIGN: [&str; 9] = [
    "axum",
    "contracts",
    "postgres",
    "prost",
    "redis",
    "runtime",
    "sqlx",
    "tokio",
    "tonic",
];

/// What a file under `domain/` must not mention.
#[must_use]
pub fn breaches(sources: &[Source]) -> Vec<Finding> {
    let in_domain = |source: &&Source| {
        source
            .in_service_src()
            .is_some_and(|path| path.starts_with("domain/") || path == "domain.rs")
    };
    sources
        .iter()
        .filter(in_domain)
        .flat_map(breaches_in)
        .collect()
}

fn breaches_in(source: &Source) -> Vec<Finding> {
    let tokens = source.tokens.as_slice();
    let mut found: Vec<Finding> = tokens
        .iter()
        .filter_map(|token| forbidden_word(source, token))
        .collect();
    found.extend(foreign_paths(source, tokens));
    found.extend(clock_reads(source, tokens));
    let mut floats = FloatLiterals::default();
    floats.visit_file(&without_tests(&source.syntax));
    found.extend(
        floats
            .lines
            .into_iter()
            .map(|line| source.finding(line, "a float literal", EXACT)),
    );
    found
}

const EXACT: &str = "money and rates are exact: money::Money, rust_decimal::Decimal";

fn forbidden_word(source: &Source, token: &Token) -> Option<Finding> {
    let remedy = match token.text.as_str() {
        "async" | "await" => "the domain decides synchronously: let rpc/ or jobs/ fetch first",
        "f32" | "f64" => EXACT,
        "Clock" => "take the time as an argument",
        _ => return None,
    };
    Some(source.finding(
        token.line,
        format!("`{}` in the domain", token.text),
        remedy,
    ))
}

fn foreign_paths(source: &Source, tokens: &[Token]) -> Vec<Finding> {
    let mut found = Vec::new();
    for krate in FOREIGN {
        for place in occurrences(tokens, &[krate, "::"]) {
            found.push(source.finding(
                place[0].line,
                format!("`{krate}` in the domain"),
                "keep SQL in store/, the wire in rpc/wire.rs and events/",
            ));
        }
    }
    found
}

fn clock_reads(source: &Source, tokens: &[Token]) -> Vec<Finding> {
    let reads = [["::", "now", "("], [".", "now", "("]];
    let places = reads
        .iter()
        .flat_map(|pattern| occurrences(tokens, pattern));
    places
        .map(|place| {
            source.finding(
                place[0].line,
                "a clock is read",
                "take the time as an argument",
            )
        })
        .collect()
}

#[derive(Default)]
struct FloatLiterals {
    lines: Vec<usize>,
}

impl Visit<'_> for FloatLiterals {
    fn visit_lit_float(&mut self, literal: &syn::LitFloat) {
        self.lines.push(literal.span().start().line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let source = Source::parse("services/credit/src/domain/limit.rs", text).unwrap();
        breaches(&[source])
            .into_iter()
            .map(|one| format!("{}: {}", one.line, one.what))
            .collect()
    }

    #[test]
    fn pure_code_passes() {
        let pure = "use money::Money;\nfn due(now: Date, pair: (u8, (u8, u8))) -> u8 {\n\
            matches!(now, _); dec!(1.50); pair.1.0 }\n\
            #[cfg(test)]\nmod tests { const F: f64 = 1.0; use tokio::time; }\n";
        assert_eq!(found(pure), [""; 0]);
    }

    #[test]
    fn each_kind_of_breach_is_found() {
        assert_eq!(found("async fn f() {}"), ["1: `async` in the domain"]);
        assert_eq!(found("\nuse sqlx::PgPool;"), ["2: `sqlx` in the domain"]);
        assert_eq!(
            found("type T = contracts::common::Money;"),
            ["1: `contracts` in the domain"]
        );
        assert_eq!(found("fn f(x: f64) {}"), ["1: `f64` in the domain"]);
        assert_eq!(found("const X: i8 = g(2.5);"), ["1: a float literal"]);
        assert_eq!(found("fn f() { Timestamp::now() }"), ["1: a clock is read"]);
        assert_eq!(found("fn f() { g!(clock.now()) }"), ["1: a clock is read"]);
    }

    #[test]
    fn other_folders_are_free() {
        let source = Source::parse("services/credit/src/store/limit.rs", "use sqlx::PgPool;");
        assert!(breaches(&[source.unwrap()]).is_empty());
    }
}
