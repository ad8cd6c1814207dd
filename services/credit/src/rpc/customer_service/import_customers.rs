//! ImportCustomers: customers of another system, whole or not at all unless bad rows may be left out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::common::{ImportOptions, ImportReport, ImportState};
use contracts::credit::{ImportCustomersRequest, ImportCustomersResponse};
use events::append_in_tx;
use jiff::Timestamp;
use jiff::civil::Date;
use postgres::idempotency::{self, Begun};
use postgres::{TenantId, Tx, audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, FieldViolation, Refusal};
use serde_json::json;
use tonic::Streaming;

use super::brought::{grants_told, whole_in_tx};
use super::import_rows::{Judged, Known, Row, judge, read};
use crate::app::App;
use crate::domain::granted_terms::{granted_on, grants_of_new};
use crate::domain::{CreditEvent, Customer, CustomerId};
use crate::events::outbound::announce_all;
use crate::rpc::error;
use crate::rpc::wire::customer::ParentKey;
use crate::store;

/// Rows in a message.
const ROWS_A_MESSAGE: usize = 500;
/// Rows in an import: they go in together, and wait in memory until then.
const MOST_ROWS: usize = 20_000;
/// Faults that are told.
const MOST_TOLD: usize = 10_000;

/// 1. Receive all rows and read them; 2. take the request id, or answer as the first time; 3. while
///    nobody publishes a policy, judge all rows against what is there; 4. unless only checking was
///    asked or a bad row stops it, create the customers, parents first, and tell them; 5. store the
///    report as the answer. One transaction: whole or not at all.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    stream: Streaming<ImportCustomersRequest>,
) -> Result<Answer<ImportCustomersResponse>, Refusal> {
    let request = receive(stream).await?;
    let key = call.key(&request)?;
    let call = call.with_request_id(&request.request_id);
    let options = request.options.unwrap_or_default();
    let (rows, unreadable) = read(&request.rows);
    let now = app.clock.now();
    let tenant = call.tenant();
    let import_id = app.stamped(|stamp| stamp.id());
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let profile = store::tenant_profile::share_in_tx(&mut tx, tenant).await?;
        let profile = profile.ok_or_else(|| error::profile_not_found(tenant))?;
        let known = known_in_tx(&mut tx, tenant, &rows).await?;
        let judged = judge(rows.clone(), unreadable.clone(), &known);
        let state = state_of(options, &judged);
        if state == ImportState::Completed {
            let today = profile.day_of(now);
            for row in &judged.new {
                create_in_tx(&app, &mut tx, &call, row, now, today).await?;
            }
            let facts = json!({ "imported_count": judged.new.len() });
            let entry = call.audit(format!("customer_import/{import_id}"), facts, now);
            audit::record_in_tx(&mut tx, &entry).await?;
        }
        let answer = ImportCustomersResponse {
            report: Some(ImportReport {
                import_id: import_id.to_string(),
                ..report(state, request.rows.len(), judged)
            }),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}

/// All messages as one, so that its content is what a repeat is compared with.
async fn receive(
    mut stream: Streaming<ImportCustomersRequest>,
) -> Result<ImportCustomersRequest, Refusal> {
    let invalid = |field: &str, text: &str| {
        Refusal::invalid("REQUEST_INVALID", vec![FieldViolation::new(field, text)])
    };
    let broken =
        |status| Refusal::unavailable("STREAM_BROKEN", Duration::from_secs(1)).caused_by(status);
    let mut whole: Option<ImportCustomersRequest> = None;
    while let Some(message) = stream.message().await.map_err(broken)? {
        if message.rows.len() > ROWS_A_MESSAGE {
            return Err(invalid("rows", "has more than 500 entries in a message"));
        }
        match &mut whole {
            None => whole = Some(message),
            Some(_) if !message.request_id.is_empty() || message.options.is_some() => {
                return Err(invalid("request_id", "stands in the first message only"));
            }
            Some(whole) => whole.rows.extend(message.rows),
        }
        if whole
            .as_ref()
            .is_some_and(|whole| whole.rows.len() > MOST_ROWS)
        {
            return Err(invalid(
                "rows",
                "has more than 20000 entries: import them in parts",
            ));
        }
    }
    whole.ok_or_else(|| {
        invalid(
            "request_id",
            "is required: a name of your choice for this request",
        )
    })
}

async fn known_in_tx(tx: &mut Tx, tenant: TenantId, rows: &[Row]) -> Result<Known, Refusal> {
    let mut known = Known::default();
    let mut named = Vec::new();
    for row in rows {
        named.push(row.external_id.clone());
        match &row.brought.parent {
            Some(ParentKey::External(external_id)) => named.push(external_id.clone()),
            Some(ParentKey::Id(customer_id)) => {
                known.parents.insert(*customer_id);
            }
            None => {}
        }
        known
            .policies
            .extend(row.brought.details.credit_policy_code.clone());
    }
    let found = store::customer::find_all_external_in_tx(tx, tenant, &named).await?;
    let by_external_id = |one: Customer| one.external_id.clone().map(|id| (id, one));
    known.customers = found
        .into_iter()
        .filter_map(by_external_id)
        .collect::<BTreeMap<_, _>>();
    for customer_id in known.parents.clone() {
        if store::customer::find_in_tx(tx, tenant, customer_id)
            .await?
            .is_none()
        {
            known.parents.remove(&customer_id);
        }
    }
    for code in known.policies.clone() {
        if store::credit_policy::versions_in_tx(tx, tenant, &code)
            .await?
            .is_empty()
        {
            known.policies.remove(&code);
        }
    }
    Ok(known)
}

fn state_of(options: ImportOptions, judged: &Judged) -> ImportState {
    if judged.rejected_count > 0 && !options.skip_bad {
        ImportState::Refused
    } else if options.validate_only {
        ImportState::Validated
    } else {
        ImportState::Completed
    }
}

async fn create_in_tx(
    app: &App,
    tx: &mut Tx,
    call: &Call,
    row: &Row,
    now: Timestamp,
    today: Date,
) -> Result<(), Refusal> {
    let tenant = call.tenant();
    let whole = whole_in_tx(app, tx, tenant, &row.brought).await?;
    let customer_id = app.stamped(|stamp| CustomerId(stamp.id()));
    let external_id = Some(row.external_id.clone());
    let customer = Customer::new(customer_id, external_id, whole.details, now);
    if !store::customer::insert_in_tx(tx, tenant, &customer).await? {
        // Somebody created it since it was judged; the next try judges anew.
        return Err(Refusal::stale("LOST_RACE"));
    }
    let grants = grants_of_new(&whole.versions, customer.details.segment.as_ref(), today);
    let mut told = vec![CreditEvent::CustomerCreated {
        customer: Box::new(customer.clone()),
        granted_terms: granted_on(&whole.versions, customer.details.segment.as_ref(), today)
            .map(Box::new),
    }];
    told.extend(grants_told(&customer, grants));
    let told = announce_all(tenant, now, &told);
    Ok(append_in_tx(tx, tenant, call.traceparent(), &told).await?)
}

fn report(state: ImportState, row_count: usize, judged: Judged) -> ImportReport {
    // At most as many as rows were received.
    let count = |number: usize| i32::try_from(number).unwrap_or(i32::MAX);
    let imported = match state {
        ImportState::Refused | ImportState::Unspecified => 0,
        ImportState::Validated | ImportState::Completed => judged.new.len(),
    };
    let mut rejected_rows = judged.rejected;
    rejected_rows.truncate(MOST_TOLD);
    ImportReport {
        import_id: String::new(),
        state: state.into(),
        row_count: count(row_count),
        imported_count: count(imported),
        unchanged_count: count(judged.unchanged_count),
        rejected_count: count(judged.rejected_count),
        rejected_rows,
    }
}
