//! Enumerations that the domain names as the contract does: the names lead over, so that neither
//! side's order matters. The tests walk every value of each.

use contracts::{agency as wire, reminders};
use runtime::Violations;

use crate::domain::agency::AgencyState;
use crate::domain::agency_report::AgencyReportState;
use crate::domain::agreement::RemittanceMode;
use crate::domain::commission::{CommissionSettlement, CommissionSource};
use crate::domain::commission_schedule::{AgeBasis, CommissionMethod};
use crate::domain::debt::{DebtorKind, HoldReason};
use crate::domain::excluded_fact::ExcludedFact;
use crate::domain::placement::{
    CloseCode, ExclusionReason, NextAction, PlacementInvoiceState, PlacementState, RecallReason,
    SuccessorHold,
};
use crate::domain::placement_batch::PlacementBatchState;
use crate::domain::placement_policy::PolicyVersionState;
use crate::domain::proposal::ProposalOutcome;
use crate::domain::proposal_run::ProposalRunState;
use crate::domain::remittance::RemittanceState;
use crate::domain::remittance_line::RemittanceLineState;

/// An enumeration of the domain with its twin in the contract.
pub trait Mirror: Copy {
    /// The number of its twin in the contract.
    fn wire(self) -> i32;

    /// The value of a number of the contract; none: not stated, or not known here.
    fn of(number: i32) -> Option<Self>;
}

macro_rules! mirrors {
    ($($domain:ident $twin:ty, $prefix:literal;)+) => {
        $(impl Mirror for $domain {
            fn wire(self) -> i32 {
                let twin = <$twin>::from_str_name(&format!("{}{}", $prefix, self.name()));
                // That there is one is tested for every value.
                twin.unwrap_or_default().into()
            }

            fn of(number: i32) -> Option<Self> {
                let twin = <$twin>::try_from(number).ok()?;
                Self::from_name(twin.as_str_name().strip_prefix($prefix)?)
            }
        })+

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn every_value_has_its_twin() {
                $(for &value in $domain::ALL {
                    assert_ne!(value.wire(), 0, "{}{value}", $prefix);
                    assert_eq!($domain::of(value.wire()), Some(value));
                }
                assert_eq!($domain::of(0), None);)+
            }
        }
    };
}

mirrors! {
    AgencyState wire::AgencyState, "AGENCY_STATE_";
    RemittanceMode wire::RemittanceMode, "REMITTANCE_MODE_";
    CommissionMethod wire::CommissionMethod, "COMMISSION_METHOD_";
    AgeBasis wire::AgeBasis, "AGE_BASIS_";
    DebtorKind wire::DebtorKind, "DEBTOR_KIND_";
    ExcludedFact wire::ExcludedFact, "EXCLUDED_FACT_";
    PolicyVersionState wire::PlacementPolicyVersionState, "PLACEMENT_POLICY_VERSION_STATE_";
    PlacementState wire::PlacementState, "PLACEMENT_STATE_";
    PlacementInvoiceState wire::PlacementInvoiceState, "PLACEMENT_INVOICE_STATE_";
    ExclusionReason wire::ExclusionReason, "EXCLUSION_REASON_";
    RecallReason wire::RecallReason, "RECALL_REASON_";
    CloseCode wire::CloseCode, "CLOSE_CODE_";
    NextAction wire::NextAction, "NEXT_ACTION_";
    ProposalRunState wire::ProposalRunState, "PROPOSAL_RUN_STATE_";
    ProposalOutcome wire::ProposalOutcome, "PROPOSAL_OUTCOME_";
    PlacementBatchState wire::PlacementBatchState, "PLACEMENT_BATCH_STATE_";
    AgencyReportState wire::AgencyReportState, "AGENCY_REPORT_STATE_";
    RemittanceState wire::RemittanceState, "REMITTANCE_STATE_";
    RemittanceLineState wire::RemittanceLineState, "REMITTANCE_LINE_STATE_";
    CommissionSource wire::CommissionSource, "COMMISSION_SOURCE_";
    CommissionSettlement wire::CommissionSettlement, "COMMISSION_SETTLEMENT_";
    HoldReason reminders::HoldReason, "HOLD_REASON_";
    SuccessorHold reminders::HoldReason, "HOLD_REASON_";
}

/// The number of a value that may be absent: not stated.
#[must_use]
pub fn wire_if(value: Option<impl Mirror>) -> i32 {
    value.map_or(0, Mirror::wire)
}

/// A value that must be there.
pub fn required<T: Mirror>(violations: &mut Violations, field: &str, number: i32) -> Option<T> {
    violations.required(field, T::of(number))
}

/// A value that narrows a listing: absent, or one that there is.
pub fn optional<T: Mirror>(
    violations: &mut Violations,
    field: &str,
    number: Option<i32>,
) -> Option<Option<T>> {
    match number {
        None => Some(None),
        Some(number) => required(violations, field, number).map(Some),
    }
}

/// Several values that narrow a listing.
pub fn each<T: Mirror>(
    violations: &mut Violations,
    field: &str,
    numbers: &[i32],
) -> Option<Vec<T>> {
    let read = |(index, number): (usize, &i32)| {
        required(violations, &format!("{field}[{index}]"), *number)
    };
    numbers.iter().enumerate().map(read).collect()
}
