//! Owns whether an order gets credit: is the customer held (EX-5), and does the order fit what is
//! left of the limit (EX-2, EX-3)? Explained, whatever comes out. Must not reserve: the store does, in
//! the transaction that holds the customer's exposure still (EX-6, P11).

use jiff::civil::Date;
use money::{Money, MoneyError};

use super::decision::Reasons;
use super::{
    Coded, ConvertError, CreditHold, CreditHoldKind, CreditLimit, Decision, Exposure, LimitInForce,
    RateTable, Stamp,
};

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CreditCheckOutcome {
    /// The order may go ahead on credit.
    Approved,
    /// The customer is held.
    OnHold,
    /// The order does not fit the limit.
    OverLimit,
    /// The limit is 0, and what they paid in advance does not cover the order.
    PrepayOnly,
}

impl Coded for CreditCheckOutcome {
    const CODES: &'static [(Self, &'static str)] = &[
        (Self::Approved, "APPROVED"),
        (Self::OnHold, "ON_HOLD"),
        (Self::OverLimit, "OVER_LIMIT"),
        (Self::PrepayOnly, "PREPAY_ONLY"),
    ];
}

/// Where the customer stands before the order.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The policy in force for them, by its name.
    pub policy_version: &'a str,
    /// Their limit.
    pub limit: LimitInForce,
    /// What they use of it, in its currency.
    pub exposure: &'a Exposure,
    /// Their holds that are not released.
    pub holds: &'a [CreditHold],
}

/// A decided check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditCheck {
    /// What came of it.
    pub outcome: CreditCheckOutcome,
    /// Why.
    pub decision: Decision,
    /// What was left of limit plus tolerance before the order; `None`: there is no limit.
    pub available_before: Option<Money>,
}

/// Decides whether an order over `amount` gets credit.
///
/// # Errors
/// [`ConvertError`] when the order cannot be told in the currency of the limit.
pub fn check(
    amount: Money,
    standing: Standing<'_>,
    rates: &RateTable,
    today: Date,
    stamp: &mut Stamp,
) -> Result<CreditCheck, ConvertError> {
    let mut reasons = Reasons::default();
    let exposure = standing.exposure.total_amount;
    let order = rates.convert(amount, exposure.currency(), today)?;
    reasons.fact("order_amount", amount);
    reasons.fact("exposure_before", exposure);
    if order.amount != amount {
        reasons.fact("order_amount_converted", order.amount);
    }
    for rate_date in &order.rate_dates {
        reasons.fact("rate_date", rate_date);
    }
    reasons.fact("limit_origin", standing.limit.origin.code());

    let held = ask_holds(standing.holds, today, &mut reasons);
    let (fit, available_before) = ask_limit(order.amount, standing, today, &mut reasons)?;
    let outcome = if held {
        CreditCheckOutcome::OnHold
    } else {
        fit
    };
    Ok(CreditCheck {
        outcome,
        decision: reasons.decide(outcome.code(), standing.policy_version, stamp),
        available_before,
    })
}

/// Every hold is told, so that nobody releases one and meets the next.
fn ask_holds(holds: &[CreditHold], today: Date, reasons: &mut Reasons) -> bool {
    let stopping: Vec<&CreditHold> = holds
        .iter()
        .filter(|hold| hold.stops_orders(today))
        .collect();
    for hold in &stopping {
        let text = format!("held: {}", hold.kind.code());
        reasons.rule("EX-5", false, text);
    }
    if stopping.is_empty() {
        let text = match holds.iter().any(|hold| hold.lets_pass(today)) {
            true => "held, and a named person lets orders pass",
            false => "not held",
        };
        reasons.rule("EX-5", true, text.to_owned());
    }
    !stopping.is_empty()
}

