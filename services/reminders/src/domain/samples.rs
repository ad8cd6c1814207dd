//! Owns what the tests of the rules draw from: short ways to write a strategy, an invoice, an
//! amount. Must not hide what a test is about.

use std::collections::BTreeSet;

use calendar::{Date, Timestamp, Zone};
use money::{Currency, Money, Rate};
use proptest::prelude::ProptestConfig;
use uuid::Uuid;

use crate::domain::case::Case;
use crate::domain::code::{Code, Level};
use crate::domain::consent::{Consent, ConsentState};
use crate::domain::contact::{
    ContactPolicy, ContactPolicyDefinition, FrequencyCap, FrequencyMeasure, FrequencyScope,
    PermittedHours, Weekday,
};
use crate::domain::debtor::{Channel, Contact, ContactRole, Debtor, DebtorKind};
use crate::domain::decision::{Decision, Findings};
use crate::domain::id::{
    CaseId, ConsentId, ContactPolicyId, CustomerId, InvoiceId, MessageId, OpenItemId, PromiseId,
    StrategyId,
};
use crate::domain::invoice::{Balance, CaseInvoice, ItemBalance, ItemKind};
use crate::domain::letter::{Letter, Line, StepReference};
use crate::domain::message::{Message, NewMessage};
use crate::domain::promise::{Promise, PromiseState};
use crate::domain::strategy::{
    PromiseTerms, Step, StepCondition, StepTrigger, StrategyDefinition, StrategyVersion,
    StrategyVersionState,
};

/// 2 000 cases, or as many as `PROPTEST_CASES` asks for if that is more (P21: 100 000).
pub fn config() -> ProptestConfig {
    ProptestConfig::with_cases(ProptestConfig::default().cases.max(2_000))
}

pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub fn instant(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub fn eur(amount: &str) -> Money {
    Money::parse(amount, Currency::EUR).unwrap()
}

pub fn usd(amount: &str) -> Money {
    Money::parse(amount, Currency::USD).unwrap()
}

pub fn code(text: &str) -> Code {
    text.parse().unwrap()
}

pub fn step(code: &str, offset_days: i32) -> Step {
    Step {
        step_code: code.parse().unwrap(),
        offset_days,
        channel: Channel::Email,
        template_code: Some("reminder".parse().unwrap()),
        condition: StepCondition::default(),
        minimum_amounts: Vec::new(),
    }
}

/// E-mail steps on these days, called `step-1` and so on; promises with 2 days of grace and 5 % of
/// tolerance.
pub fn definition(offsets: &[i32]) -> StrategyDefinition {
    StrategyDefinition {
        segments: BTreeSet::new(),
        step_trigger: StepTrigger::Timer,
        steps: (1..)
            .zip(offsets)
            .map(|(number, offset)| step(&format!("step-{number}"), *offset))
            .collect(),
        promise_terms: PromiseTerms {
            grace_days: 2,
            tolerance: Rate::parse("0.05").unwrap(),
            max_days_ahead: 60,
            escalate_when_broken: false,
        },
    }
}

pub fn case_id() -> CaseId {
    CaseId::new(uuid(1))
}

pub fn invoice_id(number: u128) -> InvoiceId {
    InvoiceId::new(uuid(1_000 + number))
}

pub fn item_id(number: u128) -> OpenItemId {
    OpenItemId::new(uuid(10_000 + number))
}

/// A business in Germany that is written to in German.
pub fn debtor() -> Debtor {
    Debtor {
        customer_id: CustomerId::new(uuid(2)),
        external_id: Some("C-2".to_owned()),
        display_name: "Muster GmbH".to_owned(),
        kind: DebtorKind::Business,
        segment: String::new(),
        country_code: "DE".to_owned(),
        language: "de".to_owned(),
        zone: Some(Zone::parse("Europe/Berlin").unwrap()),
        postal_lines: Vec::new(),
        contacts: vec![Contact {
            display_name: "Buchhaltung".to_owned(),
            role: ContactRole::AccountsPayable,
            email: Some("ap@muster.example".to_owned()),
            phone: None,
            language: None,
        }],
        version: 1,
    }
}

/// What invoicing says of an invoice: its items by number, due date and open amount.
pub fn balance(number: u128, version: i64, items: &[(u128, Date, Money)]) -> Balance {
    let currency = items[0].2.currency();
    Balance {
        invoice_id: invoice_id(number),
        invoice_number: format!("INV-{number}"),
        external_id: None,
        invoice_date: Date::constant(2026, 1, 1),
        currency,
        disputed_amount: Money::zero(currency),
        items: items
            .iter()
            .map(|(item, due_date, open_amount)| ItemBalance {
                open_item_id: item_id(*item),
                kind: ItemKind::Principal,
                due_date: *due_date,
                open_amount: *open_amount,
            })
            .collect(),
        version,
    }
}

/// An invoice with one item, as the feed brought it.
pub fn invoice(number: u128, due_date: Date, open: Money) -> CaseInvoice {
    CaseInvoice::new(case_id(), balance(number, 1, &[(number, due_date, open)]))
}

pub fn at_level(mut invoice: CaseInvoice, level: u8) -> CaseInvoice {
    for item in &mut invoice.items {
        item.level = Level::new(level);
    }
    invoice
}

pub fn case() -> Case {
    Case::open(case_id(), &debtor(), Timestamp::UNIX_EPOCH).0
}

/// 100.00 and 50.00 EUR on invoices 1 and 2, due 1 March 2026, at level 1 on 10 March.
pub fn letter() -> Letter {
    let line = |number: u128, amount: &str| Line {
        invoice_id: invoice_id(number),
        invoice_number: format!("INV-{number}"),
        open_item_id: item_id(number),
        due_date: Date::constant(2026, 3, 1),
        days_past_due: 9,
        open_amount: eur(amount),
        asked_amount: eur(amount),
        step_code: code("step-1"),
        level: Level::new(1),
        item_level: Level::new(1),
    };
    Letter {
        step_date: Date::constant(2026, 3, 10),
        step: StepReference {
            step_code: code("step-1"),
            level: Level::new(1),
            channel: Channel::Email,
            template_code: Some(code("reminder")),
        },
        lines: vec![line(1, "100.00"), line(2, "50.00")],
        strategy_version: "strategy/standard@1".to_owned(),
    }
}

/// A message for [`letter`], queued.
pub fn message(case: &Case) -> Message {
    let new = NewMessage {
        message_id: MessageId::new(uuid(30)),
        dunning_run_id: None,
        at: instant("2026-03-10T08:00Z"),
    };
    Message::queue(case, new, letter(), None)
}

pub fn decision(outcome: &str) -> Decision {
    Findings::new().conclude(outcome, "strategy/standard@1", Timestamp::UNIX_EPOCH)
}

/// Version 1 of `standard`, for everybody, by timer.
pub fn strategy_version(offsets: &[i32]) -> StrategyVersion {
    StrategyVersion {
        strategy_id: StrategyId::new(uuid(20)),
        strategy_code: code("standard"),
        version: 1,
        state: StrategyVersionState::Active,
        definition: definition(offsets),
        change_note: String::new(),
        created_time: Timestamp::UNIX_EPOCH,
        created_by: "ann".to_owned(),
        activated: None,
    }
}

/// Hours from and to as `HH:MM`, to midnight with `24:00`.
pub fn hours(weekdays: &[Weekday], from: &str, to: &str) -> PermittedHours {
    let end = (to != "24:00").then(|| to.parse().unwrap());
    PermittedHours {
        weekdays: weekdays.iter().copied().collect(),
        window: PermittedHours::window(from.parse().unwrap(), end).unwrap(),
        channels: BTreeSet::new(),
    }
}

/// Monday to Friday from nine to five, not on German holidays, twice a week at most.
pub fn office_hours() -> ContactPolicyDefinition {
    ContactPolicyDefinition {
        country_code: None,
        debtor_kind: None,
        valid_from_date: Date::constant(2020, 1, 1),
        permitted_hours: vec![hours(&Weekday::ALL[..5], "09:00", "17:00")],
        calendar_code: Some("DE".to_owned()),
        closed_dates: BTreeSet::new(),
        frequency_caps: vec![FrequencyCap {
            measure: FrequencyMeasure::Attempts,
            channels: BTreeSet::new(),
            max_count: 2,
            window_days: 7,
            scope: FrequencyScope::Customer,
        }],
        consent_channels: BTreeSet::new(),
        source: "house rules".to_owned(),
    }
}

pub fn policy() -> ContactPolicy {
    ContactPolicy {
        contact_policy_id: ContactPolicyId::new(uuid(25)),
        definition: office_hours(),
        created_time: Timestamp::UNIX_EPOCH,
        created_by: "ann".to_owned(),
    }
}

pub fn consent(state: ConsentState) -> Consent {
    Consent {
        consent_id: ConsentId::new(uuid(26)),
        customer_id: debtor().customer_id,
        channel: Channel::Email,
        state,
        effective_time: Timestamp::UNIX_EPOCH,
        evidence: "unsubscribe link".to_owned(),
        recorded_by: "ann".to_owned(),
        recorded_time: Timestamp::UNIX_EPOCH,
    }
}

/// A running promise with 2 days of grace and 5 % of tolerance.
pub fn promise(number: u128, invoices: &[u128], amount: Money, by: Date) -> Promise {
    let case = case();
    let terms = definition(&[]).promise_terms;
    Promise {
        promise_id: PromiseId::new(uuid(100 + number)),
        case_id: case.case_id,
        customer_id: case.customer_id,
        invoice_ids: invoices.iter().map(|number| invoice_id(*number)).collect(),
        promised_amount: amount,
        promised_date: by,
        grace_days: terms.grace_days,
        tolerance: terms.tolerance,
        state: PromiseState::Open,
        level: 1,
        channel: None,
        taken_by: "ann".to_owned(),
        note: String::new(),
        counted: Vec::new(),
        judgements: Vec::new(),
        superseded_by: None,
        created_time: Timestamp::UNIX_EPOCH,
        revision: 1,
    }
}
