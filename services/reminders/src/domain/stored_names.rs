//! The names that the rules give and the names that the database takes are the same: each enum is held
//! against the CHECK that guards its column.

use crate::domain::{
    case, communication, consent, debtor, dunning_run, hold, invoice, message, promise, strategy,
    task, template,
};

/// The names in `CONSTRAINT <name> CHECK (… IN ('A', 'B', …))`.
fn taken_by(migration: &str, constraint: &str) -> Vec<String> {
    let head = format!("CONSTRAINT {constraint}");
    let after = migration.split_once(&head).map(|(_, after)| after);
    let list = after
        .and_then(|after| after.split_once("IN"))
        .and_then(|(_, list)| list.split_once(')'));
    let (names, _) = list.unwrap_or_else(|| panic!("{constraint} has no list"));
    let mut names: Vec<String> = names
        .split('\'')
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    names.sort();
    names
}

macro_rules! same_names {
    ($($test:ident: $kind:ty = $file:literal, $constraint:literal;)+) => {$(
        #[test]
        fn $test() {
            let migration = include_str!(concat!("../../migrations/", $file, ".sql"));
            let mut given: Vec<String> =
                <$kind>::ALL.iter().map(|one| one.name().to_owned()).collect();
            given.sort();
            assert_eq!(taken_by(migration, $constraint), given);
        }
    )+};
}

same_names! {
    customer_kind: debtor::DebtorKind = "0101_customer", "customer_kind";
    strategy_version_state: strategy::StrategyVersionState =
        "0103_strategy_version", "strategy_version_state";
    template_channel: debtor::Channel = "0105_template", "template_channel";
    template_version_state: template::TemplateVersionState =
        "0106_template_version", "template_version_state";
    contact_policy_kind: debtor::DebtorKind = "0107_contact_policy", "contact_policy_debtor_kind";
    consent_channel: debtor::Channel = "0108_consent", "consent_channel";
    consent_state: consent::ConsentState = "0108_consent", "consent_state";
    case_state: case::CaseState = "0109_collection_case", "collection_case_state";
    item_kind: invoice::ItemKind = "0111_case_item", "case_item_kind";
    hold_reason: hold::HoldReason = "0114_hold", "hold_reason";
    hold_state: hold::HoldState = "0114_hold", "hold_state";
    promise_state: promise::PromiseState = "0116_promise", "promise_state";
    promise_channel: debtor::Channel = "0116_promise", "promise_channel";
    counted_kind: promise::CountedKind = "0118_promise_counted", "promise_counted_kind";
    run_state: dunning_run::DunningRunState = "0120_dunning_run", "dunning_run_state";
    message_channel: debtor::Channel = "0121_message", "message_channel";
    message_state: message::MessageState = "0121_message", "message_state";
    run_outcome: dunning_run::DunningOutcome =
        "0124_dunning_run_item", "dunning_run_item_outcome";
    task_kind: task::TaskKind = "0125_task", "task_kind";
    task_state: task::TaskState = "0125_task", "task_state";
    task_outcome: task::TaskOutcome = "0125_task", "task_outcome";
    task_overtaken: task::Overtaken = "0125_task", "task_overtaken_by";
    direction: communication::Direction = "0126_communication", "communication_direction";
    outcome: communication::CommunicationOutcome =
        "0126_communication", "communication_outcome";
    frequency_channel: debtor::Channel = "0128_frequency_entry", "frequency_entry_channel";
}
