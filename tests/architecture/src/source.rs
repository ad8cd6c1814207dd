//! One Rust file: its text, its syntax, and its tokens without the tests in it. Rules about what
//! code may mention read tokens rather than syntax, because tokens also show what stands inside
//! macros, and never what stands in comments or strings.

use anyhow::{Context, Result};
use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::spanned::Spanned;
use syn::visit::Visit;
use syn::visit_mut::VisitMut;

use crate::Finding;

/// One Rust file.
pub struct Source {
    /// Path relative to the root of the checkout.
    pub path: String,
    /// As parsed.
    pub syntax: syn::File,
    /// The tokens without the tests in the file.
    pub tokens: Vec<Token>,
    /// The tokens of the tests; of a file of tests, all.
    pub test_tokens: Vec<Token>,
    /// Number of lines without the tests.
    pub lines_without_tests: usize,
}

/// One token; a path separator is one token, a group is its two brackets and what is between.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// As written.
    pub text: String,
    /// Line, from 1.
    pub line: usize,
}

impl Source {
    /// Parses one file.
    ///
    /// # Errors
    /// When it is not Rust.
    pub fn parse(path: &str, text: &str) -> Result<Self> {
        let syntax = syn::parse_file(text).with_context(|| format!("cannot parse {path}"))?;
        let mut tests = TestItems::default();
        tests.visit_file(&syntax);
        let test_tokens = match is_test_path(path) {
            true => flat(syntax.to_token_stream()),
            false => tests.items.into_iter().flat_map(flat).collect(),
        };
        Ok(Self {
            path: path.to_owned(),
            tokens: flat(without_tests(&syntax).to_token_stream()),
            test_tokens,
            lines_without_tests: text.lines().count().saturating_sub(tests.lines),
            syntax,
        })
    }

    /// A finding at one line of this file.
    pub fn finding(&self, line: usize, what: impl Into<String>, remedy: &str) -> Finding {
        Finding::new(&self.path, line, what, remedy)
    }

    /// Whether the file belongs to a crate's `tests/` folder, or to a crate of tests.
    #[must_use]
    pub fn is_test_code(&self) -> bool {
        is_test_path(&self.path)
    }

    /// The name of the service whose file it is.
    #[must_use]
    pub fn service(&self) -> Option<&str> {
        self.path
            .strip_prefix("services/")?
            .split_once('/')
            .map(|(service, _)| service)
    }

    /// Path inside the service's `src/`.
    #[must_use]
    pub fn in_service_src(&self) -> Option<&str> {
        self.path
            .strip_prefix("services/")?
            .split_once('/')?
            .1
            .strip_prefix("src/")
    }
}

fn is_test_path(path: &str) -> bool {
    path.contains("/tests/") || path.starts_with("tests/")
}

/// The same syntax without what is compiled for tests only.
#[must_use]
pub fn without_tests(syntax: &syn::File) -> syn::File {
    let mut syntax = syntax.clone();
    DropTests.visit_file_mut(&mut syntax);
    syntax
}

/// Lines that a node covers.
#[must_use]
pub fn lines_between(start: Span, end: Span) -> usize {
    (end.end().line + 1).saturating_sub(start.start().line)
}

/// Places where `pattern` stands as consecutive tokens; `_` matches any token.
pub fn occurrences<'a>(
    tokens: &'a [Token],
    pattern: &'a [&'a str],
) -> impl Iterator<Item = &'a [Token]> {
    tokens.windows(pattern.len()).filter(move |window| {
        window
            .iter()
            .zip(pattern)
            .all(|(token, wanted)| *wanted == "_" || token.text == *wanted)
    })
}

/// Tokens in the order of the text, groups opened.
fn flat(stream: TokenStream) -> Vec<Token> {
    let mut found = Vec::new();
    flatten(stream, &mut found);
    found
}

