//! Changes of a case that touch several tables: what invoicing tells of an invoice, tasks that are
//! opened or overtaken, messages that end.

use std::collections::BTreeSet;

use money::MoneyError;
use postgres::{DbError, Tx};
use uuid::Uuid;

use super::CaseFile;
use crate::domain::decision::Findings;
use crate::domain::id::{InvoiceId, MessageId, TaskId};
use crate::domain::invoice::{Balance, CaseInvoice};
use crate::domain::letter::Total;
use crate::domain::message::{Message, MessageState};
use crate::domain::reason::Reason;
use crate::domain::step_taking::note_kept_out;
use crate::domain::task::{NewTask, Overtaken, Task, TaskKind};
use crate::store::{case_invoice, decision, frequency, message, row, task};

impl CaseFile {
    /// Takes over what invoicing says of an invoice, unless it is older than what is known (P24);
    /// tells whether it was newer.
    ///
    /// # Errors
    /// [`DbError`] of the statements; sums that are too large count as one.
    pub async fn apply_in_tx(&mut self, tx: &mut Tx, balance: Balance) -> Result<bool, DbError> {
        let invoice_id = balance.invoice_id;
        self.look_up_in_tx(tx, &[invoice_id]).await?;
        let known = self
            .invoices
            .iter_mut()
            .find(|one| one.invoice_id == invoice_id);
        let cause = match known {
            Some(invoice) => {
                if !invoice.apply(balance) {
                    return Ok(false);
                }
                invoice.clone()
            }
            None => {
                let invoice = CaseInvoice::new(self.case.case_id, balance);
                self.invoices.push(invoice.clone());
                invoice
            }
        };
        self.touch(invoice_id);
        let today = self.today();
        let followed = self.case.follow_invoices(&self.invoices, &cause, today);
        self.events.extend(row::read("open_amount", followed)?);
        self.overtake_paid_in_tx(tx).await?;
        Ok(true)
    }

