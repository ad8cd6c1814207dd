//! Owns one pass of the placement policy over many customers: how far it has come and what it has
//! found. Must not judge a customer itself: [`proposal`](super::proposal) does.

use std::collections::BTreeMap;

use calendar::{Date, Timestamp};
use money::{Currency, Money, MoneyError};

use super::event::{Event, Fact, Subject};
use super::identity::ProposalRunId;
use super::named::named;
use super::proposal::{Judgement, ProposalOutcome};

named! {
    /// Where a run stands.
    pub enum ProposalRunState {
        /// Customers are judged.
        Running = "RUNNING",
        /// All are judged.
        Completed = "COMPLETED",
    }
}

/// One pass of the placement policy over many customers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalRun {
    /// Identity.
    pub proposal_run_id: ProposalRunId,
    /// The day as of which debts are judged, in the tenant's zone.
    pub run_date: Date,
    /// The version of the policy that judges.
    pub policy_version: i32,
    /// Whether it is a preview: it proposes nothing.
    pub validate_only: bool,
    /// Where it stands.
    pub state: ProposalRunState,
    /// Customers to be looked at.
    pub customer_count: i32,
    /// Customers looked at so far.
    pub judged_count: i32,
    /// Placements that were, or would be, proposed.
    pub proposed_count: i32,
    /// Customers and currencies that an excluded fact kept back.
    pub excluded_count: i32,
    /// What the proposed placements come to, by currency (RD-5).
    pub proposed_amounts: BTreeMap<Currency, Money>,
    /// When it was started.
    pub created_time: Timestamp,
    /// Who started it.
    pub created_by: String,
    /// When the last customer was judged.
    pub completed_time: Option<Timestamp>,
    /// Counts its changes from 1.
    pub version: i64,
}

/// Why a run cannot be started (DATE_IN_THE_FUTURE).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("debts cannot be judged as of a day in the future")]
pub struct RunInTheFuture;

/// What is needed to start a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProposalRun {
    /// Its identity.
    pub proposal_run_id: ProposalRunId,
    /// The day; none: today.
    pub run_date: Option<Date>,
    /// The version that judges, see
    /// [`version_for_run`](super::placement_policy::PlacementPolicy::version_for_run).
    pub policy_version: i32,
    /// Whether it is a preview.
    pub validate_only: bool,
    /// Customers to be looked at.
    pub customer_count: i32,
    /// Who starts it.
    pub created_by: String,
}

impl ProposalRun {
    /// Starts a run over the customers that are to be looked at now.
    ///
    /// # Errors
    /// [`RunInTheFuture`].
    pub fn start(new: NewProposalRun, today: Date, at: Timestamp) -> Result<Self, RunInTheFuture> {
        let run_date = new.run_date.unwrap_or(today);
        if run_date > today {
            return Err(RunInTheFuture);
        }
        Ok(Self {
            proposal_run_id: new.proposal_run_id,
            run_date,
            policy_version: new.policy_version,
            validate_only: new.validate_only,
            state: ProposalRunState::Running,
            customer_count: new.customer_count,
            judged_count: 0,
            proposed_count: 0,
            excluded_count: 0,
            proposed_amounts: BTreeMap::new(),
            created_time: at,
            created_by: new.created_by,
            completed_time: None,
            version: 1,
        })
    }

