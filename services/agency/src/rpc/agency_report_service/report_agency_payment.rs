//! ReportAgencyPayment: an agency's word that a debtor has paid. It informs and books nothing.

use std::sync::Arc;

use contracts::agency::{ReportAgencyPaymentRequest, ReportAgencyPaymentResponse};
use postgres::idempotency::{self, Begun};
use postgres::{audit, retried};
use prost::Message as _;
use runtime::{Answer, Call, Refusal};
use serde_json::json;

use crate::app::App;
use crate::domain::agency_report::AgencyReport;
use crate::jobs::locked::{Cause, LockedPlacement};
use crate::rpc::wire::agency_report::{report_from_wire, report_to_wire};
use crate::rpc::{error, named};
use crate::store;

/// 1. Parse; 2. take the request id, or answer as the first time; 3. find and lock the placement; 4. store
///    the report unless its number is taken, with event, audit entry and answer.
pub async fn handle(
    app: Arc<App>,
    call: Call,
    request: ReportAgencyPaymentRequest,
) -> Result<Answer<ReportAgencyPaymentResponse>, Refusal> {
    let now = app.clock.now();
    let tenant = call.tenant();
    let (new, key_of_placement) = report_from_wire(&request)?;
    let agency_id = new.agency_id;
    let key = call.key(&request)?;
    retried(|| async {
        let mut tx = app.db.begin(&call).await?;
        let first = match idempotency::begin_in_tx(&mut tx, &key).await? {
            Begun::Replay(stored) => return Ok(Answer::replayed(stored)),
            Begun::First(first) => first,
        };
        let agency = store::agency::find_in_tx(&mut tx, tenant, agency_id).await?;
        agency.ok_or_else(|| error::agency::not_found(agency_id))?;
        let not_found = || error::placement::not_found(&key_of_placement);
        let id = named::placement_in_tx(&mut tx, tenant, agency_id, &key_of_placement).await?;
        let id = id.ok_or_else(not_found)?;
        let locked = LockedPlacement::lock_in_tx(&mut tx, tenant, id).await?;
        let mut locked = locked.ok_or_else(not_found)?;
        let recorded = AgencyReport::record(new.clone(), &mut locked.placement, now);
        let (report, told) = recorded
            .map_err(|refused| error::agency_report::refused(&key_of_placement, refused))?;
        if !store::agency_report::insert_in_tx(&mut tx, tenant, &report).await? {
            return Err(error::agency_report::exists(&report.report_reference));
        }
        let cause = Cause {
            at: now,
            traceparent: call.traceparent(),
        };
        locked.save_in_tx(&mut tx, tenant, cause, &[told]).await?;
        let subject = format!("agency_report/{}", report.agency_report_id);
        let entry = call.audit(subject, json!({ "placement_id": id }), now);
        audit::record_in_tx(&mut tx, &entry).await?;
        let answer = ReportAgencyPaymentResponse {
            agency_report: Some(report_to_wire(&report)),
        };
        first.finish_in_tx(&mut tx, &answer.encode_to_vec()).await?;
        tx.commit().await?;
        Ok(Answer::new(answer))
    })
    .await
}
