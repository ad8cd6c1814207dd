//! Owns the rows of a remittance as an agency sends them, and what is wrong with each. Must not book
//! anything: what is accepted here becomes a line.

use std::collections::BTreeMap;

use calendar::Date;
use money::{Currency, Money, MoneyError};

use super::agreement::RemittanceMode;
use super::identity::{AgencyId, CustomerId, InvoiceId, PlacementId};
use super::remittance::RemittanceHeader;
use super::remittance_line::RemittanceLine;

/// One row, with what it names looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemittanceRow {
    /// The number by which reports name it.
    pub row_number: i32,
    /// The agency's own reference of the line.
    pub line_reference: String,
    /// The placement it names; none: there is no such placement.
    pub placement: Option<KnownPlacement>,
    /// The invoice it names.
    pub invoice: NamedInvoice,
    /// When the debtor paid the agency.
    pub paid_date: Date,
    /// What the debtor paid.
    pub gross: Money,
    /// What the agency kept back; none: it does not say.
    pub commission: Option<Money>,
    /// The agency's number of a payment it reported before.
    pub report_reference: Option<String>,
    /// What the agency wrote.
    pub note: Option<String>,
}

/// A placement that a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownPlacement {
    /// The placement.
    pub placement_id: PlacementId,
    /// Its agency.
    pub agency_id: AgencyId,
    /// Its customer.
    pub customer_id: CustomerId,
    /// Its currency.
    pub currency: Currency,
    /// Whether the agency ever had it.
    pub was_active: bool,
}

/// The invoice that a row names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedInvoice {
    /// None: the placement's, the oldest first.
    Any,
    /// This one.
    Known(InvoiceId),
    /// One that the placement does not have.
    Unknown,
}

/// What is wrong with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// No such placement, or one with another agency (PLACEMENT_NOT_FOUND).
    #[error("the agency has no such placement")]
    PlacementNotFound,
    /// The agency never had it (PLACEMENT_NEVER_ACTIVE).
    #[error("the placement never was ACTIVE")]
    PlacementNeverActive,
    /// The placement has no invoice of that number (INVOICE_NOT_FOUND).
    #[error("the placement has no such invoice")]
    InvoiceNotFound,
    /// An amount or the placement is in another currency (CURRENCY_MISMATCH).
    #[error("not in the currency of the remittance")]
    CurrencyMismatch,
    /// The line is there with other content (LINE_CHANGED).
    #[error("the line was imported before with other content")]
    LineChanged,
    /// Another row has its reference (DUPLICATE_ROW).
    #[error("another row has the same line reference")]
    DuplicateRow,
    /// A gross remittance keeps commission back (COMMISSION_NOT_ALLOWED).
    #[error("a gross remittance keeps no commission back")]
    CommissionNotAllowed,
    /// A net remittance does not tell what it keeps back (COMMISSION_MISSING).
    #[error("a net remittance tells what it keeps back")]
    CommissionMissing,
    /// It was paid after today (DATE_IN_THE_FUTURE).
    #[error("paid in the future")]
    DateInTheFuture,
    /// Nothing was paid: malformed.
    #[error("a payment is greater than zero")]
    GrossNotPositive,
    /// Commission below zero or above what was paid: malformed.
    #[error("commission is from 0 to the gross amount")]
    CommissionOutOfRange,
}

/// What is to be done with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowVerdict {
    /// It becomes a line.
    Accepted {
        /// Its placement.
        placement: KnownPlacement,
    },
    /// It is a line already; nothing is to be done.
    Unchanged,
    /// It is bad.
    Rejected(Vec<RowFault>),
}

impl RowFault {
    /// The field of the row that is at fault, as in the contract.
    #[must_use]
    pub const fn field(self) -> &'static str {
        match self {
            Self::PlacementNotFound | Self::PlacementNeverActive => "placement",
            Self::InvoiceNotFound => "invoice_number",
            Self::LineChanged | Self::DuplicateRow => "line_reference",
            Self::CommissionNotAllowed | Self::CommissionMissing | Self::CommissionOutOfRange => {
                "commission_amount"
            }
            Self::DateInTheFuture => "paid_date",
            Self::CurrencyMismatch | Self::GrossNotPositive => "gross_amount",
        }
    }
}

impl RemittanceRow {
    /// What the agency kept back; nothing where it does not say.
    #[must_use]
    pub fn kept_back(&self) -> Money {
        let nothing = Money::zero(self.gross.currency());
        self.commission.unwrap_or(nothing)
    }

    /// What the agency transfers.
    ///
    /// # Errors
    /// [`MoneyError`] for two currencies.
    pub fn net(&self) -> Result<Money, MoneyError> {
        self.gross.checked_sub(self.kept_back())
    }

