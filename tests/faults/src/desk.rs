//! The desk that reminds: by e-mail 5 days after the due date, at any hour.

use crate::insist;
use crate::shop::{Shop, days_ago, decimal, fresh};
use contracts::reminders::contact_policy_service_client::ContactPolicyServiceClient;
use contracts::reminders::strategy_service_client::StrategyServiceClient;
use contracts::reminders::template_service_client::TemplateServiceClient;
use contracts::reminders::{
    ActivateStrategyVersionRequest, ActivateTemplateVersionRequest, Channel,
    ContactPolicyDefinition, CreateContactPolicyRequest, CreateStrategyRequest,
    CreateTemplateRequest, CreateTemplateVersionRequest, PermittedHours, PromiseTerms, Step,
    StepTrigger, StrategyDefinition, TemplateTranslation,
};

/// Puts rules of contact, words and a strategy in force for everybody.
pub async fn reminds(shop: &Shop) {
    let definition = ContactPolicyDefinition {
        valid_from_date: days_ago(60),
        permitted_hours: vec![PermittedHours {
            weekdays: (1..=7).collect(),
            start_local_time: "00:00".to_owned(),
            end_local_time: "24:00".to_owned(),
            channels: Vec::new(),
        }],
        source: "house rules".to_owned(),
        ..ContactPolicyDefinition::default()
    };
    let request = CreateContactPolicyRequest {
        request_id: fresh(),
        definition: Some(definition),
        validate_only: false,
    };
    let mut policies = ContactPolicyServiceClient::new(shop.reminders.clone());
    insist(async || policies.create_contact_policy(request.clone()).await).await;
    words(shop).await;
    strategy(shop).await;
}

async fn words(shop: &Shop) {
    let mut templates = TemplateServiceClient::new(shop.reminders.clone());
    let request = CreateTemplateRequest {
        request_id: fresh(),
        template_code: "reminder".to_owned(),
        display_name: "Reminder".to_owned(),
        channel: Channel::Email.into(),
    };
    let created = insist(async || templates.create_template(request.clone()).await).await;
    let template = created.into_inner().template.expect("a template");
    let german = TemplateTranslation {
        language: "de".to_owned(),
        subject: "Rechnung {{ lines[0].invoice_number }}".to_owned(),
        text_body: "Offen: {{ totals[0].asked_amount }}".to_owned(),
        html_body: String::new(),
    };
    let request = CreateTemplateVersionRequest {
        request_id: fresh(),
        template_id: template.template_id,
        etag: template.etag,
        translations: vec![german],
        fallback_language: "de".to_owned(),
        change_note: String::new(),
    };
    let written = insist(async || templates.create_template_version(request.clone()).await).await;
    let template = written.into_inner().template.expect("a template");
    let request = ActivateTemplateVersionRequest {
        request_id: fresh(),
        template_id: template.template_id,
        version: 1,
        etag: template.etag,
    };
    insist(async || templates.activate_template_version(request.clone()).await).await;
}

async fn strategy(shop: &Shop) {
    let step = Step {
        step_code: "reminder".to_owned(),
        offset_days: 5,
        channel: Channel::Email.into(),
        template_code: "reminder".to_owned(),
        condition: None,
        minimum_amounts: Vec::new(),
    };
    let definition = StrategyDefinition {
        segments: Vec::new(),
        step_trigger: StepTrigger::Timer.into(),
        steps: vec![step],
        promise_terms: Some(PromiseTerms {
            grace_days: 2,
            tolerance_ratio: decimal("0"),
            max_days_ahead: 60,
            escalate_when_broken: false,
        }),
    };
    let request = CreateStrategyRequest {
        request_id: fresh(),
        strategy_code: "standard".to_owned(),
        display_name: "Standard".to_owned(),
        definition: Some(definition),
        change_note: String::new(),
    };
    let mut strategies = StrategyServiceClient::new(shop.reminders.clone());
    let created = insist(async || strategies.create_strategy(request.clone()).await).await;
    let strategy = created.into_inner().strategy.expect("a strategy");
    let request = ActivateStrategyVersionRequest {
        request_id: fresh(),
        strategy_id: strategy.strategy_id,
        version: 1,
        etag: strategy.etag,
        validate_only: false,
    };
    insist(async || strategies.activate_strategy_version(request.clone()).await).await;
}
