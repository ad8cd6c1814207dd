//! The facts that templates may name, and how they are handed to the engine: as text of one line, in
//! the way of the language. Must not hold what is no business of a debtor.

use calendar::Date;
use minijinja::context;
use minijinja::value::Value;
use money::{Money, MoneyError};

use super::language::Conventions;
use crate::domain::code::Level;
use crate::domain::invoice::CaseInvoice;
use crate::domain::letter::{Letter, Total};

/// Every name that a template may use outside of a loop.
pub(super) const NAMES: &[&str] = &[
    "sender",
    "sender.name",
    "sender.email",
    "sender.phone",
    "sender.address",
    "sender.bank_accounts",
    "customer",
    "customer.name",
    "customer.contact_name",
    "customer.external_id",
    "step",
    "step.code",
    "step.level",
    "message",
    "message.reference",
    "message.date",
    "lines",
    "totals",
    "statement",
    "statement_totals",
];

/// As whom we write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// Name.
    pub name: String,
    /// E-mail address.
    pub email: String,
    /// Telephone; empty: none.
    pub phone: String,
    /// Postal address, in lines.
    pub address: Vec<String>,
    /// The accounts to pay to, the preferred one of a currency first.
    pub bank_accounts: Vec<Account>,
}

/// An account to pay to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// ISO 4217.
    pub currency_code: String,
    /// IBAN, or account number with routing number.
    pub account: String,
    /// The bank.
    pub bank_name: String,
}

/// To whom we write; personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CustomerFacts {
    /// The customer.
    pub name: String,
    /// Whoever the message goes to.
    pub contact_name: String,
    /// Identity in the tenant's own system; empty: none.
    pub external_id: String,
}

/// The gravest step of the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepFacts {
    /// Short name.
    pub code: String,
    /// How far up the ladder.
    pub level: Level,
}

/// The message itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageFacts {
    /// What an answer quotes.
    pub reference: String,
    /// Its day, in the debtor's zone.
    pub date: Date,
}

/// One due amount.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Number of the invoice.
    pub invoice_number: String,
    /// Date of the invoice.
    pub invoice_date: Date,
    /// When it is due.
    pub due_date: Date,
    /// Days from then to the day of the message; negative before it.
    pub days_past_due: i32,
    /// What is open.
    pub open_amount: Money,
    /// What is asked for.
    pub asked_amount: Money,
    /// How far up the ladder it is.
    pub level: Level,
}

/// Everything that a template may tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Facts {
    /// As whom.
    pub sender: Sender,
    /// To whom.
    pub customer: CustomerFacts,
    /// Which step.
    pub step: StepFacts,
    /// Which message.
    pub message: MessageFacts,
    /// What is asked for.
    pub lines: Vec<Line>,
    /// The sums, one a currency.
    pub totals: Vec<Total>,
    /// All that is open.
    pub statement: Vec<Line>,
    /// The sums of that.
    pub statement_totals: Vec<Total>,
}

impl Facts {
    /// The facts of a letter: what it asks for, and all that is open on the customer's `invoices`,
    /// the oldest due date first.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn of_letter(
        sender: Sender,
        customer: CustomerFacts,
        message: MessageFacts,
        letter: &Letter,
        invoices: &[CaseInvoice],
    ) -> Result<Self, MoneyError> {
        let statement = statement(letter, invoices, message.date);
        let asked = |line: &Line| line.asked_amount.is_positive();
        Ok(Self {
            sender,
            customer,
            step: StepFacts {
                code: letter.step.step_code.to_string(),
                level: letter.step.level,
            },
            message,
            lines: statement
                .iter()
                .filter(|line| asked(line))
                .cloned()
                .collect(),
            totals: letter.totals()?,
            statement_totals: sums(&statement)?,
            statement,
        })
    }

    /// As the engine takes them, written as the language writes.
    pub(super) fn values(&self, language: &str) -> Value {
        let way = Conventions::of(language);
        let lines =
            |lines: &[Line]| -> Value { lines.iter().map(|line| line_value(line, way)).collect() };
        let totals = |totals: &[Total]| -> Value {
            totals.iter().map(|total| total_value(total, way)).collect()
        };
        context! {
            sender => self.sender.value(),
            customer => context! {
                name => one_line(&self.customer.name),
                contact_name => one_line(&self.customer.contact_name),
                external_id => one_line(&self.customer.external_id),
            },
            step => context! {
                code => one_line(&self.step.code),
                level => self.step.level.number(),
            },
            message => context! {
                reference => one_line(&self.message.reference),
                date => way.date(self.message.date),
            },
            lines => lines(&self.lines),
            totals => totals(&self.totals),
            statement => lines(&self.statement),
            statement_totals => totals(&self.statement_totals),
        }
    }
}

