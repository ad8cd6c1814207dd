//! Owns an agency's word that a debtor has paid. It informs: nothing is booked before the remittance
//! brings the money, and what was reported and not remitted is what is still to come (P20). Must not
//! touch the debt.

use calendar::{Date, Timestamp};
use money::Money;

use super::event::{Event, Fact};
use super::identity::{AgencyId, AgencyReportId, CustomerId, PlacementId, RemittanceLineId};
use super::named::named;
use super::placement::Placement;

named! {
    /// Whether a remittance has brought what was reported.
    pub enum AgencyReportState {
        /// Not yet.
        Reported = "REPORTED",
        /// A line that names the same payment was booked.
        Remitted = "REMITTED",
    }
}

/// An agency's word that a debtor has paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgencyReport {
    /// Identity.
    pub agency_report_id: AgencyReportId,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's own number for the payment, unique for the agency.
    pub report_reference: String,
    /// The placement.
    pub placement_id: PlacementId,
    /// The customer.
    pub customer_id: CustomerId,
    /// What the debtor paid, gross.
    pub amount: Money,
    /// When, as the agency says.
    pub paid_date: Date,
    /// Whether a remittance has brought it.
    pub state: AgencyReportState,
    /// The line that brought it.
    pub remittance_line_id: Option<RemittanceLineId>,
    /// What the agency wrote.
    pub note: Option<String>,
    /// When it was reported to us.
    pub reported_time: Timestamp,
}

/// Why a report is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReportError {
    /// The placement is with another agency (PLACEMENT_NOT_FOUND).
    #[error("the placement is with another agency")]
    OtherAgency,
    /// The agency never had it (PLACEMENT_NEVER_ACTIVE).
    #[error("the placement never was ACTIVE")]
    NeverActive,
    /// Another currency than the placement's (CURRENCY_MISMATCH).
    #[error("the placement is in another currency")]
    CurrencyMismatch,
    /// Nothing was paid: malformed.
    #[error("a payment is greater than zero")]
    NotPositive,
}

/// What an agency reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReport {
    /// Identity of the report.
    pub agency_report_id: AgencyReportId,
    /// The agency.
    pub agency_id: AgencyId,
    /// Its own number for the payment.
    pub report_reference: String,
    /// What the debtor paid, gross.
    pub amount: Money,
    /// When.
    pub paid_date: Date,
    /// What it wrote.
    pub note: Option<String>,
}

impl AgencyReport {
    /// Records a report about a placement, also one that has ended: money comes late.
    ///
    /// # Errors
    /// [`ReportError`].
    pub fn record(
        new: NewReport,
        placement: &mut Placement,
        at: Timestamp,
    ) -> Result<(Self, Event), ReportError> {
        if placement.agency_id != new.agency_id {
            return Err(ReportError::OtherAgency);
        }
        if !placement.was_active() {
            return Err(ReportError::NeverActive);
        }
        if placement.currency() != new.amount.currency() {
            return Err(ReportError::CurrencyMismatch);
        }
        if !new.amount.is_positive() {
            return Err(ReportError::NotPositive);
        }
        let event = placement.announce(Fact::AgencyPaymentReported {
            placement: placement.reference(),
            agency_report_id: new.agency_report_id,
            report_reference: new.report_reference.clone(),
            amount: new.amount,
            paid_date: new.paid_date,
        });
        let report = Self {
            agency_report_id: new.agency_report_id,
            agency_id: new.agency_id,
            report_reference: new.report_reference,
            placement_id: placement.placement_id,
            customer_id: placement.customer_id,
            amount: new.amount,
            paid_date: new.paid_date,
            state: AgencyReportState::Reported,
            remittance_line_id: None,
            note: new.note,
            reported_time: at,
        };
        Ok((report, event))
    }

    /// A line that names the same payment was booked; the first one counts.
    pub fn remitted(&mut self, line: RemittanceLineId) {
        if self.state == AgencyReportState::Reported {
            self.state = AgencyReportState::Remitted;
            self.remittance_line_id = Some(line);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::{amount, euro};
    use crate::domain::placement::tests::{Setup, active, approved};

    fn report(agency_id: AgencyId, amount: Money) -> NewReport {
        NewReport {
            agency_report_id: AgencyReportId::new(Uuid::from_u128(1)),
            agency_id,
            report_reference: "P-1".to_owned(),
            amount,
            paid_date: date(2026, 4, 1),
            note: None,
        }
    }

    #[test]
    fn ay_6_a_report_informs_and_books_nothing() {
        let mut placement = active(&Setup::default()).placement;
        let before = placement.amounts;
        let new = report(placement.agency_id, euro("50.00"));
        let (mut report, event) =
            AgencyReport::record(new, &mut placement, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!(placement.amounts, before);
        assert_eq!(event.subject_version, placement.version);
        let line = |number| RemittanceLineId::new(Uuid::from_u128(number));
        report.remitted(line(1));
        report.remitted(line(2));
        assert_eq!(report.state, AgencyReportState::Remitted);
        assert_eq!(report.remittance_line_id, Some(line(1)));
    }

    #[test]
    fn a_report_is_about_what_the_agency_had() {
        let setup = Setup::default();
        let mut placement = active(&setup).placement;
        let mut refused = |agency_id, amount| {
            let new = report(agency_id, amount);
            AgencyReport::record(new, &mut placement, Timestamp::UNIX_EPOCH).unwrap_err()
        };
        let ours = setup.agency_id();
        let other = AgencyId::new(Uuid::from_u128(77));
        assert_eq!(refused(other, euro("1.00")), ReportError::OtherAgency);
        assert_eq!(
            refused(ours, amount("1", "JPY")),
            ReportError::CurrencyMismatch
        );
        assert_eq!(refused(ours, euro("0.00")), ReportError::NotPositive);
        let mut never = approved(&setup).placement;
        let new = report(ours, euro("1.00"));
        let refused = AgencyReport::record(new, &mut never, Timestamp::UNIX_EPOCH);
        assert_eq!(refused.unwrap_err(), ReportError::NeverActive);
    }
}
