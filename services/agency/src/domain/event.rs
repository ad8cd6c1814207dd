//! Owns what the domain tells that has happened: one enumeration, with every fact that is announced,
//! so that `events/outbound.rs` turns all of them into messages of the contract in one match. Must
//! not carry notes, names of people or addresses: they are never announced.

use calendar::{Date, Timestamp};
use money::{Currency, Money};

use super::agreement::{AgreementTerms, RemittanceMode, Validity};
use super::commission::Commission;
use super::commission_terms::CommissionTerms;
use super::country::Country;
use super::decision::Decision;
use super::identity::{
    AgencyId, AgencyReportId, AgreementId, CaseId, CustomerId, InvoiceId, PlacementBatchId,
    PlacementId, ProposalRunId, ReceiptId, RemittanceId, RemittanceLineId,
};
use super::placement::{
    CloseCode, DirectPayment, NextAction, PlacementAmounts, PlacementInvoice, RecallReason,
};
use super::placement_batch::{PlacementBatchState, Tally};
use super::placement_rule::PolicyDefinition;
use super::remittance_line::RemittanceLine;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What it happened to.
    pub subject: Subject,
    /// The subject's version after it; rises from event to event of one subject.
    pub subject_version: i64,
    /// What happened.
    pub fact: Fact,
}

/// What an event happened to. Everything about a placement, its payments and commissions included,
/// happens to the placement, so that all of it is told in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// The tenant, whose policy it is.
    Tenant,
    /// An agency.
    Agency(AgencyId),
    /// An agreement.
    Agreement(AgreementId),
    /// A placement.
    Placement(PlacementId),
    /// A batch.
    PlacementBatch(PlacementBatchId),
    /// A proposal run.
    ProposalRun(ProposalRunId),
    /// A remittance.
    Remittance(RemittanceId),
}

/// The placement that an event is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacementReference {
    /// The placement.
    pub placement_id: PlacementId,
    /// Its identity in the tenant's own system.
    pub external_id: Option<String>,
    /// The agency.
    pub agency_id: AgencyId,
    /// The agency's identity in the tenant's own system.
    pub agency_external_id: Option<String>,
    /// The customer.
    pub customer_id: CustomerId,
    /// The customer's identity in the tenant's own system.
    pub customer_external_id: Option<String>,
    /// The customer's case in reminders, once known.
    pub case_id: Option<CaseId>,
    /// The currency of all its amounts.
    pub currency: Currency,
}

