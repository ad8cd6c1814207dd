//! Owns the open item: one part of an invoice that is due by itself, an instalment, a fee or
//! interest (DD-9). Must not change what is open: [`super::Receivable`] does, entry by entry.

use std::cmp::Ordering;

use jiff::civil::Date;
use money::Money;
use serde::{Deserialize, Serialize};

use super::{Coded, ItemDiscounts, OpenItemId};

/// What an open item is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum OpenItemKind {
    /// An instalment of the invoiced amount.
    Principal,
    /// A fee charged for being late.
    Fee,
    /// Interest for being late.
    Interest,
}

impl Coded for OpenItemKind {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Principal, "PRINCIPAL"),
        (Self::Fee, "FEE"),
        (Self::Interest, "INTEREST"),
    ];
}

impl OpenItemKind {
    /// Place in the order of settling: costs, then interest, then principal (CA-5).
    #[must_use]
    pub fn settling_rank(self) -> u8 {
        match self {
            Self::Fee => 0,
            Self::Interest => 1,
            Self::Principal => 2,
        }
    }
}

/// One part of an invoice that ages, reminds and settles by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenItem {
    /// Identity.
    pub open_item_id: OpenItemId,
    /// What it is made of.
    pub kind: OpenItemKind,
    /// Place of a principal item among the instalments, from 1 on; 0 for others.
    pub instalment_number: i32,
    /// What was owed at first.
    pub original_amount: Money,
    /// What is owed now: the sum of its entries, never below 0 (P8).
    pub open_amount: Money,
    /// What credit notes have taken off: it shrinks what a discount is counted from (ED-4).
    pub credited_amount: Money,
    /// What stands written off: money that comes in after all reinstates it first (IS-6).
    pub written_off_amount: Money,
    /// The last day on which paying is in time. Never moves (CA-7).
    pub due_date: Date,
    /// The calendar that moved the due date off a non-business day, where one did (DD-10).
    pub calendar_code: Option<String>,
    /// What paying it early earns.
    pub discounts: ItemDiscounts,
    /// The latest receipt date among the money that stands on it (ED-3); `None` without money.
    pub money_date: Option<Date>,
    /// The latest day from which one of its entries counts; applications that were taken back, and
    /// what took them back, are left out. What settles it takes effect on this day.
    pub effective_date: Date,
    /// The day on which what settled it took effect; `None` while it is open.
    pub closed_date: Option<Date>,
}

impl OpenItem {
    /// Whether nothing of it is owed.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.open_amount.is_zero()
    }

    /// The order in which the items of one invoice are settled (CA-5): by kind, then due date.
    #[must_use]
    pub fn settling_order(&self, other: &Self) -> Ordering {
        let key = |item: &Self| {
            let rank = item.kind.settling_rank();
            (
                rank,
                item.due_date,
                item.instalment_number,
                item.open_item_id,
            )
        };
        key(self).cmp(&key(other))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{eur, item};

    #[test]
    fn ca_5_costs_then_interest_then_principal_by_due_date() {
        let mut items = [
            item(1, OpenItemKind::Principal, eur("1.00"), date(2026, 1, 1)),
            item(2, OpenItemKind::Interest, eur("1.00"), date(2026, 3, 1)),
            item(3, OpenItemKind::Principal, eur("1.00"), date(2025, 1, 1)),
            item(4, OpenItemKind::Fee, eur("1.00"), date(2026, 4, 1)),
        ];
        items.sort_by(OpenItem::settling_order);
        let order = items.map(|item| item.open_item_id.0.as_u128());
        assert_eq!(order, [4, 2, 3, 1]);
    }

    #[test]
    fn codes() {
        assert_complete::<OpenItemKind>(3);
    }
}