    /// The invoice it names, where the placement has it.
    #[must_use]
    pub fn invoice_id(&self) -> Option<InvoiceId> {
        match self.invoice {
            NamedInvoice::Known(invoice_id) => Some(invoice_id),
            NamedInvoice::Any | NamedInvoice::Unknown => None,
        }
    }
}

/// Judges each row by itself and beside the others; the answer is in their order. `before` are the
/// lines that were imported earlier, by their reference. Of rows with the same reference none is
/// taken: nobody knows which one is meant.
#[must_use]
pub fn judge_rows(
    header: &RemittanceHeader,
    rows: &[RemittanceRow],
    before: &BTreeMap<String, RemittanceLine>,
    today: Date,
) -> Vec<RowVerdict> {
    let mut seen: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        let count = seen.entry(&row.line_reference).or_default();
        *count = count.saturating_add(1);
    }
    let judge = |row: &RemittanceRow| {
        let mut faults = faults_of(header, row, today);
        if seen
            .get(row.line_reference.as_str())
            .is_some_and(|count| *count > 1)
        {
            faults.push(RowFault::DuplicateRow);
        }
        let known = before.get(&row.line_reference);
        if known.is_some_and(|line| !says_the_same(row, line)) {
            faults.push(RowFault::LineChanged);
        }
        match (row.placement, known) {
            _ if !faults.is_empty() => RowVerdict::Rejected(faults),
            (Some(placement), None) => RowVerdict::Accepted { placement },
            (_, Some(_)) => RowVerdict::Unchanged,
            (None, None) => RowVerdict::Rejected(vec![RowFault::PlacementNotFound]),
        }
    };
    rows.iter().map(judge).collect()
}

fn faults_of(header: &RemittanceHeader, row: &RemittanceRow, today: Date) -> Vec<RowFault> {
    let mut faults = Vec::new();
    let mut fault = |is_so: bool, fault| {
        if is_so {
            faults.push(fault);
        }
    };
    let placement = row
        .placement
        .filter(|one| one.agency_id == header.agency_id);
    fault(placement.is_none(), RowFault::PlacementNotFound);
    let never = placement.is_some_and(|one| !one.was_active);
    fault(never, RowFault::PlacementNeverActive);
    let unknown = placement.is_some() && row.invoice == NamedInvoice::Unknown;
    fault(unknown, RowFault::InvoiceNotFound);
    let mut currencies = vec![row.gross.currency(), row.kept_back().currency()];
    currencies.extend(placement.map(|one| one.currency));
    let foreign = currencies.iter().any(|one| *one != header.currency);
    fault(foreign, RowFault::CurrencyMismatch);
    fault(!row.gross.is_positive(), RowFault::GrossNotPositive);
    match header.mode {
        RemittanceMode::Gross => {
            fault(!row.kept_back().is_zero(), RowFault::CommissionNotAllowed);
        }
        RemittanceMode::Net => {
            fault(row.commission.is_none(), RowFault::CommissionMissing);
            let above = row.net().is_ok_and(|net| net.is_negative());
            let outside = row.kept_back().is_negative() || (above && row.gross.is_positive());
            fault(outside, RowFault::CommissionOutOfRange);
        }
    }
    fault(row.paid_date > today, RowFault::DateInTheFuture);
    faults
}

/// Whether a row tells what the line tells. Words are left aside: they may have been erased.
fn says_the_same(row: &RemittanceRow, line: &RemittanceLine) -> bool {
    row.placement
        .is_some_and(|one| one.placement_id == line.placement_id)
        && row.invoice_id() == line.invoice_id
        && row.paid_date == line.paid_date
        && row.gross == line.gross
        && row.kept_back() == line.kept_back
        && row.report_reference == line.report_reference
}

