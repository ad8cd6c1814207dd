//! Owns an agency's account of the money it passes on: its head, its sums, and how far the booking of
//! its lines has come. Must not book a line; [`remittance_line`](super::remittance_line) does.
//!
//! The same remittance may come again, whole or longer; it only ever grows.

use calendar::{Date, Timestamp};
use money::{Currency, Money, MoneyError};

use super::agreement::{Agreement, AgreementError, RemittanceMode, for_remittance};
use super::event::{Event, Fact, Subject};
use super::identity::{AgencyId, RemittanceId};
use super::named::named;
use super::remittance_line::RemittanceLine;
use super::remittance_row::RemittanceRow;

named! {
    /// Where a remittance stands.
    pub enum RemittanceState {
        /// Lines are booked one after the other.
        Booking = "BOOKING",
        /// Every line is booked.
        Booked = "BOOKED",
        /// Every line is booked or parked, and at least one is parked.
        NeedsAttention = "NEEDS_ATTENTION",
    }
}

/// What stands at the head of a remittance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemittanceHeader {
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's own number, unique for the agency.
    pub remittance_reference: String,
    /// Its date.
    pub remittance_date: Date,
    /// Whether the agency has kept its commission back.
    pub mode: RemittanceMode,
    /// The currency of all its lines.
    pub currency: Currency,
    /// Number of lines as the agency states it.
    pub stated_line_count: Option<i32>,
    /// Sum of the gross amounts as the agency states it.
    pub stated_gross: Option<Money>,
    /// Sum of the net amounts as the agency states it.
    pub stated_net: Option<Money>,
}

/// An agency's account of the money it passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remittance {
    /// Identity.
    pub remittance_id: RemittanceId,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's own number.
    pub remittance_reference: String,
    /// Its date.
    pub remittance_date: Date,
    /// Whether the agency has kept its commission back.
    pub mode: RemittanceMode,
    /// The currency of all its lines.
    pub currency: Currency,
    /// Number of lines.
    pub line_count: i32,
    /// Those that are booked, later reversals included.
    pub booked_count: i32,
    /// Those that wait for a person.
    pub parked_count: i32,
    /// What the debtors paid.
    pub gross: Money,
    /// What the agency kept back.
    pub commission: Money,
    /// When it was first imported.
    pub imported_time: Timestamp,
    /// Who imported it first.
    pub imported_by: String,
    /// When its last line was booked.
    pub booked_time: Option<Timestamp>,
    /// Counts its changes from 1.
    pub version: i64,
}

/// Why a remittance is refused as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RemittanceError {
    /// The agreement of that day says otherwise (REMITTANCE_MODE_MISMATCH).
    #[error("the agreement says {0}")]
    ModeMismatch(RemittanceMode),
    /// The agency never had an agreement (NO_AGREEMENT).
    #[error(transparent)]
    Agreement(#[from] AgreementError),
    /// The rows do not come to what is stated (REMITTANCE_TOTAL_MISMATCH).
    #[error("the rows do not come to the stated count or sums")]
    TotalMismatch,
    /// The number was used with another date, mode or currency (REMITTANCE_CHANGED).
    #[error("the remittance was imported with another date, mode or currency")]
    Changed,
    /// Sums that no amount can hold.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl RemittanceHeader {
    /// Checks the head against what was agreed, what was imported before, and the rows that came
    /// with it, bad ones counted.
    ///
    /// # Errors
    /// [`RemittanceError`].
    pub fn check(
        &self,
        agreements: &[Agreement],
        before: Option<&Remittance>,
        rows: &[RemittanceRow],
    ) -> Result<(), RemittanceError> {
        let agreed = for_remittance(agreements, self.remittance_date)?;
        let agreed = agreed.terms.remittance_mode;
        if agreed != self.mode {
            return Err(RemittanceError::ModeMismatch(agreed));
        }
        let same = |before: &Remittance| {
            (before.remittance_date, before.mode, before.currency)
                == (self.remittance_date, self.mode, self.currency)
        };
        if before.is_some_and(|before| !same(before)) {
            return Err(RemittanceError::Changed);
        }
        match self.agrees_with(rows) {
            true => Ok(()),
            false => Err(RemittanceError::TotalMismatch),
        }
    }

    /// The same without what it states of its rows.
    #[must_use]
    pub fn without_stated_totals(&self) -> Self {
        Self {
            stated_line_count: None,
            stated_gross: None,
            stated_net: None,
            ..self.clone()
        }
    }

    /// Rows in another currency have no sum, so they cannot come to any that is stated.
    fn agrees_with(&self, rows: &[RemittanceRow]) -> bool {
        let sum = |of: &dyn Fn(&RemittanceRow) -> Result<Money, MoneyError>| {
            let amounts: Result<Vec<Money>, _> = rows.iter().map(of).collect();
            amounts.and_then(|amounts| Money::sum(self.currency, amounts))
        };
        let count = i32::try_from(rows.len()).ok();
        let same = |stated: Option<Money>, of| stated.is_none_or(|stated| sum(of) == Ok(stated));
        self.stated_line_count
            .is_none_or(|stated| Some(stated) == count)
            && same(self.stated_gross, &|row| Ok(row.gross))
            && same(self.stated_net, &RemittanceRow::net)
    }
}

