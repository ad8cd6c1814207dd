//! The end of a change: case, invoices and events are written, and the case's one timer stands where
//! the plan says, or earlier where a fact changed that may set a kept-out step free.

use std::collections::BTreeMap;

use calendar::Timestamp;
use postgres::{DbError, TenantId, Tx};
use timers::Scheduled;
use uuid::Uuid;

use super::CaseFile;
use crate::domain::id::CaseId;
use crate::domain::invoice::CaseInvoice;
use crate::domain::plan::{Planning, look_again, next_action};
use crate::domain::reason::Reason;
use crate::domain::situation::Situation;
use crate::events::outbound;
use crate::store::{case, case_invoice};

/// The kind of the timer of a case.
pub const LOOK: &str = "case_look";

impl CaseFile {
    /// What a plan makes of the case as it stands.
    fn planned<T>(&self, plan: impl Fn(&Planning<'_>) -> T) -> T {
        let messages = self.messages_but(None);
        let strategy = self.strategy();
        plan(&Planning {
            situation: Situation {
                invoices: &self.invoices,
                holds: &self.holds,
                unapplied: &self.unapplied,
                messages: &messages,
                last_message: self.last_message(),
            },
            strategy: strategy
                .as_ref()
                .map(|(version, ladder)| (*version, ladder)),
            promises: &self.promises,
            zones: &self.zones,
            policy: self.policy(self.today()),
            now: self.now,
        })
    }

    /// Writes what changed because of a fact, announces it, plans anew and moves the case's timer.
    /// `traceparent` is the trace context of the cause, or empty.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn save_in_tx(
        mut self,
        tx: &mut Tx,
        traceparent: &str,
    ) -> Result<Option<Scheduled>, DbError> {
        let planned = self.write_in_tx(tx, traceparent).await?;
        let due = [planned, self.planned(look_again)]
            .into_iter()
            .flatten()
            .min();
        let (tenant, case_id) = (self.tenant, self.case.case_id.uuid());
        match due {
            // It stands so already: a claim since then waits for us, and sees what we wrote.
            Some(due) if self.look_time == Some(due) => Ok(None),
            Some(due) => {
                let timer = timers::schedule_in_tx(tx, tenant, LOOK, case_id, due).await?;
                Ok(Some(timer))
            }
            None => {
                if self.has_timer {
                    timers::cancel_in_tx(tx, tenant, LOOK, case_id).await?;
                }
                Ok(None)
            }
        }
    }

    /// [`CaseFile::save_in_tx`] for the job of the case's own timer, which settles it itself: tells
    /// when the case is looked at next.
    ///
    /// # Errors
    /// [`DbError`] of the statements.
    pub async fn write_in_tx(
        &mut self,
        tx: &mut Tx,
        traceparent: &str,
    ) -> Result<Option<Timestamp>, DbError> {
        let touched = |one: &&CaseInvoice| self.touched.contains(&one.invoice_id);
        let touched: Vec<&CaseInvoice> = self.invoices.iter().filter(touched).collect();
        case_invoice::save_all_in_tx(tx, self.tenant, &touched).await?;
        let planned = self.planned(next_action);
        let events = std::mem::take(&mut self.events);
        let (tenant, next) = (self.tenant, planned.as_ref());
        let first = case::save_in_tx(tx, tenant, &self.case, next, events.len()).await?;
        outbound::announce_in_tx(tx, tenant, traceparent, self.now, first, &events).await?;
        Ok(planned.map(|next| next.action_time))
    }
}

/// Looks at every case again in which a step was kept out for one of these reasons: at `due`, as when
/// a contact policy comes into force.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn look_again_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    reasons: &[Reason],
    due: Timestamp,
) -> Result<Vec<Scheduled>, DbError> {
    let cases = case_invoice::cases_kept_out_in_tx(tx, tenant, reasons).await?;
    schedule_in_tx(tx, tenant, cases, due).await
}

/// Looks at every case again on which something is owed: at `due`, as when another strategy is in
/// force. The cases are locked, those that others open waited for: whoever planned one by what was in
/// force before has done so by now, and whoever plans one later sees what this transaction wrote.
///
/// # Errors
/// [`DbError`] of the statements.
pub async fn look_at_all_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    due: Timestamp,
) -> Result<Vec<Scheduled>, DbError> {
    case::lock_openings_in_tx(tx, tenant).await?;
    let cases = case::lock_open_in_tx(tx, tenant).await?;
    schedule_in_tx(tx, tenant, cases, due).await
}

async fn schedule_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    cases: Vec<CaseId>,
    due: Timestamp,
) -> Result<Vec<Scheduled>, DbError> {
    let due_times: BTreeMap<Uuid, Timestamp> = cases
        .into_iter()
        .map(|case_id| (case_id.uuid(), due))
        .collect();
    timers::schedule_all_in_tx(tx, tenant, LOOK, &due_times).await
}
