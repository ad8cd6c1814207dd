//! Owns what came to an open item, and posting it: money or credit, the discount and tolerance that
//! were let go with it, and what it recovered. Must not decide shares: see [`super::settlement`].

use std::collections::BTreeMap;

use jiff::civil::Date;
use money::Money;

use super::receivable::Posting;
use super::settlement::Share;
use super::{
    ClosingKind, EntryCause, EntryKind, InvoiceBalance, InvoiceId, LedgerError, OpenItemId,
    OpenItemKind, Receivable, Stamp,
};

/// What came to one open item. Together the amounts, less what was reinstated, lower what is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allocation {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// The item.
    pub open_item_id: OpenItemId,
    /// What the item is made of.
    pub open_item_kind: OpenItemKind,
    /// When it is due.
    pub due_date: Date,
    /// The money or credit.
    pub amount: Money,
    /// Early-payment discount granted with it. Negative where a credit note takes back its share of
    /// what was granted before (ED-4).
    pub discount_amount: Money,
    /// The rest that was let go within the tolerance. Negative as with the discount.
    pub tolerance_amount: Money,
    /// The part of `amount` that first reinstated what had been written off (IS-6).
    pub reinstated_amount: Money,
    /// What of the item is open afterwards.
    pub open_amount_after: Money,
}

impl Allocation {
    /// An allocation of nothing to an item, as the item stands.
    pub(super) fn none(debt: &Receivable, item: usize) -> Result<Self, LedgerError> {
        let open = debt
            .items
            .get(item)
            .ok_or(LedgerError::NotLoaded("open item"))?;
        let zero = Money::zero(debt.currency);
        Ok(Self {
            invoice_id: debt.invoice_id,
            invoice_number: debt.invoice_number.clone(),
            open_item_id: open.open_item_id,
            open_item_kind: open.kind,
            due_date: open.due_date,
            amount: zero,
            discount_amount: zero,
            tolerance_amount: zero,
            reinstated_amount: zero,
            open_amount_after: open.open_amount,
        })
    }
}

/// What shares are posted as.
#[derive(Debug, Clone, Copy)]
pub(super) struct Means {
    /// ALLOCATION for money, CREDIT for credit.
    pub kind: EntryKind,
    pub cause: EntryCause,
    pub date: Date,
}

/// Posts shares, each to its item, and answers what came to it. The receivables are not concluded.
pub(super) fn allocate(
    book: &mut [Receivable],
    shares: &[Share],
    means: Means,
    stamp: &mut Stamp,
) -> Result<Vec<Allocation>, LedgerError> {
    let mut allocations = Vec::with_capacity(shares.len());
    for share in shares {
        let debt = book
            .get_mut(share.place)
            .ok_or(LedgerError::NotLoaded("receivable"))?;
        allocations.push(debt.allocate(share, means, stamp)?);
    }
    Ok(allocations)
}

impl Receivable {
    fn allocate(
        &mut self,
        share: &Share,
        means: Means,
        stamp: &mut Stamp,
    ) -> Result<Allocation, LedgerError> {
        let mut allocation = Allocation::none(self, share.item)?;
        if share.recovered.is_positive() {
            let item = allocation.open_item_id;
            self.recover(item, share.recovered, means.date, means.cause, stamp)?;
        }
        let lowered = [
            (means.kind, share.amount),
            (EntryKind::Discount, share.discount),
            (EntryKind::Tolerance, share.tolerance),
        ];
        for (kind, amount) in lowered {
            let posting = Posting {
                kind,
                amount: amount.negated(),
                date: means.date,
                cause: Some(means.cause),
                reversed: None,
            };
            self.post(share.item, posting, stamp)?;
        }
        if let Some(item) = self.items.get_mut(share.item) {
            if share.amount.is_positive() {
                // None is earlier than any date.
                item.money_date = item.money_date.max(Some(means.date));
            }
            allocation.open_amount_after = item.open_amount;
        }
        allocation.amount = share.amount;
        allocation.discount_amount = share.discount;
        allocation.tolerance_amount = share.tolerance;
        allocation.reinstated_amount = share.recovered;
        Ok(allocation)
    }
}

/// Concludes every receivable that the allocations touched, and answers what each is worth, in the
/// order in which they were touched.
pub(super) fn conclude_touched(
    book: &mut [Receivable],
    allocations: &[Allocation],
    route: ClosingKind,
) -> Result<Vec<InvoiceBalance>, LedgerError> {
    let mut first_touched = BTreeMap::new();
    for (order, allocation) in allocations.iter().enumerate() {
        first_touched.entry(allocation.invoice_id).or_insert(order);
    }
    let mut balances = BTreeMap::new();
    for debt in book {
        if let Some(order) = first_touched.get(&debt.invoice_id) {
            debt.conclude(route);
            balances.insert(*order, debt.balance()?);
        }
    }
    Ok(balances.into_values().collect())
}
