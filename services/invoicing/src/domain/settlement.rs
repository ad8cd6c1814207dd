//! Owns how an amount settles invoices that were found for it.
//!
//! Each invoice has a price: what settles it by money of that day, discount earned taken off. The
//! money is poured over the invoices in order, and over the items of each in the order costs,
//! interest, principal (CA-5). What an invoice is short of may be let go within its tolerance
//! (TL-6); the tolerances of several invoices add up, so that one can be short for another (TL-2).
//! What is left once all are settled recovers what was written off (IS-6); a rest within what is
//! unused of the tolerances is kept as overpayment (TL-5), else it is not applied (CA-6).
//!
//! Must not post anything: it answers shares, see [`super::allocation`].

use jiff::civil::Date;
use money::{Money, MoneyError};

use super::discount::{Price, Verdict};
use super::target::Goal;
use super::{Receivable, Tolerance};

/// What is laid on the table: money, or credit from a credit note.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tender<'a> {
    pub amount: Money,
    /// The day it counts from.
    pub date: Date,
    /// The customer's tolerance; `None` with credit, which earns no discount, takes no tolerance
    /// and recovers nothing.
    pub tolerance: Option<&'a Tolerance>,
}

/// What settles one invoice, or the part of it that may be settled.
#[derive(Debug)]
pub(super) struct InvoicePrice {
    /// Its place in the book.
    pub place: usize,
    /// Its items in the order in which they are settled, by their places.
    pub items: Vec<(usize, Price)>,
    /// What of it may be settled.
    pub payable: Money,
    /// The money that settles all of that.
    pub net: Money,
    /// How much of the tender may go to it.
    limit: Money,
    /// What it may be short of and still be settled.
    pub tolerance: Money,
}

/// What one item gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    /// The receivable, by its place in the book.
    pub place: usize,
    /// The item, by its place in the receivable.
    pub item: usize,
    /// Money or credit, what is recovered included.
    pub amount: Money,
    pub discount: Money,
    pub tolerance: Money,
    /// The part of `amount` that reinstates what was written off.
    pub recovered: Money,
    /// How the early-payment offer of the item was judged.
    pub verdict: Verdict,
}

/// What becomes of a tender.
#[derive(Debug)]
pub(super) struct Settlement {
    pub shares: Vec<Share>,
    /// Kept as overpayment within the tolerance.
    pub overpayment: Money,
    /// Not applied.
    pub rest: Money,
}

