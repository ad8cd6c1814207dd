//! Remittances: heads, rows as agencies send them, and lines.

use contracts::agency as wire;
use contracts::agency::remittance_row::Placement as Key;
use contracts::common::RejectedRow;
use contracts::convert::{date_to_wire, instant_to_wire, money_to_wire};
use money::Money;
use runtime::{Refusal, Violations};

use super::agency_report::PlacementKey;
use super::field;
use super::mirror::{self, Mirror as _};
use crate::domain::identity::{AgencyId, PlacementId};
use crate::domain::remittance::{Remittance, RemittanceHeader};
use crate::domain::remittance_line::RemittanceLine;
use crate::domain::remittance_row::{NamedInvoice, RemittanceRow};

/// The head of a remittance.
///
/// # Errors
/// INVALID_ARGUMENT with the fields at fault.
pub fn header_from_wire(
    header: Option<&wire::RemittanceHeader>,
) -> Result<RemittanceHeader, Refusal> {
    let mut violations = Violations::new();
    let header = violations.required("header", header);
    let read = header.and_then(|header| {
        violations.within("header", |violations| read_header(violations, header))
    });
    violations.complete((read,)).map(|(header,)| header)
}

fn read_header(
    violations: &mut Violations,
    header: &wire::RemittanceHeader,
) -> Option<RemittanceHeader> {
    let agency_id = field::id(violations, "agency_id", &header.agency_id);
    let reference = &header.remittance_reference;
    let reference = field::text(violations, "remittance_reference", reference, 128);
    let date = field::date(
        violations,
        "remittance_date",
        header.remittance_date.as_ref(),
    );
    let mode = mirror::required(violations, "mode", header.mode);
    let currency = field::currency(violations, "currency_code", &header.currency_code);
    let gross = header.stated_gross_amount.as_ref();
    let gross = field::optional_money(violations, "stated_gross_amount", gross);
    let net = header.stated_net_amount.as_ref();
    let net = field::optional_money(violations, "stated_net_amount", net);
    Some(RemittanceHeader {
        agency_id: AgencyId::new(agency_id?),
        remittance_reference: reference?,
        remittance_date: date?,
        mode: mode?,
        currency: currency?,
        stated_line_count: header.stated_line_count,
        stated_gross: gross?,
        stated_net: net?,
    })
}

/// A row whose fields could be read; what it names is still to be looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRow {
    /// The row, its placement and invoice not looked up.
    pub row: RemittanceRow,
    /// The placement it names.
    pub placement: PlacementKey,
    /// The number of the invoice it names.
    pub invoice_number: Option<String>,
}

/// A row, or everything that is wrong with its fields.
///
/// # Errors
/// The faults, as an import reports them.
pub fn row_from_wire(row: &wire::RemittanceRow) -> Result<ReadRow, Vec<RejectedRow>> {
    let mut violations = Violations::new();
    violations.check(row.row_number > 0, "row_number", "must be above 0");
    let reference = field::text(&mut violations, "line_reference", &row.line_reference, 128);
    let placement = match &row.placement {
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
    let number = field::optional_text(&mut violations, "invoice_number", &row.invoice_number, 64);
    let paid_date = field::date(&mut violations, "paid_date", row.paid_date.as_ref());
    let gross = field::positive_money(&mut violations, "gross_amount", row.gross_amount.as_ref());
    let commission = row.commission_amount.as_ref();
    let commission = field::optional_money(&mut violations, "commission_amount", commission);
    let report = &row.report_reference;
    let report = field::optional_text(&mut violations, "report_reference", report, 128);
    let note = field::optional_note(&mut violations, "note", &row.note, 2000);
    let known = |text: String| Some(text).filter(|text| !text.is_empty());
    let read = || {
        Some(ReadRow {
            row: RemittanceRow {
                row_number: row.row_number,
                line_reference: reference?,
                placement: None,
                invoice: NamedInvoice::Any,
                paid_date: paid_date?,
                gross: gross?,
                commission: commission?,
                report_reference: known(report?),
                note: note?,
            },
            placement: placement?,
            invoice_number: known(number?),
        })
    };
    match read() {
        Some(read) if violations.is_empty() => Ok(read),
        _ => {
            let fault = |field: String, message: String| RejectedRow {
                row_number: row.row_number,
                external_id: row.line_reference.clone(),
                field,
                reason: "REQUEST_INVALID".to_owned(),
                message,
            };
            let found = violations.into_found().into_iter();
            Err(found.map(|one| fault(one.field, one.description)).collect())
        }
    }
}

/// A remittance for the wire.
#[must_use]
pub fn remittance_to_wire(remittance: &Remittance) -> wire::Remittance {
    wire::Remittance {
        remittance_id: remittance.remittance_id.to_string(),
        agency_id: remittance.agency_id.to_string(),
        remittance_reference: remittance.remittance_reference.clone(),
        remittance_date: Some(date_to_wire(remittance.remittance_date)),
        mode: remittance.mode.wire(),
        currency_code: remittance.currency.to_string(),
        state: remittance.state().wire(),
        line_count: remittance.line_count,
        booked_count: remittance.booked_count,
        parked_count: remittance.parked_count,
        gross_amount: Some(money_to_wire(remittance.gross)),
        commission_amount: Some(money_to_wire(remittance.commission)),
        net_amount: remittance.net().ok().map(money_to_wire),
        imported_time: Some(instant_to_wire(remittance.imported_time)),
        imported_by: remittance.imported_by.clone(),
        booked_time: remittance.booked_time.map(instant_to_wire),
    }
}

/// A line for the wire.
#[must_use]
pub fn line_to_wire(line: &RemittanceLine) -> wire::RemittanceLine {
    let known = |text: &Option<String>| text.clone().unwrap_or_default();
    let receipt = Some(line.receipt_id).filter(|_| line.receipt_recorded);
    let shown = |amount: Result<Money, money::MoneyError>| amount.ok().map(money_to_wire);
    wire::RemittanceLine {
        remittance_line_id: line.remittance_line_id.to_string(),
        remittance_id: line.remittance_id.to_string(),
        line_reference: line.line_reference.clone(),
        placement_id: line.placement_id.to_string(),
        customer_id: line.customer_id.to_string(),
        invoice_id: line.invoice_id.map(|id| id.to_string()).unwrap_or_default(),
        paid_date: Some(date_to_wire(line.paid_date)),
        gross_amount: Some(money_to_wire(line.gross)),
        commission_amount: Some(money_to_wire(line.kept_back)),
        net_amount: shown(line.net()),
        agreed_commission_amount: line.agreed_commission.map(money_to_wire),
        commission_difference_amount: shown(line.commission_difference()),
        report_reference: known(&line.report_reference),
        state: line.state.wire(),
        parked_reason: known(&line.parked_reason),
        receipt_id: receipt.map(|id| id.to_string()).unwrap_or_default(),
        applied_amount: Some(money_to_wire(line.applied)),
        commission_id: line
            .commission_id
            .map(|id| id.to_string())
            .unwrap_or_default(),
        booked_time: line.booked_time.map(instant_to_wire),
        next_check_time: line.next_check_time.map(instant_to_wire),
    }
}
