//! Everything that is known of one case, opened under the lock of its row and written back in one go:
//! the way in which feeds, jobs and RPCs change a case.
//!
//! 1. [`CaseFile::lock_in_tx`] locks the case's row, as every sender and every placement does, and
//!    reads what bears on it.
//! 2. The domain decides; what changed is noted in the file ([`CaseFile::tell`],
//!    [`CaseFile::touch`]), or written at once where it has a table of its own (holds, tasks).
//! 3. [`CaseFile::save_in_tx`] writes case and invoices, announces the events, plans anew and moves
//!    the timer of the case.
//!
//! Must not decide anything that the domain decides, and must not commit.

mod changes;
mod holds;
mod looking;
mod messages;
mod plan;
mod promises;
mod promising;
mod reading;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use calendar::{Date, Timestamp};
use money::{Currency, Money};
use postgres::{DbError, TenantId, Tx};

pub use looking::Asked;
pub use plan::{LOOK, look_again_in_tx, look_at_all_in_tx};

use super::case;
use crate::domain::case::Case;
use crate::domain::consent::Consent;
use crate::domain::contact::{ContactPolicy, policy_for};
use crate::domain::debtor::Debtor;
use crate::domain::event::DomainEvent;
use crate::domain::hold::Hold;
use crate::domain::id::{CaseId, CustomerId, InvoiceId, MessageId};
use crate::domain::invoice::CaseInvoice;
use crate::domain::ladder::Ladder;
use crate::domain::promise::Promise;
use crate::domain::situation::MessageOnCase;
use crate::domain::strategy::{StrategyVersion, serving};
use crate::domain::zones::Zones;

/// What is known of a case.
#[derive(Debug)]
pub struct CaseFile {
    /// Whose it is.
    pub tenant: TenantId,
    /// Now, by the business clock.
    pub now: Timestamp,
    /// Real time when the case was read, by the database's clock: leases are counted in it.
    pub real_now: Timestamp,
    /// The case.
    pub case: Case,
    /// The customer; none while the feed has not told of them: then nothing is done to them.
    pub debtor: Option<Debtor>,
    /// The zones in which the customer may be.
    pub zones: Zones,
    /// The invoices on which something is owed, and those that were looked up besides.
    pub invoices: Vec<CaseInvoice>,
    /// The holds in force.
    pub holds: Vec<Hold>,
    /// The customer's cash that is not applied yet.
    pub unapplied: BTreeMap<Currency, Money>,
    /// The promises, judged ones too: all of them where one runs, or once they were looked up.
    pub promises: Vec<Promise>,
    /// Whether there are promises, all of them judged, that were not looked up.
    has_unread_promises: bool,
    /// Messages of the day or later, and those that are not at their end.
    messages: Vec<(MessageId, MessageOnCase)>,
    /// The strategies in force.
    strategies: Vec<StrategyVersion>,
    /// The contact policies that may count for the customer.
    policies: Vec<ContactPolicy>,
    /// What the customer said about channels.
    consents: Vec<Consent>,
    /// Whether a task of the case is open.
    has_open_task: bool,
    /// Whether the case has a timer.
    has_timer: bool,
    /// When it is looked at next, as it stands; none too while somebody is at it.
    look_time: Option<Timestamp>,
    touched: BTreeSet<InvoiceId>,
    events: Vec<DomainEvent>,
}

impl CaseFile {
    /// Locks a case until the transaction ends, and reads what bears on it.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn lock_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        case_id: CaseId,
        now: Timestamp,
    ) -> Result<Option<Self>, DbError> {
        match case::lock_in_tx(tx, tenant, case_id).await? {
            Some(case) => Ok(Some(reading::of_case_in_tx(tx, tenant, case, now).await?)),
            None => Ok(None),
        }
    }

    /// Locks the case of a message until the transaction ends, and reads what bears on it.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn lock_of_message_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        message_id: MessageId,
        now: Timestamp,
    ) -> Result<Option<Self>, DbError> {
        match case::lock_of_message_in_tx(tx, tenant, message_id).await? {
            Some(case) => Ok(Some(reading::of_case_in_tx(tx, tenant, case, now).await?)),
            None => Ok(None),
        }
    }

    /// Locks the case of a customer until the transaction ends, and reads what bears on it. None: the
    /// customer has no case, and nobody else opens one before the transaction ends.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn lock_of_customer_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        customer_id: CustomerId,
        now: Timestamp,
    ) -> Result<Option<Self>, DbError> {
        let mut found = case::lock_of_customer_in_tx(tx, tenant, customer_id).await?;
        if found.is_none() {
            case::lock_opening_in_tx(tx, tenant, customer_id).await?;
            found = case::lock_of_customer_in_tx(tx, tenant, customer_id).await?;
        }
        match found {
            Some(case) => Ok(Some(reading::of_case_in_tx(tx, tenant, case, now).await?)),
            None => Ok(None),
        }
    }

    /// Reads what bears on a case without locking it: for looking only.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn read_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        case_id: CaseId,
        now: Timestamp,
    ) -> Result<Option<Self>, DbError> {
        match case::find_in_tx(tx, tenant, case_id).await? {
            Some((case, _)) => Ok(Some(reading::of_case_in_tx(tx, tenant, case, now).await?)),
            None => Ok(None),
        }
    }

    /// Today in the customer's zone.
    #[must_use]
    pub fn today(&self) -> Date {
        self.zones.local_date(self.now)
    }

    /// The strategy in force for the customer; none while they are not known.
    #[must_use]
    pub fn strategy(&self) -> Option<(&StrategyVersion, Ladder<'_>)> {
        let debtor = self.debtor.as_ref()?;
        let version = serving(&self.strategies, &debtor.segment)?;
        let ladder = Ladder::new(&version.definition, debtor.kind, &debtor.country_code);
        Some((version, ladder))
    }

    /// The contact policy that counts for the customer on a day.
    #[must_use]
    pub fn policy(&self, on: Date) -> Option<&ContactPolicy> {
        let debtor = self.debtor.as_ref()?;
        policy_for(&self.policies, &debtor.country_code, debtor.kind, on)
    }

    /// The messages that matter to the next one, but for `except`, the one that is being claimed.
    #[must_use]
    pub fn messages_but(&self, except: Option<MessageId>) -> Vec<MessageOnCase> {
        let others = self.messages.iter().filter(|(id, _)| Some(*id) != except);
        others.map(|(_, message)| message.clone()).collect()
    }

    /// The day of the customer's last message that left.
    #[must_use]
    pub fn last_message(&self) -> Option<Date> {
        let time = self.case.last_message_time;
        time.map(|time| self.zones.local_date(time))
    }

    /// Notes what happened, to be announced when the file is saved.
    pub fn tell(&mut self, events: impl IntoIterator<Item = DomainEvent>) {
        self.events.extend(events);
    }

    /// Notes that an invoice changed.
    pub fn touch(&mut self, invoice_id: InvoiceId) {
        self.touched.insert(invoice_id);
    }

    /// Notes that the invoices of a message changed.
    pub fn touch_all(&mut self, invoice_ids: impl IntoIterator<Item = InvoiceId>) {
        self.touched.extend(invoice_ids);
    }
}
