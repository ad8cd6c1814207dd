//! Owns whether the facts hold a customer: debts overdue beyond the policy's days, exposure above the
//! limit (EX-5). Must not place or release: it says what ought to be.

use calendar::days_past_due;
use jiff::civil::Date;
use money::Money;

use super::{CreditHoldKind, HoldFacts, Judgement};
use crate::domain::Stamp;
use crate::domain::decision::Reasons;

impl HoldFacts {
    /// The kind of hold that these facts place.
    #[must_use]
    pub fn kind(&self) -> CreditHoldKind {
        match self {
            Self::Overdue { .. } => CreditHoldKind::Overdue,
            Self::Limit { .. } => CreditHoldKind::OverLimit,
        }
    }

    /// Whether these facts speak for a hold.
    #[must_use]
    pub fn speak(&self, today: Date) -> bool {
        self.ask(today, &mut Reasons::default())
    }

    fn ask(&self, today: Date, reasons: &mut Reasons) -> bool {
        match *self {
            Self::Overdue {
                oldest_due_date,
                hold_days,
            } => judge_overdue(oldest_due_date, hold_days, today, reasons),
            Self::Limit { exposure, capacity } => judge_limit(exposure, capacity, reasons),
        }
    }

    /// What these facts ask for of a customer who is or is not held for them (EX-5).
    pub fn judge(
        &self,
        held: bool,
        policy_version: &str,
        today: Date,
        stamp: &mut Stamp,
    ) -> Judgement {
        let mut reasons = Reasons::default();
        match (held, self.ask(today, &mut reasons)) {
            (true, true) | (false, false) => Judgement::Keep,
            (false, true) => Judgement::Place(reasons.decide("HOLD_PLACED", policy_version, stamp)),
            (true, false) => {
                Judgement::Release(reasons.decide("HOLD_RELEASED", policy_version, stamp))
            }
        }
    }
}

fn judge_overdue(
    oldest_due_date: Option<Date>,
    hold_days: Option<u16>,
    today: Date,
    reasons: &mut Reasons,
) -> bool {
    let days = oldest_due_date.map_or(0, |due| days_past_due(due, today).max(0));
    reasons.fact("days_overdue", days);
    if let Some(due) = oldest_due_date {
        reasons.fact("oldest_due_date", due);
    }
    let Some(allowed) = hold_days else {
        let text = "the policy holds nobody for being overdue".to_owned();
        reasons.rule("EX-5", false, text);
        return false;
    };
    reasons.fact("overdue_hold_days", allowed);
    let speaks = days > i32::from(allowed);
    let text = format!("{days} days overdue, held above {allowed}");
    reasons.rule("EX-5", speaks, text);
    speaks
}

/// Amounts of two currencies cannot be compared, and then nothing speaks: callers measure the
/// exposure in the currency of the limit.
fn judge_limit(exposure: Money, capacity: Option<Money>, reasons: &mut Reasons) -> bool {
    reasons.fact("exposure", exposure);
    let Some(capacity) = capacity else {
        let text = "no limit holds".to_owned();
        reasons.rule("EX-5", false, text);
        return false;
    };
    reasons.fact("limit_with_tolerance", capacity);
    let speaks = exposure
        .try_cmp(&capacity)
        .is_ok_and(std::cmp::Ordering::is_gt);
    let text = format!("exposure of {exposure}, held above {capacity}");
    reasons.rule("EX-5", speaks, text);
    speaks
}
