//! What the small tenant is: its profile, terms, permitted hours and steps.

use contracts::common::{DateStep, Decimal, InstalmentRule, PaymentTerms, date_step};
use contracts::convert::date_to_wire;
use contracts::credit::credit_limit::Limit;
use contracts::credit::{CreditLimit, PostalAddress, SegmentPolicy, Sender, TenantProfile};
use contracts::google::r#type::Date;
use contracts::reminders::{
    Channel, ContactPolicyDefinition, PermittedHours, PromiseTerms, Step, StepTrigger,
    StrategyDefinition,
};

pub fn decimal(value: &str) -> Option<Decimal> {
    let value = value.to_owned();
    Some(Decimal { value })
}

pub fn day(text: &str) -> Option<Date> {
    Some(date_to_wire(text.parse().unwrap()))
}

pub fn address() -> PostalAddress {
    PostalAddress {
        lines: vec!["Musterstraße 1".to_owned()],
        postal_code: "10115".to_owned(),
        city: "Berlin".to_owned(),
        region: String::new(),
        country_code: "DE".to_owned(),
    }
}

pub fn profile() -> TenantProfile {
    TenantProfile {
        legal_name: "Muster Handel GmbH".to_owned(),
        address: Some(address()),
        time_zone: "Europe/Berlin".to_owned(),
        home_currency_code: "EUR".to_owned(),
        calendar_code: "DE".to_owned(),
        language: "de".to_owned(),
        sender: Some(Sender {
            display_name: "Muster Handel".to_owned(),
            email: "billing@example.com".to_owned(),
            ..Sender::default()
        }),
        ..TenantProfile::default()
    }
}

pub fn terms() -> SegmentPolicy {
    let net_30 = InstalmentRule {
        share: None,
        date_steps: vec![DateStep {
            step: Some(date_step::Step::AddDays(30)),
        }],
    };
    SegmentPolicy {
        payment_terms: Some(PaymentTerms {
            terms_code: "net30".to_owned(),
            instalments: vec![net_30],
            ..PaymentTerms::default()
        }),
        credit_limit: Some(CreditLimit {
            limit: Some(Limit::NoLimit(true)),
        }),
        reservation_lifetime: Some(prost_types::Duration {
            seconds: 86_400,
            nanos: 0,
        }),
        ..SegmentPolicy::default()
    }
}

pub fn hours() -> ContactPolicyDefinition {
    ContactPolicyDefinition {
        valid_from_date: day("2026-01-01"),
        permitted_hours: vec![PermittedHours {
            weekdays: (1..=5).collect(),
            start_local_time: "08:00".to_owned(),
            end_local_time: "18:00".to_owned(),
            channels: Vec::new(),
        }],
        source: "house rules".to_owned(),
        ..ContactPolicyDefinition::default()
    }
}

pub fn steps() -> StrategyDefinition {
    let step = |code: &str, offset_days| Step {
        step_code: code.to_owned(),
        offset_days,
        channel: Channel::Email.into(),
        template_code: "reminder".to_owned(),
        condition: None,
        minimum_amounts: Vec::new(),
    };
    StrategyDefinition {
        segments: Vec::new(),
        step_trigger: StepTrigger::Timer.into(),
        steps: vec![step("reminder", 5), step("warning", 15)],
        promise_terms: Some(PromiseTerms {
            grace_days: 2,
            tolerance_ratio: decimal("0"),
            max_days_ahead: 60,
            escalate_when_broken: false,
        }),
    }
}
