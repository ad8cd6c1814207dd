//! Owns how agencies do, so that they can be compared (AY-9): what came of what was placed, net of
//! commission, in all and by months since the placement, where placements of different ages can be
//! compared. Must not add currencies up (RD-5), and must not call a small sample a result.

use std::collections::BTreeMap;

use calendar::{Date, DateOutOfRange, add_days, add_months};
use money::{Currency, Decimal, Money, MoneyError, Rounding};

use super::identity::AgencyId;
use super::placement::{CloseCode, PlacementAmounts};

/// Fewer placements than this, and differences to others may be chance.
pub const SMALL_SAMPLE: usize = 30;

/// Digits of a ratio after the point.
const RATIO_DIGITS: u32 = 6;

/// An amount and the day from which it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dated {
    /// The day.
    pub date: Date,
    /// How much; negative where it was taken back.
    pub amount: Money,
}

/// What became of one placement that was ACTIVE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementHistory {
    /// The agency.
    pub agency_id: AgencyId,
    /// The day on which it was placed.
    pub placement_date: Date,
    /// Its amounts now.
    pub amounts: PlacementAmounts,
    /// How it ended, if it did.
    pub close_code: Option<CloseCode>,
    /// What came through the agency.
    pub recovered: Vec<Dated>,
    /// What was paid directly while it was placed.
    pub direct: Vec<Dated>,
    /// What the agency earned.
    pub commissions: Vec<Dated>,
}

/// How an agency does in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyResult {
    /// The agency.
    pub agency_id: AgencyId,
    /// The currency of all its amounts.
    pub currency: Currency,
    /// Placements that became ACTIVE.
    pub placement_count: usize,
    /// What was owed on them then.
    pub placed: Money,
    /// What came through the agency.
    pub recovered: Money,
    /// What was paid directly.
    pub direct: Money,
    /// What the agency earned.
    pub commission: Money,
    /// What we have of it: recovered and direct, less commission.
    pub net: Money,
    /// What is still owed on them.
    pub open: Money,
    /// Recovered and direct by placed, six digits.
    pub recovery_ratio: Decimal,
    /// Net by placed, six digits.
    pub net_recovery_ratio: Decimal,
    /// The curve: from the first month to the last that a placement has completed.
    pub months: Vec<RecoveryMonth>,
    /// How those that have ended did so.
    pub close_counts: BTreeMap<CloseCode, usize>,
    /// Whether differences to others may be chance.
    pub small_sample: bool,
}

/// What came in one month since the placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecoveryMonth {
    /// 1 is the first: from the day of the placement to the day before the same day of the next
    /// month, the last of the month where that is shorter (DD-5).
    pub month: i32,
    /// What was placed at all with the placements that have completed this month.
    pub matured: Money,
    /// What came in this month.
    pub recovered: Money,
    /// Commission on it.
    pub commission: Money,
    /// Recovered less commission.
    pub net: Money,
    /// What the placements that have completed this month brought to its end, by `matured`, six
    /// digits; none while there is none.
    pub cumulative_recovery_ratio: Option<Decimal>,
}

/// Why results cannot be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ResultError {
    /// Sums that no amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
    /// Days beyond the calendar.
    #[error(transparent)]
    Date(#[from] DateOutOfRange),
}

/// Adds up placements by agency and currency, in that order, with payments of `as_of` or earlier.
///
/// # Errors
/// [`ResultError`].
pub fn agency_results(
    histories: &[PlacementHistory],
    as_of: Date,
) -> Result<Vec<AgencyResult>, ResultError> {
    let mut groups: BTreeMap<(AgencyId, Currency), Vec<&PlacementHistory>> = BTreeMap::new();
    for history in histories {
        let key = (history.agency_id, history.amounts.currency());
        groups.entry(key).or_default().push(history);
    }
    let results = groups.into_iter();
    results
        .map(|((agency_id, currency), group)| result_of(agency_id, currency, &group, as_of))
        .collect()
}

