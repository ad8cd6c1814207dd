//! Refusals about messages.

use runtime::Refusal;

use crate::domain::id::MessageId;
use crate::domain::message::MessageError;

/// There is no such message.
pub fn not_found(message_id: MessageId) -> Refusal {
    Refusal::not_found("MESSAGE_NOT_FOUND", "message", message_id)
}

/// It was never claimed, so that it has no words.
pub fn not_rendered(message_id: MessageId) -> Refusal {
    let text = "the message has no words: it was never claimed";
    Refusal::rule(
        "MESSAGE_NOT_RENDERED",
        "STATE",
        message_id.to_string(),
        text,
    )
}

/// A message was not settled.
pub fn not_resolved(message_id: MessageId, error: MessageError) -> Refusal {
    let reason = match error {
        MessageError::WasRefused => "MESSAGE_WAS_REFUSED",
        _ => "MESSAGE_NOT_RESOLVABLE",
    };
    Refusal::rule(reason, "STATE", message_id.to_string(), error.to_string())
}
