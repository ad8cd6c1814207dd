//! ReverseApplications: money applied is taken back, a batch in one transaction. The mirror of
//! ApplyCredits.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::invoicing::reverse_applications_result::Outcome;
use contracts::invoicing::{
    ReverseApplicationsRequest, ReverseApplicationsResponse, ReverseApplicationsResult,
};
use events::append_in_tx;
use jiff::Timestamp;
use postgres::idempotency::{self, Begun};
use postgres::{DbError, TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal, fault};
use serde_json::json;
use uuid::Uuid;

use super::answered::{self, Answered};
use crate::SERVICE;
use crate::app::App;
use crate::domain::{
    Application, ApplicationId, ApplicationReversal, InvoiceBalance, InvoiceEntry, InvoicingEvent,
    Receivable, ReversalId, ReversalOrder, ReverseError, Stamp, reverse,
};
use crate::events::outbound::announce_all;
use crate::rpc::error;
use crate::rpc::wire::application::reversal_to_wire;
use crate::rpc::wire::application_order::{Asked, reversals_from_wire};
use crate::rpc::wire::balance::balances_to_wire;
use crate::store;
use crate::store::application::StoredAnswer;
use crate::store::receivable::Wanted;

type Reversed = (Application, Vec<InvoiceBalance>);
type Item = Answered<ReverseApplicationsResult, Reversed>;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock what the applications
///    settled, then the applications, and only then look which ids were answered before; 4. decide on
///    the others, one after the other; 5. store answers, balances, events and audit entry together.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReverseApplicationsRequest,
) -> Result<Answer<ReverseApplicationsResponse>, Refusal> {
    let now = app.clock.now();
    let asked = reversals_from_wire(&request.reversals)?;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let mut batch = Batch::lock_in_tx(&mut tx, call.tenant(), &asked).await?;
        let items = batch.decide(&asked, now)?;
        batch
            .save_in_tx(&mut tx, call.tenant(), &asked, &items, now)
            .await?;
        tell_in_tx(&mut tx, &call, &items, now).await?;
        let results = items.iter().map(|item| item.result().clone()).collect();
        let answer = ReverseApplicationsResponse { results };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        fault::point("invoicing.reverse_applications.before_commit");
        tx.commit().await?;
        fault::point("invoicing.reverse_applications.committed");
        answered::count(&app.metrics.reversals, &items);
        Ok(Answer::new(answer))
    })
    .await
}

/// What a batch is decided on, as it is under the locks.
struct Batch {
    /// Every invoice that the applications settled anything of, and its stored history.
    book: Vec<Receivable>,
    history: Vec<InvoiceEntry>,
    applications: BTreeMap<ApplicationId, Application>,
    /// The answers that ids of the batch have.
    answers: BTreeMap<ReversalId, StoredAnswer>,
}

