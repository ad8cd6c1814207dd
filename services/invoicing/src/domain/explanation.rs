//! Owns the words in which an application of money is explained: which rule granted or refused
//! discount and tolerance, for which invoice and by how much. Must not decide anything, and must
//! not name persons.

use money::{Money, MoneyError};

use super::decision::Reasons;
use super::discount::Verdict;
use super::settlement::{InvoicePrice, Settlement, Share, Tender};
use super::{CreditApplication, Receivable, Target, Tolerance};

impl Reasons {
    /// The facts that every application is decided on.
    pub fn application_facts(&mut self, order: &CreditApplication, tolerance: &Tolerance) {
        let target = match &order.target {
            Target::Named(_) => "named invoices",
            Target::Rule(_) => "rule",
        };
        self.fact("amount", order.amount);
        self.fact("receipt_date", order.receipt_date);
        self.fact("target", target);
        self.fact("tolerance_ratio", tolerance.ratio);
        let currency = order.amount.currency();
        if let Some(maximum) = tolerance.maximum_amounts.get(&currency) {
            self.fact("tolerance_maximum", maximum);
        }
        self.fact("discount_grace_days", tolerance.discount_grace_days);
    }

    /// Why each priced invoice got what it got.
    pub fn settled(
        &mut self,
        tender: &Tender,
        book: &[Receivable],
        prices: &[InvoicePrice],
        settlement: &Settlement,
    ) -> Result<(), MoneyError> {
        for price in prices {
            let Some(debt) = book.get(price.place) else {
                continue;
            };
            let of_it = |share: &&Share| share.place == price.place;
            let shares: Vec<&Share> = settlement.shares.iter().filter(of_it).collect();
            for share in &shares {
                self.discount(tender, debt, share);
            }
            self.tolerance(debt, price, &shares)?;
            self.recovery(debt, &shares)?;
        }
        let used = prices.iter().filter(|price| {
            let let_go =
                |share: &Share| share.place == price.place && share.tolerance.is_positive();
            settlement.shares.iter().any(let_go)
        });
        if used.count() > 1 {
            let text = "the tolerances of the invoices add up".to_owned();
            self.rule("TL-2", true, text);
        }
        Ok(())
    }

    /// Why the oldest items got the money.
    pub fn settled_oldest(
        &mut self,
        tender: &Tender,
        book: &[Receivable],
        settlement: &Settlement,
    ) {
        let count = settlement.shares.len();
        let text = format!("{count} open items settled, the earliest due date first");
        self.rule("CA-3", count > 0, text);
        for share in &settlement.shares {
            if let Some(debt) = book.get(share.place) {
                self.discount(tender, debt, share);
            }
        }
        let text = "money that settles the oldest items takes no tolerance".to_owned();
        self.rule("TL-4", false, text);
    }

    fn discount(&mut self, tender: &Tender, debt: &Receivable, share: &Share) {
        let number = &debt.invoice_number;
        let granted = share.discount.is_positive();
        let what = if granted {
            format!("{number}: discount of {} granted", share.discount)
        } else {
            format!("{number}: no discount")
        };
        let date = tender.date;
        let (rule, why) = match share.verdict {
            Verdict::NoOffer => return,
            Verdict::InTime(_) | Verdict::InGrace(_) if !granted => {
                ("ED-3", "a part of the net amount earns none".to_owned())
            }
            Verdict::InTime(offer) => (
                "ED-8",
                format!("receipt date {date} is not after {}", offer.last_date),
            ),
            Verdict::InGrace(offer) => (
                "TL-3",
                format!(
                    "receipt date {date} is in the days of grace after {}",
                    offer.last_date
                ),
            ),
            Verdict::Lapsed => (
                "ED-8",
                format!("receipt date {date} is after the last day and its grace"),
            ),
            Verdict::NotInFull => (
                "ED-3",
                "the full net amount is not settled by money".to_owned(),
            ),
            Verdict::EarlierMoneyLate => (
                "ED-3",
                "a part of the net amount came after the last day".to_owned(),
            ),
        };
        self.rule(rule, granted, format!("{what}, {why}"));
    }

    fn tolerance(
        &mut self,
        debt: &Receivable,
        price: &InvoicePrice,
        shares: &[&Share],
    ) -> Result<(), MoneyError> {
        let sum = |what: fn(&Share) -> Money| {
            Money::sum(debt.currency, shares.iter().map(|share| what(share)))
        };
        let let_go = sum(|share| share.tolerance)?;
        let paid = sum(|share| share.amount)?.checked_sub(sum(|share| share.recovered)?)?;
        let short = price.net.checked_sub(paid)?.checked_sub(let_go)?;
        let number = &debt.invoice_number;
        if let_go.is_positive() {
            let text = format!("{number}: {let_go} let go, within {}", price.tolerance);
            self.rule("TL-6", true, text);
        } else if short.is_positive() && debt.disputed.any() {
            let text = format!("{number}: {short} short, and no tolerance for a disputed invoice");
            self.rule("TL-6", false, text);
        } else if short.is_positive() && !shares.is_empty() {
            let text = format!("{number}: {short} short, more than {}", price.tolerance);
            self.rule("TL-6", false, text);
        }
        Ok(())
    }

    fn recovery(&mut self, debt: &Receivable, shares: &[&Share]) -> Result<(), MoneyError> {
        let recovered = shares.iter().map(|share| share.recovered);
        let recovered = Money::sum(debt.currency, recovered)?;
        if recovered.is_positive() {
            let number = &debt.invoice_number;
            let text = format!("{number}: {recovered} recovered of what was written off");
            self.rule("IS-6", true, text);
        }
        Ok(())
    }

    /// What the exact amount came to.
    pub fn exact_match(&mut self, fitting: usize) {
        let text = match fitting {
            0 => "no invoice is settled exactly by this amount".to_owned(),
            1 => "one invoice is settled exactly by this amount".to_owned(),
            several => format!("{several} invoices are settled exactly by this amount: not chosen"),
        };
        self.rule("CA-1", fitting == 1, text);
    }

    /// What became of what was left.
    pub fn left_over(&mut self, overpayment: Money, rest: Money) {
        if overpayment.is_positive() {
            let text = format!("{overpayment} kept as overpayment within the tolerance");
            self.rule("TL-5", true, text);
        }
        if rest.is_positive() {
            let text = format!("{rest} is not applied and stays with the receipt");
            self.rule("CA-6", true, text);
        }
    }
}
