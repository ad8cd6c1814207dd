//! How the tenant reminds: the rules of contact, the words, and the ladder.

use contracts::reminders::contact_policy_service_client::ContactPolicyServiceClient;
use contracts::reminders::strategy_service_client::StrategyServiceClient;
use contracts::reminders::template_service_client::TemplateServiceClient;
use contracts::reminders::{
    ActivateStrategyVersionRequest, ActivateTemplateVersionRequest, Channel,
    ContactPolicyDefinition, CreateContactPolicyRequest, CreateStrategyRequest,
    CreateTemplateRequest, CreateTemplateVersionRequest, FrequencyCap, FrequencyMeasure,
    FrequencyScope, PermittedHours, PromiseTerms, Step, StepTrigger, StrategyDefinition,
    TemplateTranslation,
};
use jiff::civil::Date;

use super::opening::{at_least, countries};
use crate::demo::client::{World, day, decimal, had};

/// Days after the promised one within which money still counts.
pub const GRACE_DAYS: u32 = 2;

/// Puts rules, words and ladders in force from a day on.
///
/// # Errors
/// A call that is refused.
pub async fn in_force(world: &World, from: Date) -> anyhow::Result<()> {
    for country in countries() {
        let request = CreateContactPolicyRequest {
            request_id: world.fresh(),
            definition: Some(hours(country, from)),
            validate_only: false,
        };
        ContactPolicyServiceClient::new(world.calls())
            .create_contact_policy(request)
            .await?;
    }
    template(world, "reminder", Channel::Email, reminder()).await?;
    template(world, "second-reminder", Channel::Email, second()).await?;
    template(world, "final-notice", Channel::Letter, letter()).await?;
    strategy(world, "business", &[], [3, 12, 26]).await?;
    strategy(world, "consumers", &["consumer"], [5, 14, 28]).await
}

/// Weekdays from 8 to 18 in the debtor's zone, not on the holidays that the installation knows
/// there, at most three times in a week.
fn hours(country: &str, from: Date) -> ContactPolicyDefinition {
    ContactPolicyDefinition {
        country_code: country.to_owned(),
        valid_from_date: day(from),
        permitted_hours: vec![PermittedHours {
            weekdays: (1..=5).collect(),
            start_local_time: "08:00".to_owned(),
            end_local_time: "18:00".to_owned(),
            channels: Vec::new(),
        }],
        calendar_code: match country {
            "DE" | "GB" | "US" => country.to_owned(),
            _ => String::new(),
        },
        frequency_caps: vec![FrequencyCap {
            measure: FrequencyMeasure::Attempts.into(),
            channels: Vec::new(),
            max_count: 3,
            window_days: 7,
            scope: FrequencyScope::Customer.into(),
        }],
        source: "house rules of the demo".to_owned(),
        ..ContactPolicyDefinition::default()
    }
}

const LINES: &str = "{% for line in lines %}{{ line.invoice_number }}, due {{ line.due_date }}: \
                     {{ line.asked_amount }}\n{% endfor %}";
const ROWS: &str = "<table>{% for line in lines %}<tr><td>{{ line.invoice_number }}</td>\
                    <td>{{ line.due_date }}</td><td>{{ line.asked_amount }}</td></tr>{% endfor %}\
                    </table>";

fn words(language: &str, subject: &str, greeting: &str, html: bool) -> TemplateTranslation {
    let html_body = format!("<p>{greeting}</p>{ROWS}<p>{{{{ sender.name }}}}</p>");
    TemplateTranslation {
        language: language.to_owned(),
        subject: subject.to_owned(),
        text_body: format!("{greeting}\n\n{LINES}\n{{{{ sender.name }}}}"),
        html_body: if html { html_body } else { String::new() },
    }
}

