//! A refusal of one item of a batch: what would have been a status, as a message in
//! an answer that is OK.

use contracts::common::ItemRefusal;

use super::{Refusal, status};

impl Refusal {
    /// The refusal of an item in the answer of a batch. Writes the same log entry as
    /// a status would.
    #[must_use]
    pub fn into_item(self, service: &str) -> ItemRefusal {
        let mut parts = *self.0;
        status::log(&mut parts, service);
        ItemRefusal {
            code: parts.code.into(),
            reason: parts.reason.into_owned(),
            message: parts.message.into_owned(),
            metadata: parts.metadata,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_refused_with_what_a_call_would_have_been() {
        let rule = Refusal::rule("CURRENCY_MISMATCH", "MONEY", "invoice/7", "it is in EUR")
            .with_metadata("currency_code", "EUR");
        let item = rule.into_item("invoicing");
        assert_eq!(
            (item.code, &*item.reason, &*item.message),
            (9, "CURRENCY_MISMATCH", "it is in EUR")
        );
        assert_eq!(item.metadata["currency_code"], "EUR");
        assert!(
            Refusal::internal("canary")
                .into_item("invoicing")
                .metadata
                .contains_key("error_id")
        );
    }
}
