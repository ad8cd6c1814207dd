//! Owns money meeting invoices: one decision about where it goes, with what it did and why.
//!
//! ```text
//! CreditApplication ─ what payments asks: amount, receipt date, target
//!   target      which receivables that comes to, or why it is refused
//!   settlement  what settles them: discount earned, tolerance, costs → interest → principal
//!   matching    the steps of a rule, where nobody named them
//!   allocation  the entries, and what each item got
//! Application ─ the answer, stored for ever under its id
//! ```
//!
//! Money is conserved: what was offered is what was allocated, what was kept as overpayment, and
//! the rest (P1); and no item gets more than is open of it (P5). Deterministic: the same order on
//! the same book gives the same answer.
//!
//! Must not know receipts, nor ask for anything: the caller has locked and loaded the book.

use jiff::Timestamp;
use jiff::civil::Date;
use money::{Money, MoneyError};

use super::allocation::{Means, allocate, conclude_touched};
use super::decision::Reasons;
use super::settlement::{Settlement, Tender};
use super::target::Payer;
use super::{
    Allocation, ApplicationId, ApplicationRefusal, ApplicationReversal, ApplicationRule,
    ApplicationStep, ApplyError, ClosingKind, Coded, CustomerId, Decision, EntryCause, EntryKind,
    GrantedTolerance, InvoiceBalance, NamedInvoice, ReceiptId, Receivable, Stamp, Target,
};

/// Where an application of money stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApplicationState {
    /// The money lowers what is open.
    Applied,
    /// It was taken back. Final.
    Reversed,
}

impl Coded for ApplicationState {
    const CODES: &'static [(Self, &'static str)] =
        &[(Self::Applied, "APPLIED"), (Self::Reversed, "REVERSED")];
}

/// Money to apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditApplication {
    /// Identity, chosen by payments.
    pub application_id: ApplicationId,
    /// The customer whose items are to be settled.
    pub customer_id: CustomerId,
    /// The receipt the money is from.
    pub receipt_id: ReceiptId,
    /// The money, above 0.
    pub amount: Money,
    /// The day it counts from: the bank's value date, else the entry date.
    pub receipt_date: Date,
    /// What to settle.
    pub target: Target,
}

/// Money applied to open items: one decision, with what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Application {
    /// Identity, chosen by payments.
    pub application_id: ApplicationId,
    /// The customer whose items were settled.
    pub customer_id: CustomerId,
    /// The receipt the money is from.
    pub receipt_id: ReceiptId,
    /// The money that was offered.
    pub amount: Money,
    /// The day the money counts from.
    pub receipt_date: Date,
    /// Where it went, in the order in which it was settled.
    pub allocations: Vec<Allocation>,
    /// The part of `amount` that was allocated.
    pub allocated_amount: Money,
    /// The part that was kept as overpayment: a posting of its own, no allocation (TL-5).
    pub overpayment_tolerance_amount: Money,
    /// The part that was not applied.
    pub rest_amount: Money,
    /// Why it went there.
    pub decision: Decision,
    /// When it was applied.
    pub applied_time: Timestamp,
    /// What took it back; `None` while it is applied.
    pub reversal: Option<ApplicationReversal>,
}

impl Application {
    /// Where it stands.
    #[must_use]
    pub fn state(&self) -> ApplicationState {
        if self.reversal.is_none() {
            ApplicationState::Applied
        } else {
            ApplicationState::Reversed
        }
    }
}

/// Applies money to the receivables in `book`, which holds at least every named invoice, or for a
/// rule every receivable of the customer with something open. Answers the application and what the
/// touched invoices are worth.
///
/// # Errors
/// [`ApplyError::Refused`] has changed nothing; after [`ApplyError::Ledger`] the book is not to be
/// saved.
pub fn apply(
    order: &CreditApplication,
    book: &mut [Receivable],
    granted: &GrantedTolerance,
    stamp: &mut Stamp,
) -> Result<(Application, Vec<InvoiceBalance>), ApplyError> {
    let mut reasons = Reasons::default();
    reasons.application_facts(order, &granted.tolerance);
    let tender = Tender {
        amount: order.amount,
        date: order.receipt_date,
        tolerance: Some(&granted.tolerance),
    };
    let means = Means {
        kind: EntryKind::Allocation,
        cause: EntryCause::Application(order.application_id),
        date: order.receipt_date,
    };
    let payer = Payer {
        customer_id: order.customer_id,
        currency: order.amount.currency(),
        may_recover: true,
    };
    let spent = spend(
        &tender,
        payer,
        &order.target,
        means,
        book,
        &mut reasons,
        stamp,
    )?;
    reasons.left_over(spent.overpayment, spent.rest);
    let balances = conclude_touched(book, &spent.allocations, ClosingKind::Payment)?;
    let outcome = if spent.rest.is_zero() {
        "APPLIED_IN_FULL"
    } else {
        "APPLIED_IN_PART"
    };
    let application = Application {
        application_id: order.application_id,
        customer_id: order.customer_id,
        receipt_id: order.receipt_id,
        amount: order.amount,
        receipt_date: order.receipt_date,
        allocated_amount: spent.allocated()?,
        allocations: spent.allocations,
        overpayment_tolerance_amount: spent.overpayment,
        rest_amount: spent.rest,
        decision: reasons.decide(outcome, &granted.policy_version, stamp),
        applied_time: stamp.time,
        reversal: None,
    };
    Ok((application, balances))
}

