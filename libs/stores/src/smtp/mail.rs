//! A message as the server got it, and the parts of it that one looks at.

use calendar::Timestamp;
use mail_parser::{Message, MessageParser, PartType};
use tokio::time::Instant;

use super::session::Session;

/// A message whose data came in whole.
#[derive(Debug, Clone)]
pub struct ReceivedMail {
    /// Sender of the envelope; empty for a bounce.
    pub envelope_from: String,
    /// Recipients of the envelope, those that were refused left out.
    pub envelope_to: Vec<String>,
    /// The message as sent, the added dots of the transfer taken away.
    pub raw: Vec<u8>,
    /// When its data ended, on the server's clock: for permitted hours and dates.
    pub time: Timestamp,
    /// When its data ended, in real time: for races.
    pub instant: Instant,
}

impl ReceivedMail {
    pub(super) fn new(session: &Session, raw: Vec<u8>, time: Timestamp) -> Self {
        Self {
            envelope_from: session.from().to_owned(),
            envelope_to: session.to().to_vec(),
            raw,
            time,
            instant: Instant::now(),
        }
    }

    /// Headers and parts, decoded; `None` for what has no header.
    #[must_use]
    pub fn parsed(&self) -> Option<Message<'_>> {
        MessageParser::default().parse(&self.raw)
    }

    /// Message-ID without its angle brackets.
    #[must_use]
    pub fn message_id(&self) -> Option<String> {
        self.parsed()?.message_id().map(str::to_owned)
    }

    /// Decoded subject; empty when there is none.
    #[must_use]
    pub fn subject(&self) -> String {
        let parsed = self.parsed();
        let subject = parsed.as_ref().and_then(Message::subject);
        subject.unwrap_or_default().to_owned()
    }

    /// The value of a header as sent, folded lines joined by the parser; `None` when it is missing.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        self.parsed()?
            .header_raw(name)
            .map(|value| value.trim().to_owned())
    }

    /// The plain text part, decoded; `None` when there is none.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        self.parsed()?
            .parts
            .iter()
            .find_map(|part| match &part.body {
                PartType::Text(text) => Some(text.to_string()),
                _ => None,
            })
    }

    /// The HTML part, decoded; `None` when there is none.
    #[must_use]
    pub fn html(&self) -> Option<String> {
        self.parsed()?
            .parts
            .iter()
            .find_map(|part| match &part.body {
                PartType::Html(html) => Some(html.to_string()),
                _ => None,
            })
    }
}