fn flatten(stream: TokenStream, found: &mut Vec<Token>) {
    let mut trees = stream.into_iter().peekable();
    while let Some(tree) = trees.next() {
        let at = |span: Span, text: String| Token {
            text,
            line: span.start().line,
        };
        match tree {
            TokenTree::Group(group) => {
                let (open, close) = brackets(group.delimiter());
                found.push(at(group.span_open(), open.to_owned()));
                flatten(group.stream(), found);
                found.push(at(group.span_close(), close.to_owned()));
            }
            TokenTree::Punct(punct)
                if punct.as_char() == ':' && punct.spacing() == Spacing::Joint =>
            {
                trees.next();
                found.push(at(punct.span(), "::".to_owned()));
            }
            other => found.push(at(other.span(), other.to_string())),
        }
    }
}

fn brackets(delimiter: Delimiter) -> (&'static str, &'static str) {
    match delimiter {
        Delimiter::Parenthesis => ("(", ")"),
        Delimiter::Brace => ("{", "}"),
        Delimiter::Bracket => ("[", "]"),
        Delimiter::None => ("", ""),
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => list.tokens.to_string() == "test",
        meta => meta
            .path()
            .segments
            .last()
            .is_some_and(|last| last.ident == "test"),
    })
}

/// Whether an item is compiled for tests only.
#[must_use]
pub fn is_for_tests(item: &syn::Item) -> bool {
    is_test(attributes(item))
}

fn attributes(item: &syn::Item) -> &[syn::Attribute] {
    match item {
        syn::Item::Const(item) => &item.attrs,
        syn::Item::Fn(item) => &item.attrs,
        syn::Item::Impl(item) => &item.attrs,
        syn::Item::Macro(item) => &item.attrs,
        syn::Item::Mod(item) => &item.attrs,
        syn::Item::Static(item) => &item.attrs,
        syn::Item::Struct(item) => &item.attrs,
        syn::Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// Removes what is compiled for tests only.
struct DropTests;

impl VisitMut for DropTests {
    fn visit_file_mut(&mut self, file: &mut syn::File) {
        file.items.retain(|item| !is_for_tests(item));
        syn::visit_mut::visit_file_mut(self, file);
    }

    fn visit_item_mod_mut(&mut self, module: &mut syn::ItemMod) {
        if let Some((_, items)) = &mut module.content {
            items.retain(|item| !is_for_tests(item));
        }
        syn::visit_mut::visit_item_mod_mut(self, module);
    }
}

/// Collects what is compiled for tests only.
#[derive(Default)]
struct TestItems {
    lines: usize,
    items: Vec<TokenStream>,
}

impl Visit<'_> for TestItems {
    fn visit_item(&mut self, item: &syn::Item) {
        if is_for_tests(item) {
            self.lines += lines_between(item.span(), item.span());
            self.items.push(item.to_token_stream());
        } else {
            syn::visit::visit_item(self, item);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIXED: &str = "//! Header.\n\nuse a::b;\n\nfn f() { g!(c::d) }\n\n\
        #[cfg(test)]\nmod tests {\n    #[test]\n    fn t() { sleep(1) }\n}\n";

    fn texts(tokens: &[Token]) -> String {
        tokens
            .iter()
            .map(|token| token.text.as_str())
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn tokens_show_macros_and_leave_out_tests() {
        let source = Source::parse("libs/x/src/lib.rs", MIXED).unwrap();
        let shown = texts(&source.tokens);
        assert!(shown.contains("c :: d"), "{shown}");
        assert!(!shown.contains("sleep"), "{shown}");
        assert!(texts(&source.test_tokens).contains("sleep ( 1 )"));
        assert_eq!(source.lines_without_tests, 6);
    }

    #[test]
    fn occurrences_tell_the_line() {
        let source = Source::parse("libs/x/src/lib.rs", MIXED).unwrap();
        let tokens = source.tokens.as_slice();
        let lines: Vec<usize> = occurrences(tokens, &["_", "::", "d"])
            .map(|found| found[0].line)
            .collect();
        assert_eq!(lines, [5]);
        assert_eq!(occurrences(tokens, &["d", "::"]).count(), 0);
    }

    #[test]
    fn paths_tell_the_service() {
        let source = Source::parse("services/credit/src/domain/limit.rs", "").unwrap();
        assert_eq!(source.service(), Some("credit"));
        assert_eq!(source.in_service_src(), Some("domain/limit.rs"));
        assert!(
            Source::parse("services/credit/tests/suite/main.rs", "")
                .unwrap()
                .is_test_code()
        );
    }
}
