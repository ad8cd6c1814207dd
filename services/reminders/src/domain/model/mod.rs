//! The model test of the ladder (P21): random histories of a case, judged day by day as the service
//! does it, step by step, and beside that recomputed each time from the bare list of what happened.
//!
//! | module | owns |
//! |---|---|
//! | [`moves`] | what a random history does |
//! | [`world`] | the service's way: state that goes from fact to fact |
//! | [`naive`] | the recomputation, written from the rules' text; shares no code with them |

mod moves;
mod naive;
mod world;

use std::collections::{BTreeMap, BTreeSet};

use calendar::Date;
use money::{Currency, Money};
use proptest::prelude::*;

use self::moves::{moves, strategies};
use self::naive::Naive;
use self::world::World;
use crate::domain::letter::Letter;
use crate::domain::samples::{self, item_id};

/// What happened, with the day. Amounts are whole units.
#[derive(Debug, Clone)]
enum Fact {
    Issued {
        invoice: usize,
        currency: Currency,
        items: Vec<(Date, i64)>,
    },
    Open {
        invoice: usize,
        item: usize,
        amount: i64,
    },
    Held {
        hold: usize,
        invoice: Option<usize>,
        part: Option<i64>,
        until: Option<Date>,
    },
    Freed {
        hold: usize,
    },
    PromiseBroken {
        invoice: usize,
        on: Date,
    },
    Unapplied {
        currency: Currency,
        amount: i64,
    },
    Lettered {
        letter: usize,
        on: Date,
        lines: Vec<ModelLine>,
    },
    Left {
        letter: usize,
        on: Date,
    },
    Skipped {
        letter: usize,
    },
}

/// A line as the model knows it: invoice, item, level of the invoice's step, asked amount.
type ModelLine = (usize, usize, u8, i64);

fn whole(currency: Currency, amount: i64) -> Money {
    Money::from_minor(i128::from(amount) * 100, currency).unwrap()
}

fn item_number(invoice: usize, item: usize) -> u128 {
    u128::try_from(invoice * 10 + item).unwrap()
}

fn model_lines(letter: &Letter) -> Vec<ModelLine> {
    let mut lines: Vec<ModelLine> = letter
        .lines
        .iter()
        .map(|line| {
            let number = line.open_item_id.uuid().as_u128() - item_id(0).uuid().as_u128();
            let place = usize::try_from(number).unwrap();
            let asked = i64::try_from(line.asked_amount.to_minor() / 100).unwrap();
            (place / 10, place % 10, line.level.number(), asked)
        })
        .collect();
    lines.sort_unstable();
    lines
}

proptest! {
    #![proptest_config(samples::config())]

    #[test]
    fn p21_stages_follow_facts(definition in strategies(), moves in moves()) {
        let mut world = World::new(definition);
        for step in &moves {
            world.make(step);
            let naive = Naive { steps: &world.definition.steps, facts: &world.facts, today: world.today };
            let expected = naive.letter();
            let judgement = world.judge();
            let found = judgement.letter.as_ref().map(model_lines).unwrap_or_default();
            prop_assert_eq!(&found, &expected, "on {} after {:#?}", world.today, world.facts);
            if let Some(letter) = judgement.letter {
                let gravest = expected.iter().map(|line| line.2).max();
                prop_assert_eq!(Some(letter.step.level.number()), gravest);
                world.send(letter);
                prop_assert!(world.judge().letter.is_none(), "a second letter on {}", world.today);
            }
        }
        prop_assert_eq!(missing_predecessors(&world), Vec::new());
    }
}

/// Steps that needed the one before and were taken without it, read off the letters alone. Only of
/// invoices with one item: of others the older instalments climb for the younger ones.
fn missing_predecessors(world: &World) -> Vec<(usize, u8)> {
    let mut taken: BTreeMap<usize, BTreeSet<u8>> = BTreeMap::new();
    let mut missing = Vec::new();
    for fact in &world.facts {
        let Fact::Lettered { on, lines, .. } = fact else {
            continue;
        };
        for (invoice, item, level, _) in lines
            .iter()
            .filter(|line| world.issued[line.0].1.len() == 1)
        {
            let step = &world.definition.steps[usize::from(*level) - 1];
            let due = world.issued[*invoice].1[*item].0;
            let lower = (1..*level).rev().find(|lower| {
                let step = &world.definition.steps[usize::from(*lower) - 1];
                step.condition.debtor_kinds.is_empty() && !(step.offset_days < 0 && *on > due)
            });
            let had = taken.entry(*invoice).or_default();
            // Once a graver step was taken, the milder ones are behind.
            let has_had = |lower: u8| had.iter().any(|level| *level >= lower);
            if step.condition.needs_previous_step && !lower.is_none_or(has_had) {
                missing.push((*invoice, *level));
            }
            had.insert(*level);
        }
    }
    missing
}
