//! What can happen to a customer, at random: amounts that are close to what is owed, so that discount,
//! tolerance and exact matches come up often. Must not know what comes of it.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::domain::ApplicationStep;

#[derive(Debug, Clone)]
pub enum Step {
    Issue {
        gross: i128,
        terms: &'static str,
        offer: &'static str,
        parts_earn: bool,
    },
    Wait {
        days: i64,
    },
    Pay {
        amount: Amount,
        days_ago: i64,
        target: Aim,
    },
    /// Pays and takes it back at once: what is open must be as before.
    PayInError {
        amount: Amount,
        target: Aim,
    },
    TakeBack {
        which: Index,
    },
    Credit {
        which: Index,
        share: i128,
    },
    UseCredit {
        which: Index,
        target: Aim,
    },
    WriteOff {
        which: Index,
        share: i128,
    },
    ReverseWriteOff {
        which: Index,
    },
    Dispute {
        which: Index,
        share: i128,
    },
    Resolve {
        which: Index,
    },
    Void {
        which: Index,
    },
}

#[derive(Debug, Clone)]
pub enum Amount {
    Any(i128),
    /// What is open of an invoice, or what is open less two percent, and some cents more or less.
    About {
        which: Index,
        discounted: bool,
        cents: i128,
    },
    /// What is open of all invoices, some cents less or more.
    OfAll(i128),
}

#[derive(Debug, Clone)]
pub enum Aim {
    Named {
        which: Vec<Index>,
        cap: Option<i128>,
    },
    Rule {
        steps: &'static [ApplicationStep],
        include_disputed: bool,
    },
}

fn amount() -> impl Strategy<Value = Amount> {
    let about = (any::<Index>(), any::<bool>(), -600i128..600);
    prop_oneof![
        2 => (-900i128..200).prop_map(Amount::OfAll),
        1 => (1i128..300_000).prop_map(Amount::Any),
        3 => about.prop_map(|(which, discounted, cents)| Amount::About { which, discounted, cents }),
    ]
}

fn aim() -> impl Strategy<Value = Aim> {
    const EXACT: ApplicationStep = ApplicationStep::ExactAmount;
    const OLDEST: ApplicationStep = ApplicationStep::OldestFirst;
    let named = prop::collection::vec(any::<Index>(), 1..6);
    let cap = prop::option::of(1i128..100_000);
    let steps = select(vec![&[EXACT][..], &[OLDEST][..], &[EXACT, OLDEST][..]]);
    prop_oneof![
        3 => (named, cap).prop_map(|(which, cap)| Aim::Named { which, cap }),
        2 => (steps, any::<bool>())
            .prop_map(|(steps, include_disputed)| Aim::Rule { steps, include_disputed }),
    ]
}

pub fn step() -> impl Strategy<Value = Step> {
    let terms = select(vec![
        "net 30",
        "net 10",
        "50%: net 5; rest: net 40",
        "net 0",
    ]);
    let offers = select(vec!["", "2/10", "2/5 1/14", "3/2"]);
    let issue = (
        prop_oneof![Just(0i128), 1i128..500, 500i128..200_000],
        terms,
        offers,
    );
    let index = any::<Index>;
    prop_oneof![
        4 => (issue, any::<bool>()).prop_map(|((gross, terms, offer), parts_earn)| {
            Step::Issue { gross, terms, offer, parts_earn }
        }),
        3 => (0i64..20).prop_map(|days| Step::Wait { days }),
        6 => (amount(), 0i64..12, aim())
            .prop_map(|(amount, days_ago, target)| Step::Pay { amount, days_ago, target }),
        2 => (amount(), aim()).prop_map(|(amount, target)| Step::PayInError { amount, target }),
        2 => index().prop_map(|which| Step::TakeBack { which }),
        2 => (index(), 1i128..=120).prop_map(|(which, share)| Step::Credit { which, share }),
        2 => (index(), aim()).prop_map(|(which, target)| Step::UseCredit { which, target }),
        1 => (index(), 1i128..=110).prop_map(|(which, share)| Step::WriteOff { which, share }),
        1 => index().prop_map(|which| Step::ReverseWriteOff { which }),
        2 => (index(), 1i128..=110).prop_map(|(which, share)| Step::Dispute { which, share }),
        1 => index().prop_map(|which| Step::Resolve { which }),
        1 => index().prop_map(|which| Step::Void { which }),
    ]
}
