//! What invoices are worth, as invoicing tells it in its feed and at the last look.

use std::collections::BTreeSet;

use contracts::convert::{Malformed, date_from_wire, money_from_wire};
use contracts::invoicing as wire;
use money::MoneyError;

use crate::domain::debt::{Balance, Debt, Ladder, OpenParts};

/// Why a balance cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UnfitBalance {
    /// An identity, or something else that must be there, is not.
    #[error("{0} is missing or malformed")]
    Field(&'static str),
    /// An amount or a day.
    #[error("an amount or day is malformed: {0}")]
    Value(String),
    /// Amounts that do not add up.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<Malformed> for UnfitBalance {
    fn from(error: Malformed) -> Self {
        Self::Value(error.to_string())
    }
}

/// An invoice as invoicing tells it; nothing is known of its reminders, holds and placements.
///
/// # Errors
/// [`UnfitBalance`].
pub fn debt_from_wire(told: &wire::InvoiceBalance) -> Result<Debt, UnfitBalance> {
    let disputed = needed(told.disputed_amount.as_ref(), "disputed_amount")?;
    let disputed = money_from_wire(disputed)?;
    let mut open = OpenParts::none(disputed.currency());
    let mut oldest_due_date = None;
    for item in &told.open_items {
        let amount = money_from_wire(needed(item.open_amount.as_ref(), "open_items.open_amount")?)?;
        let part = match item.kind() {
            wire::OpenItemKind::Principal => &mut open.principal,
            wire::OpenItemKind::Fee => &mut open.fees,
            wire::OpenItemKind::Interest => &mut open.interest,
            wire::OpenItemKind::Unspecified => {
                return Err(UnfitBalance::Field("open_items.kind"));
            }
        };
        *part = part.checked_add(amount)?;
        if amount.is_positive() {
            let due = date_from_wire(needed(item.due_date.as_ref(), "open_items.due_date")?)?;
            oldest_due_date = Some(oldest_due_date.map_or(due, |oldest| due.min(oldest)));
        }
    }
    let date = needed(told.invoice_date.as_ref(), "invoice_date")?;
    Ok(Debt {
        invoice_id: parsed(&told.invoice_id, "invoice_id")?,
        customer_id: parsed(&told.customer_id, "customer_id")?,
        invoice_number: told.invoice_number.clone(),
        invoice_external_id: Some(told.external_id.clone()).filter(|id| !id.is_empty()),
        invoice_date: date_from_wire(date)?,
        balance: Balance {
            version: told.version,
            open,
            disputed,
            oldest_due_date,
        },
        ladder: Ladder::default(),
        holds: BTreeSet::new(),
        placed: false,
        earlier_placements: 0,
    })
}

fn needed<'a, T>(value: Option<&'a T>, field: &'static str) -> Result<&'a T, UnfitBalance> {
    value.ok_or(UnfitBalance::Field(field))
}

fn parsed<T: std::str::FromStr>(text: &str, field: &'static str) -> Result<T, UnfitBalance> {
    text.parse().map_err(|_| UnfitBalance::Field(field))
}
