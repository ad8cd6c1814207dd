//! Owns one pass over many cases: preview, approval, sending, result (DU-9). Must not judge a case
//! itself: it collects what the cases came to.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use calendar::{Date, Timestamp};
use money::{Currency, Money, MoneyError};
use serde::{Deserialize, Serialize};

use crate::domain::code::{Code, Level};
use crate::domain::debtor::Debtor;
use crate::domain::event::DomainEvent;
use crate::domain::id::{CustomerId, DunningRunId};
use crate::domain::letter::{StepReference, Total};
use crate::domain::named::named;

named! {
    /// Where a dunning run stands.
    pub enum DunningRunState {
        /// Cases are judged for a preview; nothing is queued.
        Previewing = "PREVIEWING",
        /// The preview is complete and waits for approval.
        Previewed = "PREVIEWED",
        /// Cases are judged and their messages queued.
        Running = "RUNNING",
        /// Every case is judged and its message queued.
        Completed = "COMPLETED",
    }
}

named! {
    /// What a case came to.
    pub enum DunningOutcome {
        /// An e-mail is queued.
        Message = "MESSAGE",
        /// A task for a call or a letter is opened.
        Task = "TASK",
        /// A step is due, and a rule puts it off to a known instant.
        Postponed = "POSTPONED",
        /// A step is due, and a rule forbids it.
        Suppressed = "SUPPRESSED",
        /// No step is due.
        NothingDue = "NOTHING_DUE",
        /// The case had its message for this day already.
        AlreadyDone = "ALREADY_DONE",
    }
}

/// Which cases a run looks at. Everything that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DunningRunFilter {
    /// Only these customers; none: all.
    pub customer_ids: BTreeSet<CustomerId>,
    /// Only customers of these segments; none: of all.
    pub segments: BTreeSet<String>,
    /// Only steps of this level or higher.
    pub min_level: Level,
}

/// One pass over many cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DunningRun {
    /// Which one.
    pub dunning_run_id: DunningRunId,
    /// The day whose steps are taken, in each debtor's zone.
    pub run_date: Date,
    /// Which cases it looks at.
    pub filter: DunningRunFilter,
    /// Where it stands.
    pub state: DunningRunState,
    /// Cases to be looked at.
    pub case_count: u32,
    /// When it was started.
    pub created_time: Timestamp,
    /// Who started it.
    pub created_by: String,
    /// When and by whom a preview was approved.
    pub approved: Option<(Timestamp, String)>,
    /// When the last case was judged.
    pub completed_time: Option<Timestamp>,
    /// Rises with every change of state; the etag.
    pub revision: i64,
}

/// Why a run was not started, not approved, or not completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DunningRunError {
    /// RUN_DATE_IN_THE_FUTURE.
    #[error("the day of the run has not begun: today is {today}")]
    RunDateInTheFuture {
        /// Today in the tenant's zone.
        today: Date,
    },
    /// DUNNING_RUN_NOT_PREVIEWED.
    #[error("the run is {0}")]
    NotPreviewed(DunningRunState),
    /// Its cases are judged already.
    #[error("the run is {0}, nothing of it is under way")]
    NotUnderWay(DunningRunState),
}

/// What one case came to in a run, as far as it is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DunningRunResult {
    /// What it came to.
    pub outcome: DunningOutcome,
    /// The gravest step, where one is due.
    pub step: Option<StepReference>,
    /// What is asked for, one a currency.
    pub totals: Vec<Total>,
}

/// What the cases of a run came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DunningRunSummary {
    judged_count: u32,
    counts: BTreeMap<(Reverse<Level>, Option<Code>, DunningOutcome), u32>,
    totals: BTreeMap<Currency, Total>,
}

/// How many cases came to one outcome at one step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DunningRunCount {
    /// The outcome.
    pub outcome: DunningOutcome,
    /// The gravest step.
    pub step_code: Option<Code>,
    /// How many cases.
    pub case_count: u32,
}

impl DunningRunFilter {
    /// Whether it looks at a customer's case.
    #[must_use]
    pub fn matches(&self, debtor: &Debtor) -> bool {
        (self.customer_ids.is_empty() || self.customer_ids.contains(&debtor.customer_id))
            && (self.segments.is_empty() || self.segments.contains(&debtor.segment))
    }
}

impl DunningRun {
    /// Starts a run, or a preview, over `case_count` cases.
    ///
    /// # Errors
    /// [`DunningRunError::RunDateInTheFuture`] for a run that is no preview.
    pub fn start(
        dunning_run_id: DunningRunId,
        run_date: Date,
        filter: DunningRunFilter,
        preview: bool,
        case_count: u32,
        by: &str,
        (today, at): (Date, Timestamp),
    ) -> Result<Self, DunningRunError> {
        if !preview && run_date > today {
            return Err(DunningRunError::RunDateInTheFuture { today });
        }
        Ok(Self {
            dunning_run_id,
            run_date,
            filter,
            state: if preview {
                DunningRunState::Previewing
            } else {
                DunningRunState::Running
            },
            case_count,
            created_time: at,
            created_by: by.to_owned(),
            approved: None,
            completed_time: None,
            revision: 1,
        })
    }