fn result_of(
    agency_id: AgencyId,
    currency: Currency,
    group: &[&PlacementHistory],
    as_of: Date,
) -> Result<AgencyResult, ResultError> {
    let sum = |of: &dyn Fn(&PlacementHistory) -> Money| {
        Money::sum(currency, group.iter().map(|history| of(history)))
    };
    let until = |entries: fn(&PlacementHistory) -> &[Dated]| {
        let all = group.iter().flat_map(|history| entries(history));
        let counted = all.filter(|entry| entry.date <= as_of);
        Money::sum(currency, counted.map(|entry| entry.amount))
    };
    let placed = sum(&|history| history.amounts.placed())?;
    let recovered = until(|history| &history.recovered)?;
    let direct = until(|history| &history.direct)?;
    let commission = until(|history| &history.commissions)?;
    let gross = recovered.checked_add(direct)?;
    let net = gross.checked_sub(commission)?;
    let mut close_counts: BTreeMap<CloseCode, usize> = BTreeMap::new();
    for code in group.iter().filter_map(|history| history.close_code) {
        let count = close_counts.entry(code).or_default();
        *count = count.saturating_add(1);
    }
    Ok(AgencyResult {
        agency_id,
        currency,
        placement_count: group.len(),
        placed,
        recovered,
        direct,
        commission,
        net,
        open: sum(&|history| history.amounts.open())?,
        recovery_ratio: ratio(gross, placed).unwrap_or_default(),
        net_recovery_ratio: ratio(net, placed).unwrap_or_default(),
        months: curve(currency, group, as_of)?,
        close_counts,
        small_sample: group.len() < SMALL_SAMPLE,
    })
}

/// The curve by month since the placement.
fn curve(
    currency: Currency,
    group: &[&PlacementHistory],
    as_of: Date,
) -> Result<Vec<RecoveryMonth>, ResultError> {
    let mut months = Vec::new();
    for month in 1.. {
        let matured: Vec<(&PlacementHistory, Date)> = group
            .iter()
            .map(|history| Ok((*history, last_day(history.placement_date, month)?)))
            .filter(|one| one.as_ref().is_ok_and(|(_, last)| *last <= as_of) || one.is_err())
            .collect::<Result<_, DateOutOfRange>>()?;
        if matured.is_empty() {
            break;
        }
        months.push(recovery_month(currency, group, &matured, month, as_of)?);
    }
    Ok(months)
}

fn recovery_month(
    currency: Currency,
    group: &[&PlacementHistory],
    matured: &[(&PlacementHistory, Date)],
    month: i32,
    as_of: Date,
) -> Result<RecoveryMonth, ResultError> {
    let mut came = Vec::new();
    let mut commissions = Vec::new();
    for history in group {
        let last = last_day(history.placement_date, month)?;
        // What is dated before the placement came in its first month.
        let first = match month {
            1 => Date::MIN,
            _ => add_days(
                last_day(history.placement_date, month.saturating_sub(1))?,
                1,
            )?,
        };
        let inside = |entry: &&Dated| (first..=last).contains(&entry.date) && entry.date <= as_of;
        came.extend(history.money().filter(inside).map(|entry| entry.amount));
        let earned = history.commissions.iter().filter(inside);
        commissions.extend(earned.map(|entry| entry.amount));
    }
    let recovered = Money::sum(currency, came)?;
    let commission = Money::sum(currency, commissions)?;
    let base = matured.iter().map(|(history, _)| history.amounts.placed());
    let base = Money::sum(currency, base)?;
    let brought = matured.iter().flat_map(|(history, last)| {
        let until = history.money().filter(|entry| entry.date <= *last);
        until.map(|entry| entry.amount)
    });
    let brought = Money::sum(currency, brought)?;
    Ok(RecoveryMonth {
        month,
        matured: base,
        recovered,
        commission,
        net: recovered.checked_sub(commission)?,
        cumulative_recovery_ratio: ratio(brought, base),
    })
}

impl PlacementHistory {
    /// What came, through the agency and directly.
    fn money(&self) -> impl Iterator<Item = &Dated> {
        self.recovered.iter().chain(&self.direct)
    }
}

/// The last day of the `month`th month since the placement.
fn last_day(placement_date: Date, month: i32) -> Result<Date, DateOutOfRange> {
    add_days(add_months(placement_date, month)?, -1)
}