/// What became of money or credit.
#[derive(Debug)]
pub(super) struct Spent {
    pub allocations: Vec<Allocation>,
    pub overpayment: Money,
    pub rest: Money,
}

impl Spent {
    /// Sum of the allocations.
    pub fn allocated(&self) -> Result<Money, MoneyError> {
        let amounts = self.allocations.iter().map(|one| one.amount);
        Money::sum(self.rest.currency(), amounts)
    }
}

/// Spends a tender on its target. Refusals come before anything is posted.
pub(super) fn spend(
    tender: &Tender,
    payer: Payer,
    target: &Target,
    means: Means,
    book: &mut [Receivable],
    reasons: &mut Reasons,
    stamp: &mut Stamp,
) -> Result<Spent, ApplyError> {
    let mut spending = Spending {
        tender: *tender,
        means,
        spent: Spent {
            allocations: Vec::new(),
            overpayment: Money::zero(payer.currency),
            rest: tender.amount,
        },
    };
    match target {
        Target::Named(named) => spending.on_named(payer, named, book, reasons, stamp)?,
        Target::Rule(rule) => spending.by_rule(payer, rule, book, reasons, stamp)?,
    }
    Ok(spending.spent)
}

struct Spending<'a> {
    tender: Tender<'a>,
    means: Means,
    spent: Spent,
}

