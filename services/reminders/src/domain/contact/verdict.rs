//! Owns the one answer to whether a debtor may be contacted now: every rule is asked, what each said
//! is kept, and the first that forbids wins over those that only put off (CC-11).

use calendar::{Timestamp, Zone};

use super::caps::ContactMade;
use super::hours::Closed;
use super::policy::ContactPolicy;
use crate::domain::consent::{Consent, ConsentState};
use crate::domain::debtor::Channel;
use crate::domain::decision::Findings;
use crate::domain::hold::HoldReason;
use crate::domain::id::InvoiceId;
use crate::domain::reason::Reason;
use crate::domain::zones::Zones;

/// How often hours and caps are asked in turn; each turn goes at least a day on.
const MOST_TURNS: usize = 400;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct ContactQuestion<'a> {
    /// Through what.
    pub channel: Channel,
    /// The zones in which the debtor may be.
    pub zones: &'a Zones,
    /// The policy that counts for the debtor on that day.
    pub policy: Option<&'a ContactPolicy>,
    /// What the customer last said about the channel.
    pub consent: Option<&'a Consent>,
    /// The reason for which everything it is about is held.
    pub held: Option<HoldReason>,
    /// The contacts made and reserved, as far back as any cap looks; without the one asked for.
    pub contacts: &'a [ContactMade],
    /// The invoices it is about.
    pub invoice_ids: &'a [InvoiceId],
    /// When.
    pub at: Timestamp,
}

/// Whether a debtor may be contacted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContactVerdict {
    /// Yes.
    Allowed,
    /// Not now: the hours or the caps will allow it then, as far as is known.
    Later(Reason, Timestamp),
    /// No, until a fact changes.
    Forbidden(Reason),
}

/// A verdict, with every rule that was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactAnswer {
    /// The verdict.
    pub verdict: ContactVerdict,
    /// What each rule said.
    pub findings: Findings,
}

/// Whether a debtor may be contacted at an instant, and if not, from when on (CC-11).
#[must_use]
pub fn check(question: &ContactQuestion<'_>) -> ContactAnswer {
    let mut findings = Findings::new();
    findings.fact("channel", question.channel);
    findings.fact("at", question.at);
    findings.fact("zone", zone_names(question.zones));
    let forbidden = question
        .forbidden_by_hold(&mut findings)
        .or(question.forbidden_by_consent(&mut findings));
    let verdict = match (forbidden, question.policy) {
        (Some(reason), _) => ContactVerdict::Forbidden(reason),
        (None, None) => {
            findings.rule("CC-10", false, "no contact policy fits the debtor");
            ContactVerdict::Forbidden(Reason::NoContactPolicy)
        }
        (None, Some(policy)) => question.when(policy, &mut findings),
    };
    ContactAnswer { verdict, findings }
}

