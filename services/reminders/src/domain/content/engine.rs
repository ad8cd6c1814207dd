//! The template engine: Jinja's syntax on a budget, without anything that leaves the template. Must
//! not know what the names mean.

use std::ops::Range;

use minijinja::UndefinedBehavior;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, Error, ErrorKind, HtmlEscape, Output, State};

/// The part that is escaped.
pub(super) const HTML: &str = "html_body";

/// What one part may cost: an instruction is one, and so are 64 bytes that it makes. Enough for a
/// statement of a thousand lines; nobody waits for it longer than for a slow query.
const BUDGET: u64 = 400_000;

/// The most that one part may come to, in bytes: what a mail server takes.
const MOST_BYTES: usize = 2_000_000;

/// Names that the engine knows of itself.
const OWN: [&str; 4] = ["range", "dict", "debug", "namespace"];

/// Renders one part; tells what is wrong in words for whoever wrote it.
pub(super) fn render(part: &str, source: &str, values: &Value) -> Result<String, String> {
    let environment = environment(part == HTML);
    let template = environment.template_from_named_str(part, source);
    let rendered = template.and_then(|template| template.render(values.clone()));
    match rendered {
        Ok(text) if text.len() > MOST_BYTES => Err("comes to more than 2 MB".to_owned()),
        Ok(text) => Ok(text),
        Err(error) => Err(told(&error, source)),
    }
}

/// The first name in a part that is not among `known`, wherever it stands: a sample reaches only the
/// branches that its facts open.
pub(super) fn unknown_name(source: &str, known: &[&str]) -> Option<String> {
    let environment = environment(false);
    let template = environment.template_from_str(source).ok()?;
    let mut unknown: Vec<String> = template
        .undeclared_variables(true)
        .into_iter()
        .filter(|name| !known.contains(&name.as_str()))
        .collect();
    unknown.sort();
    let name = unknown.into_iter().next()?;
    let at = source.find(&name);
    let place = at.map(|at| place(source, at..at)).unwrap_or_default();
    Some(format!("{place}there is no {name}"))
}

fn environment(html: bool) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_fuel(Some(BUDGET));
    environment.set_recursion_limit(50);
    environment.set_debug(true);
    // Marks text as harmless that nobody has looked at.
    environment.remove_filter("safe");
    for name in OWN {
        environment.remove_global(name);
    }
    let escape = if html {
        AutoEscape::Html
    } else {
        AutoEscape::None
    };
    environment.set_auto_escape_callback(move |_| escape.clone());
    if html {
        environment.set_formatter(escaped);
    }
    environment
}

/// Writes a value into HTML, escaped whatever the template says of escaping; what the template has
/// put together itself was escaped when it was put together.
fn escaped(out: &mut Output, _: &mut State, value: &Value) -> Result<(), Error> {
    let written = match value.as_str() {
        Some(text) if value.is_safe() => out.write_str(text),
        Some(text) => write!(out, "{}", HtmlEscape(text)),
        None => write!(out, "{}", HtmlEscape(&value.to_string())),
    };
    written.map_err(Error::from)
}

/// What went wrong and where. Of values nothing is told: they are personal data.
fn told(error: &Error, source: &str) -> String {
    let place = error.range().map(|range| place(source, range));
    let place = place.or_else(|| error.line().map(|line| format!("line {line}: ")));
    let what = match error.kind() {
        ErrorKind::OutOfFuel => "takes too much work",
        ErrorKind::UndefinedError => "names something that is not known",
        ErrorKind::SyntaxError => error.detail().unwrap_or("cannot be read"),
        ErrorKind::UnknownFilter => "uses a filter that there is not",
        ErrorKind::UnknownFunction | ErrorKind::UnknownMethod => {
            "calls a function that there is not"
        }
        ErrorKind::UnknownTest => "uses a test that there is not",
        ErrorKind::TemplateNotFound | ErrorKind::BadInclude => "uses another template",
        _ => "cannot be carried out",
    };
    format!("{}{what}", place.unwrap_or_default())
}

/// Line and column of a stretch of the source, both from 1 on.
pub(super) fn place(source: &str, range: Range<usize>) -> String {
    let before = source.get(..range.start).unwrap_or(source);
    let line = before.matches('\n').count().saturating_add(1);
    let last = before.rsplit('\n').next().unwrap_or(before);
    let column = last.chars().count().saturating_add(1);
    format!("line {line}, column {column}: ")
}
