//! How a message may stand in a log: by type and size, never by content (P30).

use std::fmt;

/// A message as `recoup.invoicing.v1.IssueInvoiceRequest (123 bytes)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Redacted {
    name: &'static str,
    bytes: usize,
    package: &'static str,
}

/// What may be said of `message` in a log.
pub fn redacted<M: prost::Message + prost::Name>(message: &M) -> Redacted {
    Redacted {
        name: M::NAME,
        package: M::PACKAGE,
        bytes: message.encoded_len(),
    }
}

impl fmt::Display for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} ({} bytes)", self.package, self.name, self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p30_a_message_is_logged_without_its_content() {
        let request = contracts::events::GetFeedHeadRequest {
            source: "canary".into(),
        };
        let shown = redacted(&request).to_string();
        assert_eq!(shown, "recoup.events.v1.GetFeedHeadRequest (8 bytes)");
    }
}
