//! What a random history does, and by which strategies.

use money::Currency;
use proptest::prelude::*;

use super::whole;
use crate::domain::debtor::{Channel, DebtorKind};
use crate::domain::samples;
use crate::domain::strategy::StrategyDefinition;

/// What a history does next.
#[derive(Debug, Clone)]
pub(super) enum Move {
    Issue {
        usd: bool,
        due_in: i32,
        amounts: Vec<i64>,
    },
    SetOpen {
        pick: usize,
        percent: i64,
    },
    Hold {
        pick: usize,
        scope: u8,
        days: i32,
    },
    Free {
        pick: usize,
    },
    Break {
        pick: usize,
    },
    Cash {
        usd: bool,
        amount: i64,
    },
    Settle {
        pick: usize,
        skip: bool,
    },
    Wait {
        days: i32,
    },
}

pub(super) fn moves() -> impl Strategy<Value = Vec<Move>> {
    let issue = (
        any::<bool>(),
        -3..25i32,
        prop::collection::vec(1..120i64, 1..4),
    )
        .prop_map(|(usd, due_in, amounts)| Move::Issue {
            usd,
            due_in,
            amounts,
        });
    let one = prop_oneof![
        3 => issue,
        4 => (any::<usize>(), prop::sample::select(vec![0i64, 0, 50, 100]))
            .prop_map(|(pick, percent)| Move::SetOpen { pick, percent }),
        2 => (any::<usize>(), 0u8..4, 0..30i32)
            .prop_map(|(pick, scope, days)| Move::Hold { pick, scope, days }),
        2 => any::<usize>().prop_map(|pick| Move::Free { pick }),
        1 => any::<usize>().prop_map(|pick| Move::Break { pick }),
        1 => (any::<bool>(), 0..150i64).prop_map(|(usd, amount)| Move::Cash { usd, amount }),
        3 => (any::<usize>(), any::<bool>())
            .prop_map(|(pick, skip)| Move::Settle { pick, skip }),
        8 => (1..16i32).prop_map(|days| Move::Wait { days }),
    ];
    prop::collection::vec(one, 1..45)
}

pub(super) fn strategies() -> impl Strategy<Value = StrategyDefinition> {
    let step = (
        any::<bool>(),
        0..3i32,
        0u8..6,
        prop::option::of(1..80i64),
        any::<bool>(),
    );
    (
        prop::collection::btree_set(-6..45i32, 1..6),
        prop::collection::vec(step, 6),
        any::<bool>(),
    )
        .prop_map(|(offsets, steps, all_need)| {
            let offsets: Vec<i32> = offsets.into_iter().collect();
            let mut definition = samples::definition(&offsets);
            for (step, (needs, gap, kind, minimum, calls)) in definition.steps.iter_mut().zip(steps)
            {
                step.condition.needs_previous_step = needs || all_need;
                step.condition.min_days_since_last_message = gap * 5;
                if kind == 0 {
                    step.condition.debtor_kinds.insert(DebtorKind::Consumer);
                }
                step.minimum_amounts
                    .extend(minimum.map(|least| whole(Currency::EUR, least)));
                if calls {
                    step.channel = Channel::Call;
                }
            }
            definition
        })
}
