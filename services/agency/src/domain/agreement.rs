//! Owns what a tenant and an agency agreed, and on which days debts are placed under it. An
//! agreement is never changed: new terms are a new agreement from a later day, and a placement
//! keeps the terms it was placed under. Must not compute commission.

use std::collections::BTreeSet;

use calendar::{Date, Timestamp};
use money::Currency;

use super::commission_schedule::CommissionSchedule;
use super::event::{Event, Fact, Subject};
use super::identity::{AgencyId, AgreementId};
use super::named::named;

named! {
    /// How an agency passes money on (AY-6).
    pub enum RemittanceMode {
        /// All of it, and it invoices its commission.
        Gross = "GROSS",
        /// What is left after its commission.
        Net = "NET",
    }
}

/// What an agreement says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementTerms {
    /// What the agency earns, one schedule a currency, at least one.
    pub commission_schedules: Vec<CommissionSchedule>,
    /// How it passes money on.
    pub remittance_mode: RemittanceMode,
    /// Whether commission is due on what the debtor pays us while the debt is placed (AY-6).
    pub commission_on_direct_payments: bool,
    /// Days from the placement within which payments are free of commission (AY-3): 0 to 90.
    pub final_demand_days: i32,
    /// Days after a recall within which late money earns commission (AY-7): 0 to 365.
    pub commission_tail_days: i32,
    /// Days within which the agency must have stopped after a recall: 0 to 60.
    pub recall_notice_days: i32,
}

/// The days on which debts are placed under an agreement, in the tenant's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// First day.
    pub from: Date,
    /// Last day; none: no end is known.
    pub to: Option<Date>,
}

/// Terms with an agency, for some days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Identity.
    pub agreement_id: AgreementId,
    /// The agency.
    pub agency_id: AgencyId,
    /// The number on the paper, unique for the agency.
    pub agreement_number: String,
    /// What it says.
    pub terms: AgreementTerms,
    /// When debts are placed under it.
    pub validity: Validity,
    /// When it was created.
    pub created_time: Timestamp,
    /// Who created it.
    pub created_by: String,
    /// Counts its changes from 1.
    pub version: i64,
}

/// Why an agreement is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AgreementError {
    /// No schedule, or two for one currency (COMMISSION_SCHEDULE_INVALID).
    #[error("an agreement has one commission schedule a currency, at least one")]
    Schedules,
    /// A number of days outside its range.
    #[error("{field} is {min} to {max}")]
    Days {
        /// The field, as in the contract.
        field: &'static str,
        /// Least value.
        min: i32,
        /// Greatest value.
        max: i32,
    },
    /// Another agreement of the agency is valid on one of its days (AGREEMENT_OVERLAPS).
    #[error("another agreement of the agency is valid on one of these days")]
    Overlaps,
    /// The last day lies before today (END_DATE_IN_THE_PAST).
    #[error("the last day lies in the past")]
    EndInThePast,
    /// The last day lies before the first (END_DATE_BEFORE_START).
    #[error("the last day lies before the first")]
    EndBeforeStart,
    /// It has ended, or ends no later anyway: an end is only ever brought forward
    /// (AGREEMENT_ENDED).
    #[error("the agreement has ended, or its end is not after that day")]
    Ended,
    /// The agency has none that says so for the currency on that day (NO_AGREEMENT).
    #[error("the agency has no agreement for this currency on that day")]
    None,
}

impl AgreementTerms {
    /// Checks what a contract on paper can get wrong.
    ///
    /// # Errors
    /// [`AgreementError::Schedules`] or [`AgreementError::Days`].
    pub fn check(&self) -> Result<(), AgreementError> {
        let currencies = self.commission_schedules.iter().map(|one| one.currency());
        let distinct: BTreeSet<Currency> = currencies.collect();
        if distinct.is_empty() || distinct.len() != self.commission_schedules.len() {
            return Err(AgreementError::Schedules);
        }
        check_days("final_demand_days", self.final_demand_days, 90)?;
        check_days("commission_tail_days", self.commission_tail_days, 365)?;
        check_days("recall_notice_days", self.recall_notice_days, 60)
    }

    /// What the agency earns in `currency`; none: debts in it cannot be placed under this.
    #[must_use]
    pub fn schedule(&self, currency: Currency) -> Option<&CommissionSchedule> {
        let mut schedules = self.commission_schedules.iter();
        schedules.find(|schedule| schedule.currency() == currency)
    }
}

fn check_days(field: &'static str, days: i32, max: i32) -> Result<(), AgreementError> {
    match (0..=max).contains(&days) {
        true => Ok(()),
        false => Err(AgreementError::Days { field, min: 0, max }),
    }
}

