//! Enums as people write them: `INVOICE_STATE_ISSUED` is `issued`.

use contracts::agency::PlacementState;
use contracts::common::ImportState;
use contracts::credit::{ContactRole, CustomerKind};
use contracts::invoicing::{EntryKind, FigureKind, FigureUnit, InvoiceState, OpenItemKind};
use contracts::payments::{ReceiptApplicationState, ReceiptMethod, ReceiptState};
use contracts::reminders::{CaseState, Channel, HoldReason, MessageState};

/// An enum of the contracts.
pub trait Word: Copy + TryFrom<i32> {
    /// What stands before the word in the contract's name.
    const PREFIX: &'static str;

    /// The contract's name.
    fn name(self) -> &'static str;
}

macro_rules! words {
    ($($enum:ident $prefix:literal),* $(,)?) => {$(
        impl Word for $enum {
            const PREFIX: &'static str = $prefix;

            fn name(self) -> &'static str {
                self.as_str_name()
            }
        }
    )*};
}

words! {
    CaseState "CASE_STATE_",
    Channel "CHANNEL_",
    ContactRole "CONTACT_ROLE_",
    CustomerKind "CUSTOMER_KIND_",
    EntryKind "ENTRY_KIND_",
    FigureKind "FIGURE_KIND_",
    FigureUnit "FIGURE_UNIT_",
    HoldReason "HOLD_REASON_",
    ImportState "IMPORT_STATE_",
    InvoiceState "INVOICE_STATE_",
    MessageState "MESSAGE_STATE_",
    OpenItemKind "OPEN_ITEM_KIND_",
    PlacementState "PLACEMENT_STATE_",
    ReceiptApplicationState "RECEIPT_APPLICATION_STATE_",
    ReceiptMethod "RECEIPT_METHOD_",
    ReceiptState "RECEIPT_STATE_",
}

/// The word for a value; nothing for the one that says nothing.
pub fn word(value: impl Word) -> String {
    match word_of(value).as_str() {
        "unspecified" => String::new(),
        word => word.to_owned(),
    }
}

/// The word for a number from the wire; the number itself for a value that a newer installation
/// may know.
pub fn word_on_wire<W: Word>(value: i32) -> String {
    W::try_from(value).map_or_else(|_| value.to_string(), word)
}

fn word_of<W: Word>(value: W) -> String {
    let name = value.name();
    let name = name.strip_prefix(W::PREFIX).unwrap_or(name);
    name.to_lowercase().replace('_', "-")
}

/// The value of a word.
///
/// # Errors
/// There is none: the words that there are.
pub fn parse<W: Word>(text: &str) -> Result<W, String> {
    let values = || (1..).map_while(|value| W::try_from(value).ok());
    let wanted = text.to_lowercase().replace('_', "-");
    let found = values().find(|value| word_of(*value) == wanted);
    found.ok_or_else(|| {
        let words: Vec<String> = values().map(word_of).collect();
        format!("one of: {}", words.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_as_it_is_written() {
        fn check<W: Word + PartialEq + std::fmt::Debug>(count: i32) {
            for value in 1..=count {
                let Ok(value) = W::try_from(value) else {
                    panic!("{} has no {value}", W::PREFIX)
                };
                assert_eq!(parse::<W>(&word(value)), Ok(value));
                assert!(value.name().starts_with(W::PREFIX));
            }
        }
        check::<InvoiceState>(4);
        check::<PlacementState>(10);
        check::<HoldReason>(12);
        check::<FigureKind>(11);
        assert_eq!(word(FigureKind::BestPossibleDso), "best-possible-dso");
        assert_eq!(word(InvoiceState::Unspecified), "");
        assert_eq!(word_on_wire::<InvoiceState>(99), "99");
        let told = parse::<InvoiceState>("overdue").unwrap_err();
        assert_eq!(told, "one of: draft, issued, closed, void");
    }
}
