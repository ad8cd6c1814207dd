//! Templates, their words, and how those come out.

use contracts::convert::instant_to_wire;
use contracts::reminders as wire;
use runtime::Violations;

use super::field;
use crate::domain::content::Rendered;
use crate::domain::template::{
    Template, TemplateVersion, TemplateVersionState, TemplateWords, Translation,
};
use crate::rpc::wire::debtor::channel_to_wire;

/// The most translations that are read, and one more, of which the domain says that it is too many.
const TRANSLATIONS_READ: usize = 51;

/// The words of a new version; limits are the domain's.
pub fn words_from_wire(
    violations: &mut Violations,
    translations: &[wire::TemplateTranslation],
    fallback_language: &str,
) -> Option<TemplateWords> {
    let translations = translations.iter().take(TRANSLATIONS_READ).enumerate();
    let translations: Vec<Option<Translation>> = translations
        .map(|(place, words)| {
            let path = format!("translations[{place}].language");
            let language = field::typed(violations, &path, &words.language, field::language)?;
            Some(Translation {
                language,
                subject: words.subject.clone(),
                text_body: words.text_body.clone(),
                html_body: words.html_body.clone(),
            })
        })
        .collect();
    let fallback = field::typed(
        violations,
        "fallback_language",
        fallback_language,
        field::language,
    );
    Some(TemplateWords {
        translations: translations.into_iter().collect::<Option<_>>()?,
        fallback_language: fallback?,
    })
}

/// A template.
#[must_use]
pub fn template_to_wire(template: &Template) -> wire::Template {
    wire::Template {
        template_id: template.template_id.to_string(),
        template_code: template.template_code.to_string(),
        display_name: template.display_name.clone(),
        channel: channel_to_wire(template.channel).into(),
        active_version: template.active_version,
        latest_version: template.latest_version,
        created_time: Some(instant_to_wire(template.created_time)),
        etag: field::etag(template.revision),
    }
}

/// A version with its words.
#[must_use]
pub fn version_to_wire(version: &TemplateVersion) -> wire::TemplateVersion {
    let words = version.words.translations.iter();
    wire::TemplateVersion {
        translations: words.map(translation_to_wire).collect(),
        ..version_without_words(version)
    }
}

/// A version as a listing tells of it.
#[must_use]
pub fn version_without_words(version: &TemplateVersion) -> wire::TemplateVersion {
    let state = match version.state {
        TemplateVersionState::Draft => wire::TemplateVersionState::Draft,
        TemplateVersionState::Active => wire::TemplateVersionState::Active,
        TemplateVersionState::Retired => wire::TemplateVersionState::Retired,
    };
    let (time, by) = version.activated.clone().unzip();
    wire::TemplateVersion {
        template_id: version.template_id.to_string(),
        template_code: version.template_code.to_string(),
        version: version.version,
        state: state.into(),
        translations: Vec::new(),
        fallback_language: version.words.fallback_language.clone(),
        change_note: version.change_note.clone(),
        created_time: Some(instant_to_wire(version.created_time)),
        created_by: version.created_by.clone(),
        activated_time: time.map(instant_to_wire),
        activated_by: by.unwrap_or_default(),
    }
}

fn translation_to_wire(words: &Translation) -> wire::TemplateTranslation {
    wire::TemplateTranslation {
        language: words.language.clone(),
        subject: words.subject.clone(),
        text_body: words.text_body.clone(),
        html_body: words.html_body.clone(),
    }
}

/// The words of a message as they would be sent; without a recipient in a preview without a case.
#[must_use]
pub fn content_to_wire(rendered: Rendered, recipient: String) -> wire::MessageContent {
    wire::MessageContent {
        recipient,
        language: rendered.language,
        subject: rendered.subject,
        text_body: rendered.text_body,
        html_body: rendered.html_body,
    }
}
