//! Contact policies.

use std::collections::BTreeSet;

use calendar::{Date, Time};
use contracts::convert::{date_to_wire, instant_to_wire};
use contracts::google;
use contracts::reminders as wire;
use runtime::Violations;

use super::field;
use crate::domain::contact::{
    ContactPolicy, ContactPolicyDefinition, FrequencyCap, FrequencyMeasure, FrequencyScope,
    PermittedHours, Weekday,
};
use crate::rpc::wire::debtor::{channel_from_wire, channel_to_wire, kind_from_wire, kind_to_wire};

/// What a policy shall say; limits are the domain's.
pub fn definition_from_wire(
    violations: &mut Violations,
    definition: Option<&wire::ContactPolicyDefinition>,
) -> Option<ContactPolicyDefinition> {
    let definition = violations.required("definition", definition)?;
    violations.within("definition", |violations| {
        let country = &definition.country_code;
        let country = field::optional_typed(violations, "country_code", country, field::country);
        let kind = match definition.debtor_kind {
            None => Some(None),
            Some(_) => violations
                .required("debtor_kind", kind_from_wire(definition.debtor_kind()))
                .map(Some),
        };
        let from = definition.valid_from_date.as_ref();
        let from = field::date(violations, "valid_from_date", from);
        let hours = listed(
            violations,
            "permitted_hours",
            &definition.permitted_hours,
            hours,
        );
        let calendar = violations.optional_text("calendar_code", &definition.calendar_code, 20);
        let closed = closed_from_wire(violations, &definition.closed_dates);
        let caps = listed(
            violations,
            "frequency_caps",
            &definition.frequency_caps,
            cap,
        );
        let consent = &definition.consent_channels;
        let consent = field::stated_set(violations, "consent_channels", consent, channel_from_wire);
        let source = field::text(violations, "source", &definition.source, 500);
        Some(ContactPolicyDefinition {
            country_code: country?,
            debtor_kind: kind?,
            valid_from_date: from?,
            permitted_hours: hours?,
            calendar_code: Some(calendar?.to_owned()).filter(|code| !code.is_empty()),
            closed_dates: closed?,
            frequency_caps: caps?,
            consent_channels: consent?,
            source: source?,
        })
    })
}

/// Each of a list under its own path; more than the domain allows are not read.
fn listed<W, T>(
    violations: &mut Violations,
    name: &str,
    entries: &[W],
    parse: impl Fn(&mut Violations, &W) -> Option<T>,
) -> Option<Vec<T>> {
    let entries = entries.iter().take(60).enumerate();
    let parsed: Vec<Option<T>> = entries
        .map(|(place, entry)| {
            violations.within(format!("{name}[{place}]"), |violations| {
                parse(violations, entry)
            })
        })
        .collect();
    parsed.into_iter().collect()
}

fn closed_from_wire(
    violations: &mut Violations,
    dates: &[google::r#type::Date],
) -> Option<BTreeSet<Date>> {
    let mut closed = BTreeSet::new();
    for (place, date) in dates.iter().take(400).enumerate() {
        let path = format!("closed_dates[{place}]");
        let date = field::date(violations, &path, Some(date))?;
        let once = closed.insert(date);
        violations.check(once, path, "is named twice");
    }
    Some(closed)
}

fn hours(violations: &mut Violations, hours: &wire::PermittedHours) -> Option<PermittedHours> {
    let weekdays = field::stated_set(violations, "weekdays", &hours.weekdays, weekday_from_wire);
    let start = &hours.start_local_time;
    let start = field::typed(violations, "start_local_time", start, local_time);
    let end = match hours.end_local_time.as_str() {
        "24:00" => Some(None),
        end => field::typed(violations, "end_local_time", end, local_time).map(Some),
    };
    let channels = field::stated_set(violations, "channels", &hours.channels, channel_from_wire);
    let window = PermittedHours::window(start?, end?).ok_or("does not come after the begin");
    let window = violations.parsed("end_local_time", window);
    Some(PermittedHours {
        weekdays: weekdays?,
        window: window?,
        channels: channels?,
    })
}

/// `HH:MM`, and nothing shorter or longer.
fn local_time(text: &str) -> Result<Time, &'static str> {
    let fits = text.len() == 5 && text.bytes().filter(u8::is_ascii_digit).count() == 4;
    let parsed = fits.then(|| Time::strptime("%H:%M", text).ok()).flatten();
    parsed.ok_or("is not a time HH:MM")
}

