//! The service's way: invoices, holds and messages that go from fact to fact, by the functions under
//! test, and the list of the facts beside them.

use std::collections::BTreeMap;

use calendar::{Date, Timestamp, add_days};
use money::{Currency, Money};

use super::moves::Move;
use super::naive::open_amount;
use super::{Fact, item_number, model_lines, whole};
use crate::domain::case::Case;
use crate::domain::code::Level;
use crate::domain::debtor::DebtorKind;
use crate::domain::hold::{Ended, Hold, HoldReason, HoldScope, NewHold};
use crate::domain::id::HoldId;
use crate::domain::invoice::{Balance, CaseInvoice};
use crate::domain::judgement::{Judgement, judge};
use crate::domain::ladder::Ladder;
use crate::domain::letter::Letter;
use crate::domain::message::{Message, MessageState};
use crate::domain::samples::{self, balance, invoice_id, uuid};
use crate::domain::situation::{MessageOnCase, Situation};
use crate::domain::step_taking::{pass_over, take_steps};
use crate::domain::strategy::StrategyDefinition;

const BEGIN: Date = Date::constant(2026, 1, 1);

/// The service's side: state that moves from fact to fact.
pub(super) struct World {
    pub(super) definition: StrategyDefinition,
    pub(super) today: Date,
    case: Case,
    invoices: Vec<CaseInvoice>,
    holds: Vec<Hold>,
    unapplied: BTreeMap<Currency, Money>,
    messages: Vec<Message>,
    last_message: Option<Date>,
    /// Currency and original amounts of each invoice's items.
    pub(super) issued: Vec<(Currency, Vec<(Date, i64)>)>,
    pub(super) facts: Vec<Fact>,
}

impl World {
    pub(super) fn new(definition: StrategyDefinition) -> Self {
        Self {
            definition,
            today: BEGIN,
            case: samples::case(),
            invoices: Vec::new(),
            holds: Vec::new(),
            unapplied: BTreeMap::new(),
            messages: Vec::new(),
            last_message: None,
            issued: Vec::new(),
            facts: Vec::new(),
        }
    }

    pub(super) fn make(&mut self, step: &Move) {
        let chosen = |pick: usize, count: usize| (count > 0).then(|| pick % count);
        match step {
            Move::Issue {
                usd,
                due_in,
                amounts,
            } => self.issue(*usd, *due_in, amounts),
            Move::SetOpen { pick, percent } => {
                if let Some(invoice) = chosen(*pick, self.invoices.len()) {
                    let item = pick / 7 % self.issued[invoice].1.len();
                    self.set_open(
                        invoice,
                        item,
                        self.issued[invoice].1[item].1 * percent / 100,
                    );
                }
            }
            Move::Hold { pick, scope, days } => {
                if let Some(invoice) = chosen(*pick, self.invoices.len()) {
                    self.hold(invoice, *scope, *days);
                }
            }
            Move::Free { pick } => {
                if let Some(hold) = chosen(*pick, self.holds.len()) {
                    let ended = Ended {
                        time: Timestamp::UNIX_EPOCH,
                        by: String::new(),
                        note: String::new(),
                    };
                    self.holds[hold].end_with_facts(&self.case, ended);
                    self.facts.push(Fact::Freed { hold });
                }
            }
            Move::Break { pick } => {
                if let Some(invoice) = chosen(*pick, self.invoices.len()) {
                    self.invoices[invoice].expedite(self.today);
                    self.facts.push(Fact::PromiseBroken {
                        invoice,
                        on: self.today,
                    });
                }
            }
            Move::Cash { usd, amount } => {
                let currency = if *usd { Currency::USD } else { Currency::EUR };
                self.unapplied.insert(currency, whole(currency, *amount));
                self.facts.push(Fact::Unapplied {
                    currency,
                    amount: *amount,
                });
            }
            Move::Settle { pick, skip } => {
                if let Some(letter) = chosen(*pick, self.messages.len()) {
                    self.settle(letter, *skip);
                }
            }
            Move::Wait { days } => self.today = add_days(self.today, *days).unwrap(),
        }
    }

    fn issue(&mut self, usd: bool, due_in: i32, amounts: &[i64]) {
        let invoice = self.invoices.len();
        let currency = if usd { Currency::USD } else { Currency::EUR };
        let due = |place: usize| {
            let days = due_in + 11 * i32::try_from(place).unwrap();
            add_days(self.today, days).unwrap()
        };
        let items: Vec<(Date, i64)> = amounts
            .iter()
            .enumerate()
            .map(|(place, amount)| (due(place), *amount))
            .collect();
        self.issued.push((currency, items.clone()));
        self.facts.push(Fact::Issued {
            invoice,
            currency,
            items,
        });
        self.invoices.push(CaseInvoice::new(
            samples::case_id(),
            self.balance_of(invoice, 1),
        ));
    }

