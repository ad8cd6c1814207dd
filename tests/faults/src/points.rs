//! The fault points in the code of the services: which there are, and in whose processes.

use std::collections::BTreeSet;

use crate::SERVICES;

/// Where the money protocol can be cut, from the request to the booked answer, with the service that
/// is there.
pub const APPLY: [(&str, &str); 8] = [
    ("payments", "payments.apply.before_begin"),
    ("payments", "payments.apply.before_commit"),
    ("payments", "payments.apply.reserved"),
    ("invoicing", "invoicing.apply_credits.before_commit"),
    ("invoicing", "invoicing.apply_credits.committed"),
    ("payments", "payments.operation.answered"),
    ("payments", "payments.operation.before_commit"),
    ("payments", "payments.operation.booked"),
];

/// And its mirror.
pub const REVERSE: [(&str, &str); 7] = [
    ("payments", "payments.reverse.before_commit"),
    ("payments", "payments.reverse.marked"),
    ("invoicing", "invoicing.reverse_applications.before_commit"),
    ("invoicing", "invoicing.reverse_applications.committed"),
    ("payments", "payments.operation.answered"),
    ("payments", "payments.operation.before_commit"),
    ("payments", "payments.operation.booked"),
];

/// Where issuing an invoice can be cut.
pub const ISSUE: [(&str, &str); 3] = [
    ("invoicing", "invoicing.issue.before_begin"),
    ("invoicing", "invoicing.issue.before_commit"),
    ("invoicing", "invoicing.issue.committed"),
];

/// Where a message can be cut, from the queue to its end.
pub const SEND: [(&str, &str); 7] = [
    ("reminders", "reminders.send.before_claim"),
    ("reminders", "reminders.send.claimed"),
    ("reminders", "reminders.send.before_hand_off"),
    ("reminders", "reminders.send.handing_off"),
    ("reminders", "reminders.send.handed_over"),
    ("reminders", "reminders.send.before_settled"),
    ("reminders", "reminders.send.settled"),
];

/// Where a placement can be cut, from the request to ACTIVE.
pub const PLACE: [(&str, &str); 9] = [
    ("agency", "agency.place.before_commit"),
    ("agency", "agency.place.pending_hold"),
    ("reminders", "reminders.place_hold.before_commit"),
    ("reminders", "reminders.place_hold.committed"),
    ("agency", "agency.place.hold_answered"),
    ("agency", "agency.place.hold_booked"),
    ("agency", "agency.place.looked"),
    ("agency", "agency.place.before_active"),
    ("agency", "agency.place.active"),
];

/// Where the reader of a feed can be cut.
pub const CONSUME: [&str; 4] = [
    "events.consumer.cursor_moved",
    "events.consumer.in_batch",
    "events.consumer.before_commit",
    "events.consumer.committed",
];

/// Every point of a service, and those of its readers.
#[must_use]
pub fn all() -> Vec<(&'static str, &'static str)> {
    let of_protocols: [&[_]; 5] = [&APPLY, &REVERSE, &ISSUE, &SEND, &PLACE];
    let reading = SERVICES
        .into_iter()
        .flat_map(|reader| CONSUME.map(|point| (reader, point)));
    let own: BTreeSet<_> = of_protocols.concat().into_iter().collect();
    own.into_iter().chain(reading).collect()
}

/// Their names, for the end of a scenario.
#[must_use]
pub fn names(points: &[(&'static str, &'static str)]) -> Vec<&'static str> {
    points.iter().map(|(_, point)| *point).collect()
}
