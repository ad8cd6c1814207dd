//! Owns how a placement can end and what follows from it (AY-8): what a person is to do, and what
//! becomes of the hold in reminders. Must not know provisions; they follow the same codes later.

use crate::domain::named::named;

named! {
    /// How a placement ended.
    pub enum CloseCode {
        /// Nothing is owed any more.
        PaidInFull = "PAID_IN_FULL",
        /// The agency settled for less with our consent.
        Settled = "SETTLED",
        /// The agency gave up.
        Uncollectible = "UNCOLLECTIBLE",
        /// The debtor is bankrupt.
        Bankrupt = "BANKRUPT",
        /// The debtor has died.
        Deceased = "DECEASED",
        /// The debtor cannot be found.
        CannotLocate = "CANNOT_LOCATE",
        /// The debtor disputes with good reason.
        DisputeValid = "DISPUTE_VALID",
        /// The claim is time-barred.
        TimeBarred = "TIME_BARRED",
        /// We took it back.
        ClientRecall = "CLIENT_RECALL",
        /// To go on would cost more than it brings.
        CostNotJustified = "COST_NOT_JUSTIFIED",
        /// The agency advises to sue.
        ReturnedForLegal = "RETURNED_FOR_LEGAL",
        /// The debtor asked in writing not to be contacted.
        CeaseRequest = "CEASE_REQUEST",
        /// The debt is fraudulent or not the debtor's.
        Fraud = "FRAUD",
    }
}

named! {
    /// What is to follow the end of a placement.
    pub enum NextAction {
        /// Nothing.
        None = "NONE",
        /// Reminders goes on from the level that was held before.
        ResumeReminders = "RESUME_REMINDERS",
        /// A person decides on writing it off.
        ReviewWriteOff = "REVIEW_WRITE_OFF",
        /// A person looks into the dispute.
        ReviewDispute = "REVIEW_DISPUTE",
        /// A person files the claim.
        ProveClaim = "PROVE_CLAIM",
        /// A person decides on going to court.
        ConsiderLegal = "CONSIDER_LEGAL",
        /// Nobody contacts the debtor.
        StopContact = "STOP_CONTACT",
    }
}

named! {
    /// Why reminders holds on when the placement's own hold ends; its own reasons.
    pub enum SuccessorHold {
        /// A person must decide before anybody is reminded again.
        Review = "REVIEW",
        /// The debtor is insolvent.
        Insolvency = "INSOLVENCY",
        /// The debtor has died.
        Deceased = "DECEASED",
        /// The debt may go to court.
        Legal = "LEGAL",
        /// The debtor asked in writing not to be contacted.
        CeaseRequest = "CEASE_REQUEST",
    }
}

impl CloseCode {
    /// What is to follow.
    #[must_use]
    pub const fn next_action(self) -> NextAction {
        match self {
            Self::PaidInFull => NextAction::None,
            Self::ClientRecall => NextAction::ResumeReminders,
            Self::Settled
            | Self::Uncollectible
            | Self::CannotLocate
            | Self::TimeBarred
            | Self::CostNotJustified => NextAction::ReviewWriteOff,
            Self::DisputeValid | Self::Fraud => NextAction::ReviewDispute,
            Self::Bankrupt | Self::Deceased => NextAction::ProveClaim,
            Self::ReturnedForLegal => NextAction::ConsiderLegal,
            Self::CeaseRequest => NextAction::StopContact,
        }
    }

    /// Why reminders holds on; none: it goes on reminding.
    #[must_use]
    pub const fn successor_hold(self) -> Option<SuccessorHold> {
        match self {
            Self::PaidInFull | Self::ClientRecall => None,
            Self::Bankrupt => Some(SuccessorHold::Insolvency),
            Self::Deceased => Some(SuccessorHold::Deceased),
            Self::ReturnedForLegal => Some(SuccessorHold::Legal),
            Self::CeaseRequest => Some(SuccessorHold::CeaseRequest),
            Self::Settled
            | Self::Uncollectible
            | Self::CannotLocate
            | Self::DisputeValid
            | Self::TimeBarred
            | Self::CostNotJustified
            | Self::Fraud => Some(SuccessorHold::Review),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ay_8_each_code_maps_to_what_follows_and_to_the_hold() {
        let table = [
            ("PAID_IN_FULL", "NONE", None),
            ("SETTLED", "REVIEW_WRITE_OFF", Some("REVIEW")),
            ("UNCOLLECTIBLE", "REVIEW_WRITE_OFF", Some("REVIEW")),
            ("BANKRUPT", "PROVE_CLAIM", Some("INSOLVENCY")),
            ("DECEASED", "PROVE_CLAIM", Some("DECEASED")),
            ("CANNOT_LOCATE", "REVIEW_WRITE_OFF", Some("REVIEW")),
            ("DISPUTE_VALID", "REVIEW_DISPUTE", Some("REVIEW")),
            ("TIME_BARRED", "REVIEW_WRITE_OFF", Some("REVIEW")),
            ("CLIENT_RECALL", "RESUME_REMINDERS", None),
            ("COST_NOT_JUSTIFIED", "REVIEW_WRITE_OFF", Some("REVIEW")),
            ("RETURNED_FOR_LEGAL", "CONSIDER_LEGAL", Some("LEGAL")),
            ("CEASE_REQUEST", "STOP_CONTACT", Some("CEASE_REQUEST")),
            ("FRAUD", "REVIEW_DISPUTE", Some("REVIEW")),
        ];
        assert_eq!(table.len(), CloseCode::ALL.len());
        for (name, action, hold) in table {
            let code = CloseCode::from_name(name).unwrap();
            assert_eq!(code.next_action().name(), action, "{name}");
            assert_eq!(
                code.successor_hold().map(SuccessorHold::name),
                hold,
                "{name}"
            );
        }
    }
}