/// Part by whole, six digits, half away from zero; none of nothing. The division keeps 28 digits, so
/// that rounding its result is rounding once: amounts are too short for it to come that near a tie.
fn ratio(part: Money, whole: Money) -> Option<Decimal> {
    let quotient = part.amount().checked_div(whole.amount())?;
    let ratio = money::round(quotient, RATIO_DIGITS, Rounding::HalfAwayFromZero);
    Some(ratio.normalize())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::{amount, euro};

    fn agency(number: u128) -> AgencyId {
        AgencyId::new(Uuid::from_u128(number))
    }

    fn on(date: Date, text: &str) -> Dated {
        Dated {
            date,
            amount: euro(text),
        }
    }

    fn history(placement_date: Date, placed: &str) -> PlacementHistory {
        PlacementHistory {
            agency_id: agency(1),
            placement_date,
            amounts: PlacementAmounts::placing(euro(placed)),
            close_code: None,
            recovered: vec![],
            direct: vec![],
            commissions: vec![],
        }
    }

    fn only(histories: &[PlacementHistory], as_of: Date) -> AgencyResult {
        let mut results = agency_results(histories, as_of).unwrap();
        assert_eq!(results.len(), 1);
        results.remove(0)
    }

    /// Placed on 31 January: months end on 27 February, 30 March, 29 April.
    fn january() -> PlacementHistory {
        PlacementHistory {
            recovered: vec![
                on(date(2026, 2, 27), "100.00"),
                on(date(2026, 2, 28), "50.00"),
                on(date(2026, 4, 2), "-50.00"),
            ],
            direct: vec![on(date(2026, 3, 30), "30.00")],
            commissions: vec![
                on(date(2026, 2, 27), "25.00"),
                on(date(2026, 2, 28), "12.50"),
            ],
            close_code: Some(CloseCode::Uncollectible),
            ..history(date(2026, 1, 31), "1000.00")
        }
    }

    #[test]
    fn ay_9_results_are_net_of_commission() {
        let result = only(
            &[january(), history(date(2026, 3, 1), "500.00")],
            date(2026, 3, 31),
        );
        assert_eq!(result.placed, euro("1500.00"));
        assert_eq!(
            (result.recovered, result.direct),
            (euro("150.00"), euro("30.00"))
        );
        assert_eq!(
            (result.commission, result.net),
            (euro("37.50"), euro("142.50"))
        );
        assert_eq!(result.recovery_ratio.to_string(), "0.12");
        assert_eq!(result.net_recovery_ratio.to_string(), "0.095");
        assert_eq!(
            result.close_counts,
            BTreeMap::from([(CloseCode::Uncollectible, 1)])
        );
        assert!(result.small_sample);
    }

    #[test]
    fn ay_9_the_curve_compares_placements_at_the_same_age() {
        let march = PlacementHistory {
            recovered: vec![
                on(date(2026, 3, 5), "250.00"),
                on(date(2026, 4, 20), "100.00"),
            ],
            ..history(date(2026, 3, 1), "500.00")
        };
        let result = only(&[january(), march], date(2026, 4, 28));
        // January has completed two months, March one: its April counts in no ratio.
        let shown: Vec<_> = result
            .months
            .iter()
            .map(|month| {
                let ratio = month.cumulative_recovery_ratio.unwrap().to_string();
                (month.month, month.matured, month.recovered, ratio)
            })
            .collect();
        let first = (1, euro("1500.00"), euro("350.00"), "0.233333".to_owned());
        let second = (2, euro("1000.00"), euro("180.00"), "0.18".to_owned());
        assert_eq!(shown, [first, second]);
        assert_eq!(result.months[0].commission, euro("25.00"));
        assert_eq!(result.months[0].net, euro("325.00"));
        let completed = only(&[january()], date(2026, 4, 29));
        assert_eq!(completed.months.len(), 3);
        let last = &completed.months[2];
        assert_eq!((last.recovered, last.net), (euro("-50.00"), euro("-50.00")));
        assert_eq!(last.cumulative_recovery_ratio.unwrap().to_string(), "0.13");
    }

    #[test]
    fn ay_9_money_dated_before_the_placement_came_in_its_first_month() {
        let early = PlacementHistory {
            direct: vec![on(date(2026, 1, 29), "10.00")],
            ..history(date(2026, 1, 31), "100.00")
        };
        let result = only(&[early], date(2026, 2, 27));
        assert_eq!(result.months[0].recovered, euro("10.00"));
        let young = only(&[history(date(2026, 1, 31), "100.00")], date(2026, 2, 26));
        assert!(young.months.is_empty());
    }

    #[test]
    fn rd_5_agencies_and_currencies_stand_by_themselves() {
        let yen = PlacementHistory {
            amounts: PlacementAmounts::placing(amount("900", "JPY")),
            ..history(date(2026, 1, 31), "1.00")
        };
        let other = PlacementHistory {
            agency_id: agency(2),
            ..history(date(2026, 1, 31), "1.00")
        };
        let all = [other, yen, history(date(2026, 1, 31), "2.00")];
        let results = agency_results(&all, date(2026, 2, 1)).unwrap();
        let keys: Vec<_> = results
            .iter()
            .map(|one| (one.agency_id, one.placed))
            .collect();
        let expected = [
            (agency(1), euro("2.00")),
            (agency(1), amount("900", "JPY")),
            (agency(2), euro("1.00")),
        ];
        assert_eq!(keys, expected);
    }

    #[test]
    fn ay_9_thirty_placements_are_no_small_sample() {
        let one = history(date(2026, 1, 31), "1.00");
        let thirty = vec![one; 30];
        assert!(!only(&thirty, date(2026, 2, 1)).small_sample);
        assert!(only(&thirty[1..], date(2026, 2, 1)).small_sample);
    }
}