    /// Carries a preview out: every case is judged afresh, over `case_count` cases by now.
    ///
    /// # Errors
    /// [`DunningRunError::NotPreviewed`], [`DunningRunError::RunDateInTheFuture`].
    pub fn approve(
        &mut self,
        case_count: u32,
        by: &str,
        (today, at): (Date, Timestamp),
    ) -> Result<(), DunningRunError> {
        if self.state != DunningRunState::Previewed {
            return Err(DunningRunError::NotPreviewed(self.state));
        }
        if self.run_date > today {
            return Err(DunningRunError::RunDateInTheFuture { today });
        }
        self.state = DunningRunState::Running;
        self.case_count = case_count;
        self.approved = Some((at, by.to_owned()));
        self.completed_time = None;
        self.revision = self.revision.saturating_add(1);
        Ok(())
    }

    /// Every case is judged. A run is announced, a preview is not.
    ///
    /// # Errors
    /// [`DunningRunError::NotUnderWay`].
    pub fn complete(
        &mut self,
        summary: &DunningRunSummary,
        at: Timestamp,
    ) -> Result<Option<DomainEvent>, DunningRunError> {
        let announces = match self.state {
            DunningRunState::Previewing => {
                self.state = DunningRunState::Previewed;
                false
            }
            DunningRunState::Running => {
                self.state = DunningRunState::Completed;
                true
            }
            state => return Err(DunningRunError::NotUnderWay(state)),
        };
        self.completed_time = Some(at);
        self.revision = self.revision.saturating_add(1);
        Ok(announces.then(|| DomainEvent::DunningRunCompleted {
            run: Box::new(self.clone()),
            summary: Box::new(summary.clone()),
        }))
    }

    /// Whether messages are queued, not only previewed.
    #[must_use]
    pub fn queues(&self) -> bool {
        self.state == DunningRunState::Running
    }

    /// The day on which a case is judged: the day of the run, but never one that is past for the
    /// debtor, since only the current step is taken (DU-9).
    #[must_use]
    pub fn judged_date(&self, today: Date) -> Date {
        self.run_date.max(today)
    }
}