impl Batch {
    async fn lock_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        asked: &[Asked<ReversalOrder>],
    ) -> Result<Self, DbError> {
        let ids: Vec<_> = asked.iter().map(|one| one.order.reversal_id).collect();
        let applied: Vec<_> = asked.iter().map(|one| one.order.application_id).collect();
        let invoices = store::application::invoices_of_in_tx(tx, tenant, &applied).await?;
        let wanted = Wanted {
            invoices: invoices.iter().copied().collect(),
            ..Wanted::default()
        };
        Ok(Self {
            book: store::receivable::lock_in_tx(tx, tenant, &wanted).await?,
            applications: store::application::lock_in_tx(tx, tenant, &applied).await?,
            history: store::receivable::history_in_tx(tx, tenant, &invoices).await?,
            answers: store::application::reversal_answers_in_tx(tx, tenant, &ids).await?,
        })
    }

    fn decide(
        &mut self,
        asked: &[Asked<ReversalOrder>],
        now: Timestamp,
    ) -> Result<Vec<Item>, Refusal> {
        let mut new_id = Uuid::now_v7;
        let mut stamp = Stamp::new(now, &mut new_id);
        let decide = |one| self.decide_one(one, &mut stamp);
        asked.iter().map(decide).collect()
    }

    fn decide_one(
        &mut self,
        asked: &Asked<ReversalOrder>,
        stamp: &mut Stamp,
    ) -> Result<Item, Refusal> {
        let order = asked.order;
        let refuse = |refusal| Answered::Now {
            result: refused(order, refusal),
            done: None,
        };
        if let Some(stored) = self.answers.get(&order.reversal_id) {
            let before = answered::again(stored, &asked.fingerprint)?;
            let reused = || refused(order, error::reversal_id_reused());
            return Ok(Answered::Before(before.unwrap_or_else(reused)));
        }
        let Some(application) = self.applications.get_mut(&order.application_id) else {
            return Ok(refuse(error::application_not_found(order.application_id)));
        };
        match reverse(order, application, &mut self.book, &self.history, stamp) {
            Ok(balances) => {
                let reversed = (application.clone(), balances);
                let result = done(order, &reversed);
                let done = Some(reversed);
                Ok(Answered::Now { result, done })
            }
            Err(ReverseError::Ledger(fault)) => Err(Refusal::internal(fault)),
            Err(reason) => Ok(refuse(error::reversal_refused(
                order.application_id,
                &reason,
            ))),
        }
    }

    /// # Errors
    /// ABORTED (LOST_RACE) when a twin of the batch, with which it shared no lock, was faster.
    async fn save_in_tx(
        &mut self,
        tx: &mut Tx,
        tenant: TenantId,
        asked: &[Asked<ReversalOrder>],
        items: &[Item],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_new = |(_, item): &(&Asked<ReversalOrder>, &Item)| !item.is_before();
        let new: Vec<_> = asked
            .iter()
            .zip(items)
            .filter(is_new)
            .map(|(asked, item)| store::application::AnsweredReversal {
                order: &asked.order,
                fingerprint: asked.fingerprint,
                reversal: item.done().and_then(reversal_of),
                answer: item.result().encode_to_vec(),
                time: now,
            })
            .collect();
        if !store::application::insert_reversals_in_tx(tx, tenant, &new).await? {
            return Err(Refusal::stale("LOST_RACE"));
        }
        let mut changed = store::receivable::unsaved(&mut self.book);
        Ok(store::receivable::save_in_tx(tx, tenant, &mut changed).await?)
    }
}

/// Announces every reversal, and leaves the audit entry of the batch.
async fn tell_in_tx(
    tx: &mut Tx,
    call: &Call,
    items: &[Item],
    now: Timestamp,
) -> Result<(), Refusal> {
    let reversed: Vec<&Reversed> = items.iter().filter_map(Item::done).collect();
    let event = |(application, balances_after): &&Reversed| InvoicingEvent::ApplicationReversed {
        application: Box::new(application.clone()),
        balances_after: balances_after.clone(),
    };
    let told: Vec<_> = reversed.iter().map(event).collect();
    let told = announce_all(now, &told).map_err(Refusal::internal)?;
    append_in_tx(tx, call.tenant(), call.traceparent(), &told).await?;
    let id = |(application, _): &&Reversed| application.application_id.0.to_string();
    let ids: Vec<_> = reversed.iter().map(id).collect();
    let facts = json!({ "reversed": ids, "items": items.len() });
    Ok(audit::record_in_tx(tx, &call.audit("applications", facts, now)).await?)
}

const fn reversal_of((application, _): &Reversed) -> Option<&ApplicationReversal> {
    application.reversal.as_ref()
}

fn done(order: ReversalOrder, reversed: &Reversed) -> ReverseApplicationsResult {
    let reversal = reversal_of(reversed).map(reversal_to_wire);
    ReverseApplicationsResult {
        reversal_id: order.reversal_id.0.to_string(),
        outcome: reversal.map(Outcome::Reversal),
        balances_after: balances_to_wire(&reversed.1),
    }
}

fn refused(order: ReversalOrder, refusal: Refusal) -> ReverseApplicationsResult {
    ReverseApplicationsResult {
        reversal_id: order.reversal_id.0.to_string(),
        outcome: Some(Outcome::Refusal(refusal.into_item(SERVICE))),
        balances_after: Vec::new(),
    }
}
