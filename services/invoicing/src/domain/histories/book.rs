//! Everything that would be in the tables, and what each step does to it, by the domain's own calls.
//! Saves as a store does: entries are taken off the receivables and kept apart.

#![expect(clippy::arithmetic_side_effects, reason = "a test may panic")]

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use money::{Currency, Money};
use proptest::sample::Index;

use super::steps::{Aim, Amount, Step};
use crate::domain::samples::{
    Desk, by_rule, issued_by, offer, pay, stamp_at, tolerance, zero_rated,
};
use crate::domain::*;

pub const START: Date = date(2026, 1, 1);

/// Everything that would be in the tables.
#[derive(Default)]
pub struct Book {
    pub desk: Desk,
    pub days: i64,
    pub invoices: Vec<Invoice>,
    pub history: Vec<InvoiceEntry>,
    pub applications: Vec<Application>,
    pub credit_notes: Vec<CreditNote>,
    pub credits: Vec<CustomerCredit>,
    pub credit_entries: Vec<CustomerCreditEntry>,
    pub uses: Vec<CustomerCreditApplication>,
    pub write_offs: Vec<WriteOffId>,
    pub disputes: Vec<Dispute>,
    /// What decisions took back of write-offs, as they said.
    pub reversed_write_offs: i128,
}

pub fn cents(minor: i128) -> Money {
    Money::from_minor(minor, Currency::EUR).unwrap()
}

/// One of so many, if there is any.
fn pick(which: &Index, count: usize) -> Option<usize> {
    (count > 0).then(|| which.index(count))
}

impl Book {
    pub fn today(&self) -> Date {
        START + self.days.days()
    }

    pub fn debts(&self) -> Vec<Receivable> {
        let debts = self
            .invoices
            .iter()
            .map(|invoice| invoice.receivable().unwrap().clone());
        debts.collect()
    }

    /// As a store does: the receivables are written back and their new entries stored.
    fn save(&mut self, debts: Vec<Receivable>) {
        for (invoice, mut debt) in self.invoices.iter_mut().zip(debts) {
            self.history.extend(debt.take_new_entries());
            *invoice.receivable_mut().unwrap() = debt;
        }
    }

    fn amount(&self, amount: &Amount) -> Option<Money> {
        let minor = match amount {
            Amount::Any(minor) => *minor,
            Amount::OfAll(cents) => {
                let debts = self.debts();
                let open = debts
                    .iter()
                    .map(|debt| debt.open_amount().unwrap().to_minor());
                open.sum::<i128>() + cents
            }
            Amount::About {
                which,
                discounted,
                cents,
            } => {
                let debts = self.debts();
                let open = debts[pick(which, debts.len())?]
                    .open_amount()
                    .unwrap()
                    .to_minor();
                let part = if *discounted { open - open / 50 } else { open };
                part + cents
            }
        };
        (minor > 0).then(|| cents(minor))
    }

    fn target(&self, aim: &Aim) -> Option<Target> {
        let (which, cap) = match aim {
            Aim::Rule {
                steps,
                include_disputed,
            } => {
                return Some(by_rule(steps, *include_disputed));
            }
            Aim::Named { which, cap } => (which, cap),
        };
        let mut places: Vec<_> = which
            .iter()
            .filter_map(|one| Some(self.invoices[pick(one, self.invoices.len())?].invoice_id))
            .collect();
        places.dedup();
        places.sort();
        places.dedup();
        let mut named: Vec<_> = places
            .into_iter()
            .map(|invoice_id| NamedInvoice {
                invoice_id,
                amount: None,
            })
            .collect();
        named.first_mut()?.amount = cap.map(cents);
        Some(Target::Named(named))
    }

