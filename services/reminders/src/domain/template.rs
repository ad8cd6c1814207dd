//! Owns the words of a step by language and version: their limits, their life, and which language a
//! customer gets. Must not render them.

use std::collections::BTreeSet;

use calendar::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::code::Code;
use crate::domain::debtor::Channel;
use crate::domain::id::TemplateId;
use crate::domain::named::named;

/// The longest subject, text part and HTML part, in characters.
const LONGEST_SUBJECT: usize = 200;
const LONGEST_TEXT: usize = 100_000;
const LONGEST_HTML: usize = 400_000;

named! {
    /// Where a version of a template stands.
    pub enum TemplateVersionState {
        /// Written, never in force.
        Draft = "DRAFT",
        /// In force.
        Active = "ACTIVE",
        /// Was in force; may come back.
        Retired = "RETIRED",
    }
}

/// A template: the name under which its versions stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Which one.
    pub template_id: TemplateId,
    /// Short name, unique in the tenant.
    pub template_code: Code,
    /// Name for people.
    pub display_name: String,
    /// The channel it is written for.
    pub channel: Channel,
    /// The version in force.
    pub active_version: Option<i32>,
    /// The newest version; 0 while there is none.
    pub latest_version: i32,
    /// When it was created.
    pub created_time: Timestamp,
    /// Rises with every change; the etag.
    pub revision: i64,
}

/// One version of a template. What it says never changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateVersion {
    /// The template.
    pub template_id: TemplateId,
    /// The template's short name.
    pub template_code: Code,
    /// From 1 on.
    pub version: i32,
    /// Where it stands.
    pub state: TemplateVersionState,
    /// The words.
    pub words: TemplateWords,
    /// Why it was written.
    pub change_note: String,
    /// When it was written.
    pub created_time: Timestamp,
    /// Who wrote it.
    pub created_by: String,
    /// When and by whom it was last put in force.
    pub activated: Option<(Timestamp, String)>,
}

/// The words of a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateWords {
    /// One entry a language.
    pub translations: Vec<Translation>,
    /// The language for all others; one of those given.
    pub fallback_language: String,
}

/// The words in one language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Translation {
    /// BCP 47.
    pub language: String,
    /// One line; none for a call.
    pub subject: String,
    /// Text part, the letter's body, or the call's script.
    pub text_body: String,
    /// HTML part; none but for e-mail.
    pub html_body: String,
}

/// One thing that is wrong with the words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, as a path: `translations[1].subject`.
    pub field: String,
    /// What, for the person who wrote them.
    pub problem: &'static str,
}

/// Why words were not written or not put in force.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// TEMPLATE_INVALID: out of limits. What cannot be rendered is found where it is rendered.
    #[error("the words are out of limits in {} places", .0.len())]
    Invalid(Vec<Fault>),
    /// TEMPLATE_VERSION_ACTIVE.
    #[error("this version is in force already")]
    VersionActive,
}

/// What somebody writes as a new version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewWords {
    /// The words.
    pub words: TemplateWords,
    /// Why.
    pub change_note: String,
    /// Who.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

impl Template {
    /// A template without words.
    #[must_use]
    pub fn create(
        template_id: TemplateId,
        template_code: Code,
        display_name: String,
        channel: Channel,
        at: Timestamp,
    ) -> Self {
        Self {
            template_id,
            template_code,
            display_name,
            channel,
            active_version: None,
            latest_version: 0,
            created_time: at,
            revision: 1,
        }
    }

    /// A new version, a draft; the active one stays in force.
    ///
    /// # Errors
    /// [`TemplateError::Invalid`].
    pub fn write(&mut self, new: NewWords) -> Result<TemplateVersion, TemplateError> {
        let faults = new.words.faults(self.channel);
        if !faults.is_empty() {
            return Err(TemplateError::Invalid(faults));
        }
        self.latest_version = self.latest_version.saturating_add(1);
        self.revision = self.revision.saturating_add(1);
        Ok(TemplateVersion {
            template_id: self.template_id,
            template_code: self.template_code.clone(),
            version: self.latest_version,
            state: TemplateVersionState::Draft,
            words: new.words,
            change_note: new.change_note,
            created_time: new.at,
            created_by: new.by,
            activated: None,
        })
    }