fn cap(violations: &mut Violations, cap: &wire::FrequencyCap) -> Option<FrequencyCap> {
    let measure = match cap.measure() {
        wire::FrequencyMeasure::Unspecified => None,
        wire::FrequencyMeasure::Attempts => Some(FrequencyMeasure::Attempts),
        wire::FrequencyMeasure::Conversations => Some(FrequencyMeasure::Conversations),
    };
    let measure = violations.required("measure", measure);
    let channels = field::stated_set(violations, "channels", &cap.channels, channel_from_wire);
    let scope = match cap.scope() {
        wire::FrequencyScope::Unspecified => None,
        wire::FrequencyScope::Customer => Some(FrequencyScope::Customer),
        wire::FrequencyScope::Invoice => Some(FrequencyScope::Invoice),
    };
    let scope = violations.required("scope", scope);
    Some(FrequencyCap {
        measure: measure?,
        channels: channels?,
        max_count: cap.max_count,
        window_days: cap.window_days,
        scope: scope?,
    })
}

const fn weekday_from_wire(day: wire::Weekday) -> Option<Weekday> {
    match day {
        wire::Weekday::Unspecified => None,
        wire::Weekday::Monday => Some(Weekday::Monday),
        wire::Weekday::Tuesday => Some(Weekday::Tuesday),
        wire::Weekday::Wednesday => Some(Weekday::Wednesday),
        wire::Weekday::Thursday => Some(Weekday::Thursday),
        wire::Weekday::Friday => Some(Weekday::Friday),
        wire::Weekday::Saturday => Some(Weekday::Saturday),
        wire::Weekday::Sunday => Some(Weekday::Sunday),
    }
}

/// A policy.
#[must_use]
pub fn policy_to_wire(policy: &ContactPolicy) -> wire::ContactPolicy {
    wire::ContactPolicy {
        contact_policy_id: policy.contact_policy_id.to_string(),
        definition: Some(definition_to_wire(&policy.definition)),
        created_time: Some(instant_to_wire(policy.created_time)),
        created_by: policy.created_by.clone(),
    }
}

/// What a policy says.
#[must_use]
pub fn definition_to_wire(definition: &ContactPolicyDefinition) -> wire::ContactPolicyDefinition {
    let closed = definition.closed_dates.iter().copied();
    let consent = definition.consent_channels.iter();
    wire::ContactPolicyDefinition {
        country_code: definition.country_code.clone().unwrap_or_default(),
        debtor_kind: definition.debtor_kind.map(|kind| kind_to_wire(kind).into()),
        valid_from_date: Some(date_to_wire(definition.valid_from_date)),
        permitted_hours: definition
            .permitted_hours
            .iter()
            .map(hours_to_wire)
            .collect(),
        calendar_code: definition.calendar_code.clone().unwrap_or_default(),
        closed_dates: closed.map(date_to_wire).collect(),
        frequency_caps: definition.frequency_caps.iter().map(cap_to_wire).collect(),
        consent_channels: consent
            .map(|channel| channel_to_wire(*channel).into())
            .collect(),
        source: definition.source.clone(),
    }
}

fn hours_to_wire(hours: &PermittedHours) -> wire::PermittedHours {
    let local = |time: Time| time.strftime("%H:%M").to_string();
    wire::PermittedHours {
        weekdays: hours
            .weekdays
            .iter()
            .map(|day| weekday_to_wire(*day).into())
            .collect(),
        start_local_time: local(hours.window.open()),
        end_local_time: hours.end().map_or_else(|| "24:00".to_owned(), local),
        channels: hours
            .channels
            .iter()
            .map(|channel| channel_to_wire(*channel).into())
            .collect(),
    }
}

const fn weekday_to_wire(day: Weekday) -> wire::Weekday {
    match day {
        Weekday::Monday => wire::Weekday::Monday,
        Weekday::Tuesday => wire::Weekday::Tuesday,
        Weekday::Wednesday => wire::Weekday::Wednesday,
        Weekday::Thursday => wire::Weekday::Thursday,
        Weekday::Friday => wire::Weekday::Friday,
        Weekday::Saturday => wire::Weekday::Saturday,
        Weekday::Sunday => wire::Weekday::Sunday,
    }
}

fn cap_to_wire(cap: &FrequencyCap) -> wire::FrequencyCap {
    let measure = match cap.measure {
        FrequencyMeasure::Attempts => wire::FrequencyMeasure::Attempts,
        FrequencyMeasure::Conversations => wire::FrequencyMeasure::Conversations,
    };
    let scope = match cap.scope {
        FrequencyScope::Customer => wire::FrequencyScope::Customer,
        FrequencyScope::Invoice => wire::FrequencyScope::Invoice,
    };
    wire::FrequencyCap {
        measure: measure.into(),
        channels: cap
            .channels
            .iter()
            .map(|channel| channel_to_wire(*channel).into())
            .collect(),
        max_count: cap.max_count,
        window_days: cap.window_days,
        scope: scope.into(),
    }
}
