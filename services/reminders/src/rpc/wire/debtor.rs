//! Channels and kinds of debtors.

use contracts::reminders as wire;

use crate::domain::debtor::{Channel, DebtorKind};

/// A channel; none where it is not stated.
#[must_use]
pub const fn channel_from_wire(channel: wire::Channel) -> Option<Channel> {
    match channel {
        wire::Channel::Unspecified => None,
        wire::Channel::Email => Some(Channel::Email),
        wire::Channel::Call => Some(Channel::Call),
        wire::Channel::Letter => Some(Channel::Letter),
    }
}

/// A channel.
#[must_use]
pub const fn channel_to_wire(channel: Channel) -> wire::Channel {
    match channel {
        Channel::Email => wire::Channel::Email,
        Channel::Call => wire::Channel::Call,
        Channel::Letter => wire::Channel::Letter,
    }
}

/// What the law takes a debtor for; none where it is not stated.
#[must_use]
pub const fn kind_from_wire(kind: wire::DebtorKind) -> Option<DebtorKind> {
    match kind {
        wire::DebtorKind::Unspecified => None,
        wire::DebtorKind::Business => Some(DebtorKind::Business),
        wire::DebtorKind::Consumer => Some(DebtorKind::Consumer),
    }
}

/// What the law takes a debtor for.
#[must_use]
pub const fn kind_to_wire(kind: DebtorKind) -> wire::DebtorKind {
    match kind {
        DebtorKind::Business => wire::DebtorKind::Business,
        DebtorKind::Consumer => wire::DebtorKind::Consumer,
    }
}
