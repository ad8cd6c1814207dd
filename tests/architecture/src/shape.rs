//! Length of files and functions, the header of every module, names that say nothing. Habits are
//! shorter (files of 80 to 150 lines, functions of a dozen); these are the limits.

use std::path::Path;

use syn::visit::Visit;

use crate::Finding;
use crate::source::{Source, lines_between};

const FILE_LINES: usize = 400;
const FUNCTION_LINES: usize = 70;

/// Names that would hold anything.
const EMPTY_NAMES: [&str; 7] = [
    "common", "helper", "helpers", "manager", "misc", "util", "utils",
];

/// Files of more than 400 lines, their inline tests not counted.
#[must_use]
pub fn long_files(sources: &[Source]) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        let lines = source.lines_without_tests;
        if lines > FILE_LINES {
            found.push(source.finding(
                1,
                format!("{lines} lines without the inline tests, at most {FILE_LINES}"),
                "split it by noun or verb",
            ));
        }
    }
    found
}

/// Functions of more than 70 lines from `fn` to the closing brace. The one exhaustive match from what
/// happened to what is announced is as long as there are events, and reads best in one piece.
#[must_use]
pub fn long_functions(sources: &[Source]) -> Vec<Finding> {
    let is_match = |source: &&Source| source.path.ends_with("src/events/outbound.rs");
    sources
        .iter()
        .filter(|source| !is_match(source))
        .flat_map(long_functions_of)
        .collect()
}

fn long_functions_of(source: &Source) -> Vec<Finding> {
    let mut functions = Functions::default();
    functions.visit_file(&source.syntax);
    let long = functions
        .found
        .into_iter()
        .filter(|function| function.lines > FUNCTION_LINES);
    long.map(|function| {
        let what = format!(
            "fn {} has {} lines, at most {FUNCTION_LINES}",
            function.name, function.lines
        );
        source.finding(
            function.line,
            what,
            "give its steps functions with names of their own",
        )
    })
    .collect()
}

/// Files that do not open with a `//!` header.
#[must_use]
pub fn missing_headers(sources: &[Source]) -> Vec<Finding> {
    let opens_with_header = |source: &Source| {
        source
            .syntax
            .attrs
            .first()
            .is_some_and(|attribute| attribute.path().is_ident("doc"))
    };
    let bare = sources.iter().filter(|source| !opens_with_header(source));
    bare.map(|source| {
        source.finding(
            1,
            "no `//!` header on top",
            "say what the module owns and what it must not do",
        )
    })
    .collect()
}

/// Files and folders of code whose name says nothing.
#[must_use]
pub fn empty_names(sources: &[Source]) -> Vec<Finding> {
    let says_nothing = |source: &&Source| {
        Path::new(&source.path)
            .with_extension("")
            .components()
            .any(|part| EMPTY_NAMES.contains(&part.as_os_str().to_string_lossy().as_ref()))
    };
    let nameless = sources.iter().filter(says_nothing);
    nameless
        .map(|source| source.finding(1, "a name that would hold anything", "name what is in it"))
        .collect()
}

struct Function {
    name: String,
    line: usize,
    lines: usize,
}

#[derive(Default)]
struct Functions {
    found: Vec<Function>,
}

impl Functions {
    fn add(&mut self, signature: &syn::Signature, block: &syn::Block) {
        self.found.push(Function {
            name: signature.ident.to_string(),
            line: signature.ident.span().start().line,
            lines: lines_between(signature.fn_token.span, block.brace_token.span.close()),
        });
    }
}

impl Visit<'_> for Functions {
    fn visit_item_fn(&mut self, function: &syn::ItemFn) {
        self.add(&function.sig, &function.block);
        syn::visit::visit_item_fn(self, function);
    }

    fn visit_impl_item_fn(&mut self, function: &syn::ImplItemFn) {
        self.add(&function.sig, &function.block);
        syn::visit::visit_impl_item_fn(self, function);
    }

    fn visit_trait_item_fn(&mut self, function: &syn::TraitItemFn) {
        if let Some(block) = &function.default {
            self.add(&function.sig, block);
        }
        syn::visit::visit_trait_item_fn(self, function);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(path: &str, text: &str) -> Vec<Source> {
        vec![Source::parse(path, text).unwrap()]
    }

    #[test]
    fn long_files_are_found_without_their_tests() {
        let code = "//! H.\n".to_owned() + &"// line\n".repeat(400);
        assert_eq!(long_files(&source("libs/x/src/a.rs", &code)).len(), 1);
        let tests = format!(
            "#[cfg(test)]\nmod tests {{\n{}}}\n",
            "// line\n".repeat(400)
        );
        assert!(long_files(&source("libs/x/src/a.rs", &tests)).is_empty());
    }

    #[test]
    fn long_functions_are_found_in_impls_and_traits_too() {
        let body = "\n".repeat(70);
        let text = format!(
            "fn a() {{{body}}}\nstruct S;\nimpl S {{ fn b() {{{body}}} }}\n\
             trait T {{ fn c() {{{body}}} }}\nfn d() {{\n}}\n"
        );
        let found = long_functions(&source("libs/x/src/a.rs", &text));
        let names: Vec<&str> = found.iter().map(|one| &one.what[..4]).collect();
        assert_eq!(names, ["fn a", "fn b", "fn c"]);
        assert_eq!(found[0].what, "fn a has 71 lines, at most 70");
    }

    #[test]
    fn a_header_must_come_first() {
        assert!(missing_headers(&source("libs/x/src/a.rs", "//! Owns a.\n")).is_empty());
        assert_eq!(
            missing_headers(&source("libs/x/src/a.rs", "// Owns a.\n")).len(),
            1
        );
        assert_eq!(
            missing_headers(&source("libs/x/src/a.rs", "#![allow(x)]\n")).len(),
            1
        );
    }

    #[test]
    fn empty_names_are_found_as_file_and_folder() {
        assert_eq!(empty_names(&source("libs/x/src/utils.rs", "")).len(), 1);
        assert_eq!(empty_names(&source("libs/common/src/lib.rs", "")).len(), 1);
        assert!(empty_names(&source("libs/money/src/rate.rs", "")).is_empty());
    }
}
