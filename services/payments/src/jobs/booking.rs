//! Setting money of receipts aside, and booking what invoicing answered. Each function writes what
//! it decides as a whole: receipts, applications, cash and announcements, in the caller's
//! transaction, in which the receipts are locked. Must not ask: the answers are brought.

use std::collections::BTreeMap;

use events::{NewEvent, append_in_tx};
use jiff::Timestamp;
use jiff::civil::Date;
use opentelemetry::KeyValue;
use postgres::{TenantId, Tx};
use runtime::Refusal;
use uuid::Uuid;

use super::settle_bank_lines::settle_in_tx;
use crate::app::App;
use crate::domain::{
    AnswerError, ApplicationAnswer, ApplicationId, ApplicationOrder, Coded as _, CustomerId,
    DomainEvent, Receipt, ReceiptApplication, ReceiptEntry, ReceiptId, ReceiptReversalOrder,
    ReversalAnswer, Share, Stamp,
};
use crate::events::outbound::{announce, announce_cash};
use crate::rpc::error;
use crate::store;
use crate::store::ledger::Change;
use crate::store::receipt_application::Driver;

/// For whom and when is booked.
#[derive(Clone, Copy)]
pub struct Books<'a> {
    app: &'a App,
    tenant: TenantId,
    traceparent: &'a str,
    now: Timestamp,
}

/// Locked receipts, by identity.
pub type Receipts = BTreeMap<ReceiptId, Receipt>;

/// What booking did to one receipt.
struct Booked {
    before: Share,
    entries: Vec<ReceiptEntry>,
}

impl<'a> Books<'a> {
    /// Books for `tenant`, at this moment; `traceparent` is that of the call which caused it.
    #[must_use]
    pub fn new(app: &'a App, tenant: TenantId, traceparent: &'a str) -> Self {
        Self {
            app,
            tenant,
            traceparent,
            now: app.clock.now(),
        }
    }

    /// Does `work` with a stamp of now and a source of fresh identities.
    pub fn stamped<T>(&self, work: impl FnOnce(&mut Stamp<'_>) -> T) -> T {
        self.app.stamped(work)
    }

    /// What the handlers work with.
    #[must_use]
    pub const fn app(&self) -> &'a App {
        self.app
    }

    /// Says whose money a locked receipt is. Nothing happens where that was known.
    ///
    /// # Errors
    /// The refusal of the rules, or the database's.
    pub async fn assign_in_tx(
        &self,
        tx: &mut Tx,
        receipt: &mut Receipt,
        customer_id: CustomerId,
    ) -> Result<(), Refusal> {
        let before = receipt.share();
        let assigned = receipt.assign(customer_id);
        let refused = |refused| error::receipt_refused(receipt.receipt_id, &refused, "");
        let Some(assigned) = assigned.map_err(refused)? else {
            return Ok(());
        };
        let entries = &[];
        let change = Change {
            receipt,
            before,
            entries,
        };
        let cash = store::ledger::change_in_tx(tx, self.tenant, &[change]).await?;
        let previous_customer_id = assigned.previous_customer_id;
        let event = DomainEvent::ReceiptAssigned {
            receipt,
            previous_customer_id,
        };
        let mut told = vec![announce(self.now, &event)];
        told.extend(announce_cash(self.now, &cash));
        append_in_tx(tx, self.tenant, self.traceparent, &told).await?;
        Ok(())
    }