fn ask_limit(
    order: Money,
    standing: Standing<'_>,
    today: Date,
    reasons: &mut Reasons,
) -> Result<(CreditCheckOutcome, Option<Money>), MoneyError> {
    let (limit, Some(capacity)) = (standing.limit.credit_limit, standing.limit.capacity()?) else {
        reasons.rule("EX-4", true, "there is no limit".to_owned());
        return Ok((CreditCheckOutcome::Approved, None));
    };
    let available = capacity.checked_sub(standing.exposure.total_amount)?;
    reasons.fact("limit_with_tolerance", capacity);
    reasons.fact("available_before", available);
    // Equal to limit plus tolerance passes (EX-2, EX-3).
    let fits = order.try_cmp(&available)?.is_le();
    let said = if fits { "fits" } else { "exceeds" };
    let text = format!("the order of {order} {said} what is left, {available}");
    reasons.rule("EX-2", fits, text);
    if fits {
        return Ok((CreditCheckOutcome::Approved, Some(available)));
    }
    let let_over =
        |hold: &CreditHold| hold.kind == CreditHoldKind::OverLimit && hold.lets_pass(today);
    if standing.holds.iter().any(let_over) {
        let text = "a named person lets orders pass over the limit".to_owned();
        reasons.rule("EX-5", true, text);
        return Ok((CreditCheckOutcome::Approved, Some(available)));
    }
    let prepay = matches!(limit, CreditLimit::Amount(limit) if limit.is_zero());
    if prepay {
        reasons.rule(
            "EX-4",
            false,
            "a limit of 0 means pay in advance".to_owned(),
        );
        return Ok((CreditCheckOutcome::PrepayOnly, Some(available)));
    }
    Ok((CreditCheckOutcome::OverLimit, Some(available)))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use money::Currency;

    use crate::domain::code::assert_complete;
    use crate::domain::samples::{
        Desk, at, eur, exposure_of, limit_of, manual_hold, rates, said, stamp_at_noon, usd,
    };

    use super::*;

    const TODAY: Date = date(2026, 3, 2);

    fn checked(
        order: Money,
        used: &str,
        limit: LimitInForce,
        holds: &[CreditHold],
    ) -> Result<CreditCheck, ConvertError> {
        let mut desk = Desk::default();
        let exposure = exposure_of(eur(used));
        let standing = Standing {
            policy_version: "credit-policy/standard@3",
            limit,
            exposure: &exposure,
            holds,
        };
        let table = rates(0, &[("USD", "2026-03-02", "0.92")]);
        let mut stamp = stamp_at_noon(&mut desk, "2026-03-02");
        check(order, standing, &table, TODAY, &mut stamp)
    }

    fn outcome(order: &str, used: &str, limit: LimitInForce) -> CreditCheckOutcome {
        checked(eur(order), used, limit, &[]).unwrap().outcome
    }

    fn over_limit_hold(overridden: bool) -> CreditHold {
        let mut hold = manual_hold(None);
        hold.kind = CreditHoldKind::OverLimit;
        if overridden {
            let now = at("2026-03-02T12:00:00Z");
            hold.override_until(TODAY, said(), TODAY, now).unwrap();
        }
        hold
    }

    #[test]
    fn outcomes_have_stable_names() {
        assert_complete::<CreditCheckOutcome>(4);
    }

    #[test]
    fn ex_3_used_246_05_limit_250_order_64_20_is_refused() {
        let limit = limit_of("250.00", "0");
        assert_eq!(
            outcome("64.20", "246.05", limit),
            CreditCheckOutcome::OverLimit
        );
        assert_eq!(
            outcome("3.95", "246.05", limit),
            CreditCheckOutcome::Approved
        );
        assert_eq!(
            outcome("3.96", "246.05", limit),
            CreditCheckOutcome::OverLimit
        );
    }

    #[test]
    fn ex_2_exactly_limit_plus_tolerance_passes() {
        let limit = limit_of("1000.00", "0.1");
        assert_eq!(
            outcome("600.00", "500.00", limit),
            CreditCheckOutcome::Approved
        );
        assert_eq!(
            outcome("600.01", "500.00", limit),
            CreditCheckOutcome::OverLimit
        );
    }

    #[test]
    fn ex_4_without_a_limit_anything_passes_and_with_0_only_what_is_prepaid() {
        let mut none = limit_of("0.00", "0");
        assert_eq!(
            outcome("10.00", "0.00", none),
            CreditCheckOutcome::PrepayOnly
        );
        assert_eq!(
            outcome("10.00", "-10.00", none),
            CreditCheckOutcome::Approved
        );
        none.credit_limit = CreditLimit::NoLimit;
        let check = checked(eur("1000000.00"), "0.00", none, &[]).unwrap();
        assert_eq!(check.outcome, CreditCheckOutcome::Approved);
        assert_eq!(check.available_before, None);
    }

    #[test]
    fn ex_5_a_held_customer_gets_nothing_until_a_person_lets_it_pass() {
        let limit = limit_of("1000.00", "0");
        let held = checked(eur("1.00"), "0.00", limit, &[manual_hold(None)]).unwrap();
        assert_eq!(held.outcome, CreditCheckOutcome::OnHold);
        assert_eq!(held.decision.rules[0].explanation, "held: MANUAL");

        let mut passing = manual_hold(None);
        let now = at("2026-03-02T12:00:00Z");
        passing.override_until(TODAY, said(), TODAY, now).unwrap();
        let holds = [passing];
        let check = |order| checked(eur(order), "0.00", limit, &holds).unwrap().outcome;
        assert_eq!(check("1000.00"), CreditCheckOutcome::Approved);
        let still = "the limit is checked all the same";
        assert_eq!(check("1000.01"), CreditCheckOutcome::OverLimit, "{still}");
    }

    #[test]
    fn ex_5_letting_a_hold_over_the_limit_pass_lets_the_order_pass() {
        let limit = limit_of("1000.00", "0");
        let check = |overridden| {
            let holds = [over_limit_hold(overridden)];
            checked(eur("1.00"), "1000.00", limit, &holds)
                .unwrap()
                .outcome
        };
        assert_eq!(check(false), CreditCheckOutcome::OnHold);
        assert_eq!(check(true), CreditCheckOutcome::Approved);
    }

    #[test]
    fn rd_5_an_order_in_another_currency_is_judged_at_the_rate_of_the_day() {
        let limit = limit_of("1000.00", "0");
        let check = checked(usd("1000.00"), "80.00", limit, &[]).unwrap();
        assert_eq!(check.outcome, CreditCheckOutcome::Approved);
        assert_eq!(check.decision.facts["order_amount_converted"], "920.00 EUR");
        assert_eq!(check.decision.facts["rate_date"], "2026-03-02");
        let yen = Money::from_minor(1000, Currency::JPY).unwrap();
        let missing = checked(yen, "0.00", limit, &[]);
        assert!(matches!(missing, Err(ConvertError::RateMissing(_))));
    }

    #[test]
    fn a_decision_names_its_policy_and_what_was_known() {
        let check = checked(eur("64.20"), "246.05", limit_of("250.00", "0"), &[]).unwrap();
        assert_eq!(check.available_before, Some(eur("3.95")));
        let decision = check.decision;
        assert_eq!(decision.outcome, "OVER_LIMIT");
        assert_eq!(decision.policy_version, "credit-policy/standard@3");
        assert_eq!(decision.facts["available_before"], "3.95 EUR");
        let said: Vec<&str> = decision
            .rules
            .iter()
            .map(|rule| rule.rule_id.as_str())
            .collect();
        assert_eq!(said, ["EX-5", "EX-2"]);
    }
}