    /// Puts a version in force and retires `previous`, the one that was.
    ///
    /// # Errors
    /// [`TemplateError::VersionActive`].
    pub fn activate(
        &mut self,
        version: &mut TemplateVersion,
        previous: Option<&mut TemplateVersion>,
        by: &str,
        at: Timestamp,
    ) -> Result<(), TemplateError> {
        if self.active_version == Some(version.version) {
            return Err(TemplateError::VersionActive);
        }
        if let Some(previous) = previous {
            previous.state = TemplateVersionState::Retired;
        }
        version.state = TemplateVersionState::Active;
        version.activated = Some((at, by.to_owned()));
        self.active_version = Some(version.version);
        self.revision = self.revision.saturating_add(1);
        Ok(())
    }
}

impl TemplateVersion {
    /// As messages name it: `template/reminder@2`.
    #[must_use]
    pub fn name(&self) -> String {
        format!("template/{}@{}", self.template_code, self.version)
    }
}

impl TemplateWords {
    /// The words for a customer: the exact language, else one of the same primary language, the
    /// plain one before others, else the fallback.
    #[must_use]
    pub fn for_language(&self, language: &str) -> Option<&Translation> {
        let exact = |wanted: &str| {
            let same = |other: &&Translation| other.language.eq_ignore_ascii_case(wanted);
            self.translations.iter().find(same)
        };
        let primary = primary_subtag(language);
        let related = || {
            let same = |other: &&Translation| {
                primary_subtag(&other.language).eq_ignore_ascii_case(primary)
            };
            self.translations.iter().find(same)
        };
        exact(language)
            .or_else(|| exact(primary))
            .or_else(related)
            .or_else(|| exact(&self.fallback_language))
    }

    /// Everything that is out of limits for a channel.
    #[must_use]
    pub fn faults(&self, channel: Channel) -> Vec<Fault> {
        let mut found = Vec::new();
        let mut unless = |holds: bool, field: String, problem: &'static str| {
            if !holds {
                found.push(Fault { field, problem });
            }
        };
        let count = self.translations.len();
        unless(
            (1..=50).contains(&count),
            "translations".to_owned(),
            "1 to 50 languages",
        );
        let mut seen = BTreeSet::new();
        for (place, words) in self.translations.iter().enumerate() {
            let at = |field: &str| format!("translations[{place}].{field}");
            let first = seen.insert(words.language.to_ascii_lowercase());
            unless(first, at("language"), "each language once");
            for (field, holds, problem) in words.limits(channel) {
                unless(holds, at(field), problem);
            }
        }
        let known = seen.contains(&self.fallback_language.to_ascii_lowercase());
        unless(
            known,
            "fallback_language".to_owned(),
            "one of the languages given",
        );
        found
    }
}

impl Translation {
    fn limits(&self, channel: Channel) -> [(&'static str, bool, &'static str); 6] {
        let within = |text: &str, most| text.chars().count() <= most;
        let has_subject = !self.subject.is_empty();
        let one_line = !self.subject.chars().any(char::is_control);
        // The database keeps no NUL, and no mail reader wants the others.
        let plain = |text: &str| {
            let mut signs = text.chars();
            signs.all(|sign| !sign.is_control() || ['\r', '\n', '\t'].contains(&sign))
        };
        [
            (
                "subject",
                has_subject != (channel == Channel::Call),
                "required for e-mail and letter, empty for a call",
            ),
            (
                "subject",
                one_line && within(&self.subject, LONGEST_SUBJECT),
                "one line of at most 200 characters",
            ),
            ("text_body", !self.text_body.is_empty(), "required"),
            (
                "text_body",
                within(&self.text_body, LONGEST_TEXT) && plain(&self.text_body),
                "at most 100000 characters, none of them control characters",
            ),
            (
                "html_body",
                self.html_body.is_empty() || channel == Channel::Email,
                "for e-mail only",
            ),
            (
                "html_body",
                within(&self.html_body, LONGEST_HTML) && plain(&self.html_body),
                "at most 400000 characters, none of them control characters",
            ),
        ]
    }
}