impl ContactQuestion<'_> {
    fn forbidden_by_hold(&self, findings: &mut Findings) -> Option<Reason> {
        match self.held {
            Some(reason) => findings.rule("P18", false, format!("held for {reason}")),
            None => findings.rule("P18", true, "no hold forbids it"),
        }
        self.held.map(Reason::from)
    }

    fn forbidden_by_consent(&self, findings: &mut Findings) -> Option<Reason> {
        let state = self.consent.map(|consent| consent.state);
        if state == Some(ConsentState::OptedOut) {
            findings.rule("CC-5", false, "the customer opted out of the channel");
            return Some(Reason::OptedOut);
        }
        let needed = self
            .policy
            .is_some_and(|policy| policy.definition.consent_channels.contains(&self.channel));
        if needed && state != Some(ConsentState::Given) {
            findings.rule(
                "CC-5",
                false,
                "the channel needs a consent, and none is recorded",
            );
            return Some(Reason::ConsentMissing);
        }
        findings.rule("CC-5", true, "the customer has not refused the channel");
        None
    }

    /// The first instant that both hours and caps allow.
    fn when(&self, policy: &ContactPolicy, findings: &mut Findings) -> ContactVerdict {
        findings.fact("contact_policy", policy.name());
        let hours = self.by_hours(policy, self.at);
        findings.rule("CC-2", hours == Ok(self.at), told_of_hours(hours, self.at));
        let caps = self.by_caps(policy, self.at);
        findings.rule("CC-10", caps == Ok(self.at), told_of_caps(caps, self.at));
        let reason = match (hours, caps) {
            (Err(reason), _) | (_, Err(reason)) => return ContactVerdict::Forbidden(reason),
            (_, Ok(free)) if free > self.at => Reason::FrequencyCap,
            (Ok(open), _) if open > self.at => Reason::OutsideHours,
            _ => return ContactVerdict::Allowed,
        };
        match self.both(policy) {
            Ok(instant) => ContactVerdict::Later(reason, instant),
            Err(reason) => ContactVerdict::Forbidden(reason),
        }
    }

    fn both(&self, policy: &ContactPolicy) -> Result<Timestamp, Reason> {
        let mut candidate = self.at;
        for _ in 0..MOST_TURNS {
            let open = self.by_hours(policy, candidate)?;
            let free = self.by_caps(policy, open)?;
            if free == candidate {
                return Ok(candidate);
            }
            candidate = free;
        }
        Err(Reason::NeverPermitted)
    }

    fn by_hours(&self, policy: &ContactPolicy, from: Timestamp) -> Result<Timestamp, Reason> {
        let zones: &[Zone] = self.zones.candidates();
        let opens = policy.definition.first_permitted(self.channel, zones, from);
        opens.map_err(|closed| match closed {
            Closed::NeverOpen => Reason::NeverPermitted,
            Closed::CalendarNotCovered => Reason::CalendarNotCovered,
            Closed::NoZone => Reason::ZoneUnknown,
        })
    }

    /// The first instant from `from` on that every cap allows: `from`, or the start of a later day.
    fn by_caps(&self, policy: &ContactPolicy, from: Timestamp) -> Result<Timestamp, Reason> {
        let today = self.zones.local_date(from);
        let mut latest = today;
        for cap in &policy.definition.frequency_caps {
            let free = cap.first_free_day(self.contacts, self.channel, self.invoice_ids, today);
            latest = latest.max(free.ok_or(Reason::FrequencyCap)?);
        }
        if latest == today {
            return Ok(from);
        }
        self.zones
            .start_of_day(latest)
            .map_err(|_| Reason::NeverPermitted)
    }
}

fn told_of_hours(opens: Result<Timestamp, Reason>, at: Timestamp) -> String {
    match opens {
        Ok(open) if open == at => "inside the permitted hours".to_owned(),
        Ok(open) => format!("the permitted hours begin at {open}"),
        Err(reason) => format!("no hour is permitted: {reason}"),
    }
}

fn told_of_caps(free: Result<Timestamp, Reason>, at: Timestamp) -> String {
    match free {
        Ok(free) if free == at => "below every frequency cap".to_owned(),
        Ok(free) => format!("a frequency cap is reached until {free}"),
        Err(_) => "a frequency cap permits no contact at all".to_owned(),
    }
}