    pub fn take(&mut self, step: &Step) -> Option<()> {
        match step {
            Step::Wait { days } => self.days += days,
            Step::Issue {
                gross,
                terms,
                offer: tiers,
                parts_earn,
            } => {
                let (gross, today) = (cents(*gross).to_amount_string(), self.today());
                let offer = offer(tiers, *parts_earn);
                let invoice = issued_by(&mut self.desk, &gross, terms, offer, today);
                self.invoices.push(invoice);
                let debts = self.debts();
                self.save(debts);
            }
            Step::Pay {
                amount,
                days_ago,
                target,
            } => self.pay(amount, *days_ago, target)?,
            Step::PayInError { amount, target } => {
                let before = self.debts();
                self.pay(amount, 0, target)?;
                let last = self.applications.len() - 1;
                self.take_back(last);
                let paid = &self.applications[last];
                let recovered = paid
                    .allocations
                    .iter()
                    .any(|one| one.reinstated_amount.is_positive());
                for (debt, before) in self.debts().iter().zip(before) {
                    assert!(
                        recovered || debt.items == before.items,
                        "{debt:?} {before:?}"
                    );
                }
            }
            Step::TakeBack { which } => {
                let open = |one: &&usize| self.applications[**one].reversal.is_none();
                let all: Vec<_> = (0..self.applications.len()).collect();
                let open: Vec<_> = all.iter().filter(open).copied().collect();
                self.take_back(open[pick(which, open.len())?]);
            }
            Step::Credit { which, share } => self.credit(which, *share)?,
            Step::UseCredit { which, target } => self.use_credit(which, target)?,
            Step::WriteOff { which, share } => self.write_off(which, *share)?,
            Step::ReverseWriteOff { which } => self.reverse_write_off(which)?,
            Step::Dispute { which, share } => self.dispute(which, *share)?,
            Step::Resolve { which } => self.resolve(which)?,
            Step::Void { which } => self.void(which)?,
        }
        Some(())
    }

    fn pay(&mut self, amount: &Amount, days_ago: i64, aim: &Aim) -> Option<()> {
        let (amount, target) = (self.amount(amount)?, self.target(aim)?);
        let receipt_date = self.today() - days_ago.days();
        let granted = tolerance("0.01", "3.00", 2);
        let mut debts = self.debts();
        let before = debts.clone();
        let paid = pay(
            &mut self.desk,
            &mut debts,
            amount,
            receipt_date,
            target,
            granted,
        );
        match paid {
            Ok((application, balances)) => {
                for balance in balances {
                    let debt = debts
                        .iter()
                        .find(|one| one.invoice_id == balance.invoice_id);
                    assert_eq!(debt.unwrap().balance().unwrap(), balance);
                }
                self.applications.push(application);
                self.save(debts);
                Some(())
            }
            Err(ApplyError::Refused(_)) => {
                assert_eq!(debts, before);
                None
            }
            Err(ApplyError::Ledger(error)) => panic!("{error}"),
        }
    }

    fn take_back(&mut self, place: usize) {
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let mut debts = self.debts();
        let application = &mut self.applications[place];
        let order = ReversalOrder {
            reversal_id: ReversalId(stamp.id()),
            application_id: application.application_id,
            reason: ReversalReason::Returned,
            reversal_date: today,
        };
        reverse(order, application, &mut debts, &self.history, &mut stamp).unwrap();
        self.save(debts);
    }

    fn credit(&mut self, which: &Index, share: i128) -> Option<()> {
        let invoice = &self.invoices[pick(which, self.invoices.len())?];
        let gross = invoice.totals.gross_amount.to_minor() * share / 100;
        let of_it = |note: &&CreditNote| note.invoice_id == Some(invoice.invoice_id);
        let before: Vec<_> = self
            .credit_notes
            .iter()
            .filter(of_it)
            .map(|note| note.totals.clone())
            .collect();
        let extent = if share == 100 {
            InvoiceCredit::Whole
        } else {
            InvoiceCredit::Part(vec![zero_rated("1", &cents(gross).to_amount_string())])
        };
        let plan = CreditPlan::of_invoice(invoice, extent, &before).ok()?;
        let invoice_id = invoice.invoice_id;
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let header = CreditNoteHeader {
            credit_note_id: CreditNoteId(stamp.id()),
            external_id: None,
            credit_note_number: String::new(),
            reason: CreditNoteReason::BillingError,
            note: String::new(),
            credit_note_date: today,
        };
        let mut debts = self.debts();
        let debt = debts
            .iter_mut()
            .find(|debt| debt.invoice_id == invoice_id)?;
        let issued = plan
            .issue(header, Some((debt, &self.history)), &mut stamp)
            .unwrap();
        self.credit_notes.push(issued.credit_note);
        if let Some(mut credit) = issued.customer_credit {
            self.credit_entries.extend(credit.take_new_entries());
            self.credits.push(credit);
        }
        self.save(debts);
        Some(())
    }

