//! TemplateService: words by version, tried before they are stored, rendered without sending (P34).

use contracts::reminders::*;
use tonic::{Code, Status};

use crate::fixture::{OURS, THEIRS, World, fields, reason};
use crate::samples::*;

async fn create(world: &World, id: &str, channel: Channel) -> Result<Template, Status> {
    let asked = CreateTemplateRequest {
        request_id: id.to_owned(),
        template_code: "reminder".to_owned(),
        display_name: "Erinnerung".to_owned(),
        channel: channel.into(),
    };
    let asked = world.signed(OURS, asked);
    let answer = templates(world).create_template(asked).await?;
    Ok(answer.into_inner().template.unwrap())
}

fn words(language: &str, text: &str, html: &str) -> TemplateTranslation {
    TemplateTranslation {
        language: language.to_owned(),
        subject: "Rechnung {{ lines[0].invoice_number }}".to_owned(),
        text_body: text.to_owned(),
        html_body: html.to_owned(),
    }
}

async fn write(
    world: &World,
    template: &Template,
    translations: Vec<TemplateTranslation>,
) -> Result<CreateTemplateVersionResponse, Status> {
    let asked = CreateTemplateVersionRequest {
        request_id: format!("write {} {}", template.etag, translations.len()),
        template_id: template.template_id.clone(),
        etag: template.etag.clone(),
        fallback_language: "de".to_owned(),
        translations,
        change_note: String::new(),
    };
    let asked = world.signed(OURS, asked);
    let answer = templates(world).create_template_version(asked).await?;
    Ok(answer.into_inner())
}

async fn activate(world: &World, template: &Template, version: i32) -> Result<Template, Status> {
    let asked = ActivateTemplateVersionRequest {
        request_id: format!("activate {version} {}", template.etag),
        template_id: template.template_id.clone(),
        version,
        etag: template.etag.clone(),
    };
    let asked = world.signed(OURS, asked);
    let answer = templates(world).activate_template_version(asked).await?;
    Ok(answer.into_inner().template.unwrap())
}

async fn render(
    world: &World,
    template: &Template,
    language: &str,
    case_id: &str,
) -> Result<MessageContent, Status> {
    let asked = RenderTemplateRequest {
        template_id: template.template_id.clone(),
        version: 1,
        language: language.to_owned(),
        case_id: case_id.to_owned(),
    };
    let asked = world.signed(OURS, asked);
    let answer = templates(world).render_template(asked).await?;
    Ok(answer.into_inner().content.unwrap())
}

fn refused(outcome: Result<impl std::fmt::Debug, Status>) -> (Code, String) {
    let status = outcome.unwrap_err();
    (status.code(), reason(&status))
}

#[tokio::test]
async fn words_are_written_put_in_force_and_brought_back() {
    let world = World::start().await;
    let template = create(&world, "r1", Channel::Email).await.unwrap();
    assert_eq!(
        (template.latest_version, template.active_version),
        (0, None)
    );
    assert_eq!(
        create(&world, "r1", Channel::Email).await.unwrap(),
        template
    );
    let taken = (Code::AlreadyExists, "TEMPLATE_CODE_TAKEN".to_owned());
    assert_eq!(refused(create(&world, "r2", Channel::Email).await), taken);
    let first = write(&world, &template, vec![words("de", "Hallo", "")]).await;
    let first = first.unwrap().template.unwrap();
    let stale = (Code::Aborted, "STALE_ETAG".to_owned());
    let both = vec![words("de", "Hallo", ""), words("en", "Hello", "")];
    assert_eq!(refused(write(&world, &template, both.clone()).await), stale);
    let second = write(&world, &first, both).await.unwrap();
    let version = second.template_version.unwrap();
    assert_eq!(
        (version.version, version.state()),
        (2, TemplateVersionState::Draft)
    );
    assert_eq!(version.translations.len(), 2);
    let second = second.template.unwrap();
    let active = activate(&world, &second, 2).await.unwrap();
    let again = (
        Code::FailedPrecondition,
        "TEMPLATE_VERSION_ACTIVE".to_owned(),
    );
    assert_eq!(refused(activate(&world, &active, 2).await), again);
    let back = activate(&world, &active, 1).await.unwrap();
    assert_eq!(back.active_version, Some(1));
    let missing = (Code::NotFound, "TEMPLATE_VERSION_NOT_FOUND".to_owned());
    assert_eq!(refused(activate(&world, &back, 3).await), missing);
    let asked = ListTemplateVersionsRequest {
        template_id: back.template_id.clone(),
        ..ListTemplateVersionsRequest::default()
    };
    let listed = templates(&world)
        .list_template_versions(world.signed(OURS, asked.clone()))
        .await;
    let listed = listed.unwrap().into_inner().template_versions;
    let states: Vec<_> = listed
        .iter()
        .map(|one| (one.version, one.state()))
        .collect();
    let expected = [
        (2, TemplateVersionState::Retired),
        (1, TemplateVersionState::Active),
    ];
    assert_eq!(states, expected);
    assert!(listed.iter().all(|one| one.translations.is_empty()));
    let foreign = templates(&world)
        .list_template_versions(world.signed(THEIRS, asked))
        .await;
    let missing = (Code::NotFound, "TEMPLATE_NOT_FOUND".to_owned());
    assert_eq!(refused(foreign), missing);
}

