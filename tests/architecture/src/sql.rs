//! Where SQL may stand. Services write it in `store/`, checked at compile time against the schema;
//! libraries, which have no schema of their own to be checked against, use runtime queries. Whoever
//! joins a caller's transaction leaves its end to the caller.

use crate::Finding;
use crate::source::{Source, Token, occurrences};

/// The macros that are checked against the database.
const MACROS: [&str; 9] = [
    "query",
    "query_as",
    "query_as_unchecked",
    "query_file",
    "query_file_as",
    "query_file_scalar",
    "query_scalar",
    "query_scalar_unchecked",
    "query_unchecked",
];

/// The demo's proof reads five databases from outside, as an auditor would: there is no one schema to
/// check its queries against.
const PROOF: &str = "services/recoup/src/demo/proof/";

/// SQL macros outside a service's `store/`, and SQL in services that no macro checks.
#[must_use]
pub fn misplaced(sources: &[Source]) -> Vec<Finding> {
    sources
        .iter()
        .filter(|source| !source.is_test_code())
        .flat_map(misplaced_in)
        .collect()
}

fn misplaced_in(source: &Source) -> Vec<Finding> {
    let tokens = source.tokens.as_slice();
    let in_store = source
        .in_service_src()
        .is_some_and(|path| path.starts_with("store/"));
    let mut found = Vec::new();
    for name in MACROS.iter().filter(|_| !in_store) {
        for place in occurrences(tokens, &[name, "!", "("]) {
            let remedy = "SQL macros belong in a service's store/; libraries use runtime queries";
            found.push(source.finding(place[0].line, format!("`{name}!` outside store/"), remedy));
        }
    }
    if source.service().is_some() && !source.path.starts_with(PROOF) {
        found.extend(unchecked(source, tokens));
    }
    found
}

fn unchecked(source: &Source, tokens: &[Token]) -> Vec<Finding> {
    let calls = tokens.windows(3).filter(|window| {
        window[0].text == "::" && window[1].text.starts_with("query") && window[2].text == "("
    });
    calls
        .map(|place| {
            let what = format!("`{}` is not checked against the schema", place[1].text);
            source.finding(place[1].line, what, "use the macro of that name in store/")
        })
        .collect()
}

/// Commits and rollbacks in `store/`, and in functions that end in `_in_tx` anywhere.
#[must_use]
pub fn commits_of_others(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !source.is_test_code()) {
        let tokens = source.tokens.as_slice();
        let in_store = source
            .in_service_src()
            .is_some_and(|path| path.starts_with("store/"));
        for place in ends(tokens).filter(|place| in_store || inside_in_tx(tokens, *place)) {
            found.push(source.finding(
                tokens[place].line,
                format!("`.{}()` on a caller's transaction", tokens[place].text),
                "whoever began the transaction ends it",
            ));
        }
    }
    found
}

/// Positions of `commit` and `rollback` in `.commit()` and `.rollback()`.
fn ends(tokens: &[Token]) -> impl Iterator<Item = usize> {
    let at = |index: usize| tokens.get(index).map_or("", |token| token.text.as_str());
    (1..tokens.len()).filter(move |&index| {
        ["commit", "rollback"].contains(&at(index)) && at(index - 1) == "." && at(index + 1) == "("
    })
}

/// Whether the nearest function that opens before `place` is one that joins a transaction.
fn inside_in_tx(tokens: &[Token], place: usize) -> bool {
    let before = &tokens[..place];
    let function = before
        .windows(2)
        .rev()
        .find(|window| window[0].text == "fn");
    function.is_some_and(|window| window[1].text.ends_with("_in_tx"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Vec<Source> {
        vec![Source::parse(path, text).unwrap()]
    }

    const MACRO: &str = "fn f() { sqlx::query_as!(Row, \"SELECT 1\") }";
    const RUNTIME: &str = "fn f() { sqlx::query_scalar(\"SELECT 1\") }";

    #[test]
    fn macros_stand_in_store_only() {
        assert!(misplaced(&source("services/credit/src/store/limit.rs", MACRO)).is_empty());
        assert_eq!(
            misplaced(&source("services/credit/src/rpc/x.rs", MACRO)).len(),
            1
        );
        assert_eq!(misplaced(&source("libs/timers/src/row.rs", MACRO)).len(), 1);
    }

    #[test]
    fn services_leave_no_sql_unchecked() {
        assert_eq!(
            misplaced(&source("services/credit/src/store/limit.rs", RUNTIME)).len(),
            1
        );
        assert!(misplaced(&source("libs/timers/src/row.rs", RUNTIME)).is_empty());
        assert!(misplaced(&source("services/credit/tests/suite/a.rs", RUNTIME)).is_empty());
        let proof = "services/recoup/src/demo/proof/books.rs";
        assert!(misplaced(&source(proof, RUNTIME)).is_empty());
        assert_eq!(misplaced(&source(proof, MACRO)).len(), 1);
    }

    #[test]
    fn who_joins_a_transaction_does_not_end_it() {
        let joins = "async fn save_in_tx(tx: &mut Tx) { tx.commit().await }";
        let begins = "async fn issue(db: &Database) { let tx = db.begin(); tx.commit().await }";
        assert_eq!(
            commits_of_others(&source("libs/timers/src/row.rs", joins)).len(),
            1
        );
        assert!(commits_of_others(&source("libs/timers/src/row.rs", begins)).is_empty());
        assert_eq!(
            commits_of_others(&source("services/x/src/store/a.rs", begins)).len(),
            1
        );
    }
}