impl Spending<'_> {
    fn on_named(
        &mut self,
        payer: Payer,
        named: &[NamedInvoice],
        book: &mut [Receivable],
        reasons: &mut Reasons,
        stamp: &mut Stamp,
    ) -> Result<(), ApplyError> {
        let goals = payer.find_named(named, book)?;
        let (prices, settlement) = self.tender.settle_named(book, &goals)?;
        reasons.settled(&self.tender, book, &prices, &settlement)?;
        self.post(settlement, book, stamp)
    }

    /// Each step gets what the ones before have left.
    fn by_rule(
        &mut self,
        payer: Payer,
        rule: &ApplicationRule,
        book: &mut [Receivable],
        reasons: &mut Reasons,
        stamp: &mut Stamp,
    ) -> Result<(), ApplyError> {
        for step in &rule.steps {
            if self.spent.rest.is_zero() {
                break;
            }
            let open = payer.find_open(book);
            self.tender.amount = self.spent.rest;
            let settlement = match step {
                ApplicationStep::ExactAmount => {
                    let found = self
                        .tender
                        .settle_exact(book, &open, rule.include_disputed)?;
                    reasons.exact_match(found.fitting);
                    let Some((price, settlement)) = found.settled else {
                        continue;
                    };
                    reasons.settled(&self.tender, book, &[price], &settlement)?;
                    settlement
                }
                ApplicationStep::OldestFirst => {
                    let include_disputed = rule.include_disputed;
                    let settlement = self.tender.settle_oldest(book, &open, include_disputed)?;
                    reasons.settled_oldest(&self.tender, book, &settlement);
                    settlement
                }
            };
            self.post(settlement, book, stamp)?;
        }
        if self.spent.allocations.is_empty() {
            return Err(ApplicationRefusal::NothingOpen.into());
        }
        Ok(())
    }

    fn post(
        &mut self,
        settlement: Settlement,
        book: &mut [Receivable],
        stamp: &mut Stamp,
    ) -> Result<(), ApplyError> {
        let allocations = allocate(book, &settlement.shares, self.means, stamp)?;
        self.spent.allocations.extend(allocations);
        self.spent.overpayment = self.spent.overpayment.checked_add(settlement.overpayment)?;
        self.spent.rest = settlement.rest;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::Tolerance;
    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        Desk, assert_sums_hold, by_rule, customer, eur, issued, item, named, oldest_first, owed,
        owed_with, pay, pay_named, stamp_at, tolerance,
    };
    use crate::domain::{
        CustomerId, DisputedPart, InvoiceId, InvoiceState, OpenItemKind, ReceiptId,
    };

    const JAN_1: Date = date(2026, 1, 1);

    /// What the table of section 3 tells of a payment.
    #[derive(Debug, PartialEq, Eq)]
    enum Outcome {
        /// Closed, with discount and tolerance; negative tolerance is overpayment.
        Closed {
            discount: &'static str,
            tolerance: &'static str,
        },
        /// Closed, and this much left on the payment.
        Left {
            rest: &'static str,
            discount: &'static str,
        },
        /// This much still open.
        Open(&'static str),
    }

    /// Pays the invoice of the table: 1 000, discount 20 until 15 January, tolerance 5 at most.
    fn outcome(paid: &str, receipt_date: Date, grace_days: u16) -> Outcome {
        let mut desk = Desk::default();
        let mut book = [owed_with(&mut desk, "1000.00", "2/14", false, JAN_1)];
        let granted = tolerance("0.01", "5.00", grace_days);
        let target = named(&book);
        let (paid, balances) = pay(
            &mut desk,
            &mut book,
            eur(paid),
            receipt_date,
            target,
            granted,
        )
        .unwrap();
        assert_sums_hold(&book[0], &book[0].new_entries);
        let text = |amount: Money| -> &'static str { amount.to_amount_string().leak() };
        let allocation = &paid.allocations[0];
        let discount = text(allocation.discount_amount);
        let over = paid.overpayment_tolerance_amount;
        match (balances[0].open_amount, paid.rest_amount) {
            (open, _) if open.is_positive() => Outcome::Open(text(open)),
            (_, rest) if rest.is_positive() => Outcome::Left {
                rest: text(rest),
                discount,
            },
            _ => Outcome::Closed {
                discount,
                tolerance: text(allocation.tolerance_amount.checked_sub(over).unwrap()),
            },
        }
    }

    fn closed(discount: &'static str, tolerance: &'static str) -> Outcome {
        Outcome::Closed {
            discount,
            tolerance,
        }
    }

    fn left(rest: &'static str) -> Outcome {
        let discount = "20.00";
        Outcome::Left { rest, discount }
    }

    const PAID: [&str; 6] = ["1005.00", "1000.00", "995.00", "985.00", "980.00", "975.00"];

    fn row(receipt_date: Date, grace_days: u16) -> [Outcome; 6] {
        PAID.map(|paid| outcome(paid, receipt_date, grace_days))
    }

    /// The cells of "up to 15 January" and of "16-20 January, A": the discount is earned.
    fn discount_earned() -> [Outcome; 6] {
        [
            left("25.00"),
            left("20.00"),
            left("15.00"),
            closed("20.00", "-5.00"),
            closed("20.00", "0.00"),
            closed("20.00", "5.00"),
        ]
    }

    /// The cells of "after 20 January" and of "16-20 January, B": it is not.
    fn discount_lapsed() -> [Outcome; 6] {
        [
            closed("0.00", "-5.00"),
            closed("0.00", "0.00"),
            closed("0.00", "5.00"),
            Outcome::Open("15.00"),
            Outcome::Open("20.00"),
            Outcome::Open("25.00"),
        ]
    }

    #[test]
    fn tl_1_the_table_up_to_the_discount_date() {
        for day in [1, 10, 15] {
            assert_eq!(row(date(2026, 1, day), 5), discount_earned(), "{day}");
            assert_eq!(row(date(2026, 1, day), 0), discount_earned(), "{day}");
        }
    }

    #[test]
    fn tl_3_the_table_in_the_days_of_grace_a_late_discount_accepted() {
        for day in [16, 18, 20] {
            assert_eq!(row(date(2026, 1, day), 5), discount_earned(), "{day}");
        }
    }

    #[test]
    fn tl_3_the_table_in_the_days_of_grace_b_late_discount_refused() {
        for day in [16, 18, 20] {
            assert_eq!(row(date(2026, 1, day), 0), discount_lapsed(), "{day}");
        }
    }

    #[test]
    fn tl_1_the_table_after_the_days_of_grace() {
        for grace_days in [0, 5] {
            assert_eq!(row(date(2026, 1, 21), grace_days), discount_lapsed());
        }
    }

    /// Applies with the tolerance of the table.
    fn pay_with_tolerance(
        desk: &mut Desk,
        book: &mut [Receivable],
        amount: &str,
        target: Target,
    ) -> Result<Application, ApplyError> {
        let granted = tolerance("0.01", "5.00", 0);
        let receipt_date = date(2026, 1, 12);
        let paid = pay(desk, book, eur(amount), receipt_date, target, granted);
        for debt in book.iter() {
            assert_sums_hold(debt, &debt.new_entries);
        }
        paid.map(|(application, _)| application)
    }

    fn tolerances(application: &Application) -> Vec<Money> {
        application
            .allocations
            .iter()
            .map(|one| one.tolerance_amount)
            .collect()
    }

    fn rules(application: &Application) -> Vec<(&str, bool)> {
        let rules = application.decision.rules.iter();
        rules
            .map(|rule| (rule.rule_id.as_str(), rule.passed))
            .collect()
    }

    #[test]
    fn tl_2_the_tolerances_of_several_invoices_add_up() {
        let mut desk = Desk::default();
        let two = |desk: &mut Desk| {
            [
                owed(desk, "1000.00", "net 30", JAN_1),
                owed(desk, "1000.00", "net 30", JAN_1),
            ]
        };
        let mut book = two(&mut desk);
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "1990.00", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("5.00"), eur("5.00")]);
        assert!(book.iter().all(|debt| debt.state == InvoiceState::Closed));
        assert!(rules(&paid).contains(&("TL-2", true)));
        // A cent more is more than both together: the last stays open.
        let mut book = two(&mut desk);
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "1989.99", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("0.00"), eur("0.00")]);
        assert_eq!(book[1].open_amount(), Ok(eur("10.01")));
        // Within the tolerance of the last alone the first is paid in full.
        let mut book = two(&mut desk);
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "1996.00", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("0.00"), eur("4.00")]);
    }

    #[test]
    fn tl_2_each_invoice_has_its_own_discount_date() {
        let mut desk = Desk::default();
        let mut book = [
            owed_with(&mut desk, "1000.00", "2/10", false, JAN_1),
            owed_with(&mut desk, "1000.00", "2/14", false, JAN_1),
        ];
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "1972.00", target).unwrap();
        let discounts: Vec<_> = paid
            .allocations
            .iter()
            .map(|one| one.discount_amount)
            .collect();
        assert_eq!(discounts, [eur("0.00"), eur("20.00")]);
        assert_eq!(tolerances(&paid), [eur("3.00"), eur("5.00")]);
    }

    #[test]
    fn tl_5_tolerance_per_invoice_and_the_rest_per_receipt_are_named_apart() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "1000.00", "net 30", JAN_1),
            owed(&mut desk, "500.00", "net 30", JAN_1),
        ];
        let Target::Named(mut invoices) = named(&book) else {
            panic!("named")
        };
        invoices[0].amount = Some(eur("997.00"));
        let target = Target::Named(invoices);
        let paid = pay_with_tolerance(&mut desk, &mut book, "1500.00", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("3.00"), eur("0.00")]);
        assert_eq!(paid.overpayment_tolerance_amount, eur("3.00"));
        assert_eq!(paid.allocated_amount, eur("1497.00"));
        assert!(paid.rest_amount.is_zero());
        assert!(rules(&paid).contains(&("TL-5", true)));
    }

    #[test]
    fn tl_5_a_tolerance_is_used_once_be_it_below_or_above() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "1000.00", "net 30", JAN_1),
            owed(&mut desk, "500.00", "net 30", JAN_1),
        ];
        let Target::Named(mut invoices) = named(&book) else {
            panic!("named")
        };
        invoices[0].amount = Some(eur("995.00"));
        let target = Target::Named(invoices);
        let paid = pay_with_tolerance(&mut desk, &mut book, "1501.00", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("5.00"), eur("0.00")]);
        assert_eq!(paid.rest_amount, eur("6.00"));
        assert!(paid.overpayment_tolerance_amount.is_zero());
    }

    #[test]
    fn tl_6_within_an_invoice_the_last_items_are_short() {
        let mut desk = Desk::default();
        let terms = "fixed 990 EUR: net 10; fixed 8 EUR: net 20; rest: net 30";
        let mut book = [owed(&mut desk, "1000.00", terms, JAN_1)];
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "996.00", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("0.00"), eur("2.00"), eur("2.00")]);
        assert_eq!(book[0].state, InvoiceState::Closed);
        // An instalment that is paid but for a little is settled by itself (DD-9).
        let mut book = [owed(
            &mut desk,
            "1000.00",
            "50%: net 10; rest: net 40",
            JAN_1,
        )];
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "498.00", target).unwrap();
        assert_eq!(tolerances(&paid), [eur("2.00")]);
        assert_eq!(book[0].open_amount(), Ok(eur("500.00")));
    }

    #[test]
    fn tl_6_a_disputed_invoice_takes_no_tolerance() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "1000.00", "net 30", JAN_1)];
        book[0].disputed.parts_amount = eur("1.00");
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "998.00", target).unwrap();
        assert_eq!(book[0].open_amount(), Ok(eur("2.00")));
        assert!(rules(&paid).contains(&("TL-6", false)));
        let target = named(&book);
        let over = pay_with_tolerance(&mut desk, &mut book, "3.00", target).unwrap();
        assert_eq!(over.rest_amount, eur("1.00"));
    }

    #[test]
    fn ed_2_partial_payments_earn_their_share() {
        let mut desk = Desk::default();
        let mut debt = owed_with(&mut desk, "1000.00", "1/14", true, JAN_1);
        let paid = pay_named(&mut desk, &mut debt, "297.00", date(2026, 1, 15)).unwrap();
        assert_eq!(paid.allocations[0].discount_amount, eur("3.00"));
        assert_eq!(debt.open_amount(), Ok(eur("700.00")));
        let paid = pay_named(&mut desk, &mut debt, "700.00", date(2026, 1, 16)).unwrap();
        assert!(paid.allocations[0].discount_amount.is_zero());
        assert_eq!(debt.state, InvoiceState::Closed);
    }

    #[test]
    fn ed_3_only_the_full_net_amount_in_time_earns() {
        let mut desk = Desk::default();
        let mut debt = owed_with(&mut desk, "1000.00", "2/14", false, JAN_1);
        let first = pay_named(&mut desk, &mut debt, "300.00", date(2026, 1, 5)).unwrap();
        assert!(first.allocations[0].discount_amount.is_zero());
        assert!(rules(&first).contains(&("ED-3", false)));
        let mut late = debt.clone();
        let second = pay_named(&mut desk, &mut debt, "680.00", date(2026, 1, 15)).unwrap();
        assert_eq!(second.allocations[0].discount_amount, eur("20.00"));
        assert_eq!(debt.state, InvoiceState::Closed);
        pay_named(&mut desk, &mut late, "680.00", date(2026, 1, 16)).unwrap();
        assert_eq!(late.open_amount(), Ok(eur("20.00")));
    }

    #[test]
    fn ca_5_costs_then_interest_then_principal() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        for (id, kind) in [(901, OpenItemKind::Interest), (902, OpenItemKind::Fee)] {
            debt.items
                .push(item(id, kind, eur("10.00"), date(2026, 3, 1)));
        }
        let paid = pay_named(&mut desk, &mut debt, "25.00", date(2026, 3, 2)).unwrap();
        let split: Vec<_> = paid
            .allocations
            .iter()
            .map(|one| (one.open_item_kind, one.amount))
            .collect();
        let expected = [
            (OpenItemKind::Fee, eur("10.00")),
            (OpenItemKind::Interest, eur("10.00")),
            (OpenItemKind::Principal, eur("5.00")),
        ];
        assert_eq!(split, expected);
    }

    #[test]
    fn ca_3_the_earliest_due_date_first_then_invoice_date_then_number() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "10.00", "net 20", date(2026, 1, 11)),
            owed(&mut desk, "10.00", "net 30", date(2026, 1, 1)),
            owed(&mut desk, "10.00", "net 30", date(2026, 1, 1)),
            owed(&mut desk, "10.00", "net 5", date(2026, 1, 2)),
        ];
        let target = oldest_first(false);
        let paid = pay_with_tolerance(&mut desk, &mut book, "35.00", target).unwrap();
        let order: Vec<_> = paid
            .allocations
            .iter()
            .map(|one| (one.invoice_number.as_str(), one.amount))
            .collect();
        let expected = [
            ("INV-4", eur("10.00")),
            ("INV-2", eur("10.00")),
            ("INV-3", eur("10.00")),
            ("INV-1", eur("5.00")),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn ca_5_fees_come_before_the_principal_of_their_invoice_also_by_age() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "10.00", "net 10", JAN_1),
            owed(&mut desk, "10.00", "net 20", JAN_1),
        ];
        let late = date(2026, 3, 1);
        book[0]
            .items
            .push(item(901, OpenItemKind::Fee, eur("4.00"), late));
        let target = oldest_first(false);
        let none = Tolerance::default();
        let (paid, _) = pay(&mut desk, &mut book, eur("15.00"), late, target, none).unwrap();
        let order: Vec<_> = paid
            .allocations
            .iter()
            .map(|one| (one.invoice_number.as_str(), one.open_item_kind, one.amount))
            .collect();
        let expected = [
            ("INV-1", OpenItemKind::Fee, eur("4.00")),
            ("INV-1", OpenItemKind::Principal, eur("10.00")),
            ("INV-2", OpenItemKind::Principal, eur("1.00")),
        ];
        assert_eq!(order, expected);
    }

    #[test]
    fn tl_4_oldest_first_takes_no_tolerance() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "1000.00", "net 30", JAN_1)];
        let target = oldest_first(false);
        let paid = pay_with_tolerance(&mut desk, &mut book, "999.00", target.clone()).unwrap();
        assert_eq!(tolerances(&paid), [eur("0.00")]);
        assert_eq!(book[0].open_amount(), Ok(eur("1.00")));
        let paid = pay_with_tolerance(&mut desk, &mut book, "2.00", target).unwrap();
        assert_eq!(paid.rest_amount, eur("1.00"));
    }

    #[test]
    fn ca_1_the_one_invoice_that_is_settled_exactly() {
        let mut desk = Desk::default();
        let exact = by_rule(&[ApplicationStep::ExactAmount], false);
        let book = |desk: &mut Desk| {
            [
                owed(desk, "300.00", "net 30", JAN_1),
                owed_with(desk, "1000.00", "2/14", false, JAN_1),
                owed(desk, "500.00", "net 30", JAN_1),
            ]
        };
        // By the amount itself, with discount, with tolerance, and without the discount taken.
        for (amount, place) in [("500.00", 2), ("980.00", 1), ("297.00", 0), ("1000.00", 1)] {
            let mut book = book(&mut desk);
            pay_with_tolerance(&mut desk, &mut book, amount, exact.clone()).unwrap();
            assert_eq!(book[place].state, InvoiceState::Closed, "{amount}");
        }
        let mut book = book(&mut desk);
        let refused = pay_with_tolerance(&mut desk, &mut book, "800.00", exact);
        assert_eq!(refused, Err(ApplicationRefusal::NothingOpen.into()));
    }

    #[test]
    fn ca_1_where_several_fit_none_is_chosen_and_the_next_step_decides() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "300.00", "net 30", JAN_1),
            owed(&mut desk, "299.00", "net 20", JAN_1),
        ];
        let only = by_rule(&[ApplicationStep::ExactAmount], false);
        let before = book.clone();
        let refused = pay_with_tolerance(&mut desk, &mut book, "300.00", only);
        assert_eq!(refused, Err(ApplicationRefusal::NothingOpen.into()));
        assert_eq!(book, before);
        let steps = [ApplicationStep::ExactAmount, ApplicationStep::OldestFirst];
        let target = by_rule(&steps, false);
        let paid = pay_with_tolerance(&mut desk, &mut book, "300.00", target).unwrap();
        assert_eq!(paid.allocations[0].invoice_number, "INV-2");
        assert_eq!(paid.allocations[1].amount, eur("1.00"));
        assert_eq!(rules(&paid)[..2], [("CA-1", false), ("CA-3", true)]);
    }

    #[test]
    fn ca_2_disputed_parts_are_left_alone_unless_included() {
        let mut desk = Desk::default();
        let mut book = [owed(&mut desk, "100.00", "net 30", JAN_1)];
        book[0].disputed.parts_amount = eur("30.00");
        let target = oldest_first(false);
        let paid = pay_with_tolerance(&mut desk, &mut book, "100.00", target.clone()).unwrap();
        assert_eq!(
            (paid.allocated_amount, paid.rest_amount),
            (eur("70.00"), eur("30.00"))
        );
        let refused = pay_with_tolerance(&mut desk, &mut book, "30.00", target);
        assert_eq!(refused, Err(ApplicationRefusal::NothingOpen.into()));
        let target = oldest_first(true);
        pay_with_tolerance(&mut desk, &mut book, "30.00", target).unwrap();
        assert_eq!(book[0].state, InvoiceState::Closed);
    }

    #[test]
    fn ca_1_the_undisputed_part_can_be_the_exact_amount() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "100.00", "net 30", JAN_1),
            owed(&mut desk, "100.00", "net 30", JAN_1),
        ];
        book[1].disputed.parts_amount = eur("30.00");
        let exact = by_rule(&[ApplicationStep::ExactAmount], false);
        let paid = pay_with_tolerance(&mut desk, &mut book, "70.00", exact).unwrap();
        assert_eq!(paid.allocations[0].invoice_number, "INV-2");
        assert_eq!(book[1].collectable_amount(), Ok(eur("0.00")));
    }

    #[test]
    fn ca_6_what_exceeds_is_not_applied() {
        let mut desk = Desk::default();
        let mut debt = owed(&mut desk, "100.00", "net 30", JAN_1);
        let paid = pay_named(&mut desk, &mut debt, "140.00", date(2026, 1, 5)).unwrap();
        assert_eq!(
            (paid.allocated_amount, paid.rest_amount),
            (eur("100.00"), eur("40.00"))
        );
        assert_eq!(paid.decision.outcome, "APPLIED_IN_PART");
        assert_eq!(debt.closed_date, Some(date(2026, 1, 5)));
        assert_eq!(debt.closing_kind, Some(ClosingKind::Payment));
    }

    #[test]
    fn ca_6_no_invoice_gets_more_than_was_meant_for_it() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "100.00", "net 30", JAN_1),
            owed(&mut desk, "100.00", "net 30", JAN_1),
        ];
        let Target::Named(mut invoices) = named(&book) else {
            panic!("named")
        };
        invoices[0].amount = Some(eur("40.00"));
        let target = Target::Named(invoices);
        let paid = pay_with_tolerance(&mut desk, &mut book, "200.00", target).unwrap();
        let amounts: Vec<_> = paid.allocations.iter().map(|one| one.amount).collect();
        assert_eq!(amounts, [eur("40.00"), eur("100.00")]);
        assert_eq!(paid.rest_amount, eur("60.00"));
    }

    #[test]
    fn each_refusal_has_its_reason_and_changes_nothing() {
        let mut desk = Desk::default();
        let mut book = vec![
            owed(&mut desk, "100.00", "net 30", JAN_1),
            owed(&mut desk, "100.00", "net 30", JAN_1),
            owed(&mut desk, "100.00", "net 30", JAN_1),
            owed(&mut desk, "100.00", "net 30", JAN_1),
        ];
        let mut void = issued(&mut desk, "100.00", "net 30", JAN_1);
        void.void(JAN_1, &mut stamp_at(&mut desk, JAN_1)).unwrap();
        book[1] = void.receivable().unwrap().clone();
        book[2].customer_id = customer(2).customer_id;
        pay_named(&mut desk, &mut book[3], "100.00", JAN_1).unwrap();
        let before = book.clone();
        let mut refusal = |place: usize, amount: Money| {
            let target = named(&before[place..=place]);
            let paid = pay(
                &mut desk,
                &mut book,
                amount,
                JAN_1,
                target,
                Tolerance::default(),
            );
            assert_eq!(book, before);
            match paid {
                Err(ApplyError::Refused(refusal)) => refusal,
                other => panic!("{other:?}"),
            }
        };
        let invoice_number = |place: usize| before[place].invoice_number.clone();
        let void = ApplicationRefusal::InvoiceVoid {
            invoice_number: invoice_number(1),
        };
        assert_eq!(refusal(1, eur("1.00")), void);
        let other = ApplicationRefusal::CustomerMismatch {
            invoice_number: invoice_number(2),
        };
        assert_eq!(refusal(2, eur("1.00")), other);
        assert_eq!(refusal(3, eur("1.00")), ApplicationRefusal::InvoiceClosed);
        let yen = Money::parse("100", money::Currency::JPY).unwrap();
        let currency = ApplicationRefusal::CurrencyMismatch {
            invoice_number: invoice_number(0),
            invoice_currency: money::Currency::EUR,
        };
        assert_eq!(refusal(0, yen), currency);
        let unknown = InvoiceId(uuid::Uuid::from_u128(404));
        let target = Target::Named(vec![NamedInvoice {
            invoice_id: unknown,
            amount: None,
        }]);
        let paid = pay(
            &mut desk,
            &mut book,
            eur("1.00"),
            JAN_1,
            target,
            Tolerance::default(),
        );
        assert_eq!(
            paid,
            Err(ApplicationRefusal::InvoiceNotFound(unknown).into())
        );
        let rule = oldest_first(true);
        let paid = pay(&mut desk, &mut book, yen, JAN_1, rule, Tolerance::default());
        assert_eq!(paid, Err(ApplicationRefusal::NothingOpen.into()));
    }

    #[test]
    fn a_closed_invoice_among_open_ones_is_passed_over() {
        let mut desk = Desk::default();
        let mut book = [
            owed(&mut desk, "100.00", "net 30", JAN_1),
            owed(&mut desk, "100.00", "net 30", JAN_1),
        ];
        pay_named(&mut desk, &mut book[0], "100.00", JAN_1).unwrap();
        let version = book[0].version;
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "100.00", target).unwrap();
        assert_eq!(paid.allocations.len(), 1);
        assert_eq!(
            (book[0].version, book[1].state),
            (version, InvoiceState::Closed)
        );
    }

    #[test]
    fn p10_yen_and_dinars_settle_in_their_own_digits() {
        for (code, gross, paid, discount) in [
            ("JPY", "1001", "981", "20"),
            ("KWD", "10.005", "9.805", "0.200"),
        ] {
            let currency = code.parse().unwrap();
            let amount = |text| Money::parse(text, currency).unwrap();
            let offer = crate::domain::samples::offer("2/14", false);
            let due = crate::domain::Due::On(date(2026, 2, 1));
            let parts = due.instalments(amount(gross), JAN_1, &offer).unwrap();
            let mut desk = Desk::default();
            let mut debt = owed(&mut desk, "1.00", "net 30", JAN_1);
            debt.currency = currency;
            debt.disputed = DisputedPart::none(currency);
            debt.items = vec![item(
                9,
                OpenItemKind::Principal,
                amount(gross),
                date(2026, 2, 1),
            )];
            debt.items[0].discounts = parts[0].discounts.clone();
            debt.gross_amount = amount(gross);
            let mut book = [debt];
            let target = named(&book);
            let none = Tolerance::default();
            let (application, _) =
                pay(&mut desk, &mut book, amount(paid), JAN_1, target, none).unwrap();
            assert_eq!(application.allocations[0].discount_amount, amount(discount));
            assert_eq!(book[0].state, InvoiceState::Closed);
        }
    }

    #[test]
    fn the_decision_tells_facts_and_policy() {
        let mut desk = Desk::default();
        let mut book = [owed_with(&mut desk, "1000.00", "2/14", false, JAN_1)];
        let target = named(&book);
        let paid = pay_with_tolerance(&mut desk, &mut book, "977.00", target).unwrap();
        let decision = &paid.decision;
        assert_eq!(decision.outcome, "APPLIED_IN_FULL");
        assert_eq!(decision.policy_version, "credit-policy/standard@1");
        assert_eq!(decision.facts["amount"], "977.00 EUR");
        assert_eq!(decision.facts["receipt_date"], "2026-01-12");
        assert_eq!(rules(&paid), [("ED-8", true), ("TL-6", true)]);
        let text = "INV-1: discount of 20.00 EUR granted, receipt date 2026-01-12 is not after \
            2026-01-15";
        assert_eq!(decision.rules[0].explanation, text);
        let json = serde_json::to_string(decision).unwrap();
        assert_eq!(&serde_json::from_str::<Decision>(&json).unwrap(), decision);
    }

    #[test]
    fn p3_the_same_order_on_the_same_book_gives_the_same_answer() {
        let mut desk = Desk::default();
        let book = [
            owed_with(&mut desk, "1000.00", "2/14", true, JAN_1),
            owed(&mut desk, "300.00", "net 30", JAN_1),
        ];
        let order = CreditApplication {
            application_id: ApplicationId(uuid::Uuid::from_u128(1)),
            customer_id: CustomerId(uuid::Uuid::from_u128(1)),
            receipt_id: ReceiptId(uuid::Uuid::from_u128(2)),
            amount: eur("700.00"),
            receipt_date: date(2026, 1, 12),
            target: oldest_first(false),
        };
        let run = |mut book: Vec<Receivable>| {
            let mut next = 0;
            let mut ids = || {
                next += 1;
                uuid::Uuid::from_u128(next)
            };
            let mut stamp = Stamp::new(Timestamp::UNIX_EPOCH, &mut ids);
            let granted = GrantedTolerance::default();
            let answer = apply(&order, &mut book, &granted, &mut stamp).unwrap();
            book.sort_by_key(|debt| debt.invoice_id);
            (answer, book)
        };
        let mut turned = book.to_vec();
        turned.reverse();
        let (first, again) = (run(book.to_vec()), run(turned));
        assert_eq!(first.0.0, again.0.0);
        assert_eq!(first.1, again.1);
    }

    #[test]
    fn codes() {
        assert_complete::<ApplicationState>(2);
        assert_complete::<ApplicationStep>(2);
    }
}