impl Validity {
    /// Whether debts are placed on `day`.
    #[must_use]
    pub fn covers(&self, day: Date) -> bool {
        self.from <= day && self.to.is_none_or(|last| day <= last)
    }

    /// Whether both cover some day.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        let begins_in_time = |one: &Self, two: &Self| two.to.is_none_or(|last| one.from <= last);
        begins_in_time(self, other) && begins_in_time(other, self)
    }
}

/// What is needed to add an agreement, apart from its identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAgreement {
    /// The agency.
    pub agency_id: AgencyId,
    /// The number on the paper.
    pub agreement_number: String,
    /// What it says.
    pub terms: AgreementTerms,
    /// When debts are placed under it.
    pub validity: Validity,
    /// Who creates it.
    pub created_by: String,
}

impl Agreement {
    /// A new agreement beside those that the agency has.
    ///
    /// # Errors
    /// As [`AgreementTerms::check`]; [`AgreementError::EndBeforeStart`];
    /// [`AgreementError::Overlaps`].
    pub fn create(
        agreement_id: AgreementId,
        new: NewAgreement,
        others: &[Self],
        at: Timestamp,
    ) -> Result<(Self, Event), AgreementError> {
        new.terms.check()?;
        if new.validity.to.is_some_and(|last| last < new.validity.from) {
            return Err(AgreementError::EndBeforeStart);
        }
        let mut validities = others.iter().map(|other| other.validity);
        if validities.any(|other| other.overlaps(&new.validity)) {
            return Err(AgreementError::Overlaps);
        }
        let agreement = Self {
            agreement_id,
            agency_id: new.agency_id,
            agreement_number: new.agreement_number,
            terms: new.terms,
            validity: new.validity,
            created_time: at,
            created_by: new.created_by,
            version: 1,
        };
        let event = agreement.event(Fact::AgreementCreated {
            agency_id: agreement.agency_id,
            agreement_number: agreement.agreement_number.clone(),
            terms: Box::new(agreement.terms.clone()),
            validity: agreement.validity,
        });
        Ok((agreement, event))
    }

    /// Ends it with a day. The placements it has go on under its terms.
    ///
    /// # Errors
    /// [`AgreementError::Ended`], [`AgreementError::EndInThePast`],
    /// [`AgreementError::EndBeforeStart`].
    pub fn terminate(&mut self, last_day: Date, today: Date) -> Result<Event, AgreementError> {
        // A later end would run into the next agreement; whoever wants one agrees anew.
        let known = self.validity.to;
        if known.is_some_and(|known| known < today || known <= last_day) {
            return Err(AgreementError::Ended);
        }
        if last_day < today {
            return Err(AgreementError::EndInThePast);
        }
        if last_day < self.validity.from {
            return Err(AgreementError::EndBeforeStart);
        }
        self.validity.to = Some(last_day);
        self.version = self.version.saturating_add(1);
        Ok(self.event(Fact::AgreementTerminated {
            agency_id: self.agency_id,
            last_day,
        }))
    }

    /// How decisions name it.
    #[must_use]
    pub fn policy_version(&self) -> String {
        format!("agreement/{}", self.agreement_number)
    }

    fn event(&self, fact: Fact) -> Event {
        Event {
            subject: Subject::Agreement(self.agreement_id),
            subject_version: self.version,
            fact,
        }
    }
}

/// The agreement under which a debt in `currency` is placed on `day`.
///
/// # Errors
/// [`AgreementError::None`].
pub fn in_force(
    agreements: &[Agreement],
    day: Date,
    currency: Currency,
) -> Result<&Agreement, AgreementError> {
    let fits =
        |one: &&Agreement| one.validity.covers(day) && one.terms.schedule(currency).is_some();
    agreements.iter().find(fits).ok_or(AgreementError::None)
}

/// The agreement that says how money of `day` is passed on: the one of the day, or after the end of
/// all the last that began before, since late money follows the contract (AY-7).
///
/// # Errors
/// [`AgreementError::None`] when none had begun.
pub fn for_remittance(agreements: &[Agreement], day: Date) -> Result<&Agreement, AgreementError> {
    let begun = agreements.iter().filter(|one| one.validity.from <= day);
    begun
        .max_by_key(|one| one.validity.from)
        .ok_or(AgreementError::None)
}

#[cfg(test)]
pub(super) mod tests {
    use calendar::Date;
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::flat;

