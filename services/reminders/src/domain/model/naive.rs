//! The recomputation: what a letter of today says, from nothing but the list of facts.

use std::collections::BTreeSet;

use calendar::{Date, add_days};
use money::Currency;

use super::{Fact, ModelLine, whole};
use crate::domain::debtor::DebtorKind;
use crate::domain::strategy::Step;

/// What is open of an item by the latest fact.
pub(super) fn open_amount(facts: &[Fact], invoice: usize, item: usize) -> i64 {
    let mut open = 0;
    for fact in facts {
        match fact {
            Fact::Issued {
                invoice: other,
                items,
                ..
            } if *other == invoice => open = items[item].1,
            Fact::Open {
                invoice: other,
                item: one,
                amount,
            } if (*other, *one) == (invoice, item) => {
                open = *amount;
            }
            _ => {}
        }
    }
    open
}

/// The recomputation: everything anew from the facts, for one day.
pub(super) struct Naive<'a> {
    pub(super) steps: &'a [Step],
    pub(super) facts: &'a [Fact],
    pub(super) today: Date,
}

impl Naive<'_> {
    fn is_for_us(&self, level: usize) -> bool {
        let kinds = &self.steps[level - 1].condition.debtor_kinds;
        kinds.is_empty() || kinds.contains(&DebtorKind::Business)
    }

    fn step_day(&self, level: usize, due: Date) -> Date {
        add_days(due, self.steps[level - 1].offset_days).unwrap()
    }

    fn oldest_due(facts: &[Fact], invoice: usize, items: &[(Date, i64)]) -> Option<Date> {
        let open = (0..items.len()).filter(|item| open_amount(facts, invoice, *item) > 0);
        open.map(|item| items[item].0).min()
    }

    /// Letters that left or were skipped, with their day and lines.
    fn taken(&self) -> Vec<(Date, &Vec<ModelLine>)> {
        let done = |number: usize| {
            self.facts.iter().any(|fact| {
                matches!(fact, Fact::Left { letter, .. } | Fact::Skipped { letter } if *letter == number)
            })
        };
        self.facts
            .iter()
            .filter_map(|fact| match fact {
                Fact::Lettered { letter, on, lines } if done(*letter) => Some((*on, lines)),
                _ => None,
            })
            .collect()
    }

    /// How far up an item is: by each letter with it as far as the step, or as far as its own age
    /// was by then if something older was on the letter.
    fn item_level(&self, invoice: usize, item: usize, items: &[(Date, i64)]) -> usize {
        let due = items[item].0;
        let level_by = |(on, lines): &(Date, &Vec<ModelLine>)| {
            let line = lines
                .iter()
                .find(|line| (line.0, line.1) == (invoice, item))?;
            let of_invoice = lines.iter().filter(|line| line.0 == invoice);
            let oldest = of_invoice.map(|line| items[line.1].0).min()?;
            let step = usize::from(line.2);
            let by_age = (1..=self.steps.len())
                .filter(|level| self.is_for_us(*level) && self.step_day(*level, due) <= *on)
                .max()
                .unwrap_or(0);
            Some(if due == oldest {
                step
            } else {
                step.min(by_age)
            })
        };
        self.taken().iter().filter_map(level_by).max().unwrap_or(0)
    }

    /// Whether a promise was broken since the last step of the invoice and since the debt counts
    /// from the same day.
    fn hurried(&self, invoice: usize, items: &[(Date, i64)]) -> bool {
        let anchor = |place: usize| Self::oldest_due(&self.facts[..=place], invoice, items);
        (0..self.facts.len()).any(|place| {
            let Fact::PromiseBroken { invoice: other, on } = &self.facts[place] else {
                return false;
            };
            let same_debt = (place..self.facts.len()).all(|later| anchor(later) == anchor(place));
            let no_step_since = (place..self.facts.len()).all(|later| match &self.facts[later] {
                Fact::Left { letter, .. } | Fact::Skipped { letter } => {
                    !self.is_on(*letter, invoice)
                }
                _ => true,
            });
            *other == invoice && *on <= self.today && same_debt && no_step_since
        })
    }

    fn is_on(&self, number: usize, invoice: usize) -> bool {
        self.facts.iter().any(|fact| match fact {
            Fact::Lettered { letter, lines, .. } => {
                *letter == number && lines.iter().any(|line| line.0 == invoice)
            }
            _ => false,
        })
    }

    /// The level that is due for an invoice today.
    fn due_level(&self, invoice: usize, items: &[(Date, i64)]) -> Option<usize> {
        let due = Self::oldest_due(self.facts, invoice, items)?;
        let open = |item: &usize| open_amount(self.facts, invoice, *item) > 0;
        let oldest = (0..items.len()).filter(|item| open(item) && items[*item].0 == due);
        let reached = oldest
            .map(|item| self.item_level(invoice, item, items))
            .max()?;
        let sensible = |level: &usize| {
            let before_due = self.steps[level - 1].offset_days < 0;
            self.is_for_us(*level) && !(before_due && self.today > due)
        };
        let above: Vec<usize> = (reached + 1..=self.steps.len())
            .filter(|level| sensible(level))
            .collect();
        let hurried = self.hurried(invoice, items) && self.today > due;
        let has_come = |level: &usize| {
            self.step_day(*level, due) <= self.today || (hurried && above.first() == Some(level))
        };
        let allowed = |level: &usize| {
            let needs = self.steps[level - 1].condition.needs_previous_step;
            let before = (1..*level).rev().find(|lower| sensible(lower));
            !needs || before.is_none_or(|before| before <= reached)
        };
        let level = above
            .iter()
            .rev()
            .copied()
            .find(|level| has_come(level) && allowed(level))?;
        let gap = self.steps[level - 1].condition.min_days_since_last_message;
        let last = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Left { on, .. } => Some(*on),
            _ => None,
        });
        let too_soon = last.is_some_and(|last| add_days(last, gap).unwrap() > self.today);
        (!too_soon).then_some(level)
    }

    /// How much of an invoice is held; all of it where there is no number.
    fn held(&self, invoice: usize) -> Option<i64> {
        let mut parts = 0;
        for fact in self.facts {
            let Fact::Held {
                hold,
                invoice: on,
                part,
                until,
            } = fact
            else {
                continue;
            };
            let freed = self
                .facts
                .iter()
                .any(|fact| matches!(fact, Fact::Freed { hold: other } if other == hold));
            let over = until.is_some_and(|until| self.today > until);
            if freed || over || on.is_some_and(|on| on != invoice) {
                continue;
            }
            parts += (*part)?;
        }
        Some(parts)
    }

    pub(super) fn letter(&self) -> Vec<ModelLine> {
        if self.done_today() {
            return Vec::new();
        }
        let mut lines: Vec<(Currency, ModelLine)> = Vec::new();
        for fact in self.facts {
            if let Fact::Issued {
                invoice,
                currency,
                items,
            } = fact
            {
                let asked = self.lines_of(*invoice, items);
                lines.extend(asked.into_iter().map(|line| (*currency, line)));
            }
        }
        let currencies: BTreeSet<Currency> = lines.iter().map(|(currency, _)| *currency).collect();
        let mut left: Vec<ModelLine> = currencies
            .into_iter()
            .flat_map(|currency| {
                let mine = lines.iter().filter(|(other, _)| *other == currency);
                self.enough(currency, mine.map(|(_, line)| *line).collect())
            })
            .collect();
        left.sort_unstable();
        left
    }

    fn done_today(&self) -> bool {
        self.facts.iter().any(|fact| match fact {
            Fact::Lettered {
                letter: number, on, ..
            } => {
                let skipped = self
                    .facts
                    .iter()
                    .any(|fact| matches!(fact, Fact::Skipped { letter } if letter == number));
                *on == self.today && !skipped
            }
            _ => false,
        })
    }

    fn lines_of(&self, invoice: usize, items: &[(Date, i64)]) -> Vec<ModelLine> {
        let waits = self.facts.iter().any(|fact| match fact {
            Fact::Lettered { letter: number, .. } => {
                let settled = self.facts.iter().any(|fact| {
                    matches!(fact,
                    Fact::Left { letter, .. } | Fact::Skipped { letter } if letter == number)
                });
                !settled && self.is_on(*number, invoice)
            }
            _ => false,
        });
        let (Some(level), Some(held)) = (self.due_level(invoice, items), self.held(invoice)) else {
            return Vec::new();
        };
        if waits {
            return Vec::new();
        }
        let opens: Vec<i64> = (0..items.len())
            .map(|item| open_amount(self.facts, invoice, item))
            .collect();
        let oldest = Self::oldest_due(self.facts, invoice, items);
        let mut free = opens.iter().sum::<i64>() - held;
        let mut lines = Vec::new();
        for (item, open) in opens.iter().enumerate() {
            let due = items[item].0;
            let asked = (*open).min(free).max(0);
            if asked > 0 && (due < self.today || Some(due) == oldest) {
                lines.push((invoice, item, u8::try_from(level).unwrap(), asked));
                free -= asked;
            }
        }
        lines
    }

    /// What is left of the lines of a currency after minimum amounts and unapplied cash.
    fn enough(&self, currency: Currency, mut lines: Vec<ModelLine>) -> Vec<ModelLine> {
        loop {
            let asked: i64 = lines.iter().map(|line| line.3).sum();
            let Some(gravest) = lines.iter().map(|line| line.2).max() else {
                break;
            };
            let minimums = &self.steps[usize::from(gravest) - 1].minimum_amounts;
            let minimum = minimums
                .iter()
                .find(|minimum| minimum.currency() == currency);
            if minimum.is_none_or(|minimum| whole(currency, asked).to_minor() >= minimum.to_minor())
            {
                break;
            }
            lines.retain(|line| line.2 != gravest);
        }
        let cash = self.facts.iter().rev().find_map(|fact| match fact {
            Fact::Unapplied {
                currency: other,
                amount,
            } if *other == currency => Some(*amount),
            _ => None,
        });
        let asked: i64 = lines.iter().map(|line| line.3).sum();
        match cash {
            Some(cash) if cash >= asked => Vec::new(),
            _ => lines,
        }
    }
}