impl Sender {
    fn value(&self) -> Value {
        let account = |account: &Account| {
            context! {
                currency_code => one_line(&account.currency_code),
                account => one_line(&account.account),
                bank_name => one_line(&account.bank_name),
            }
        };
        let address: Value = self.address.iter().map(|line| one_line(line)).collect();
        let accounts: Value = self.bank_accounts.iter().map(account).collect();
        context! {
            name => one_line(&self.name),
            email => one_line(&self.email),
            phone => one_line(&self.phone),
            address => address,
            bank_accounts => accounts,
        }
    }
}

fn line_value(line: &Line, way: Conventions) -> Value {
    context! {
        invoice_number => one_line(&line.invoice_number),
        invoice_date => way.date(line.invoice_date),
        due_date => way.date(line.due_date),
        days_past_due => line.days_past_due,
        open_amount => way.amount(line.open_amount),
        asked_amount => way.amount(line.asked_amount),
        level => line.level.number(),
    }
}

fn total_value(total: &Total, way: Conventions) -> Value {
    context! {
        currency_code => total.open_amount.currency().code(),
        open_amount => way.amount(total.open_amount),
        asked_amount => way.amount(total.asked_amount),
    }
}

/// Everything that is open, each item with what the letter asks for of it.
fn statement(letter: &Letter, invoices: &[CaseInvoice], on: Date) -> Vec<Line> {
    let mut lines: Vec<Line> = invoices
        .iter()
        .flat_map(|invoice| {
            invoice.open_items().map(move |item| {
                let asked = letter
                    .lines
                    .iter()
                    .find(|line| line.open_item_id == item.open_item_id);
                Line {
                    invoice_number: invoice.invoice_number.clone(),
                    invoice_date: invoice.invoice_date,
                    due_date: item.due_date,
                    days_past_due: (on - item.due_date).get_days(),
                    open_amount: item.open_amount,
                    asked_amount: asked
                        .map_or(Money::zero(invoice.currency), |line| line.asked_amount),
                    level: asked.map_or(item.level, |line| line.level),
                }
            })
        })
        .collect();
    lines.sort_by(|one, other| {
        (one.due_date, &one.invoice_number).cmp(&(other.due_date, &other.invoice_number))
    });
    lines
}

/// The sums of some lines, one a currency, by code (RD-5).
pub(super) fn sums(lines: &[Line]) -> Result<Vec<Total>, MoneyError> {
    let mut totals: Vec<Total> = Vec::new();
    for line in lines {
        let currency = line.open_amount.currency();
        let same = |total: &&mut Total| total.open_amount.currency() == currency;
        match totals.iter_mut().find(same) {
            Some(total) => {
                total.open_amount = total.open_amount.checked_add(line.open_amount)?;
                total.asked_amount = total.asked_amount.checked_add(line.asked_amount)?;
            }
            None => totals.push(Total {
                open_amount: line.open_amount,
                asked_amount: line.asked_amount,
            }),
        }
    }
    totals.sort_by_key(|total| total.open_amount.currency());
    Ok(totals)
}

/// A fact as text of one line: no line break that could begin a header, no control character, and
/// nothing that turns the direction of the text around it.
pub(super) fn one_line(text: &str) -> String {
    let turns = |sign: char| matches!(sign, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}');
    let breaks = |sign: char| sign.is_control() || matches!(sign, '\u{2028}' | '\u{2029}');
    text.chars()
        .filter(|sign| !turns(*sign))
        .map(|sign| if breaks(sign) { ' ' } else { sign })
        .collect()
}
