//! What another platform sees: a feed from its first position to its head.

use std::collections::BTreeSet;

use anyhow::{Context as _, ensure};
use contracts::common::Event;
use contracts::credit::{CreditPolicyPublished, CustomerCreated, TenantProfileChanged};
use contracts::events::ReadEventsRequest;
use prost::Name as _;

use super::client::World;

/// Every event of `source` that the tenant may see, in the order in which they are told.
///
/// # Errors
/// The call is refused, or the stream breaks.
pub async fn read(world: &World, source: &str) -> anyhow::Result<Vec<Event>> {
    // Small batches, so that there are several.
    let request = ReadEventsRequest {
        source: source.to_owned(),
        batch_limit: 3,
        ..ReadEventsRequest::default()
    };
    let mut batches = world
        .feed()
        .read_events(request)
        .await
        .context("the feed")?
        .into_inner();
    let mut events = Vec::new();
    while let Some(batch) = batches.message().await? {
        events.extend(batch.events);
    }
    Ok(events)
}

/// Checks that the feed of credit tells what was done: in order, each once.
///
/// # Errors
/// It does not.
pub fn check(events: &[Event], customer_ids: &[&str]) -> anyhow::Result<()> {
    ensure!(
        events.is_sorted_by(|a, b| a.position < b.position),
        "positions do not rise"
    );
    let ids: BTreeSet<&str> = events.iter().map(|event| event.event_id.as_str()).collect();
    ensure!(ids.len() == events.len(), "an event is told twice");
    let of_type = |name: &str| -> Vec<&str> {
        let events = events.iter().filter(|event| event.r#type == name);
        events.map(|event| event.subject.as_str()).collect()
    };
    for name in [
        TenantProfileChanged::full_name(),
        CreditPolicyPublished::full_name(),
    ] {
        let told = of_type(&name).len();
        ensure!(told == 1, "{name} is told {told} times");
    }
    ensure!(
        of_type(&CustomerCreated::full_name()) == customer_ids,
        "what is announced is not the customers in the order of their creation"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn story() -> Vec<Event> {
        let told = [
            (TenantProfileChanged::full_name(), "tenant"),
            (CreditPolicyPublished::full_name(), "tenant"),
            (CustomerCreated::full_name(), "a"),
            (CustomerCreated::full_name(), "b"),
        ];
        let event = |(position, (name, subject)): (i64, (String, &str))| Event {
            event_id: format!("event-{position}"),
            position,
            r#type: name,
            subject: subject.to_owned(),
            ..Event::default()
        };
        (1..).zip(told).map(event).collect()
    }

    /// What `check` says of the story after `spoil`.
    fn verdict(spoil: impl FnOnce(&mut Vec<Event>)) -> Result<(), String> {
        let mut events = story();
        spoil(&mut events);
        check(&events, &["a", "b"]).map_err(|error| error.to_string())
    }

    #[test]
    fn p23_a_feed_that_lies_is_found_out() {
        assert_eq!(verdict(|_| ()), Ok(()));
        assert!(
            verdict(|events| events.swap(0, 1))
                .unwrap_err()
                .contains("rise")
        );
        assert!(
            verdict(|events| events[3].position = 3)
                .unwrap_err()
                .contains("rise")
        );
        let twice = |events: &mut Vec<Event>| events[3].event_id = events[2].event_id.clone();
        assert!(verdict(twice).unwrap_err().contains("twice"));
        assert!(
            verdict(|events| drop(events.pop()))
                .unwrap_err()
                .contains("customers")
        );
        assert!(
            verdict(|events| drop(events.remove(1)))
                .unwrap_err()
                .contains("0 times")
        );
    }
}
