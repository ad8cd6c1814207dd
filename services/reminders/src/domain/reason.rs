//! Owns the vocabulary of why a message did not leave, or not yet. Must not decide: each value is
//! given by the rule that its comment names.

use crate::domain::hold::HoldReason;
use crate::domain::named::named;

named! {
    /// Why a message was suppressed, superseded, postponed, parked, abandoned or left unknown.
    pub enum Reason {
        /// A dispute bears on it (P18).
        Dispute = "DISPUTE",
        /// A promise runs (PR-4).
        Promise = "PROMISE",
        /// A payment plan covers it (PP-6).
        PaymentPlan = "PAYMENT_PLAN",
        /// An agency collects it (P19).
        Placement = "PLACEMENT",
        /// Somebody wants it so.
        Manual = "MANUAL",
        /// The debtor cannot pay without hardship.
        Hardship = "HARDSHIP",
        /// A statutory breathing space runs (PP-7).
        BreathingSpace = "BREATHING_SPACE",
        /// The debt is with lawyers or a court.
        Legal = "LEGAL",
        /// The debtor is insolvent.
        Insolvency = "INSOLVENCY",
        /// The debtor has died.
        Deceased = "DECEASED",
        /// The debtor asked in writing not to be contacted (CC-3).
        CeaseRequest = "CEASE_REQUEST",
        /// A person must decide first.
        Review = "REVIEW",
        /// Nothing of what was asked for is owed any more (P16).
        Paid = "PAID",
        /// What is owed or disputed is not what the message says (P16).
        AmountChanged = "AMOUNT_CHANGED",
        /// Another step, or none, is due by now (P21).
        StepChanged = "STEP_CHANGED",
        /// The case was placed or taken back since the message was claimed (P19).
        Fenced = "FENCED",
        /// Less would be asked for than the step's minimum (DU-9).
        BelowMinimum = "BELOW_MINIMUM",
        /// The customer's unapplied cash covers what would be asked for (CA-8).
        UnappliedCashCovers = "UNAPPLIED_CASH_COVERS",
        /// The customer opted out of the channel (CC-5).
        OptedOut = "OPTED_OUT",
        /// The channel needs a consent, and none is recorded (CC-5).
        ConsentMissing = "CONSENT_MISSING",
        /// No contact policy fits the debtor (CC-10).
        NoContactPolicy = "NO_CONTACT_POLICY",
        /// Neither the debtor's zone nor the zones of the country are known (P17).
        ZoneUnknown = "ZONE_UNKNOWN",
        /// The policy's holiday calendar says nothing about the year (CC-10).
        CalendarNotCovered = "CALENDAR_NOT_COVERED",
        /// The policy permits no hour within a year, as when the zones have none in common (P17).
        NeverPermitted = "NEVER_PERMITTED",
        /// Not now: outside the permitted hours (CC-2).
        OutsideHours = "OUTSIDE_HOURS",
        /// Not now, or never: the frequency cap is reached (CC-1, CC-10).
        FrequencyCap = "FREQUENCY_CAP",
        /// The customer has no address for the channel.
        NoAddress = "NO_ADDRESS",
        /// The number or address is not the debtor's.
        WrongAddress = "WRONG_ADDRESS",
        /// The provider refused it for good.
        AddressRefused = "ADDRESS_REFUSED",
        /// The template could not be rendered with the facts of the case.
        TemplateFailed = "TEMPLATE_FAILED",
        /// It was tried as often as the settings allow.
        TooManyTries = "TOO_MANY_TRIES",
        /// The provider did not take it this time; it is tried again.
        ProviderBusy = "PROVIDER_BUSY",
        /// The sender was lost between hand-off and answer (P15).
        OutcomeUnknown = "OUTCOME_UNKNOWN",
        /// A person found that it did not leave; the step is judged anew.
        DidNotLeave = "DID_NOT_LEAVE",
        /// A person found that it did not leave and shall not.
        StepSkipped = "STEP_SKIPPED",
        /// A person could not do the task.
        NotDone = "NOT_DONE",
    }
}

impl From<HoldReason> for Reason {
    fn from(reason: HoldReason) -> Self {
        match reason {
            HoldReason::Dispute => Self::Dispute,
            HoldReason::Promise => Self::Promise,
            HoldReason::PaymentPlan => Self::PaymentPlan,
            HoldReason::Placement => Self::Placement,
            HoldReason::Manual => Self::Manual,
            HoldReason::Hardship => Self::Hardship,
            HoldReason::BreathingSpace => Self::BreathingSpace,
            HoldReason::Legal => Self::Legal,
            HoldReason::Insolvency => Self::Insolvency,
            HoldReason::Deceased => Self::Deceased,
            HoldReason::CeaseRequest => Self::CeaseRequest,
            HoldReason::Review => Self::Review,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hold_keeps_its_name_as_a_reason() {
        for reason in HoldReason::ALL {
            assert_eq!(Reason::from(*reason).name(), reason.name());
        }
    }
}
