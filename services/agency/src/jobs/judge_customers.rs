//! One pass of the placement policy over many customers: a pager that keeps its place in the run's
//! row, some customers a transaction. Each customer is judged once: item, decision, placement, event
//! and the place commit together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use calendar::{Date, Timestamp};
use events::append_in_tx;
use money::Currency;
use postgres::{TenantId, Tx, retried};
use timers::{Claim, JobError, Settled};
use uuid::Uuid;

use crate::SERVICE;
use crate::app::App;
use crate::domain::agency::Agency;
use crate::domain::agreement::{Agreement, in_force};
use crate::domain::debt::{Debt, Debtor};
use crate::domain::event::Event;
use crate::domain::identity::{AgencyId, CustomerId, PlacementId, ProposalRunId};
use crate::domain::placement::{NewPlacement, Placement};
use crate::domain::placement_policy::{PolicyInForce, PolicyVersion};
use crate::domain::proposal::{Candidate, Judgement, ProposalOutcome, judge};
use crate::domain::proposal_run::ProposalRunState;
use crate::events::outbound::announce_all;
use crate::rpc::known;
use crate::store;
use crate::store::proposal_run::{Item, StoredRun};

/// The timer of a run that goes on.
pub const KIND: &str = "judge_customers";

/// Customers in one transaction.
const CUSTOMERS_AT_A_TIME: usize = 25;

/// The handler of the timer: some customers, then the timer again, until none is left.
///
/// # Errors
/// [`JobError`].
pub async fn run(app: Arc<App>, claim: Claim) -> Result<Settled, JobError> {
    let settled = retried(|| judge_some(&app, &claim)).await?;
    Ok(settled)
}

async fn judge_some(app: &App, claim: &Claim) -> Result<Settled, JobError> {
    let (tenant, at) = (claim.tenant, app.clock.now());
    let run_id = ProposalRunId::new(claim.subject_id);
    let mut tx = app.db.begin(tenant).await?;
    let found = store::proposal_run::lock_in_tx(&mut tx, tenant, run_id).await?;
    let Some(mut stored) = found.filter(|one| one.run.state == ProposalRunState::Running) else {
        let settled = timers::finish_in_tx(&mut tx, claim).await?;
        tx.commit().await?;
        return Ok(settled);
    };
    let pass = Pass::read_in_tx(app, &mut tx, tenant, &stored, at).await?;
    let limit = i64::try_from(CUSTOMERS_AT_A_TIME).unwrap_or(i64::MAX);
    let customers =
        store::proposal_run::next_customers_in_tx(&mut tx, tenant, &stored, limit).await?;
    let mut told = Vec::new();
    for &customer_id in &customers {
        let (judgements, events) = pass.judge_in_tx(&mut tx, &stored, customer_id).await?;
        stored.run.count(&judgements).map_err(JobError::failed)?;
        stored.last_customer_id = Some(customer_id);
        told.extend(events);
    }
    let is_last = customers.len() < CUSTOMERS_AT_A_TIME;
    if is_last {
        told.extend(stored.run.complete(at));
    }
    store::proposal_run::update_in_tx(&mut tx, tenant, &stored).await?;
    append_in_tx(&mut tx, tenant, "", &announce_all(tenant, at, &told)).await?;
    let settled = match is_last {
        true => timers::finish_in_tx(&mut tx, claim).await?,
        false => timers::reschedule_in_tx(&mut tx, claim, at).await?,
    };
    tx.commit().await?;
    Ok(settled)
}

/// What is the same for all customers of a transaction.
struct Pass<'a> {
    app: &'a App,
    tenant: TenantId,
    at: Timestamp,
    policy: PolicyVersion,
    external_ids: BTreeMap<AgencyId, Option<String>>,
    /// The agencies that take placements and have an agreement today, by currency.
    available: BTreeMap<Currency, BTreeSet<AgencyId>>,
}

impl<'a> Pass<'a> {
    async fn read_in_tx(
        app: &'a App,
        tx: &mut Tx,
        tenant: TenantId,
        stored: &StoredRun,
        at: Timestamp,
    ) -> Result<Self, JobError> {
        let version = stored.run.policy_version;
        let policy = store::placement_policy::find_version_in_tx(tx, tenant, version).await?;
        let policy = policy.ok_or_else(|| JobError::failed("the policy is not there"))?;
        let known = store::known_tenant::find_in_tx(tx, tenant).await?;
        let known = known.ok_or_else(|| JobError::later("the tenant is not known yet"))?;
        let named: Vec<AgencyId> = policy.definition.agencies().into_iter().collect();
        let agencies = store::agency::find_all_in_tx(tx, tenant, &named).await?;
        let agreements = store::agreement::of_agencies_in_tx(tx, tenant, &named).await?;
        let today = known.zone.local_date(at);
        let mut available: BTreeMap<Currency, BTreeSet<AgencyId>> = BTreeMap::new();
        for agency in agencies
            .iter()
            .filter(|one| one.check_takes_placements().is_ok())
        {
            let id = agency.agency_id;
            let own: Vec<_> = agreements
                .iter()
                .filter(|one| one.agency_id == id)
                .cloned()
                .collect();
            for currency in currencies_in_force(&own, today) {
                available.entry(currency).or_default().insert(id);
            }
        }
        let external_id = |agency: Agency| (agency.agency_id, agency.external_id);
        Ok(Self {
            app,
            tenant,
            at,
            policy,
            external_ids: agencies.into_iter().map(external_id).collect(),
            available,
        })
    }