    /// What invoicing would say of an invoice.
    fn balance_of(&self, invoice: usize, version: i64) -> Balance {
        let (currency, items) = &self.issued[invoice];
        let number = u128::try_from(invoice).unwrap();
        let told: Vec<(u128, Date, Money)> = items
            .iter()
            .enumerate()
            .map(|(item, (due, _))| {
                let open = open_amount(&self.facts, invoice, item);
                (item_number(invoice, item), *due, whole(*currency, open))
            })
            .collect();
        balance(number, version, &told)
    }

    fn set_open(&mut self, invoice: usize, item: usize, amount: i64) {
        self.facts.push(Fact::Open {
            invoice,
            item,
            amount,
        });
        let balance = self.balance_of(invoice, self.invoices[invoice].version + 1);
        assert!(self.invoices[invoice].apply(balance));
    }

    fn hold(&mut self, invoice: usize, scope: u8, days: i32) {
        let hold = self.holds.len();
        let until = (days > 0).then(|| add_days(self.today, days).unwrap());
        let (currency, items) = &self.issued[invoice];
        let part = (scope == 1).then(|| items[0].1 / 2 + 1);
        let of_case = scope == 0;
        let new = NewHold {
            hold_id: HoldId::new(uuid(500 + u128::try_from(hold).unwrap())),
            scope: if of_case {
                HoldScope::Case
            } else {
                HoldScope::Invoices([invoice_id(u128::try_from(invoice).unwrap())].into())
            },
            reason: HoldReason::Dispute,
            end_date: until,
            note: String::new(),
            by: String::new(),
            at: Timestamp::UNIX_EPOCH,
        };
        let amount = part.map(|part| whole(*currency, part));
        self.holds
            .push(Hold::follow(&self.case, new, uuid(1), amount).0);
        let invoice = (!of_case).then_some(invoice);
        self.facts.push(Fact::Held {
            hold,
            invoice,
            part,
            until,
        });
    }

    /// A letter that still waits for a person is carried out, or found not to have left and skipped.
    fn settle(&mut self, letter: usize, skip: bool) {
        if self.messages[letter].state.is_final() {
            return;
        }
        let mut message = self.messages[letter].clone();
        if skip {
            message.state = MessageState::Abandoned;
            pass_over(&message, &mut self.invoices);
            self.facts.push(Fact::Skipped { letter });
        } else {
            self.leave(letter, &mut message);
        }
        self.messages[letter] = message;
    }

    fn leave(&mut self, letter: usize, message: &mut Message) {
        message.state = MessageState::Sent;
        let zones = samples::debtor().zones();
        message.sent_time = Some(zones.start_of_day(self.today).unwrap());
        let ladder = Ladder::new(&self.definition, DebtorKind::Business, "DE");
        take_steps(&mut self.case, message, &mut self.invoices, &ladder, &zones);
        self.last_message = Some(self.today);
        self.facts.push(Fact::Left {
            letter,
            on: self.today,
        });
    }

    pub(super) fn judge(&self) -> Judgement {
        let ladder = Ladder::new(&self.definition, DebtorKind::Business, "DE");
        let messages: Vec<MessageOnCase> = self.messages.iter().map(Message::on_case).collect();
        let situation = Situation {
            invoices: &self.invoices,
            holds: &self.holds,
            unapplied: &self.unapplied,
            messages: &messages,
            last_message: self.last_message,
        };
        judge(
            &situation,
            &ladder,
            "strategy/standard@1",
            self.today,
            Level::NONE,
        )
        .unwrap()
    }

    /// Sends what is due: an e-mail leaves at once, a call waits for its person.
    pub(super) fn send(&mut self, letter: Letter) {
        let number = self.messages.len();
        let lines = model_lines(&letter);
        self.facts.push(Fact::Lettered {
            letter: number,
            on: self.today,
            lines,
        });
        let mut message = samples::message(&self.case);
        message.step = letter.step;
        message.lines = letter.lines;
        message.step_date = letter.step_date;
        if message.step.channel.needs_person() {
            message.state = MessageState::WithPerson;
        } else {
            self.leave(number, &mut message);
        }
        self.messages.push(message);
    }
}