/// What happened, with all that is announced of it. Named as the messages of the contract; `amounts`
/// and `commission_amount` are the placement's after the event.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the fields are those of the contract's messages"
)]
pub enum Fact {
    /// An agency was created.
    AgencyCreated {
        external_id: Option<String>,
        display_name: String,
        country: Country,
    },
    /// An agency gets no new placements.
    AgencySuspended { suspended_by: String },
    /// An agency gets placements again.
    AgencyReinstated { reinstated_by: String },
    /// An agreement was added.
    AgreementCreated {
        agency_id: AgencyId,
        agreement_number: String,
        terms: Box<AgreementTerms>,
        validity: Validity,
    },
    /// An agreement was ended.
    AgreementTerminated { agency_id: AgencyId, last_day: Date },
    /// A version of the placement policy is in force.
    PlacementPolicyVersionActivated {
        version: i32,
        previous_version: Option<i32>,
        definition: Box<PolicyDefinition>,
        activated_by: String,
    },
    /// Every customer of a run was judged.
    ProposalRunCompleted {
        run_date: Date,
        policy_version: i32,
        customer_count: i32,
        proposed_count: i32,
        excluded_count: i32,
        proposed_amounts: Vec<Money>,
    },
    /// A placement was proposed.
    PlacementProposed {
        placement: PlacementReference,
        invoices: Vec<PlacementInvoice>,
        open_amount: Money,
        proposal_run_id: Option<ProposalRunId>,
        proposed_by: String,
        decision: Decision,
    },
    /// A placement was approved.
    PlacementApproved {
        placement: PlacementReference,
        approved_by: String,
    },
    /// A placement was turned down.
    PlacementRejected {
        placement: PlacementReference,
        rejected_by: String,
    },
    /// An agency has the debt.
    PlacementActivated {
        placement: PlacementReference,
        invoices: Vec<PlacementInvoice>,
        amounts: PlacementAmounts,
        commission_amount: Money,
        placement_number: i32,
        placement_batch_id: Option<PlacementBatchId>,
        placement_date: Date,
        commission_terms: Box<CommissionTerms>,
        terms_decision: Box<Decision>,
        decision: Box<Decision>,
    },
    /// A placement never became ACTIVE, and its hold is released.
    PlacementWithdrawn {
        placement: PlacementReference,
        invoices: Vec<PlacementInvoice>,
        recall_reason: Option<RecallReason>,
        decision: Option<Decision>,
    },
    /// A recall was asked for.
    PlacementRecallRequested {
        placement: PlacementReference,
        reason: RecallReason,
        recall_due_time: Timestamp,
        requested_by: String,
    },
    /// A placement was taken back.
    PlacementRecalled {
        placement: PlacementReference,
        invoice_ids: Vec<InvoiceId>,
        amounts: PlacementAmounts,
        commission_amount: Money,
        reason: RecallReason,
        next_action: NextAction,
    },
    /// A placement ended with the agency.
    PlacementClosed {
        placement: PlacementReference,
        invoice_ids: Vec<InvoiceId>,
        amounts: PlacementAmounts,
        commission_amount: Money,
        close_code: CloseCode,
        next_action: NextAction,
    },
    /// What is owed on a placement changed without any payment.
    PlacementAdjusted {
        placement: PlacementReference,
        invoice_id: InvoiceId,
        adjustment_amount: Money,
        amounts: PlacementAmounts,
        commission_amount: Money,
    },
    /// The debtor paid us while the debt was placed.
    DirectPaymentReceived {
        placement: PlacementReference,
        payment: DirectPayment,
        amounts: PlacementAmounts,
        commission_amount: Money,
    },
    /// A direct payment was taken back; its amount is negative here.
    DirectPaymentReversed {
        placement: PlacementReference,
        payment: DirectPayment,
        amounts: PlacementAmounts,
        commission_amount: Money,
    },
    /// An agency reported a payment.
    AgencyPaymentReported {
        placement: PlacementReference,
        agency_report_id: AgencyReportId,
        report_reference: String,
        amount: Money,
        paid_date: Date,
    },
    /// Lines of a remittance were taken in.
    RemittanceImported {
        agency_id: AgencyId,
        remittance_reference: String,
        remittance_date: Date,
        mode: RemittanceMode,
        line_count: i32,
        gross: Money,
        commission: Money,
        net: Money,
    },
    /// A line of a remittance was booked.
    RemittanceLineBooked {
        placement: PlacementReference,
        line: Box<RemittanceLine>,
        net: Money,
        commission_difference: Money,
        amounts: PlacementAmounts,
        commission_amount: Money,
    },
    /// A line of a remittance waits for a person.
    RemittanceLineParked {
        placement: PlacementReference,
        remittance_line_id: RemittanceLineId,
        remittance_id: RemittanceId,
        line_reference: String,
        gross: Money,
        reason: String,
    },
    /// The receipt of a booked line was reversed.
    RemittanceLineReversed {
        placement: PlacementReference,
        remittance_line_id: RemittanceLineId,
        remittance_id: RemittanceId,
        line_reference: String,
        receipt_id: ReceiptId,
        gross: Money,
        amounts: PlacementAmounts,
        commission_amount: Money,
    },
    /// Every line of a remittance is booked.
    RemittanceBooked {
        agency_id: AgencyId,
        remittance_reference: String,
        line_count: i32,
        gross: Money,
        commission: Money,
        net: Money,
    },
    /// A commission was booked, or taken back.
    CommissionBooked {
        placement: PlacementReference,
        commission: Box<Commission>,
        decision: Decision,
    },
    /// Every placement of a batch is settled, and its file stands.
    PlacementBatchPlaced {
        agency_id: AgencyId,
        batch_number: i32,
        active_count: i32,
        withdrawn_count: i32,
        invoice_count: i32,
        placed_amounts: Vec<Money>,
        sha256_hex: String,
    },
    /// The agency told what it has received.
    PlacementBatchAcknowledged {
        agency_id: AgencyId,
        state: PlacementBatchState,
        acknowledgement: Tally,
        handed_over: Tally,
    },
}

impl Fact {
    /// A direct payment, or by its sign one that was taken back.
    pub(super) fn direct_payment(
        placement: PlacementReference,
        payment: DirectPayment,
        amounts: PlacementAmounts,
        commission_amount: Money,
    ) -> Self {
        match payment.amount.is_negative() {
            false => Self::DirectPaymentReceived {
                placement,
                payment,
                amounts,
                commission_amount,
            },
            true => Self::DirectPaymentReversed {
                placement,
                payment,
                amounts,
                commission_amount,
            },
        }
    }
}