    /// Begins to take a locked receipt back: its applications are to be asked of invoicing.
    ///
    /// # Errors
    /// The refusal of the rules, or the database's.
    pub async fn start_reversal_in_tx(
        &self,
        tx: &mut Tx,
        receipt: &mut Receipt,
        order: ReceiptReversalOrder,
        today: Date,
        operation_id: Uuid,
    ) -> Result<(), Refusal> {
        let receipt_id = receipt.receipt_id;
        let of_receipt = store::receipt_application::of_receipt_in_tx(tx, self.tenant, receipt_id);
        let (before, mut applications) = (receipt.share(), of_receipt.await?);
        let started =
            self.stamped(|stamp| receipt.start_reversal(&mut applications, order, today, stamp));
        started.map_err(|refused| error::receipt_refused(receipt_id, &refused, "reversal_date"))?;
        let marked: Vec<&ReceiptApplication> = applications
            .iter()
            .filter(|one| one.is_on_its_way())
            .collect();
        let entries = &[];
        let change = Change {
            receipt,
            before,
            entries,
        };
        store::ledger::change_in_tx(tx, self.tenant, &[change]).await?;
        store::receipt_application::update_all_in_tx(tx, self.tenant, &marked).await?;
        if let Some(reversal) = &receipt.reversal {
            let (tenant, id) = (self.tenant, operation_id);
            store::receipt_reversal::insert_in_tx(tx, tenant, receipt_id, reversal, id).await?;
        }
        Ok(())
    }

    /// Counts what was booked; called after the commit, as a transaction may be done again.
    pub fn count(&self, booked: &[ReceiptApplication]) {
        for application in booked {
            let state = KeyValue::new("state", application.state.code());
            self.app.metrics.booked_answers.add(1, &[state]);
        }
    }

    /// Sets money of a locked receipt aside for an application.
    ///
    /// # Errors
    /// The refusal of the rules, or the database's.
    pub async fn reserve_in_tx(
        &self,
        tx: &mut Tx,
        receipt: &mut Receipt,
        order: ApplicationOrder,
        driver: Driver,
    ) -> Result<ReceiptApplication, Refusal> {
        let before = receipt.share();
        let reserved = self
            .app
            .stamped(|stamp| ReceiptApplication::reserve(receipt, order, stamp));
        let (application, entry) = reserved.map_err(|refused| {
            error::receipt_refused(receipt.receipt_id, &refused, "receipt_date")
        })?;
        let change = Change {
            receipt,
            before,
            entries: &[entry],
        };
        let cash = store::ledger::change_in_tx(tx, self.tenant, &[change]).await?;
        let reserved = [(&application, driver)];
        store::receipt_application::insert_all_in_tx(tx, self.tenant, &reserved).await?;
        let told = announce_cash(self.now, &cash);
        append_in_tx(tx, self.tenant, self.traceparent, &told).await?;
        Ok(application)
    }

    /// Books invoicing's answers to applications of locked receipts. What was booked before is left
    /// as it is. Answers with what was booked now.
    ///
    /// # Errors
    /// INTERNAL for an answer that does not add up, or the database's.
    pub async fn book_in_tx(
        &self,
        tx: &mut Tx,
        receipts: &mut Receipts,
        answers: &BTreeMap<ApplicationId, ApplicationAnswer>,
    ) -> Result<Vec<ReceiptApplication>, Refusal> {
        let book = |application: &mut ReceiptApplication, receipt: &mut Receipt| {
            let answer = answers.get(&application.application_id).cloned();
            let answer = answer.ok_or(AnswerError::AlreadyBooked)?;
            application.book(receipt, answer, self.now)
        };
        let ids: Vec<ApplicationId> = answers.keys().copied().collect();
        self.each_in_tx(tx, receipts, &ids, book).await
    }

    /// Books that invoicing took applications of locked receipts back. What was booked before is
    /// left as it is. Answers with what was booked now.
    ///
    /// # Errors
    /// INTERNAL where invoicing refuses or contradicts itself, or the database's.
    pub async fn take_back_in_tx(
        &self,
        tx: &mut Tx,
        receipts: &mut Receipts,
        answers: &BTreeMap<ApplicationId, ReversalAnswer>,
    ) -> Result<Vec<ReceiptApplication>, Refusal> {
        let book = |application: &mut ReceiptApplication, receipt: &mut Receipt| {
            let answer = answers.get(&application.application_id).cloned();
            let answer = answer.ok_or(AnswerError::AlreadyBooked)?;
            application.book_reversal(receipt, answer, self.now)
        };
        let ids: Vec<ApplicationId> = answers.keys().copied().collect();
        self.each_in_tx(tx, receipts, &ids, book).await
    }

