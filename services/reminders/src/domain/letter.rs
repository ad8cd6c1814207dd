//! Owns what one message asks for: the lines, each with the level of its own invoice, the sums, and
//! the gravest step, which sets the tone (DU-9). Must not decide whether it may leave.

use std::collections::BTreeMap;

use calendar::Date;
use money::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};

use crate::domain::code::{Code, Level};
use crate::domain::debtor::Channel;
use crate::domain::id::{InvoiceId, OpenItemId};
use crate::domain::invoice::{CaseInvoice, CaseItem};
use crate::domain::ladder::{Climb, Ladder, Rung};

/// One due amount that is asked for: an open item of an invoice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The invoice.
    pub invoice_id: InvoiceId,
    /// Its number.
    pub invoice_number: String,
    /// The open item.
    pub open_item_id: OpenItemId,
    /// When the item is due.
    pub due_date: Date,
    /// Days from that date to the day of the message; negative before it.
    pub days_past_due: i32,
    /// What is open on the item.
    pub open_amount: Money,
    /// What is asked for: less than open where a part is disputed (CC-10).
    pub asked_amount: Money,
    /// The invoice's own step.
    pub step_code: Code,
    /// That step's level.
    pub level: Level,
    /// The level that the item has once the message has left: the step's for what is due first,
    /// no more than its own age warrants for what is due later (DD-9, P21).
    pub item_level: Level,
}

/// A step as a message carries it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepReference {
    /// The step.
    pub step_code: Code,
    /// Its level.
    pub level: Level,
    /// How the customer is addressed.
    pub channel: Channel,
    /// The template that gives the words.
    pub template_code: Option<Code>,
}

/// The sums of the lines in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Total {
    /// What is open on the lines.
    pub open_amount: Money,
    /// What is asked for.
    pub asked_amount: Money,
}

/// What one message asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// The day for which its steps are due, in the debtor's zone.
    pub step_date: Date,
    /// The gravest step among its lines.
    pub step: StepReference,
    /// What it asks for: the oldest due date first, then by number.
    pub lines: Vec<Line>,
    /// The strategy that chose the steps: `strategy/standard@3`.
    pub strategy_version: String,
}

impl StepReference {
    /// The step of a rung.
    #[must_use]
    pub fn of(rung: Rung<'_>) -> Self {
        Self {
            step_code: rung.step.step_code.clone(),
            level: rung.level,
            channel: rung.step.channel,
            template_code: rung.step.template_code.clone(),
        }
    }
}

impl Letter {
    /// The sums, one a currency, by code.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn totals(&self) -> Result<Vec<Total>, MoneyError> {
        totals(&self.lines)
    }

    /// The invoices it asks for, each once, in order of identity.
    #[must_use]
    pub fn invoice_ids(&self) -> Vec<InvoiceId> {
        invoice_ids(&self.lines)
    }
}

/// The invoices of some lines, each once.
#[must_use]
pub fn invoice_ids(lines: &[Line]) -> Vec<InvoiceId> {
    let mut ids: Vec<InvoiceId> = lines.iter().map(|line| line.invoice_id).collect();
    ids.sort_unstable();
    ids.dedup();
    ids
}

/// The sums of some lines, one a currency, by code (RD-5).
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn totals(lines: &[Line]) -> Result<Vec<Total>, MoneyError> {
    let mut by_currency: BTreeMap<Currency, Total> = BTreeMap::new();
    for line in lines {
        let currency = line.open_amount.currency();
        let total = by_currency.entry(currency).or_insert(Total {
            open_amount: Money::zero(currency),
            asked_amount: Money::zero(currency),
        });
        total.open_amount = total.open_amount.checked_add(line.open_amount)?;
        total.asked_amount = total.asked_amount.checked_add(line.asked_amount)?;
    }
    Ok(by_currency.into_values().collect())
}

/// The lines of one invoice for a step on a day: everything that is past due, and what the step
/// counts from. `held` of what is open may not be asked for; the newest lines go without first.
/// No lines: all of it is held.
///
/// # Errors
/// [`MoneyError`] if `held` is in another currency, or amounts are too large.
pub fn lines_of(
    invoice: &CaseInvoice,
    climb: &Climb,
    rung: Rung<'_>,
    ladder: &Ladder<'_>,
    held: Money,
    on: Date,
) -> Result<Vec<Line>, MoneyError> {
    let is_due = |item: &&CaseItem| item.due_date < on || item.due_date <= climb.due_date;
    let due: Vec<&CaseItem> = invoice.open_items().filter(is_due).collect();
    let opens: Vec<Money> = due.iter().map(|item| item.open_amount).collect();
    let asked = asked_amounts(&opens, invoice.open_amount()?, held)?;
    let lines = due.into_iter().zip(asked).map(|(item, asked_amount)| Line {
        invoice_id: invoice.invoice_id,
        invoice_number: invoice.invoice_number.clone(),
        open_item_id: item.open_item_id,
        due_date: item.due_date,
        days_past_due: (on - item.due_date).get_days(),
        open_amount: item.open_amount,
        asked_amount,
        step_code: rung.step.step_code.clone(),
        level: rung.level,
        item_level: if item.due_date == climb.due_date {
            rung.level
        } else {
            rung.level.min(ladder.level_by_age(item.due_date, on))
        },
    });
    Ok(lines
        .filter(|line| line.asked_amount.is_positive())
        .collect())
}