fn reminder() -> Vec<TemplateTranslation> {
    let english = "{{ customer.name }}, may we remind you of what is due?";
    let german = "{{ customer.name }}, dürfen wir an das Fällige erinnern?";
    vec![
        words(
            "en",
            "Reminder: {{ totals[0].asked_amount }}",
            english,
            true,
        ),
        words(
            "de",
            "Erinnerung: {{ totals[0].asked_amount }}",
            german,
            true,
        ),
    ]
}

fn second() -> Vec<TemplateTranslation> {
    let english = "{{ customer.name }}, we have reminded you and not heard from you.";
    let german = "{{ customer.name }}, auf unsere Erinnerung haben Sie nicht geantwortet.";
    vec![
        words(
            "en",
            "Second reminder: {{ totals[0].asked_amount }}",
            english,
            true,
        ),
        words(
            "de",
            "Zweite Mahnung: {{ totals[0].asked_amount }}",
            german,
            true,
        ),
    ]
}

fn letter() -> Vec<TemplateTranslation> {
    let english = "{{ customer.name }}, this is our last notice before we hand the debt over.";
    let german = "{{ customer.name }}, dies ist unsere letzte Mahnung vor der Übergabe.";
    vec![
        words("en", "Final notice", english, false),
        words("de", "Letzte Mahnung", german, false),
    ]
}

async fn template(
    world: &World,
    code: &str,
    channel: Channel,
    translations: Vec<TemplateTranslation>,
) -> anyhow::Result<()> {
    let mut templates = TemplateServiceClient::new(world.calls());
    let request = CreateTemplateRequest {
        request_id: world.fresh(),
        template_code: code.to_owned(),
        display_name: code.to_owned(),
        channel: channel.into(),
    };
    let created = templates.create_template(request).await?.into_inner();
    let created = had(created.template, "the template")?;
    let request = CreateTemplateVersionRequest {
        request_id: world.fresh(),
        template_id: created.template_id.clone(),
        etag: created.etag,
        translations,
        fallback_language: "en".to_owned(),
        change_note: String::new(),
    };
    let written = templates.create_template_version(request).await?;
    let written = had(written.into_inner().template, "the template")?;
    let request = ActivateTemplateVersionRequest {
        request_id: world.fresh(),
        template_id: created.template_id,
        version: 1,
        etag: written.etag,
    };
    templates.activate_template_version(request).await?;
    Ok(())
}

async fn strategy(
    world: &World,
    code: &str,
    segments: &[&str],
    [first, second, last]: [i32; 3],
) -> anyhow::Result<()> {
    let step = |code: &str, offset_days, channel: Channel| Step {
        step_code: code.to_owned(),
        offset_days,
        channel: channel.into(),
        template_code: code.to_owned(),
        condition: None,
        minimum_amounts: at_least(500),
    };
    let definition = StrategyDefinition {
        segments: segments
            .iter()
            .map(|segment| (*segment).to_owned())
            .collect(),
        step_trigger: StepTrigger::Timer.into(),
        steps: vec![
            step("reminder", first, Channel::Email),
            step("second-reminder", second, Channel::Email),
            step("final-notice", last, Channel::Letter),
        ],
        promise_terms: Some(PromiseTerms {
            grace_days: i32::try_from(GRACE_DAYS)?,
            tolerance_ratio: decimal("0"),
            max_days_ahead: 60,
            escalate_when_broken: false,
        }),
    };
    let mut strategies = StrategyServiceClient::new(world.calls());
    let request = CreateStrategyRequest {
        request_id: world.fresh(),
        strategy_code: code.to_owned(),
        display_name: code.to_owned(),
        definition: Some(definition),
        change_note: String::new(),
    };
    let created = strategies.create_strategy(request).await?.into_inner();
    let created = had(created.strategy, "the strategy")?;
    let request = ActivateStrategyVersionRequest {
        request_id: world.fresh(),
        strategy_id: created.strategy_id,
        version: 1,
        etag: created.etag,
        validate_only: false,
    };
    strategies.activate_strategy_version(request).await?;
    Ok(())
}