impl DunningRunSummary {
    /// Counts what one case came to.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn count(&mut self, result: &DunningRunResult) -> Result<(), MoneyError> {
        let level = result.step.as_ref().map_or(Level::NONE, |step| step.level);
        let code = result.step.as_ref().map(|step| step.step_code.clone());
        let count = self
            .counts
            .entry((Reverse(level), code, result.outcome))
            .or_default();
        *count = count.saturating_add(1);
        self.judged_count = self.judged_count.saturating_add(1);
        let asks = result.outcome != DunningOutcome::Suppressed;
        for total in result.totals.iter().filter(|_| asks) {
            self.add(total)?;
        }
        Ok(())
    }

    fn add(&mut self, total: &Total) -> Result<(), MoneyError> {
        let currency = total.open_amount.currency();
        let zero = Money::zero(currency);
        let sum = self.totals.entry(currency).or_insert(Total {
            open_amount: zero,
            asked_amount: zero,
        });
        sum.open_amount = sum.open_amount.checked_add(total.open_amount)?;
        sum.asked_amount = sum.asked_amount.checked_add(total.asked_amount)?;
        Ok(())
    }

    /// Cases looked at.
    #[must_use]
    pub fn judged_count(&self) -> u32 {
        self.judged_count
    }

    /// What they came to, the gravest step first.
    #[must_use]
    pub fn counts(&self) -> Vec<DunningRunCount> {
        let counts = self.counts.iter();
        counts
            .map(|((_, step_code, outcome), case_count)| DunningRunCount {
                outcome: *outcome,
                step_code: step_code.clone(),
                case_count: *case_count,
            })
            .collect()
    }

    /// What the messages ask for, by currency.
    #[must_use]
    pub fn totals(&self) -> Vec<Total> {
        self.totals.values().copied().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::debtor::Channel;
    use crate::domain::samples::{self, eur, usd};

    const TODAY: Date = Date::constant(2026, 3, 10);
    const NOW: (Date, Timestamp) = (TODAY, Timestamp::UNIX_EPOCH);

    fn start(run_date: Date, preview: bool) -> Result<DunningRun, DunningRunError> {
        let id = DunningRunId::new(samples::uuid(90));
        DunningRun::start(
            id,
            run_date,
            DunningRunFilter::default(),
            preview,
            3,
            "ann",
            NOW,
        )
    }

    fn result(outcome: DunningOutcome, level: u8, asked: &[Money]) -> DunningRunResult {
        DunningRunResult {
            outcome,
            step: (level > 0).then(|| StepReference {
                step_code: samples::code(&format!("step-{level}")),
                level: Level::new(level),
                channel: Channel::Email,
                template_code: None,
            }),
            totals: asked
                .iter()
                .map(|asked| Total {
                    open_amount: *asked,
                    asked_amount: *asked,
                })
                .collect(),
        }
    }

    #[test]
    fn du_9_preview_approve_run_result() {
        let mut run = start(TODAY, true).unwrap();
        let summary = DunningRunSummary::default();
        assert_eq!(
            (run.state, run.queues()),
            (DunningRunState::Previewing, false)
        );
        let early = run.approve(3, "bob", NOW);
        assert_eq!(
            early,
            Err(DunningRunError::NotPreviewed(DunningRunState::Previewing))
        );
        assert_eq!(run.complete(&summary, Timestamp::UNIX_EPOCH), Ok(None));
        assert_eq!(run.state, DunningRunState::Previewed);
        run.approve(4, "bob", NOW).unwrap();
        assert!(run.queues());
        let event = run.complete(&summary, Timestamp::UNIX_EPOCH).unwrap();
        assert!(matches!(
            event,
            Some(DomainEvent::DunningRunCompleted { .. })
        ));
        let again = run.complete(&summary, Timestamp::UNIX_EPOCH);
        assert_eq!(
            again,
            Err(DunningRunError::NotUnderWay(DunningRunState::Completed))
        );
    }

    #[test]
    fn only_a_preview_looks_ahead() {
        let tomorrow = TODAY.tomorrow().unwrap();
        let ahead = Err(DunningRunError::RunDateInTheFuture { today: TODAY });
        assert_eq!(start(tomorrow, false), ahead);
        let mut preview = start(tomorrow, true).unwrap();
        preview
            .complete(&DunningRunSummary::default(), Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(
            preview.approve(3, "bob", NOW),
            ahead.map(|_: DunningRun| ())
        );
        assert!(
            preview
                .approve(3, "bob", (tomorrow, Timestamp::UNIX_EPOCH))
                .is_ok()
        );
    }

    #[test]
    fn du_9_a_run_for_a_past_day_takes_the_current_step() {
        let run = start(TODAY.yesterday().unwrap(), false).unwrap();
        assert_eq!(run.judged_date(TODAY), TODAY);
        let preview = start(TODAY.tomorrow().unwrap(), true).unwrap();
        assert_eq!(preview.judged_date(TODAY), TODAY.tomorrow().unwrap());
    }

    #[test]
    fn results_are_counted_the_gravest_step_first() {
        let mut summary = DunningRunSummary::default();
        for one in [
            result(DunningOutcome::Message, 1, &[eur("10.00"), usd("5.00")]),
            result(DunningOutcome::Message, 2, &[eur("20.00")]),
            result(DunningOutcome::Message, 1, &[eur("1.00")]),
            result(DunningOutcome::Suppressed, 2, &[eur("99.00")]),
            result(DunningOutcome::NothingDue, 0, &[]),
        ] {
            summary.count(&one).unwrap();
        }
        let counts: Vec<(Option<String>, DunningOutcome, u32)> = summary
            .counts()
            .into_iter()
            .map(|count| {
                (
                    count.step_code.map(String::from),
                    count.outcome,
                    count.case_count,
                )
            })
            .collect();
        assert_eq!(
            counts,
            [
                (Some("step-2".to_owned()), DunningOutcome::Message, 1),
                (Some("step-2".to_owned()), DunningOutcome::Suppressed, 1),
                (Some("step-1".to_owned()), DunningOutcome::Message, 2),
                (None, DunningOutcome::NothingDue, 1),
            ]
        );
        assert_eq!(summary.judged_count(), 5);
        let asked: Vec<String> = summary
            .totals()
            .iter()
            .map(|total| total.asked_amount.to_string())
            .collect();
        assert_eq!(asked, ["31.00 EUR", "5.00 USD"]);
    }

    #[test]
    fn a_filter_picks_customers_and_segments() {
        let debtor = samples::debtor();
        assert!(DunningRunFilter::default().matches(&debtor));
        let other = CustomerId::new(samples::uuid(91));
        let customers = DunningRunFilter {
            customer_ids: BTreeSet::from([other]),
            ..DunningRunFilter::default()
        };
        assert!(!customers.matches(&debtor));
        let segments = DunningRunFilter {
            segments: BTreeSet::from([debtor.segment.clone()]),
            ..DunningRunFilter::default()
        };
        assert!(segments.matches(&debtor));
    }
}