/// What may be asked for of items with these open amounts, oldest first, of an invoice on which
/// `open` is open in all and `held` is held back: no more than what is not held, and the newest go
/// without first.
///
/// # Errors
/// [`MoneyError`] if currencies differ, or amounts are too large.
pub fn asked_amounts(opens: &[Money], open: Money, held: Money) -> Result<Vec<Money>, MoneyError> {
    let nothing = Money::zero(open.currency());
    let mut free = open.checked_sub(held)?.max_with(nothing)?;
    let mut asked = Vec::with_capacity(opens.len());
    for item in opens {
        let amount = item.min_with(free)?;
        free = free.checked_sub(amount)?;
        asked.push(amount);
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::debtor::DebtorKind;
    use crate::domain::samples::{self, balance, case_id, eur};

    const MARCH: Date = Date::constant(2026, 3, 1);
    const APRIL: Date = Date::constant(2026, 4, 1);
    const MAY: Date = Date::constant(2026, 5, 1);

    fn thirds() -> CaseInvoice {
        let third = eur("100.00");
        let items = [(1, MARCH, third), (2, APRIL, third), (3, MAY, third)];
        CaseInvoice::new(case_id(), balance(1, 1, &items))
    }

    fn asked(held: &str, on: Date) -> Vec<(u128, String, u8)> {
        let definition = samples::definition(&[5, 20, 40]);
        let ladder = Ladder::new(&definition, DebtorKind::Business, "DE");
        let invoice = thirds();
        let climb = invoice.climb().unwrap();
        let rung = Rung {
            level: Level::new(3),
            step: definition.step(Level::new(3)).unwrap(),
        };
        let lines = lines_of(&invoice, &climb, rung, &ladder, eur(held), on).unwrap();
        let number = |line: &Line| line.open_item_id.uuid().as_u128() - 10_000;
        lines
            .iter()
            .map(|line| {
                (
                    number(line),
                    line.asked_amount.to_amount_string(),
                    line.item_level.number(),
                )
            })
            .collect()
    }

    #[test]
    fn dd_9_only_what_is_past_due_is_asked_for_each_at_the_level_of_its_age() {
        let on = Date::constant(2026, 4, 10);
        // The second third is nine days late: by its own age it is at level 1.
        assert_eq!(
            asked("0.00", on),
            [(1, "100.00".into(), 3), (2, "100.00".into(), 1)]
        );
        assert_eq!(asked("0.00", APRIL), [(1, "100.00".into(), 3)]);
    }

    #[test]
    fn cc_10_never_more_is_asked_for_than_is_undisputed() {
        let on = Date::constant(2026, 4, 10);
        assert_eq!(asked("100.00", on).len(), 2);
        assert_eq!(
            asked("150.00", on),
            [(1, "100.00".into(), 3), (2, "50.00".into(), 1)]
        );
        assert_eq!(asked("250.00", on), [(1, "50.00".into(), 3)]);
        assert_eq!(asked("300.00", on), []);
        assert_eq!(asked("900.00", on), []);
    }

    #[test]
    fn rd_5_currencies_are_never_added_up() {
        let line = |amount: Money| Line {
            invoice_id: samples::invoice_id(1),
            invoice_number: "INV-1".to_owned(),
            open_item_id: samples::item_id(1),
            due_date: MARCH,
            days_past_due: 9,
            open_amount: amount,
            asked_amount: amount,
            step_code: samples::code("step-1"),
            level: Level::new(1),
            item_level: Level::new(1),
        };
        let lines = [
            line(samples::usd("5.00")),
            line(eur("1.00")),
            line(eur("2.00")),
        ];
        let sums: Vec<String> = totals(&lines)
            .unwrap()
            .iter()
            .map(|total| total.asked_amount.to_string())
            .collect();
        assert_eq!(sums, ["3.00 EUR", "5.00 USD"]);
    }
}
