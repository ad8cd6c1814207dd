//! What a tenant needs before its first invoice, and lacks: a profile, and a desk that reminds. What
//! is there already stays as it is.

use anyhow::ensure;
use contracts::common::Decimal;
use contracts::convert::date_to_wire;
use contracts::credit::tenant_profile_service_client::TenantProfileServiceClient;
use contracts::credit::{
    CreateTenantProfileRequest, GetTenantProfileRequest, PostalAddress, Sender, TenantProfile,
};
use contracts::reminders::contact_policy_service_client::ContactPolicyServiceClient;
use contracts::reminders::strategy_service_client::StrategyServiceClient;
use contracts::reminders::template_service_client::TemplateServiceClient;
use contracts::reminders::{
    ActivateStrategyVersionRequest, ActivateTemplateVersionRequest, Channel,
    ContactPolicyDefinition, CreateContactPolicyRequest, CreateStrategyRequest,
    CreateTemplateRequest, CreateTemplateVersionRequest, ListStrategiesRequest, PermittedHours,
    PromiseTerms, Step, StepTrigger, StrategyDefinition, TemplateTranslation, Weekday,
};
use jiff::civil::Date;
use tonic::Code;

use crate::client::connection::Calls;
use crate::client::refused::answered;
use crate::import::mapping::{Mapping, Reminders};

/// Short name of everything made here.
const CODE: &str = "receivables";

/// Makes what is missing, for a file whose first day is `from`.
///
/// # Errors
/// The tenant has another time zone than the file, or what was refused.
pub async fn run(calls: &Calls, mapping: &Mapping, from: Date) -> anyhow::Result<()> {
    profile(calls, mapping).await?;
    if let Some(reminders) = &mapping.reminders
        && !has_strategy(calls).await?
    {
        hours(calls, reminders, from).await?;
        words(calls, mapping).await?;
        ladder(calls, reminders).await?;
    }
    Ok(())
}

async fn profile(calls: &Calls, mapping: &Mapping) -> anyhow::Result<()> {
    let mut profiles = TenantProfileServiceClient::new(calls.clone());
    let known = profiles
        .get_tenant_profile(GetTenantProfileRequest {})
        .await;
    match answered("reading the tenant's profile", known) {
        Ok(known) => {
            let zone = known.tenant_profile.unwrap_or_default().time_zone;
            let wanted = &mapping.values.time_zone;
            ensure!(
                zone == *wanted,
                "the tenant's days are those of {zone}, the file's those of {wanted}"
            );
            return Ok(());
        }
        Err(refused) if refused.code() == Code::NotFound => {}
        Err(refused) => return Err(refused.into()),
    }
    let tenant = &mapping.tenant;
    let address = PostalAddress {
        lines: tenant.address.lines.clone(),
        postal_code: tenant.address.postal_code.clone(),
        city: tenant.address.city.clone(),
        region: String::new(),
        country_code: tenant.address.country.clone(),
    };
    let profile = TenantProfile {
        legal_name: tenant.legal_name.clone(),
        address: Some(address),
        time_zone: mapping.values.time_zone.clone(),
        home_currency_code: mapping.values.currency.clone(),
        calendar_code: tenant.calendar.clone(),
        language: tenant.language.clone(),
        sender: Some(Sender {
            display_name: tenant.legal_name.clone(),
            email: tenant.email.clone(),
            ..Sender::default()
        }),
        ..TenantProfile::default()
    };
    let request = CreateTenantProfileRequest {
        request_id: id("tenant"),
        tenant_profile: Some(profile),
    };
    let made = profiles.create_tenant_profile(request).await;
    answered("making the tenant's profile", made)?;
    Ok(())
}

async fn has_strategy(calls: &Calls) -> anyhow::Result<bool> {
    let mut strategies = StrategyServiceClient::new(calls.clone());
    let request = ListStrategiesRequest {
        page_size: 1,
        page_token: String::new(),
    };
    let known = strategies.list_strategies(request).await;
    let known = answered("listing the strategies", known)?.strategies;
    // One that is being made was cut short on its way: it is gone on with.
    Ok(known.iter().any(|one| one.active_version.is_some()))
}