fn zone_names(zones: &Zones) -> String {
    match zones.candidates() {
        [only] => only.name().to_owned(),
        candidates => format!("unknown, {} candidates", candidates.len()),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::caps::{FrequencyCap, FrequencyMeasure, FrequencyScope};
    use super::*;
    use crate::domain::samples::{self, instant};

    struct Asked {
        policy: Option<ContactPolicy>,
        consent: Option<ConsentState>,
        held: Option<HoldReason>,
        contacts: Vec<ContactMade>,
        at: &'static str,
    }

    impl Default for Asked {
        fn default() -> Self {
            Self {
                policy: Some(samples::policy()),
                consent: None,
                held: None,
                contacts: Vec::new(),
                at: "2026-03-10T12:00+01:00",
            }
        }
    }

    fn answer(asked: &Asked) -> ContactAnswer {
        let consent = asked.consent.map(samples::consent);
        check(&ContactQuestion {
            channel: Channel::Email,
            zones: &samples::debtor().zones(),
            policy: asked.policy.as_ref(),
            consent: consent.as_ref(),
            held: asked.held,
            contacts: &asked.contacts,
            invoice_ids: &[samples::invoice_id(1)],
            at: instant(asked.at),
        })
    }

    fn failed(answer: &ContactAnswer) -> Vec<&str> {
        let rules = answer.findings.rules().iter().filter(|rule| !rule.passed);
        rules.map(|rule| rule.rule_id.as_str()).collect()
    }

    fn mail_on(day: &str) -> ContactMade {
        ContactMade {
            local_date: day.parse().unwrap(),
            channel: Channel::Email,
            is_conversation: false,
            invoice_ids: Vec::new(),
        }
    }

    #[test]
    fn cc_11_at_noon_nothing_speaks_against_it() {
        let answer = answer(&Asked::default());
        assert_eq!(answer.verdict, ContactVerdict::Allowed);
        let asked: Vec<&str> = answer
            .findings
            .rules()
            .iter()
            .map(|rule| rule.rule_id.as_str())
            .collect();
        assert_eq!(asked, ["P18", "CC-5", "CC-2", "CC-10"]);
    }

    #[test]
    fn cc_2_outside_the_hours_it_is_put_off_to_the_next_opening() {
        let answer = answer(&Asked {
            at: "2026-03-13T20:00+01:00",
            ..Asked::default()
        });
        let monday = instant("2026-03-16T09:00+01:00");
        assert_eq!(
            answer.verdict,
            ContactVerdict::Later(Reason::OutsideHours, monday)
        );
        assert_eq!(failed(&answer), ["CC-2"]);
    }

    #[test]
    fn cc_10_a_reached_cap_puts_off_to_an_open_hour_of_a_free_day() {
        // Two a week: the first of them leaves the window on Saturday, and Monday is open.
        let answer = answer(&Asked {
            contacts: vec![mail_on("2026-03-07"), mail_on("2026-03-09")],
            ..Asked::default()
        });
        let monday = instant("2026-03-16T09:00+01:00");
        assert_eq!(
            answer.verdict,
            ContactVerdict::Later(Reason::FrequencyCap, monday)
        );
        assert_eq!(failed(&answer), ["CC-10"]);
    }

    #[test]
    fn p18_a_hold_and_an_opt_out_forbid_it() {
        let held = answer(&Asked {
            held: Some(HoldReason::Deceased),
            ..Asked::default()
        });
        assert_eq!(held.verdict, ContactVerdict::Forbidden(Reason::Deceased));
        let opted_out = answer(&Asked {
            consent: Some(ConsentState::OptedOut),
            ..Asked::default()
        });
        assert_eq!(
            opted_out.verdict,
            ContactVerdict::Forbidden(Reason::OptedOut)
        );
        assert_eq!(failed(&opted_out), ["CC-5"]);
    }

    #[test]
    fn cc_5_where_a_consent_is_needed_silence_is_none() {
        let mut policy = samples::policy();
        policy.definition.consent_channels = BTreeSet::from([Channel::Email]);
        let verdict = |consent| {
            let policy = Some(policy.clone());
            answer(&Asked {
                policy,
                consent,
                ..Asked::default()
            })
            .verdict
        };
        let missing = ContactVerdict::Forbidden(Reason::ConsentMissing);
        assert_eq!(verdict(None), missing);
        assert_eq!(verdict(Some(ConsentState::Cleared)), missing);
        assert_eq!(verdict(Some(ConsentState::Given)), ContactVerdict::Allowed);
    }

    #[test]
    fn cc_10_whom_no_policy_fits_is_not_contacted() {
        let answer = answer(&Asked {
            policy: None,
            ..Asked::default()
        });
        assert_eq!(
            answer.verdict,
            ContactVerdict::Forbidden(Reason::NoContactPolicy)
        );
    }

    #[test]
    fn p17_without_any_zone_nobody_knows_what_time_it_is() {
        let mut debtor = samples::debtor();
        debtor.zone = None;
        debtor.country_code = "XX".to_owned();
        let policy = samples::policy();
        let answer = check(&ContactQuestion {
            channel: Channel::Email,
            zones: &debtor.zones(),
            policy: Some(&policy),
            consent: None,
            held: None,
            contacts: &[],
            invoice_ids: &[],
            at: instant("2026-03-10T12:00Z"),
        });
        assert_eq!(
            answer.verdict,
            ContactVerdict::Forbidden(Reason::ZoneUnknown)
        );
    }

    #[test]
    fn a_cap_of_zero_forbids() {
        let mut policy = samples::policy();
        policy.definition.frequency_caps = vec![FrequencyCap {
            measure: FrequencyMeasure::Attempts,
            channels: BTreeSet::new(),
            max_count: 0,
            window_days: 1,
            scope: FrequencyScope::Customer,
        }];
        let answer = answer(&Asked {
            policy: Some(policy),
            ..Asked::default()
        });
        assert_eq!(
            answer.verdict,
            ContactVerdict::Forbidden(Reason::FrequencyCap)
        );
    }
}
