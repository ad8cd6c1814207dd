//! Payment terms between the wire and the calendar library, which gives them their
//! meaning (DD-1 … DD-10). Credit grants them, invoicing works them out: both read and
//! write them here, so that they cannot mean two things.

use calendar::terms::{CutOff, DueRule, DueStep, Part, Share, TermsError};
use calendar::{Convention, PaymentTerms};
use money::Rate;

use crate::common;
use crate::common::date_step::Step;
use crate::common::instalment_rule::Share as WireShare;
use crate::convert::{money_from_wire, money_to_wire};

/// The longest code of a business-day calendar.
const MAX_CALENDAR_CODE_CHARS: usize = 32;

/// Payment terms of the wire that mean nothing: which field, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfitTerms {
    /// Path inside the message, for example `instalments[1].date_steps[0]`.
    pub field: String,
    /// The fault, for the caller.
    pub fault: String,
}

fn unfit(field: impl Into<String>, fault: impl ToString) -> UnfitTerms {
    UnfitTerms {
        field: field.into(),
        fault: fault.to_string(),
    }
}

/// The schedule of the terms: parts and date steps, without discounts, which are an
/// offer of their own.
///
/// # Errors
/// [`UnfitTerms`] with the first field at fault.
pub fn schedule_from_wire(terms: &common::PaymentTerms) -> Result<PaymentTerms, UnfitTerms> {
    let part = |(index, rule)| {
        let path = format!("instalments[{index}]");
        Ok(Part {
            share: share_from_wire(rule, &path)?,
            due: due_from_wire(rule, &path)?,
        })
    };
    let parts = terms
        .instalments
        .iter()
        .enumerate()
        .map(part)
        .collect::<Result<Vec<_>, _>>()?;
    PaymentTerms::try_new(Vec::new(), parts).map_err(|error| unfit("instalments", error))
}

/// The convention for due dates that are no business days (DD-10).
///
/// # Errors
/// [`UnfitTerms`] when the rule is none, when it moves dates and no calendar is named, or when
/// what is named cannot be the code of one.
pub fn convention_from_wire(terms: &common::PaymentTerms) -> Result<Convention, UnfitTerms> {
    // The accessor would take a number that is no rule for none at all.
    let rule = common::BusinessDayRule::try_from(terms.business_day_rule)
        .map_err(|_| unfit("business_day_rule", "is no rule for business days"))?;
    if terms.calendar_code.chars().count() > MAX_CALENDAR_CODE_CHARS
        || terms.calendar_code.chars().any(char::is_control)
    {
        return Err(unfit("calendar_code", "is no code of a calendar"));
    }
    let convention = match rule {
        common::BusinessDayRule::Unspecified | common::BusinessDayRule::Unadjusted => {
            Convention::None
        }
        common::BusinessDayRule::Following => Convention::Following,
        common::BusinessDayRule::Preceding => Convention::Preceding,
        common::BusinessDayRule::ModifiedFollowing => Convention::ModifiedFollowing,
    };
    if convention != Convention::None && terms.calendar_code.is_empty() {
        return Err(unfit(
            "calendar_code",
            "is required with a rule that moves dates",
        ));
    }
    Ok(convention)
}

fn share_from_wire(rule: &common::InstalmentRule, path: &str) -> Result<Share, UnfitTerms> {
    let rate = |field: &str, ratio: &common::Decimal| {
        Rate::parse(&ratio.value).map_err(|error| unfit(format!("{path}.{field}"), error))
    };
    match &rule.share {
        None => Ok(Share::Rest),
        Some(WireShare::RatioOfTotal(ratio)) => rate("ratio_of_total", ratio).map(Share::OfTotal),
        Some(WireShare::RatioOfRest(ratio)) => rate("ratio_of_rest", ratio).map(Share::OfRest),
        Some(WireShare::FixedAmount(amount)) => money_from_wire(amount)
            .map(Share::Fixed)
            .map_err(|error| unfit(format!("{path}.fixed_amount"), error)),
    }
}

