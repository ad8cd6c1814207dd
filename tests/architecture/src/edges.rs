//! Who may call whom and who reads whose feed: the code compared with the two lists in `edges.toml`.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::Finding;
use crate::source::{Source, Token};

/// Where the lists stand.
pub const LISTS: &str = "tests/architecture/edges.toml";

/// The two lists, by service.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Edges {
    /// Services that a service may call.
    pub calls: BTreeMap<String, Vec<String>>,
    /// Services whose feed a service may read.
    pub feeds: BTreeMap<String, Vec<String>>,
}

impl Edges {
    /// Parses the lists.
    ///
    /// # Errors
    /// When they are not two tables of lists.
    pub fn parse(text: &str) -> Result<Self> {
        toml::from_str(text).context("cannot parse the list of edges")
    }

    /// The lists of this checkout, compiled in.
    ///
    /// # Errors
    /// As [`Edges::parse`].
    pub fn of_this_checkout() -> Result<Self> {
        Self::parse(include_str!("../edges.toml"))
    }

    /// Whether `caller` may call `callee`.
    #[must_use]
    pub fn may_call(&self, caller: &str, callee: &str) -> bool {
        self.calls
            .get(caller)
            .is_some_and(|callees| callees.iter().any(|one| one == callee))
    }
}

/// Services that wait for each other in a circle.
#[must_use]
pub fn cycles(edges: &Edges) -> Vec<Finding> {
    // What nobody unsettled is needed by settles; what never settles stands on a circle.
    let mut open: Vec<&String> = edges.calls.keys().collect();
    loop {
        let waits = |one: &String| open.iter().any(|other| edges.may_call(one, other));
        let still: Vec<&String> = open.iter().copied().filter(|one| waits(one)).collect();
        if still.len() == open.len() {
            break;
        }
        open = still;
    }
    let remedy = "let one side read the other's feed instead";
    let on_circle = open
        .iter()
        .map(|one| format!("{one} is on a circle of calls"));
    on_circle
        .map(|what| Finding::new(LISTS, 1, what, remedy))
        .collect()
}

/// The generated client types, each with the service it calls: read from the contracts, given as
/// path and text.
#[must_use]
pub fn clients(protos: &[(String, String)]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (path, text) in protos {
        let owner = path
            .strip_prefix("proto/recoup/")
            .and_then(|rest| rest.split('/').next());
        for service in text
            .lines()
            .filter_map(|line| line.strip_prefix("service "))
        {
            let name = service.split([' ', '{']).next().unwrap_or_default();
            found.insert(
                format!("{name}Client"),
                owner.unwrap_or_default().to_owned(),
            );
        }
    }
    found
}

/// Calls that the list does not have.
#[must_use]
pub fn unlisted_calls(
    sources: &[Source],
    clients: &BTreeMap<String, String>,
    edges: &Edges,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources
        .iter()
        .filter(|source| source.in_service_src().is_some())
    {
        let Some(caller) = source
            .service()
            .filter(|name| edges.calls.contains_key(*name))
        else {
            continue;
        };
        for (token, callee) in uses(&source.tokens, clients) {
            if edges.calls.contains_key(callee)
                && callee != caller
                && !edges.may_call(caller, callee)
            {
                let what = format!("{caller} calls {callee} ({})", token.text);
                found.push(source.finding(token.line, what, REMEDY));
            }
        }
    }
    found
}

const REMEDY: &str = "read the feed, or change tests/architecture/edges.toml and say why";

fn uses<'a>(tokens: &[Token], clients: &'a BTreeMap<String, String>) -> Vec<(Token, &'a String)> {
    let used = |token: &Token| {
        clients
            .get(&token.text)
            .map(|callee| (token.clone(), callee))
    };
    tokens.iter().filter_map(used).collect()
}

/// Feeds read that the list does not have: in `events/inbound/` a module named like a service is what
/// is done with that one's feed.
#[must_use]
pub fn unlisted_feeds(files: &[String], edges: &Edges) -> Vec<Finding> {
    let mut found = Vec::new();
    for file in files {
        let Some((reader, producer)) = inbound(file) else {
            continue;
        };
        // What the modules of several producers share stands beside them.
        if !edges.calls.contains_key(producer) {
            continue;
        }
        let listed = edges
            .feeds
            .get(reader)
            .is_some_and(|feeds| feeds.iter().any(|one| one == producer));
        if !listed {
            found.push(Finding::new(
                file,
                1,
                format!("{reader} reads the feed of {producer}"),
                REMEDY,
            ));
        }
    }
    found
}

/// Reader and producer that a path tells.
fn inbound(file: &str) -> Option<(&str, &str)> {
    let (reader, rest) = file
        .strip_prefix("services/")?
        .split_once("/src/events/inbound/")?;
    let producer = rest.split('/').next()?.trim_end_matches(".rs");
    (producer != "mod").then_some((reader, producer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "[calls]\ncredit = []\ninvoicing = [\"credit\"]\n\
        [feeds]\ncredit = [\"invoicing\"]\n";

    fn edges() -> Edges {
        Edges::parse(LIST).unwrap()
    }

    #[test]
    fn a_circle_of_calls_is_found() {
        assert!(cycles(&edges()).is_empty());
        let circle = "[calls]\na = [\"b\"]\nb = [\"c\"]\nc = [\"b\"]\nd = []\n[feeds]\n";
        let found = cycles(&Edges::parse(circle).unwrap());
        assert_eq!(found.len(), 3, "{found:?}");
    }

    #[test]
    fn calls_are_compared_with_the_list() {
        let proto = "package recoup.credit.v1;\nservice CreditService {\n}\n".to_owned();
        let invoicing = "service InvoiceService {}".to_owned();
        let clients = clients(&[
            (
                "proto/recoup/credit/v1/credit_service.proto".to_owned(),
                proto,
            ),
            (
                "proto/recoup/invoicing/v1/invoice_service.proto".to_owned(),
                invoicing,
            ),
        ]);
        let app = |service: &str, text: &str| {
            let source = Source::parse(&format!("services/{service}/src/app.rs"), text).unwrap();
            unlisted_calls(&[source], &clients, &edges()).len()
        };
        assert_eq!(
            app("invoicing", "type C = CreditServiceClient<Channel>;"),
            0
        );
        assert_eq!(
            app("credit", "\ntype C = InvoiceServiceClient<Channel>;"),
            1
        );
        assert_eq!(app("recoup", "type C = InvoiceServiceClient<Channel>;"), 0);
    }

    #[test]
    fn feeds_are_compared_with_the_list() {
        let read = |file: &str| unlisted_feeds(&[file.to_owned()], &edges()).len();
        assert_eq!(read("services/credit/src/events/inbound/invoicing.rs"), 0);
        let nested = "services/credit/src/events/inbound/credit/receipts.rs";
        assert_eq!(read(nested), 1);
        assert_eq!(read("services/invoicing/src/events/inbound/credit.rs"), 1);
        assert_eq!(read("services/invoicing/src/events/inbound/facts.rs"), 0);
        assert_eq!(read("services/invoicing/src/events/inbound/mod.rs"), 0);
    }
}
