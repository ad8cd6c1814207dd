//! ApplyCredits: money settles open items, a batch in one transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::invoicing::apply_credits_result::Outcome;
use contracts::invoicing::{ApplyCreditsRequest, ApplyCreditsResponse, ApplyCreditsResult};
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
    Application, ApplicationId, ApplyError, CreditApplication, Customer, CustomerId, Grant,
    GrantedTolerance, InvoiceBalance, InvoicingEvent, Receivable, Stamp, apply,
};
use crate::events::outbound::announce_all;
use crate::rpc::error;
use crate::rpc::wire::application::application_to_wire;
use crate::rpc::wire::application_order::{Asked, applications_from_wire};
use crate::rpc::wire::balance::balances_to_wire;
use crate::store;
use crate::store::application::StoredAnswer;
use crate::store::receivable::Wanted;

type Applied = (Application, Vec<InvoiceBalance>);
type Item = Answered<ApplyCreditsResult, Applied>;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. lock everything the batch may
///    settle, and only then look which ids were answered before; 4. decide on the others, one after
///    the other; 5. store answers, balances, events and audit entry together.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ApplyCreditsRequest,
) -> Result<Answer<ApplyCreditsResponse>, Refusal> {
    let now = app.clock.now();
    let asked = applications_from_wire(&request.applications)?;
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
        let answer = ApplyCreditsResponse { results };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        fault::point("invoicing.apply_credits.before_commit");
        tx.commit().await?;
        fault::point("invoicing.apply_credits.committed");
        answered::count(&app.metrics.applications, &items);
        Ok(Answer::new(answer))
    })
    .await
}

/// What a batch is decided on, as it is under the locks.
struct Batch {
    /// Every invoice that is named, and for a rule all that is open of its customer.
    book: Vec<Receivable>,
    /// The answers that ids of the batch have.
    answers: BTreeMap<ApplicationId, StoredAnswer>,
    grants: BTreeMap<CustomerId, Vec<Grant>>,
}

impl Batch {
    async fn lock_in_tx(
        tx: &mut Tx,
        tenant: TenantId,
        asked: &[Asked<CreditApplication>],
    ) -> Result<Self, DbError> {
        let mut wanted = Wanted::default();
        for Asked { order, .. } in asked {
            wanted.add(order.customer_id, order.amount.currency(), &order.target);
        }
        let ids: Vec<_> = asked.iter().map(|one| one.order.application_id).collect();
        let customers: Vec<_> = asked.iter().map(|one| one.order.customer_id).collect();
        // What needs no lock comes first: what is locked is kept from others from then on.
        let grants = store::customer::grants_in_tx(tx, tenant, &customers).await?;
        Ok(Self {
            book: store::receivable::lock_in_tx(tx, tenant, &wanted).await?,
            answers: store::application::answers_in_tx(tx, tenant, &ids).await?,
            grants,
        })
    }

    fn decide(
        &mut self,
        asked: &[Asked<CreditApplication>],
        now: Timestamp,
    ) -> Result<Vec<Item>, Refusal> {
        let mut new_id = Uuid::now_v7;
        let mut stamp = Stamp::new(now, &mut new_id);
        let decide = |one| self.decide_one(one, &mut stamp);
        asked.iter().map(decide).collect()
    }

    fn decide_one(
        &mut self,
        asked: &Asked<CreditApplication>,
        stamp: &mut Stamp,
    ) -> Result<Item, Refusal> {
        let order = &asked.order;
        if let Some(stored) = self.answers.get(&order.application_id) {
            let before = answered::again(stored, &asked.fingerprint)?;
            let reused = || refused(order, error::application_id_reused());
            return Ok(Answered::Before(before.unwrap_or_else(reused)));
        }
        let tolerance = self.tolerance(order);
        match apply(order, &mut self.book, &tolerance, stamp) {
            Ok(applied) => Ok(Answered::Now {
                result: done(&applied),
                done: Some(applied),
            }),
            Err(ApplyError::Refused(reason)) => Ok(Answered::Now {
                result: refused(order, error::application_refused(&reason)),
                done: None,
            }),
            Err(ApplyError::Ledger(fault)) => Err(Refusal::internal(fault)),
        }
    }

    /// The tolerance for money of the receipt date. Who was granted nothing has none; nor has who is
    /// not known here, of whom there is no invoice to be settled either.
    fn tolerance(&self, order: &CreditApplication) -> GrantedTolerance {
        let grants = self.grants.get(&order.customer_id);
        let customer = Customer {
            customer_id: order.customer_id,
            external_id: None,
            grants: grants.cloned().unwrap_or_default(),
        };
        customer.tolerance_on(order.receipt_date)
    }

    /// # Errors
    /// ABORTED (LOST_RACE) when a twin of the batch, with which it shared no lock, was faster.
    async fn save_in_tx(
        &mut self,
        tx: &mut Tx,
        tenant: TenantId,
        asked: &[Asked<CreditApplication>],
        items: &[Item],
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let is_new = |(_, item): &(&Asked<CreditApplication>, &Item)| !item.is_before();
        let new: Vec<_> = asked
            .iter()
            .zip(items)
            .filter(is_new)
            .map(|(asked, item)| store::application::Answered {
                order: &asked.order,
                fingerprint: asked.fingerprint,
                application: item.done().map(|(application, _)| application),
                answer: item.result().encode_to_vec(),
                time: now,
            })
            .collect();
        if !store::application::insert_in_tx(tx, tenant, &new).await? {
            return Err(Refusal::stale("LOST_RACE"));
        }
        let mut changed = store::receivable::unsaved(&mut self.book);
        Ok(store::receivable::save_in_tx(tx, tenant, &mut changed).await?)
    }
}

/// Announces every application, and leaves the audit entry of the batch.
async fn tell_in_tx(
    tx: &mut Tx,
    call: &Call,
    items: &[Item],
    now: Timestamp,
) -> Result<(), Refusal> {
    let applied: Vec<&Applied> = items.iter().filter_map(Item::done).collect();
    let event = |(application, balances_after): &&Applied| InvoicingEvent::ApplicationApplied {
        application: Box::new(application.clone()),
        balances_after: balances_after.clone(),
    };
    let told: Vec<_> = applied.iter().map(event).collect();
    let told = announce_all(now, &told).map_err(Refusal::internal)?;
    append_in_tx(tx, call.tenant(), call.traceparent(), &told).await?;
    let id = |(application, _): &&Applied| application.application_id.0.to_string();
    let ids: Vec<_> = applied.iter().map(id).collect();
    let facts = json!({ "applied": ids, "items": items.len() });
    Ok(audit::record_in_tx(tx, &call.audit("applications", facts, now)).await?)
}

fn done((application, balances): &Applied) -> ApplyCreditsResult {
    ApplyCreditsResult {
        application_id: application.application_id.0.to_string(),
        outcome: Some(Outcome::Application(application_to_wire(application))),
        balances_after: balances_to_wire(balances),
    }
}

fn refused(order: &CreditApplication, refusal: Refusal) -> ApplyCreditsResult {
    ApplyCreditsResult {
        application_id: order.application_id.0.to_string(),
        outcome: Some(Outcome::Refusal(refusal.into_item(SERVICE))),
        balances_after: Vec::new(),
    }
}