#[cfg(test)]
pub(super) mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::{amount, euro};
    use crate::domain::placement::Placement;
    use crate::domain::placement::tests::{Setup, active};
    use crate::domain::remittance::tests::header;
    use crate::domain::remittance_line::tests::line;

    fn known(placement: &Placement) -> KnownPlacement {
        KnownPlacement {
            placement_id: placement.placement_id,
            agency_id: placement.agency_id,
            customer_id: placement.customer_id,
            currency: placement.currency(),
            was_active: placement.was_active(),
        }
    }

    /// A row for the placement that tests have with the agency.
    pub(crate) fn row(number: i32, gross: &str, commission: Option<&str>) -> RemittanceRow {
        RemittanceRow {
            row_number: number,
            line_reference: format!("L-{number}"),
            placement: Some(known(&active(&Setup::default()).placement)),
            invoice: NamedInvoice::Any,
            paid_date: date(2026, 4, 1),
            gross: euro(gross),
            commission: commission.map(euro),
            report_reference: None,
            note: None,
        }
    }

    fn judge(header: &RemittanceHeader, rows: &[RemittanceRow]) -> Vec<RowVerdict> {
        judge_rows(header, rows, &BTreeMap::new(), date(2026, 5, 1))
    }

    fn faults(change: impl FnOnce(&mut RemittanceRow)) -> Vec<RowFault> {
        let mut row = row(1, "100.00", Some("25.00"));
        change(&mut row);
        match judge(&header(), &[row]).remove(0) {
            RowVerdict::Rejected(faults) => faults,
            other => panic!("{other:?}"),
        }
    }

    fn of_placement(row: &mut RemittanceRow) -> &mut KnownPlacement {
        row.placement.as_mut().unwrap()
    }

    #[test]
    fn each_fault_is_named() {
        use RowFault::*;
        let elsewhere = AgencyId::new(Uuid::nil());
        assert_eq!(faults(|row| row.placement = None), [PlacementNotFound]);
        assert_eq!(
            faults(|row| of_placement(row).agency_id = elsewhere),
            [PlacementNotFound]
        );
        assert_eq!(
            faults(|row| of_placement(row).was_active = false),
            [PlacementNeverActive]
        );
        assert_eq!(
            faults(|row| row.invoice = NamedInvoice::Unknown),
            [InvoiceNotFound]
        );
        assert_eq!(
            faults(|row| row.gross = amount("100", "JPY")),
            [CurrencyMismatch]
        );
        assert_eq!(
            faults(|row| of_placement(row).currency = Currency::JPY),
            [CurrencyMismatch]
        );
        assert_eq!(faults(|row| row.commission = None), [CommissionMissing]);
        assert_eq!(
            faults(|row| row.commission = Some(euro("100.01"))),
            [CommissionOutOfRange]
        );
        assert_eq!(
            faults(|row| row.commission = Some(euro("-0.01"))),
            [CommissionOutOfRange]
        );
        assert_eq!(
            faults(|row| row.paid_date = date(2026, 5, 2)),
            [DateInTheFuture]
        );
        let several = faults(|row| {
            row.gross = euro("0.00");
            row.commission = Some(euro("0.00"));
            row.paid_date = date(2026, 5, 2);
        });
        assert_eq!(several, [GrossNotPositive, DateInTheFuture]);
        assert_eq!(several[1].field(), "paid_date");
    }

    #[test]
    fn ay_6_a_gross_remittance_keeps_nothing_back() {
        let gross = RemittanceHeader {
            mode: RemittanceMode::Gross,
            ..header()
        };
        let rows = [row(1, "100.00", None), row(2, "100.00", Some("0.00"))];
        let accepted = |one: &RowVerdict| matches!(one, RowVerdict::Accepted { .. });
        assert!(judge(&gross, &rows).iter().all(accepted));
        let keeps = judge(&gross, &[row(1, "100.00", Some("0.01"))]);
        let refused = RowVerdict::Rejected(vec![RowFault::CommissionNotAllowed]);
        assert_eq!(keeps, [refused]);
    }

    #[test]
    fn p_20_a_line_that_comes_again_is_known_and_never_changed() {
        let placement = active(&Setup::default()).placement;
        let before = line(&placement, 1, "100.00", "25.00");
        let before = BTreeMap::from([("L-1".to_owned(), before)]);
        let judge = |row: &RemittanceRow| {
            judge_rows(
                &header(),
                std::slice::from_ref(row),
                &before,
                date(2026, 5, 1),
            )
            .remove(0)
        };
        let mut again = row(1, "100.00", Some("25.00"));
        again.note = Some("in other words".to_owned());
        assert_eq!(judge(&again), RowVerdict::Unchanged);
        let changed = RowVerdict::Rejected(vec![RowFault::LineChanged]);
        assert_eq!(judge(&row(1, "100.01", Some("25.00"))), changed);
        assert_eq!(judge(&row(1, "100.00", Some("24.00"))), changed);
        again.report_reference = Some("P-1".to_owned());
        assert_eq!(judge(&again), changed);
        assert!(matches!(
            judge(&row(2, "1.00", Some("0.00"))),
            RowVerdict::Accepted { .. }
        ));
    }

    #[test]
    fn p_20_of_rows_with_the_same_reference_none_is_taken() {
        let mut twin = row(1, "1.00", Some("0.00"));
        twin.row_number = 2;
        let rows = [
            row(1, "100.00", Some("25.00")),
            twin,
            row(3, "5.00", Some("1.00")),
        ];
        let verdicts = judge(&header(), &rows);
        let twice = RowVerdict::Rejected(vec![RowFault::DuplicateRow]);
        assert_eq!(verdicts[..2], [twice.clone(), twice]);
        assert!(matches!(verdicts[2], RowVerdict::Accepted { .. }));
    }
}