/// `pt` of `pt-BR`.
fn primary_subtag(language: &str) -> &str {
    language.split(['-', '_']).next().unwrap_or(language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::samples;

    fn words(languages: &[&str], fallback: &str) -> TemplateWords {
        let translation = |language: &&str| Translation {
            language: (*language).to_owned(),
            subject: "Reminder".to_owned(),
            text_body: "You owe us.".to_owned(),
            html_body: String::new(),
        };
        TemplateWords {
            translations: languages.iter().map(translation).collect(),
            fallback_language: fallback.to_owned(),
        }
    }

    fn template(channel: Channel) -> Template {
        let id = TemplateId::new(samples::uuid(80));
        let code = samples::code("reminder");
        Template::create(
            id,
            code,
            "Reminder".to_owned(),
            channel,
            Timestamp::UNIX_EPOCH,
        )
    }

    fn new(words: TemplateWords) -> NewWords {
        NewWords {
            words,
            change_note: String::new(),
            by: "ann".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_customer_gets_the_nearest_language() {
        let words = words(&["en", "de-CH", "de", "pt-BR"], "en");
        let chosen = |language| words.for_language(language).unwrap().language.as_str();
        assert_eq!(chosen("de-CH"), "de-CH");
        assert_eq!(chosen("de-at"), "de");
        assert_eq!(chosen("DE"), "de");
        assert_eq!(chosen("pt-PT"), "pt-BR");
        assert_eq!(chosen("fr"), "en");
        assert_eq!(chosen(""), "en");
    }

    #[test]
    fn limits_are_those_of_the_channel() {
        let faults = |channel, change: fn(&mut Translation)| {
            let mut words = words(&["en"], "en");
            change(&mut words.translations[0]);
            let found = words.faults(channel).into_iter().map(|fault| fault.field);
            found.collect::<Vec<_>>()
        };
        assert_eq!(faults(Channel::Email, |_| {}), [""; 0]);
        assert_eq!(faults(Channel::Call, |_| {}), ["translations[0].subject"]);
        let no_subject: fn(&mut Translation) = |words| words.subject.clear();
        assert_eq!(faults(Channel::Call, no_subject), [""; 0]);
        assert_eq!(
            faults(Channel::Letter, no_subject),
            ["translations[0].subject"]
        );
        let two_lines: fn(&mut Translation) = |words| words.subject = "a\nBcc: b".to_owned();
        assert_eq!(
            faults(Channel::Email, two_lines),
            ["translations[0].subject"]
        );
        let html: fn(&mut Translation) = |words| words.html_body = "<p>".to_owned();
        assert_eq!(faults(Channel::Email, html), [""; 0]);
        assert_eq!(faults(Channel::Letter, html), ["translations[0].html_body"]);
        let long: fn(&mut Translation) = |words| words.text_body = "ä".repeat(100_001);
        assert_eq!(faults(Channel::Email, long), ["translations[0].text_body"]);
    }

    #[test]
    fn each_language_stands_once_and_the_fallback_is_one_of_them() {
        let fields = |words: TemplateWords| {
            let found = words
                .faults(Channel::Email)
                .into_iter()
                .map(|fault| fault.field);
            found.collect::<Vec<_>>()
        };
        assert_eq!(
            fields(words(&["en", "EN"], "en")),
            ["translations[1].language"]
        );
        assert_eq!(fields(words(&["en"], "de")), ["fallback_language"]);
        assert_eq!(
            fields(words(&[], "de")),
            ["translations", "fallback_language"]
        );
    }

    #[test]
    fn versions_count_up_and_only_one_is_active() {
        let mut template = template(Channel::Email);
        let mut first = template.write(new(words(&["en"], "en"))).unwrap();
        template
            .activate(&mut first, None, "ann", Timestamp::UNIX_EPOCH)
            .unwrap();
        let again = template.activate(&mut first.clone(), None, "ann", Timestamp::UNIX_EPOCH);
        assert_eq!(again, Err(TemplateError::VersionActive));
        let mut second = template.write(new(words(&["de"], "de"))).unwrap();
        template
            .activate(&mut second, Some(&mut first), "bob", Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(first.state, TemplateVersionState::Retired);
        assert_eq!(template.active_version, Some(2));
        assert_eq!(second.name(), "template/reminder@2");
        let refused = template.write(new(words(&[], "de")));
        assert!(matches!(refused, Err(TemplateError::Invalid(_))));
        assert_eq!(template.latest_version, 2);
    }
}
