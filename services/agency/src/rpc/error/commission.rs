//! Refusals about commissions.

use runtime::Refusal;

use crate::domain::identity::CommissionId;

/// There is no such entry.
pub fn not_found(commission_id: CommissionId) -> Refusal {
    Refusal::not_found("COMMISSION_NOT_FOUND", "commission", commission_id)
}
