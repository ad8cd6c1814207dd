//! Owns what becomes of a customer's holds when facts or the day changed: overrides and manual holds
//! run out, holds by facts come and go (EX-5). Also owns on which day the mere passing of time will
//! change them next. Must not find the facts.

use calendar::add_days;
use jiff::civil::Date;
use money::MoneyError;

use super::credit_hold::{CreditHold, HoldFacts, Judgement};
use super::{CreditEvent, CustomerId, Decision, Exposure, LimitInForce, SegmentPolicy, Stamp};

/// The rule by which a hold placed by hand ends on its last day.
const END_DATE: &str = "END_DATE";

/// What the holds of a customer are reviewed by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewFacts {
    /// The policy in force.
    pub policy_version: String,
    /// What is overdue.
    pub overdue: HoldFacts,
    /// What is used of the limit; `None`: it cannot be told for want of an exchange rate, and then
    /// nobody is held or released for it.
    pub limit: Option<HoldFacts>,
}

/// What a review changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldChange {
    /// The hold as it is now.
    pub hold: CreditHold,
    /// The decision that placed or released it; `None`: a day did.
    pub decision: Option<Decision>,
    /// What is announced.
    pub event: CreditEvent,
}

impl ReviewFacts {
    /// The facts under an entry of a policy. `oldest_due_date`: the earliest due date of anything
    /// open that is not disputed as a whole.
    ///
    /// # Errors
    /// [`MoneyError`]: a limit beyond what money holds.
    pub fn under(
        policy_version: String,
        entry: &SegmentPolicy,
        oldest_due_date: Option<Date>,
        limit: LimitInForce,
        exposure: Option<&Exposure>,
    ) -> Result<Self, MoneyError> {
        let capacity = if entry.hold_over_limit {
            limit.capacity()?
        } else {
            None
        };
        let facts = |exposure: &Exposure| HoldFacts::Limit {
            exposure: exposure.total_amount,
            capacity,
        };
        Ok(Self {
            policy_version,
            overdue: HoldFacts::Overdue {
                oldest_due_date,
                hold_days: entry.overdue_hold_days,
            },
            limit: exposure.map(facts),
        })
    }
}

/// Reviews the holds of a customer, all of which that are not released are in `holds`, and changes
/// them. `facts`: `None` where no policy is in force, and then only days decide.
pub fn review(
    customer_id: CustomerId,
    holds: &mut Vec<CreditHold>,
    facts: Option<&ReviewFacts>,
    today: Date,
    stamp: &mut Stamp,
) -> Vec<HoldChange> {
    let mut changes = run_out(holds, today, stamp);
    let Some(ReviewFacts {
        policy_version,
        overdue,
        limit,
    }) = facts
    else {
        return changes;
    };
    for facts in [Some(overdue), limit.as_ref()].into_iter().flatten() {
        let standing = |hold: &CreditHold| hold.kind == facts.kind() && hold.stands();
        let found = holds.iter().position(standing);
        match (
            found,
            facts.judge(found.is_some(), policy_version, today, stamp),
        ) {
            (None, Judgement::Place(decision)) => {
                let held_before = holds.iter().any(|hold| hold.stops_orders(today));
                let kind = facts.kind();
                let hold = CreditHold::place_by_facts(customer_id, kind, decision.clone(), stamp);
                holds.push(hold.clone());
                let event = CreditEvent::CreditHoldPlaced {
                    credit_hold: Box::new(hold.clone()),
                    held_before,
                };
                let decision = Some(decision);
                changes.push(HoldChange {
                    hold,
                    decision,
                    event,
                });
            }
            (Some(at), Judgement::Release(decision)) => {
                changes.extend(release(holds, at, "EX-5", Some(decision), (today, stamp)));
            }
            (_, Judgement::Keep | Judgement::Place(_) | Judgement::Release(_)) => {}
        }
    }
    changes
}

/// Ends what had its last day.
fn run_out(holds: &mut [CreditHold], today: Date, stamp: &mut Stamp) -> Vec<HoldChange> {
    let mut changes = Vec::new();
    for at in 0..holds.len() {
        let Some(hold) = holds.get_mut(at) else { break };
        if hold.stands() && hold.end_date.is_some_and(|last| last < today) {
            changes.extend(release(holds, at, END_DATE, None, (today, stamp)));
        } else if hold.end_override(today) {
            let hold = hold.clone();
            let event = CreditEvent::CreditHoldOverrideEnded(Box::new(hold.clone()));
            let decision = None;
            changes.push(HoldChange {
                hold,
                decision,
                event,
            });
        }
    }
    changes
}

/// `None`: it was released before.
fn release(
    holds: &mut [CreditHold],
    at: usize,
    rule: &str,
    decision: Option<Decision>,
    (today, stamp): (Date, &Stamp),
) -> Option<HoldChange> {
    let hold = holds.get_mut(at)?;
    hold.release_by_facts(rule.to_owned(), stamp.time).ok()?;
    let hold = hold.clone();
    let still_held = holds.iter().any(|hold| hold.stops_orders(today));
    let event = CreditEvent::CreditHoldReleased {
        credit_hold: Box::new(hold.clone()),
        still_held,
    };
    Some(HoldChange {
        hold,
        decision,
        event,
    })
}