impl Tender<'_> {
    /// What settles `payable` of one invoice, of which at most `cap` may come from this tender.
    pub fn price(
        &self,
        book: &[Receivable],
        place: usize,
        payable: Money,
        cap: Option<Money>,
    ) -> Result<InvoicePrice, MoneyError> {
        let currency = self.amount.currency();
        let mut items = Vec::new();
        let mut left = payable;
        for (debt, item) in book.get(place).into_iter().flat_map(in_settling_order) {
            let Some(open) = debt.items.get(item) else {
                continue;
            };
            let part = open.open_amount.min_with(left)?;
            left = left.checked_sub(part)?;
            if part.is_positive() {
                items.push((item, self.item_price(open, part)?));
            }
        }
        let nets = items.iter().map(|(_, price)| price.net());
        let net = Money::sum(currency, nets.collect::<Result<Vec<_>, _>>()?)?;
        Ok(InvoicePrice {
            place,
            items,
            payable,
            net,
            limit: cap.unwrap_or(net).min_with(net)?,
            tolerance: self.tolerance_for(book.get(place), payable, net)?,
        })
    }

    pub fn item_price(&self, item: &super::OpenItem, part: Money) -> Result<Price, MoneyError> {
        match self.tolerance {
            Some(tolerance) => Price::by_money(item, part, self.date, tolerance),
            None => Ok(Price::plain(part, Verdict::NoOffer)),
        }
    }

    /// TL-6: none for credit, none where anything is disputed, and never all that is to pay.
    fn tolerance_for(
        &self,
        debt: Option<&Receivable>,
        payable: Money,
        net: Money,
    ) -> Result<Money, MoneyError> {
        let none = Money::zero(payable.currency());
        let disputed = debt.is_none_or(|debt| debt.disputed.any());
        match self.tolerance {
            Some(tolerance) if !disputed && net.is_positive() => {
                let unit = Money::from_minor(1, net.currency())?;
                tolerance
                    .for_amount(payable)?
                    .min_with(net.checked_sub(unit)?)
            }
            _ => Ok(none),
        }
    }

    /// Settles the named invoices, as far as the tender goes.
    pub fn settle_named(
        &self,
        book: &[Receivable],
        goals: &[Goal],
    ) -> Result<(Vec<InvoicePrice>, Settlement), MoneyError> {
        let mut prices = Vec::with_capacity(goals.len());
        for (place, cap) in goals {
            let open = book.get(*place).map(Receivable::open_amount).transpose()?;
            let open = open.unwrap_or(Money::zero(self.amount.currency()));
            prices.push(self.price(book, *place, open, *cap)?);
        }
        let mut settlement = self.settle(&prices)?;
        if self.tolerance.is_some() {
            self.recover(book, goals, &mut settlement)?;
            self.keep_overpayment(&prices, &mut settlement)?;
        }
        Ok((prices, settlement))
    }

    /// Pours the tender over the priced invoices.
    pub fn settle(&self, prices: &[InvoicePrice]) -> Result<Settlement, MoneyError> {
        let poured = spread(prices, pour(prices, self.amount)?)?;
        let mut shares = Vec::new();
        for (price, amount) in prices.iter().zip(&poured) {
            shares.extend(price.shares(*amount)?);
        }
        let used = Money::sum(self.amount.currency(), poured)?;
        Ok(Settlement {
            shares,
            overpayment: Money::zero(self.amount.currency()),
            rest: self.amount.checked_sub(used)?,
        })
    }

    /// IS-6: what is left goes to what was written off of the same invoices.
    fn recover(
        &self,
        book: &[Receivable],
        goals: &[Goal],
        settlement: &mut Settlement,
    ) -> Result<(), MoneyError> {
        for (place, cap) in goals {
            let mut room = match cap {
                Some(cap) => cap.checked_sub(settlement.used_by(*place)?)?,
                None => settlement.rest,
            };
            for (debt, item) in book.get(*place).into_iter().flat_map(in_settling_order) {
                let Some(open) = debt.items.get(item) else {
                    continue;
                };
                let amount = open
                    .written_off_amount
                    .min_with(settlement.rest)?
                    .min_with(room)?;
                settlement.add_recovery(*place, item, amount)?;
                room = room.checked_sub(amount)?;
            }
        }
        Ok(())
    }

    /// TL-5: a rest within what is unused of the tolerances is kept, once everything is settled.
    pub fn keep_overpayment(
        &self,
        prices: &[InvoicePrice],
        settlement: &mut Settlement,
    ) -> Result<(), MoneyError> {
        let mut unused = Money::zero(self.amount.currency());
        for price in prices {
            let let_go = settlement.let_go_by(price.place)?;
            let used = settlement.used_by(price.place)?;
            if used.checked_add(let_go)?.try_cmp(&price.net)?.is_lt() {
                return Ok(());
            }
            unused = unused.checked_add(price.tolerance.checked_sub(let_go)?)?;
        }
        if settlement.rest.try_cmp(&unused)?.is_le() {
            settlement.overpayment = settlement.rest;
            settlement.rest = Money::zero(self.amount.currency());
        }
        Ok(())
    }
}

/// The receivable with the places of its items, in the order in which they are settled.
fn in_settling_order(debt: &Receivable) -> impl Iterator<Item = (&Receivable, usize)> {
    debt.settling_order()
        .into_iter()
        .map(move |item| (debt, item))
}

/// Each invoice gets what settles it, in order, as long as there is something.
fn pour(prices: &[InvoicePrice], amount: Money) -> Result<Vec<Money>, MoneyError> {
    let mut left = amount;
    let mut poured = Vec::with_capacity(prices.len());
    for price in prices {
        let part = price.limit.min_with(left)?;
        left = left.checked_sub(part)?;
        poured.push(part);
    }
    Ok(poured)
}

