//! Promises of a case while facts come in and days go by (PR-2 to PR-4).

use calendar::Date;
use postgres::{DbError, Tx};
use uuid::Uuid;

use super::CaseFile;
use crate::domain::hold::{Ended, Hold, HoldReason, SERVICE};
use crate::domain::id::HoldId;
use crate::domain::promise::{Judged, Promise, PromiseFact, PromiseResult, appropriate, reverse};
use crate::domain::task::{NewTask, TaskKind};
use crate::store::{promise, row};

impl CaseFile {
    /// Counts facts towards the promises, takes back what came from `reversed`, and judges them by
    /// what counts then. Whether a term has passed in vain is judged by its timer alone, once the
    /// feed has been read far enough.
    ///
    /// # Errors
    /// [`DbError`] of the statements; sums that are too large count as one.
    pub async fn follow_facts_in_tx(
        &mut self,
        tx: &mut Tx,
        facts: &[PromiseFact],
        reversed: Option<Uuid>,
    ) -> Result<(), DbError> {
        if facts.is_empty() && reversed.is_none() {
            return Ok(());
        }
        self.look_up_promises_in_tx(tx).await?;
        if self.promises.is_empty() {
            return Ok(());
        }
        let before = self.promises.clone();
        for fact in facts {
            row::read("promised_amount", appropriate(&mut self.promises, fact))?;
        }
        if let Some(source_id) = reversed {
            reverse(&mut self.promises, source_id);
        }
        self.judge_all_in_tx(tx, before, |promise, today| {
            match promise.state.is_running() {
                true => promise.last_day().map_or(today, |last| today.min(last)),
                false => today,
            }
        })
        .await
    }

    /// Judges every promise that runs on the day it is; the others change with facts alone.
    ///
    /// # Errors
    /// [`DbError`] of the statements; sums that are too large count as one.
    pub async fn judge_promises_in_tx(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        let before = self.promises.clone();
        self.judge_all_in_tx(tx, before, |_, today| today).await
    }

    /// Reads the promises, where none runs and they were left out.
    ///
    /// # Errors
    /// [`DbError`] of the statement.
    pub async fn look_up_promises_in_tx(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        if std::mem::take(&mut self.has_unread_promises) {
            let case_id = self.case.case_id;
            self.promises = promise::of_case_in_tx(tx, self.tenant, case_id).await?;
        }
        Ok(())
    }

    /// Whether a term has passed that nobody has judged.
    #[must_use]
    pub fn has_promise_to_judge(&self) -> bool {
        let today = self.today();
        self.promises.iter().any(|promise| {
            let judged_on = promise.judged_on();
            promise.state.is_running() && judged_on.is_some_and(|day| day <= today)
        })
    }

    async fn judge_all_in_tx(
        &mut self,
        tx: &mut Tx,
        before: Vec<Promise>,
        on: impl Fn(&Promise, Date) -> Date,
    ) -> Result<(), DbError> {
        let today = self.today();
        for (place, before) in before.into_iter().enumerate() {
            let Some(mut judged) = self.promises.get(place).cloned() else {
                continue;
            };
            let day = on(&judged, today);
            let outcome = row::read("promised_amount", judged.judge(&self.case, day, self.now))?;
            if judged == before {
                continue;
            }
            promise::update_in_tx(tx, self.tenant, &before, &judged, self.now).await?;
            if let Some(known) = self.promises.get_mut(place) {
                known.clone_from(&judged);
            }
            self.follow_judgement_in_tx(tx, &judged, outcome).await?;
        }
        Ok(())
    }

    async fn follow_judgement_in_tx(
        &mut self,
        tx: &mut Tx,
        judged: &Promise,
        outcome: Judged,
    ) -> Result<(), DbError> {
        match outcome {
            Judged::Unchanged => Ok(()),
            Judged::Kept(event) => {
                self.tell([event]);
                self.end_promise_hold_in_tx(tx, judged).await
            }
            Judged::Reopened(event) => {
                self.tell([event]);
                if self.hold_of(judged).is_some() {
                    return Ok(());
                }
                let hold_id = HoldId::new(Uuid::now_v7());
                let (hold, event) = judged.hold(&self.case, hold_id, self.now);
                self.add_hold_in_tx(tx, hold, event).await
            }
            Judged::Broken(result) => self.broken_in_tx(tx, judged, *result).await,
        }
    }

    /// The case is more urgent, a task is opened, and the next step comes at once where the strategy
    /// says so (PR-4).
    async fn broken_in_tx(
        &mut self,
        tx: &mut Tx,
        broken: &Promise,
        result: PromiseResult,
    ) -> Result<(), DbError> {
        self.end_promise_hold_in_tx(tx, broken).await?;
        self.case.promise_broken();
        let event = result.broken(&self.case);
        self.tell([event]);
        let new = NewTask {
            promise_id: Some(broken.promise_id),
            invoice_ids: broken.invoice_ids.iter().copied().collect(),
            ..self.new_task(TaskKind::BrokenPromise)
        };
        self.open_task_in_tx(tx, new, Vec::new()).await?;
        let escalates = self
            .strategy()
            .is_some_and(|(version, _)| version.definition.promise_terms.escalate_when_broken);
        if escalates {
            let today = self.today();
            let named = |id| broken.invoice_ids.contains(&id);
            let named = self.invoices.iter_mut().filter(|one| named(one.invoice_id));
            for invoice in named {
                invoice.expedite(today);
            }
            self.touch_all(broken.invoice_ids.iter().copied());
        }
        Ok(())
    }

    async fn end_promise_hold_in_tx(
        &mut self,
        tx: &mut Tx,
        judged: &Promise,
    ) -> Result<(), DbError> {
        let Some(mut hold) = self.hold_of(judged) else {
            return Ok(());
        };
        let ended = Ended {
            time: self.now,
            by: SERVICE.to_owned(),
            note: String::new(),
        };
        match hold.end_with_facts(&self.case, ended) {
            Some(event) => self.change_hold_in_tx(tx, hold, event).await,
            None => Ok(()),
        }
    }

    pub(super) fn hold_of(&self, promise: &Promise) -> Option<Hold> {
        let subject = Some(promise.promise_id.uuid());
        let follows =
            |hold: &&Hold| hold.reason == HoldReason::Promise && hold.subject_id == subject;
        self.holds.iter().find(follows).cloned()
    }
}