    /// An agreement from `from` on: net, direct payments count, no final demand, no tail.
    pub(crate) fn agreement(from: Date, schedules: Vec<CommissionSchedule>) -> Agreement {
        let new = NewAgreement {
            agency_id: AgencyId::new(Uuid::from_u128(1)),
            agreement_number: "A-1".to_owned(),
            terms: AgreementTerms {
                commission_schedules: schedules,
                remittance_mode: RemittanceMode::Net,
                commission_on_direct_payments: true,
                final_demand_days: 0,
                commission_tail_days: 0,
                recall_notice_days: 0,
            },
            validity: Validity { from, to: None },
            created_by: "ada".to_owned(),
        };
        let id = AgreementId::new(Uuid::from_u128(2));
        Agreement::create(id, new, &[], Timestamp::UNIX_EPOCH)
            .unwrap()
            .0
    }

    fn in_euro(from: Date) -> Agreement {
        agreement(from, vec![flat("EUR", "0.25")])
    }

    fn successor(
        of: &Agreement,
        from: Date,
        to: Option<Date>,
    ) -> Result<Agreement, AgreementError> {
        let new = NewAgreement {
            agency_id: of.agency_id,
            agreement_number: "A-2".to_owned(),
            terms: of.terms.clone(),
            validity: Validity { from, to },
            created_by: "ada".to_owned(),
        };
        let id = AgreementId::new(Uuid::from_u128(3));
        Agreement::create(id, new, std::slice::from_ref(of), Timestamp::UNIX_EPOCH)
            .map(|(agreement, _)| agreement)
    }

    #[test]
    fn on_every_day_an_agency_has_one_agreement_at_most() {
        let mut first = in_euro(date(2026, 1, 1));
        let july = date(2026, 7, 1);
        assert_eq!(successor(&first, july, None), Err(AgreementError::Overlaps));
        let before = successor(&first, date(2025, 1, 1), Some(date(2025, 12, 31)));
        assert!(before.is_ok());
        let touching = successor(&first, date(2025, 1, 1), Some(date(2026, 1, 1)));
        assert_eq!(touching, Err(AgreementError::Overlaps));
        first
            .terminate(date(2026, 6, 30), date(2026, 5, 1))
            .unwrap();
        let second = successor(&first, july, None).unwrap();
        let both = [first, second];
        let on = |day| in_force(&both, day, Currency::EUR).map(|one| one.agreement_number.as_str());
        assert_eq!(on(date(2026, 6, 30)), Ok("A-1"));
        assert_eq!(on(july), Ok("A-2"));
        assert_eq!(on(date(2025, 12, 31)), Err(AgreementError::None));
        assert!(in_force(&both, july, Currency::JPY).is_err());
    }

    #[test]
    fn an_agreement_ends_today_or_later_and_only_ever_earlier() {
        let today = date(2026, 5, 1);
        let mut one = in_euro(date(2026, 6, 1));
        let end = |one: &mut Agreement, day| one.terminate(day, today).map(|_| ());
        let past = date(2026, 4, 30);
        assert_eq!(end(&mut one, past), Err(AgreementError::EndInThePast));
        assert_eq!(end(&mut one, today), Err(AgreementError::EndBeforeStart));
        assert_eq!(end(&mut one, date(2026, 12, 31)), Ok(()));
        let known = date(2026, 12, 31);
        assert_eq!(end(&mut one, known), Err(AgreementError::Ended));
        let later = date(2027, 1, 31);
        assert_eq!(end(&mut one, later), Err(AgreementError::Ended));
        assert_eq!(end(&mut one, date(2026, 9, 30)), Ok(()));
        assert_eq!(one.version, 3);
        let after = one.terminate(date(2026, 10, 2), date(2026, 10, 1));
        assert_eq!(after.map(|_| ()), Err(AgreementError::Ended));
    }

    #[test]
    fn ay_7_late_money_follows_the_last_agreement() {
        let mut one = in_euro(date(2026, 1, 1));
        one.terminate(date(2026, 6, 30), date(2026, 5, 1)).unwrap();
        let all = [one];
        assert!(for_remittance(&all, date(2027, 1, 1)).is_ok());
        assert_eq!(
            for_remittance(&all, date(2025, 12, 31)),
            Err(AgreementError::None)
        );
    }

    #[test]
    fn terms_name_each_currency_once_and_keep_their_ranges() {
        let terms = in_euro(date(2026, 1, 1)).terms;
        let twice = AgreementTerms {
            commission_schedules: vec![flat("EUR", "0.25"), flat("EUR", "0.3")],
            ..terms.clone()
        };
        assert_eq!(twice.check(), Err(AgreementError::Schedules));
        let none = AgreementTerms {
            commission_schedules: vec![],
            ..terms.clone()
        };
        assert_eq!(none.check(), Err(AgreementError::Schedules));
        let long = AgreementTerms {
            final_demand_days: 91,
            ..terms
        };
        let error = long.check().unwrap_err();
        assert_eq!(error.to_string(), "final_demand_days is 0 to 90");
    }
}
