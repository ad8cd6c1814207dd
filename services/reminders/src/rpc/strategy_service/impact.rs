//! What an activation changes for the cases that the version serves, by next step before and after.

use std::collections::BTreeMap;

use calendar::Timestamp;
use postgres::{TenantId, Tx};
use runtime::Refusal;

use crate::domain::id::CaseId;
use crate::domain::invoice::CaseInvoice;
use crate::domain::ladder::Ladder;
use crate::domain::plan::next_step;
use crate::domain::strategy::{NextStep, StrategyImpact, StrategyVersion, serving};
use crate::domain::zones::Zones;
use crate::store;
use crate::store::strategy_impact::{PAGE, Served};

/// Counts every case with something owed that `version` would serve beside the other versions in
/// force, a page of them at a time.
pub(super) async fn impact_in_tx(
    tx: &mut Tx,
    tenant: TenantId,
    active: &[StrategyVersion],
    version: &StrategyVersion,
    now: Timestamp,
) -> Result<StrategyImpact, Refusal> {
    let others = active
        .iter()
        .filter(|other| other.strategy_id != version.strategy_id);
    let after: Vec<StrategyVersion> = others.chain([version]).cloned().collect();
    let mut impact = StrategyImpact::default();
    let mut last: Option<CaseId> = None;
    loop {
        let cases = store::strategy_impact::open_cases_in_tx(tx, tenant, last).await?;
        last = cases.last().map(|case| case.case_id);
        let more = cases.len() == PAGE;
        let ids: Vec<CaseId> = cases.iter().map(|case| case.case_id).collect();
        let owed = store::case_invoice::owed_of_cases_in_tx(tx, tenant, &ids).await?;
        let mut invoices: BTreeMap<CaseId, Vec<CaseInvoice>> = BTreeMap::new();
        for invoice in owed {
            invoices.entry(invoice.case_id).or_default().push(invoice);
        }
        for case in &cases {
            let serves = serving(&after, &case.segment);
            if serves.is_some_and(|serves| serves.strategy_id == version.strategy_id) {
                let invoices = invoices.remove(&case.case_id).unwrap_or_default();
                let before = serving(active, &case.segment);
                let before = before.and_then(|before| next(case, &invoices, before, now));
                let then = next(case, &invoices, version, now);
                impact.count(before.as_ref(), then.as_ref());
            }
        }
        if !more {
            return Ok(impact);
        }
    }
}

/// The next step of a case under a version.
fn next(
    case: &Served,
    invoices: &[CaseInvoice],
    version: &StrategyVersion,
    now: Timestamp,
) -> Option<NextStep> {
    let zones = Zones::of(case.zone.clone(), &case.country_code);
    let ladder = Ladder::new(&version.definition, case.kind, &case.country_code);
    let last_message = case.last_message_time.map(|time| zones.local_date(time));
    let today = zones.local_date(now);
    next_step(invoices, &ladder, version, last_message, today)
}
