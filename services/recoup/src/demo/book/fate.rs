//! Owns what becomes of each invoice by the behaviour of its customer: when it is paid and in what
//! parts, what is objected to, what is promised. The truth of the book.

use jiff::civil::Date;

use super::chance::Dice;
use super::customer::{Behaviour, Customer};
use super::invoice::{Invoice, share, with_tax};
use super::{later, on_or_after, on_or_before};

/// Money for one invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Place of the invoice in the book.
    pub invoice: usize,
    /// The day on which the bank books it.
    pub day: Date,
    /// How much, in cents.
    pub cents: i64,
    /// Whether it may wait for another one of the customer and be sent with it: no discount and no
    /// promise hangs on its day.
    pub may_wait: bool,
}

/// How an objection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The customer was right: a credit note of so much before tax, in cents.
    Credited {
        /// What is credited before tax, in cents.
        net_cents: i64,
    },
    /// The customer was not right.
    Rejected,
    /// The customer took it back.
    Withdrawn,
}

/// An objection to an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Objection {
    /// Place of the invoice in the book.
    pub invoice: usize,
    /// The day on which it is raised.
    pub raised: Date,
    /// How much is objected to, in cents; none: to all of it.
    pub part_cents: Option<i64>,
    /// The day on which it is decided.
    pub decided: Date,
    /// How.
    pub ending: Ending,
}

/// A promise to pay an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vow {
    /// Place of the invoice in the book.
    pub invoice: usize,
    /// The day on which it is made.
    pub made: Date,
    /// By when.
    pub by: Date,
    /// Whether it will be kept.
    pub kept: bool,
}

/// What becomes of all invoices.
#[derive(Debug, Clone, Default)]
pub struct Fates {
    /// All payments, by invoice.
    pub payments: Vec<Payment>,
    /// All objections, by the day on which they are raised.
    pub objections: Vec<Objection>,
    /// All promises, by the day on which they are made.
    pub vows: Vec<Vow>,
}

/// Decides what becomes of all invoices.
#[must_use]
pub fn all(customers: &[Customer], invoices: &[Invoice], dice: &mut Dice) -> Fates {
    let mut fates = Fates::default();
    for (place, invoice) in invoices.iter().enumerate() {
        let customer = &customers[invoice.customer];
        let mut of_one = One {
            place,
            invoice,
            dice: dice.apart(),
            fates: &mut fates,
        };
        of_one.behave(customer);
    }
    fates
        .objections
        .sort_by_key(|objection| (objection.raised, objection.invoice));
    fates.vows.sort_by_key(|vow| (vow.made, vow.invoice));
    fates
}

struct One<'a> {
    place: usize,
    invoice: &'a Invoice,
    dice: Dice,
    fates: &'a mut Fates,
}

impl One<'_> {
    fn behave(&mut self, customer: &Customer) {
        match customer.behaviour {
            Behaviour::Prompt => self.prompt(None),
            Behaviour::Insolvent => self.prompt(customer.pays_until),
            Behaviour::Slow => self.slow(),
            Behaviour::PartPayer => self.part_payer(),
            Behaviour::Disputer => self.disputer(customer.place.tax_bp),
            Behaviour::PromiseBreaker => self.promise_breaker(),
        }
    }

    /// Pays all that is owed; on a day that matters or not.
    fn pay_all(&mut self, day: Date, may_wait: bool) {
        self.fates.payments.push(Payment {
            invoice: self.place,
            day,
            cents: self.invoice.gross_cents,
            may_wait,
        });
    }

    fn pay(&mut self, day: Date, cents: i64) {
        self.fates.payments.push(Payment {
            invoice: self.place,
            day,
            cents,
            may_wait: false,
        });
    }

    /// In time: with the discount where there is one, mostly. Nothing after the last day.
    fn prompt(&mut self, until: Option<Date>) {
        let takes_discount = self.invoice.discount_cents > 0 && self.dice.percent(65);
        let (day, discount_cents) = if takes_discount {
            // The tenth day is the last: none may slip over it by a weekend.
            let day = later(self.invoice.issued, self.dice.number(3..=10));
            (on_or_before(day), self.invoice.discount_cents)
        } else {
            let early = self.dice.number(0..=6);
            let day = self
                .invoice
                .due
                .saturating_sub(jiff::Span::new().days(early));
            (on_or_before(day), 0)
        };
        let day = day.max(on_or_after(later(self.invoice.issued, 1)));
        match (until, discount_cents) {
            (Some(until), _) if day > until => {}
            (_, 0) => self.pay_all(day, true),
            (_, discount) => self.pay(day, self.invoice.gross_cents - discount),
        }
    }

    /// Late; when very late, with a promise that is kept.
    fn slow(&mut self) {
        let late = self.dice.number(1..=40);
        let day = on_or_after(later(self.invoice.due, late));
        let promises = late >= 18 && self.dice.percent(70);
        self.pay_all(day, !promises);
        if promises {
            self.vow(on_or_after(later(self.invoice.due, late - 8)), day, true);
        }
    }

    fn part_payer(&mut self) {
        let first = share(
            self.invoice.gross_cents,
            i64::from(self.dice.number(3_500..=6_500)),
        );
        let day = later(self.invoice.due, self.dice.number(0..=6));
        self.pay(on_or_after(day), first);
        let day = later(self.invoice.due, self.dice.number(15..=45));
        self.pay(on_or_after(day), self.invoice.gross_cents - first);
    }

    /// Objects to two of five; pays what is left some days after the decision.
    fn disputer(&mut self, tax_bp: i64) {
        let invoice = self.invoice;
        if !self.dice.percent(40) {
            let day = later(invoice.due, self.dice.number(0..=10));
            return self.pay_all(on_or_after(day), true);
        }
        let raised = on_or_after(later(invoice.issued, self.dice.number(4..=25)));
        let decided = on_or_after(later(raised, self.dice.number(8..=25)));
        let net_cents = share(
            invoice.unit_cents * invoice.quantity,
            i64::from(self.dice.number(1_000..=4_000)),
        );
        let credited = with_tax(net_cents, tax_bp);
        let is_part = self.dice.percent(60);
        let endings = [
            (Ending::Credited { net_cents }, 50),
            (Ending::Rejected, 30),
            (Ending::Withdrawn, 20),
        ];
        let ending = self.dice.weighed(&endings);
        self.fates.objections.push(Objection {
            invoice: self.place,
            raised,
            part_cents: is_part.then_some(credited),
            decided,
            ending,
        });
        let owed = match ending {
            Ending::Credited { .. } => invoice.gross_cents - credited,
            Ending::Rejected | Ending::Withdrawn => invoice.gross_cents,
        };
        let day = later(decided.max(invoice.due), self.dice.number(2..=14));
        self.pay(on_or_after(day), owed);
    }

    /// Promises; keeps every third promise, and pays weeks after the others.
    fn promise_breaker(&mut self) {
        let invoice = self.invoice;
        let made = on_or_after(later(invoice.due, self.dice.number(7..=12)));
        let by = on_or_after(later(made, self.dice.number(6..=12)));
        let kept = self.dice.percent(33);
        self.vow(made, by, kept);
        let day = if kept {
            by
        } else {
            later(by, self.dice.number(8..=60))
        };
        self.pay_all(on_or_after(day), false);
    }

    fn vow(&mut self, made: Date, by: Date, kept: bool) {
        self.fates.vows.push(Vow {
            invoice: self.place,
            made,
            by,
            kept,
        });
    }
}