/// The next day after `today` on which the passing of time alone changes something: a debt becomes
/// overdue by too many days, a hold or an override has run out, or one of the days `others`.
#[must_use]
pub fn next_day(
    holds: &[CreditHold],
    facts: Option<&ReviewFacts>,
    others: &[Option<Date>],
    today: Date,
) -> Option<Date> {
    let after = |last: Date| add_days(last, 1).ok();
    let standing = holds.iter().filter(|hold| hold.stands());
    let run_out = standing.flat_map(|hold| {
        let until = hold.hold_override.as_ref().map(|pass| pass.until_date);
        [hold.end_date, until].map(|last| last.and_then(after))
    });
    let overdue = facts.and_then(|facts| match facts.overdue {
        HoldFacts::Overdue {
            oldest_due_date: Some(due),
            hold_days: Some(days),
        } => add_days(due, i32::from(days)).ok().and_then(after),
        HoldFacts::Overdue { .. } | HoldFacts::Limit { .. } => None,
    });
    let days = run_out.chain([overdue]).chain(others.iter().copied());
    days.flatten().filter(|day| *day > today).min()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::CreditHoldState;
    use crate::domain::samples::{Desk, eur, manual_hold, said, stamp_at_noon};

    fn facts(oldest_due_date: Option<Date>, exposure: Option<&str>) -> ReviewFacts {
        ReviewFacts {
            policy_version: "credit-policy/standard@1".to_owned(),
            overdue: HoldFacts::Overdue {
                oldest_due_date,
                hold_days: Some(14),
            },
            limit: exposure.map(|exposure| HoldFacts::Limit {
                exposure: eur(exposure),
                capacity: Some(eur("500.00")),
            }),
        }
    }

    fn changed(holds: &mut Vec<CreditHold>, facts: &ReviewFacts, day: &str) -> Vec<HoldChange> {
        let customer_id = manual_hold(None).customer_id;
        let mut desk = Desk::default();
        let mut stamp = stamp_at_noon(&mut desk, day);
        review(
            customer_id,
            holds,
            Some(facts),
            day.parse().unwrap(),
            &mut stamp,
        )
    }

    #[test]
    fn ex_5_reasons_accumulate_and_the_last_one_frees_the_customer() {
        let mut holds = Vec::new();
        let both = facts(Some(date(2026, 3, 1)), Some("500.01"));
        let placed = changed(&mut holds, &both, "2026-03-16");
        let before: Vec<_> = placed
            .iter()
            .map(|change| match &change.event {
                CreditEvent::CreditHoldPlaced { held_before, .. } => *held_before,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(before, [false, true]);
        assert_eq!(changed(&mut holds, &both, "2026-03-17"), []);

        let paid_a_part = facts(Some(date(2026, 3, 1)), Some("500.00"));
        let paid_all = facts(None, Some("0.00"));
        for (facts, expected) in [(paid_a_part, true), (paid_all, false)] {
            let released = changed(&mut holds, &facts, "2026-03-17");
            let [
                HoldChange {
                    event, decision, ..
                },
            ] = released.as_slice()
            else {
                panic!("{released:?}");
            };
            assert!(decision.is_some());
            assert!(
                matches!(event, CreditEvent::CreditHoldReleased { still_held, .. } if *still_held == expected),
                "{event:?}"
            );
        }
    }

    #[test]
    fn rd_5_without_a_rate_nobody_is_held_or_released_for_the_limit() {
        let mut holds = Vec::new();
        assert_eq!(changed(&mut holds, &facts(None, None), "2026-03-16"), []);
        changed(&mut holds, &facts(None, Some("500.01")), "2026-03-16");
        assert_eq!(changed(&mut holds, &facts(None, None), "2026-03-16"), []);
        assert!(holds[0].stands());
    }

    #[test]
    fn a_last_day_ends_what_was_placed_or_overridden_by_hand() {
        let mut holds = vec![manual_hold(Some(date(2026, 3, 16)))];
        let none = facts(None, None);
        assert_eq!(changed(&mut holds, &none, "2026-03-16"), []);
        let ended = changed(&mut holds, &none, "2026-03-17");
        assert_eq!(ended[0].hold.state, CreditHoldState::Released);
        assert_eq!(changed(&mut holds, &none, "2026-03-18"), []);

        let overdue = facts(Some(date(2026, 1, 1)), None);
        let mut holds = Vec::new();
        changed(&mut holds, &overdue, "2026-03-16");
        let today = date(2026, 3, 16);
        let now = holds[0].placed_time;
        holds[0].override_until(today, said(), today, now).unwrap();
        let ended = changed(&mut holds, &overdue, "2026-03-17");
        assert!(matches!(
            ended[0].event,
            CreditEvent::CreditHoldOverrideEnded(_)
        ));
        assert_eq!(holds[0].state, CreditHoldState::Active);
    }

    #[test]
    fn the_next_day_is_the_first_on_which_time_alone_decides_otherwise() {
        let today = date(2026, 3, 2);
        let next = |holds: &[CreditHold], facts: &ReviewFacts, other| {
            next_day(holds, Some(facts), &[other], today)
        };
        let none = facts(None, None);
        assert_eq!(next(&[], &none, None), None);
        // Due on 1 March: 14 days later it is the 15th, above 14 is the 16th.
        let due = facts(Some(date(2026, 3, 1)), None);
        assert_eq!(next(&[], &due, None), Some(date(2026, 3, 16)));
        let mut holds = Vec::new();
        assert_eq!(changed(&mut holds, &due, "2026-03-15"), []);
        assert_eq!(changed(&mut holds, &due, "2026-03-16").len(), 1);

        let holds = [manual_hold(Some(date(2026, 3, 9)))];
        assert_eq!(next(&holds, &due, None), Some(date(2026, 3, 10)));
        assert_eq!(
            next(&holds, &due, Some(date(2026, 3, 5))),
            Some(date(2026, 3, 5))
        );
        assert_eq!(next(&[], &none, Some(today)), None);
        assert_eq!(next(&[], &facts(Some(date(2020, 1, 1)), None), None), None);
    }
}