    /// What a customer comes to in each currency.
    async fn judge_in_tx(
        &self,
        tx: &mut Tx,
        stored: &StoredRun,
        customer_id: CustomerId,
    ) -> Result<(Vec<Judgement>, Vec<Event>), JobError> {
        let (mut judgements, mut told) = (Vec::new(), Vec::new());
        let Some(debtor) = known::debtor_in_tx(tx, self.tenant, customer_id).await? else {
            return Ok((judgements, told));
        };
        let open =
            store::known_invoice::open_of_customers_in_tx(tx, self.tenant, &[customer_id]).await?;
        let debts = store::known_invoice::find_all_in_tx(tx, self.tenant, &open).await?;
        let waiting =
            store::placement::waiting_currencies_in_tx(tx, self.tenant, customer_id).await?;
        let mut by_currency: BTreeMap<Currency, Vec<Debt>> = BTreeMap::new();
        for debt in debts {
            by_currency.entry(debt.currency()).or_default().push(debt);
        }
        let nobody = BTreeSet::new();
        for (currency, debts) in &by_currency {
            let candidate = Candidate {
                debtor: &debtor,
                currency: *currency,
                debts,
                waiting: waiting.contains(currency),
                available: self.available.get(currency).unwrap_or(&nobody),
            };
            let policy = PolicyInForce {
                version: self.policy.version,
                definition: &self.policy.definition,
            };
            let stamp = self.app.stamp(self.at);
            let judged = judge(policy, &candidate, stored.run.run_date, stamp);
            let Some(judgement) = judged.map_err(JobError::failed)? else {
                continue;
            };
            told.extend(
                self.keep_in_tx(tx, stored, &debtor, debts, &judgement)
                    .await?,
            );
            judgements.push(judgement);
        }
        Ok((judgements, told))
    }

    /// Stores what a customer came to in a currency, with the placement unless it is a preview.
    async fn keep_in_tx(
        &self,
        tx: &mut Tx,
        stored: &StoredRun,
        debtor: &Debtor,
        debts: &[Debt],
        judgement: &Judgement,
    ) -> Result<Option<Event>, JobError> {
        let run = &stored.run;
        store::decision::insert_in_tx(tx, self.tenant, &judgement.decision).await?;
        let proposes = judgement.outcome == ProposalOutcome::Proposed && !run.validate_only;
        let agency_id = judgement.agency_id.filter(|_| proposes);
        let proposed = match agency_id {
            Some(agency_id) => Some(
                self.propose_in_tx(tx, stored, debtor, debts, (judgement, agency_id))
                    .await?,
            ),
            None => None,
        };
        let item = Item {
            customer_id: debtor.customer_id,
            outcome: judgement.outcome,
            placement_id: proposed.as_ref().map(|(id, _)| *id),
            agency_id: judgement.agency_id,
            invoice_ids: judgement.invoice_ids.clone(),
            amount: judgement.amount,
            decision_id: judgement.decision.decision_id,
        };
        let run_id = run.proposal_run_id;
        store::proposal_run::insert_item_in_tx(tx, self.tenant, run_id, &item).await?;
        Ok(proposed.map(|(_, event)| event))
    }

    async fn propose_in_tx(
        &self,
        tx: &mut Tx,
        stored: &StoredRun,
        debtor: &Debtor,
        debts: &[Debt],
        (judgement, agency_id): (&Judgement, AgencyId),
    ) -> Result<(PlacementId, Event), JobError> {
        let chosen: Vec<Debt> = debts
            .iter()
            .filter(|debt| judgement.invoice_ids.contains(&debt.invoice_id))
            .cloned()
            .collect();
        let customer_id = debtor.customer_id;
        let placement_id = PlacementId::new(Uuid::now_v7());
        let new = NewPlacement {
            placement_id,
            external_id: None,
            agency_id,
            agency_external_id: self.external_ids.get(&agency_id).cloned().flatten(),
            case_id: store::known_case::find_in_tx(tx, self.tenant, customer_id).await?,
            proposal_run_id: Some(stored.run.proposal_run_id),
            note: None,
            proposed_by: SERVICE.to_owned(),
            proposed_time: self.at,
        };
        let proposed = Placement::propose(new, debtor, &chosen, judgement.decision.clone());
        let (placement, invoices, event) = proposed.map_err(JobError::failed)?;
        store::placement::insert_in_tx(tx, self.tenant, &placement).await?;
        store::placement_invoice::save_all_in_tx(tx, self.tenant, placement_id, &invoices).await?;
        Ok((placement_id, event))
    }
}

/// The currencies in which an agency has an agreement on a day.
fn currencies_in_force(agreements: &[Agreement], day: Date) -> BTreeSet<Currency> {
    let schedules = agreements
        .iter()
        .flat_map(|one| &one.terms.commission_schedules);
    let currencies = schedules.map(|schedule| schedule.currency());
    currencies
        .filter(|currency| in_force(agreements, day, *currency).is_ok())
        .collect()
}