#[tokio::test]
async fn what_cannot_be_rendered_is_told_with_language_part_line_and_column() {
    let world = World::start().await;
    let template = create(&world, "r1", Channel::Email).await.unwrap();
    let bad = vec![
        words("de", "Hallo\n {{ customer.nam }}", ""),
        words("en", "Hello", "<p>\n<script>alert(1)</script>"),
        words(
            "fr",
            "{{ lines[0",
            "<a href=\"{{ customer.external_id }}\">x</a>",
        ),
    ];
    let status = write(&world, &template, bad).await.unwrap_err();
    assert_eq!(reason(&status), "TEMPLATE_INVALID");
    assert_eq!(
        fields(&status),
        [
            "translations[0].text_body",
            "translations[1].html_body",
            "translations[2].text_body",
            "translations[2].html_body",
        ]
    );
    assert!(
        status.message().contains("de: line 2, column 5"),
        "{}",
        status.message()
    );
    // Limits are told too, and languages stand once.
    let twice = vec![words("de", "", ""), words("DE", "x", "")];
    let status = write(&world, &template, twice).await.unwrap_err();
    assert_eq!(
        fields(&status),
        ["translations[0].text_body", "translations[1].language"]
    );
}

#[tokio::test]
async fn a_letter_has_no_html_and_a_call_no_subject() {
    let world = World::start().await;
    let template = create(&world, "r1", Channel::Call).await.unwrap();
    let status = write(&world, &template, vec![words("de", "Hallo", "<p>x</p>")]).await;
    assert_eq!(
        fields(&status.unwrap_err()),
        ["translations[0].subject", "translations[0].html_body"]
    );
}

const PAGE: &str = "<p>{{ customer.name }}, {{ customer.external_id }}</p>\
    {% for line in lines %}<p>{{ line.invoice_number }}: {{ line.asked_amount }}</p>{% endfor %}";

#[tokio::test]
async fn p34_a_preview_shows_what_is_owed_and_carries_no_code() {
    let (world, feeds) = world().await;
    with_strategy(&world).await;
    let case_id = with_case(&world, &feeds, 2, day(2, 20)).await;
    let template = create(&world, "r1", Channel::Email).await.unwrap();
    let text = "{{ totals[0].asked_amount }} seit {{ lines[0].due_date }}, offen \
                {{ statement_totals[0].open_amount }}";
    let translations = vec![words("de", text, PAGE), words("en-US", text, "")];
    write(&world, &template, translations).await.unwrap();
    let shown = render(&world, &template, "", &case_id).await.unwrap();
    assert_eq!(shown.recipient, "ap@kunde.example");
    assert_eq!(
        (shown.language.as_str(), shown.subject.as_str()),
        ("de", "Rechnung INV-1")
    );
    let text = shown.text_body.replace('\u{a0}', " ");
    assert_eq!(text, "2.000,00 EUR seit 20.02.2026, offen 2.000,00 EUR");
    // The customer calls themselves `Kunde <b>GmbH</b>`.
    assert!(
        shown
            .html_body
            .contains("Kunde &lt;b&gt;GmbH&lt;&#x2f;b&gt;, K-1"),
        "{}",
        shown.html_body
    );
    assert!(!shown.html_body.contains("<b>"));
    let english = render(&world, &template, "en-US", &case_id).await.unwrap();
    assert!(
        english
            .text_body
            .replace('\u{a0}', " ")
            .starts_with("EUR 2,000.00")
    );
    // Without a case: sample facts, in the fallback.
    let sample = render(&world, &template, "", "").await.unwrap();
    assert_eq!(
        (sample.recipient.as_str(), sample.language.as_str()),
        ("", "de")
    );
    let nobody = uuid::Uuid::from_u128(5).to_string();
    let missing = (Code::NotFound, "CASE_NOT_FOUND".to_owned());
    assert_eq!(
        refused(render(&world, &template, "", &nobody).await),
        missing
    );
}

#[tokio::test]
async fn facts_that_make_a_version_fail_are_a_precondition() {
    let (world, feeds) = world().await;
    // Nothing is past due: there is no first line.
    let case_id = with_case(&world, &feeds, 1, day(6, 1)).await;
    let template = create(&world, "r1", Channel::Email).await.unwrap();
    write(&world, &template, vec![words("de", "Hallo", "")])
        .await
        .unwrap();
    let status = render(&world, &template, "", &case_id).await.unwrap_err();
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(reason(&status), "TEMPLATE_FAILED");
    assert!(!status.message().contains("Kunde"), "no fact is told");
}
