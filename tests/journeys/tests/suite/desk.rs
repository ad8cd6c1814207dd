//! The desk that reminds: rules of contact, words and a strategy, in force for everybody.

use contracts::common::Decimal;
use contracts::reminders::case_service_client::CaseServiceClient;
use contracts::reminders::contact_policy_service_client::ContactPolicyServiceClient;
use contracts::reminders::promise_service_client::PromiseServiceClient;
use contracts::reminders::strategy_service_client::StrategyServiceClient;
use contracts::reminders::template_service_client::TemplateServiceClient;
use contracts::reminders::{
    ActivateStrategyVersionRequest, ActivateTemplateVersionRequest, Case, Channel,
    ContactPolicyDefinition, CreateContactPolicyRequest, CreatePromiseRequest,
    CreateStrategyRequest, CreateTemplateRequest, CreateTemplateVersionRequest, GetPromiseRequest,
    ListCasesRequest, PermittedHours, Promise, PromiseTerms, Step, StepTrigger, StrategyDefinition,
    TemplateTranslation,
};

use crate::shop::{Shop, eur, fresh};
use crate::world::{World, day};

/// E-mails 5, 10 and 20 days after the due date, on weekdays from 8 to 18 in the debtor's zone.
pub async fn reminds(shop: &Shop) {
    let definition = ContactPolicyDefinition {
        valid_from_date: Some(day("2026-01-01")),
        permitted_hours: vec![PermittedHours {
            weekdays: (1..=5).collect(),
            start_local_time: "08:00".to_owned(),
            end_local_time: "18:00".to_owned(),
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
    let mut policies = ContactPolicyServiceClient::new(shop.calls());
    policies.create_contact_policy(request).await.unwrap();
    words(shop).await;
    strategy(shop).await;
}

async fn words(shop: &Shop) {
    let mut templates = TemplateServiceClient::new(shop.calls());
    let request = CreateTemplateRequest {
        request_id: fresh(),
        template_code: "reminder".to_owned(),
        display_name: "Reminder".to_owned(),
        channel: Channel::Email.into(),
    };
    let created = templates
        .create_template(request)
        .await
        .unwrap()
        .into_inner();
    let template = created.template.unwrap();
    let german = TemplateTranslation {
        language: "de".to_owned(),
        subject: "{{ step.code }}: Rechnung {{ lines[0].invoice_number }}".to_owned(),
        text_body: "Offen: {{ totals[0].asked_amount }}".to_owned(),
        html_body: "<p>{{ customer.name }}: {{ totals[0].asked_amount }}</p>".to_owned(),
    };
    let request = CreateTemplateVersionRequest {
        request_id: fresh(),
        template_id: template.template_id.clone(),
        etag: template.etag,
        translations: vec![german],
        fallback_language: "de".to_owned(),
        change_note: String::new(),
    };
    let written = templates
        .create_template_version(request)
        .await
        .unwrap()
        .into_inner();
    let template = written.template.unwrap();
    let request = ActivateTemplateVersionRequest {
        request_id: fresh(),
        template_id: template.template_id,
        version: 1,
        etag: template.etag,
    };
    templates.activate_template_version(request).await.unwrap();
}

async fn strategy(shop: &Shop) {
    let step = |code: &str, offset_days| Step {
        step_code: code.to_owned(),
        offset_days,
        channel: Channel::Email.into(),
        template_code: "reminder".to_owned(),
        condition: None,
        minimum_amounts: Vec::new(),
    };
    let definition = StrategyDefinition {
        segments: Vec::new(),
        step_trigger: StepTrigger::Timer.into(),
        steps: vec![step("reminder", 5), step("warning", 10), step("final", 20)],
        promise_terms: Some(PromiseTerms {
            grace_days: 2,
            tolerance_ratio: Some(Decimal {
                value: "0".to_owned(),
            }),
            max_days_ahead: 60,
            escalate_when_broken: false,
        }),
    };
    let mut strategies = StrategyServiceClient::new(shop.calls());
    let request = CreateStrategyRequest {
        request_id: fresh(),
        strategy_code: "standard".to_owned(),
        display_name: "Standard".to_owned(),
        definition: Some(definition),
        change_note: String::new(),
    };
    let created = strategies
        .create_strategy(request)
        .await
        .unwrap()
        .into_inner();
    let strategy = created.strategy.unwrap();
    let request = ActivateStrategyVersionRequest {
        request_id: fresh(),
        strategy_id: strategy.strategy_id,
        version: 1,
        etag: strategy.etag,
        validate_only: false,
    };
    strategies.activate_strategy_version(request).await.unwrap();
}

/// The subjects of the mails so far.
pub fn subjects(world: &World) -> Vec<String> {
    let mails = world.mails.mails();
    mails.iter().map(|mail| mail.subject()).collect()
}

/// The one case of the shop.
pub async fn case(shop: &Shop) -> Case {
    let mut cases = CaseServiceClient::new(shop.calls());
    let answer = cases.list_cases(ListCasesRequest::default()).await.unwrap();
    let mut found = answer.into_inner().cases;
    assert_eq!(found.len(), 1, "one case per customer");
    found.remove(0)
}

/// The debtor promises to pay an invoice by a day.
pub async fn promised(shop: &Shop, invoice_id: &str, amount: &str, by: &str) -> Promise {
    let request = CreatePromiseRequest {
        request_id: fresh(),
        case_id: case(shop).await.case_id,
        invoice_ids: vec![invoice_id.to_owned()],
        amount: Some(eur(amount)),
        promised_date: Some(day(by)),
        ..CreatePromiseRequest::default()
    };
    let mut promises = PromiseServiceClient::new(shop.calls());
    let answer = promises.create_promise(request).await.unwrap();
    answer.into_inner().promise.unwrap()
}

/// The promise as it is now.
pub async fn promise(shop: &Shop, promise: &Promise) -> Promise {
    let request = GetPromiseRequest {
        promise_id: promise.promise_id.clone(),
    };
    let mut promises = PromiseServiceClient::new(shop.calls());
    let answer = promises.get_promise(request).await.unwrap();
    answer.into_inner().promise.unwrap()
}