fn due_from_wire(rule: &common::InstalmentRule, path: &str) -> Result<DueRule, UnfitTerms> {
    if rule.date_steps.is_empty() {
        // Due on the invoice date.
        return DueRule::try_new(vec![DueStep::AddDays(0)]).map_err(|error| unfit(path, error));
    }
    let step = |(index, step): (usize, &common::DateStep)| {
        step_from_wire(step)
            .ok_or_else(|| unfit(format!("{path}.date_steps[{index}]"), "is no step of terms"))
    };
    let steps = rule
        .date_steps
        .iter()
        .enumerate()
        .map(step)
        .collect::<Result<Vec<_>, _>>()?;
    DueRule::try_new(steps).map_err(|error: TermsError| unfit(format!("{path}.date_steps"), error))
}

fn step_from_wire(step: &common::DateStep) -> Option<DueStep> {
    let day = |day: &i32| i8::try_from(*day).ok();
    match step.step.as_ref()? {
        Step::AddDays(days) => u16::try_from(*days).ok().map(DueStep::AddDays),
        Step::AddMonths(months) => u16::try_from(*months).ok().map(DueStep::AddMonths),
        Step::EndOfMonth(end) => end.then_some(DueStep::EndOfMonth),
        Step::DayOfMonth(on) => day(on).map(DueStep::OnDay),
        Step::DayOfFollowingMonth(on) => day(on).map(DueStep::OnDayOfNextMonth),
        Step::Proximo(proximo) => {
            // The wire's cut-off day is the first that counts for the next month.
            let cut_off = match &proximo.cut_off_day {
                None => None,
                Some(from) => Some(CutOff {
                    day: day(from)?,
                    inclusive: false,
                }),
            };
            Some(DueStep::Proximo {
                day: day(&proximo.day)?,
                cut_off,
            })
        }
    }
}

/// Terms for the wire.
#[must_use]
pub fn terms_to_wire(
    code: &str,
    schedule: &PaymentTerms,
    convention: Convention,
    calendar_code: Option<&str>,
) -> common::PaymentTerms {
    let rule = match convention {
        Convention::None => common::BusinessDayRule::Unadjusted,
        Convention::Following => common::BusinessDayRule::Following,
        Convention::Preceding => common::BusinessDayRule::Preceding,
        Convention::ModifiedFollowing => common::BusinessDayRule::ModifiedFollowing,
    };
    common::PaymentTerms {
        terms_code: code.to_owned(),
        instalments: schedule.parts().iter().map(part_to_wire).collect(),
        business_day_rule: rule.into(),
        calendar_code: calendar_code.unwrap_or_default().to_owned(),
    }
}

fn part_to_wire(part: &Part) -> common::InstalmentRule {
    let ratio = |rate: Rate| common::Decimal {
        value: money::decimal_string(rate.ratio()),
    };
    let share = match part.share {
        Share::Rest => None,
        Share::OfTotal(rate) => Some(WireShare::RatioOfTotal(ratio(rate))),
        Share::OfRest(rate) => Some(WireShare::RatioOfRest(ratio(rate))),
        Share::Fixed(amount) => Some(WireShare::FixedAmount(money_to_wire(amount))),
    };
    common::InstalmentRule {
        share,
        date_steps: part.due.steps().iter().map(step_to_wire).collect(),
    }
}