    fn use_credit(&mut self, which: &Index, aim: &Aim) -> Option<()> {
        let target = self.target(aim)?;
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let mut debts = self.debts();
        let place = pick(which, self.credits.len())?;
        let credit = &mut self.credits[place];
        match credit.apply(None, &target, &mut debts, today, &mut stamp) {
            Ok((used, _)) => self.uses.push(used),
            Err(CustomerCreditError::Ledger(error)) => panic!("{error}"),
            Err(_) => return None,
        }
        self.credit_entries.extend(credit.take_new_entries());
        self.save(debts);
        Some(())
    }

    fn write_off(&mut self, which: &Index, share: i128) -> Option<()> {
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let mut debts = self.debts();
        let place = pick(which, debts.len())?;
        let open = debts[place].open_amount().unwrap().to_minor();
        let order = WriteOffOrder {
            amount: (share < 100).then(|| cents((open * share / 100).max(1))),
            reason: WriteOffReason::Uncollectible,
            note: String::new(),
            write_off_date: today,
        };
        let write_off = debts[place].write_off(order, &mut stamp).ok()?;
        self.write_offs.push(write_off.write_off_id);
        self.save(debts);
        Some(())
    }

    fn reverse_write_off(&mut self, which: &Index) -> Option<()> {
        let id = self.write_offs[pick(which, self.write_offs.len())?];
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let mut debts = self.debts();
        let holds =
            |debt: &&mut Receivable| debt.write_offs.iter().any(|one| one.write_off_id == id);
        let debt = debts.iter_mut().find(holds)?;
        let before = debt.open_amount().unwrap();
        let reversal = WriteOffReversal {
            reversal_date: today,
            note: String::new(),
        };
        debt.reverse_write_off(id, reversal, &mut stamp).ok()?;
        let reinstated = debt.open_amount().unwrap().checked_sub(before).unwrap();
        self.reversed_write_offs += reinstated.to_minor();
        self.save(debts);
        Some(())
    }

    fn dispute(&mut self, which: &Index, share: i128) -> Option<()> {
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let mut debts = self.debts();
        let place = pick(which, debts.len())?;
        let part = debts[place].open_amount().unwrap().to_minor() * share / 100;
        let objection = Objection {
            dispute_id: DisputeId(stamp.id()),
            extent: match share {
                100.. => DisputeExtent::Whole,
                _ => DisputeExtent::Part(cents(part.max(1))),
            },
            reason: DisputeReason::Price,
            note: String::new(),
            disputed_date: today,
        };
        self.disputes
            .push(debts[place].open_dispute(objection, &stamp).ok()?);
        self.save(debts);
        Some(())
    }

    fn resolve(&mut self, which: &Index) -> Option<()> {
        let today = self.today();
        let stamp = stamp_at(&mut self.desk, today);
        let mut debts = self.debts();
        let place = pick(which, self.disputes.len())?;
        let dispute = &mut self.disputes[place];
        let debt = debts
            .iter_mut()
            .find(|debt| debt.invoice_id == dispute.invoice_id)?;
        let how = DisputeResolution::Rejected;
        dispute
            .resolve(how, String::new(), None, debt, today, &stamp)
            .ok()?;
        self.save(debts);
        Some(())
    }

    fn void(&mut self, which: &Index) -> Option<()> {
        let today = self.today();
        let mut stamp = stamp_at(&mut self.desk, today);
        let place = pick(which, self.invoices.len())?;
        let invoice = &mut self.invoices[place];
        invoice.void(today, &mut stamp).ok()?;
        let of_it = |dispute: &&mut Dispute| dispute.invoice_id == invoice.invoice_id;
        for dispute in self.disputes.iter_mut().filter(of_it) {
            dispute.end_by_void(today, &stamp);
        }
        let debts = self.debts();
        self.save(debts);
        Some(())
    }
}
