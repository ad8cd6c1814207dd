//! The words that debtors read: what a template says, with the facts of a case, in a language.
//!
//! Owns rendering and what keeps it harmless (P34). Pure: no async, no SQL, no clock; facts come as
//! values. Must not choose a template or a recipient, and must not send.
//!
//! - Templates are data from a tenant's people, facts are data from anybody. Neither becomes code: a
//!   template reads names, repeats and chooses, on a budget ([`engine`]); facts are one line each,
//!   without control characters ([`facts`]); what comes out as HTML has only the elements, attributes
//!   and addresses that [`markup`] lists, whoever wrote them.
//! - An unknown name is an error, not an empty text. [`check`] finds what it can before a version is
//!   stored, by rendering it with two samples: one where everything is known, one where nothing
//!   optional is.
//! - Amounts and dates are written as the language writes them ([`language`]).

mod engine;
mod facts;
mod language;
mod markup;
mod sample;

pub use facts::{Account, CustomerFacts, Facts, Line, MessageFacts, Sender, StepFacts};

use crate::domain::template::{TemplateWords, Translation};

/// The words of a message in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Language, BCP 47.
    pub language: String,
    /// One line; empty for a call.
    pub subject: String,
    /// The text part, the letter's body, the script.
    pub text_body: String,
    /// The HTML part; empty: none.
    pub html_body: String,
}

/// Why words were not rendered: the part, and what is wrong in it. Tells nothing of the facts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{language} {part}: {problem}")]
pub struct Failed {
    /// The language of the translation.
    pub language: String,
    /// `subject`, `text_body` or `html_body`.
    pub part: &'static str,
    /// What is wrong, with line and column where they are known.
    pub problem: String,
}

/// One thing that is wrong with the words of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path: `translations[1].html_body`.
    pub field: String,
    /// What, with language, line and column.
    pub problem: String,
}

/// Renders the translation that a language gets.
///
/// # Errors
/// [`Failed`]: a name that is not known, too much work, or HTML that is not allowed.
pub fn render(words: &TemplateWords, language: &str, facts: &Facts) -> Result<Rendered, Failed> {
    let translation = words.for_language(language).ok_or_else(|| Failed {
        language: language.to_owned(),
        part: "text_body",
        problem: "there are no words".to_owned(),
    })?;
    render_translation(translation, facts)
}

fn render_translation(words: &Translation, facts: &Facts) -> Result<Rendered, Failed> {
    let values = facts.values(&words.language);
    let failed = |part: &'static str, problem: String| Failed {
        language: words.language.clone(),
        part,
        problem,
    };
    let part = |part: &'static str, source: &str| {
        engine::render(part, source, &values).map_err(|problem| failed(part, problem))
    };
    let html_body = part(engine::HTML, &words.html_body)?;
    if let Some(problem) = markup::faults(&html_body, markup::Kind::Output).first() {
        return Err(failed(engine::HTML, problem.clone()));
    }
    Ok(Rendered {
        language: words.language.clone(),
        subject: facts::one_line(&part("subject", &words.subject)?),
        text_body: part("text_body", &words.text_body)?,
        html_body,
    })
}

/// Everything that is wrong with the words of a new version, as far as it can be known without a
/// case. Limits of length are the domain's.
#[must_use]
pub fn check(words: &TemplateWords) -> Vec<Fault> {
    let mut found = Vec::new();
    for (place, translation) in words.translations.iter().enumerate() {
        for (part, problem) in check_translation(translation) {
            found.push(Fault {
                field: format!("translations[{place}].{part}"),
                problem: format!("{}: {problem}", translation.language),
            });
        }
    }
    found
}

/// The first problem of each part; the HTML part with all that markup finds in it.
fn check_translation(words: &Translation) -> Vec<(&'static str, String)> {
    let parts = [
        ("subject", &words.subject),
        ("text_body", &words.text_body),
        (engine::HTML, &words.html_body),
    ];
    let mut found: Vec<(&'static str, String)> = parts
        .into_iter()
        .filter_map(|(part, source)| {
            let named = engine::unknown_name(source, facts::NAMES);
            Some((part, named.or_else(|| rendered(words, part, source))?))
        })
        .collect();
    if found.iter().all(|(part, _)| *part != engine::HTML) {
        let problems = markup::faults(&words.html_body, markup::Kind::Template);
        found.extend(problems.into_iter().map(|problem| (engine::HTML, problem)));
    }
    found
}

/// What goes wrong with one of the samples.
fn rendered(words: &Translation, part: &'static str, source: &str) -> Option<String> {
    [sample::full(), sample::bare()].iter().find_map(|facts| {
        let values = facts.values(&words.language);
        engine::render(part, source, &values).err()
    })
}

/// Sample facts, for a preview without a case.
#[must_use]
pub fn sample_facts() -> Facts {
    sample::full()
}

#[cfg(test)]
mod tests;