/// TL-2: the tolerances add up. Where the money ran out and some invoices stay short beyond their
/// own tolerance, the others are short for them, the last first, if that settles them all.
fn spread(prices: &[InvoicePrice], mut poured: Vec<Money>) -> Result<Vec<Money>, MoneyError> {
    let Some(first) = poured.first() else {
        return Ok(poured);
    };
    let zero = Money::zero(first.currency());
    let (mut lacking, mut spare) = (zero, zero);
    for (price, part) in prices.iter().zip(&poured) {
        let over = price.net.checked_sub(*part)?.checked_sub(price.tolerance)?;
        if *part != price.limit {
            lacking = lacking.checked_add(over.max_with(zero)?)?;
        } else if over.is_negative() {
            spare = spare.checked_add(over.negated())?;
        }
    }
    if lacking.is_zero() || spare.try_cmp(&lacking)?.is_lt() {
        return Ok(poured);
    }
    for (price, part) in prices.iter().zip(poured.iter_mut()).rev() {
        let over = price.net.checked_sub(*part)?.checked_sub(price.tolerance)?;
        if *part != price.limit {
            *part = part.checked_add(over.max_with(zero)?)?;
        } else if over.is_negative() {
            let given = over.negated().min_with(lacking)?;
            *part = part.checked_sub(given)?;
            lacking = lacking.checked_sub(given)?;
        }
    }
    Ok(poured)
}

impl InvoicePrice {
    /// What each item gets of `amount`. What the invoice is short of is let go within its
    /// tolerance; else what the item is short of at which the money ended.
    fn shares(&self, amount: Money) -> Result<Vec<Share>, MoneyError> {
        if amount.is_zero() {
            return Ok(Vec::new());
        }
        let zero = Money::zero(amount.currency());
        let short = self.net.checked_sub(amount)?;
        let whole = short.try_cmp(&self.tolerance)?.is_le();
        let mut left = amount;
        let mut shares = Vec::new();
        for (item, price) in &self.items {
            let net = price.net()?;
            let part = net.min_with(left)?;
            left = left.checked_sub(part)?;
            let short = net.checked_sub(part)?;
            let settled = whole || part.is_positive() && short.try_cmp(&self.tolerance)?.is_le();
            if part.is_zero() && !settled {
                break;
            }
            shares.push(Share {
                place: self.place,
                item: *item,
                amount: part,
                discount: if settled {
                    price.discount
                } else {
                    price.discount_for(part)?
                },
                tolerance: if settled { short } else { zero },
                recovered: zero,
                verdict: price.verdict,
            });
        }
        Ok(shares)
    }
}

impl Settlement {
    fn of(&self, place: usize, what: fn(&Share) -> Money) -> Result<Money, MoneyError> {
        let shares = self.shares.iter().filter(|share| share.place == place);
        Money::sum(self.rest.currency(), shares.map(what))
    }

    fn used_by(&self, place: usize) -> Result<Money, MoneyError> {
        self.of(place, |share| share.amount)
    }

    fn let_go_by(&self, place: usize) -> Result<Money, MoneyError> {
        self.of(place, |share| share.tolerance)
    }

    fn add_recovery(&mut self, place: usize, item: usize, amount: Money) -> Result<(), MoneyError> {
        if !amount.is_positive() {
            return Ok(());
        }
        self.rest = self.rest.checked_sub(amount)?;
        let is_it = |share: &&mut Share| share.place == place && share.item == item;
        if let Some(share) = self.shares.iter_mut().find(is_it) {
            share.amount = share.amount.checked_add(amount)?;
            share.recovered = amount;
            return Ok(());
        }
        let zero = Money::zero(amount.currency());
        self.shares.push(Share {
            place,
            item,
            amount,
            discount: zero,
            tolerance: zero,
            recovered: amount,
            verdict: Verdict::NoOffer,
        });
        Ok(())
    }
}