    /// Counts a customer with what each of its currencies came to.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn count(&mut self, judgements: &[Judgement]) -> Result<(), MoneyError> {
        for judgement in judgements {
            match judgement.outcome {
                ProposalOutcome::Proposed => {
                    self.proposed_count = self.proposed_count.saturating_add(1);
                    let currency = judgement.amount.currency();
                    let sum = self.proposed_amounts.entry(currency);
                    let sum = sum.or_insert(Money::zero(currency));
                    *sum = sum.checked_add(judgement.amount)?;
                }
                ProposalOutcome::Excluded => {
                    self.excluded_count = self.excluded_count.saturating_add(1);
                }
                ProposalOutcome::NoRule | ProposalOutcome::AlreadyProposed => {}
            }
        }
        self.judged_count = self.judged_count.saturating_add(1);
        self.version = self.version.saturating_add(1);
        Ok(())
    }

    /// No customer is left. Who was overdue at the start may have paid before their turn came, and
    /// others may have fallen overdue: those that were judged are those that there were. A preview
    /// is completed without telling anybody.
    pub fn complete(&mut self, at: Timestamp) -> Option<Event> {
        self.customer_count = self.judged_count;
        self.state = ProposalRunState::Completed;
        self.completed_time = Some(at);
        self.version = self.version.saturating_add(1);
        (!self.validate_only).then(|| Event {
            subject: Subject::ProposalRun(self.proposal_run_id),
            subject_version: self.version,
            fact: Fact::ProposalRunCompleted {
                run_date: self.run_date,
                policy_version: self.policy_version,
                customer_count: self.customer_count,
                proposed_count: self.proposed_count,
                excluded_count: self.excluded_count,
                proposed_amounts: self.proposed_amounts.values().copied().collect(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;
    use crate::domain::commission_schedule::tests::{amount, euro};
    use crate::domain::commission_terms::tests::stamp;
    use crate::domain::decision::Reasoning;

    fn new(customer_count: i32) -> NewProposalRun {
        NewProposalRun {
            proposal_run_id: ProposalRunId::new(Uuid::from_u128(1)),
            run_date: None,
            policy_version: 1,
            validate_only: false,
            customer_count,
            created_by: "ada".to_owned(),
        }
    }

    fn judged(outcome: ProposalOutcome, amount: Money) -> Judgement {
        Judgement {
            outcome,
            agency_id: None,
            invoice_ids: vec![],
            amount,
            decision: Reasoning::new().conclude(stamp(1), "", ""),
        }
    }

    #[test]
    fn a_run_counts_customers_and_adds_up_each_currency_by_itself() {
        let today = date(2026, 5, 1);
        let at = Timestamp::UNIX_EPOCH;
        let mut run = ProposalRun::start(new(3), today, at).unwrap();
        assert_eq!(run.run_date, today);
        let first = [
            judged(ProposalOutcome::Proposed, euro("10.00")),
            judged(ProposalOutcome::Proposed, amount("500", "JPY")),
        ];
        assert_eq!(run.count(&first), Ok(()));
        let second = [
            judged(ProposalOutcome::Proposed, euro("2.50")),
            judged(ProposalOutcome::Excluded, amount("7.00", "USD")),
        ];
        run.count(&second).unwrap();
        assert_eq!(run.state, ProposalRunState::Running);
        // The third has paid meanwhile.
        let event = run.complete(at).unwrap();
        assert_eq!(run.state, ProposalRunState::Completed);
        assert_eq!(run.customer_count, 2);
        assert_eq!((run.proposed_count, run.excluded_count), (3, 1));
        let sums: Vec<_> = run
            .proposed_amounts
            .values()
            .map(Money::to_string)
            .collect();
        assert_eq!(sums, ["12.50 EUR", "500 JPY"]);
        assert_eq!(event.subject_version, 4);
    }

    #[test]
    fn a_preview_is_not_told_and_no_run_is_of_the_future() {
        let (today, at) = (date(2026, 5, 1), Timestamp::UNIX_EPOCH);
        let preview = NewProposalRun {
            validate_only: true,
            ..new(0)
        };
        let mut run = ProposalRun::start(preview, today, at).unwrap();
        assert_eq!(run.complete(at), None);
        assert_eq!(run.state, ProposalRunState::Completed);
        let tomorrow = NewProposalRun {
            run_date: Some(date(2026, 5, 2)),
            ..new(0)
        };
        assert_eq!(ProposalRun::start(tomorrow, today, at), Err(RunInTheFuture));
    }
}