    /// Returns the money of a locked receipt that is being taken back, once none of its
    /// applications stands.
    ///
    /// # Errors
    /// INTERNAL where some money is elsewhere, or the database's.
    pub async fn return_in_tx(&self, tx: &mut Tx, receipt: &mut Receipt) -> Result<(), Refusal> {
        let before = receipt.share();
        let returned = receipt.complete_reversal(self.now);
        let Some(entry) = returned.map_err(Refusal::internal)? else {
            return Ok(());
        };
        let change = Change {
            receipt,
            before,
            entries: &[entry],
        };
        let cash = store::ledger::change_in_tx(tx, self.tenant, &[change]).await?;
        let mut told = vec![announce(
            self.now,
            &DomainEvent::ReceiptReversed { receipt },
        )];
        told.extend(announce_cash(self.now, &cash));
        append_in_tx(tx, self.tenant, self.traceparent, &told).await?;
        Ok(())
    }

    async fn each_in_tx(
        &self,
        tx: &mut Tx,
        receipts: &mut Receipts,
        ids: &[ApplicationId],
        book: impl Fn(&mut ReceiptApplication, &mut Receipt) -> Result<Vec<ReceiptEntry>, AnswerError>,
    ) -> Result<Vec<ReceiptApplication>, Refusal> {
        let found = store::receipt_application::find_all_in_tx(tx, self.tenant, ids).await?;
        let mut done: BTreeMap<ReceiptId, Booked> = BTreeMap::new();
        let (mut applications, mut told) = (Vec::new(), Vec::new());
        for mut application in found {
            let Some(receipt) = receipts.get_mut(&application.receipt_id) else {
                return Err(Refusal::internal(
                    "an application of a receipt that is not locked",
                ));
            };
            let before = receipt.share();
            let entries = match book(&mut application, receipt) {
                Ok(entries) => entries,
                Err(AnswerError::AlreadyBooked) => continue,
                Err(error) => return Err(error.into()),
            };
            told.extend(self.told(&application, receipt));
            let nothing = || Booked {
                before,
                entries: Vec::new(),
            };
            let booked = done.entry(receipt.receipt_id).or_insert_with(nothing);
            booked.entries.extend(entries);
            applications.push(application);
        }
        self.write_in_tx(tx, receipts, &done, &applications, told)
            .await?;
        settle_in_tx(self.app, tx, self.tenant, &applications).await?;
        Ok(applications)
    }

    async fn write_in_tx(
        &self,
        tx: &mut Tx,
        receipts: &Receipts,
        done: &BTreeMap<ReceiptId, Booked>,
        applications: &[ReceiptApplication],
        mut told: Vec<NewEvent>,
    ) -> Result<(), Refusal> {
        if done.is_empty() {
            return Ok(());
        }
        let changes: Vec<Change<'_>> = done
            .iter()
            .filter_map(|(receipt_id, booked)| {
                Some(Change {
                    receipt: receipts.get(receipt_id)?,
                    before: booked.before,
                    entries: &booked.entries,
                })
            })
            .collect();
        let cash = store::ledger::change_in_tx(tx, self.tenant, &changes).await?;
        let changed: Vec<&ReceiptApplication> = applications.iter().collect();
        store::receipt_application::update_all_in_tx(tx, self.tenant, &changed).await?;
        told.extend(announce_cash(self.now, &cash));
        append_in_tx(tx, self.tenant, self.traceparent, &told).await?;
        Ok(())
    }

    /// The announcement of what was booked, with the receipt as it is after it.
    fn told(&self, application: &ReceiptApplication, receipt: &Receipt) -> Option<NewEvent> {
        let event = DomainEvent::of_answer(application, receipt)?;
        Some(announce(self.now, &event))
    }
}