impl Remittance {
    /// A remittance without lines yet.
    #[must_use]
    pub fn create(
        remittance_id: RemittanceId,
        header: &RemittanceHeader,
        imported_by: &str,
        at: Timestamp,
    ) -> Self {
        let nothing = Money::zero(header.currency);
        Self {
            remittance_id,
            agency_id: header.agency_id,
            remittance_reference: header.remittance_reference.clone(),
            remittance_date: header.remittance_date,
            mode: header.mode,
            currency: header.currency,
            line_count: 0,
            booked_count: 0,
            parked_count: 0,
            gross: nothing,
            commission: nothing,
            imported_time: at,
            imported_by: imported_by.to_owned(),
            booked_time: None,
            version: 0,
        }
    }

    /// What the agency transfers: gross less commission.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.gross.checked_sub(self.commission)
    }

    /// Where it stands, by its lines.
    #[must_use]
    pub fn state(&self) -> RemittanceState {
        let settled = self.booked_count.saturating_add(self.parked_count);
        match (settled < self.line_count, self.parked_count > 0) {
            (true, _) => RemittanceState::Booking,
            (false, true) => RemittanceState::NeedsAttention,
            (false, false) => RemittanceState::Booked,
        }
    }

    /// The number that the next line gets: payments knows a line by it.
    #[must_use]
    pub fn next_line_number(&self) -> i32 {
        self.line_count.saturating_add(1)
    }

    /// Takes in the lines that an import added; none where it added none.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn add(&mut self, lines: &[RemittanceLine]) -> Result<Option<Event>, MoneyError> {
        let Ok(added @ 1..) = i32::try_from(lines.len()) else {
            return Ok(None);
        };
        let gross = Money::sum(self.currency, lines.iter().map(|line| line.gross))?;
        let commission = Money::sum(self.currency, lines.iter().map(|line| line.kept_back))?;
        self.line_count = self.line_count.saturating_add(added);
        self.gross = self.gross.checked_add(gross)?;
        self.commission = self.commission.checked_add(commission)?;
        self.booked_time = None;
        let imported = Fact::RemittanceImported {
            agency_id: self.agency_id,
            remittance_reference: self.remittance_reference.clone(),
            remittance_date: self.remittance_date,
            mode: self.mode,
            line_count: added,
            gross,
            commission,
            net: gross.checked_sub(commission)?,
        };
        Ok(Some(self.announce(imported)))
    }

    /// A line was booked; told when it was the last.
    ///
    /// # Errors
    /// [`MoneyError`].
    pub fn line_booked(&mut self, at: Timestamp) -> Result<Option<Event>, MoneyError> {
        self.booked_count = self.booked_count.saturating_add(1);
        if self.state() != RemittanceState::Booked {
            self.touch();
            return Ok(None);
        }
        self.booked_time = Some(at);
        let booked = Fact::RemittanceBooked {
            agency_id: self.agency_id,
            remittance_reference: self.remittance_reference.clone(),
            line_count: self.line_count,
            gross: self.gross,
            commission: self.commission,
            net: self.net()?,
        };
        Ok(Some(self.announce(booked)))
    }

    /// A line was parked.
    pub fn line_parked(&mut self) {
        self.parked_count = self.parked_count.saturating_add(1);
        self.touch();
    }

    /// A parked line is tried again.
    pub fn line_retried(&mut self) {
        self.parked_count = self.parked_count.saturating_sub(1);
        self.touch();
    }

    fn touch(&mut self) {
        self.version = self.version.saturating_add(1);
    }

    fn announce(&mut self, fact: Fact) -> Event {
        self.touch();
        Event {
            subject: Subject::Remittance(self.remittance_id),
            subject_version: self.version,
            fact,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::agreement::tests::agreement;
    use crate::domain::commission_schedule::tests::{euro, flat};
    use crate::domain::placement::tests::{Setup, active};
    use crate::domain::remittance_line::tests::line;
    use crate::domain::remittance_row::tests::row;

    pub(crate) fn header() -> RemittanceHeader {
        RemittanceHeader {
            agency_id: Setup::default().agency_id(),
            remittance_reference: "R-1".to_owned(),
            remittance_date: date(2026, 4, 30),
            mode: RemittanceMode::Net,
            currency: Currency::EUR,
            stated_line_count: None,
            stated_gross: None,
            stated_net: None,
        }
    }

    pub(crate) fn remittance() -> Remittance {
        let id = RemittanceId::new(Uuid::from_u128(0xB0));
        Remittance::create(id, &header(), "ada", Timestamp::UNIX_EPOCH)
    }

    fn check(
        header: &RemittanceHeader,
        before: Option<&Remittance>,
    ) -> Result<(), RemittanceError> {
        // Net, as all test agreements are.
        let agreements = [agreement(date(2026, 1, 1), vec![flat("EUR", "0.25")])];
        let rows = [
            row(1, "100.00", Some("25.00")),
            row(2, "50.00", Some("10.00")),
        ];
        header.check(&agreements, before, &rows)
    }

    #[test]
    fn the_rows_come_to_what_the_agency_states() {
        let stated = RemittanceHeader {
            stated_line_count: Some(2),
            stated_gross: Some(euro("150.00")),
            stated_net: Some(euro("115.00")),
            ..header()
        };
        assert_eq!(check(&stated, None), Ok(()));
        let wrong: [fn(&mut RemittanceHeader); 4] = [
            |header| header.stated_line_count = Some(3),
            |header| header.stated_gross = Some(euro("150.01")),
            |header| header.stated_net = Some(euro("150.00")),
            |header| header.currency = Currency::JPY,
        ];
        for (number, change) in wrong.iter().enumerate() {
            let mut wrong = stated.clone();
            change(&mut wrong);
            let refused = check(&wrong, None);
            assert_eq!(
                refused,
                Err(RemittanceError::TotalMismatch),
                "change {number}"
            );
        }
    }

    #[test]
    fn the_mode_is_the_agreed_one_and_the_head_stays_as_it_was() {
        let gross = RemittanceHeader {
            mode: RemittanceMode::Gross,
            ..header()
        };
        let refused = check(&gross, None);
        assert_eq!(
            refused,
            Err(RemittanceError::ModeMismatch(RemittanceMode::Net))
        );
        let early = RemittanceHeader {
            remittance_date: date(2025, 12, 31),
            ..header()
        };
        assert_eq!(check(&early, None), Err(AgreementError::None.into()));
        let later = RemittanceHeader {
            remittance_date: date(2026, 5, 1),
            ..header()
        };
        let before = remittance();
        assert_eq!(check(&header(), Some(&before)), Ok(()));
        assert_eq!(check(&later, Some(&before)), Err(RemittanceError::Changed));
    }

    #[test]
    fn a_remittance_is_booked_with_its_last_line_and_again_when_it_grows() {
        let at = Timestamp::UNIX_EPOCH;
        let placement = active(&Setup::default()).placement;
        let mut remittance = remittance();
        let first = [
            line(&placement, 1, "100.00", "25.00"),
            line(&placement, 2, "50.00", "10.00"),
        ];
        assert!(remittance.add(&first).unwrap().is_some());
        assert_eq!(
            (remittance.gross, remittance.net()),
            (euro("150.00"), Ok(euro("115.00")))
        );
        assert_eq!(remittance.add(&[]), Ok(None));
        assert_eq!(remittance.line_booked(at), Ok(None));
        remittance.line_parked();
        assert_eq!(remittance.state(), RemittanceState::NeedsAttention);
        remittance.line_retried();
        assert_eq!(remittance.state(), RemittanceState::Booking);
        let event = remittance.line_booked(at).unwrap().unwrap();
        assert_eq!(event.subject_version, remittance.version);
        assert_eq!(remittance.state(), RemittanceState::Booked);
        assert_eq!(remittance.next_line_number(), 3);
        remittance
            .add(&[line(&placement, 3, "10.00", "2.50")])
            .unwrap();
        assert_eq!(remittance.state(), RemittanceState::Booking);
        assert_eq!(remittance.booked_time, None);
        assert!(remittance.line_booked(at).unwrap().is_some());
    }
}