async fn hours(calls: &Calls, reminders: &Reminders, from: Date) -> anyhow::Result<()> {
    let weekdays = Weekday::Monday.into()..=Weekday::Friday.into();
    let definition = ContactPolicyDefinition {
        valid_from_date: Some(date_to_wire(from)),
        permitted_hours: vec![PermittedHours {
            weekdays: weekdays.collect(),
            start_local_time: reminders.from.clone(),
            end_local_time: reminders.to.clone(),
            channels: Vec::new(),
        }],
        source: "the mapping of the imported receivables".to_owned(),
        ..ContactPolicyDefinition::default()
    };
    let request = CreateContactPolicyRequest {
        request_id: id("hours"),
        definition: Some(definition),
        validate_only: false,
    };
    let mut policies = ContactPolicyServiceClient::new(calls.clone());
    let made = policies.create_contact_policy(request).await;
    answered("making the rules of contact", made)?;
    Ok(())
}

/// One template for every step: its name stands in the subject.
async fn words(calls: &Calls, mapping: &Mapping) -> anyhow::Result<()> {
    let mut templates = TemplateServiceClient::new(calls.clone());
    let request = CreateTemplateRequest {
        request_id: id("template"),
        template_code: CODE.to_owned(),
        display_name: "Reminder".to_owned(),
        channel: Channel::Email.into(),
    };
    let made = templates.create_template(request).await;
    let made = answered("making the template", made)?;
    let template = made.template.unwrap_or_default();
    let language = &mapping.customers.language;
    let translation = TemplateTranslation {
        language: language.clone(),
        subject: "{{ sender.name }}: {{ step.code }}".to_owned(),
        text_body: include_str!("reminder.txt").to_owned(),
        html_body: String::new(),
    };
    let request = CreateTemplateVersionRequest {
        request_id: id("template-version"),
        template_id: template.template_id,
        etag: template.etag,
        translations: vec![translation],
        fallback_language: language.clone(),
        change_note: String::new(),
    };
    let written = templates.create_template_version(request).await;
    let written = answered("writing the template", written)?;
    let template = written.template.unwrap_or_default();
    let request = ActivateTemplateVersionRequest {
        request_id: id("template-active"),
        template_id: template.template_id,
        version: template.latest_version,
        etag: template.etag,
    };
    let active = templates.activate_template_version(request).await;
    answered("putting the template in force", active)?;
    Ok(())
}

async fn ladder(calls: &Calls, reminders: &Reminders) -> anyhow::Result<()> {
    let steps = reminders.steps.iter().map(|step| Step {
        step_code: step.step.clone(),
        offset_days: step.days,
        channel: Channel::Email.into(),
        template_code: CODE.to_owned(),
        condition: None,
        minimum_amounts: Vec::new(),
    });
    let tolerance = "0".to_owned();
    let definition = StrategyDefinition {
        segments: Vec::new(),
        step_trigger: StepTrigger::Timer.into(),
        steps: steps.collect(),
        promise_terms: Some(PromiseTerms {
            grace_days: 0,
            tolerance_ratio: Some(Decimal { value: tolerance }),
            max_days_ahead: 60,
            escalate_when_broken: false,
        }),
    };
    let mut strategies = StrategyServiceClient::new(calls.clone());
    let request = CreateStrategyRequest {
        request_id: id("strategy"),
        strategy_code: CODE.to_owned(),
        display_name: "Imported receivables".to_owned(),
        definition: Some(definition),
        change_note: String::new(),
    };
    let made = strategies.create_strategy(request).await;
    let strategy = answered("making the strategy", made)?;
    let strategy = strategy.strategy.unwrap_or_default();
    let request = ActivateStrategyVersionRequest {
        request_id: id("strategy-active"),
        strategy_id: strategy.strategy_id,
        version: strategy.latest_version,
        etag: strategy.etag,
        validate_only: false,
    };
    let active = strategies.activate_strategy_version(request).await;
    answered("putting the strategy in force", active)?;
    Ok(())
}

fn id(what: &str) -> String {
    format!("{CODE}/{what}")
}
