//! Contact policies.

use calendar::Time;
use contracts::convert::date_to_wire;
use contracts::reminders as wire;

use crate::domain::contact::{
    ContactPolicyDefinition, FrequencyCap, FrequencyMeasure, FrequencyScope, PermittedHours,
    Weekday,
};
use crate::rpc::wire::debtor::{channel_to_wire, kind_to_wire};

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
