//! What agencies report, and how they name a placement.

use contracts::agency as wire;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use runtime::{Refusal, Violations};
use uuid::Uuid;

use super::field;
use super::mirror::Mirror as _;
use crate::domain::agency_report::{AgencyReport, NewReport};
use crate::domain::identity::{AgencyId, AgencyReportId, PlacementId};

/// How an agency names a placement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PlacementKey {
    /// By its identity.
    Id(PlacementId),
    /// By its identity in the tenant's own system.
    External(String),
    /// By the agency's file number.
    Reference(String),
}

impl std::fmt::Display for PlacementKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::External(name) | Self::Reference(name) => f.write_str(name),
        }
    }
}

/// The report of a request, and how it names the placement.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn report_from_wire(
    request: &wire::ReportAgencyPaymentRequest,
) -> Result<(NewReport, PlacementKey), Refusal> {
    use wire::report_agency_payment_request::Placement as Key;
    let mut violations = Violations::new();
    let agency_id = field::id(&mut violations, "agency_id", &request.agency_id);
    let reference = &request.report_reference;
    let reference = field::text(&mut violations, "report_reference", reference, 128);
    let key = match &request.placement {
        Some(Key::PlacementId(id)) => field::id(&mut violations, "placement_id", id)
            .map(|id| PlacementKey::Id(PlacementId::new(id))),
        Some(Key::PlacementExternalId(id)) => {
            field::text(&mut violations, "placement_external_id", id, 128)
                .map(PlacementKey::External)
        }
        Some(Key::AgencyReference(reference)) => {
            field::text(&mut violations, "agency_reference", reference, 128)
                .map(PlacementKey::Reference)
        }
        None => violations.required("placement_id", None),
    };
    let amount = field::positive_money(&mut violations, "amount", request.amount.as_ref());
    let paid_date = field::date(&mut violations, "paid_date", request.paid_date.as_ref());
    let note = field::optional_note(&mut violations, "note", &request.note, 2000);
    let values = (agency_id, reference, key, amount, paid_date, note);
    let (agency_id, report_reference, key, amount, paid_date, note) =
        violations.complete(values)?;
    let new = NewReport {
        agency_report_id: AgencyReportId::new(Uuid::now_v7()),
        agency_id: AgencyId::new(agency_id),
        report_reference,
        amount,
        paid_date,
        note,
    };
    Ok((new, key))
}

/// A report for the wire.
#[must_use]
pub fn report_to_wire(report: &AgencyReport) -> wire::AgencyReport {
    let line = report.remittance_line_id;
    wire::AgencyReport {
        agency_report_id: report.agency_report_id.to_string(),
        agency_id: report.agency_id.to_string(),
        report_reference: report.report_reference.clone(),
        placement_id: report.placement_id.to_string(),
        customer_id: report.customer_id.to_string(),
        amount: Some(money_to_wire(report.amount)),
        paid_date: Some(date_to_wire(report.paid_date)),
        state: report.state.wire(),
        remittance_line_id: line.map(|id| id.to_string()).unwrap_or_default(),
        note: report.note.clone().unwrap_or_default(),
        reported_time: Some(instant_to_wire(report.reported_time)),
    }
}
