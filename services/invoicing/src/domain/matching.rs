//! Owns finding what is to be settled where nobody named it, by the steps of a rule. Decided while
//! the customer's open items are locked, so that two applications never choose the same debt. Must
//! not guess: where several invoices fit exactly, none is chosen (CA-1).

use std::collections::BTreeMap;

use money::{Money, MoneyError};

use super::settlement::{InvoicePrice, Settlement, Share, Tender};
use super::{OpenItem, OpenItemKind, Receivable};

/// What of an invoice money that nobody directed may settle.
pub(super) fn payable(debt: &Receivable, include_disputed: bool) -> Result<Money, MoneyError> {
    if include_disputed {
        debt.open_amount()
    } else {
        debt.collectable_amount()
    }
}

/// What the exact amount came to.
pub(super) struct ExactMatch {
    /// How many invoices fit; none is chosen unless it is one.
    pub fitting: usize,
    /// The one, settled.
    pub settled: Option<(InvoicePrice, Settlement)>,
}

impl Tender<'_> {
    /// CA-1: the one invoice that the tender settles exactly, with discount and tolerance.
    pub fn settle_exact(
        &self,
        book: &[Receivable],
        open: &[usize],
        include_disputed: bool,
    ) -> Result<ExactMatch, MoneyError> {
        let mut fitting = Vec::new();
        for place in open {
            let Some(debt) = book.get(*place) else {
                continue;
            };
            let payable = payable(debt, include_disputed)?;
            if payable.is_positive() {
                let price = self.price(book, *place, payable, None)?;
                if self.fits(&price)? {
                    fitting.push(price);
                }
            }
        }
        let count = fitting.len();
        let one = fitting.pop().filter(|_| count == 1);
        let settled = one.map(|price| self.settle_one(price)).transpose()?;
        Ok(ExactMatch {
            fitting: count,
            settled,
        })
    }

    fn settle_one(&self, price: InvoicePrice) -> Result<(InvoicePrice, Settlement), MoneyError> {
        let mut settlement = self.settle(std::slice::from_ref(&price))?;
        if self.tolerance.is_some() {
            self.keep_overpayment(std::slice::from_ref(&price), &mut settlement)?;
        }
        Ok((price, settlement))
    }

    /// Whether it is what settles the invoice, within its tolerance, or its full amount by somebody
    /// who took no discount.
    fn fits(&self, price: &InvoicePrice) -> Result<bool, MoneyError> {
        let difference = self.amount.checked_sub(price.net)?.abs();
        let within = difference.try_cmp(&price.tolerance)?.is_le();
        Ok(within || self.amount == price.payable)
    }

    /// CA-3: the earliest due date first, the last item in part, without tolerance (TL-4).
    pub fn settle_oldest(
        &self,
        book: &[Receivable],
        open: &[usize],
        include_disputed: bool,
    ) -> Result<Settlement, MoneyError> {
        let zero = Money::zero(self.amount.currency());
        let mut room = BTreeMap::new();
        for place in open {
            if let Some(debt) = book.get(*place) {
                room.insert(*place, payable(debt, include_disputed)?);
            }
        }
        let mut rest = self.amount;
        let mut shares = Vec::new();
        for (place, item, open) in oldest_first(book, open) {
            let room = room.entry(place).or_insert(zero);
            let part = open.open_amount.min_with(*room)?;
            if part.is_zero() || rest.is_zero() {
                continue;
            }
            let price = self.item_price(open, part)?;
            let amount = price.net()?.min_with(rest)?;
            let discount = price.discount_for(amount)?;
            rest = rest.checked_sub(amount)?;
            *room = room.checked_sub(amount)?.checked_sub(discount)?;
            shares.push(Share {
                place,
                item,
                amount,
                discount,
                tolerance: zero,
                recovered: zero,
                verdict: price.verdict,
            });
        }
        Ok(Settlement {
            shares,
            overpayment: zero,
            rest,
        })
    }
}

/// The open items of these receivables, the earliest due date first, then invoice date, then number
/// (CA-3). Fees and interest of an invoice come before its principal, as early as the earliest open
/// instalment of it (CA-5).
fn oldest_first<'a>(book: &'a [Receivable], open: &[usize]) -> Vec<(usize, usize, &'a OpenItem)> {
    let mut found = Vec::new();
    for place in open {
        let Some(debt) = book.get(*place) else {
            continue;
        };
        let first_due = debt.oldest_due_date();
        for (index, item) in debt.items.iter().enumerate() {
            if item.is_settled() {
                continue;
            }
            let due = match item.kind {
                OpenItemKind::Principal => item.due_date,
                OpenItemKind::Fee | OpenItemKind::Interest => {
                    first_due.map_or(item.due_date, |first| first.min(item.due_date))
                }
            };
            let key = (
                due,
                debt.invoice_date,
                &debt.invoice_number,
                debt.invoice_id,
            );
            found.push((key, (*place, index, item)));
        }
    }
    found.sort_by(|(left, (_, _, one)), (right, (_, _, other))| {
        left.cmp(right).then_with(|| one.settling_order(other))
    });
    found.into_iter().map(|(_, place)| place).collect()
}