fn step_to_wire(step: &DueStep) -> common::DateStep {
    let step = match *step {
        DueStep::AddDays(days) => Step::AddDays(days.into()),
        DueStep::AddMonths(months) => Step::AddMonths(months.into()),
        DueStep::EndOfMonth => Step::EndOfMonth(true),
        DueStep::OnDay(day) => Step::DayOfMonth(day.into()),
        DueStep::OnDayOfNextMonth(day) => Step::DayOfFollowingMonth(day.into()),
        DueStep::Proximo { day, cut_off } => Step::Proximo(common::Proximo {
            day: day.into(),
            cut_off_day: cut_off.map(|cut| i32::from(cut.day) + i32::from(cut.inclusive)),
        }),
    };
    common::DateStep { step: Some(step) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    /// Through the wire and back, and the dates that both give.
    fn assert_survives(text: &str) {
        let schedule: PaymentTerms = text.parse().unwrap();
        let wire = terms_to_wire("x", &schedule, Convention::Following, Some("DE"));
        let back = schedule_from_wire(&wire).unwrap();
        assert_eq!(convention_from_wire(&wire).unwrap(), Convention::Following);
        let total = money::Money::parse("1587.35", money::Currency::EUR).unwrap();
        for day in [
            date(2011, 10, 1),
            date(2026, 1, 31),
            date(2024, 2, 20),
            date(2024, 2, 21),
        ] {
            assert_eq!(
                back.schedule(total, day),
                schedule.schedule(total, day),
                "{text} on {day}"
            );
        }
    }

    #[test]
    fn dd_1_to_dd_7_terms_mean_the_same_on_both_sides() {
        for text in [
            "net 0",
            "net 30",
            "net 30 eom",
            "eom + 30",
            "10 prox",
            "25% of rest: net 30; 25%: + 1 month; fixed 396.84 EUR: + 1 month + 30; rest: + 2 months on 15 + 30",
        ] {
            assert_survives(text);
        }
    }

    #[test]
    fn dd_4_the_cut_off_day_is_the_first_of_the_next_month_s_turn() {
        let proximo = |cut_off_day| common::PaymentTerms {
            instalments: vec![common::InstalmentRule {
                share: None,
                date_steps: vec![common::DateStep {
                    step: Some(Step::Proximo(common::Proximo {
                        day: 10,
                        cut_off_day,
                    })),
                }],
            }],
            ..common::PaymentTerms::default()
        };
        let due = |cut_off, day| {
            let one = money::Money::parse("1.00", money::Currency::EUR).unwrap();
            schedule_from_wire(&proximo(cut_off))
                .unwrap()
                .schedule(one, day)
                .unwrap()[0]
                .due_date
        };
        assert_eq!(due(None, date(2026, 1, 31)), date(2026, 2, 10));
        assert_eq!(due(Some(20), date(2026, 1, 19)), date(2026, 2, 10));
        assert_eq!(due(Some(20), date(2026, 1, 20)), date(2026, 3, 10));
    }

    #[test]
    fn faults_name_their_field() {
        let field = |terms: &common::PaymentTerms| schedule_from_wire(terms).unwrap_err().field;
        assert_eq!(field(&common::PaymentTerms::default()), "instalments");
        let step = common::DateStep {
            step: Some(Step::AddDays(-1)),
        };
        let rule = common::InstalmentRule {
            share: None,
            date_steps: vec![step],
        };
        let negative = common::PaymentTerms {
            instalments: vec![rule],
            ..Default::default()
        };
        assert_eq!(field(&negative), "instalments[0].date_steps[0]");
        let moved = common::PaymentTerms {
            business_day_rule: common::BusinessDayRule::Following.into(),
            ..Default::default()
        };
        assert_eq!(
            convention_from_wire(&moved).unwrap_err().field,
            "calendar_code"
        );
    }

    #[test]
    fn p33_what_is_no_rule_or_no_code_is_not_taken_for_none() {
        let fault = |business_day_rule, calendar_code: &str| {
            let terms = common::PaymentTerms {
                business_day_rule,
                calendar_code: calendar_code.to_owned(),
                ..Default::default()
            };
            convention_from_wire(&terms).map_err(|unfit| unfit.field)
        };
        assert_eq!(fault(0, ""), Ok(Convention::None));
        assert_eq!(fault(9999, ""), Err("business_day_rule".to_owned()));
        assert_eq!(fault(0, "D\0E"), Err("calendar_code".to_owned()));
        assert_eq!(fault(0, &"D".repeat(33)), Err("calendar_code".to_owned()));
    }
}