    /// Reads invoices that are not in the file yet, as settled ones.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn look_up_in_tx(
        &mut self,
        tx: &mut Tx,
        invoice_ids: &[InvoiceId],
    ) -> Result<(), DbError> {
        let known = |id: &InvoiceId| self.invoices.iter().any(|one| one.invoice_id == *id);
        let missing: Vec<InvoiceId> = invoice_ids
            .iter()
            .copied()
            .filter(|id| !known(id))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let found = case_invoice::find_in_tx(tx, self.tenant, &missing).await?;
        let own = |one: &CaseInvoice| one.case_id == self.case.case_id;
        self.invoices.extend(found.into_iter().filter(own));
        Ok(())
    }

    /// Opens a task, unless one of its kind about the same is open already; tells its identity.
    ///
    /// # Errors
    /// [`DbError`] of the statement.
    pub async fn open_task_in_tx(
        &mut self,
        tx: &mut Tx,
        new: NewTask,
        totals: Vec<Total>,
    ) -> Result<Option<TaskId>, DbError> {
        let (opened, event) = Task::open(&self.case, new, totals);
        let is_new = task::insert_in_tx(tx, self.tenant, &opened).await?;
        self.has_open_task = true;
        if is_new {
            self.events.push(event);
        }
        Ok(is_new.then_some(opened.task_id))
    }

    /// Ends the tasks for which nothing is owed any more.
    async fn overtake_paid_in_tx(&mut self, tx: &mut Tx) -> Result<(), DbError> {
        let is_owed = |one: &&CaseInvoice| one.oldest_due_date().is_some();
        let owed = self.invoices.iter().filter(is_owed);
        let owed: BTreeSet<InvoiceId> = owed.map(|one| one.invoice_id).collect();
        let is_paid = |task: &Task| task.is_paid(&owed);
        self.overtake_in_tx(tx, Overtaken::Paid, Reason::Paid, is_paid)
            .await
    }

    /// Ends the open tasks that a fact concerns, and what they were to carry out.
    pub(super) async fn overtake_in_tx(
        &mut self,
        tx: &mut Tx,
        by: Overtaken,
        reason: Reason,
        concerns: impl Fn(&Task) -> bool,
    ) -> Result<(), DbError> {
        if !self.has_open_task {
            return Ok(());
        }
        let open = task::open_of_case_in_tx(tx, self.tenant, self.case.case_id).await?;
        for mut one in open.into_iter().filter(concerns) {
            let Some(event) = one.overtake(&self.case, by, self.now) else {
                continue;
            };
            task::update_in_tx(tx, self.tenant, &one).await?;
            self.events.push(event);
            if let Some(message_id) = one.message_id {
                self.take_back_in_tx(tx, message_id, by, reason).await?;
            }
        }
        Ok(())
    }

    /// The message of a task that was overtaken is not carried out either.
    async fn take_back_in_tx(
        &mut self,
        tx: &mut Tx,
        message_id: MessageId,
        by: Overtaken,
        reason: Reason,
    ) -> Result<(), DbError> {
        let found = message::find_in_tx(tx, self.tenant, message_id).await?;
        let Some(mut taken) = found.filter(|one| one.state == MessageState::WithPerson) else {
            return Ok(());
        };
        let ended = match by {
            Overtaken::Paid => taken.supersede(reason).map(|()| None),
            Overtaken::Held | Overtaken::Placed => {
                let mut findings = Findings::new();
                findings.rule(
                    "P18",
                    false,
                    format!("held for {reason} while a person had it"),
                );
                let outcome = format!("SUPPRESSED_BY_{reason}");
                let told = findings.conclude(outcome, &taken.strategy_version, self.now);
                decision::insert_in_tx(tx, self.tenant, message_id.uuid(), &told).await?;
                taken.suppress(&self.case, reason, told).map(Some)
            }
        };
        if let Ok(event) = ended {
            self.events.extend(event);
            self.ended_in_tx(tx, &taken, Some(reason)).await?;
        }
        Ok(())
    }

    /// Stores a message that ended without reaching anybody: gives its reservation back, and notes
    /// on its invoices why the step was kept out, if it was.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn ended_in_tx(
        &mut self,
        tx: &mut Tx,
        ended: &Message,
        kept_out: Option<Reason>,
    ) -> Result<(), DbError> {
        message::update_in_tx(tx, self.tenant, ended).await?;
        frequency::give_back_in_tx(tx, self.tenant, ended.message_id.uuid()).await?;
        self.note(ended);
        let suppressed = kept_out.filter(|_| ended.state == MessageState::Suppressed);
        let not_done = ended.reason.filter(|reason| *reason == Reason::NotDone);
        if let Some(reason) = suppressed.or(not_done) {
            note_kept_out(ended, &mut self.invoices, reason);
            self.touch_all(ended.invoice_ids());
        }
        Ok(())
    }

    /// Notes where a message stands by now.
    pub fn note(&mut self, changed: &Message) {
        self.messages.retain(|(id, _)| *id != changed.message_id);
        self.messages.push((changed.message_id, changed.on_case()));
    }

    /// The sums of some lines, which are not too large to be added up: they were when the message
    /// was made.
    ///
    /// # Errors
    /// [`DbError`] when they are after all.
    pub fn totals(totals: Result<Vec<Total>, MoneyError>) -> Result<Vec<Total>, DbError> {
        row::read("asked_amount", totals)
    }

    /// A task about the case with nothing told but what it is about.
    #[must_use]
    pub fn new_task(&self, kind: TaskKind) -> NewTask {
        NewTask {
            task_id: TaskId::new(Uuid::now_v7()),
            kind,
            due_date: self.today(),
            permitted: None,
            message_id: None,
            promise_id: None,
            step_code: None,
            invoice_ids: Vec::new(),
            at: self.now,
        }
    }
}
